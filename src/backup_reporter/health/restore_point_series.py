"""The copies that a cluster could be restored from, folded into few entries however many there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from backup_reporter.health.attempts import Attempt
from backup_reporter.health.timeline import Subject
from backup_reporter.health.workspace_report import RestorePointSeries

MAX_ENTRIES = 24
"""Entries kept for a cluster, the newest: copies made without any rhythm must not fill the report."""

_TOLERANCE = timedelta(minutes=30)
"""How far a copy may stray from the pace of the ones before it and still be one of them."""


def restore_point_series(subject: Subject, now: datetime) -> tuple[RestorePointSeries, ...]:
    """What can be restored at ``now``, oldest first; if nothing can, the copy that was the last to expire."""
    living = subject.restore_points(now)
    return tuple(_folded(living or _last_to_expire(subject.attempts)))[-MAX_ENTRIES:]


def _last_to_expire(attempts: Iterable[Attempt]) -> list[Attempt]:
    ends = [(attempt.expires_at, attempt) for attempt in attempts if attempt.is_copy and attempt.expires_at]
    return [max(ends, key=lambda end: end[0])[1]] if ends else []


def _folded(attempts: Sequence[Attempt]) -> Iterator[RestorePointSeries]:
    """Copies made at a steady pace and kept for the same time become one entry."""
    entry: RestorePointSeries | None = None
    for attempt in attempts:
        joined = entry and _joined(entry, attempt)
        if entry and not joined:
            yield entry
        entry = joined or RestorePointSeries(
            count=1,
            first_at=attempt.at,
            last_at=attempt.at,
            first_expires_at=attempt.expires_at,
            last_expires_at=attempt.expires_at,
        )
    if entry:
        yield entry


def _joined(entry: RestorePointSeries, attempt: Attempt) -> RestorePointSeries | None:
    if entry.first_at is None or entry.last_at is None or attempt.at is None:
        return None
    if not _is_near(_kept_for(entry.last_at, entry.last_expires_at), _kept_for(attempt.at, attempt.expires_at)):
        return None
    if entry.count > 1:
        pace = (entry.last_at - entry.first_at) / (entry.count - 1)
        if not _is_near(attempt.at - entry.last_at, pace):
            return None
    return msgspec.structs.replace(entry, count=entry.count + 1, last_at=attempt.at, last_expires_at=attempt.expires_at)


def _kept_for(at: datetime, expires_at: datetime | None) -> timedelta | None:
    return expires_at - at if expires_at else None


def _is_near(time: timedelta | None, other: timedelta | None) -> bool:
    if time is None or other is None:
        return time is other
    return abs(time - other) <= _TOLERANCE
