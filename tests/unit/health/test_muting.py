"""What counts toward a status, what is muted, and what could not be looked at."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from backup_reporter.health.catalog import CODES
from backup_reporter.health.judge import judge_being_deleted, judge_not_protected, judge_unreadable
from backup_reporter.health.mute import mute_labels
from backup_reporter.health.thresholds import Thresholds
from support.builders import NOW, SEVERITIES, Row, backup, check, decoded, judged, label, listed, nightly, row, run

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
            ("backup-failed.", ("backup-failed eu1 muted", "backup-overdue"), "CRITICAL"),
            ("Backup-Failed,,backup-overdue", ("backup-failed eu1 muted", "backup-overdue muted"), "OK"),
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


FAR_AHEAD = [
    row(
        "A mute may lie 366 days ahead",
        FAILED,
        "backup-failed eu1 muted",
        workspace=listed(labels=mute("2027-11-24")),
    ),
    row(
        "A mute may lie 366 days ahead, whatever the hour",
        FAILED_AND_OVERDUE,
        "backup-failed eu1 muted",
        workspace=listed(labels=mute("2027-11-24")),
        now="11-23 00:00",
        also=lambda verdict: verdict.muted_until == datetime(2027, 11, 25, tzinfo=UTC),
    ),
    row(
        "A mute that lies further ahead is mute-unreadable, and mutes nothing",
        FAILED,
        "backup-failed eu1",
        "mute-unreadable",
        workspace=listed(labels=mute("2027-11-25")),
        says={"mute-unreadable": ["366 days ahead at most"]},
    ),
]


@pytest.mark.parametrize("case", MUTING + FAR_AHEAD)
def test_muting(case: Row) -> None:
    check(case)


def test_what_could_not_be_had_is_unknown() -> None:
    workspace, _ = decoded(listed(), {})
    verdict = judge_unreadable(workspace, "Palette did not answer", Thresholds(), NOW, status=503)

    assert [label(finding) for finding in verdict.findings] == ["unreadable"]
    assert verdict.status == "UNKNOWN"
    assert "Palette did not answer" in verdict.findings[0].message
    assert verdict.findings[0].evidence == {"status": 503}


def test_a_mute_covers_what_is_unknown_only_if_its_codes_name_it() -> None:
    statuses = []
    for codes in (None, "backup-failed", "unreadable"):
        workspace, _ = decoded(listed(labels=mute("2026-12-31", codes)), {"metadata": {}})
        statuses.append(judge_unreadable(workspace, "Palette did not answer", Thresholds(), NOW).status)

    assert statuses == ["UNKNOWN", "UNKNOWN", "OK"]


def test_what_palette_does_not_know_is_not_protected() -> None:
    workspace, _ = decoded(listed(), {})
    verdict = judge_not_protected(workspace, "Palette answers BackupNotConfigured", Thresholds(), NOW, status=404)

    assert [label(finding) for finding in verdict.findings] == ["not-protected"]
    assert (verdict.status, verdict.findings[0].evidence) == ("WARNING", {"status": 404})


def test_a_mute_that_cannot_be_read_is_said_of_every_workspace() -> None:
    workspace, _ = decoded(listed(labels=mute("soon"), deleted="11-23 06:00"), {})
    verdicts = [
        judge_unreadable(workspace, "no answer", Thresholds(), NOW),
        judge_not_protected(workspace, "404", Thresholds(), NOW),
    ]
    for verdict in verdicts:
        assert "mute-unreadable" in {finding.code for finding in verdict.findings}
    assert judge_being_deleted(workspace, Thresholds(), NOW).status == "OK"


@pytest.mark.parametrize("labels", [{}, mute("2026-12-31"), mute("2026-12-31", "backup-failed")])
def test_the_labels_that_mute_are_told_from_the_others(labels: dict[str, str]) -> None:
    assert mute_labels({"team": "payments", **labels}) == labels


def test_every_code_has_the_severity_of_the_rule_book() -> None:
    assert {name: code.severity for name, code in CODES.items()} == SEVERITIES


@pytest.mark.parametrize("code", SEVERITIES)
def test_every_code_can_be_muted_by_name(code: str) -> None:
    verdict = judged(FAILED, listed(labels=mute("2026-12-31", code)))
    assert [label(finding) for finding in verdict.findings] == [
        "backup-failed eu1 muted" if code == "backup-failed" else "backup-failed eu1"
    ]
