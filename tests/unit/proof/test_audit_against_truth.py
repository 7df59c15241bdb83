"""The record of made-up months whose truth is known: it calls no bad day good, and accuses no cluster that kept the limit."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import msgspec
import pytest

from backup_reporter.health.judge import judge
from backup_reporter.health.remembered import RememberedWorkspace
from backup_reporter.health.thresholds import Thresholds
from backup_reporter.proof.audit import audit
from backup_reporter.report.build import build_report
from backup_reporter.report.model import Changes, Report, Scope
from support.builders import Json, backup, decoded, listed, run

FIRST, LAST = date(2026, 6, 1), date(2026, 6, 30)
LIMIT = timedelta(hours=30)
DAY = timedelta(days=1)


class Month:
    """One workspace that is backed up each night, and the reports on it that are kept."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.backup_time, self.report_time = (time(self.random.randrange(24), 30 * half, tzinfo=UTC) for half in (1, 0))
        self.retention = timedelta(days=self.random.choice([1, 2, 5, 30]))
        self.drops_old_runs = self.random.random() < 0.7
        failing, missing = self.random.choice([0, 0.1, 0.4]), self.random.choice([0, 0.1])
        nights = [FIRST + number * DAY for number in range(-40, 40)]
        outcomes, weights = ("failed", "missed", "succeeded"), (failing, missing, 1 - failing - missing)
        self.truth = dict(zip(nights, self.random.choices(outcomes, weights, k=len(nights)), strict=True))
        reports = list(self.reports(lost=self.random.choice([0, 0.1, 0.3])))
        self.kept = [kept for kept in reports if kept[0].as_of.date() <= LAST]
        self.later = [kept for kept in reports if kept[0].as_of.date() > LAST]

    def reports(self, lost: float) -> list[tuple[Report, str]]:
        remembered: RememberedWorkspace | None = None
        kept = []
        for number in range(36):
            at = datetime.combine(FIRST + number * DAY, self.report_time)
            workspace, result = decoded(listed(), self.answer(at))
            judgment = judge(workspace, result, Thresholds(max_backup_age=LIMIT), at, remembered=remembered)
            remembered = judgment.remembered
            report = build_report(
                [judgment.report],
                report_id=f"{at:%Y%m%dT%H%M%SZ}-{number:08x}",
                as_of=at,
                generated_at=at,
                scope=Scope(),
            )
            if self.random.random() >= lost:
                kept.append((msgspec.structs.replace(report, changes=Changes(note="The first.")), "0"))
        return kept

    def answer(self, at: datetime) -> Json:
        runs = [
            run(
                f"{began:%m-%d %H:%M}",
                "Completed" if outcome == "succeeded" else "Failed",
                hours=self.retention / DAY * 24,
            )
            for began, outcome in self.began(at)
            if not (self.drops_old_runs and outcome == "succeeded" and at - began > self.retention)
        ]
        schedule = f"{self.backup_time.minute} {self.backup_time.hour} * * *"
        return backup(*runs, schedule=schedule, hours=self.retention / DAY * 24)

    def began(self, until: datetime) -> list[tuple[datetime, str]]:
        nights = ((datetime.combine(night, self.backup_time), outcome) for night, outcome in self.truth.items())
        return [(began, outcome) for began, outcome in nights if outcome != "missed" and began <= until]

    def longest_age(self) -> timedelta:
        """From the first report to the last, as far as the first one could know."""
        first, last = self.kept[0][0].as_of, self.kept[-1][0].as_of
        good = [began for began, outcome in self.began(last) if outcome == "succeeded"]
        before = [began for began in good if began <= first and first - began <= self.retention][-1:]
        ages = pairwise([*before, *(began for began in good if began > first), last])
        return max((later - earlier for earlier, later in ages), default=timedelta())


@pytest.mark.parametrize("seed", range(24))
def test_the_record_agrees_with_the_truth_wherever_it_says_something(seed: int) -> None:
    month = Month(seed)
    record = audit(month.kept, FIRST, LAST, LIMIT, datetime(2026, 8, 1, tzinfo=UTC), month.later)
    (workspace,) = record.workspaces
    for number, state in enumerate(workspace.states):
        assert state in (month.truth[FIRST + number * DAY], "unclear", None)
    (cluster, _) = workspace.clusters
    had_none = cluster.longest_without_hours is not None
    if cluster.is_within_limit is not None:
        assert cluster.is_within_limit == (month.longest_age() <= LIMIT and not had_none)
