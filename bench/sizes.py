"""How much is measured, and how often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WITHOUT_LIMIT = {"PALETTE_REQUESTS_PER_SECOND": "1000", "PALETTE_BURST": "1000"}
"""Settings that lift the rate limit."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured, and how often."""

    small_fleets: Sequence[int] = (60, 100)
    fleet: int = 500
    fleet_without_limit: int = 2000
    memory_fleets: tuple[int, int] = (1000, 10_000)
    history: tuple[int, int] = (90, 10)
    """Days and clusters of the memory's fleets."""
    memory_clusters: int = 10_000
    """Clusters beside the smaller of the memory's fleets, if every cluster is looked at."""
    audited_reports: int = 365
    documents: Sequence[tuple[int, int]] = ((7, 2), (30, 5), (90, 10))
    """Days and clusters of what is decoded."""
    rounds: int = 3
    large_rounds: int = 1
    """Of the larger of the memory's fleets: each takes four minutes."""
    starts: int = 15


QUICK = Sizes((3,), 4, 5, (2, 4), (2, 2), 6, 3, ((2, 2),), 1, 1, 1)
"""Enough to see that everything works; the figures mean nothing."""
