"""The report put together from the workspaces' verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from backup_reporter.health.findings import Status, worst
from backup_reporter.health.verdict import WorkspaceReport
from backup_reporter.report.model import Report, Scope, Summary


def build_report(
    workspaces: Sequence[WorkspaceReport],
    *,
    report_id: str,
    as_of: datetime,
    generated_at: datetime,
    scope: Scope,
    problems: Sequence[str] = (),
    what_if: bool = False,
) -> Report:
    """Counts what was found and gives the verdict; times are aware UTC.

    A report over no workspace at all is UNKNOWN, and so is one with ``problems`` in its discovery,
    unless a workspace is CRITICAL.
    """
    ordered = tuple(sorted(workspaces, key=lambda workspace: (workspace.project_name, workspace.name, workspace.uid)))
    return Report(
        report_id=report_id,
        generated_at=generated_at,
        as_of=as_of,
        what_if=what_if,
        status=_status(ordered, problems),
        scope=scope,
        problems=tuple(problems),
        summary=_summary(ordered),
        workspaces=ordered,
    )


def _status(workspaces: Sequence[WorkspaceReport], problems: Sequence[str]) -> Status:
    nothing_to_go_by: list[Status] = ["UNKNOWN"] if problems or not workspaces else []
    return worst([*(workspace.status for workspace in workspaces), *nothing_to_go_by])


def _summary(workspaces: Iterable[WorkspaceReport]) -> Summary:
    statuses: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for workspace in workspaces:
        statuses[workspace.status] += 1
        counts["clusters"] += len(workspace.clusters)
        counts["findings"] += len(workspace.findings)
        counts["muted"] += sum(finding.muted for finding in workspace.findings)
        counts["unreadable"] += any(finding.code == "unreadable" for finding in workspace.findings)
        counts["unknown_states"] += sum(finding.code == "backup-state-unknown" for finding in workspace.findings)
    return Summary(
        workspaces=statuses.total(),
        ok=statuses["OK"],
        warning=statuses["WARNING"],
        critical=statuses["CRITICAL"],
        unknown=statuses["UNKNOWN"],
        **counts,
    )
