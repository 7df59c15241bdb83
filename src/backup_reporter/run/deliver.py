"""The report to every channel: one channel's failure never keeps it from another, and each gets it once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec

from backup_reporter.channels.channel import Channel
from backup_reporter.config.settings import ChannelName
from backup_reporter.errors import StoreError, TimedOutError, reason_of
from backup_reporter.report.model import Delivery, Report, Scope, scope_id
from backup_reporter.time_limit import result_within, start

SEND_SECONDS = 90.0
"""How long a channel may take, whatever time the run has: shorter than a claim lasts."""
_RESERVE_SECONDS = 3.0
"""Kept back for what a run does after delivering; at most a quarter of what is left."""


class DeliveryLog(Protocol):
    """Remembers what was delivered. Every method raises :class:`StoreError` where it cannot."""

    def claim(self, delivery_id: str, seconds_left: Callable[[], float]) -> bool:
        """Takes a delivery on; ``False`` where it was made before.

        Raises :class:`~backup_reporter.errors.ChannelError` where somebody else is at it and does not come to an end.
        """

    def complete(self, delivery_id: str) -> None:
        """Remembers that the delivery was made."""

    def release(self, delivery_id: str) -> None:
        """Leaves the delivery to the next one who tries."""


def deliver(
    report: Report,
    channels: Sequence[Channel],
    *,
    delivery_log: DeliveryLog | None,
    scheduled_at: datetime | None,
    zone: ZoneInfo,
    seconds_left: Callable[[], float],
) -> tuple[Delivery, ...]:
    """Sends the report to all channels at delivery_log and says what became of it on each; never raises.

    With ``delivery_log``, a channel that has the report of ``scheduled_at`` already does not get it again.
    Where nothing was scheduled (on demand), everybody who asks gets an answer. A channel that comes
    to no end in its time is left behind.
    """
    if not channels:
        return ()
    started_with = seconds_left()
    ends_in = min(SEND_SECONDS, started_with - min(_RESERVE_SECONDS, started_with / 4))

    def send_seconds_left() -> float:
        return ends_in - (started_with - seconds_left())

    def deliver_to(channel: Channel) -> Delivery:
        attempt = _Attempt(channel, report, zone, send_seconds_left)
        try:
            if delivery_log is None or scheduled_at is None:
                return attempt.send()
            return attempt.send_and_log(delivery_log, delivery_id(report.scope, scheduled_at, channel.name))
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not keep the report from the other channels
            return Delivery(channel=channel.name, status="failed", error=reason_of(error))

    started = [(channel, start(partial(deliver_to, channel), f"deliver-{channel.name}")) for channel in channels]
    return tuple(_outcome(channel, future, ends_in, send_seconds_left()) for channel, future in started)


def _outcome(channel: Channel, started: Future[Delivery], allowed_seconds: float, seconds: float) -> Delivery:
    try:
        return result_within(seconds, started)
    except TimedOutError:
        return Delivery(channel=channel.name, status="failed", error=str(TimedOutError(allowed_seconds)))


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One report on its way to one channel. Raises whatever the channel raises."""

    channel: Channel
    report: Report
    zone: ZoneInfo
    seconds_left: Callable[[], float]

    def send(self) -> Delivery:
        remark = self.channel.send(self.report, self.zone, self.seconds_left)
        return Delivery(channel=self.channel.name, status="delivered", error=remark)

    def send_and_log(self, delivery_log: DeliveryLog, delivery_id: str) -> Delivery:
        trouble = ""
        try:
            if not delivery_log.claim(delivery_id, self.seconds_left):
                return Delivery(channel=self.channel.name, status="duplicate")
        except StoreError as error:
            # Rather twice than not at all.
            trouble = f"another run may have sent it too: {error}"
        try:
            delivery = self.send()
        except Exception:
            # The claim runs out by itself; the channel's own failure is what matters.
            with suppress(StoreError):
                delivery_log.release(delivery_id)
            raise
        try:
            delivery_log.complete(delivery_id)
        except StoreError as error:
            trouble = f"a retry may send it again: {error}"
        remarks = filter(None, (delivery.error, trouble))
        return msgspec.structs.replace(delivery, error="; ".join(remarks) or None)


def delivery_id(scope: Scope, scheduled_at: datetime, channel: ChannelName) -> str:
    """Under what a delivery is remembered: scheduled time, channel, and what was asked for."""
    return f"{scheduled_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}/{channel}/{scope_id(scope)}"
