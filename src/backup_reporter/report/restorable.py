"""What can be restored right now, from when, and until when, in sentences."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from backup_reporter import wording
from backup_reporter.health.workspace_report import ClusterReport, WorkspaceReport
from backup_reporter.report.groups import title_of
from backup_reporter.report.locations import NAME_LENGTH
from backup_reporter.report.model import Report
from backup_reporter.report.packed import with_findings
from backup_reporter.report.restore_points import is_known, restorable_until
from backup_reporter.wording import quote


def what_is_wrong(workspace: WorkspaceReport) -> str:
    """``Backup failed, The last copy expires soon``: what counts toward its status."""
    counts = (finding for finding in workspace.findings if finding.severity != "info" and not finding.muted)
    return ", ".join(dict.fromkeys(title_of(finding.code) for finding in counts))


class LostClusters:
    """The clusters of which nothing can be restored.

    A cluster in a workspace's policy and in one of its own is there once: it can be restored from the copies of either.
    """

    def __init__(self, report: Report) -> None:
        self._told_elsewhere: dict[str, set[_Key]] = {"workspace": set(), "cluster": set()}
        if report.summary.cluster_policies:
            lost = self._lost_by_kind(report)
            there = self._there_by_kind(report, lost)
            self._told_elsewhere["workspace"] = lost["workspace"] & there["cluster"]
            self._told_elsewhere["cluster"] = lost["cluster"] & (lost["workspace"] | there["workspace"])

    def of(self, workspace: WorkspaceReport) -> list[ClusterReport]:
        """Returns the lost clusters of a workspace, or of a cluster with a policy of its own."""
        told = self._told_elsewhere[workspace.kind]
        lost = [cluster for cluster in workspace.clusters if not cluster.restore_points]
        return [cluster for cluster in lost if (workspace.tenant, cluster.uid) not in told]

    @staticmethod
    def _lost_by_kind(report: Report) -> dict[str, set[_Key]]:
        lost: dict[str, set[_Key]] = {"workspace": set(), "cluster": set()}
        for workspace in with_findings(report.workspaces):
            clusters = (cluster for cluster in workspace.clusters if cluster.uid and not cluster.restore_points)
            lost[workspace.kind].update((workspace.tenant, cluster.uid) for cluster in clusters)
        return lost

    @staticmethod
    def _there_by_kind(report: Report, lost: dict[str, set[_Key]]) -> dict[str, set[_Key]]:
        """The lost clusters of which some policy has a copy, by the kind of that policy."""
        there: dict[str, set[_Key]] = {"workspace": set(), "cluster": set()}
        lost_anywhere = lost["workspace"] | lost["cluster"]
        for workspace in report.workspaces if lost_anywhere else ():
            copied = {(workspace.tenant, cluster.uid) for cluster in workspace.clusters if cluster.restore_points}
            there[workspace.kind] |= copied & lost_anywhere
        return there


_Key = tuple[str | None, str | None]
"""Tenant and uid of a cluster."""


def nothing_line(workspace: WorkspaceReport) -> str:
    """Says why nothing is known to restore of a workspace without clusters: ``Nothing (No backup policy)``."""
    titles = (title_of(finding.code) for finding in workspace.findings)
    reasons = what_is_wrong(workspace) or ", ".join(dict.fromkeys(titles))
    return f"{'Nothing' if is_known(workspace) else 'Not known'} ({reasons})"


def copy_line(cluster: ClusterReport, workspace: WorkspaceReport, zone: ZoneInfo) -> str:
    """Says whether a cluster can be restored: when its newest copy was made, and when it expires."""
    name = cluster_name(cluster)
    if not cluster.restore_points:
        return f"{name}: {why_nothing(cluster, zone)}"
    if not cluster.newest_restore_point_at:
        return f"{name}: a copy of unknown time"
    return f"{name}: made {wording.moment(cluster.newest_restore_point_at, zone)}, {_until(cluster, workspace, zone)}"


def why_nothing(cluster: ClusterReport, zone: ZoneInfo) -> str:
    """Says since when there is nothing to restore, and what incomplete copy there is."""
    if cluster.newest_incomplete_copy_at:
        return f"only incomplete copies, the newest made {wording.moment(cluster.newest_incomplete_copy_at, zone)}"
    end = restorable_until(cluster)
    return f"nothing to restore since {wording.day(end, zone)}" if end else "nothing to restore, and there never was"


def cluster_name(cluster: ClusterReport) -> str:
    """A cluster's name, quoted; its uid if it has no name."""
    return quote(cluster.name or cluster.uid or "(no name)", NAME_LENGTH)


def _until(cluster: ClusterReport, workspace: WorkspaceReport, zone: ZoneInfo) -> str:
    if not cluster.expires_at:
        return "does not expire"
    until = f"expires {wording.moment(cluster.expires_at, zone)}"
    if workspace.next_run_at and cluster.expires_at < workspace.next_run_at:
        return f"{until}, before the next backup is due"
    return until
