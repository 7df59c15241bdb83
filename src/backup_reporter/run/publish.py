"""What happens to a report once it is made: compared with the last one, kept, and sent to those who want it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from backup_reporter.channels.channel import Channel
from backup_reporter.config.request import Request
from backup_reporter.config.settings import Notify, Settings
from backup_reporter.errors import InvalidRequest, reason_of
from backup_reporter.report.model import Delivery, Report, has_arrived, with_notes
from backup_reporter.run.deliver import DeliveryLog, deliver
from backup_reporter.run.keep import compared, kept, remembered

if TYPE_CHECKING:
    from backup_reporter.aws.report_store import ReportStore
    from backup_reporter.channels.heartbeat import Heartbeat

_DELIVERY_SECONDS = 25.0
"""Kept back for delivering: a report that reaches everybody but the bucket is better than the reverse."""
_ANSWER_SECONDS = 3.0
"""Kept back for the answer, once everything is delivered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destinations:
    """Where reports go. ``delivery_log``, ``store`` and ``heartbeat`` are ``None`` where they are not set up.

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
) -> Report:
    """Keeps and sends a report; returns it with what changed and what became of it. Never raises.

    What cannot be kept or compared is said in the report, and does not keep it from anybody.
    """
    notify, zone = _notify(request, settings), settings.thresholds.time_zone
    regular = is_regular(request, settings)
    report, baseline = compared(report, destinations.store if regular else None, seconds_left() - _DELIVERY_SECONDS)
    report, store = kept(report, zone, destinations.store, seconds_left() - _DELIVERY_SECONDS, is_regular=regular)
    wanted = _wanted(request, destinations.channels)
    if is_worth_sending(notify, report, is_compared=baseline is not None):
        delivery_log = destinations.delivery_log and destinations.delivery_log()
        deliveries = deliver(
            report, wanted, delivery_log=delivery_log, delivery_key=delivery_key, zone=zone, seconds_left=seconds_left
        )
    else:
        deliveries = tuple(Delivery(channel=channel.name, status="skipped") for channel in wanted)
    report = msgspec.structs.replace(report, deliveries=deliveries)
    if destinations.heartbeat and regular and has_arrived(report):
        report = _with_heartbeat(report, destinations.heartbeat, seconds_left() - _ANSWER_SECONDS)
    return remembered(report, baseline, store, seconds_left() - _ANSWER_SECONDS)


def redeliver(
    report_id: str, request: Request, settings: Settings, destinations: Destinations, seconds_left: Callable[[], float]
) -> Report:
    """Sends a kept report again, to everybody or to the request's channels, whoever has had it before.

    Raises :class:`InvalidRequest` where it is not kept, and :class:`StoreError` where it cannot be read.
    """
    if destinations.store is None:
        raise InvalidRequest("redeliver: no report is kept here: REPORT_BUCKET is not set")
    report = msgspec.structs.replace(destinations.store.load(report_id), deliveries=())
    if report.report_url:
        report = destinations.store.with_link(report)
    wanted, zone = _wanted(request, destinations.channels), settings.thresholds.time_zone
    deliveries = deliver(report, wanted, delivery_log=None, delivery_key=None, zone=zone, seconds_left=seconds_left)
    return msgspec.structs.replace(report, deliveries=deliveries)


def is_worth_sending(notify: Notify, report: Report, *, is_compared: bool) -> bool:
    """Whether ``notify`` lets a report through.

    A report that could not look at everything, or that nothing could be compared with, counts as changed; so does
    one after another that some channel lacks.
    """
    if notify == "changes":
        changes = report.changes
        changed = changes.new or changes.resolved or changes.note or not is_compared
        return bool(changed or report.problems or report.notes or not report.workspaces)
    return notify == "always" or (notify == "problems" and report.status != "OK")


def _notify(request: Request, settings: Settings) -> Notify:
    """What the request says, else the settings; a what-if speaks to nobody unless it is told to."""
    return request.notify or ("never" if request.as_of else settings.notify)


def is_regular(request: Request, settings: Settings) -> bool:
    """Tells the report that everybody gets from one that somebody asked for.

    Only the former is compared, remembered and counted: what was found for one person must be news
    to the others all the same, and must not pass for the report that they are waiting for.
    """
    notify = _notify(request, settings)
    is_narrower = (
        request.tenants
        or request.project_uids
        or request.workspace_uids
        or request.backup_request_uid
        or request.channels
    )
    return not is_narrower and request.as_of is None and not request.redeliver and notify != "never"


def _with_heartbeat(report: Report, heartbeat: Heartbeat, seconds: float) -> Report:
    """Calls the heartbeat's URL; what goes wrong is said in the report, and costs nobody anything."""
    try:
        heartbeat.beat(seconds)
    except Exception as error:  # noqa: BLE001 - whatever it is, everybody has the report
        return with_notes(report, f"The heartbeat URL could not be called: {reason_of(error)}.")
    return report


def _wanted(request: Request, channels: Sequence[Channel]) -> list[Channel]:
    return [channel for channel in channels if not request.channels or channel.name in request.channels]
