"""What happens to a report once it is made: compare it with the last one, save it, send it, record the outcome."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from backup_reporter.channels.channel import Channel
from backup_reporter.config.request import Request
from backup_reporter.config.settings import ChannelName, Settings
from backup_reporter.errors import InvalidRequest, reason_of
from backup_reporter.report.changes import Comparison
from backup_reporter.report.model import Delivery, Report, has_arrived, with_notes
from backup_reporter.run.archive import (
    DELIVERY_SECONDS,
    LastReport,
    compare_with_last,
    load_last_report,
    record_outcome,
    save,
)
from backup_reporter.run.deliver import DeliveryLog, deliver
from backup_reporter.run.recipients import choose_recipients, insistent_channels, is_regular, wanted_channels

if TYPE_CHECKING:
    from backup_reporter.aws.report_store import ReportStore
    from backup_reporter.channels.heartbeat import Heartbeat

_ANSWER_SECONDS = 3.0
"""Kept back for the answer, once everything is delivered."""


class Destinations(Struct, frozen=True, kw_only=True):
    """Where reports go. ``delivery_log``, ``store`` and ``heartbeat`` are ``None`` if they are not set up.

    ``delivery_log`` is made anew for each report: its claims must not be those of an earlier run that still hangs.
    """

    channels: Sequence[Channel]
    delivery_log: Callable[[], DeliveryLog] | None = None
    store: ReportStore | None = None
    heartbeat: Heartbeat | None = None


def publish(
    report: Report,
    request: Request,
    settings: Settings,
    destinations: Destinations,
    seconds_left: Callable[[], float],
    *,
    delivery_key: str | None,
    remembered: bytes = b"",
    last_report: LastReport | None = None,
) -> Report:
    """Saves and sends a report; returns it with what changed and how each delivery ended. Never raises.

    If it cannot be saved or compared, the report says so, and is sent. ``remembered`` is a packed memory of its
    workspaces for the next report. ``last_report`` is loaded unless it is given.
    """
    zone, store = settings.thresholds.time_zone, destinations.store
    comparison: Comparison | None = None
    regular = is_regular(request, settings)
    if store and regular:
        last_report = last_report or load_last_report(store, report.scope, report.report_id, seconds_left())
        report, comparison = compare_with_last(report, remembered, last_report)
    if store:
        report, store = save(report, zone, store, seconds_left() - DELIVERY_SECONDS, is_regular=regular)
    report = msgspec.structs.replace(
        report, deliveries=_deliver(report, request, settings, destinations, comparison, delivery_key, seconds_left)
    )
    if destinations.heartbeat and regular and has_arrived(report):
        report = _with_heartbeat(report, destinations.heartbeat, seconds_left() - _ANSWER_SECONDS)
    if store:
        previous = last_report.baseline if last_report else None
        has_reached_all = has_arrived(report) and not _is_new_to_a_channel(report, request)
        report = record_outcome(
            report, comparison, previous, store, seconds_left() - _ANSWER_SECONDS, has_reached_all=has_reached_all
        )
    return report


def _is_new_to_a_channel(report: Report, request: Request) -> bool:
    """Whether a channel did not get it, because it had another one of the same scheduled time, made long before."""
    at = request.scheduled_at
    is_late = at is not None and not report.report_id.startswith(f"{at:%Y%m%dT%H%M%SZ}")
    return is_late and any(delivery.status == "duplicate" for delivery in report.deliveries)


def _deliver(
    report: Report,
    request: Request,
    settings: Settings,
    destinations: Destinations,
    comparison: Comparison | None,
    delivery_key: str | None,
    seconds_left: Callable[[], float],
) -> tuple[Delivery, ...]:
    wanted, zone = wanted_channels(request, destinations.channels), settings.thresholds.time_zone
    channels = choose_recipients(wanted, report, comparison, request, settings)
    delivery_log = destinations.delivery_log() if channels and destinations.delivery_log else None
    delivered = deliver(
        report, channels, delivery_log=delivery_log, delivery_key=delivery_key, zone=zone, seconds_left=seconds_left
    )
    by_channel = {delivery.channel: delivery for delivery in delivered}
    return tuple(by_channel.get(channel.name, Delivery(channel=channel.name, status="skipped")) for channel in wanted)


def redeliver(
    report_id: str, request: Request, settings: Settings, destinations: Destinations, seconds_left: Callable[[], float]
) -> Report:
    """Sends a kept report again, to all channels or to the request's, even if they have had it before.

    Raises :class:`InvalidRequest` if it is not kept, and :class:`StoreError` if it cannot be read.
    """
    if destinations.store is None:
        raise InvalidRequest("redeliver: no report is kept here: REPORT_BUCKET is not set")
    report = msgspec.structs.replace(destinations.store.load(report_id), deliveries=())
    report = destinations.store.with_link(report) if report.report_url else report
    wanted, zone = wanted_channels(request, destinations.channels), settings.thresholds.time_zone
    overtaken = _overtaken(report, wanted, destinations.store, seconds_left())
    current = [channel for channel in wanted if channel.name not in overtaken]
    delivered = deliver(report, current, delivery_log=None, delivery_key=None, zone=zone, seconds_left=seconds_left)
    return msgspec.structs.replace(report, deliveries=(*delivered, *overtaken.values()))


def _overtaken(
    report: Report, channels: Sequence[Channel], store: ReportStore, seconds: float
) -> dict[ChannelName, Delivery]:
    """The deliveries that would end what a newer report of the same scope may have begun, such as an alert."""
    if report.what_if:
        return {}  # its alert is its own
    ending = insistent_channels(channels, report)
    last = load_last_report(store, report.scope, report.report_id, seconds).baseline if ending else None
    if last is None or last.as_of <= report.as_of:
        return {}
    why = f"the report {last.report_id} is newer: this one resolves nothing"
    return {channel.name: Delivery(channel=channel.name, status="skipped", error=why) for channel in ending}


def _with_heartbeat(report: Report, heartbeat: Heartbeat, seconds: float) -> Report:
    """Calls the heartbeat's URL. If that fails, the report says so."""
    try:
        heartbeat.beat(seconds)
    except Exception as error:  # noqa: BLE001 - the report has been delivered already
        return with_notes(report, f"The heartbeat URL could not be called: {reason_of(error)}.")
    return report
