"""Reports about worlds, day by day, counted against the truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from backup_reporter.health.judge import Judgment, judge
from backup_reporter.health.remembered import RememberedWorkspace
from backup_reporter.health.thresholds import Thresholds
from backup_reporter.health.workspace_report import WorkspaceReport
from backup_reporter.palette.lists import Project, decode_workspaces
from backup_reporter.palette.results import decode_backup_result
from bench.simulation.palette_answers import Habits, backup_result, habits, listed_workspace
from bench.simulation.truth import Truth, truth
from bench.simulation.world import CALM_DAYS, World, new_world

_PER = 100_000
_PROJECT = Project("project", "prod")
_THRESHOLDS = Thresholds(history_days=1)
"""The strip of days changes no verdict, and takes most of the time."""
_REPORT_HOUR = 7


@dataclass
class Count:
    """How many workspace-days there were, and on which the report was wrong, with the causes."""

    days: int = 0
    days_with_problems: int = 0
    doubtful: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)
    false_greens: Counter[str] = field(default_factory=Counter)
    false_alarms: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def add(self, other: Count) -> None:
        """Adds another count to this one."""
        self.days += other.days
        self.days_with_problems += other.days_with_problems
        self.doubtful += other.doubtful
        self.problems += other.problems
        self.false_greens += other.false_greens
        self.false_alarms += other.false_alarms
        self.examples += other.examples

    def per_100_000(self, wrong: Counter[str]) -> float:
        """How many wrong reports there are on 100,000 workspace-days."""
        return wrong.total() * _PER / max(1, self.days)


def count_worlds(seeds: Iterable[int], days: int) -> Count:
    """Reports daily about the world of each seed."""
    total = Count()
    for seed in seeds:
        total.add(_count_world(seed, days))
    return total


def _count_world(seed: int, days: int) -> Count:
    world, told, count = new_world(seed), habits(seed), Count()
    for _ in range(CALM_DAYS * 24 + _REPORT_HOUR):
        world.step()
    last_report_at, remembered = None, None
    for _ in range(days):
        report, remembered = report_on(world, told, remembered)
        if last_report_at:
            _compare(count, report, truth(world, told, last_report_at), f"seed {seed}, {world.now:%Y-%m-%d}")
        last_report_at = world.now
        for _ in range(24):
            world.step()
    return count


def report_on(world: World, told: Habits, remembered: RememberedWorkspace | None = None) -> Judgment:
    """What the product says of a world: its JSON, decoded and judged with what the last report remembered."""
    workspace = decode_workspaces(listed_workspace(world), _PROJECT).items[0]
    result = decode_backup_result(backup_result(world, told), "ws")
    return judge(workspace, result, _THRESHOLDS, world.now + timedelta(seconds=5), remembered=remembered)


def _compare(count: Count, report: WorkspaceReport, what_is: Truth, where: str) -> None:
    count.days += 1
    codes = sorted({found.code for found in report.findings if found.severity != "info"})
    if what_is.problems:
        cause = " + ".join(sorted(what_is.problems))
        count.days_with_problems += 1
        count.problems.update(what_is.problems)
        if report.status == "OK":
            count.false_greens[cause] += 1
            count.examples.append(f"false green, {where}: {cause}")
    elif what_is.doubts:
        count.doubtful.update(what_is.doubts)
    elif report.status != "OK":
        count.false_alarms[" + ".join(codes)] += 1
        said = "; ".join(f"{found.code}: {found.message}" for found in report.findings if found.code in codes)
        count.examples.append(f"false alarm, {where}: {said}")
