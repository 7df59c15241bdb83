"""Threads that ask Palette: as many as use up the rate at the latency there is, and no more."""

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
"""For answers that are there when time is up, and still have to be read."""

_Item = TypeVar("_Item")
_Answer = TypeVar("_Answer")


def ask_all(
    ask: Callable[[_Item], _Answer],
    items: Iterable[_Item],
    has_room: Callable[[], bool],
    seconds_left: Callable[[], float],
) -> Generator[_Answer, None, None]:
    """Asks about every item, several at a time; yields the answers as they come, in whatever order.

    ``has_room`` says that a request could go out and nobody is there to make it: then a thread joins.
    Ends when ``seconds_left`` are over, whatever still hangs then: a name server or a slow drip of
    headers must not hold up what is known already. Raises what ``ask`` raises.
    """
    pool = _WorkerPool(ask, deque(items), has_room)
    try:
        for _ in range(pool.start()):
            wait_seconds = min(max(0.0, seconds_left()) + _GRACE_SECONDS, threading.TIMEOUT_MAX)
            try:
                answer = pool.answers.get(timeout=wait_seconds)
            except Empty:
                return
            yield answer.result()
    finally:
        pool.waiting.clear()


class _WorkerPool(Generic[_Item, _Answer]):
    def __init__(self, ask: Callable[[_Item], _Answer], waiting: deque[_Item], has_room: Callable[[], bool]) -> None:
        self.waiting = waiting
        self.answers: SimpleQueue[Future[_Answer]] = SimpleQueue()
        self._ask = ask
        self._has_room = has_room
        self._places = threading.Semaphore(MAX_THREADS)

    def start(self) -> int:
        """Sets the first threads to work; returns how many answers there will be."""
        expected = len(self.waiting)
        for _ in range(min(FIRST_THREADS, expected)):
            self._join()
        return expected

    def _join(self) -> None:
        if self._places.acquire(blocking=False):
            try:
                # Daemons: a thread that hangs must not keep the process from ending.
                threading.Thread(target=self._work, name="palette", daemon=True).start()
            except RuntimeError:
                self._places.release()  # no thread is to be had just now; those that are there go on

    def _work(self) -> None:
        while True:
            try:
                item = self.waiting.popleft()
            except IndexError:
                return
            self.answers.put(self._answer(item))
            if self.waiting and self._has_room():
                self._join()

    def _answer(self, item: _Item) -> Future[_Answer]:
        answer: Future[_Answer] = Future()
        try:
            answer.set_result(self._ask(item))
        except BaseException as error:  # noqa: BLE001 - raised where the answers are read
            answer.set_exception(error)
        return answer
