"""How the workspaces of a shard share the time that there is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from backup_reporter.config.request import Request
from backup_reporter.errors import OutOfTimeError
from backup_reporter.health.model import BackupResult, Policy, Restore, Workspace
from backup_reporter.health.thresholds import Thresholds
from backup_reporter.palette.client import PaletteClient
from backup_reporter.report.model import Scope
from backup_reporter.report.workspace_memory import WorkspaceMemory
from backup_reporter.run.check_shards import check_shard
from backup_reporter.run.plan import Plan, Shard

NOW = datetime(2026, 11, 24, 7, tzinfo=UTC)
TESTED = Thresholds(restore_test_max_age=timedelta(days=90))
_Used = TypeVar("_Used")


class Clock:
    """Time that passes only if someone waits."""

    def __init__(self, seconds: float) -> None:
        self._lock = threading.Lock()
        self._left = seconds

    def left(self) -> float:
        return self._left

    def wait(self, seconds: float) -> None:
        with self._lock:
            self._left -= max(0.0, seconds)

    def wait_until(self, is_over: Callable[[], float]) -> None:
        with self._lock:
            self._left -= max(0.0, is_over())


class HangingRestores(PaletteClient):
    """Answers about backups at once, and never about restores."""

    def __init__(self, clock: Clock) -> None:
        self.time = clock
        self.seconds_left = clock.left

    def may_ask_for_results(self) -> bool:
        return False

    def seconds_for_results(self, number: int) -> float:
        return 0.1 * number

    def restores(self, workspace: Workspace) -> tuple[Restore, ...]:
        self.time.wait_until(self.seconds_left)
        raise OutOfTimeError

    def use_backup_result(
        self, workspace: Workspace, request_uid: str | None, use: Callable[[BackupResult], _Used]
    ) -> _Used:
        if self.seconds_left() <= 0:
            raise OutOfTimeError
        self.time.wait(0.1)
        return use(BackupResult(policy=Policy(schedule="0 1 * * *", created_at=NOW)))


def codes_after(seconds: float, number: int) -> list[set[str]]:
    """What is found in each of so many workspaces, in this time."""
    workspaces = tuple(
        Workspace(uid=f"w-{index}", name=f"shop-{index}", project_uid="p", project_name="prod")
        for index in range(number)
    )
    plan = Plan(request=Request(), scope=Scope(), report_id="id", as_of=NOW, tenants=(), shards=(number,))
    shard = Shard(number=0, lane="palette", tenant=None, burst=1, workspaces=workspaces)
    client = HangingRestores(Clock(seconds))
    judgments = check_shard(shard, plan, TESTED, client, lambda: NOW, WorkspaceMemory())
    return [{finding.code for finding in judgment.report.findings} for judgment in judgments]


def test_restores_that_hang_leave_time_for_every_backup_result() -> None:
    assert codes_after(900, 500) == [{"awaiting-first-backup"}] * 500


def test_restores_that_hang_take_half_of_a_short_time_at_most() -> None:
    found = codes_after(20, 50)

    assert found == [{"awaiting-first-backup"}] * 50
