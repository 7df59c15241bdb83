"""As many threads as it takes, and an end in time whatever hangs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from backup_reporter.config.limits import MAX_THREADS
from backup_reporter.palette.worker_pool import FIRST_THREADS, ask_all


def forever() -> float:
    return 1e9


def in_seconds(seconds: float) -> Callable[[], float]:
    ends_at = time.monotonic() + seconds
    return lambda: ends_at - time.monotonic()


class Desk:
    """Takes its time over each answer, and counts who is at it at once. The first ``together`` wait for one another."""

    def __init__(self, seconds: float, together: int = 1) -> None:
        self.asked: list[int] = []
        self.most_at_once = 0
        self._seconds = seconds
        self._together = threading.Barrier(together)
        self._at_once = 0
        self._lock = threading.Lock()

    def __call__(self, item: int) -> int:
        with self._lock:
            self.asked.append(item)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            is_first = len(self.asked) <= self._together.parties
        if is_first:
            self._together.wait(timeout=30)
        time.sleep(self._seconds)
        with self._lock:
            self._at_once -= 1
        return 10 * item


def test_everything_is_asked_once_and_every_answer_comes() -> None:
    desk = Desk(0.001)

    answers = list(ask_all(desk, range(300), lambda: True, forever))

    assert sorted(answers) == [10 * item for item in range(300)]
    assert sorted(desk.asked) == list(range(300))


def test_nothing_to_ask_is_no_answer() -> None:
    assert list(ask_all(Desk(0), [], lambda: True, forever)) == []


def test_nobody_joins_where_the_rate_is_used_up() -> None:
    desk = Desk(0.001, together=FIRST_THREADS)

    list(ask_all(desk, range(200), lambda: False, forever))

    assert desk.most_at_once == FIRST_THREADS


def test_more_join_while_a_request_could_go_and_nobody_makes_it() -> None:
    desk = Desk(0.02)

    list(ask_all(desk, range(400), lambda: True, forever))

    assert FIRST_THREADS < desk.most_at_once <= MAX_THREADS


def test_few_things_take_few_threads() -> None:
    before = threading.active_count()
    gate = threading.Event()
    answers = ask_all(lambda item: gate.wait(5), range(3), lambda: True, forever)
    threading.Timer(0.1, gate.set).start()

    next(answers)

    assert threading.active_count() - before <= 4  # one of them is the timer
    assert list(answers) == [True, True]


def test_what_asking_raises_is_raised() -> None:
    def ask(item: int) -> int:
        if item == 3:
            raise KeyError("three")
        return item

    with pytest.raises(KeyError, match="three"):
        list(ask_all(ask, range(5), lambda: True, forever))


def test_it_ends_in_time_whatever_hangs() -> None:
    gate = threading.Event()

    def ask(item: int) -> int:
        if item % 2:
            gate.wait(20)
        return item

    started = time.monotonic()
    answers = list(ask_all(ask, range(10), lambda: False, in_seconds(0.2)))

    gate.set()
    assert sorted(answers) == [0, 2, 4, 6, 8]
    assert time.monotonic() - started < 5


def test_where_no_further_thread_can_be_had_those_that_are_there_answer_for_all() -> None:
    def ask(item: int) -> int:
        threading.stack_size(1 << 47)  # as much as there is of addresses: no thread can be started from here on
        return item

    try:
        answers = list(ask_all(ask, range(100), lambda: True, in_seconds(5)))
    finally:
        threading.stack_size(0)

    assert sorted(answers) == list(range(100))


@pytest.mark.parametrize("reader_stops_after", [1, 5])
def test_where_nobody_reads_on_nothing_more_is_asked(reader_stops_after: int) -> None:
    desk = Desk(0.01)
    answers = ask_all(desk, range(1000), lambda: False, forever)
    for _ in range(reader_stops_after):
        next(answers)

    answers.close()
    time.sleep(0.1)

    assert len(desk.asked) < 100


def test_if_no_thread_can_start_the_caller_asks() -> None:
    threads: set[str] = set()

    def ask(item: int) -> int:
        threads.add(threading.current_thread().name)
        return 10 * item

    threading.stack_size(1 << 47)  # more than there are addresses: no thread can start
    try:
        answers = list(ask_all(ask, range(20), lambda: True, in_seconds(60)))
    finally:
        threading.stack_size(0)

    assert answers == [10 * item for item in range(20)]
    assert threads == {threading.current_thread().name}


def test_the_caller_stops_asking_when_the_time_is_over() -> None:
    threading.stack_size(1 << 47)
    try:
        answers = list(ask_all(lambda item: time.sleep(0.05), range(1000), lambda: True, in_seconds(0.3)))
    finally:
        threading.stack_size(0)

    assert 0 < len(answers) < 20
