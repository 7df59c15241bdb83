"""Lanes: what asks the same Palette takes turns, and different Palettes are asked side by side."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeVar

from backup_reporter.config.limits import MAX_POOLS
from backup_reporter.time_limit import start

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def side_by_side(lanes: Sequence[_Item], do: Callable[[_Item], _Result]) -> list[_Result]:
    """Returns what ``do`` makes of each lane, in their order. A single lane needs no thread of its own."""
    results: dict[int, _Result] = {}
    waiting = deque(enumerate(lanes))

    def work() -> None:
        while True:
            try:
                number, lane = waiting.popleft()
            except IndexError:
                return
            results[number] = do(lane)

    if len(lanes) < 2:
        work()
    # If no thread can start, the first of these does all the work, here.
    workers = [start(work, "lane") for _ in range(min(len(lanes), MAX_POOLS))]
    for worker in workers:
        worker.result()
    return [results[number] for number in range(len(lanes))]
