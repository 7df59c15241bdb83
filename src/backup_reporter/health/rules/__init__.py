"""Every rule, in one place, and which of them are left out when."""

from __future__ import annotations

from backup_reporter.health import cluster_rules, copy_rules, workspace_rules
from backup_reporter.health.cluster_rules import ClusterRule
from backup_reporter.health.workspace_rules import WorkspaceRule

CLUSTER_RULES: tuple[ClusterRule, ...] = (
    cluster_rules.backup_failed,
    cluster_rules.backup_partially_failed,
    cluster_rules.run_partially_failed,
    cluster_rules.backup_stuck,
    cluster_rules.backup_state_unknown,
    copy_rules.backup_expired,
    copy_rules.never_backed_up,
    copy_rules.run_left_no_copy,
    copy_rules.backup_expiring,
    copy_rules.restore_point_too_old,
    cluster_rules.cluster_not_backed_up,
    cluster_rules.namespace_not_backed_up,
)
WORKSPACE_RULES: tuple[WorkspaceRule, ...] = (
    workspace_rules.backup_overdue,
    workspace_rules.delete_failed,
    workspace_rules.retention_gap,
    workspace_rules.not_scheduled,
    workspace_rules.schedule_unreadable,
    workspace_rules.disks_not_included,
    workspace_rules.dated_ahead,
    workspace_rules.unreadable_runs,
    workspace_rules.mute_unreadable,
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
        workspace_rules.backup_overdue,
        copy_rules.backup_expired,
        copy_rules.never_backed_up,
        copy_rules.backup_expiring,
        copy_rules.restore_point_too_old,
        copy_rules.copies_stopped_coming,
        cluster_rules.cluster_not_backed_up,
    }
)
"""Rules that need the whole history: where an entry of it cannot be read, that entry may be what they miss."""

NOT_ABOUT_ONE_RUN = frozenset(
    {
        workspace_rules.backup_overdue,
        workspace_rules.retention_gap,
        workspace_rules.not_scheduled,
        workspace_rules.schedule_unreadable,
        copy_rules.never_backed_up,
        copy_rules.backup_expiring,
        copy_rules.restore_point_too_old,
        copy_rules.copies_stopped_coming,
    }
)
"""Rules about a history or a schedule: one run on its own neither breaks nor keeps them."""

ONLY_ABOUT_ONE_RUN = frozenset({copy_rules.run_left_no_copy})
"""Rules that stand in for those where one run is judged alone."""
