"""Whether something can be restored right now, from when, and until when, in sentences."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from backup_reporter import wording
from backup_reporter.report.groups import title_of
from backup_reporter.report.locations import NAME_LENGTH, listed, place
from backup_reporter.report.model import ClusterReport, RestorePointSeries, WorkspaceReport
from backup_reporter.wording import quote

FOREVER = datetime.max.replace(tzinfo=UTC)
"""The expiry of a restore point that has none."""


def series_of(cluster: ClusterReport) -> tuple[RestorePointSeries, ...]:
    """Returns a cluster's restore points, oldest first. A shortened report has only the newest one."""
    if cluster.restore_point_series or not cluster.restore_points:
        return cluster.restore_point_series
    made_at, expires_at = cluster.newest_restore_point_at, cluster.expires_at
    newest = RestorePointSeries(
        count=1, first_at=made_at, last_at=made_at, first_expires_at=expires_at, last_expires_at=expires_at
    )
    return (newest,)


def restorable_until(cluster: ClusterReport) -> datetime | None:
    """Returns when the last restore point expires or expired, ``FOREVER``, or ``None`` if there never was one."""
    expiries = [expiry for series in series_of(cluster) for expiry in (series.first_expires_at, series.last_expires_at)]
    return max((expiry or FOREVER for expiry in expiries), default=None)


def has_every_copy(workspace: WorkspaceReport) -> bool:
    """Whether each cluster can be restored, of a workspace whose clusters are known."""
    return bool(workspace.clusters) and all(cluster.restore_points for cluster in workspace.clusters)


def what_is_wrong(workspace: WorkspaceReport) -> str:
    """``Backup failed, The last copy expires soon``: what counts toward its status."""
    counts = (finding for finding in workspace.findings if finding.severity != "info" and not finding.muted)
    return ", ".join(dict.fromkeys(title_of(finding.code) for finding in counts))


def is_known(workspace: WorkspaceReport) -> bool:
    """Whether anybody can tell what there is to restore."""
    return not any(finding.severity == "unknown" for finding in workspace.findings)


def nothing_line(workspace: WorkspaceReport) -> str:
    """What can be restored of a workspace no cluster of which is known: ``Nothing (No backup policy)``."""
    reasons = what_is_wrong(workspace) or ", ".join(dict.fromkeys(title_of(one.code) for one in workspace.findings))
    return f"{'Nothing' if is_known(workspace) else 'Not known'} ({reasons})"


def nothing_lines(workspaces: Iterable[WorkspaceReport], most: int) -> list[str]:
    """``Nothing (No backup policy): shared / monitoring`` for those of which no cluster is known, a line a reason."""
    places: dict[str, list[str]] = {}
    for one in workspaces:
        if not one.clusters:
            places.setdefault(nothing_line(one), []).append(place(one.tenant, one.project_name, one.name))
    return [f"{said}: {listed(some, most)}" for said, some in places.items()]


def copy_line(cluster: ClusterReport, workspace: WorkspaceReport, zone: ZoneInfo) -> str:
    """Whether a cluster can be restored, and from when: its newest copy and until when it is there."""
    name = quote(cluster.name or cluster.uid or "all clusters", NAME_LENGTH)
    if not cluster.restore_points:
        end = restorable_until(cluster)
        return f"{name}: nothing to restore" + (f" since {wording.day(end, zone)}" if end else ", and there never was")
    if not cluster.newest_restore_point_at:
        return f"{name}: a copy of unknown time"
    return f"{name}: from {wording.moment(cluster.newest_restore_point_at, zone)}, {_until(cluster, workspace, zone)}"


def _until(cluster: ClusterReport, workspace: WorkspaceReport, zone: ZoneInfo) -> str:
    if not cluster.expires_at:
        return "does not expire"
    until = f"expires {wording.moment(cluster.expires_at, zone)}"
    if workspace.next_run_at and cluster.expires_at < workspace.next_run_at:
        return f"{until}, before the next backup is due"
    return until
