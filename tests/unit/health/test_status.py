"""A workspace's status, the report's, and the exit code."""

from __future__ import annotations

import itertools

import msgspec
import pytest

from backup_reporter.health.findings import EXIT_CODES, Finding, Severity, status_of, worst
from backup_reporter.report.build import build_report
from backup_reporter.report.model import Change, Report, Scope
from support.builders import NOW, backup, copy, judged, listed, nightly, run
from support.report_builders import compared

BROKEN = {"workspaceBackupConfig": {"requestTime": 5}}
FAILED = backup(*nightly(last="11-22"), run("11-23 01:00", eu1="Failed"))


def test_critical_is_over_unknown_is_over_warning_is_over_ok() -> None:
    order: tuple[Severity, ...] = ("critical", "unknown", "warning", "info")
    expected = ("CRITICAL", "UNKNOWN", "WARNING", "OK")
    for many in range(1, 5):
        for severities in itertools.permutations(order, many):
            findings = [Finding(code="x", severity=severity, message="") for severity in severities]
            assert status_of(findings) == expected[min(map(order.index, severities))]
    assert status_of([]) == "OK"
    assert worst([]) == "OK"


def test_exit_codes() -> None:
    assert EXIT_CODES == {"OK": 0, "WARNING": 1, "CRITICAL": 2, "UNKNOWN": 3}


def report(*answers: object, problems: tuple[str, ...] = ()) -> Report:
    verdicts = [judged(answer) for answer in answers]
    return build_report(verdicts, report_id="r", as_of=NOW, generated_at=NOW, scope=Scope(), problems=problems)


GOOD = backup(*nightly())
WARNING = backup(*nightly(last="11-22"), run("11-23 01:00", eu1="PartiallyFailed"))
UNKNOWN = backup(BROKEN, *nightly())


@pytest.mark.parametrize(
    ("answers", "status"),
    [
        ([GOOD], "OK"),
        ([GOOD, GOOD], "OK"),
        ([GOOD, WARNING], "WARNING"),
        ([WARNING, UNKNOWN, GOOD], "UNKNOWN"),
        ([UNKNOWN, FAILED, WARNING], "CRITICAL"),
        ([], "UNKNOWN"),
    ],
)
def test_the_reports_status_is_the_worst_workspaces_and_unknown_over_none(answers: list[object], status: str) -> None:
    assert report(*answers).status == status


def test_a_report_whose_discovery_failed_is_never_ok() -> None:
    assert report(GOOD, problems=("a project could not be listed",)).status == "UNKNOWN"
    assert report(problems=("no answer",)).status == "UNKNOWN"
    assert report(FAILED, problems=("a project could not be listed",)).status == "CRITICAL"


def test_the_trust_line_counts_what_was_looked_at() -> None:
    summary = report(GOOD, UNKNOWN, backup(*nightly(last="11-22"), run("11-23 01:00", "Sleeping"))).summary

    assert (summary.workspaces, summary.clusters, summary.unreadable, summary.unknown_states) == (3, 6, 1, 2)
    assert (summary.ok, summary.warning, summary.critical, summary.unknown) == (1, 1, 0, 1)


def test_the_same_workspace_cluster_and_code_are_the_same_finding() -> None:
    """Backup names, messages and ``since`` may differ from one day to the next."""
    first = report(backup(*nightly(last="11-21"), run("11-22 01:00", eu1="Failed", us2="Failed", name="b-22")))
    second = report(
        backup(
            *nightly(last="11-21"), run("11-23 01:00", "PartiallyFailed", eu1=copy("Failed", msg="full", name="b-23"))
        )
    )

    comparison = compared(first, None, "this is the first report")
    news = comparison.changes
    changes = compared(msgspec.structs.replace(second, report_id="r-2"), comparison.baseline, "").changes

    assert keys(news.new) == {("backup-failed", "eu1"), ("backup-failed", "us2"), ("backup-overdue", None)}
    assert keys(changes.ongoing) == {("backup-failed", "eu1")}
    assert keys(changes.new) == {("backup-partially-failed", "us2")}
    assert keys(changes.resolved) == {("backup-failed", "us2"), ("backup-overdue", None)}


def keys(changes: tuple[Change, ...]) -> set[tuple[str, str | None]]:
    return {(change.code, change.cluster_uid) for change in changes}


def test_the_worst_findings_come_first_then_codes_and_clusters_in_order_of_their_names() -> None:
    answer = backup(
        BROKEN,
        run("11-22 01:00", eu1="PartiallyFailed", us2="PartiallyFailed", ap3="Failed", zz9="Failed"),
        includeAllDisks=False,
        hours=2,
    )
    verdict = judged(answer, listed(["zz9", "us2", "eu1", "ap3"]))

    assert [(finding.severity, finding.code, finding.cluster_uid) for finding in verdict.findings] == [
        ("critical", "backup-failed", "ap3"),
        ("critical", "backup-failed", "zz9"),
        ("unknown", "unreadable", None),
        ("warning", "backup-partially-failed", "eu1"),
        ("warning", "backup-partially-failed", "us2"),
        ("warning", "retention-gap", None),
        ("info", "disks-not-included", None),
    ]
