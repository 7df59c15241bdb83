"""Amazon EventBridge: one event a report, for the user's own rules.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

from backup_reporter.aws.errors import channel_errors
from backup_reporter.channels.channel import Connections
from backup_reporter.config.settings import ChannelName, Settings
from backup_reporter.errors import ChannelError
from backup_reporter.records import Record
from backup_reporter.report.model import Report, to_json
from backup_reporter.report.truncate import SizeLimit, fit

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef, PutEventsResultEntryTypeDef

CHECK = "look up the event bus"
MAX_BYTES = 256 * 1024
"""The limit of a whole event for every target."""
_DETAIL_BYTES = MAX_BYTES - 1024
_WAITS_SECONDS = (1.0, 2.0, 4.0)
_TEMPORARY = frozenset({"InternalFailure", "InternalException", "ThrottlingException"})


def from_settings(settings: Settings, connections: Connections) -> EventBridgeChannel:
    """Builds the channel for the bus in the settings."""
    return EventBridgeChannel(connections.aws("events", settings.event_bus_name), settings.event_bus_name or "")


class EventBridgeChannel:
    """Puts events on one bus."""

    name: ChannelName = "eventbridge"

    def __init__(
        self, client: EventBridgeClient, bus_name: str, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._client = client
        self._bus_name = bus_name
        self._sleep = sleep
        self._refusal = f"the event bus {bus_name} did not take the report"

    def send(self, report: Report, zone: ZoneInfo, seconds_left: Callable[[], float]) -> None:
        """Puts the report's event on the bus; what EventBridge calls a temporary failure is tried again."""
        entry = payload(report, self._bus_name)
        waits_seconds = iter(_WAITS_SECONDS)
        while refusal := self._put(entry):
            code = refusal.get("ErrorCode", "unknown error")
            wait_seconds = next(waits_seconds, None)
            if code not in _TEMPORARY or wait_seconds is None or wait_seconds >= seconds_left():
                reason = f"{code}: {refusal.get('ErrorMessage', '')}"
                raise ChannelError(f"{self._refusal}: {reason}", permanent=code not in _TEMPORARY)
            self._sleep(wait_seconds)

    def check(self, seconds_left: Callable[[], float]) -> str:
        """Looks up the bus."""
        self._client.describe_event_bus(Name=self._bus_name)
        return f"{self._bus_name} exists"

    def _put(self, entry: PutEventsRequestEntryTypeDef) -> PutEventsResultEntryTypeDef | None:
        with channel_errors(self._refusal):
            answer = self._client.put_events(Entries=[entry])
        return answer["Entries"][0] if answer["FailedEntryCount"] else None


def payload(report: Report, bus_name: str) -> PutEventsRequestEntryTypeDef:
    """The entry: the report's JSON as its detail, cut to what an event may hold."""
    return {
        "EventBusName": bus_name,
        "Source": "backup-reporter",
        "DetailType": "Backup Report",
        "Time": report.generated_at,
        "Detail": to_json(fit(report, SizeLimit(_DETAIL_BYTES, _size))).decode(),
    }


def _size(record: Record) -> int:
    return len(msgspec.json.encode(record))
