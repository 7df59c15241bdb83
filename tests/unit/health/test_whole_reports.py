"""Everything that a report says of a workspace beside its findings, and the order of these."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest

from backup_reporter.health.context import build_context
from backup_reporter.health.judge import judge, judge_being_deleted
from backup_reporter.health.thresholds import Thresholds
from backup_reporter.health.workspace_report import BackupLocation
from support.builders import (
    NOTHING,
    NOW,
    Json,
    at,
    backup,
    copy,
    decoded,
    judged,
    label,
    listed,
    nightly,
    only,
    ref,
    run,
)


def test_a_report_on_a_workspace_in_full() -> None:
    last = run("11-23 01:00", "PartiallyFailed", eu1="Completed", us2="PartiallyFailed", name="nightly")
    answer = backup(
        run("11-16 01:00", us2="Failed"), last, hours=100.5, backupLocationUid="loc-1", backupLocationName="bucket"
    )
    labels = {"backup-reporter.mute": "2026-12-31"}
    report = judged(answer, listed(labels=labels), Thresholds(history_days=2))

    whole = msgspec.to_builtins(msgspec.structs.replace(report, findings=(), tenant="eu"))
    del whole["findings"]
    assert whole == {
        "tenant": "eu",
        "kind": "workspace",
        "uid": "ws-1",
        "name": "payments",
        "projectUid": "pr-1",
        "projectName": "prod",
        "status": "OK",
        "mutedUntil": "2027-01-01T00:00:00Z",
        "schedule": "0 1 * * *",
        "retentionHours": 100.5,
        "nextRunAt": "2026-11-24T01:00:00Z",
        "survivesFailures": 3,
        "latestRun": {
            "requestUid": "req-11-23 01:00",
            "backupName": "nightly",
            "at": "2026-11-23T01:00:00Z",
            "state": "PartiallyFailed",
        },
        "lastRestore": None,
        "restoresKnown": None,
        "backupLocation": {"uid": "loc-1", "name": "bucket"},
        "clusters": (
            {
                "uid": "eu1",
                "name": "eu-1",
                "newestRestorePointAt": "2026-11-23T01:00:00Z",
                "expiresAt": "2026-11-27T05:30:00Z",
                "restorePoints": 1,
                "newestIncompleteCopyAt": None,
                "restorePointSeries": (
                    {
                        "count": 1,
                        "firstAt": "2026-11-23T01:00:00Z",
                        "lastAt": "2026-11-23T01:00:00Z",
                        "firstExpiresAt": "2026-11-27T05:30:00Z",
                        "lastExpiresAt": "2026-11-27T05:30:00Z",
                    },
                ),
            },
            {
                "uid": "us2",
                "name": "us-2",
                "newestRestorePointAt": None,
                "expiresAt": None,
                "restorePoints": 0,
                "newestIncompleteCopyAt": "2026-11-23T01:00:00Z",
                "restorePointSeries": (),
            },
        ),
        "history": (
            {"date": "2026-11-22", "state": "missed", "backupName": None},
            {"date": "2026-11-23", "state": "partial", "backupName": "nightly"},
        ),
    }


def test_a_report_on_a_workspace_of_which_little_is_known() -> None:
    report = judged(
        backup(run(NOTHING, NOTHING, refs=[ref("eu1", "Failed")]), schedule=None, hours=None),
        listed(["eu1"]),
        Thresholds(history_days=0),
    )

    whole = msgspec.to_builtins(msgspec.structs.replace(report, findings=()))
    del whole["findings"]
    assert whole == {
        "tenant": None,
        "kind": "workspace",
        "uid": "ws-1",
        "name": "payments",
        "projectUid": "pr-1",
        "projectName": "prod",
        "status": "CRITICAL",
        "mutedUntil": None,
        "schedule": None,
        "retentionHours": None,
        "nextRunAt": None,
        "survivesFailures": None,
        "latestRun": {"requestUid": "req-left out", "backupName": None, "at": None, "state": None},
        "lastRestore": None,
        "restoresKnown": None,
        "backupLocation": None,
        "clusters": (
            {
                "uid": "eu1",
                "name": "eu-1",
                "newestRestorePointAt": None,
                "expiresAt": None,
                "restorePoints": 0,
                "newestIncompleteCopyAt": None,
                "restorePointSeries": (),
            },
        ),
        "history": (),
    }


def test_findings_come_worst_first_then_by_code_then_by_the_clusters_names() -> None:
    refs = [ref("b", "Failed"), ref("a", "Failed"), ref("c", "Failed"), ref("e", "PartiallyFailed")]
    workspace = listed(["a", "b", "c", "e"])
    for number, name in enumerate(["zeta", "beta", "alpha", "eta"]):
        workspace["spec"]["clusterRefs"][number]["name"] = name
    for part, name in zip(refs, ["beta", "zeta", "alpha", "eta"], strict=True):
        part["clusterName"] = name
    answer = backup(
        run("11-22 01:00", refs=refs), {"workspaceBackupConfig": 1}, includeAllDisks=False, schedule="every day"
    )

    assert [label(finding) for finding in judged(answer, workspace).findings] == [
        "backup-failed c",
        "backup-failed b",
        "backup-failed a",
        "unreadable",
        "backup-partially-failed e",
        "schedule-unreadable",
        "disks-not-included",
    ]


def test_findings_about_clusters_of_one_name_come_by_their_uids() -> None:
    refs = [{**ref(uid, "Failed"), "clusterName": "eu"} for uid in ("b", "c", "a")]
    workspace = listed(["b", "c", "a"])
    for entry in workspace["spec"]["clusterRefs"]:
        entry["name"] = "eu"

    verdict = judged(backup(run("11-23 01:00", refs=refs)), workspace)
    assert [f"{finding.code} {finding.cluster_uid}" for finding in verdict.findings] == [
        *(f"backup-failed {uid}" for uid in "abc"),
        *(f"never-backed-up {uid}" for uid in "abc"),
    ]


def test_of_two_findings_of_one_code_about_the_workspace_the_one_that_began_first_is_said() -> None:
    answer = backup(
        *nightly(last="11-20"),
        only("us2", "11-21 01:00", "Completed"),
        run("11-21 02:00", "InProgress", refs=[ref("us2", "Completed")]),
        run("11-21 03:00", "InProgress", refs=[ref("eu1", "Completed")]),
        run("11-22 04:00", "InProgress", refs=[ref("eu1", "Completed")]),
    )
    for workspace in (listed(), listed(["us2", "eu1"])):
        (found,) = (finding for finding in judged(answer, workspace).findings if finding.code == "backup-stuck")
        assert found.since == at("11-21 02:00")


def test_of_two_findings_about_the_workspace_that_began_at_once_the_first_clusters_is_said() -> None:
    answer = backup(*nightly(last="11-22"), run("11-23 01:00", "Failed", eu1="Completed", us2="Success"))
    (failed,) = judged(answer).findings
    assert failed.evidence["state"] == "Completed"


@pytest.mark.parametrize("name", ["A1", None])
def test_what_is_said_of_the_workspace_comes_before_what_is_said_of_a_cluster(name: str | None) -> None:
    workspace = listed(["A1", "us2"])
    workspace["spec"]["clusterRefs"][0]["name"] = name
    own = {**ref("A1", "Failed"), "clusterName": name}
    answer = backup(
        run("11-22 01:00", refs=[own, ref("us2", "Completed")]),
        run("11-22 12:00", "Failed", refs=[]),
        run("11-23 01:00", refs=[own]),
        schedule=None,
    )
    labels = [label(finding) for finding in judged(answer, workspace).findings]
    assert labels[:2] == ["backup-failed", "backup-failed A1"]


def test_a_backup_location_may_have_no_name_or_no_uid() -> None:
    for fields, location in (
        ({"backupLocationUid": "loc-1"}, BackupLocation(uid="loc-1", name=None)),
        ({"backupLocationName": "bucket"}, BackupLocation(uid=None, name="bucket")),
        ({}, None),
    ):
        assert judged(backup(*nightly(), **fields)).backup_location == location  # type: ignore[arg-type]


def test_a_workspace_that_is_being_deleted_keeps_its_memory() -> None:
    memory = judge(*decoded(listed(), backup(*nightly())), Thresholds(), NOW).remembered
    gone = judge(*decoded(listed(deleted="11-23 06:00"), backup(*nightly())), Thresholds(), NOW, remembered=memory)

    assert gone.remembered is memory
    assert gone.report == judge_being_deleted(decoded(listed(deleted="11-23 06:00"), {})[0], Thresholds(), NOW)


def test_a_run_that_is_judged_alone_changes_no_memory() -> None:
    memory = judge(*decoded(listed(), backup(*nightly())), Thresholds(), NOW).remembered
    alone = judge(*decoded(listed(), backup(run("11-23 01:00"))), Thresholds(), NOW, remembered=memory, single_run=True)

    assert alone.remembered is memory
    assert (alone.report.schedule, alone.report.next_run_at) == (None, None)


def test_a_single_run_may_have_a_schedule_and_none_of_its_due_times_is_missed() -> None:
    old = judged(backup(run("11-01 01:00")), single_run=True)
    assert [label(finding) for finding in old.findings] == []


def test_a_single_run_that_cannot_be_read_is_unreadable_and_judged_no_further() -> None:
    verdict = judged(backup({"workspaceBackupConfig": 1}), single_run=True)
    assert [label(finding) for finding in verdict.findings] == ["unreadable"]


def test_messages_give_times_on_the_readers_clock() -> None:
    tokyo = Thresholds(time_zone=ZoneInfo("Asia/Tokyo"))
    evening: Json = {"schedule": "0 16 * * *"}
    runs = [run(f"11-{day} 16:00") for day in range(16, 22)]

    (overdue,) = judged(backup(*runs, **evening), thresholds=tokyo).findings
    assert "1 due time, the first on Mon 01:00; the last run was on Sun 2026-11-22." in overdue.message
    awaiting, _ = judged(backup(created="11-22 18:00", **evening), thresholds=tokyo).findings
    assert awaiting.message == (
        "The policy is new (since Mon 2026-11-23): its first backup is due 2026-11-24 01:00 JST."
    )


def test_a_report_that_comes_a_quarter_of_an_hour_early_looks_at_what_is() -> None:
    answer = decoded(listed(), backup(*nightly(), hours=48))
    codes = [
        {finding.code for finding in judge(*answer, Thresholds(), now, asked_at=NOW).report.findings}
        for now in (NOW + timedelta(minutes=15), NOW + timedelta(minutes=15, seconds=1))
    ]
    assert codes == [set(), {"backup-expiring"}]


@pytest.mark.parametrize(
    ("began", "own", "is_since"),
    [
        ("11-23 00:50", "11-23 00:55", True),
        ("11-23 00:50", "11-23 00:58", True),
        ("11-23 00:50", "11-23 00:54:59", False),
        ("11-23 00:55", "11-23 00:40", True),
        ("11-23 00:54:59", "11-23 00:40", False),
        (None, NOTHING, False),
    ],
)
def test_a_copy_is_a_due_times_by_its_own_time_or_by_its_runs(began: str, own: str, is_since: bool) -> None:
    context = build_context(*decoded(listed(), backup(run(began, eu1=copy(at=own)))), Thresholds(), NOW)
    (attempt,) = context.timeline.subjects[0].attempts
    assert context.is_since(attempt, at("11-23 01:00")) is is_since
