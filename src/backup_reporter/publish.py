"""What happens to a report once it is made: compared with the last one, kept, and sent to those who want it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import msgspec

from backup_reporter.channels.channel import Channel
from backup_reporter.deliver import OnceEach, deliver
from backup_reporter.errors import InvalidRequest, StoreError
from backup_reporter.report.changes import Baseline, compare
from backup_reporter.report.csv_table import render_csv
from backup_reporter.report.model import Delivery, Report
from backup_reporter.report.page import render_page
from backup_reporter.request import Request
from backup_reporter.settings import Notify, Settings
from backup_reporter.store import ReportStore

_NO_EARLIER_REPORT = "No earlier report of this scope is kept to compare with, so everything counts as new."


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlets:
    """Where reports go. ``once`` and ``store`` are ``None`` where they are not set up."""

    channels: Sequence[Channel]
    once: OnceEach | None = None
    store: ReportStore | None = None


def publish(
    report: Report, request: Request, settings: Settings, outlets: Outlets, seconds_left: Callable[[], float]
) -> Report:
    """Keeps and sends a report; returns it with what changed and what became of it. Never raises.

    What cannot be kept or compared is said in the report, and does not keep it from anybody.
    """
    notify = _notify(request, settings)
    report, baseline = _compared(report, request, notify, outlets.store)
    report = _kept(report, settings.rules.time_zone, outlets.store)
    wanted = _wanted(request, outlets.channels)
    if is_worth_sending(notify, report, is_compared=baseline is not None):
        deliveries = _deliver(report, request, settings.rules.time_zone, wanted, outlets.once, seconds_left)
    else:
        deliveries = tuple(Delivery(channel=channel.name, status="skipped") for channel in wanted)
    report = msgspec.structs.replace(report, deliveries=deliveries)
    return _remembered(report, baseline, outlets.store)


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
    wanted = _wanted(request, outlets.channels)
    deliveries = _deliver(report, request, settings.rules.time_zone, wanted, None, seconds_left)
    return msgspec.structs.replace(report, deliveries=deliveries)


def is_worth_sending(notify: Notify, report: Report, *, is_compared: bool) -> bool:
    """Whether ``notify`` lets a report through.

    A report that could not look at everything, or that nothing could be compared with, counts as changed.
    """
    if notify == "changes":
        changes = report.changes
        changed = changes.new or changes.resolved or changes.note or not is_compared
        return bool(changed or report.problems or report.notes or not report.workspaces)
    return notify == "always" or (notify == "problems" and report.status != "OK")


def _notify(request: Request, settings: Settings) -> Notify:
    """What the request says, else the settings; a what-if speaks to nobody unless it is told to."""
    return request.notify or ("never" if request.as_of else settings.notify)


def _is_regular(request: Request, notify: Notify) -> bool:
    """Tells the report that everybody gets from one that somebody asked for: only the former is compared and remembered.

    What was found for one person must be news to the others all the same.
    """
    is_narrower = request.project_uids or request.workspace_uids or request.backup_request_uid or request.channels
    return not is_narrower and request.as_of is None and notify != "never"


def _compared(
    report: Report, request: Request, notify: Notify, store: ReportStore | None
) -> tuple[Report, Baseline | None]:
    """The report with what changed, and the baseline for the next one; ``None`` where it is not compared."""
    if store is None or not _is_regular(request, notify):
        return report, None
    try:
        earlier, why_none = store.baseline(report.scope), _NO_EARLIER_REPORT
    except StoreError as error:
        earlier, why_none = None, f"Everything counts as new, because the last report cannot be had: {error}."
    changes, baseline = compare(report, earlier, why_none)
    return msgspec.structs.replace(report, changes=changes), baseline


def _kept(report: Report, zone: ZoneInfo, store: ReportStore | None) -> Report:
    """The report, kept before it is sent, so that it can be looked at and sent again; what cannot be kept, it says."""
    if store is None:
        return report
    files, notes = _files(report, zone)
    report = _with_notes(report, *notes)
    try:
        linked = msgspec.structs.replace(report, report_url=store.link(report.report_id)) if "html" in files else report
        store.keep(linked, files)
    except StoreError as error:
        return _with_notes(report, f"This report could not be kept: {error}.")
    try:
        store.list_report(linked, zone)
    except StoreError as error:
        return _with_notes(linked, f"The list of reports could not be renewed: {error}.")
    return linked


def _files(report: Report, zone: ZoneInfo) -> tuple[dict[str, bytes], list[str]]:
    """What is kept beside the JSON, by extension, and what went wrong in making it."""
    renderings: dict[str, Callable[[], bytes]] = {
        "html": lambda: render_page(report, zone).encode(),
        "csv": lambda: render_csv(report).encode("utf-8-sig"),
    }
    files, notes = {}, []
    for extension, render in renderings.items():
        try:
            files[extension] = render()
        except Exception as error:  # noqa: BLE001 - whatever it is, a page is no reason to tell nobody of the backups
            notes.append(f"This report could not be kept as {extension.upper()}: {type(error).__name__}.")
    return files, notes


def _remembered(report: Report, baseline: Baseline | None, store: ReportStore | None) -> Report:
    """Keeps what became of the report, and what the next one is compared with."""
    if store is None:
        return report
    try:
        store.keep(report, {})
        if baseline:
            store.keep_baseline(report.scope, baseline)
    except StoreError as error:
        return _with_notes(report, f"The next report may repeat what is new in this one: {error}.")
    return report


def _with_notes(report: Report, *notes: str) -> Report:
    return msgspec.structs.replace(report, notes=(*report.notes, *notes))


def _wanted(request: Request, channels: Sequence[Channel]) -> list[Channel]:
    return [channel for channel in channels if not request.channels or channel.name in request.channels]


def _deliver(
    report: Report,
    request: Request,
    zone: ZoneInfo,
    channels: Sequence[Channel],
    once: OnceEach | None,
    seconds_left: Callable[[], float],
) -> tuple[Delivery, ...]:
    return deliver(report, channels, once=once, scheduled_at=request.scheduled_at, zone=zone, seconds_left=seconds_left)
