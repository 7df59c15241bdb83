"""Every rule, in one place, and which of them are left out when."""

from __future__ import annotations

from backup_reporter.health.rules import backups, restore_points, workspace
from backup_reporter.health.rules.backups import ClusterRule
from backup_reporter.health.rules.workspace import WorkspaceRule

CLUSTER_RULES: tuple[ClusterRule, ...] = (
    backups.backup_failed,
    backups.backup_partially_failed,
    backups.run_partially_failed,
    backups.backup_stuck,
    backups.backup_state_unknown,
    restore_points.backup_expired,
    restore_points.never_backed_up,
    restore_points.run_left_no_copy,
    restore_points.backup_expiring,
    restore_points.restore_point_too_old,
    backups.cluster_not_backed_up,
    backups.namespace_not_backed_up,
)
WORKSPACE_RULES: tuple[WorkspaceRule, ...] = (
    workspace.backup_overdue,
    workspace.delete_failed,
    workspace.retention_gap,
    workspace.not_scheduled,
    workspace.schedule_unreadable,
    workspace.disks_not_included,
    workspace.dated_ahead,
    workspace.unreadable_runs,
    workspace.mute_unreadable,
)
EXPLAIN_A_MISSING_COPY = frozenset(
    {
        "backup-failed",
        "backup-partially-failed",
        "backup-stuck",
        "backup-state-unknown",
        "backup-overdue",
        "backup-expired",
        "never-backed-up",
        "awaiting-first-backup",
        "cluster-not-backed-up",
    }
)
"""Findings that tell why a cluster has no new copy; where one is said of it or of the workspace, the net is not needed."""

CONCLUDE_FROM_ABSENCE = frozenset(
    {
        workspace.backup_overdue,
        restore_points.backup_expired,
        restore_points.never_backed_up,
        restore_points.backup_expiring,
        restore_points.restore_point_too_old,
        restore_points.copies_stopped_coming,
        backups.cluster_not_backed_up,
    }
)
"""Rules that need the whole history: where an entry of it cannot be read, that entry may be what they miss."""

NOT_ABOUT_ONE_RUN = frozenset(
    {
        workspace.backup_overdue,
        workspace.retention_gap,
        workspace.not_scheduled,
        workspace.schedule_unreadable,
        restore_points.never_backed_up,
        restore_points.backup_expiring,
        restore_points.restore_point_too_old,
        restore_points.copies_stopped_coming,
    }
)
"""Rules about a history or a schedule: one run on its own neither breaks nor keeps them."""

ONLY_ABOUT_ONE_RUN = frozenset({restore_points.run_left_no_copy})
"""Rules that stand in for those where one run is judged alone."""
