"""Delivers the report to every channel. One channel's failure does not affect another, and each gets it once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from backup_reporter.channels.channel import Channel
from backup_reporter.config.settings import ChannelName
from backup_reporter.errors import StoreError, TimedOutError, reason_of
from backup_reporter.report.model import Delivery, Report, Scope, scope_id
from backup_reporter.time_limit import result_within, start

SEND_SECONDS = 90.0
"""The most that a channel may take, however much time the run has: shorter than a claim lasts."""
_RESERVE_SECONDS = 3.0
"""Reserved for what a run does after delivering; at most a quarter of what is left."""


class DeliveryLog(Protocol):
    """Remembers what was delivered. Every method raises :class:`StoreError` if it cannot."""

    def claim(self, delivery_id: str, seconds_left: Callable[[], float]) -> bool:
        """Claims a delivery. Returns ``False`` if it was made before.

        Raises :class:`~backup_reporter.errors.ChannelError` if another run has claimed it and does not finish in time.
        """

    def complete(self, delivery_id: str) -> None:
        """Remembers that the delivery was made."""

    def release(self, delivery_id: str) -> None:
        """Gives the claim back, so that the next try can make the delivery."""


def deliver(
    report: Report,
    channels: Sequence[Channel],
    *,
    delivery_log: DeliveryLog | None,
    delivery_key: str | None,
    zone: ZoneInfo,
    seconds_left: Callable[[], float],
) -> tuple[Delivery, ...]:
    """Sends the report to all channels at once, and returns the outcome of each. Never raises.

    With ``delivery_log``, a channel that already has the report of ``delivery_key`` does not get it again.
    Without a key (on demand), it always does. A channel that is not done in time is left behind.
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
            if delivery_log is None or delivery_key is None:
                return attempt.send()
            return attempt.send_and_log(delivery_log, delivery_id(report.scope, delivery_key, channel.name))
        except Exception as error:  # noqa: BLE001 - no error of one channel may keep the report from the others
            return Delivery(channel=channel.name, status="failed", error=reason_of(error))

    started = [(channel, start(partial(deliver_to, channel), f"deliver-{channel.name}")) for channel in channels]
    return tuple(_outcome(channel, future, ends_in, send_seconds_left()) for channel, future in started)


def _outcome(channel: Channel, started: Future[Delivery], allowed_seconds: float, seconds: float) -> Delivery:
    try:
        return result_within(seconds, started)
    except TimedOutError:
        return Delivery(channel=channel.name, status="failed", error=str(TimedOutError(allowed_seconds)))


class _Attempt(Struct, frozen=True):
    """One report on its way to one channel. Raises what the channel raises."""

    channel: Channel
    report: Report
    zone: ZoneInfo
    seconds_left: Callable[[], float]

    def send(self) -> Delivery:
        remark = self.channel.send(self.report, self.zone, self.seconds_left)
        return Delivery(channel=self.channel.name, status="delivered", error=remark)

    def send_and_log(self, delivery_log: DeliveryLog, delivery_id: str) -> Delivery:
        log_problem = ""
        try:
            if not delivery_log.claim(delivery_id, self.seconds_left):
                return Delivery(channel=self.channel.name, status="duplicate")
        except StoreError as error:
            # Sending twice is better than not at all.
            log_problem = f"another run may have sent it too: {error}"
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
            log_problem = f"a retry may send it again: {error}"
        remarks = filter(None, (delivery.error, log_problem))
        return msgspec.structs.replace(delivery, error="; ".join(remarks) or None)


def delivery_id(scope: Scope, delivery_key: str, channel: ChannelName) -> str:
    """The name of a delivery in the log: scheduled time or invocation, channel, and what was asked for."""
    return f"{delivery_key}/{channel}/{scope_id(scope)}"
