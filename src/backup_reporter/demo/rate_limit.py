"""Palette's rate limit: counted per source IP and per resource prefix, 10 requests a second, 50 at once.

About clusters it allows five times as many.

Source: https://docs.spectrocloud.com/api/introduction (API rate limits)
"""

from __future__ import annotations

import threading

REQUESTS_PER_SECOND = 10.0
CAPACITY = 50.0
_TIMES = {"/v1/spectroclusters": 5.0}


class RateLimit:
    """Token buckets, one for each address and prefix; safe to ask from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tokens: dict[tuple[str, str], tuple[float, float]] = {}

    def admits(self, source_ip: str, path: str, now: float) -> bool:
        """Takes a token if there is one. ``now`` is monotonic, in seconds."""
        key = (source_ip, prefix_of(path))
        times = _TIMES.get(key[1], 1.0)
        with self._lock:
            tokens, then = self._tokens.get(key, (CAPACITY * times, now))
            tokens = min(CAPACITY * times, tokens + max(0.0, now - then) * REQUESTS_PER_SECOND * times)
            admitted = tokens >= 1.0
            self._tokens[key] = (tokens - admitted, max(now, then))
            return admitted


def prefix_of(path: str) -> str:
    """The part that is counted: ``/v1/workspaces`` of ``/v1/workspaces/123/backup``."""
    return "/".join(path.split("/")[:3])
