"""A quarter of one workspace whose truth is known, and the reports that were kept of it.

September to November 2026: a backup of two clusters each night at 01:00, kept for 30 days, and a report at 07:00.
No run began on 10 and 11 October. The runs of 20 to 22 October and of 11 and 12 November failed. The workspace was
muted until 16 November, from the 10th on. From 20 November the schedule is 03:00. The report of 5 November is lost.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import msgspec

from backup_reporter.report.build import build_report
from backup_reporter.report.model import Changes, PreviousReport, Report, Scope, json_pieces
from support.builders import Json, backup, judged, listed, run

FIRST, LAST = date(2026, 9, 1), date(2026, 11, 30)
LOST = date(2026, 11, 5)
_MISSED = {date(2026, 10, 10), date(2026, 10, 11)}
_FAILED = {*(date(2026, 10, day) for day in (20, 21, 22)), *(date(2026, 11, day) for day in (11, 12))}
_MUTED = {date(2026, 11, day) for day in range(10, 17)}
_NEW_SCHEDULE = date(2026, 11, 20)


def kept_reports() -> Iterator[tuple[Report, str]]:
    """The reports that are there, oldest first, each with the SHA-256 of its file."""
    previous: PreviousReport | None = None
    for number in range((LAST - FIRST).days + 1):
        day = FIRST + timedelta(days=number)
        report = _report(day, previous)
        content = b"".join(json_pieces(report, line_break=b"\n"))
        sha256 = hashlib.sha256(content).hexdigest()
        previous = PreviousReport(report_id=report.report_id, sha256=sha256)
        if day != LOST:
            yield report, sha256


def _report(day: date, previous: PreviousReport | None) -> Report:
    at = datetime(day.year, day.month, day.day, 7, tzinfo=UTC)
    labels = {"backup-reporter.mute": "2026-11-16"} if day in _MUTED else {}
    workspace = judged(_answer(day), listed(labels=labels), now=at)
    report = build_report(
        [workspace],
        report_id=f"{at:%Y%m%dT%H%M%SZ}-{number_of(day):08x}",
        as_of=at,
        generated_at=at,
        scope=Scope(),
    )
    changes = Changes(note=None if previous else "No earlier report of this scope is kept to compare with.")
    return msgspec.structs.replace(report, previous=previous, changes=changes)


def number_of(day: date) -> int:
    """A number that no other day has."""
    return day.toordinal()


def _answer(day: date) -> Json:
    nights = (day - timedelta(days=back) for back in reversed(range(60)))
    runs = [
        run(
            f"{night:%m-%d} {'03' if night >= _NEW_SCHEDULE else '01'}:00",
            "Failed" if night in _FAILED else "Completed",
        )
        for night in nights
        if night not in _MISSED
    ]
    return backup(*runs, schedule="0 3 * * *" if day >= _NEW_SCHEDULE else "0 1 * * *")
