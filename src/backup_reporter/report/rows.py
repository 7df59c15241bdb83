"""One row for each workspace and cluster: what tables and files for spreadsheets are made from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from backup_reporter.health.findings import WORST_FIRST, Finding, Status, status_of
from backup_reporter.report.groups import title_of_finding
from backup_reporter.report.model import ClusterReport, Report, WorkspaceReport
from backup_reporter.report.packed import with_findings


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A cluster of a workspace, or the workspace alone where no cluster of it is known (name and uid are ``None``).

    ``findings`` are those about the cluster and those about the workspace as a whole; ``status`` follows from them.
    ``cluster`` is ``None`` for a cluster that only a finding names: one that is in scope no more.
    """

    workspace: WorkspaceReport
    cluster_uid: str | None
    cluster_name: str | None
    cluster: ClusterReport | None
    findings: tuple[Finding, ...]
    status: Status


def rows(report: Report) -> Iterator[Row]:
    """All rows: the worst first, then by tenant, project, workspace and cluster. Never all of them at once."""
    for status in WORST_FIRST:
        workspaces = report.workspaces if status == "OK" else with_findings(report.workspaces)
        for workspace in workspaces:
            yield from sorted((row for row in _rows_of(workspace) if row.status == status), key=_name)


def problem_titles(row: Row) -> str:
    """What is wrong with a cluster: ``Backup failed, The last copy expires soon (muted)``."""
    titles = (title_of_finding(finding) for finding in row.findings if finding.severity != "info")
    return ", ".join(dict.fromkeys(titles))


def _rows_of(workspace: WorkspaceReport) -> Iterator[Row]:
    in_scope = {(cluster.uid, cluster.name): cluster for cluster in workspace.clusters}
    named = ((finding.cluster_uid, finding.cluster_name) for finding in workspace.findings)
    clusters = dict.fromkeys((*in_scope, *(about for about in named if any(about))))
    for about in clusters or {(None, None): None}:
        findings = tuple(finding for finding in workspace.findings if _concerns(finding, about))
        yield Row(
            workspace=workspace,
            cluster_uid=about[0],
            cluster_name=about[1],
            cluster=in_scope.get(about),
            findings=findings,
            status=status_of(findings),
        )


def _concerns(finding: Finding, about: tuple[str | None, str | None]) -> bool:
    return (finding.cluster_uid, finding.cluster_name) in (about, (None, None))


def _name(row: Row) -> str:
    return row.cluster_name or row.cluster_uid or ""
