"""The report put together from the workspaces' verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from backup_reporter.health.findings import WORST_FIRST, Status, worst
from backup_reporter.health.verdict import WorkspaceReport
from backup_reporter.report.model import Report, Scope, Summary
from backup_reporter.report.verdicts import Verdicts


def build_report(
    workspaces: Iterable[WorkspaceReport],
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
    verdicts = workspaces if isinstance(workspaces, Verdicts) else Verdicts(workspaces)
    summary = _summary(verdicts)
    return Report(
        report_id=report_id,
        generated_at=generated_at,
        as_of=as_of,
        what_if=what_if,
        status=_status(summary, problems),
        scope=scope,
        problems=tuple(problems),
        summary=summary,
        workspaces=verdicts,
    )


def _status(summary: Summary, problems: Sequence[str]) -> Status:
    numbers = (summary.critical, summary.unknown, summary.warning, summary.ok)
    there_are: list[Status] = [status for status, number in zip(WORST_FIRST, numbers, strict=True) if number]
    nothing_to_go_by: list[Status] = ["UNKNOWN"] if problems or not summary.workspaces else []
    return worst([*there_are, *nothing_to_go_by])


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
