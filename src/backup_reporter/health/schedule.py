"""When a workspace's backups are due: its policy's schedule laid over its own history."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice, pairwise
from typing import Protocol
from zoneinfo import ZoneInfo

from msgspec import Struct

from backup_reporter.health.cron import MAX_SCHEDULE_LENGTH, ZONE_PREFIX, CronError, parse_cron

EARLY = timedelta(minutes=5)
"""A run may begin this long before its due time and still be that due time's run."""

COUNT_LIMIT = 1000
"""Missed due times are counted up to here; beyond it "at least" says as much."""


class Schedule(Protocol):
    """What cron expressions and ``@every`` have in common. All times are UTC."""

    @property
    def longest_pause(self) -> timedelta: ...

    def latest(self, at: datetime) -> datetime | None: ...

    def next(self, after: datetime) -> datetime | None: ...

    def period_start(self, at: datetime) -> datetime:
        """Since when a run counts as made in the same period as one at ``at``."""
        ...


class Every(Struct, frozen=True):
    """``@every``: due an interval after the last run (or after the policy was made), and again after each interval."""

    interval: timedelta
    anchors: tuple[datetime, ...]
    """What is counted from, oldest first: the policy's creation if it is known, then each run's time."""

    @property
    def longest_pause(self) -> timedelta:
        return self.interval

    def latest(self, at: datetime) -> datetime | None:
        for anchor, following in reversed([*pairwise((*self.anchors, at))]):
            intervals = (min(at, following + EARLY) - anchor) // self.interval
            if intervals >= 1:
                return anchor + intervals * self.interval
        return None

    def next(self, after: datetime) -> datetime | None:
        anchor = max((anchor for anchor in self.anchors if anchor <= after), default=None)
        if anchor is None:
            return self.anchors[0] + self.interval if self.anchors else None
        return anchor + ((after - anchor) // self.interval + 1) * self.interval

    def period_start(self, at: datetime) -> datetime:
        # Every run puts the next due time off: runs by hand of one cluster must not make the period ever longer.
        return max(self.latest(at) or at - self.interval, at - self.interval)


class Shifted(Struct, frozen=True):
    """A schedule whose due times are moved by ``shift``."""

    schedule: Schedule
    shift: timedelta

    @property
    def longest_pause(self) -> timedelta:
        return self.schedule.longest_pause

    def latest(self, at: datetime) -> datetime | None:
        due = self.schedule.latest(at - self.shift)
        return due + self.shift if due else None

    def next(self, after: datetime) -> datetime | None:
        due = self.schedule.next(after - self.shift)
        return due + self.shift if due else None

    def period_start(self, at: datetime) -> datetime:
        return self.schedule.period_start(at - self.shift) + self.shift


class DueTimes(Struct, frozen=True):
    """The due times since the policy exists. All times are UTC.

    ``created_at``: when the policy was made. ``edited_at``: when its schedule was edited. Due times before that are
    those of ``before_edit``, unless the last report has seen the edit (``is_edit_seen``): then they are no longer due.
    """

    schedule: Schedule
    created_at: datetime | None
    edited_at: datetime | None = None
    before_edit: DueTimes | None = None
    is_edit_seen: bool = False

    @property
    def longest_pause(self) -> timedelta:
        return self.schedule.longest_pause

    @property
    def not_before(self) -> datetime | None:
        """Since when this schedule counts."""
        return self.edited_at or self.created_at

    @property
    def _still_due_before_edit(self) -> DueTimes | None:
        return None if self.is_edit_seen else self.before_edit

    def latest(self, at: datetime) -> datetime | None:
        """The last due time at or before ``at``, or ``None``."""
        due = self.schedule.latest(at)
        if due is None:
            return None
        if self.edited_at is None:
            return due if self.created_at is None or due >= self.created_at else None
        if due > self.edited_at:
            return due
        before = self._still_due_before_edit
        return before.latest(min(at, self.edited_at)) if before else None

    def next(self, after: datetime) -> datetime | None:
        """The first due time after ``after``, or ``None``."""
        if self.edited_at and after < self.edited_at:
            before = self._still_due_before_edit
            due = before.next(after) if before else None
            return due if due and due <= self.edited_at else self.schedule.next(self.edited_at)
        if self.edited_at is None and self.created_at and after < self.created_at:
            after = self.created_at - _SECOND
        return self.schedule.next(after)

    def period_start(self, at: datetime) -> datetime:
        """Since when a run counts as made in the same period as one at ``at``; it may lie before the policy was made."""
        start = self.schedule.period_start(at)
        if self.edited_at is None or start > self.edited_at:
            return start
        if self.before_edit:
            return self.before_edit.schedule.period_start(min(at, self.edited_at))
        return min(start, at - self.longest_pause)

    def first(self) -> datetime | None:
        """The first due time there ever was; ``None`` if the policy's age is not known."""
        if self.created_at is None:
            return None
        due = self.before_edit.next(self.created_at - _SECOND) if self.before_edit else None
        return due or self.schedule.next(self.created_at - _SECOND)

    def missed(self, until: datetime, last_run_at: datetime | None) -> tuple[datetime, ...]:
        """The due times up to ``until`` that no run answered since the last one, newest first; at most COUNT_LIMIT.

        If neither a run nor the policy's creation is known, there is nothing to count from: it is the latest alone.
        """
        limit = COUNT_LIMIT if last_run_at or self.not_before else 1
        return tuple(islice(self._backwards(self.latest(until), last_run_at), limit))

    def _backwards(self, due: datetime | None, last_run_at: datetime | None) -> Iterator[datetime]:
        while due and not (last_run_at and due - EARLY <= last_run_at):
            yield due
            due = self.latest(due - _SECOND)


def read_schedule(text: str, run_times: Sequence[datetime], created_at: datetime | None, zone: ZoneInfo) -> Schedule:
    """Reads a policy's schedule; ``run_times``, oldest first, are what ``@every`` counts from.

    ``zone`` is that of a schedule that names none. Raises :class:`~backup_reporter.health.cron.CronError` if the
    schedule cannot be read.
    """
    every = _EVERY.fullmatch(text.strip()) if len(text) <= MAX_SCHEDULE_LENGTH else None
    if not every:
        return parse_cron(text, zone)
    anchors = ([created_at] if created_at else []) + [at for at in run_times if not created_at or at > created_at]
    return Every(_go_duration(every[1]), tuple(anchors))


def names_no_zone(text: str) -> bool:
    """Whether the zone of a schedule is an assumption. An interval has none."""
    return not (ZONE_PREFIX.match(text.strip()) or _EVERY.fullmatch(text.strip()))


def fits(schedule: Schedule, run_at: datetime, grace: timedelta) -> bool:
    """Whether a run began at one of the schedule's due times, within the grace."""
    due = schedule.latest(run_at + EARLY)
    return due is not None and run_at - due <= grace


def shift_of(schedule: Schedule, run_times: Sequence[datetime], grace: timedelta) -> timedelta | None:
    """How far from the due times the last runs begin, all at one distance; ``None`` if they do not.

    ``run_times`` are oldest first. A few runs by hand among them change nothing. No two time zones are further apart
    than 26 hours; a distance that is larger than half of that is no time zone.
    """
    recent = run_times[-_RUNS_TO_COMPARE:]
    if len(recent) < MIN_SHIFTED_RUNS or fits(schedule, recent[-1], grace):
        return None
    odd = [at for at in recent if not fits(schedule, at, grace)]
    references = reversed(odd[-MIN_SHIFTED_RUNS:])
    distances = [distance for reference in references for distance in _distances(schedule, reference)]
    alike = [(distance, [at for at in odd if _has_distance(schedule, at, distance)]) for distance in distances]
    # Twelve hours early and twelve hours late look alike but for the runs beside a pause: most of the runs decide.
    distance, like_it = max(alike, key=lambda group: len(group[1]), default=(timedelta(), []))
    if len(like_it) < MIN_SHIFTED_RUNS or len(like_it) * 2 <= len(recent):
        return None
    return min(_exact_distance(schedule, at, distance) for at in like_it[-MIN_SHIFTED_RUNS:])


def _distances(schedule: Schedule, run_at: datetime) -> list[timedelta]:
    """A run's distance after the due time before it and ahead of the one after it, the shorter first."""
    before, after = schedule.latest(run_at), schedule.next(run_at)
    distances = [run_at - due for due in (before, after) if due and abs(run_at - due) <= _MAX_SHIFT]
    return sorted(distances, key=abs)


def _has_distance(schedule: Schedule, run_at: datetime, distance: timedelta) -> bool:
    off = abs(_exact_distance(schedule, run_at, distance) - distance)
    return off <= _SHIFT_TOLERANCE or abs(off - _CLOCK_CHANGE) <= _SHIFT_TOLERANCE


def _exact_distance(schedule: Schedule, run_at: datetime, distance: timedelta) -> timedelta:
    """A run's distance from the due time that comes nearest to ``distance`` before it."""
    moved = run_at - distance
    dues = (schedule.latest(moved), schedule.next(moved))
    return min((run_at - due for due in dues if due), key=lambda found: abs(found - distance))


_SECOND = timedelta(seconds=1)
_EVERY = re.compile(r"(?:(?:CRON_)?TZ=\S*\s+)?@every\s+(\S+)")
_RUNS_TO_COMPARE = 10
MIN_SHIFTED_RUNS = 3
_SHIFT_TOLERANCE = timedelta(minutes=15)
_CLOCK_CHANGE = timedelta(hours=1)
"""How far the clocks of most zones are changed twice a year."""
_MAX_SHIFT = timedelta(hours=14)
_GO_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9}


def _go_duration(text: str) -> timedelta:
    """Go's ``time.ParseDuration``, cut to whole seconds and at least one, as robfig/cron does."""
    parts = re.findall(r"(\d+\.?\d*|\.\d+)(h|ms|us|µs|μs|ns|m|s)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text.removeprefix("+"):
        raise CronError(f"{text[:40]!r} is no duration such as 24h or 1h30m")
    seconds = sum(float(number) * _GO_UNITS[unit] for number, unit in parts)
    if seconds > timedelta(days=36500).total_seconds():
        raise CronError(f"{text[:40]!r} is longer than a century")
    return timedelta(seconds=max(1, int(seconds)))
