"""What counts toward a status, what is muted, and what could not be looked at."""

from __future__ import annotations

import itertools

import msgspec
import pytest
from builders import DAILY, NOW, SEVERITIES, Row, at, backup, check, decoded, judged, label, listed, nightly, row, run

from backup_reporter.errors import UndecodableError
from backup_reporter.health.catalog import CODES
from backup_reporter.health.findings import EXIT_CODES, Finding, Severity, status_of, worst
from backup_reporter.health.judge import judge_being_deleted, judge_not_protected, judge_unreadable
from backup_reporter.health.model import BackupResult
from backup_reporter.palette.wire import decode_backup_result
from backup_reporter.report.build import build_report
from backup_reporter.report.model import Report, Scope
from backup_reporter.settings import Rules

FAILED = backup(*nightly(last="11-22"), run("11-23 01:00", eu1="Failed"))
FAILED_AND_OVERDUE = backup(*nightly(last="11-21"), run("11-22 01:00", eu1="Failed"))


def mute(until: str, codes: str | None = None) -> dict[str, str]:
    return {"backup-reporter.mute": until} | ({"backup-reporter.mute-codes": codes} if codes is not None else {})


MUTING = [
    row(
        "A muted finding stays in the report, marked, and counts toward no status",
        FAILED,
        "backup-failed eu1 muted",
        workspace=listed(labels=mute("2026-12-31")),
        status="OK",
    ),
    row(
        "An annotation mutes as well",
        FAILED,
        "backup-failed eu1 muted",
        workspace=listed(annotations=mute("2026-12-31")),
    ),
    row(
        "A label wins over the annotation of the same key",
        FAILED,
        "backup-failed eu1",
        workspace=listed(labels=mute("2026-11-01"), annotations=mute("2026-12-31")),
    ),
    row(
        "A label and an annotation complete each other",
        FAILED_AND_OVERDUE,
        "backup-failed eu1 muted",
        "backup-overdue",
        workspace=listed(labels=mute("2026-12-31"), annotations={"backup-reporter.mute-codes": "backup-failed"}),
    ),
    row(
        "A mute lasts until the end of its day",
        FAILED,
        "backup-failed eu1 muted",
        workspace=listed(labels=mute("2026-11-23")),
        now="11-23 23:59:59",
    ),
    row(
        "A mute is over when its day is over, UTC",
        FAILED,
        "backup-failed eu1",
        workspace=listed(labels=mute("2026-11-23")),
        now="11-24 00:00",
        status="CRITICAL",
    ),
    row(
        "A mute of the past mutes nothing, and is understood",
        FAILED,
        "backup-failed eu1",
        workspace=listed(labels=mute("2025-01-31")),
    ),
    *(
        row(
            f"mute-codes narrows: {codes}",
            FAILED_AND_OVERDUE,
            *expected,
            workspace=listed(labels=mute("2026-12-31", codes)),
            status=status,
        )
        for codes, expected, status in (
            ("backup-failed", ("backup-failed eu1 muted", "backup-overdue"), "CRITICAL"),
            ("backup-failed.backup-overdue", ("backup-failed eu1 muted", "backup-overdue muted"), "OK"),
            ("backup-failed,backup-overdue", ("backup-failed eu1 muted", "backup-overdue muted"), "OK"),
            ("backup-overdue, backup-stuck", ("backup-failed eu1", "backup-overdue muted"), "CRITICAL"),
            ("retention-gap", ("backup-failed eu1", "backup-overdue"), "CRITICAL"),
        )
    ),
    *(
        row(
            f"A mute label that is no date mutes nothing, and is said: {until!r}",
            FAILED,
            "backup-failed eu1",
            "mute-unreadable",
            workspace=listed(labels=mute(until)),
            says={"mute-unreadable": [until]},
            status="CRITICAL",
        )
        for until in (
            "soon",
            "2026-13-01",
            "2026-02-30",
            "31.12.2026",
            "true",
            "2026-12-31T00.00",
            "20261231",
            "2026-W50-1",
        )
    ),
    row(
        "An empty mute label is no date",
        FAILED,
        "backup-failed eu1",
        "mute-unreadable",
        workspace=listed(labels=mute("")),
    ),
    *(
        row(
            f"mute-codes that names no known code mutes nothing, and is said: {codes!r}",
            FAILED,
            "backup-failed eu1",
            "mute-unreadable",
            workspace=listed(labels=mute("2026-12-31", codes)),
        )
        for codes in ("backup-fialed", "backup-failed.nonsense", "", ".", "backup-failed backup-overdue")
    ),
    row(
        "mute-codes alone mutes nothing: there is no mute without an end",
        FAILED,
        "backup-failed eu1",
        "mute-unreadable",
        workspace=listed(labels={"backup-reporter.mute-codes": "backup-failed"}),
    ),
    row(
        "Other labels mean nothing",
        FAILED,
        "backup-failed eu1",
        workspace=listed(labels={"mute": "2026-12-31", "backup-reporter": "2026-12-31"}, annotations={}),
    ),
    row(
        "A mute silences what the workspace as a whole is told, too",
        backup(schedule=None),
        "not-protected muted",
        workspace=listed(labels=mute("2026-12-31")),
        status="OK",
    ),
    row(
        "Info does not count",
        backup(*nightly(), includeAllDisks=False),
        "disks-not-included",
        status="OK",
    ),
    row(
        "A workspace's status is its worst finding",
        backup(*nightly(last="11-22"), run("11-23 01:00", eu1="Failed", us2="PartiallyFailed"), includeAllDisks=False),
        "backup-failed eu1",
        "backup-partially-failed us2",
        "disks-not-included",
        status="CRITICAL",
    ),
    row(
        "A muted finding leaves the status to the others",
        backup(*nightly(last="11-22"), run("11-23 01:00", eu1="Failed", us2="PartiallyFailed")),
        "backup-failed eu1 muted",
        "backup-partially-failed us2",
        workspace=listed(labels=mute("2026-12-31", "backup-failed")),
        status="WARNING",
    ),
]

