"""What happens to a report once it is made: compare it with the last one, save it, send it, record the outcome.

Each step that needs the bucket has a time limit: a bucket that refuses or hangs never keeps a report from its readers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from backup_reporter.channels.channel import Channel, InsistentChannel
from backup_reporter.config.request import Request
from backup_reporter.config.settings import ChannelName, Notify, Settings
from backup_reporter.errors import InvalidRequest, StoreError, TimedOutError, reason_of
from backup_reporter.report.changes import Baseline, Comparison, compare
from backup_reporter.report.model import Delivery, PreviousReport, Report, Scope, has_arrived, with_notes
from backup_reporter.report.workspace_memory import WorkspaceMemory
from backup_reporter.run.deliver import DeliveryLog, deliver
from backup_reporter.time_limit import call_within

if TYPE_CHECKING:
    from backup_reporter.aws.report_store import ReportStore
    from backup_reporter.channels.heartbeat import Heartbeat

_DELIVERY_SECONDS = 25.0
"""Kept back for delivering: a report that reaches its readers but not the bucket is better than the reverse."""
_ANSWER_SECONDS = 3.0
"""Kept back for the answer, once everything is delivered."""
_STORE_SECONDS = 60.0
_STORE_SECONDS_PER_WORKSPACE = 0.005
"""How long each step waits for the bucket, if there is that much time."""
_LOADING_SECONDS = 20.0
"""How long loading the last report may take: the workspaces wait for it to be judged."""
_NO_LAST_REPORT = "No earlier report of this scope is kept to compare with, so everything counts as new."

_Result = TypeVar("_Result")


class Destinations(Struct, frozen=True, kw_only=True):
    """Where reports go. ``delivery_log``, ``store`` and ``heartbeat`` are ``None`` if they are not set up.

    ``delivery_log`` is made anew for each report: its claims must not be those of an earlier run that still hangs.
    """

    channels: Sequence[Channel]
    delivery_log: Callable[[], DeliveryLog] | None = None
    store: ReportStore | None = None
    heartbeat: Heartbeat | None = None


class LastReport(Struct, frozen=True, kw_only=True):
    """What the last report of a scope left for the next one; if it left nothing, ``problem`` says why."""

    baseline: Baseline | None = None
    problem: str = _NO_LAST_REPORT

    @property
    def report_id(self) -> str | None:
        """The last report's id, if it left anything."""
        return self.baseline.report_id if self.baseline else None

    def memory(self, tenants: Iterable[str | None], as_of: datetime) -> WorkspaceMemory:
        """Returns what is remembered of the workspaces; nothing, if they are judged at a time before that report."""
        if self.baseline is None or self.baseline.as_of > as_of:
            return WorkspaceMemory()
        return WorkspaceMemory(self.baseline.workspaces, frozenset(tenants))


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
        report = _with_previous(report, last_report.baseline)
        report, comparison = compare_with_last(report, remembered, last_report)
    if store:
        report, store = save(report, zone, store, seconds_left() - _DELIVERY_SECONDS, is_regular=regular)
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


def _with_previous(report: Report, baseline: Baseline | None) -> Report:
    """Returns the report with a link to the one before it."""
    if baseline is None:
        return report
    previous = PreviousReport(report_id=baseline.report_id, sha256=baseline.report_sha256, chain=baseline.chain)
    return msgspec.structs.replace(report, previous=previous)


def load_last_report(store: ReportStore, scope: Scope, report_id: str, seconds: float) -> LastReport:
    """Loads what the last report of a scope left for this one. Never raises."""
    try:
        load = partial(store.load_baseline, scope, report_id)
        return LastReport(baseline=_in_time(load, seconds - _DELIVERY_SECONDS, _LOADING_SECONDS))
    except StoreError as error:
        return LastReport(problem=f"Everything counts as new, because the last report could not be loaded: {error}.")


def compare_with_last(report: Report, remembered: bytes, last_report: LastReport) -> tuple[Report, Comparison]:
    """Returns the report with what changed, and what the comparison found besides."""
    comparison = compare(report, remembered, last_report.baseline, last_report.problem)
    missed = comparison.baseline.oldest_missed_report_id
    missed_line = None if missed in (None, report.report_id) else f"The report {missed} did not reach every channel."
    report = msgspec.structs.replace(report, changes=comparison.changes)
    return with_notes(report, *filter(None, [missed_line, comparison.gone, comparison.schedules])), comparison


def save(
    report: Report, zone: ZoneInfo, store: ReportStore, seconds: float, *, is_regular: bool
) -> tuple[Report, ReportStore | None]:
    """Saves the report before it is sent, so that it can be opened and sent again.

    Returns it with the link to its page, and the store. If it cannot be saved, the report says so, and the store is
    ``None``: it is not tried again.
    """
    try:
        save_all = partial(_save_all, report, zone, store, is_regular=is_regular)
        return _in_time(save_all, seconds, _store_seconds(report)), store
    except StoreError as error:
        return with_notes(report, f"This report could not be kept: {error}."), None


def _save_all(report: Report, zone: ZoneInfo, store: ReportStore, *, is_regular: bool) -> Report:
    problems = _save_renderings(report, zone, store)
    report = with_notes(report, *problems.values())
    if "html" not in problems:
        report = store.with_link(report)
    store.save(report)
    try:
        store.add_to_index(report, zone, is_regular=is_regular)
    except StoreError as error:
        return with_notes(report, f"The list of reports could not be renewed: {error}.")
    return report


