"""The report to every channel: one channel's failure never keeps it from another."""

from __future__ import annotations

import hashlib
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec

from backup_reporter.channels.channel import Channel
from backup_reporter.errors import BackupReporterError
from backup_reporter.report.model import Delivery, Report, Scope
from backup_reporter.settings import ChannelName


class OnceEach(Protocol):
    """Remembers what was delivered."""

    def send(self, delivery_id: str, send: Callable[[], None], seconds_left: Callable[[], float]) -> bool:
        """Calls ``send`` unless it succeeded before under this id; says whether it was called now."""


def deliver(
    report: Report,
    channels: Sequence[Channel],
    *,
    once: OnceEach | None,
    scheduled_at: datetime | None,
    zone: ZoneInfo,
    seconds_left: Callable[[], float],
) -> tuple[Delivery, ...]:
    """Sends the report to all channels at once and says what became of it on each; never raises.

    With ``once``, a channel that has the report of ``scheduled_at`` already does not get it again.
    Where nothing was scheduled (on demand), everybody who asks gets an answer.
    """

    def deliver_to(channel: Channel) -> Delivery:
        def send() -> None:
            channel.send(report, zone, seconds_left)

        try:
            if once is None or scheduled_at is None:
                send()
            elif not once.send(delivery_id(report.scope, scheduled_at, channel.name), send, seconds_left):
                return Delivery(channel=channel.name, status="duplicate")
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not keep the report from the other channels
            return Delivery(channel=channel.name, status="failed", error=_reason(error))
        return Delivery(channel=channel.name, status="delivered")

    if not channels:
        return ()
    with ThreadPoolExecutor(max_workers=len(channels), thread_name_prefix="deliver") as pool:
        return tuple(pool.map(deliver_to, channels))


def delivery_id(scope: Scope, scheduled_at: datetime, channel: ChannelName) -> str:
    """Under what a delivery is remembered: scheduled time, channel, and what was asked for."""
    return f"{scheduled_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}/{channel}/{scope_id(scope)}"


def scope_id(scope: Scope) -> str:
    """A short name for what was asked for; the order of the uids does not matter."""
    parts = (sorted(scope.project_uids), sorted(scope.workspace_uids), scope.backup_request_uid)
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:16]


def _reason(error: Exception) -> str:
    """What may be said of an error. Our own hold no secret; of any other only its kind and place is said."""
    if isinstance(error, BackupReporterError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"unexpected {type(error).__name__}{place}"
