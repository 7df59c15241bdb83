"""What a run asks of the bucket: load the last report, compare with it, save this one, and record its outcome.

Each step has a time limit: a bucket that refuses or hangs never keeps a report from its readers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from backup_reporter.errors import StoreError, TimedOutError, reason_of
from backup_reporter.report.baseline import Baseline
from backup_reporter.report.changes import Comparison, compare
from backup_reporter.report.model import PreviousReport, Report, Scope, with_notes
from backup_reporter.report.workspace_memory import WorkspaceMemory
from backup_reporter.time_limit import call_within

if TYPE_CHECKING:
    from backup_reporter.aws.report_store import ReportStore

DELIVERY_SECONDS = 25.0
"""Kept back for delivering: a report that reaches its readers but not the bucket is better than the reverse."""
_STORE_SECONDS = 60.0
_STORE_SECONDS_PER_WORKSPACE = 0.005
"""How long each step waits for the bucket, if there is that much time."""
_LOADING_SECONDS = 20.0
"""How long loading the last report may take: the workspaces wait for it to be judged."""
_NO_LAST_REPORT = "No earlier report of this scope is kept to compare with, so everything counts as new."


_Result = TypeVar("_Result")


class LastReport(Struct, frozen=True, kw_only=True):
    """What the last report of a scope left for the next one; if it left nothing, ``problem`` says why."""

    baseline: Baseline | None = None
    problem: str = _NO_LAST_REPORT

    @property
    def report_id(self) -> str | None:
        """The last report's id, if it left anything."""
        return self.baseline.report_id if self.baseline else None

    @property
    def chain_link(self) -> PreviousReport | None:
        """By what the next report names the last one."""
        last = self.baseline
        return PreviousReport(report_id=last.report_id, sha256=last.report_sha256, chain=last.chain) if last else None

    def memory(self, tenants: Iterable[str | None], as_of: datetime) -> WorkspaceMemory:
        """Returns what is remembered of the workspaces; nothing, if they are judged at a time before that report."""
        if self.baseline is None or self.baseline.as_of > as_of:
            return WorkspaceMemory()
        return WorkspaceMemory(self.baseline.workspaces, frozenset(tenants))


def load_last_report(store: ReportStore, scope: Scope, report_id: str, seconds: float) -> LastReport:
    """Loads what the last report of a scope left for this one. Never raises."""
    try:
        load = partial(store.load_baseline, scope, report_id)
        return LastReport(baseline=_in_time(load, seconds - DELIVERY_SECONDS, _LOADING_SECONDS))
    except StoreError as error:
        return LastReport(problem=f"Everything counts as new, because the last report could not be loaded: {error}.")


def compare_with_last(report: Report, remembered: bytes, last_report: LastReport) -> tuple[Report, Comparison]:
    """Returns the report with the link to the last one and what changed, and what the comparison found besides."""
    comparison = compare(report, remembered, last_report.baseline, last_report.problem)
    missed = comparison.baseline.oldest_missed_report_id
    missed_line = None if missed in (None, report.report_id) else f"The report {missed} did not reach every channel."
    report = msgspec.structs.replace(report, previous=last_report.chain_link, changes=comparison.changes)
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


def _in_time(call: Callable[[], _Result], seconds: float, max_seconds: float) -> _Result:
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
