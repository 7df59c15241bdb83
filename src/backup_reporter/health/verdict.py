"""What the judging says about one workspace."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from backup_reporter.health.findings import Finding, Record, Status
from backup_reporter.settings import PhaseClass

DayState = PhaseClass | Literal["missed", "none"]


class LatestRun(Record, frozen=True, kw_only=True):
    """The newest run, whatever became of it. ``state`` is as received."""

    request_uid: str | None
    backup_name: str | None
    at: datetime | None
    state: str | None


class ClusterReport(Record, frozen=True, kw_only=True):
    """A cluster in scope and its last restorable copy (``None`` where there is none)."""

    uid: str | None
    name: str | None
    newest_restore_point_at: datetime | None
    expires_at: datetime | None
    """When the newest restore point runs out; ``None`` also where it never does."""
    restore_points: int


class Day(Record, frozen=True, kw_only=True):
    """The worst that happened on one day (UTC). ``missed``: a run was due and none began; ``none``: none was due."""

    date: date
    state: DayState


class WorkspaceReport(Record, frozen=True, kw_only=True):
    """Everything the report says about one workspace."""

    uid: str
    name: str
    project_uid: str
    project_name: str
    status: Status
    schedule: str | None = None
    next_run_at: datetime | None = None
    survives_failures: int | None = None
    latest_run: LatestRun | None = None
    clusters: tuple[ClusterReport, ...] = ()
    findings: tuple[Finding, ...] = ()
    history: tuple[Day, ...] = ()
