"""Whether a finding that is not there any more is resolved: what would have made it better must have happened."""

from __future__ import annotations

from backup_reporter.health.findings import STATUS_OF_SEVERITY, WORST_FIRST, Finding
from backup_reporter.health.schedule import EARLY
from backup_reporter.health.workspace_report import ClusterReport, LastRestore, WorkspaceReport
from backup_reporter.report.model import Change, Coverage

NO_POLICY = "the workspace has no backup policy any more"
CLUSTERS_NOT_ASKED = "clusters are not looked at any more"
_WITHOUT_RESTORE = {
    None: "restores are not looked at any more",
    False: "its restores are not known",
    True: "there is still no restore",
}
"""By whether the restores are known."""

_FAMILIES: tuple[frozenset[str], ...] = (
    frozenset({"awaiting-first-backup", "no-copy-yet", "backup-expiring", "restore-point-too-old"})
    | {"only-incomplete-copies", "backup-expired", "never-backed-up"},
    frozenset({"backup-stuck", "backup-state-unknown", "backup-partially-failed", "backup-failed"})
    | {"cluster-not-backed-up"},
    frozenset({"not-scheduled", "backups-stopped"}),
    frozenset({"cluster-unreachable", "backup-expired", "never-backed-up", "only-incomplete-copies", "no-copy-yet"}),
)
"""Codes that say how one thing stands: if one gives way to another that is as bad or worse, nothing is resolved."""

_NEEDS_SCHEDULE = frozenset(
    {
        "awaiting-first-backup",
        "backup-overdue",
        "cluster-not-backed-up",
        "no-copy-yet",
        "retention-gap",
        "schedule-shifted",
        "schedule-unreadable",
    }
)
"""Codes that nothing can be said about without a schedule."""

_NOTHING_TO_RESTORE = frozenset({"backup-expired", "never-backed-up", "only-incomplete-copies", "no-copy-yet"})
"""Codes that only a restore point of the cluster resolves."""

_NEEDS_NEW_RUN = frozenset({"backup-failed", "backup-overdue", "backup-partially-failed", "cluster-not-backed-up"})
"""Codes that only a run that began since resolves."""

NEEDS_LISTS = frozenset({"cluster-unreachable", "location-missing"})
"""Codes that rest on a list that is read with ``INCLUDE_CLUSTERS`` only."""

_NEEDS_RESTORES = frozenset({"restore-failed", "restore-untested"})
"""Codes that only a known restore resolves."""

_OF_ANY_CLUSTER = frozenset({"delete-failed", "delete-stuck"})
"""Codes about clusters in scope and out of it."""


def has_finding(workspace: WorkspaceReport, code: str) -> bool:
    """Whether a workspace has a finding of this code."""
    return any(finding.code == code for finding in workspace.findings)


def why_not_judged(change: Change, workspace: WorkspaceReport) -> str | None:
    """Why nothing was said of a finding of the last report, if that is not because things got better."""
    if has_finding(workspace, "being-deleted"):
        return "the workspace is being deleted"
    if has_finding(workspace, "not-protected"):
        return NO_POLICY
    if not _is_in_scope(change, workspace) and change.code not in _OF_ANY_CLUSTER:
        return "the cluster is no longer in the scope of the backup policy"
    if change.code in _NEEDS_SCHEDULE and not workspace.schedule:
        return "the workspace has no schedule any more"
    if change.code in _NEEDS_SCHEDULE and has_finding(workspace, "schedule-unreadable"):
        return "the schedule cannot be read"
    return None


def why_not_better(change: Change, workspace: WorkspaceReport, coverage: Coverage | None) -> str | None:
    """Why a finding that is not there any more is not resolved: what would have resolved it did not happen."""
    if change.code in _NOTHING_TO_RESTORE and not _has_restore_point(change, workspace):
        return "there is still no restore point"
    if change.code in _NEEDS_NEW_RUN and not _has_run_since(change, workspace):
        return "no backup has begun since"
    if change.code in _NEEDS_RESTORES and workspace.last_restore is None:
        return _WITHOUT_RESTORE[workspace.restores_known]
    if change.code == "restore-failed" and _is_older(workspace.last_restore, change):
        return "no restore has begun since"
    if change.code in NEEDS_LISTS and coverage is None:
        return CLUSTERS_NOT_ASKED
    return None


def _is_older(restore: LastRestore | None, change: Change) -> bool:
    """Whether a restore began before a finding did; times that are not known accuse no one."""
    return bool(restore and restore.at and change.since and restore.at < change.since)


def _is_in_scope(change: Change, workspace: WorkspaceReport) -> bool:
    is_about_workspace = change.cluster_uid is None and change.cluster_name is None
    return is_about_workspace or any(_is_about(change, cluster) for cluster in workspace.clusters)


def _is_about(change: Change, cluster: ClusterReport) -> bool:
    if change.cluster_uid:
        return cluster.uid == change.cluster_uid
    return change.cluster_name is None or cluster.name == change.cluster_name


def _has_restore_point(change: Change, workspace: WorkspaceReport) -> bool:
    return all(cluster.restore_points for cluster in workspace.clusters if _is_about(change, cluster))


def _has_run_since(change: Change, workspace: WorkspaceReport) -> bool:
    """Whether a run began since a finding did; a run may begin early, and times that are not known accuse no one."""
    last = workspace.latest_run.at if workspace.latest_run else None
    return last is None or change.since is None or last >= change.since - EARLY


def became_as_bad(change: Change, workspace: WorkspaceReport) -> bool:
    """Whether a finding gave way to another about the same thing that is as bad, or worse."""
    related: frozenset[str] = next((family for family in _FAMILIES if change.code in family), frozenset())
    return any(
        finding.code in related
        and rank(finding) <= rank(change)
        and (finding.cluster_uid or finding.cluster_name) in (change.cluster_uid or change.cluster_name, None)
        for finding in workspace.findings
    )


def rank(finding: Change | Finding) -> int:
    """How bad a finding is: the smaller, the worse."""
    return WORST_FIRST.index(STATUS_OF_SEVERITY[finding.severity])
