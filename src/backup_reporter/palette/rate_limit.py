"""The rate that Palette allows, kept to by every thread and every retry.

Palette counts requests per source address and per resource prefix: 10 a second, 50 at once, and five
times as many for clusters.
https://docs.spectrocloud.com/api/introduction/ (API rate limits)
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

_TIMES_THE_RATE = {"/v1/spectroclusters": 5}
"""Resource prefixes that allow more requests than the others."""


class TokenBucket:
    """Lets ``burst`` requests through at once and ``per_second`` afterwards. Safe for threads.

    Kept as the time at which the bucket will be full again (the generic cell rate algorithm): one
    number instead of tokens that a thread would have to refill.
    """

    def __init__(
        self,
        per_second: float,
        burst: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.interval_seconds = 1 / per_second
        self._tolerance_seconds = (burst - 1) * self.interval_seconds
        self._clock = clock
        self._sleep = sleep
        self._full_at = clock()
        self._paused_until = clock()
        self._lock = threading.Lock()

    def take(self, seconds_left: Callable[[], float]) -> bool:
        """Waits for this request's turn. Returns false, at once, if its turn comes after ``seconds_left``."""
        while True:
            with self._lock:
                now = self._clock()
                turn = self._next_turn(now)
                if turn - now > seconds_left():
                    return False
                self._full_at = max(self._full_at, turn) + self.interval_seconds
            if turn > now:
                self._sleep(turn - now)
            # A pause may have begun while this thread slept: then it waits for another turn.
            if self._clock() >= self._paused_until:
                return True

    def allows_now(self) -> bool:
        """Returns whether a request could go out at once."""
        with self._lock:
            now = self._clock()
            return self._next_turn(now) <= now

    def pause(self, seconds: float) -> None:
        """Holds every request back for ``seconds`` after a refusal, and then lets them go at the steady rate."""
        with self._lock:
            self._paused_until = max(self._paused_until, self._clock() + seconds)
            self._full_at = max(self._full_at, self._paused_until + self._tolerance_seconds)

    def _next_turn(self, now: float) -> float:
        return max(now, self._paused_until, self._full_at - self._tolerance_seconds)


class RateLimiter:
    """One bucket for each resource prefix (``/v1/workspaces``, ``/v1/dashboard``, …).

    Lives as long as the process: two reports in a row share what Palette allows.
    """

    def __init__(self, per_second: float, burst: int) -> None:
        self._per_second = per_second
        self._burst = burst
        self._buckets: dict[str, TokenBucket] = {}
        self._lock = threading.Lock()

    def bucket(self, path: str) -> TokenBucket:
        """Returns the bucket that counts for a request path such as ``/v1/workspaces/UID/backup``."""
        prefix = "/".join(path.split("/", 3)[:3])
        times = _TIMES_THE_RATE.get(prefix, 1)
        with self._lock:
            return self._buckets.setdefault(prefix, TokenBucket(self._per_second * times, self._burst * times))
