"""A local PagerDuty: the Events API v2 of one service, which takes what PagerDuty takes and refuses what it refuses.

https://developer.pagerduty.com/docs/events-api-v2-overview
https://developer.pagerduty.com/docs/send-alert-event
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from support.local_server import Answer, Fault, LocalServer, Request

MAX_BYTES = 512 * 1024
_SEVERITIES = ("critical", "error", "warning", "info")
_ACTIONS = ("trigger", "acknowledge", "resolve")


def invalid_event(*errors: str) -> Answer:
    """The API's answer for an event that it does not take: for use in a fault."""
    body = {"status": "invalid event", "message": "Event object is invalid", "errors": list(errors)}
    return Answer(400, json.dumps(body).encode())


def rate_limited() -> Answer:
    """The API's answer when asked too often; it names no time."""
    body = {"status": "throttle exceeded", "message": "Requests for this service are arriving too quickly."}
    return Answer(429, json.dumps(body).encode())


@dataclass
class Alert:
    """An alert of the service, and the events that it consists of."""

    dedup_key: str
    events: list[Mapping[str, Any]] = field(default_factory=list)
    is_open: bool = True


class PagerDutyServer(LocalServer):
    """Takes events at ``url`` with ``routing_key``. ``alerts`` are all that were ever triggered."""

    routing_key = "0123456789abcdef0123456789abcdef"

    def __init__(self, *, fault: Fault | None = None) -> None:
        super().__init__(fault=fault)
        self.alerts: list[Alert] = []
        self.dropped: list[Mapping[str, Any]] = []

    @property
    def open_alerts(self) -> list[Alert]:
        return [alert for alert in self.alerts if alert.is_open]

    def answer(self, request: Request) -> Answer:
        if (request.method, request.path) != ("POST", "/v2/enqueue"):
            return Answer(404, b"Not Found", {"Content-Type": "text/plain"})
        if len(request.body) > MAX_BYTES:
            return Answer(413, b"Request Entity Too Large", {"Content-Type": "text/plain"})
        try:
            event = json.loads(request.body)
        except ValueError:
            return invalid_event("JSON cannot be parsed")
        errors = list(self._errors(event))
        if errors:
            return invalid_event(*errors)
        self._take(event)
        body = {"status": "success", "message": "Event processed", "dedup_key": event["dedup_key"]}
        return Answer(202, json.dumps(body).encode())

    def _errors(self, event: Mapping[str, Any]) -> Iterator[str]:
        key = event.get("routing_key", "")
        if len(key) != 32:
            yield "Length of 'routing_key' is incorrect (should be 32 characters)"
        elif not re.fullmatch(r"[A-Za-z0-9]+", key):
            yield "'routing_key' cannot contain non-alphanumeric characters."
        elif key != self.routing_key:
            yield "Invalid routing key"
        if event.get("event_action") not in _ACTIONS:
            yield f"'event_action' must be one of {_ACTIONS}"
        if not 0 < len(event.get("dedup_key", "")) <= 255:
            yield "'dedup_key' is missing, or longer than 255 characters"
        if event.get("event_action") == "trigger":
            yield from _errors_in_payload(event.get("payload", {}))
            links = event.get("links", [])
            if not all(isinstance(link.get("href"), str) and link.keys() <= {"href", "text"} for link in links):
                yield "'links' should have 'href' and 'text'"

    def _take(self, event: Mapping[str, Any]) -> None:
        is_trigger = event["event_action"] == "trigger"
        alert = next((alert for alert in self.open_alerts if alert.dedup_key == event["dedup_key"]), None)
        if alert is None and not is_trigger:
            self.dropped.append(event)
            return
        if alert is None:
            alert = Alert(event["dedup_key"])
            self.alerts.append(alert)
        alert.events.append(event)
        alert.is_open = event["event_action"] != "resolve"


def _errors_in_payload(payload: Mapping[str, Any]) -> Iterator[str]:
    if not 0 < len(payload.get("summary", "")) <= 1024:
        yield "'payload.summary' is missing or blank, or longer than 1024 characters"
    if not payload.get("source"):
        yield "'payload.source' is missing or blank"
    if payload.get("severity") not in _SEVERITIES:
        yield f"'payload.severity' is invalid (must be one of {_SEVERITIES})"
    if not isinstance(payload.get("custom_details", {}), dict):
        yield "'payload.custom_details' should be an object"
    try:
        datetime.fromisoformat(payload.get("timestamp", "2026-01-01T00:00:00Z"))
    except ValueError:
        yield "'payload.timestamp' is not a valid time"
