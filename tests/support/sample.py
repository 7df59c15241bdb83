"""A report on a fleet of the demo, made by the real pipeline from a look-alike's answers."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import msgspec
import urllib3

from backup_reporter.config.limits import MAX_THREADS
from backup_reporter.config.request import Request
from backup_reporter.config.settings import Settings, Tenant
from backup_reporter.demo.documents import Fleet
from backup_reporter.health.thresholds import Thresholds
from backup_reporter.palette.client import PaletteClient
from backup_reporter.palette.rate_limit import RateLimiter
from backup_reporter.report.model import Report
from backup_reporter.run.make_plan import Palette
from backup_reporter.run.pipeline import Dependencies, run
from backup_reporter.run.publish import Destinations
from support.lookalike import API_KEY, LookAlike
from support.report_builders import compared


def sample_report(fleet: Fleet, now: datetime, *, before: Fleet | None = None) -> Report:
    """The report on ``fleet`` at ``now`` (aware, UTC), sent to no channel; ``before`` is the fleet of the last report."""
    with LookAlike(fleet, rate_limit=False) as palette:
        report = _report(palette, now)
        if before:
            palette.fleet = before
            baseline = compared(_report(palette, now - timedelta(minutes=1))).baseline
            return msgspec.structs.replace(report, changes=compared(report, baseline).changes)
    return report


def _report(palette: LookAlike, now: datetime) -> Report:
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
        destinations=lambda: Destinations(channels=()),
        clock=lambda: now,
        seconds_left=lambda: 600.0,
        invocation_id="sample",
    )
    return run(
        Request(scheduled_at=now), Settings(thresholds=Thresholds(max_backup_age=timedelta(days=10))), dependencies, now
    )


def _sleep_briefly(seconds: float) -> None:
    """The look-alike on loopback has no bad moment that would pass by waiting."""
    time.sleep(min(seconds, 0.01))
