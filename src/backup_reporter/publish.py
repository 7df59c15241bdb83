"""What happens to a report once it is made: compared with the last one, kept, and sent to those who want it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from backup_reporter.channels.channel import Channel
from backup_reporter.deliver import OnceEach, deliver
from backup_reporter.errors import InvalidRequest, StoreError, reason_of
from backup_reporter.report.changes import Baseline, compare
from backup_reporter.report.model import Delivery, Report
from backup_reporter.request import Request
from backup_reporter.settings import Notify, Settings

if TYPE_CHECKING:
    from backup_reporter.heartbeat import Heartbeat
    from backup_reporter.store import ReportStore

_STORE_SECONDS = 60.0
_STORE_SECONDS_EACH = 0.005
"""How long the bucket is waited for at each step, and longer for each workspace, where there is that much time."""
_DELIVERY_SECONDS = 25.0
"""Kept back for delivering: a report that reaches everybody but the bucket is better than the reverse."""
_ANSWER_SECONDS = 3.0
"""Kept back for the answer, once everything is delivered."""
_NO_EARLIER_REPORT = "No earlier report of this scope is kept to compare with, so everything counts as new."

_Kept = TypeVar("_Kept")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlets:
    """Where reports go. ``once``, ``store`` and ``heartbeat`` are ``None`` where they are not set up.

    ``once`` is made anew for each report: its claims must not be those of an earlier run that still hangs.
    """

    channels: Sequence[Channel]
    once: Callable[[], OnceEach] | None = None
    store: ReportStore | None = None
    heartbeat: Heartbeat | None = None


def publish(
    report: Report, request: Request, settings: Settings, outlets: Outlets, seconds_left: Callable[[], float]
) -> Report:
    """Keeps and sends a report; returns it with what changed and what became of it. Never raises.

    What cannot be kept or compared is said in the report, and does not keep it from anybody.
    """
    notify, zone = _notify(request, settings), settings.rules.time_zone
    compare_with = outlets.store if is_regular(request, settings) else None
    report, baseline = _compared(report, compare_with, seconds_left() - _DELIVERY_SECONDS)
    report, store = _kept(report, zone, outlets.store, seconds_left() - _DELIVERY_SECONDS)
    wanted, at = _wanted(request, outlets.channels), request.scheduled_at
    if is_worth_sending(notify, report, is_compared=baseline is not None):
        once = outlets.once and outlets.once()
        deliveries = deliver(report, wanted, once=once, scheduled_at=at, zone=zone, seconds_left=seconds_left)
    else:
        deliveries = tuple(Delivery(channel=channel.name, status="skipped") for channel in wanted)
    report = msgspec.structs.replace(report, deliveries=deliveries)
    if outlets.heartbeat and is_regular(request, settings) and has_arrived(report):
        report = _with_heartbeat(report, outlets.heartbeat, seconds_left() - _ANSWER_SECONDS)
    return _remembered(report, baseline, store, seconds_left() - _ANSWER_SECONDS)


def redeliver(
    report_id: str, request: Request, settings: Settings, outlets: Outlets, seconds_left: Callable[[], float]
) -> Report:
    """Sends a kept report again, to everybody or to the request's channels, whoever has had it before.

    Raises :class:`InvalidRequest` where it is not kept, and :class:`StoreError` where it cannot be read.
    """
    if outlets.store is None:
        raise InvalidRequest("redeliver: no report is kept here: REPORT_BUCKET is not set")
    report = msgspec.structs.replace(outlets.store.kept(report_id), deliveries=())
    if report.report_url:
        report = msgspec.structs.replace(report, report_url=outlets.store.link(report_id))
    wanted, zone = _wanted(request, outlets.channels), settings.rules.time_zone
    deliveries = deliver(report, wanted, once=None, scheduled_at=None, zone=zone, seconds_left=seconds_left)
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


def has_arrived(report: Report) -> bool:
    """Whether everybody has a report who was to have it: where ``NOTIFY`` held it back, that is nobody.

    A report without any channel has arrived where it is kept for people to look at.
    """
    return bool(report.deliveries or report.report_url) and all(one.status != "failed" for one in report.deliveries)


def _compared(report: Report, store: ReportStore | None, seconds: float) -> tuple[Report, Baseline | None]:
    """The report with what changed, and the baseline for the next one; ``None`` where it is not compared."""
    if store is None:
        return report, None
    try:
        earlier, why_none = _in_time(partial(store.baseline, report.scope), seconds), _NO_EARLIER_REPORT
    except StoreError as error:
        earlier, why_none = None, f"Everything counts as new, because the last report cannot be had: {error}."
    changes, baseline = compare(report, earlier, why_none)
    report = msgspec.structs.replace(report, changes=changes)
    if baseline.unheard not in (None, report.report_id):
        report = _with_notes(report, f"The report {baseline.unheard} did not reach every channel.")
    return report, baseline


def _kept(
    report: Report, zone: ZoneInfo, store: ReportStore | None, seconds: float
) -> tuple[Report, ReportStore | None]:
    """The report, kept before it is sent, so that it can be looked at and sent again, and the store it is in.

    Where it cannot be kept it says so, and the store is not tried again.
    """
    if store is None:
        return report, None
    try:
        return _in_time(partial(_put_away, report, zone, store), seconds, _store_seconds(report)), store
    except StoreError as error:
        return _with_notes(report, f"This report could not be kept: {error}."), None


def _put_away(report: Report, zone: ZoneInfo, store: ReportStore) -> Report:
    problems = _keep_files(report, zone, store)
    report = _with_notes(report, *problems.values())
    if "html" not in problems:
        report = msgspec.structs.replace(report, report_url=store.link(report.report_id))
    store.keep(report)
    try:
        store.list_report(report, zone)
    except StoreError as error:
        return _with_notes(report, f"The list of reports could not be renewed: {error}.")
    return report


def _keep_files(report: Report, zone: ZoneInfo, store: ReportStore) -> dict[str, str]:
    """Keeps what lies beside the JSON. Says of each that could not be made, by its extension, what went wrong.

    Raises :class:`StoreError` where the bucket cannot be used.
    """
    # Imported here because only those who keep reports need them.
    from backup_reporter.report.csv_table import csv_pieces  # noqa: PLC0415
    from backup_reporter.report.page import render_page  # noqa: PLC0415

    renderings: dict[str, Callable[[], Iterable[bytes]]] = {
        "html": lambda: [render_page(report, zone).encode()],
        "csv": lambda: csv_pieces(report),
    }
    problems: dict[str, str] = {}
    for extension, render in renderings.items():
        try:
            store.keep_file(report.report_id, extension, render())
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, a page is no reason to tell nobody of the backups
            problems[extension] = f"This report could not be kept as {extension.upper()}: {type(error).__name__}."
    return problems


def _remembered(report: Report, baseline: Baseline | None, store: ReportStore | None, seconds: float) -> Report:
    """Keeps what became of the report, and what the next one is compared with."""
    if store is None:
        return report

    def remember() -> None:
        store.keep(report)
        if baseline:
            unheard = None if has_arrived(report) else baseline.unheard or report.report_id
            store.keep_baseline(report.scope, msgspec.structs.replace(baseline, unheard=unheard))

    try:
        _in_time(remember, seconds, _store_seconds(report))
    except StoreError as error:
        return _with_notes(report, f"The next report may repeat what is new in this one: {error}.")
    return report


def _with_heartbeat(report: Report, heartbeat: Heartbeat, seconds: float) -> Report:
    """Calls the heartbeat's URL; what goes wrong is said in the report, and costs nobody anything."""
    try:
        heartbeat.beat(seconds)
    except Exception as error:  # noqa: BLE001 - whatever it is, everybody has the report
        return _with_notes(report, f"The heartbeat URL could not be called: {reason_of(error)}.")
    return report


