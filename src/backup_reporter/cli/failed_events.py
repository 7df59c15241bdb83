"""What waits in the failure queues: events, and why each of them failed. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class FailedEvent:
    """An event to send again. ``event`` is ``None`` if the message holds none."""

    receipt: str
    event: Mapping[str, Any] | None
    reason: str

    @property
    def title(self) -> str:
        if self.event is None:
            return "a message without an event"
        scheduled = self.event.get("scheduledTime") or self.event.get("time")
        return f"the report of {scheduled}" if scheduled else f"a request: {json.dumps(self.event, ensure_ascii=False)}"


def parse_message(message: Mapping[str, Any]) -> FailedEvent:
    """Reads a message of either queue.

    Lambda's failure destination and the state machine put the event into ``requestPayload`` and the error into
    ``responsePayload``. EventBridge Scheduler puts the reason into message attributes; the body is the event, or the
    API call with the event in it: https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
    """
    body = _json(message.get("Body", ""))
    attributes = {name: value.get("StringValue", "") for name, value in message.get("MessageAttributes", {}).items()}
    receipt = message["ReceiptHandle"]
    if isinstance(body, Mapping) and isinstance(body.get("requestPayload"), Mapping):
        return FailedEvent(receipt, body["requestPayload"], _reason(body))
    reason = ": ".join(filter(None, (attributes.get("ERROR_CODE"), attributes.get("ERROR_MESSAGE"))))
    return FailedEvent(receipt, _scheduled(body, attributes), reason or "the message names no reason")


def _scheduled(body: object, attributes: Mapping[str, str]) -> Mapping[str, Any] | None:
    """The time that the attributes name counts: the body's placeholder may not be resolved."""
    if scheduled := attributes.get("SCHEDULED_TIME"):
        return {"scheduledTime": scheduled}
    if not isinstance(body, Mapping):
        return None
    for name in ("Payload", "Input", "payload", "input"):
        inner = body.get(name)
        event = _json(inner) if isinstance(inner, str) else inner
        if isinstance(event, Mapping):
            return event
    return body or None


def _reason(body: Mapping[str, Any]) -> str:
    response = body.get("responsePayload")
    if isinstance(response, Mapping):
        kind = response.get("errorType") or response.get("Error")
        message = response.get("errorMessage") or response.get("Cause")
        if kind or message:
            return ": ".join(str(part) for part in (kind, message) if part)
    context = body.get("requestContext")
    condition = context.get("condition") if isinstance(context, Mapping) else None
    return str(condition or "the message names no reason")


def _json(text: object) -> Any:
    try:
        return json.loads(str(text))
    except ValueError:
        return None
