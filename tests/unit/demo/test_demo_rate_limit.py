"""Palette's rate limit, as the look-alike keeps it."""

from __future__ import annotations

from backup_reporter.demo.rate_limit import RateLimit

BACKUP = "/v1/workspaces/1/backup"


def admitted(limit: RateLimit, count: int, at: float, path: str = BACKUP, source_ip: str = "127.0.0.1") -> int:
    return sum(limit.admits(source_ip, path, at) for _ in range(count))


def test_fifty_requests_are_admitted_at_once_and_no_more() -> None:
    assert admitted(RateLimit(), 60, at=100.0) == 50


def test_ten_more_are_admitted_each_second() -> None:
    limit = RateLimit()
    admitted(limit, 60, at=100.0)
    assert admitted(limit, 60, at=101.0) == 10
    assert admitted(limit, 60, at=101.5) == 5


def test_a_long_silence_saves_up_fifty_and_no_more() -> None:
    limit = RateLimit()
    admitted(limit, 60, at=100.0)
    assert admitted(limit, 90, at=5000.0) == 50


def test_each_resource_is_counted_on_its_own() -> None:
    limit = RateLimit()
    admitted(limit, 60, at=100.0)
    assert admitted(limit, 1, at=100.0, path="/v1/workspaces/2") == 0
    assert admitted(limit, 60, at=100.0, path="/v1/dashboard/workspaces") == 50
    assert admitted(limit, 1, at=100.0, path="/v1/dashboard/projects/metadata") == 0


def test_each_address_is_counted_on_its_own() -> None:
    limit = RateLimit()
    admitted(limit, 60, at=100.0)
    assert admitted(limit, 60, at=100.0, source_ip="127.0.0.2") == 50


def test_a_clock_that_seems_to_go_back_gives_nothing_away() -> None:
    limit = RateLimit()
    admitted(limit, 60, at=100.0)
    assert admitted(limit, 1, at=99.0) == 0
    assert admitted(limit, 60, at=101.0) == 10
