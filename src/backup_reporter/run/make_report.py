"""The report of all workspaces, as the plan and the checks give it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from backup_reporter.health.findings import Severity
from backup_reporter.report.build import build_report
from backup_reporter.report.coverage import CoverageCounter, Expected
from backup_reporter.report.model import Report, with_notes
from backup_reporter.report.packed import PackedReports
from backup_reporter.run.plan import (
    Plan,
)


def make_report(plan: Plan, workspace_reports: PackedReports, generated_at: datetime) -> Report:
    """Makes the report of all workspaces, and of the clusters with a policy of their own."""
    looks_at_clusters = plan.include_clusters != "no"
    counter = CoverageCounter(_expected_clusters(plan) if looks_at_clusters else {})
    kept = PackedReports(counter.keep(workspace_reports)) if looks_at_clusters else workspace_reports
    severity: Severity = "warning" if plan.include_clusters == "warn" else "info"
    report = build_report(
        kept,
        report_id=plan.report_id,
        as_of=plan.as_of,
        generated_at=generated_at,
        scope=plan.scope,
        problems=[
            *plan.problems,
            *(problem for tenant in plan.tenants if tenant.name is None for problem in tenant.all_problems),
        ],
        tenants={tenant.name: tenant.all_problems for tenant in plan.tenants if tenant.name is not None},
        findings=counter.findings(severity),
        coverage=counter.coverage(),
        in_both=counter.in_both(),
        what_if=plan.request.as_of is not None,
    )
    report = msgspec.structs.replace(report, evidence=plan.evidence)
    return with_notes(
        report, *filter(None, [plan.request.note, plan.evidence_problem]), *_notes(plan), *counter.notes()
    )


def _expected_clusters(plan: Plan) -> dict[str | None, Expected]:
    return {
        tenant.name: Expected(
            listed_by=tenant.clusters.listed_by,
            imported_uids=tenant.clusters.imported_uids,
            set_apart=tenant.clusters.set_apart,
            is_whole=tenant.clusters.is_whole,
            recalled_uids=tenant.clusters.recalled_uids,
            are_locations_known=tenant.clusters.are_locations_known,
            are_workspaces_known=not tenant.problems,
        )
        for tenant in plan.tenants
        if tenant.clusters is not None
    }


def _notes(plan: Plan) -> Iterator[str]:
    for tenant in plan.tenants:
        yield from (f"Tenant {tenant.name}: {note}" if tenant.name else note for note in tenant.notes)
