"""Calls that may hang, and how long they may take.

A call that is not done in time is left behind in its thread. The thread is a daemon, so it never keeps a process alive.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

from backup_reporter.errors import TimedOutError

_Result = TypeVar("_Result")


def countdown(seconds: float) -> Callable[[], float]:
    """Returns a function that tells how many of these seconds are left, from now on."""
    ends_at = time.monotonic() + seconds
    return lambda: ends_at - time.monotonic()


def start(call: Callable[[], _Result], thread_name: str) -> Future[_Result]:
    """Starts a call in a thread of its own. If no thread can start, makes the call here, before it returns."""
    future: Future[_Result] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001 - raised where the result is read
            future.set_exception(error)

    try:
        threading.Thread(target=run, name=thread_name, daemon=True).start()
    except RuntimeError:
        run()
    return future


def result_within(seconds: float, started: Future[_Result]) -> _Result:
    """Waits for a call that was started, and returns its result.

    Raises what the call raises, and :class:`TimedOutError` if it takes longer than ``seconds``.
    """
    wait((started,), timeout=max(0.0, seconds))
    if not started.done():
        raise TimedOutError(seconds)
    return started.result()


def call_within(seconds: float, call: Callable[[], _Result], thread_name: str) -> _Result:
    """Makes a call and returns its result.

    Raises what the call raises, and :class:`TimedOutError` if it takes longer than ``seconds``, or if no time is left.
    """
    if seconds <= 0:
        raise TimedOutError(seconds)
    return result_within(seconds, start(call, thread_name))
