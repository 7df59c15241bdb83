"""A local Microsoft Teams: a workflow that starts when a Teams webhook request is received, and posts each card.

The trigger answers before the workflow has run, so a card that Teams does not take is a failed run and nothing else:
https://learn.microsoft.com/en-us/connectors/teams/#microsoft-teams-webhook
https://learn.microsoft.com/en-us/azure/connectors/connectors-native-reqres
https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook
"""

from __future__ import annotations

import json
from typing import Any

from support.adaptive_card import card_problems
from support.local_server import Answer, Fault, LocalServer, Request

MAX_MESSAGE_BYTES = 28 * 1024
MAX_PER_SECOND = 4

_PATH = "/workflows/4f0c9b/triggers/manual/paths/invoke"
_SIGNATURE = "XXXXXXXXXXXXXXXXXXXXXXXX"


def workflow_error(status: int, code: str) -> Answer:
    """The trigger's answer for an error: for use in a fault."""
    return Answer(status, json.dumps({"error": {"code": code, "message": f"Details of {code}."}}).encode())


def rate_limited(seconds: int) -> Answer:
    """The trigger's answer when asked too often."""
    body = json.dumps({"error": {"code": "TooManyRequests", "message": "Rate limit is exceeded."}}).encode()
    return Answer(429, body, {"Retry-After": str(seconds)})


class TeamsServer(LocalServer):
    """Takes messages at ``webhook_url``. ``cards`` were posted; ``failed_runs`` says why other runs posted nothing."""

    def __init__(self, *, fault: Fault | None = None) -> None:
        super().__init__(fault=fault)
        self.webhook_url = (
            f"{self.url}{_PATH}?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={_SIGNATURE}"
        )
        self.cards: list[dict[str, Any]] = []
        self.failed_runs: list[str] = []
        self.runs = 0

    def answer(self, request: Request) -> Answer:
        if request.path != _PATH:
            return workflow_error(404, "WorkflowNotFound")
        if request.query.get("sig") != _SIGNATURE:
            return workflow_error(401, "DirectApiAuthorizationRequired")
        if sum(request.at - earlier.at < 1 for earlier in self.requests) > MAX_PER_SECOND:
            return rate_limited(1)
        message = _message(request)
        if message is None:
            return workflow_error(400, "TriggerInputSchemaMismatch")
        self.runs += 1
        for attachment in message["attachments"]:
            self._post(attachment)
        return Answer(202)

    def _post(self, attachment: dict[str, Any]) -> None:
        card = attachment.get("content")
        if attachment.get("contentType") != "application/vnd.microsoft.card.adaptive":
            self.failed_runs.append("the attachment is not an Adaptive Card")
        elif len(json.dumps(card, ensure_ascii=False).encode()) > MAX_MESSAGE_BYTES:
            self.failed_runs.append("Request Entity too large")
        elif problems := card_problems(card):
            self.failed_runs.append(problems[0])
        else:
            self.cards.append(card or {})


def _message(request: Request) -> dict[str, Any] | None:
    """The message, if it is as the trigger's schema wants it."""
    if request.method != "POST" or not request.headers.get("content-type", "").startswith("application/json"):
        return None
    try:
        message = json.loads(request.body)
    except ValueError:
        return None
    is_message = isinstance(message, dict) and message.get("type") == "message"
    return message if is_message and isinstance(message.get("attachments"), list) else None
