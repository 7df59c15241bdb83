"""A report on a fleet of the demo, made by the real pipeline from a look-alike's answers."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import urllib3

from backup_reporter.aws.report_store import ReportStore
from backup_reporter.config.environment import load
from backup_reporter.config.limits import MAX_THREADS
from backup_reporter.config.request import Request
from backup_reporter.config.settings import Tenant
from backup_reporter.demo.documents import Fleet
from backup_reporter.palette.client import PaletteClient
from backup_reporter.palette.rate_limit import RateLimiter
from backup_reporter.report.baseline import Baseline
from backup_reporter.report.model import Report, Scope
from backup_reporter.run.make_plan import Palette
from backup_reporter.run.pipeline import Dependencies, run
from backup_reporter.run.publish import Destinations
from support.lookalike import API_KEY, LookAlike


class Memory(ReportStore):
    """Keeps what one report leaves for the next, and nothing else."""

    def __init__(self) -> None:
        self.baseline: Baseline | None = None

    def load_baseline(self, scope: Scope, report_id: str) -> Baseline | None:
        return self.baseline

    def save_baseline(self, scope: Scope, baseline: Baseline, previous: Baseline | None) -> None:
        self.baseline = baseline

    def save(self, report: Report) -> str:
        return ""

    def save_file(self, report_id: str, extension: str, pieces: Iterable[bytes]) -> str:
        return ""

    def with_link(self, report: Report) -> Report:
        return msgspec.structs.replace(report, report_url="https://reports.example.com/")

    def add_to_index(self, report: Report, zone: ZoneInfo, *, is_regular: bool = True) -> None:
        pass


def sample_report(fleet: Fleet, now: datetime, *, before: Fleet | None = None) -> Report:
    """The report on ``fleet`` at ``now`` (aware, UTC), sent to no channel; ``before`` is the fleet of the day before."""
    memory = Memory() if before else None
    if before:
        _report(before, now - timedelta(days=1), memory)
    return msgspec.structs.replace(_report(fleet, now, memory), report_url=None)


def _report(fleet: Fleet, now: datetime, memory: Memory | None) -> Report:
    with LookAlike(fleet, rate_limit=False) as palette:
        client = PaletteClient(
            urllib3.PoolManager(maxsize=MAX_THREADS),
            palette.url,
            lambda: API_KEY,
            RateLimiter(1000, 1000),
            lambda: 600.0,
            sleep=_sleep_briefly,
        )
        dependencies = Dependencies(
            palettes=[Palette(tenant=Tenant(api_url=palette.url), client=client)],
            destinations=lambda: Destinations(channels=(), store=memory),
            clock=lambda: now,
            seconds_left=lambda: 600.0,
            invocation_id="sample",
        )
        settings = load({"PALETTE_API_URL": palette.url, "PALETTE_API_KEY_SECRET": "key", **fleet.settings})
        return run(Request(scheduled_at=now), settings, dependencies, now)


def _sleep_briefly(seconds: float) -> None:
    """The look-alike on loopback has no bad moment that would pass by waiting."""
    time.sleep(min(seconds, 0.01))
