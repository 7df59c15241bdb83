"""Threads that ask Palette: as many as use up the rate at the current latency, and no more."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from backup_reporter.config.limits import MAX_THREADS

FIRST_THREADS = 16
_GRACE_SECONDS = 1.0
"""Time to read the answers that have arrived when the time for asking is over."""

_Item = TypeVar("_Item")
_Answer = TypeVar("_Answer")


def ask_all(
    ask: Callable[[_Item], _Answer],
    items: Iterable[_Item],
    may_ask_now: Callable[[], bool],
    seconds_left: Callable[[], float],
) -> Generator[_Answer, None, None]:
    """Asks about every item, several at a time; yields the answers in the order in which they arrive.

    ``may_ask_now`` says that the rate allows another request at once: then a thread joins, if items wait.
    Stops when ``seconds_left`` are over, although requests still hang: a slow name server or a drip of
    headers must not hold up the answers that are known. If no thread can start, the caller asks, one
    item after the other. Raises what ``ask`` raises.
    """
    pool = _WorkerPool(ask, deque(items), may_ask_now)
    expected = len(pool.waiting)
    try:
        if not pool.start():
            yield from _ask_here(ask, pool.waiting, seconds_left)
            return
        for _ in range(expected):
            wait_seconds = min(max(0.0, seconds_left()) + _GRACE_SECONDS, threading.TIMEOUT_MAX)
            try:
                answer = pool.answers.get(timeout=wait_seconds)
            except Empty:
                return
            yield answer.result()
    finally:
        pool.waiting.clear()


def _ask_here(
    ask: Callable[[_Item], _Answer], waiting: deque[_Item], seconds_left: Callable[[], float]
) -> Generator[_Answer, None, None]:
    while waiting and seconds_left() > 0:
        yield ask(waiting.popleft())


class _WorkerPool(Generic[_Item, _Answer]):
    def __init__(self, ask: Callable[[_Item], _Answer], waiting: deque[_Item], may_ask_now: Callable[[], bool]) -> None:
        self.waiting = waiting
        self.answers: SimpleQueue[Future[_Answer]] = SimpleQueue()
        self._ask = ask
        self._may_ask_now = may_ask_now
        self._slots = threading.Semaphore(MAX_THREADS)

    def start(self) -> bool:
        """Starts the first threads; returns whether at least one of them runs, or none is needed."""
        wanted = min(FIRST_THREADS, len(self.waiting))
        return sum(self._add_thread() for _ in range(wanted)) > 0 or wanted == 0

    def _add_thread(self) -> bool:
        if not self._slots.acquire(blocking=False):
            return False
        try:
            # Daemons: a thread that hangs must not keep the process from ending.
            threading.Thread(target=self._work, name="palette", daemon=True).start()
        except RuntimeError:
            # If a worker thread cannot start, free its slot for a later one.
            self._slots.release()
            return False
        return True

    def _work(self) -> None:
        while True:
            try:
                item = self.waiting.popleft()
            except IndexError:
                return
            self.answers.put(self._answer(item))
            if self.waiting and self._may_ask_now():
                self._add_thread()

    def _answer(self, item: _Item) -> Future[_Answer]:
        answer: Future[_Answer] = Future()
        try:
            answer.set_result(self._ask(item))
        except BaseException as error:  # noqa: BLE001 - raised where the answers are read
            answer.set_exception(error)
        return answer
