"""When reports are expected: at the usual interval between those that are there."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from statistics import median

_TOLERANCE = timedelta(minutes=90)
"""How far a report may be from its expected time: a run's retries and a change of clocks lie within it."""


def usual_interval(times: Sequence[datetime]) -> timedelta | None:
    """The median of the pauses between reports, without those that follow within minutes of each other."""
    pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
    pauses = [pause for pause in pauses if pause > timedelta(minutes=30)]
    return timedelta(seconds=round(median(pause.total_seconds() for pause in pauses) / 60) * 60) if pauses else None


def expected_reports(
    times: Sequence[datetime], interval: timedelta | None, first: date, last: date, now: datetime
) -> list[datetime]:
    """When reports are expected until now: at the usual interval, before, after and between those that are there."""
    if not times or not interval:
        return list(times)
    begin, end = span_of(first, last)
    expected, at = [], times[0]
    while at - interval >= begin:
        at -= interval
    remaining = list(times)
    while at < end:
        # Follow the reports that are there, so that a moved schedule or a change of clocks is no gap.
        near = next((time for time in remaining if abs(time - at) <= max(_TOLERANCE, interval / 4)), None)
        if near or at + _TOLERANCE < now:
            expected.append(near or at)
        if near:
            remaining = remaining[remaining.index(near) + 1 :]
        at = (near or at) + interval
    return expected


def span_of(first: date, last: date) -> tuple[datetime, datetime]:
    """The beginning and the end of a period."""
    return datetime.combine(first, time.min, UTC), datetime.combine(last, time.max, UTC)
