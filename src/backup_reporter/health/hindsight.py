"""A look into the past: the history as it stood then, and what of then is not known today."""

from __future__ import annotations

from datetime import datetime

import msgspec

from backup_reporter.health.context import finding
from backup_reporter.health.findings import Finding, status_of
from backup_reporter.health.model import BackupResult, ClusterBackup, Run
from backup_reporter.health.thresholds import Thresholds
from backup_reporter.health.timeline import run_time
from backup_reporter.health.workspace_report import WorkspaceReport
from backup_reporter.wording import count, moment


def until(result: BackupResult, at: datetime) -> BackupResult:
    """The history as it stood at ``at``: without what began later, be it a run, a part of one or the policy."""
    runs = tuple(_run_until(run, at) for run in result.runs if (run_time(run) or at) <= at)
    policy = result.policy
    if policy.created_at and policy.created_at > at:
        policy = msgspec.structs.replace(policy, schedule=None)
    restores = result.restores and tuple(restore for restore in result.restores if (restore.at or at) <= at)
    return msgspec.structs.replace(result, policy=policy, runs=runs, restores=restores)


def _run_until(run: Run, at: datetime) -> Run:
    """A cluster's part that began later was still to come."""
    if not any(backup.at and backup.at > at for backup in run.cluster_backups):
        return run
    parts = (
        ClusterBackup(cluster=backup.cluster, state="InProgress") if backup.at and backup.at > at else backup
        for backup in run.cluster_backups
    )
    return msgspec.structs.replace(run, cluster_backups=tuple(parts))


def accuse_of_nothing_unknown(
    report: WorkspaceReport, result: BackupResult, thresholds: Thresholds, at: datetime
) -> WorkspaceReport:
    """Returns the report with what is not known of ``at`` as unknown, instead of what was concluded from it.

    If the history of a workspace, or of a cluster, begins after ``at``, its older runs may have been dropped, or it may
    not have been there.
    """
    then = until(result, at)
    if then.policy.schedule != result.policy.schedule:
        return report  # there was no policy then, and so nothing was backed up
    begin_later = None if not then.runs and result.runs else _clusters_of(result) - _clusters_of(then)
    accusing = [
        found
        for found in report.findings
        if found.severity != "info" and _is_about(found, begin_later) and not found.muted
    ]
    if not accusing:
        return report
    clusters = {found.cluster_name or found.cluster_uid for found in accusing}
    what = "the workspace" if begin_later is None else count(len(clusters), "cluster")
    unknown = finding(
        "unreadable",
        f"What Palette lists of {what} begins after {moment(at, thresholds.time_zone)}: what there was then is not known.",
    )
    findings = (unknown, *(found for found in report.findings if found not in accusing))
    return msgspec.structs.replace(report, findings=findings, status=status_of(findings))


def _clusters_of(result: BackupResult) -> frozenset[str | None]:
    """The clusters that the runs name, by uid or else by name."""
    return frozenset(backup.cluster.uid or backup.cluster.name for run in result.runs for backup in run.cluster_backups)


def _is_about(found: Finding, clusters: frozenset[str | None] | None) -> bool:
    return clusters is None or (found.cluster_uid or found.cluster_name or "") in clusters
