from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from backup_reporter.errors import TimedOutError
from backup_reporter.time_limit import call_within, countdown, result_within, start


def test_a_call_in_time_returns_its_result() -> None:
    assert call_within(5, lambda: "done", "test") == "done"


def test_an_error_of_the_call_is_raised() -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        call_within(5, fail, "test")


def test_a_timeout_inside_the_call_is_not_taken_for_the_limit() -> None:
    def fail() -> None:
        raise TimeoutError("a socket's own")

    with pytest.raises(TimeoutError, match="a socket's own"):
        call_within(5, fail, "test")


def test_a_call_that_hangs_is_left_behind_when_its_time_is_up() -> None:
    released = threading.Event()
    started = time.monotonic()
    with pytest.raises(TimedOutError, match=r"^timed out after 0\.1 s$"):
        call_within(0.1, lambda: released.wait(30), "test")
    released.set()
    assert time.monotonic() - started < 10


def test_without_time_no_call_is_made() -> None:
    calls: list[None] = []
    with pytest.raises(TimedOutError, match=r"^no time was left for it$"):
        call_within(0, lambda: calls.append(None), "test")
    assert calls == []


def test_several_calls_run_at_the_same_time() -> None:
    meeting = threading.Barrier(2, timeout=10)
    started = [start(meeting.wait, "test") for _ in range(2)]
    assert sorted(result_within(10, call) for call in started) == [0, 1]


def test_the_countdown_counts_down() -> None:
    seconds_left = countdown(60)
    first = seconds_left()
    assert seconds_left() <= first <= 60


WITHOUT_THREADS = """
import threading
class NoThread(threading.Thread):
    def start(self):
        raise RuntimeError("can't start new thread")
threading.Thread = NoThread
from backup_reporter.time_limit import call_within
print(call_within(5, lambda: "done here", "test"))
"""

HANGS = """
import time
from backup_reporter.errors import TimedOutError
from backup_reporter.time_limit import call_within
try:
    call_within(0.05, lambda: time.sleep(600), "test")
except TimedOutError as error:
    print(error)
"""


@pytest.mark.parametrize(("code", "says"), [(WITHOUT_THREADS, "done here"), (HANGS, "timed out after 0.05 s")])
def test_without_threads_the_call_is_made_in_place_and_a_hanging_one_does_not_keep_the_process(
    code: str, says: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert done.stdout.strip() == says
