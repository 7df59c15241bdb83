"""Palette's clock beside ours: what is due and what has expired is judged by ours."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from email.utils import parsedate_to_datetime

from backup_reporter.wording import duration

_HARMLESS_SECONDS = 3600.0
"""Half of the grace that a late run has unless told otherwise."""


class ClockSkew:
    """Looks at the date of every answer, and remembers the one that was furthest from ``clock``. Safe for threads.

    ``ahead_seconds`` is how far that one was ahead of ``clock``; ``None`` while no answer has had a date.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self.ahead_seconds: float | None = None

    def look(self, date: str) -> None:
        """Takes note of a ``Date`` header; one that is none says nothing."""
        try:
            ahead_seconds = parsedate_to_datetime(date).timestamp() - self._clock()
        except (ValueError, OverflowError, TypeError):
            return
        # Two threads may cross here: then the smaller of two errors is remembered, which is one all the same.
        if self.ahead_seconds is None or abs(ahead_seconds) > abs(self.ahead_seconds):
            self.ahead_seconds = ahead_seconds

    @property
    def problem(self) -> str | None:
        """A sentence where the two are too far apart to tell what is due, else ``None``."""
        ahead_seconds = self.ahead_seconds or 0.0
        if abs(ahead_seconds) <= _HARMLESS_SECONDS:
            return None
        apart = duration(timedelta(seconds=abs(ahead_seconds)))
        ahead = "ahead of" if ahead_seconds > 0 else "behind"
        return (
            f"Palette's answers are dated {apart} {ahead} this function's clock, so what is overdue or expired is not "
            "certain: one of the clocks is wrong, or something in front of Palette gives old answers."
        )
