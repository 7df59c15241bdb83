"""A stand-in for Slack, Teams and PagerDuty: takes what is posted, and keeps it to be shown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from backup_reporter.demo.local_server import Answer, LocalServer, Request

_TEXT = {"Content-Type": "text/html"}
_TAKEN: Mapping[str, Answer] = {
    "services": Answer(200, b"ok", _TEXT),
    "workflows": Answer(202),
    "v2": Answer(202, b'{"status": "success", "message": "Event processed", "dedup_key": "demo"}'),
}
"""What each service answers when it takes a message, by the first part of the path."""
ROUTING_KEY = "demo0routing0key0demo0routing0key"[:32]


class Inbox(LocalServer):
    """``slack``, ``teams`` and ``pagerduty`` are the messages that were posted, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.slack: list[dict[str, Any]] = []
        self.teams: list[dict[str, Any]] = []
        self.pagerduty: list[dict[str, Any]] = []

    @property
    def secrets(self) -> dict[str, str]:
        """What a user would put into the channels' secrets, by the settings' names."""
        return {
            "SLACK_WEBHOOK_SECRET": f"{self.url}/services/T0DEMO/B0DEMO/XXXXXXXXXXXXXXXXXXXXXXXX",
            "TEAMS_WEBHOOK_SECRET": f"{self.url}/workflows/demo/triggers/manual/paths/invoke",
            "PAGERDUTY_SECRET": json.dumps({"routingKey": ROUTING_KEY, "apiUrl": self.url}),
        }

    def answer(self, request: Request) -> Answer:
        service = request.path.split("/")[1]
        messages = {"services": self.slack, "workflows": self.teams, "v2": self.pagerduty}
        if service not in messages:
            return Answer(404)
        messages[service].append(json.loads(request.body))
        return _TAKEN[service]
