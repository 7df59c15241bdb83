"""What could not be understood: entries of the history, and whole answers."""

from __future__ import annotations

import msgspec
import pytest

from backup_reporter.errors import UndecodableError
from backup_reporter.health.model import BackupResult
from backup_reporter.palette.results import decode_backup_result
from support.builders import DAILY, Row, backup, both, check, listed, nightly, row, run

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
        "Where unreadable is muted, nothing else is left unsaid: the muting hides one finding, and no other",
        backup(BROKEN, *nightly("11-10", "11-11", hours=48)),
        "unreadable muted",
        "backup-overdue",
        *both("backup-expired"),
        workspace=listed(
            labels={"backup-reporter.mute": "2026-12-31", "backup-reporter.mute-codes": "unreadable"},
        ),
        status="CRITICAL",
    ),
    row(
        "A mute does not cover unreadable unless its codes name it",
        backup(BROKEN, *nightly()),
        "unreadable",
        workspace=listed(labels={"backup-reporter.mute": "2026-12-31"}),
        status="UNKNOWN",
    ),
    row(
        "A mute whose codes name unreadable covers it",
        backup(BROKEN, *nightly()),
        "unreadable muted",
        workspace=listed(labels={"backup-reporter.mute": "2026-12-31", "backup-reporter.mute-codes": "unreadable"}),
        status="OK",
    ),
]


@pytest.mark.parametrize("case", UNREADABLE)
def test_unreadable(case: Row) -> None:
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


def test_an_empty_result_has_a_policy_of_nothing() -> None:
    assert decode_backup_result(b'{"metadata": {}}') == BackupResult()