BROKEN = {"workspaceBackupConfig": {"requestTime": 5}}

UNREADABLE = [
    row(
        "An entry of the history that cannot be understood is unreadable, with its path",
        backup(*nightly("11-21", "11-22"), BROKEN, run("11-23 01:00")),
        "unreadable",
        says={"unreadable": ["workspaceBackupStatuses[2].workspaceBackupConfig.requestTime"]},
        status="UNKNOWN",
    ),
    row(
        "A time that is none makes an entry unreadable",
        backup(run("yesterday"), run("11-23 01:00")),
        "unreadable",
        says={"unreadable": ["yesterday", "requestTime"]},
    ),
    row(
        "Several unreadable entries are one finding, which counts them",
        backup(BROKEN, BROKEN, *nightly()),
        "unreadable",
        says={"unreadable": ["2 entries"]},
    ),
    row(
        "What the readable entries say is said",
        backup(BROKEN, *nightly(last="11-22"), run("11-23 01:00", eu1="Failed")),
        "unreadable",
        "backup-failed eu1",
        status="CRITICAL",
    ),
    row(
        "An unreadable entry may be the missing run: nothing is concluded from what is not there",
        backup(BROKEN, run("11-01 01:00", us2="PartiallyFailed"), hours=24),
        "unreadable",
        "backup-partially-failed us2",
        status="UNKNOWN",
    ),
    row(
        "A history of unreadable entries alone is not an unprotected workspace",
        backup("nonsense", schedule=None),
        "unreadable",
        "not-scheduled",
        status="UNKNOWN",
    ),
    row(
        "An unreadable workspace can be muted too",
        backup(BROKEN, *nightly()),
        "unreadable muted",
        workspace=listed(labels=mute("2026-12-31", "unreadable")),
        status="OK",
    ),
]


@pytest.mark.parametrize("case", MUTING + UNREADABLE)
def test_muting_and_status(case: Row) -> None:
    check(case)


