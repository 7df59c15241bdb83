"""Reports for tests: small by default, as large as a test likes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from backup_reporter.health.catalog import CODES
from backup_reporter.health.findings import Finding, Severity, status_of
from backup_reporter.health.judge import Judgment
from backup_reporter.health.remembered import RememberedWorkspace
from backup_reporter.health.workspace_report import ClusterReport, Day, RestorePointSeries, WorkspaceReport
from backup_reporter.report.baseline import Baseline
from backup_reporter.report.build import build_report
from backup_reporter.report.changes import Comparison, compare
from backup_reporter.report.model import Change, Changes, Report, Scope
from backup_reporter.report.workspace_memory import MemoryWriter

NOW = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
REPORT_ID = "20261124T070000Z-1a2b3c4d"


def days(number: float) -> timedelta:
    return timedelta(days=number)


def a_finding(code: str = "backup-failed", message: str = "The last 2 backups failed.", **more: Any) -> Finding:
    about_a_cluster = CODES[code].about == "cluster"
    default: dict[str, Any] = {"cluster_uid": "c-1", "cluster_name": "eu-1"} if about_a_cluster else {}
    return Finding(code=code, severity=CODES[code].severity, message=message, **{**default, **more})


def a_cluster(name: str = "eu-1", **more: Any) -> ClusterReport:
    default: dict[str, Any] = {
        "uid": f"uid of {name}",
        "newest_restore_point_at": NOW - days(2),
        "expires_at": NOW + days(20),
        "restore_points": 3,
    }
    return ClusterReport(name=name, **{**default, **more})


def a_workspace(name: str = "payments", *findings: Finding, **more: Any) -> WorkspaceReport:
    default: dict[str, Any] = {"uid": f"uid of {name}", "project_uid": "p-1", "project_name": "prod"}
    return WorkspaceReport(name=name, status=status_of(findings), findings=findings, **{**default, **more})


def a_history(state: str = "succeeded", number: int = 30) -> tuple[Day, ...]:
    dates = [(NOW - days(back)).date() for back in reversed(range(number))]
    return msgspec.convert(
        [{"date": str(date), "state": state, "backupName": f"nightly-{date}"} for date in dates], tuple[Day, ...]
    )


def a_full_workspace(name: str, *findings: Finding, clusters: int = 3) -> WorkspaceReport:
    """As a month of nightly backups leaves it."""
    rotation = RestorePointSeries(
        count=30,
        first_at=NOW - days(29),
        last_at=NOW,
        first_expires_at=NOW + days(1),
        last_expires_at=NOW + days(30),
    )
    return a_workspace(
        name,
        *findings,
        clusters=tuple(
            a_cluster(f"cluster-{number}", restore_points=30, restore_point_series=(rotation,))
            for number in range(clusters)
        ),
        history=a_history(),
        schedule="0 1 * * *",
        retention_hours=720.0,
        next_run_at=NOW + days(0.7),
        survives_failures=29,
    )


def a_report(*workspaces: WorkspaceReport, as_of: datetime = NOW, **more: Any) -> Report:
    default: dict[str, Any] = {"report_id": REPORT_ID, "generated_at": as_of, "scope": Scope()}
    return build_report(workspaces, as_of=as_of, **{**default, **more})


def a_green_report(number: int = 14) -> Report:
    return a_report(*(a_workspace(f"shop-{index}", clusters=(a_cluster(),)) for index in range(number)))


def a_failing_fleet(messages: Sequence[str], number: int) -> Report:
    """``number`` failing workspaces; each says one of ``messages``, in turn."""
    return a_report(
        *(
            a_workspace(
                f"shop-{index}",
                a_finding(message=messages[index % len(messages)], since=NOW - days(index % 30)),
                clusters=(a_cluster(),),
            )
            for index in range(number)
        )
    )


def a_memory(report: Report) -> bytes:
    """What a report remembers of its workspaces, packed."""
    writer = MemoryWriter()
    for workspace in report.workspaces:
        remembered = RememberedWorkspace(seen_at=report.as_of, schedule=workspace.schedule)
        writer.add_judged(Judgment(workspace, remembered))
    return writer.packed()


def compared(report: Report, baseline: Baseline | None = None, why_no_baseline: str = "") -> Comparison:
    """A report compared with the last one."""
    return compare(report, a_memory(report), baseline, why_no_baseline)


def everything_fails(number: int = 200) -> Report:
    """A fleet in which every workspace fails, each in several ways and with a message of its own, and much is new."""
    codes = [code for code in CODES if CODES[code].severity != "info" and code not in ("being-deleted", "unreadable")]
    bare = a_cluster("us-2", restore_points=0, newest_restore_point_at=None, expires_at=None)
    words = "rpc error: code = Unknown desc = operation error S3: PutObject, https response error"
    workspaces = [
        a_workspace(
            f"a-workspace-with-a-long-name-{index}",
            *(
                a_finding(
                    code, message=f"{'x' * (index % 50)} {words}. The last good one was on Sun.", since=NOW - days(3)
                )
                for code in codes
            ),
            clusters=(a_cluster(expires_at=NOW + days(1 + index % 20)), bare),
            project_name=f"project-{index % 7}",
        )
        for index in range(number)
    ]
    unreadable = (a_workspace(f"gitops-{index}", a_finding("unreadable", message=words)) for index in range(9))
    report = a_report(
        *workspaces, *unreadable, problems=[f"Project number {index} cannot be listed: HTTP 403." for index in range(9)]
    )
    changes = Changes(
        new=tuple(_change(workspace, "critical") for workspace in workspaces),
        resolved=(_change(workspaces[0], "warning"),),
    )
    return msgspec.structs.replace(
        report, changes=changes, report_url=f"https://bucket.s3.eu-central-1.amazonaws.com/x?{'a' * 1500}"
    )


def _change(workspace: WorkspaceReport, severity: Severity) -> Change:
    return Change(
        project_name=workspace.project_name,
        workspace_uid=workspace.uid,
        workspace_name=workspace.name,
        cluster_uid=None,
        cluster_name="eu-1",
        code="backup-failed",
        severity=severity,
        message="",
        since=NOW,
    )
