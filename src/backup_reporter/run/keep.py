"""What is kept of a report: what it was compared with, the report itself, and what the next one is compared with.

Each within its time: a bucket that refuses or hangs never keeps a report from anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from backup_reporter.errors import StoreError, TimedOutError, reason_of
from backup_reporter.report.changes import Baseline, compare, fewer_line
from backup_reporter.report.model import Report, has_arrived, with_notes
from backup_reporter.time_limit import call_within

if TYPE_CHECKING:
    from backup_reporter.aws.report_store import ReportStore

_STORE_SECONDS = 60.0
_STORE_SECONDS_EACH = 0.005
"""How long the bucket is waited for at each step, and longer for each workspace, where there is that much time."""
_NO_EARLIER_REPORT = "No earlier report of this scope is kept to compare with, so everything counts as new."

_Kept = TypeVar("_Kept")


def compared(report: Report, store: ReportStore | None, seconds: float) -> tuple[Report, Baseline | None]:
    """The report with what changed, and the baseline for the next one; ``None`` where it is not compared."""
    if store is None:
        return report, None
    try:
        earlier, why_none = _in_time(partial(store.load_baseline, report.scope), seconds), _NO_EARLIER_REPORT
    except StoreError as error:
        earlier, why_none = None, f"Everything counts as new, because the last report cannot be had: {error}."
    changes, baseline = compare(report, earlier, why_none)
    report = msgspec.structs.replace(report, changes=changes)
    if baseline.unheard not in (None, report.report_id):
        report = with_notes(report, f"The report {baseline.unheard} did not reach every channel.")
    return with_notes(report, *filter(None, [fewer_line(baseline)])), baseline


def kept(
    report: Report, zone: ZoneInfo, store: ReportStore | None, seconds: float, *, is_regular: bool
) -> tuple[Report, ReportStore | None]:
    """The report, kept before it is sent, so that it can be looked at and sent again, and the store it is in.

    Where it cannot be kept it says so, and the store is not tried again.
    """
    if store is None:
        return report, None
    try:
        put_away = partial(_put_away, report, zone, store, is_regular=is_regular)
        return _in_time(put_away, seconds, _store_seconds(report)), store
    except StoreError as error:
        return with_notes(report, f"This report could not be kept: {error}."), None


def _put_away(report: Report, zone: ZoneInfo, store: ReportStore, *, is_regular: bool) -> Report:
    problems = _keep_files(report, zone, store)
    report = with_notes(report, *problems.values())
    if "html" not in problems:
        report = store.with_link(report)
    store.save(report)
    try:
        store.add_to_index(report, zone, is_regular=is_regular)
    except StoreError as error:
        return with_notes(report, f"The list of reports could not be renewed: {error}.")
    return report


def _keep_files(report: Report, zone: ZoneInfo, store: ReportStore) -> dict[str, str]:
    """Keeps what lies beside the JSON. Says of each that could not be made, by its extension, what went wrong.

    Raises :class:`StoreError` where the bucket cannot be used.
    """
    # Imported here because only those who keep reports need them.
    from backup_reporter.report.csv import csv_pieces  # noqa: PLC0415
    from backup_reporter.report.page.page import render_page  # noqa: PLC0415

    renderings: dict[str, Callable[[], Iterable[bytes]]] = {
        "html": lambda: [render_page(report, zone).encode()],
        "csv": lambda: csv_pieces(report),
    }
    problems: dict[str, str] = {}
    for extension, render in renderings.items():
        try:
            store.save_file(report.report_id, extension, render())
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, a page is no reason to tell nobody of the backups
            problems[extension] = f"This report could not be kept as {extension.upper()}: {type(error).__name__}."
    return problems


def remembered(report: Report, baseline: Baseline | None, store: ReportStore | None, seconds: float) -> Report:
    """Keeps what became of the report, and what the next one is compared with."""
    if store is None:
        return report

    def remember() -> None:
        store.save(report)
        if baseline:
            unheard = None if has_arrived(report) else baseline.unheard or report.report_id
            store.save_baseline(report.scope, msgspec.structs.replace(baseline, unheard=unheard))

    try:
        _in_time(remember, seconds, _store_seconds(report))
    except StoreError as error:
        return with_notes(report, f"The next report may repeat what is new in this one: {error}.")
    return report


def _store_seconds(report: Report) -> float:
    return _STORE_SECONDS + report.summary.workspaces * _STORE_SECONDS_EACH


def _in_time(do: Callable[[], _Kept], seconds: float, most_seconds: float = _STORE_SECONDS) -> _Kept:
    """What ``do`` returns.

    Raises :class:`StoreError` for whatever goes wrong, and where it comes to no end in time: then it is left behind.
    """
    try:
        return call_within(min(seconds, most_seconds), do, "store")
    except TimedOutError as error:
        raise StoreError(str(error)) from None
    except StoreError:
        raise
    except Exception as error:
        # Such as a proxy's page instead of the bucket's answer: that must not cost anybody the report.
        raise StoreError(f"the bucket cannot be used: {reason_of(error)}") from error