@pytest.mark.parametrize(
    ("answer", "path"),
    [
        ([], "$"),
        ("text", "$"),
        ({"metadata": 1}, "$.metadata"),
        ({"metadata": {"creationTimestamp": "whenever"}}, "$.metadata.creationTimestamp"),
        ({"spec": {"config": {"clusterUids": "eu1"}}}, "$.spec.config.clusterUids"),
        (
            {"spec": {"config": {"backupConfig": {"durationInHours": "720"}}}},
            "$.spec.config.backupConfig.durationInHours",
        ),
        ({"spec": {"config": {"backupConfig": {"schedule": DAILY}}}}, "$.spec.config.backupConfig.schedule"),
        ({"status": {"workspaceBackupStatuses": {}}}, "$.status.workspaceBackupStatuses"),
    ],
)
def test_a_wrong_type_outside_the_history_is_an_error_with_its_path(answer: object, path: str) -> None:
    with pytest.raises(UndecodableError) as caught:
        decode_backup_result(msgspec.json.encode(answer))
    assert f"`{path}`" in str(caught.value)


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b'{"metadata": \xff}', b"[" * 100_000])
def test_what_is_not_json_is_an_error(body: bytes) -> None:
    with pytest.raises(UndecodableError):
        decode_backup_result(body)


def test_what_could_not_be_had_is_unknown() -> None:
    workspace, _ = decoded(listed(), {})
    verdict = judge_unreadable(workspace, "Palette did not answer", Rules(), NOW, status=503)

    assert [label(finding) for finding in verdict.findings] == ["unreadable"]
    assert verdict.status == "UNKNOWN"
    assert "Palette did not answer" in verdict.findings[0].message
    assert verdict.findings[0].evidence == {"status": 503}


def test_what_palette_does_not_know_is_not_protected() -> None:
    workspace, _ = decoded(listed(), {})
    verdict = judge_not_protected(workspace, "Palette answers BackupNotConfigured", Rules(), NOW, status=404)

    assert [label(finding) for finding in verdict.findings] == ["not-protected"]
    assert (verdict.status, verdict.findings[0].evidence) == ("WARNING", {"status": 404})


def test_a_mute_that_cannot_be_read_is_said_of_every_workspace() -> None:
    workspace, _ = decoded(listed(labels=mute("soon"), deleted="11-23 06:00"), {})
    verdicts = [
        judge_unreadable(workspace, "no answer", Rules(), NOW),
        judge_not_protected(workspace, "404", Rules(), NOW),
    ]
    for verdict in verdicts:
        assert "mute-unreadable" in {finding.code for finding in verdict.findings}
    assert judge_being_deleted(workspace, Rules(), NOW).status == "OK"


def test_every_code_has_the_severity_of_the_rule_book() -> None:
    assert {name: code.severity for name, code in CODES.items()} == SEVERITIES


@pytest.mark.parametrize("code", SEVERITIES)
def test_every_code_can_be_muted_by_name(code: str) -> None:
    verdict = judged(FAILED, listed(labels=mute("2026-12-31", code)))
    assert [label(finding) for finding in verdict.findings] == [
        "backup-failed eu1 muted" if code == "backup-failed" else "backup-failed eu1"
    ]


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


def test_the_finding_is_the_same_while_workspace_cluster_and_code_are_the_same() -> None:
    """The message, the evidence and ``since`` may differ from one day to the next."""
    days = [
        judged(backup(*nightly(last="11-19"), *nightly("11-20", f"11-{day}", eu1="Failed")), now=at(f"11-{day} 07:00"))
        for day in (22, 23)
    ]
    (before,), (after,) = (verdict.findings for verdict in days)

    assert (before.code, before.cluster_uid, before.since) == (after.code, after.cluster_uid, after.since)
    assert before.message != after.message


def test_an_empty_result_is_what_null_decodes_to() -> None:
    assert decode_backup_result(b"null") == BackupResult()
