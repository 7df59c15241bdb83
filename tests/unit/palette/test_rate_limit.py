"""The rate that is kept to, on a clock that only moves when somebody sleeps."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backup_reporter.palette.rate_limit import RateLimiter, TokenBucket


class Clock:
    """Time passes by sleeping, and in no other way."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []
        self.while_asleep: Callable[[], None] = lambda: None

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        wake, self.while_asleep = self.while_asleep, lambda: None
        wake()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def bucket(clock: Clock, per_second: float = 10, burst: int = 45) -> TokenBucket:
    return TokenBucket(per_second, burst, clock=clock, sleep=clock.sleep)


def forever() -> float:
    return 1e9


def departures(clock: Clock, bucket: TokenBucket, number: int) -> list[float]:
    start, times = clock.now, []
    for _ in range(number):
        assert bucket.take(forever)
        times.append(round(clock.now - start, 6))
    return times


def test_the_burst_goes_at_once_and_the_rest_at_the_steady_rate(clock: Clock) -> None:
    times = departures(clock, bucket(clock), 50)

    assert times[:45] == [0] * 45
    assert times[45:] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])


def test_a_burst_of_one_keeps_to_the_steady_rate_from_the_start(clock: Clock) -> None:
    assert departures(clock, bucket(clock, per_second=2, burst=1), 4) == pytest.approx([0, 0.5, 1.0, 1.5])


def test_an_idle_bucket_fills_up_to_the_burst_and_no_further(clock: Clock) -> None:
    shared = bucket(clock, burst=5)
    departures(clock, shared, 5)

    clock.now += 0.2
    assert departures(clock, shared, 3) == pytest.approx([0, 0, 0.1])
    clock.now += 3600
    assert departures(clock, shared, 6) == pytest.approx([0, 0, 0, 0, 0, 0.1])


def test_a_turn_that_would_come_too_late_is_refused_at_once_and_costs_nothing(clock: Clock) -> None:
    shared = bucket(clock, burst=1)
    assert shared.take(lambda: 0.05)

    assert not shared.take(lambda: 0.05)
    assert clock.slept == []
    assert shared.take(lambda: 0.15)
    assert clock.slept == pytest.approx([0.1])


def test_without_any_time_left_nobody_goes(clock: Clock) -> None:
    assert not bucket(clock).take(lambda: -0.001)


def test_after_a_refusal_nobody_goes_for_a_while_and_then_only_at_the_steady_rate(clock: Clock) -> None:
    shared = bucket(clock)
    departures(clock, shared, 3)

    shared.pause(2)

    assert departures(clock, shared, 4) == pytest.approx([2.0, 2.1, 2.2, 2.3])


def test_a_second_refusal_prolongs_the_pause_and_never_shortens_it(clock: Clock) -> None:
    shared = bucket(clock)
    shared.pause(2)
    shared.pause(1)
    assert departures(clock, shared, 1) == pytest.approx([2.0])

    shared.pause(3)
    assert departures(clock, shared, 1) == pytest.approx([3.0])


def test_whoever_waits_already_when_another_is_refused_waits_for_longer(clock: Clock) -> None:
    shared = bucket(clock, burst=1)
    departures(clock, shared, 1)
    clock.while_asleep = lambda: shared.pause(5)

    assert departures(clock, shared, 1)[0] >= 5.1


def test_some_time_after_a_refusal_the_burst_is_back(clock: Clock) -> None:
    shared = bucket(clock)
    shared.pause(1)
    clock.now += 1 + 4.5

    assert departures(clock, shared, 46) == pytest.approx([0] * 45 + [0.1])


def test_there_is_room_exactly_while_a_request_could_go_at_once(clock: Clock) -> None:
    shared = bucket(clock, burst=2)
    assert shared.allows_now()
    departures(clock, shared, 2)
    assert not shared.allows_now()

    clock.now += 0.11
    assert shared.allows_now()
    shared.pause(1)
    assert not shared.allows_now()


@given(
    waits=st.lists(st.floats(0, 3), min_size=1, max_size=60),
    refusals=st.sets(st.integers(0, 59)),
    per_second=st.sampled_from([0.5, 7.0, 10.0, 1000.0]),
    burst=st.integers(1, 50),
)
def test_no_stretch_of_time_ever_sees_more_than_the_burst_and_the_rate(
    waits: list[float], refusals: set[int], per_second: float, burst: int
) -> None:
    clock = Clock()
    shared = bucket(clock, per_second, burst)
    times = []
    for index, wait in enumerate(waits):
        clock.now += wait
        assert shared.take(forever)
        times.append(clock.now)
        if index in refusals:
            shared.pause(0.3)

    for first, start in enumerate(times):
        for last in range(first, len(times)):
            assert last - first + 1 <= burst + (times[last] - start) * per_second + 1e-6


def test_threads_that_share_a_bucket_keep_to_its_rate_together() -> None:
    per_second, burst = 400.0, 20
    shared = TokenBucket(per_second, burst)
    times: list[float] = []

    def work() -> None:
        for _ in range(15):
            assert shared.take(forever)
            times.append(time.monotonic())

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    times.sort()
    assert len(times) == 240
    assert times[-1] - times[0] >= (240 - burst) / per_second - 0.005


def test_each_resource_prefix_has_a_bucket_of_its_own() -> None:
    rate_limiter = RateLimiter(10, 45)

    results = rate_limiter.bucket("/v1/workspaces/w-1/backup")
    assert rate_limiter.bucket("/v1/workspaces/w-2/backup") is results
    assert rate_limiter.bucket("/v1/workspaces") is results
    assert rate_limiter.bucket("/v1/dashboard/workspaces") is rate_limiter.bucket("/v1/dashboard/projects/metadata")
    assert rate_limiter.bucket("/v1/dashboard/workspaces") is not results


def test_the_pace_is_the_one_that_was_asked_for() -> None:
    shared = RateLimiter(1000, 2).bucket("/v1/workspaces")

    assert [shared.take(lambda: 0.0) for _ in range(3)] == [True, True, False]
