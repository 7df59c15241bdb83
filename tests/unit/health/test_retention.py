"""How long the copies last: expiring, too old, and a retention that leaves gaps."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backup_reporter.health.thresholds import Thresholds
from support.builders import NOTHING, Json, Row, backup, both, check, copy, nightly, row, run

BY_HAND: Json = {"schedule": None}

EXPIRING = [
    row(
        "Not backup-expiring: a run that began five minutes early is at work, and its copy comes in time",
        backup(*nightly(last="11-22"), run("11-23 00:55", "InProgress"), hours=48),
        now="11-23 06:00",
    ),
    row(
        "Not backup-expiring: the grace of the latest due time lasts, and no copy has come yet",
        backup(*nightly(last="11-22"), run("11-23 01:00", refs=[]), hours=48),
        now="11-23 02:59:59",
    ),
    row(
        "backup-expiring: the grace of the latest due time is over, and its run left no copy",
        backup(*nightly(last="11-22"), run("11-23 01:00", refs=[]), hours=48),
        *both("backup-expiring"),
        now="11-23 03:00",
    ),
    row(
        "backup-expiring: the newest copy expires within the warning window",
        backup(run("11-20 08:00"), hours=120, **BY_HAND),
        *both("backup-expiring"),
        "not-scheduled",
        says={"backup-expiring eu1": ["2026-11-25", "2 days"]},
        status="WARNING",
    ),
    row(
        "backup-expiring: it expires at the very end of the warning window",
        backup(run("11-21 07:00"), hours=120, **BY_HAND),
        *both("backup-expiring"),
        "not-scheduled",
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
        thresholds=Thresholds(expiry_warning=timedelta(days=2)),
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
        "Rotation is on its way while this due time's backup still runs, within its limit",
        backup(*nightly(last="11-22"), run("11-23 01:00", "InProgress"), hours=48),
    ),
    row(
        "Rotation is on its way where this due time's backup has finished for one cluster, and runs for another",
        backup(*nightly(last="11-22"), run("11-23 01:00", "InProgress", eu1="Completed"), hours=48),
    ),
    row(
        "Rotation is on its way while the grace of this due time lasts",
        backup(*nightly(last="11-22"), hours=48),
        now="11-23 02:59:59",
    ),
    row(
        "Rotation is not on its way where the copy may expire before this due time's grace is over",
        backup(*nightly(last="11-22"), run("11-23 01:00", "InProgress"), hours=26),
        *both("backup-expiring"),
        now="11-23 01:30",
    ),
    row(
        "Rotation is on its way for no copy of which nobody knows whether it is older than this due time",
        backup(
            run(eu1=copy(expires="11-24 01:00"), us2=NOTHING),
            run("11-22 01:00", eu1=NOTHING),
            run("11-23 01:00", "InProgress"),
        ),
        "backup-expiring eu1",
        "backup-state-unknown eu1",
        now="11-23 01:30",
    ),
    row(
        "A backup that runs for longer than its limit replaces nothing",
        backup(*nightly(last="11-22"), run("11-23 00:59", "InProgress"), hours=48),
        *both("backup-stuck"),
        *both("backup-expiring"),
    ),
    row(
        "One cluster's running backup is no rotation of another that has its copy already",
        backup(*nightly(last="11-22"), run("11-23 01:00", "InProgress", eu1="Completed"), hours=26),
        "backup-expiring eu1",
        "backup-expiring us2",
        now="11-23 02:30",
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
        thresholds=Thresholds(max_backup_age=timedelta(hours=1)),
    ),
]

MAXIMUM_AGE = Thresholds(max_backup_age=timedelta(hours=48))

TOO_OLD = [
    row(
        "restore-point-too-old: the newest copy is older than the maximum age",
        backup(*nightly(last="11-20"), *nightly("11-21", eu1="Failed")),
        "backup-failed eu1",
        "restore-point-too-old eu1",
        thresholds=MAXIMUM_AGE,
        status="CRITICAL",
    ),
    row(
        "Not restore-point-too-old: no maximum age is set",
        backup(run("11-20 01:00"), **BY_HAND),
        "not-scheduled",
    ),
    row(
        "Not restore-point-too-old: exactly as old as the maximum",
        backup(run("11-21 07:00"), **BY_HAND),
        "not-scheduled",
        thresholds=MAXIMUM_AGE,
    ),
    row(
        "restore-point-too-old: a second older",
        backup(run("11-21 06:59:59"), **BY_HAND),
        "not-scheduled",
        *both("restore-point-too-old"),
        thresholds=MAXIMUM_AGE,
        since={"restore-point-too-old eu1": "11-23 06:59:59"},
    ),
    row(
        "restore-point-too-old: nobody knows how old it is",
        backup(run(), **BY_HAND),
        "backups-stopped",
        *both("restore-point-too-old"),
        thresholds=MAXIMUM_AGE,
    ),
    row(
        "With backup-expired the age is not said as well",
        backup(run("11-10 01:00"), hours=24, **BY_HAND),
        *both("backup-expired"),
        "backups-stopped",
        thresholds=MAXIMUM_AGE,
    ),
    row(
        "With never-backed-up the age is not said either",
        backup(run("11-10 01:00", "Failed"), **BY_HAND),
        *both("backup-failed"),
        *both("never-backed-up"),
        "backups-stopped",
        thresholds=MAXIMUM_AGE,
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
    row(
        "Not retention-gap: the clocks go back, and one night is an hour longer",
        backup(run("10-24 23:00"), schedule="CRON_TZ=Europe/Berlin 0 1 * * *", hours=24),
        *both("backup-expiring"),
        now="10-25 07:00",
    ),
    row("Not retention-gap: no retention is known", backup(*nightly(), hours=None)),
    row(
        "Not retention-gap: nothing is due",
        backup(run("11-23 01:00"), hours=1000, **BY_HAND),
        "not-scheduled",
    ),
]


@pytest.mark.parametrize("case", EXPIRING + TOO_OLD + RETENTION)
def test_retention(case: Row) -> None:
    check(case)
