"""One row for each workspace and cluster: what tables and files for spreadsheets are made from."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from operator import itemgetter

from msgspec import Struct

from backup_reporter.health.findings import WORST_FIRST, Finding, Status, status_of
from backup_reporter.health.workspace_report import ClusterReport, WorkspaceReport
from backup_reporter.report.groups import title_of_finding
from backup_reporter.report.model import Report
from backup_reporter.report.packed import with_findings


class Row(Struct, frozen=True, kw_only=True):
    """A cluster of a workspace, or the workspace alone if it has no known cluster (name and uid are ``None``).

    ``findings`` are those about the cluster and those about the workspace as a whole; ``status`` follows from them.
    ``cluster`` is ``None`` for a cluster that is out of scope now and that only a finding names.
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
    findings: dict[tuple[str | None, str | None], list[tuple[int, Finding]]] = {about: [] for about in in_scope}
    for number, finding in enumerate(workspace.findings):
        findings.setdefault((finding.cluster_uid, finding.cluster_name), []).append((number, finding))
    about_all = findings.pop((None, None), [])
    for about, its_own in (findings or {(None, None): []}).items():
        concerned = tuple(finding for _, finding in merge(its_own, about_all, key=itemgetter(0)))
        yield Row(
            workspace=workspace,
            cluster_uid=about[0],
            cluster_name=about[1],
            cluster=in_scope.get(about),
            findings=concerned,
            status=status_of(concerned),
        )


def _name(row: Row) -> str:
    return row.cluster_name or row.cluster_uid or ""
