"""The second step of a run: checks every workspace, as its Palette's rate allows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain

from msgspec import Struct

from backup_reporter.errors import OutOfTimeError
from backup_reporter.health.judge import Judgment, judge_unreadable
from backup_reporter.health.model import Workspace
from backup_reporter.health.thresholds import Thresholds
from backup_reporter.health.workspace_report import WorkspaceReport
from backup_reporter.palette.client import PaletteClient
from backup_reporter.palette.worker_pool import ask_all
from backup_reporter.report.packed import PackedReports
from backup_reporter.report.workspace_memory import MemoryWriter, WorkspaceMemory
from backup_reporter.run.check_workspace import WorkspaceChecker, recall
from backup_reporter.run.lanes import side_by_side
from backup_reporter.run.make_plan import Palette
from backup_reporter.run.plan import (
    Plan,
    Shard,
    group_into_lanes,
)

_MAX_SHARE_OF_RESULTS = 0.5
_SECONDS_FOR_RESULTS, _MARGIN = 5.0, 1.5
"""How much time for backup results requests for restores leave: at most half of it, else what the results may take."""

Progress = Callable[[int, int], None]
"""Called after every workspace with how many are checked, and how many there are."""


def ignore_progress(done: int, total: int) -> None:
    """Does nothing: for a run whose progress is not shown."""


def check_shard(
    shard: Shard,
    plan: Plan,
    thresholds: Thresholds,
    client: PaletteClient,
    clock: Callable[[], datetime],
    memory: WorkspaceMemory,
    on_checked: Callable[[], None] = lambda: None,
) -> Iterator[Judgment]:
    """Judges each workspace as its answer arrives, then those whose turn did not come.

    ``memory`` is what the last report remembered. Never raises for what Palette does.
    """
    unanswered = {workspace.uid: workspace for workspace in shard.workspaces}
    most_reserved = client.seconds_left() * _MAX_SHARE_OF_RESULTS

    def seconds_left_for_restores() -> float:
        reserved = _SECONDS_FOR_RESULTS + _MARGIN * client.seconds_for_results(len(unanswered))
        return client.seconds_left() - min(most_reserved, reserved)

    check = WorkspaceChecker(
        client, plan.request, thresholds, plan.as_of, clock, seconds_left_for_restores, memory, shard.surroundings
    )
    may_ask_now = client.may_ask_for_results if shard.kind == "workspace" else client.may_ask_for_clusters
    for judgment in ask_all(check, shard.workspaces, may_ask_now, client.seconds_left):
        yield judgment
        del unanswered[judgment.report.uid]
        on_checked()
    yield from judge_unchecked(unanswered.values(), str(OutOfTimeError()), plan, thresholds, memory)


def judge_unchecked(
    workspaces: Iterable[Workspace], why: str, plan: Plan, thresholds: Thresholds, memory: WorkspaceMemory
) -> Iterator[Judgment]:
    """Judges workspaces that no one could check; ``why`` is a sentence without its full stop."""
    for workspace in workspaces:
        yield Judgment(judge_unreadable(workspace, why, thresholds, plan.as_of), recall(memory, workspace))


class Checked(Struct, frozen=True):
    """The reports of workspaces, and what the next report is to remember of them; both packed."""

    workspace_reports: PackedReports
    remembered: bytes


def pack(judgments: Iterable[Judgment]) -> Checked:
    """Packs judgments as they come."""
    remembered = MemoryWriter()

    def remember_each() -> Iterator[WorkspaceReport]:
        for judgment in judgments:
            remembered.add_judged(judgment)
            yield judgment.report

    return Checked(PackedReports(remember_each()), remembered.packed())


def _merge(several: Sequence[Checked]) -> Checked:
    if len(several) == 1:
        return several[0]
    remembered = MemoryWriter()
    for workspace in chain.from_iterable(WorkspaceMemory(checked.remembered) for checked in several):
        remembered.add(workspace)
    workspace_reports = PackedReports(chain.from_iterable(checked.workspace_reports for checked in several))
    return Checked(workspace_reports, remembered.packed())


def check_shards(
    plan: Plan,
    shards: Sequence[Shard],
    thresholds: Thresholds,
    palettes: Sequence[Palette],
    clock: Callable[[], datetime],
    memory: WorkspaceMemory,
    on_progress: Progress,
) -> Checked:
    """Judges the workspaces of all shards: one shard of a lane after the other, the lanes side by side."""
    clients = {palette.tenant.name: palette.client for palette in palettes}
    zones = {palette.tenant.name: palette.tenant.schedule_time_zone for palette in palettes}
    counter = _Counter(sum(plan.shards), on_progress)

    def check_lane(lane: Sequence[Shard]) -> Checked:
        return pack(
            chain.from_iterable(
                check_shard(
                    shard,
                    plan,
                    thresholds.for_schedules_in(zones[shard.tenant]),
                    clients[shard.tenant],
                    clock,
                    memory,
                    counter.count_one,
                )
                for shard in lane
            )
        )

    return _merge(side_by_side(group_into_lanes(shards), check_lane))


class _Counter:
    """Counts the checked workspaces, from any thread, and tells the progress."""

    def __init__(self, total: int, on_progress: Progress) -> None:
        self._total = total
        self._checked = 0
        self._lock = threading.Lock()
        self._on_progress = on_progress
        on_progress(0, total)

    def count_one(self) -> None:
        with self._lock:
            self._checked += 1
            self._on_progress(self._checked, self._total)


def read_clocks(palettes: Iterable[Palette]) -> dict[str | None, str | None]:
    """Returns a sentence for each tenant whose clock, by its answers so far, is too far from ours; else ``None``."""
    return {palette.tenant.name: palette.client.clock.problem for palette in palettes}
