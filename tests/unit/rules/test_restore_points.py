"""What is left to restore: expired, never made, expiring, too old; and the retention that decides it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from builders import NOTHING, Row, at, backup, both, check, copy, listed, nightly, only, row, run

from backup_reporter.health.verdict import WorkspaceReport
from backup_reporter.settings import Rules


def newest(verdict: WorkspaceReport) -> tuple[object, object, int]:
    first = verdict.clusters[0]
    return first.newest_restore_point_at, first.expires_at, first.restore_points


BY_HAND = {"schedule": None}

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
        "Where no expiry is known, a copy does not expire",
        backup(run("01-06 01:00"), hours=None, **BY_HAND),
        "not-scheduled",
        also=lambda verdict: newest(verdict) == (at("01-06 01:00"), None, 1),
    ),
    row(
        "A copy that expires now has expired",
        backup(run("11-22 07:00"), hours=24, **BY_HAND),
        *both("backup-expired"),
        "not-scheduled",
    ),
    row(
        "A copy that expires in a second has not",
        backup(run("11-22 07:00:01"), hours=24, **BY_HAND),
        *both("backup-expiring"),
        "not-scheduled",
    ),
]

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
        "Not awaiting-first-backup: the young policy has had a run",
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

EXPIRING = [
    row(
        "backup-expiring: the newest copy expires within the warning window",
        backup(run("11-20 08:00"), hours=120, **BY_HAND),
        *both("backup-expiring"),
        "not-scheduled",
        says={"backup-expiring eu1": ["2026-11-25", "2 days"]},
        status="WARNING",
    ),
    row(
        "Not backup-expiring: it lives longer than the warning window",
        backup(run("11-21 07:00:01"), hours=120, **BY_HAND),
        "not-scheduled",
    ),
    row(
        "The warning window is a setting",
        backup(run("11-20 08:00"), hours=120, **BY_HAND),
        "not-scheduled",
        rules=Rules(expiry_warning=timedelta(days=2)),
    ),
    row("Not backup-expiring: rotation will replace it in time", backup(*nightly(), hours=48)),
    row(
        "Rotation replaces it in time where the next due time plus grace comes before the expiry",
        backup(*nightly(), hours=26.5),
    ),
    row(
        "Rotation comes too late where the next due time plus grace is the expiry",
        backup(*nightly(), hours=26),
        *both("backup-expiring"),
    ),
    row(
        "Rotation cannot be relied on after a failure",
        backup(*nightly(last="11-22"), run("11-23 01:00", eu1="Failed"), hours=60),
        "backup-failed eu1",
        "backup-expiring eu1",
    ),
    row(
        "Rotation cannot be relied on after a partial backup",
        backup(*nightly(last="11-22"), run("11-23 01:00", eu1="PartiallyFailed"), hours=60),
        "backup-partially-failed eu1",
        "backup-expiring eu1",
    ),
    row(
        "Rotation cannot be relied on while something is overdue",
        backup(*nightly(last="11-22"), hours=60),
        "backup-overdue",
        *both("backup-expiring"),
    ),
    row(
        "Without a readable schedule there is no rotation",
        backup(*nightly(), hours=48, schedule="?"),
        "schedule-unreadable",
        *both("backup-expiring"),
    ),
    row(
        "Where the newest copy lives long, older ones may end",
        backup(*nightly(last="11-22", hours=168), run("11-23 01:00", hours=720), **BY_HAND),
        "not-scheduled",
    ),
    row(
        "backup-expired and backup-expiring exclude each other",
        backup(run("11-20 01:00"), run("11-23 01:00", "Failed"), hours=48),
        *both("backup-failed"),
        *both("backup-expired"),
        rules=Rules(max_backup_age=timedelta(hours=1)),
    ),
]

MAXIMUM_AGE = Rules(max_backup_age=timedelta(hours=48))

TOO_OLD = [
    row(
        "restore-point-too-old: the newest copy is older than the maximum age",
        backup(*nightly(last="11-20"), *nightly("11-21", eu1="Failed")),
        "backup-failed eu1",
        "restore-point-too-old eu1",
        rules=MAXIMUM_AGE,
        status="CRITICAL",
    ),
    row(
        "Not restore-point-too-old: no maximum age is set",
        backup(run("11-01 01:00"), **BY_HAND),
        "not-scheduled",
    ),
    row(
        "Not restore-point-too-old: exactly as old as the maximum",
        backup(run("11-21 07:00"), **BY_HAND),
        "not-scheduled",
        rules=MAXIMUM_AGE,
    ),
    row(
        "restore-point-too-old: a second older",
        backup(run("11-21 06:59:59"), **BY_HAND),
        "not-scheduled",
        *both("restore-point-too-old"),
        rules=MAXIMUM_AGE,
    ),
    row(
        "restore-point-too-old: nobody knows how old it is",
        backup(run(), **BY_HAND),
        "not-scheduled",
        *both("restore-point-too-old"),
        rules=MAXIMUM_AGE,
    ),
    row(
        "With backup-expired the age is not said as well",
        backup(run("11-10 01:00"), hours=24, **BY_HAND),
        *both("backup-expired"),
        "not-scheduled",
        rules=MAXIMUM_AGE,
    ),
    row(
        "With never-backed-up the age is not said either",
        backup(run("11-10 01:00", "Failed"), **BY_HAND),
        *both("backup-failed"),
        *both("never-backed-up"),
        "not-scheduled",
        rules=MAXIMUM_AGE,
    ),
]

RETENTION = [
    row(
        "retention-gap: the retention is shorter than the pause between two due times",
        backup(*nightly(), hours=23),
        "retention-gap",
        *both("backup-expiring"),
        status="WARNING",
    ),
    row(
        "Not retention-gap: exactly as long as the pause",
        backup(*nightly(last="11-22"), run("11-23 05:00"), hours=24),
    ),
    row(
        "The longest pause counts: over the weekend",
        backup(*nightly(), schedule="0 1 * * MON-FRI", hours=71),
        "retention-gap",
    ),
    row(
        "Not retention-gap: the retention bridges the weekend", backup(*nightly(), schedule="0 1 * * MON-FRI", hours=72)
    ),
    row(
        "The longest pause counts: a month of 31 days",
        backup(run("11-01 01:00"), schedule="0 1 1 * *", hours=30 * 24),
        "retention-gap",
    ),
    row("Not retention-gap: no retention is known", backup(*nightly(), hours=None)),
    row(
        "Not retention-gap: nothing is due",
        backup(run("11-23 01:00"), hours=1000, **BY_HAND),
        "not-scheduled",
    ),
]

STILL_RUNNING = [
    row(
        "A copy that is still being made is none yet",
        backup(run("11-23 01:00", "InProgress")),
        *both("never-backed-up"),
    ),
    row(
        "One cluster's copy is not another's",
        backup(only("eu1", "11-23 01:00"), run("11-22 01:00", us2=NOTHING)),
        "cluster-not-backed-up us2",
        "never-backed-up us2",
    ),
]


@pytest.mark.parametrize("case", RESTORE_POINTS + EXPIRED_OR_NEVER + EXPIRING + TOO_OLD + RETENTION + STILL_RUNNING)
def test_restore_points(case: Row) -> None:
    check(case)
