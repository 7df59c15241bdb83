"""What the judging says about one workspace."""

from __future__ import annotations

from datetime import date
from typing import Literal

from backup_reporter.health.findings import Finding, Status
from backup_reporter.health.phases import PhaseClass
from backup_reporter.records import Instant, Record

Kind = Literal["workspace", "cluster"]
DayState = PhaseClass | Literal["missed", "unclear", "not-due"]


class LatestRun(Record, frozen=True, kw_only=True):
    """The newest run, in any state. ``state`` is as received."""

    request_uid: str | None
    backup_name: str | None
    at: Instant | None
    state: str | None


class BackupLocation(Record, frozen=True, kw_only=True):
    """Where the policy keeps its backups."""

    uid: str | None
    name: str | None


class LastRestore(Record, frozen=True, kw_only=True):
    """The restore that began last. ``state`` is as received."""

    at: Instant | None
    state: str | None


class RestorePointSeries(Record, frozen=True, kw_only=True):
    """Copies of a cluster, evenly spaced between the first and the last: a steady rotation is one entry.

    An ``…expires_at`` of ``None`` never comes; an ``…at`` of ``None`` is not known.
    """

    count: int
    first_at: Instant | None
    last_at: Instant | None
    first_expires_at: Instant | None
    last_expires_at: Instant | None


class ClusterReport(Record, frozen=True, kw_only=True):
    """A cluster in scope and its last restorable copy (``None`` if there is no such copy)."""

    uid: str | None
    name: str | None
    newest_restore_point_at: Instant | None
    expires_at: Instant | None
    """When the newest restore point runs out; ``None`` also if it never does."""
    restore_points: int
    newest_incomplete_copy_at: Instant | None = None
    """If there is no restore point: when the newest copy was made that lacks parts."""
    restore_point_series: tuple[RestorePointSeries, ...] = ()
    """What can be restored, oldest first; if nothing can, the copy that was the last to expire."""


class Day(Record, frozen=True, kw_only=True):
    """The worst that happened on one day (UTC), or why no run began on it.

    ``missed``: one was due; ``not-due``: no run was due; ``unclear``: it is not known (the schedule or a run is unreadable,
    the schedule was edited since, Palette has no run that is so old, today's grace lasts, or the day is still to come).
    """

    date: date
    state: DayState
    backup_name: str | None = None
    """The worst run's, if there was a run."""


class WorkspaceReport(Record, frozen=True, kw_only=True):
    """Everything the report says about one workspace. ``tenant`` is ``None`` if there is only one."""

    tenant: str | None = None
    kind: Kind = "workspace"
    """``cluster``: a cluster with a backup policy of its own, which is judged like a workspace of one cluster."""
    uid: str
    name: str
    project_uid: str
    project_name: str
    status: Status
    muted_until: Instant | None = None
    """The end of the mute that its labels ask for."""
    schedule: str | None = None
    retention_hours: float | None = None
    next_run_at: Instant | None = None
    survives_failures: int | None = None
    latest_run: LatestRun | None = None
    last_restore: LastRestore | None = None
    """``None`` if there was none, or if restores are not looked at (``RESTORE_TEST_MAX_AGE_DAYS``)."""
    restores_known: bool | None = None
    """Whether Palette's list of restores could be read; ``None`` if it was not asked for."""
    backup_location: BackupLocation | None = None
    clusters: tuple[ClusterReport, ...] = ()
    findings: tuple[Finding, ...] = ()
    history: tuple[Day, ...] = ()
