"""What is left to restore: copies, expired ones, and none at all."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backup_reporter.health.thresholds import Thresholds
from backup_reporter.health.workspace_report import WorkspaceReport
from support.builders import NOTHING, Json, Row, at, backup, both, check, copy, listed, nightly, only, ref, row, run


def newest(verdict: WorkspaceReport) -> tuple[object, object, int]:
    first = verdict.clusters[0]
    return first.newest_restore_point_at, first.expires_at, first.restore_points


BY_HAND: Json = {"schedule": None}

RESTORE_POINTS = [
    row(
        "The last restorable copy is reported with its making and its end",
        backup(*nightly()),
        also=lambda verdict: newest(verdict) == (at("11-23 01:00"), at("11-23 01:00") + timedelta(hours=720), 8),
    ),
    row(
        "A copy lasts until its expiryDate",
        backup(run("11-23 01:00", eu1=copy(expires="11-23 06:00"))),
        "backup-expired eu1",
    ),
    row(
        "The expiryDate counts, not the retention: it may be later",
        backup(run("11-23 01:00", eu1=copy(expires="12-30 00:00"), us2=copy(expires="12-30 00:00")), hours=24),
        also=lambda verdict: newest(verdict) == (at("11-23 01:00"), at("12-30 00:00"), 1),
    ),
    *(
        row(
            f"Without an expiryDate ({unset!r}) a copy lasts for the retention after its time",
            backup(run("11-22 05:00", eu1=copy(expires=unset)), hours=26, **BY_HAND),
            *both("backup-expired"),
            "not-scheduled",
        )
        for unset in (None, "", "0001-01-01T00:00:00.000Z")
    ),
    row(
        "The retention runs from the cluster backup's own time",
        backup(run("11-22 05:00", eu1=copy(at="11-22 05:30")), hours=26, **BY_HAND),
        "backup-expired us2",
        "backup-expiring eu1",
        "not-scheduled",
    ),
    row(
        "A run's own retention counts before the policy's of today",
        backup(run("11-22 05:00", hours=26), hours=720, **BY_HAND),
        *both("backup-expired"),
        "not-scheduled",
    ),
    row(
        "Without a retention of its own, a run has the policy's",
        backup(run("11-22 05:00", hours=None), hours=26, **BY_HAND),
        *both("backup-expired"),
        "not-scheduled",
    ),
    row(
        "If no expiry is known, a copy expires after Velero's own 720 hours",
        backup(run("10-24 08:00"), hours=None, **BY_HAND),
        "backups-stopped",
        *both("backup-expiring"),
        also=lambda verdict: newest(verdict) == (at("10-24 08:00"), at("11-23 08:00"), 1),
    ),
    *(
        row(
            f"A retention of {hours} hours counts as not set",
            backup(*nightly(), hours=hours),
            also=lambda verdict: (
                newest(verdict) == (at("11-23 01:00"), at("12-23 01:00"), 8) and verdict.retention_hours is None
            ),
        )
        for hours in (0, -1, 0.0)
    ),
    row(
        "A run's retention of 0 hours counts as not set: the policy's is taken",
        backup(*nightly(hours=0), hours=96),
        also=lambda verdict: newest(verdict) == (at("11-23 01:00"), at("11-27 01:00"), 4),
    ),
    row(
        "A copy that expires now has expired",
        backup(run("11-22 07:00"), hours=24, **BY_HAND),
        *both("backup-expired"),
        "not-scheduled",
    ),
    row(
        "An incomplete copy that expires now has expired",
        backup(run("11-22 07:00", "PartiallyFailed"), hours=24, **BY_HAND),
        *both("backup-partially-failed"),
        *both("never-backed-up"),
        "not-scheduled",
    ),
    row(
        "A copy that expires in a second has not",
        backup(run("11-22 07:00:01"), hours=24, **BY_HAND),
        *both("backup-expiring"),
        "not-scheduled",
    ),
]

AT_WORK: Json = {"backupStatusMeta": copy("InProgress")}
PARTIAL: Json = {"backupStatusMeta": copy("PartiallyFailed")}

EXPIRED_OR_NEVER = [
    row(
        "backup-expired: the newest that succeeded has expired",
        backup(*nightly(last="11-20"), *nightly("11-21", state="Failed"), hours=48),
        *both("backup-failed"),
        *both("backup-expired"),
        says={"backup-expired eu1": ["2026-11-22"]},
        since={"backup-expired eu1": "11-22 01:00"},
        status="CRITICAL",
    ),
    row(
        "Not backup-expired: an older copy lives longer",
        backup(run("11-20 01:00", hours=720), run("11-22 20:00", hours=2), **BY_HAND),
        "not-scheduled",
    ),
    row(
        "A copy that has expired and was deleted counts as never",
        backup(run("11-20 01:00", eu1=copy(deleted="Deleted")), hours=24, **BY_HAND),
        "never-backed-up eu1",
        "backup-expired us2",
        "not-scheduled",
    ),
    row(
        "A deleted copy is not the newest that succeeded",
        backup(run("11-20 01:00"), run("11-21 01:00", eu1=copy(deleted="Deleted")), hours=24, **BY_HAND),
        *both("backup-expired"),
        "not-scheduled",
        since={"backup-expired eu1": "11-21 01:00", "backup-expired us2": "11-22 01:00"},
    ),
    row(
        "never-backed-up: a policy without any run since its first due time",
        backup(created="11-20 12:00"),
        "backup-overdue",
        *both("never-backed-up"),
        says={"backup-overdue": ["3 due times"]},
        status="CRITICAL",
    ),
    row(
        "never-backed-up: a cluster that never succeeded",
        backup(*nightly(eu1="Failed")),
        "backup-failed eu1",
        "never-backed-up eu1",
        says={"never-backed-up eu1": ["no backup has ever succeeded"]},
    ),
    row(
        "never-backed-up: every copy has been deleted",
        backup(*nightly("11-16", "11-22", eu1=copy(deleted="Deleted")), run("11-23 01:00", eu1="Failed")),
        "backup-failed eu1",
        "never-backed-up eu1",
        says={"never-backed-up eu1": ["every copy there was has been deleted"]},
    ),
    row(
        "never-backed-up: every backup is in state Deleting",
        backup(*nightly(state="Deleting")),
        *both("never-backed-up"),
        says={"never-backed-up eu1": ["every copy there was has been deleted, or is being deleted"]},
    ),
    row(
        "awaiting-first-backup: the first backup is at work, within the stuck limit",
        backup(run("11-23 01:00", "InProgress"), created="11-22 12:00"),
        *both("awaiting-first-backup"),
        says={"awaiting-first-backup eu1": ["its first backup has been running for 6 hours"]},
        status="OK",
    ),
    row(
        "never-backed-up: the first backup is at work for longer than the stuck limit",
        backup(run("11-23 00:59", "InProgress"), created="11-22 12:00"),
        *both("never-backed-up"),
        *both("backup-stuck"),
        says={"never-backed-up eu1": ["its first backup is still running"]},
    ),
    row(
        "never-backed-up: a failure came before the backup that is at work",
        backup(run("11-22 01:00", "Failed"), run("11-23 01:00", "InProgress")),
        *both("backup-failed"),
        *both("never-backed-up"),
    ),
    row(
        "no-copy-yet: a new policy has made the cluster wait for more than a week",
        backup(schedule="0 1 1 * *", hours=1000, created="11-15 06:59"),
        *both("no-copy-yet"),
        says={"no-copy-yet eu1": ["for 8 days", "2026-12-01"]},
        since={"no-copy-yet eu1": "11-15 06:59"},
        status="WARNING",
    ),
    row(
        "Not no-copy-yet: it has waited for exactly a week",
        backup(schedule="0 1 1 * *", hours=1000, created="11-16 07:00"),
        *both("awaiting-first-backup"),
    ),
    row(
        "no-copy-yet: the first backup is at work after more than a week of waiting",
        backup(run("11-23 01:00", "InProgress"), schedule="0 1 23 * *", hours=1000, created="11-10 07:00"),
        *both("no-copy-yet"),
        says={"no-copy-yet eu1": ["running for 6 hours"]},
    ),
    row(
        "no-copy-yet: the first backup began just within the grace, after more than a week of waiting",
        backup(run("11-23 03:00", "InProgress"), schedule="0 1 23 * *", hours=1000, created="11-10 07:00"),
        *both("no-copy-yet"),
    ),
    row(
        "Not no-copy-yet: a first backup that began after its grace is not what was awaited",
        backup(run("11-23 03:01", "InProgress"), schedule="0 1 23 * *", hours=1000, created="11-10 07:00"),
        *both("awaiting-first-backup"),
    ),
    row(
        "awaiting-first-backup: the first backup is at work, and there is no schedule",
        backup(run("11-23 06:00", "InProgress"), schedule=None),
        *both("awaiting-first-backup"),
        "not-scheduled",
    ),
    row(
        "Not awaiting-first-backup: what is at work names no cluster while others do",
        backup(
            *nightly(last="11-22"), run("11-23 01:00", refs=[ref("eu1", "Completed"), ref("us2", "Completed"), AT_WORK])
        ),
    ),
    row(
        "Not only-incomplete-copies: the incomplete copy names no cluster while others do",
        backup(
            *nightly(last="11-22"), run("11-23 01:00", refs=[ref("eu1", "Completed"), ref("us2", "Completed"), PARTIAL])
        ),
        "backup-partially-failed",
    ),
    row(
        "never-backed-up: runs that succeeded and name no cluster backup",
        backup(run("11-22 01:00", "Failed"), run("11-23 01:00", refs=[])),
        *both("backup-failed"),
        *both("never-backed-up"),
        says={"never-backed-up eu1": ["names no cluster backup"]},
    ),
    row(
        "never-backed-up: a run without cluster backups that failed is none that succeeded",
        backup(run("11-23 01:00", "Failed", refs=[])),
        "backup-failed",
        *both("never-backed-up"),
        says={"never-backed-up eu1": ["no backup has ever succeeded"]},
    ),
    row(
        "never-backed-up: a cluster that no run ever had",
        backup(*nightly()),
        "cluster-not-backed-up ap3",
        "never-backed-up ap3",
        workspace=listed(["eu1", "us2", "ap3"]),
    ),
    row(
        "awaiting-first-backup: a young policy without any run",
        backup(created="11-23 02:00"),
        *both("awaiting-first-backup"),
        says={"awaiting-first-backup eu1": ["since Mon 2026-11-23", "due 2026-11-24 01:00 UTC"]},
        status="OK",
    ),
    row(
        "awaiting-first-backup: until the grace of the first due time is over",
        backup(created="11-22 12:00"),
        *both("awaiting-first-backup"),
        now="11-23 02:59:59",
    ),
    row(
        "Not awaiting-first-backup: the grace of the first due time is over",
        backup(created="11-22 12:00"),
        "backup-overdue",
        *both("never-backed-up"),
        now="11-23 03:00",
    ),
    row(
        "awaiting-first-backup: a workspace's creation stands for the policy's",
        backup(created=None),
        *both("awaiting-first-backup"),
        workspace=listed(created="11-23 02:00"),
    ),
    row(
        "awaiting-first-backup: the first due time of a weekly schedule",
        backup(schedule="0 0 * * SUN", created="11-22 12:00"),
        *both("awaiting-first-backup"),
    ),
    row(
        "awaiting-first-backup: somebody's run of one cluster is none of the others",
        backup(only("eu1", "11-23 05:10"), created="11-23 05:00"),
        "awaiting-first-backup us2",
        status="OK",
    ),
    row(
        "Not awaiting-first-backup: the first due time has passed since somebody's run of one cluster",
        backup(only("eu1", "11-22 20:00"), created="11-22 12:00"),
        "backup-overdue",
        "cluster-not-backed-up us2",
        "never-backed-up us2",
        now="11-23 03:00",
    ),
    row(
        "awaiting-first-backup: an interval's first due time comes one interval after the policy's creation",
        backup(schedule="@every 24h", created="11-22 06:00"),
        *both("awaiting-first-backup"),
        says={"awaiting-first-backup eu1": ["2026-11-23 06:00 UTC"]},
        now="11-23 07:59:59",
    ),
    row(
        "Not awaiting-first-backup: the grace of an interval's first due time is over",
        backup(schedule="@every 24h", created="11-22 06:00"),
        "backup-overdue",
        *both("never-backed-up"),
        now="11-23 08:00",
    ),
    row(
        "Not awaiting-first-backup: the young policy has had a run of the cluster",
        backup(run("11-23 03:00", "Failed"), created="11-23 02:00"),
        *both("backup-failed"),
        *both("never-backed-up"),
    ),
    row(
        "Not awaiting-first-backup: the schedule cannot be read",
        backup(schedule="?", created="11-23 02:00"),
        *both("never-backed-up"),
        "schedule-unreadable",
    ),
]

NOBODYS = {"backupStatusMeta": copy(expires="11-24 00:30")}
EXPIRED_NOBODYS = {"backupStatusMeta": copy(expires="11-20 00:30")}

STILL_RUNNING = [
    row(
        "A copy that names no cluster may expire without a word",
        backup(run("11-16 05:00", refs=[NOBODYS]), *nightly("11-17")),
        thresholds=Thresholds(max_backup_age=timedelta(days=2)),
    ),
    row(
        "A copy that names no cluster may have expired without a word",
        backup(run("11-16 05:00", refs=[EXPIRED_NOBODYS]), *nightly("11-17")),
    ),
    row(
        "A copy that is still being made does not count yet",
        backup(run("11-23 01:00", "InProgress")),
        *both("awaiting-first-backup"),
    ),
    row(
        "One cluster's copy is not another's",
        backup(only("eu1", "11-23 01:00"), run("11-22 01:00", us2=NOTHING)),
        "cluster-not-backed-up us2",
        "never-backed-up us2",
    ),
]


@pytest.mark.parametrize("case", RESTORE_POINTS + EXPIRED_OR_NEVER + STILL_RUNNING)
def test_restore_points(case: Row) -> None:
    check(case)
