"""Compares Palette's clock with ours: what is due and what has expired is judged by ours."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from email.utils import parsedate_to_datetime

from backup_reporter.wording import duration

_HARMLESS_SECONDS = 3600.0
"""Half of the default grace of a late run."""


class ClockSkew:
    """Reads the date of every answer, and remembers the largest difference from ``clock``. Safe for threads.

    ``ahead_seconds`` is how far Palette was ahead of ``clock``; ``None`` until an answer has a date.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self.ahead_seconds: float | None = None

    def note_date(self, date: str) -> None:
        """Takes note of a ``Date`` header. Text that is not a date changes nothing."""
        try:
            ahead_seconds = parsedate_to_datetime(date).timestamp() - self._clock()
        except (ValueError, OverflowError, TypeError):
            return
        # Two threads may cross here: then the smaller of the two differences is kept, which also shows the fault.
        if self.ahead_seconds is None or abs(ahead_seconds) > abs(self.ahead_seconds):
            self.ahead_seconds = ahead_seconds

    @property
    def problem(self) -> str | None:
        """A sentence if the clocks are too far apart to tell what is due, else ``None``."""
        ahead_seconds = self.ahead_seconds or 0.0
        if abs(ahead_seconds) <= _HARMLESS_SECONDS:
            return None
        difference = duration(timedelta(seconds=abs(ahead_seconds)))
        side = "ahead of" if ahead_seconds > 0 else "behind"
        return (
            f"Palette's answers are dated {difference} {side} this function's clock, so what is overdue or expired is "
            "uncertain. Correct the wrong clock, or look for a cache in front of Palette that repeats old answers."
        )
