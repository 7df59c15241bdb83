"""When a workspace's backups are due: its policy's schedule laid over its own history."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Protocol

from backup_reporter.health.cron import CronError, parse_cron

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


@dataclass(frozen=True)
class Every:
    """``@every``: due an interval after the last run (or after the policy was made), and again after each interval."""

    interval: timedelta
    anchors: tuple[datetime, ...]
    """What is counted from, oldest first: the policy's creation where it is known, then each run's time."""

    @property
    def longest_pause(self) -> timedelta:
        return self.interval

    def latest(self, at: datetime) -> datetime | None:
        ends = (*(anchor + EARLY for anchor in self.anchors[1:]), at)
        for anchor, end in zip(reversed(self.anchors), reversed(ends), strict=False):
            intervals = (min(at, end) - anchor) // self.interval
            if intervals >= 1:
                return anchor + intervals * self.interval
        return None

    def next(self, after: datetime) -> datetime | None:
        anchor = max((anchor for anchor in self.anchors if anchor <= after), default=None)
        if anchor is None:
            return self.anchors[0] + self.interval if self.anchors else None
        return anchor + ((after - anchor) // self.interval + 1) * self.interval

    def period_start(self, at: datetime) -> datetime:
        # Every run puts the next due time off: somebody's runs of one cluster must not make the period ever longer.
        return max(self.latest(at) or at - self.interval, at - self.interval)


@dataclass(frozen=True)
class DueTimes:
    """The due times since the policy exists. All times are UTC."""

    schedule: Schedule
    not_before: datetime | None

    @property
    def longest_pause(self) -> timedelta:
        return self.schedule.longest_pause

    def latest(self, at: datetime) -> datetime | None:
        """The last due time at or before ``at``, or ``None``."""
        due = self.schedule.latest(at)
        return None if due is None or (self.not_before and due < self.not_before) else due

    def next(self, after: datetime) -> datetime | None:
        """The first due time after ``after``, or ``None``."""
        if self.not_before and after < self.not_before:
            after = self.not_before - timedelta(seconds=1)
        return self.schedule.next(after)

    def first(self) -> datetime | None:
        """The first due time there ever was; ``None`` where the policy's age is not known."""
        return self.next(self.not_before - timedelta(seconds=1)) if self.not_before else None

    def missed(self, until: datetime, last_run_at: datetime | None) -> tuple[datetime, ...]:
        """The due times up to ``until`` that no run answered since the last one, newest first; at most COUNT_LIMIT.

        Where neither a run nor the policy's creation is known there is nothing to count from: it is the latest alone.
        """
        limit = COUNT_LIMIT if last_run_at or self.not_before else 1
        return tuple(islice(self._backwards(until, last_run_at), limit))

    def _backwards(self, until: datetime, last_run_at: datetime | None) -> Iterator[datetime]:
        due = self.latest(until)
        while due and not (last_run_at and due - EARLY <= last_run_at):
            yield due
            due = self.latest(due - timedelta(seconds=1))


def due_times(text: str, run_times: Sequence[datetime], created_at: datetime | None) -> DueTimes:
    """Lays a policy's schedule over a history.

    ``run_times`` are the runs' times, oldest first; ``created_at`` is when the policy came to be.
    Raises :class:`~backup_reporter.health.cron.CronError` where the schedule cannot be read.
    """
    every = re.fullmatch(r"(?:(?:CRON_)?TZ=\S*\s+)?@every\s+(\S+)", text.strip())
    if not every:
        return DueTimes(parse_cron(text), created_at)
    anchors = ([created_at] if created_at else []) + [at for at in run_times if not created_at or at > created_at]
    return DueTimes(Every(_go_duration(every[1]), tuple(anchors)), created_at)


_GO_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9}


def _go_duration(text: str) -> timedelta:
    """Go's ``time.ParseDuration``, cut to whole seconds and at least one, as robfig/cron does."""
    parts = re.findall(r"(\d+\.?\d*|\.\d+)(h|ms|us|µs|μs|ns|m|s)", text.removeprefix("+"))
    if not parts or "".join(number + unit for number, unit in parts) != text.removeprefix("+"):
        raise CronError(f"{text[:40]!r} is no duration such as 24h or 1h30m")
    seconds = sum(float(number) * _GO_UNITS[unit] for number, unit in parts)
    if seconds > timedelta(days=36500).total_seconds():
        raise CronError(f"{text[:40]!r} is longer than a century")
    return timedelta(seconds=max(1, int(seconds)))
