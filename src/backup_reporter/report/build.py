"""The report put together from the workspaces' verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby

import msgspec

from backup_reporter.health.findings import WORST_FIRST, Status, worst
from backup_reporter.health.version import RULES_VERSION
from backup_reporter.health.workspace_report import WorkspaceReport
from backup_reporter.report.model import Report, Scope, Summary, TenantStatus
from backup_reporter.report.packed import PackedReports


def build_report(
    workspaces: Iterable[WorkspaceReport],
    *,
    report_id: str,
    as_of: datetime,
    generated_at: datetime,
    scope: Scope,
    problems: Sequence[str] = (),
    tenants: Mapping[str, Sequence[str]] | None = None,
    what_if: bool = False,
) -> Report:
    """Counts what was found and gives the verdict; times are aware UTC.

    ``tenants`` are those that were asked, each with its own ``problems``. A report over no workspace at all is
    UNKNOWN, and so is one with problems in its discovery, unless a workspace is CRITICAL; a tenant's status likewise.
    """
    workspace_reports = workspaces if isinstance(workspaces, PackedReports) else PackedReports(workspaces)
    by_tenant = {name: _summary(some) for name, some in groupby(workspace_reports, key=lambda one: one.tenant)}
    summary = _total(by_tenant.values())
    problems = [*problems, *(f"Tenant {name}: {said}" for name, some in (tenants or {}).items() for said in some)]
    return Report(
        rules_version=RULES_VERSION,
        report_id=report_id,
        generated_at=generated_at,
        as_of=as_of,
        what_if=what_if,
        status=_status(summary, problems),
        scope=scope,
        problems=tuple(problems),
        summary=summary,
        tenants=tuple(_tenant(name, by_tenant.get(name, Summary()), some) for name, some in (tenants or {}).items()),
        workspaces=workspace_reports,
    )


def _tenant(name: str, summary: Summary, problems: Sequence[str]) -> TenantStatus:
    return TenantStatus(name=name, status=_status(summary, problems), summary=summary)


def _status(summary: Summary, problems: Sequence[str]) -> Status:
    numbers = (summary.critical, summary.unknown, summary.warning, summary.ok)
    there_are: list[Status] = [status for status, number in zip(WORST_FIRST, numbers, strict=True) if number]
    nothing_to_go_by: list[Status] = ["UNKNOWN"] if problems or not summary.workspaces else []
    return worst([*there_are, *nothing_to_go_by])


def _total(summaries: Iterable[Summary]) -> Summary:
    counts: Counter[str] = Counter()
    for summary in summaries:
        counts.update(msgspec.structs.asdict(summary))
    return Summary(**counts)


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
