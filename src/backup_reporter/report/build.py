"""The report put together from the workspaces' verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

import msgspec

from backup_reporter.health.findings import WORST_FIRST, Finding, Status, status_of, worst
from backup_reporter.health.version import RULES_VERSION
from backup_reporter.health.workspace_report import WorkspaceReport
from backup_reporter.report.model import Coverage, Report, Scope, Summary, TenantStatus
from backup_reporter.report.packed import PackedReports
from backup_reporter.report.resolution import has_finding


def build_report(
    workspaces: Iterable[WorkspaceReport],
    *,
    report_id: str,
    as_of: datetime,
    generated_at: datetime,
    scope: Scope,
    problems: Sequence[str] = (),
    tenants: Mapping[str, Sequence[str]] | None = None,
    findings: Sequence[Finding] = (),
    coverage: Coverage | None = None,
    in_both: Mapping[str | None, int] | None = None,
    what_if: bool = False,
) -> Report:
    """Counts what was found and gives the verdict; times are aware UTC.

    ``tenants`` are those that were asked, each with its own ``problems``. A report is UNKNOWN if no workspace could
    be read (muted or not), or if something could not be listed, unless a workspace is CRITICAL. So is a tenant.
    ``in_both`` is how many clusters of each tenant are in a workspace's policy and in one of their own: these count once.
    """
    workspace_reports = workspaces if isinstance(workspaces, PackedReports) else PackedReports(workspaces)
    by_tenant: dict[str | None, _Counts] = {}
    for name, of_tenant in groupby(workspace_reports, key=lambda report: report.tenant):
        by_tenant[name] = _total([by_tenant.get(name, _Counts()), _count(of_tenant)])
    by_tenant = {name: _without_doubles(counts, (in_both or {}).get(name, 0)) for name, counts in by_tenant.items()}
    counts = _total(by_tenant.values())
    problems = [*problems, *(f"Tenant {name}: {problem}" for name, own in (tenants or {}).items() for problem in own)]
    return Report(
        rules_version=RULES_VERSION,
        report_id=report_id,
        generated_at=generated_at,
        as_of=as_of,
        what_if=what_if,
        status=worst([_status(counts, problems), status_of(findings)]),
        scope=scope,
        problems=tuple(problems),
        summary=counts.summary,
        tenants=tuple(_tenant(name, by_tenant.get(name, _Counts()), own) for name, own in (tenants or {}).items()),
        workspaces=workspace_reports,
        findings=tuple(findings),
        coverage=coverage,
    )


class _Counts(NamedTuple):
    """The summary of some workspaces, and how many of them could be read, at least in part."""

    summary: Summary = Summary()
    read: int = 0


def _tenant(name: str, counts: _Counts, problems: Sequence[str]) -> TenantStatus:
    return TenantStatus(name=name, status=_status(counts, problems), summary=counts.summary)


def _status(counts: _Counts, problems: Sequence[str]) -> Status:
    summary = counts.summary
    numbers = (summary.critical, summary.unknown, summary.warning, summary.ok)
    there_are: list[Status] = [status for status, number in zip(WORST_FIRST, numbers, strict=True) if number]
    nothing_to_go_by: list[Status] = ["UNKNOWN"] if problems or not counts.read else []
    return worst([*there_are, *nothing_to_go_by])


def _total(several: Collection[_Counts]) -> _Counts:
    total: Counter[str] = Counter()
    for counts in several:
        total.update(msgspec.structs.asdict(counts.summary))
    return _Counts(Summary(**total), sum(counts.read for counts in several))


def _without_doubles(counts: _Counts, number: int) -> _Counts:
    summary = msgspec.structs.replace(counts.summary, clusters=counts.summary.clusters - number)
    return counts._replace(summary=summary)


def _count(workspaces: Iterable[WorkspaceReport]) -> _Counts:
    statuses: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    read = 0
    for workspace in workspaces:
        is_unreadable = has_finding(workspace, "unreadable")
        # A result that is unreadable in part has been judged for the rest of it, and has a history.
        read += workspace.kind == "workspace" and (not is_unreadable or bool(workspace.history))
        statuses[workspace.status] += 1
        counts["cluster_policies"] += workspace.kind == "cluster"
        counts["clusters"] += len(workspace.clusters)
        counts["findings"] += len(workspace.findings)
        counts["muted"] += sum(finding.muted for finding in workspace.findings)
        counts["unreadable"] += is_unreadable and workspace.kind == "workspace"
        counts["unknown_states"] += sum(finding.code == "backup-state-unknown" for finding in workspace.findings)
    summary = Summary(
        workspaces=statuses.total(),
        ok=statuses["OK"],
        warning=statuses["WARNING"],
        critical=statuses["CRITICAL"],
        unknown=statuses["UNKNOWN"],
        **counts,
    )
    return _Counts(summary, read)