def _save_renderings(report: Report, zone: ZoneInfo, store: ReportStore) -> dict[str, str]:
    """Saves the page and the table beside the JSON. Returns what went wrong, by extension.

    Raises :class:`StoreError` if the bucket cannot be used.
    """
    # Imported here because only those who keep reports need them.
    from backup_reporter.report.csv import csv_pieces  # noqa: PLC0415
    from backup_reporter.report.page.page import page_pieces  # noqa: PLC0415

    renderings: dict[str, Callable[[], Iterable[bytes]]] = {
        "html": lambda: map(str.encode, page_pieces(report, zone)),
        "csv": lambda: csv_pieces(report),
    }
    problems: dict[str, str] = {}
    for extension, render in renderings.items():
        try:
            store.save_file(report.report_id, extension, render())
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - a page that cannot be made must not cost the report
            problems[extension] = f"This report could not be kept as {extension.upper()}: {type(error).__name__}."
    return problems


def record_outcome(
    report: Report,
    comparison: Comparison | None,
    previous: Baseline | None,
    store: ReportStore,
    seconds: float,
    *,
    has_reached_all: bool,
) -> Report:
    """Saves how each delivery ended, what the next report is compared with, and what this one was."""

    def record() -> None:
        sha256 = store.save(report)
        if comparison:
            chain = report.previous.chain + 1 if report.previous else 1
            baseline = msgspec.structs.replace(comparison.baseline, report_sha256=sha256, chain=chain)
            missed = None if has_reached_all else baseline.oldest_missed_report_id or report.report_id
            baseline = msgspec.structs.replace(baseline, oldest_missed_report_id=missed)
            store.save_baseline(report.scope, baseline, previous)

    try:
        _in_time(record, seconds, _store_seconds(report))
    except StoreError as error:
        return with_notes(report, f"The next report may repeat what is new in this one: {error}.")
    return report


def _store_seconds(report: Report) -> float:
    return _STORE_SECONDS + report.summary.workspaces * _STORE_SECONDS_PER_WORKSPACE


def _in_time(call: Callable[[], _Result], seconds: float, max_seconds: float = _STORE_SECONDS) -> _Result:
    """Makes a call and returns its result.

    Raises :class:`StoreError` for any error, and if the call times out; then it is left behind.
    """
    try:
        return call_within(min(seconds, max_seconds), call, "store")
    except TimedOutError as error:
        raise StoreError(str(error)) from None
    except StoreError:
        raise
    except Exception as error:
        # Such as a proxy's page instead of the bucket's answer.
        raise StoreError(f"the bucket cannot be used: {reason_of(error)}") from error


def _deliver(
    report: Report,
    request: Request,
    settings: Settings,
    destinations: Destinations,
    comparison: Comparison | None,
    delivery_key: str | None,
    seconds_left: Callable[[], float],
) -> tuple[Delivery, ...]:
    wanted, zone = _wanted(request, destinations.channels), settings.thresholds.time_zone
    notify = _notify(request, settings)
    channels = wanted if is_worth_sending(notify, report, comparison) else _insistent(wanted, report, notify)
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
    wanted, zone = _wanted(request, destinations.channels), settings.thresholds.time_zone
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
    ending = [channel for channel in channels if isinstance(channel, InsistentChannel) and channel.must_have(report)]
    last = load_last_report(store, report.scope, report.report_id, seconds).baseline if ending else None
    if last is None or last.as_of <= report.as_of:
        return {}
    why = f"the report {last.report_id} is newer: this one resolves nothing"
    return {channel.name: Delivery(channel=channel.name, status="skipped", error=why) for channel in ending}


def is_worth_sending(notify: Notify, report: Report, comparison: Comparison | None) -> bool:
    """Whether ``notify`` lets a report through.

    For ``changes``, incomplete reports, and reports without a baseline, count as changed. So does a report after one
    that a channel missed. A note that the last report had already is no change. For ``problems``, a workspace that is no longer listed is one: a key that sees less than
    it did must not fall silent.
    """
    if notify == "changes":
        changes = report.changes
        changed = changes.new or changes.resolved or changes.no_longer_judged or changes.note or not comparison
        has_new_note = not comparison or not set(report.notes).issubset(comparison.said_before)
        return bool(changed or report.problems or has_new_note or not report.workspaces)
    if notify == "problems":
        return report.status != "OK" or bool(comparison and comparison.gone)
    return notify == "always"


def _insistent(wanted: Sequence[Channel], report: Report, notify: Notify) -> list[Channel]:
    """The channels that need a report although ``NOTIFY`` holds it back; ``never`` means never."""
    if notify == "never":
        return []
    return [channel for channel in wanted if isinstance(channel, InsistentChannel) and channel.must_have(report)]


def _notify(request: Request, settings: Settings) -> Notify:
    """What the request says, else the settings; a what-if is not sent unless the request says so."""
    return request.notify or ("never" if request.as_of else settings.notify)


def is_regular(request: Request, settings: Settings) -> bool:
    """Tells the report that goes to all channels from one that a person asked for.

    Only the former is compared, remembered and counted. What was found for one person must still be news to the
    others, and must not pass for the report that they are waiting for.
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
    """Calls the heartbeat's URL. If that fails, the report says so."""
    try:
        heartbeat.beat(seconds)
    except Exception as error:  # noqa: BLE001 - the report has been delivered already
        return with_notes(report, f"The heartbeat URL could not be called: {reason_of(error)}.")
    return report


def _wanted(request: Request, channels: Sequence[Channel]) -> list[Channel]:
    return [channel for channel in channels if not request.channels or channel.name in request.channels]
