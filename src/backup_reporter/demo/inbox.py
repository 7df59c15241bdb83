"""A stand-in for Slack: takes what is posted to its webhook, and keeps it to be shown."""

from __future__ import annotations

import json
from typing import Any

from backup_reporter.demo.local_server import Answer, LocalServer, Request


class Inbox(LocalServer):
    """``messages`` are the payloads that were posted to ``webhook_url``, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.webhook_url = f"{self.url}/services/T0DEMO/B0DEMO/XXXXXXXXXXXXXXXXXXXXXXXX"
        self.messages: list[dict[str, Any]] = []

    def answer(self, request: Request) -> Answer:
        self.messages.append(json.loads(request.body))
        return Answer(200, b"ok", {"Content-Type": "text/html"})
