"""What became of the last backups: failed, partial, stuck, and their deletion."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backup_reporter.health.thresholds import Thresholds
from support.builders import Row, at, backup, both, check, copy, nightly, only, row, run

FAILED = [
    row(
        "backup-failed: the latest finished backup failed",
        backup(*nightly(last="11-22"), run("11-23 01:00", eu1=copy("Failed", msg="cannot reach bucket", name="b-9"))),
        "backup-failed eu1",
        says={"backup-failed eu1": ["last backup failed", "cannot reach bucket", "2026-11-22"]},
        since={"backup-failed eu1": "11-23 01:00"},
        evidence={
            "backup-failed eu1": {
                "backupName": "b-9",
                "state": "Failed",
                "palette": "cannot reach bucket",
                "at": "2026-11-23T01:00:00Z",
            }
        },
        status="CRITICAL",
    ),
    row(
        "Not backup-failed: an older one failed, the latest succeeded",
        backup(*nightly("11-16", "11-22", "Failed"), run("11-23 01:00")),
    ),
    row(
        "The message counts the unbroken row of failures and says when the last good one was",
        backup(*nightly(last="11-19"), *nightly("11-20", eu1="Failed")),
        "backup-failed eu1",
        says={"backup-failed eu1": ["last 4 backups failed", "2026-11-19"]},
        since={"backup-failed eu1": "11-20 01:00"},
        evidence={"backup-failed eu1": {"count": 4, "lastGoodAt": "2026-11-19T01:00:00Z"}},
    ),
    row(
        "Each cluster's row is its own",
        backup(*nightly(last="11-19"), run("11-20 01:00", us2="Failed"), *nightly("11-21", state="Failed")),
        *both("backup-failed"),
        since={"backup-failed eu1": "11-21 01:00", "backup-failed us2": "11-20 01:00"},
    ),
    row(
        "A partial backup breaks the row of failures",
        backup(
            *nightly(last="11-20"),
            *nightly("11-21", "11-21", "Failed"),
            *nightly("11-22", "11-22", "PartiallyFailed"),
            *nightly("11-23", state="Failed"),
        ),
        *both("backup-failed"),
        since={"backup-failed eu1": "11-23 01:00"},
        says={"backup-failed eu1": ["2026-11-20"]},
    ),
    row(
        "What has not finished does not break the row of failures",
        backup(
            *nightly(last="11-20"),
            *nightly("11-21", "11-21", "Failed"),
            *nightly("11-22", "11-22", "InProgress"),
            *nightly("11-23", state="Failed"),
        ),
        *both("backup-failed"),
        since={"backup-failed eu1": "11-21 01:00"},
        evidence={"backup-failed eu1": {"count": 2}},
    ),
    row(
        "Where no good one is known, the message says so",
        backup(*nightly(state="Failed")),
        *both("backup-failed"),
        *both("never-backed-up"),
        says={"backup-failed eu1": ["last 8 backups failed", "No good one"]},
        since={"backup-failed eu1": "11-16 01:00"},
    ),
    row(
        "Each way to fail is in one row with the others",
        backup(
            *nightly(last="11-20"),
            run("11-21 01:00", "Error"),
            run("11-22 01:00", "FailedValidation"),
            run("11-23 01:00", "Failed"),
        ),
        *both("backup-failed"),
        evidence={"backup-failed eu1": {"count": 3}},
    ),
    row(
        "A failure that is being deleted has failed all the same",
        backup(*nightly(last="11-22"), run("11-23 01:00", eu1=copy("Failed", deleted="Deleted"))),
        "backup-failed eu1",
    ),
]

PARTIAL = [
    row(
        "backup-partially-failed: the latest finished backup is partial",
        backup(*nightly(last="11-21"), *nightly("11-22", eu1=copy("PartiallyFailed", msg="2 volumes skipped"))),
        "backup-partially-failed eu1",
        says={"backup-partially-failed eu1": ["last 2 backups are incomplete", "2 volumes skipped", "2026-11-21"]},
        since={"backup-partially-failed eu1": "11-22 01:00"},
        status="WARNING",
    ),
    row(
        "Not backup-partially-failed: the latest succeeded",
        backup(*nightly(last="11-22", state="PartiallyFailed"), run("11-23 01:00")),
    ),
    row(
        "A failure after a partial one is a failure alone",
        backup(*nightly(last="11-21"), run("11-22 01:00", "PartiallyFailed"), run("11-23 01:00", "Failed")),
        *both("backup-failed"),
        since={"backup-failed eu1": "11-23 01:00"},
    ),
    row(
        "A partially failing backup is said to be partial while it still runs",
        backup(*nightly(last="11-22"), run("11-23 06:00", "InProgress", eu1="FinalizingPartiallyFailed")),
        "backup-partially-failed eu1",
        says={"backup-partially-failed eu1": ["running", "2026-11-22"]},
        since={"backup-partially-failed eu1": "11-23 06:00"},
    ),
    row(
        "A partially failing backup hides no failure before it",
        backup(
            *nightly(last="11-21"),
            run("11-22 01:00", eu1="Failed"),
            run("11-23 01:00", eu1="FinalizingPartiallyFailed"),
        ),
        "backup-failed eu1",
        "backup-partially-failed eu1",
    ),
    row(
        "A partially failing backup that was overtaken by a good one is past",
        backup(*nightly(last="11-21"), run("11-22 01:00", eu1="FinalizingPartiallyFailed"), run("11-23 01:00")),
    ),
    row(
        "A partial backup is no restore point",
        backup(*nightly(state="PartiallyFailed")),
        *both("backup-partially-failed"),
        *both("only-incomplete-copies"),
        says={"only-incomplete-copies eu1": ["The newest is of Mon 2026-11-23 and expires on Wed 2026-12-23"]},
        status="CRITICAL",
        also=lambda verdict: verdict.clusters[0].newest_incomplete_copy_at == at("11-23 01:00"),
    ),
]

STUCK = [
    row(
        "backup-stuck: the latest run has been running for more than the limit",
        backup(*nightly(last="11-22"), run("11-23 00:58", eu1="InProgress", us2="Completed")),
        "backup-stuck eu1",
        says={"backup-stuck eu1": ["6 hours"]},
        since={"backup-stuck eu1": "11-23 00:58"},
        evidence={"backup-stuck eu1": {"state": "InProgress"}},
        status="WARNING",
    ),
    row(
        "Not backup-stuck: exactly as long as the limit",
        backup(*nightly(last="11-22"), run("11-23 01:00", "InProgress")),
    ),
    row(
        "A second more is more than the limit",
        backup(*nightly(last="11-22"), run("11-23 01:00", "InProgress")),
        *both("backup-stuck"),
        now="11-23 07:00:01",
    ),
    row(
        "The stuck limit is a setting",
        backup(*nightly(last="11-22"), run("11-23 01:00", "InProgress")),
        *both("backup-stuck"),
        thresholds=Thresholds(stuck_after=timedelta(hours=5)),
    ),
    row(
        "A longer limit waits longer",
        backup(*nightly(last="11-22"), run("11-23 00:58", "InProgress")),
        thresholds=Thresholds(stuck_after=timedelta(hours=12)),
    ),
    row(
        "An older run that never finished is not the latest",
        backup(*nightly(last="11-21"), run("11-22 01:00", "InProgress"), run("11-23 01:00")),
    ),
    row(
        "Somebody's run of one cluster does not hide that another one is stuck",
        backup(*nightly(last="11-22"), run("11-23 00:58", "InProgress"), only("eu1", "11-23 05:00")),
        "backup-stuck us2",
    ),
    row(
        "A running run without any time may have been running for ever",
        backup(run(state="InProgress"), created="11-23 02:00"),
        *both("backup-stuck"),
        *both("never-backed-up"),
    ),
    row(
        "A partially failing backup can be stuck as well",
        backup(*nightly(last="11-22"), run("11-23 00:58", eu1="FinalizingPartiallyFailed")),
        "backup-partially-failed eu1",
        "backup-stuck eu1",
    ),
]

DELETIONS = [
    row(
        "delete-failed: a deletion failed",
        backup(run("11-16 01:00", eu1=copy(deleted="Failed", name="b-1")), *nightly("11-17")),
        "delete-failed eu1",
        since={"delete-failed eu1": "11-16 01:00"},
        status="WARNING",
    ),
    row("Not delete-failed: it succeeded", backup(run("11-16 01:00", eu1=copy(deleted="Deleted")), *nightly("11-17"))),
    row(
        "Not delete-failed: it is under way",
        backup(run("11-16 01:00", eu1=copy(deleted="Deleting")), *nightly("11-17")),
    ),
    row(
        "Several deletions that failed are one finding, which counts them",
        backup(*nightly(last="11-18", eu1=copy(deleted="Failed")), *nightly("11-19")),
        "delete-failed eu1",
        says={"delete-failed eu1": ["3"]},
    ),
    row(
        "A failed deletion concerns a cluster that is out of scope too",
        backup(run("11-16 01:00", us2=copy(deleted="Failed")), *nightly("11-17"), all_clusters=False, uids=["eu1"]),
        "delete-failed us2",
        "cluster-not-in-policy us2",
    ),
    row(
        "A failed deletion of a whole run is one of each of its clusters",
        backup(run("11-16 01:00", deleted="Failed"), *nightly("11-17")),
        *both("delete-failed"),
    ),
    row(
        "delete-failed: a run's deletion failed, but not that of a cluster which says that it is deleted",
        backup(*nightly(last="11-22"), run("11-23 01:00", deleted="Failed", eu1=copy(deleted="Deleted"))),
        "delete-failed us2",
    ),
    row(
        "A copy whose deletion failed can still be restored",
        backup(run("11-23 01:00", eu1=copy(deleted="Error"))),
        "delete-failed eu1",
        also=lambda verdict: verdict.clusters[0].restore_points == 1,
    ),
]


@pytest.mark.parametrize("case", FAILED + PARTIAL + STUCK + DELETIONS)
def test_outcomes(case: Row) -> None:
    check(case)
