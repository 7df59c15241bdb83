"""Facts about what can be restored: a cluster's restore points, and until when the last of them lives."""

from __future__ import annotations

from datetime import UTC, datetime

from backup_reporter.health.workspace_report import ClusterReport, RestorePointSeries, WorkspaceReport

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
    """Whether the clusters of a workspace are known and each of them can be restored."""
    return bool(workspace.clusters) and all(cluster.restore_points for cluster in workspace.clusters)


def is_known(workspace: WorkspaceReport) -> bool:
    """Whether the report could find out what there is to restore."""
    return not any(finding.severity == "unknown" for finding in workspace.findings)
