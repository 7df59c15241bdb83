"""Due times: when a run was missed, and which runs count as one period's."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backup_reporter.health.thresholds import Thresholds
from backup_reporter.health.workspace_report import WorkspaceReport
from support.builders import NOTHING, Json, Row, backup, both, check, listed, nightly, only, row, run, time


def modified(moment: str, answer: Json) -> Json:
    """The answer, with the time at which its policy was modified."""
    answer["metadata"]["lastModifiedTimestamp"] = time(moment)
    return answer


def states_of(verdict: WorkspaceReport, *days: str) -> list[str]:
    """What the history strip shows of some days."""
    return [day.state for day in verdict.history if f"{day.date:%m-%d}" in days]


OVERDUE = [
    row(
        "A due time whose grace has passed without a run is missed",
        backup(*nightly(last="11-22")),
        "backup-overdue",
        says={"backup-overdue": ["1 due time"]},
        since={"backup-overdue": "11-23 01:00"},
        status="CRITICAL",
    ),
    row("Before the end of the grace nothing is missed", backup(*nightly(last="11-22")), now="11-23 02:59:59"),
    row(
        "Grace has passed when it is over to the second",
        backup(*nightly(last="11-22")),
        "backup-overdue",
        now="11-23 03:00",
    ),
    row(
        "The grace is a setting",
        backup(*nightly(last="11-22")),
        "backup-overdue",
        thresholds=Thresholds(grace=timedelta(minutes=30)),
        now="11-23 01:30",
    ),
    row(
        "A longer grace waits longer",
        backup(*nightly(last="11-22")),
        thresholds=Thresholds(grace=timedelta(hours=7)),
    ),
    row(
        "While the grace of one due time lasts, the one before it may already be missed",
        backup(*nightly(last="11-21")),
        "backup-overdue",
        says={"backup-overdue": ["1 due time"]},
        now="11-23 02:00",
    ),
    row(
        "The due times missed since the last run are counted",
        backup(*nightly(last="11-20")),
        "backup-overdue",
        says={"backup-overdue": ["3 due times", "2026-11-20"]},
        since={"backup-overdue": "11-21 01:00"},
    ),
    row(
        "A run that is dated in the future has not begun",
        backup(*nightly(last="11-22"), run("2031-01-01T01:00:00Z")),
        "backup-overdue",
        "backup-state-unknown",
        says={"backup-overdue": ["1 due time", "2026-11-22"]},
    ),
    row(
        "A run that a fast clock dates a minute ahead has begun",
        backup(*nightly(last="11-22"), run("11-23 07:01")),
    ),
    row("A late run answers its due time", backup(*nightly(last="11-22"), run("11-23 06:59"))),
    row(
        "A run that answers the latest due time is enough, whatever was missed before",
        backup(*nightly(last="11-19"), run("11-23 01:00")),
    ),
    row(
        "A run may begin up to 5 minutes before its due time",
        backup(*nightly(last="11-22"), run("11-23 00:55")),
    ),
    row(
        "More than 5 minutes before its due time it is not that due time's run",
        backup(*nightly(last="11-22"), run("11-23 00:54:59")),
        "backup-overdue",
    ),
    row(
        "A failed run began all the same",
        backup(*nightly(last="11-22"), run("11-23 01:00", eu1="Failed")),
        "backup-failed eu1",
    ),
    row(
        "A run of one cluster is a run",
        backup(*nightly(last="11-22"), only("eu1", "11-23 01:00")),
        "cluster-not-backed-up us2",
    ),
    row(
        "Times before the policy existed are not due",
        backup(*nightly(last="11-20"), created="11-23 02:00"),
    ),
    row(
        "The first due time after the policy's creation is",
        backup(*nightly(last="11-20"), created="11-22 23:00"),
        "backup-overdue",
        says={"backup-overdue": ["1 due time"]},
    ),
    *(
        row(
            f"Where the policy has no creation time ({created!r}), times before the workspace existed are not due",
            backup(*nightly("11-20", "11-20"), created=created),
            workspace=listed(created="11-23 02:00"),
        )
        for created in (None, "", "0001-01-01T00:00:00Z")
    ),
    row(
        "The policy's creation time counts before the workspace's",
        backup(*nightly(last="11-20"), created="11-01 00:00"),
        "backup-overdue",
        workspace=listed(created="11-23 02:00"),
    ),
    row(
        "Where no creation time is known, every due time is due, and nobody knows since when",
        backup(created=None),
        "backup-overdue",
        *both("never-backed-up"),
        workspace=listed(created=None),
        says={"backup-overdue": ["at least 1 due time", "the latest on Mon 01:00", "no run at all"]},
        since={"backup-overdue": None},
    ),
    row(
        "An interval counts from the last run: not overdue before it is over",
        backup(run("11-22 04:00"), schedule="@every 24h"),
        now="11-23 05:59:59",
    ),
    row(
        "An interval counts from the last run: overdue when it and the grace are over",
        backup(run("11-22 04:00"), schedule="@every 24h"),
        "backup-overdue",
        now="11-23 06:00",
        says={"backup-overdue": ["1 due time"]},
    ),
    row(
        "An interval without any run counts from the policy's creation",
        backup(schedule="@every 24h", created="11-21 01:00"),
        "backup-overdue",
        *both("never-backed-up"),
        says={"backup-overdue": ["2 due times"]},
    ),
    row(
        "A schedule in a time zone is overdue by that zone's clock",
        backup(run("11-22 00:00"), schedule="CRON_TZ=Europe/Berlin 0 1 * * *"),
        "backup-overdue",
        now="11-23 02:00",
    ),
    row(
        "With an unreadable schedule nothing is overdue",
        backup(run("11-01 01:00"), schedule="?"),
        "schedule-unreadable",
    ),
    row("Without a schedule nothing is overdue", backup(run("11-18 01:00"), schedule=None), "not-scheduled"),
    row(
        "A blank schedule is no schedule",
        backup(run("11-18 01:00"), schedule="  "),
        "not-scheduled",
    ),
]

EDITED = [
    row(
        "Due times before the policy was modified count if an earlier run fits today's schedule",
        modified("11-23 02:00", backup(*nightly(last="11-21"))),
        "backup-overdue",
        says={"backup-overdue": ["2 due times"]},
    ),
    row(
        "If no earlier run fits today's schedule, due times before the policy was modified are not missed",
        modified("11-23 05:30", backup(*nightly(), schedule="0 5 * * *")),
    ),
    row(
        "Due times after the policy was modified are missed",
        modified("11-22 15:00", backup(*nightly(last="11-22"), schedule="0 5 * * *")),
        "backup-overdue",
        says={"backup-overdue": ["1 due time, the first on Mon 05:00"]},
    ),
    row(
        "An edited schedule does not excuse a cluster that was never backed up",
        modified("11-23 05:30", backup()),
        *both("never-backed-up"),
    ),
    row(
        "A policy that was last modified as it was made owes the backup that was due at that moment",
        modified("11-23 01:00", backup(created="11-23 01:00")),
        "backup-overdue",
        *both("never-backed-up"),
        says={"backup-overdue": ["1 due time, the first on Mon 01:00"]},
    ),
    row(
        "A run at the very moment of the modification does not show what the schedule was before",
        modified("11-21 05:00", backup(*nightly("11-17", "11-18"), run("11-21 05:00"), schedule="0 5 * * *")),
        now="11-21 08:00",
        also=lambda verdict: states_of(verdict, "11-19", "11-20") == ["unclear", "unclear"],
    ),
    row(
        "A modification that is dated in the future is not believed",
        modified("11-24 05:30", backup(*nightly("11-22"), schedule="0 4 * * *", created="11-21 12:00")),
        "backup-overdue",
    ),
]

PERIOD = [
    row(
        "A period's runs count together: each of two runs has one of the clusters",
        backup(*nightly(last="11-22"), only("eu1", "11-23 01:00"), only("us2", "11-23 04:00")),
    ),
    row(
        "The 5 minutes before the due time count in",
        backup(*nightly(last="11-22"), only("eu1", "11-23 00:55"), only("us2", "11-23 01:10")),
    ),
    row(
        "What began more than 5 minutes before the due time was another period's",
        backup(*nightly(last="11-22"), only("eu1", "11-23 00:54"), only("us2", "11-23 01:10")),
        "cluster-not-backed-up eu1",
    ),
    row(
        "A run that began early belongs to the due time that follows",
        backup(*nightly(last="11-22"), only("eu1", "11-23 00:56")),
        "cluster-not-backed-up us2",
    ),
    row(
        "A run long before the next due time belongs to the one that has passed",
        backup(*nightly(last="11-22"), only("eu1", "11-23 00:50")),
        now="11-23 00:59",
    ),
    row(
        "A run that still runs is in the period as well",
        backup(*nightly(last="11-22"), only("eu1", "11-23 01:00"), only("us2", "11-23 06:30", "InProgress")),
    ),
    row(
        "Somebody's run under a policy that was made anew accuses nobody whom the old one's runs had",
        backup(*nightly(), only("eu1", "11-23 05:10"), created="11-23 05:00"),
        status="OK",
    ),
    row(
        "A policy that was made anew is no excuse: a due time lies between the others' last backup and somebody's run",
        backup(*nightly(last="11-22"), only("us2", "11-22 12:00"), only("eu1", "11-23 05:10"), created="11-23 05:00"),
        "cluster-not-backed-up us2",
    ),
    row(
        "Under a new policy with an interval, the period is one interval long",
        backup(*nightly(), only("eu1", "11-23 05:10"), schedule="@every 24h", created="11-23 05:00"),
        status="OK",
    ),
    row(
        "What is more than an interval older was another period's",
        backup(*nightly(last="11-22"), only("eu1", "11-23 05:10"), schedule="@every 24h", created="11-23 05:00"),
        "cluster-not-backed-up us2",
    ),
    row(
        "So it is where somebody's runs of one cluster put off every due time",
        backup(run("11-21 06:00"), only("eu1", "11-22 05:30"), only("eu1", "11-23 05:00"), schedule="@every 24h"),
        "cluster-not-backed-up us2",
    ),
    row(
        "An interval counts from the creation of a policy that is younger than the last run",
        backup(run("11-21 01:00"), schedule="@every 24h", created="11-22 05:00"),
        "backup-overdue",
        now="11-23 07:00",
        since={"backup-overdue": "11-23 05:00"},
    ),
    row(
        "In a period with both kinds of run, those that name clusters tell who was left out",
        backup(*nightly(last="11-22"), only("eu1", "11-23 01:00"), run("11-23 02:00", refs=[])),
        "cluster-not-backed-up us2",
    ),
    row(
        "Without a readable schedule the period is the run alone",
        backup(only("eu1", "11-23 01:00"), only("us2", "11-23 01:10"), schedule="?"),
        "schedule-unreadable",
        "cluster-not-backed-up eu1",
    ),
    row(
        "Without a schedule a run of one cluster accuses no other",
        backup(run("11-20 01:00"), only("us2", "11-23 01:10"), schedule=None),
        "not-scheduled",
    ),
    row(
        "With a schedule that cannot be read the period is the run alone",
        backup(only("eu1", "11-23 01:00"), only("us2", "11-23 01:10"), schedule="nightly"),
        "schedule-unreadable",
        "cluster-not-backed-up eu1",
    ),
    row(
        "The period is the latest finished run's: a run that still runs begins no new one",
        backup(*nightly(last="11-22"), run("11-23 01:00", "InProgress", us2=NOTHING)),
    ),
]


@pytest.mark.parametrize("case", OVERDUE + PERIOD + EDITED)
def test_due_times(case: Row) -> None:
    check(case)