def _store_seconds(report: Report) -> float:
    return _STORE_SECONDS + report.summary.workspaces * _STORE_SECONDS_EACH


def _in_time(do: Callable[[], _Kept], seconds: float, most_seconds: float = _STORE_SECONDS) -> _Kept:
    """What ``do`` returns.

    Raises :class:`StoreError` for whatever goes wrong, and where it comes to no end in time: then it is left behind.
    """
    if seconds <= 0:
        raise StoreError("no time was left for it")
    pool = ThreadPoolExecutor(1, thread_name_prefix="store")
    try:
        return pool.submit(do).result(timeout=min(seconds, most_seconds))
    except TimeoutError:
        raise StoreError("the bucket did not answer in the time that was left") from None
    except StoreError:
        raise
    except Exception as error:
        # Such as a proxy's page instead of the bucket's answer: that must not cost anybody the report.
        raise StoreError(f"the bucket cannot be used: {reason_of(error)}") from error
    finally:
        pool.shutdown(wait=False)


def _with_notes(report: Report, *notes: str) -> Report:
    return msgspec.structs.replace(report, notes=(*report.notes, *notes))


def _wanted(request: Request, channels: Sequence[Channel]) -> list[Channel]:
    return [channel for channel in channels if not request.channels or channel.name in request.channels]
