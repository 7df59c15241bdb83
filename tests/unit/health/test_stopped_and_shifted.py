"""Schedules that are switched off, and schedules in another time zone than they seem to be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from test_memory import edited

from backup_reporter.health.thresholds import Thresholds
from support.builders import (
    NOTHING,
    Json,
    Row,
    backup,
    both,
    check,
    copy,
    days,
    label,
    listed,
    nightly,
    only,
    row,
    run,
)
from support.builders import judged as judged_at

BROKEN = {"workspaceBackupConfig": {"requestTime": 5}}

STOPPED = [
    row(
        "backups-stopped: without a schedule, no run has begun for more than 7 days",
        backup(run("11-16 06:59"), schedule=None),
        "backups-stopped",
        says={"backups-stopped": ["for 7 days", "2026-11-16"]},
        since={"backups-stopped": "11-16 06:59"},
        status="WARNING",
    ),
    row(
        "Not backups-stopped: exactly 7 days",
        backup(run("11-16 07:00"), schedule=""),
        "not-scheduled",
        status="OK",
    ),
    row(
        "UNSCHEDULED_WARNING_DAYS sets the number of days",
        backup(run("11-20 06:00"), schedule=" "),
        "backups-stopped",
        thresholds=Thresholds(unscheduled_warning=timedelta(days=3)),
    ),
    row(
        "A failed run is a run",
        backup(run("11-01 01:00"), run("11-20 01:00", "Failed"), schedule=None),
        *both("backup-failed"),
        "not-scheduled",
    ),
    row(
        "If only some clusters have stopped, each of them is named beside not-scheduled",
        backup(run("11-01 01:00"), only("eu1", "11-20 01:00"), schedule=None),
        "not-scheduled",
        "backups-stopped us2",
        says={"backups-stopped us2": ["of this cluster", "2026-11-01"]},
    ),
    row(
        "A cluster that never was in a run has not stopped: there is nothing to restore of it",
        backup(only("eu1", "11-20 01:00"), schedule=None),
        "not-scheduled",
        "never-backed-up us2",
    ),
    row(
        "A run without any time does not tell when it began",
        backup(run(), schedule=None),
        "backups-stopped",
        says={"backups-stopped": ["at any known time"]},
        since={"backups-stopped": None},
    ),
    row(
        "While an entry cannot be read it is not-scheduled: the entry may be the latest run",
        backup(BROKEN, run("11-01 01:00"), schedule=None),
        "unreadable",
        "not-scheduled",
    ),
    row(
        "With a schedule that cannot be read nothing has stopped",
        backup(run("11-01 01:00"), schedule="nightly"),
        "schedule-unreadable",
    ),
]


def at_hour(time_of_day: str, first: str = "11-13", last: str = "11-22", **fields: Any) -> list[Json]:
    return [run(f"{day[:5]} {time_of_day}", **fields) for day in days(first, last)]


SHIFTED = [
    row(
        "schedule-shifted: all runs begin at one distance from their due times",
        backup(*at_hour("19:30")),
        "schedule-shifted",
        says={"schedule-shifted": ["5 hours 30 minutes earlier", "SCHEDULE_TIME_ZONE"]},
        status="OK",
        evidence={"schedule-shifted": {"shiftMinutes": -330}},
        also=lambda verdict: verdict.next_run_at == datetime(2026, 11, 23, 19, 30, tzinfo=UTC),
    ),
    row(
        "Later is a shift as well",
        backup(*at_hour("06:00", last="11-22"), run("11-23 06:00"), schedule="0 1 * * *"),
        "schedule-shifted",
        says={"schedule-shifted": ["5 hours later"]},
    ),
    row(
        "Three runs are enough, within 15 minutes of each other",
        backup(run("11-20 19:30"), run("11-21 19:44"), run("11-22 19:36"), created="11-20 12:00"),
        "schedule-shifted",
    ),
    row(
        "Two runs are not enough",
        backup(run("11-21 19:30"), run("11-22 19:30"), created="11-21 12:00"),
        "backup-overdue",
    ),
    row(
        "A run at the very moment of an edit is one of the runs since then",
        edited(
            backup(run("11-20 19:30"), run("11-21 19:30"), run("11-22 19:30"), created="11-20 12:00"), "11-20 19:30"
        ),
        "schedule-shifted",
    ),
    row(
        "Runs at different distances are no shift",
        backup(run("11-20 19:30"), run("11-21 18:30:00"), run("11-22 15:30"), created="11-20 12:00"),
        "backup-overdue",
    ),
    row(
        "A run by hand among them changes nothing",
        backup(*at_hour("19:30"), run("11-22 22:10")),
        "schedule-shifted",
    ),
    row(
        "Runs at their due times are not shifted by a run by hand",
        backup(*nightly("11-14"), run("11-23 06:10")),
    ),
    row(
        "Within the grace runs are late, not shifted",
        backup(*at_hour("02:50", last="11-23")),
    ),
    row(
        "A missing run is still missed",
        backup(*at_hour("19:30", last="11-21")),
        "schedule-shifted",
        "backup-overdue",
        says={"backup-overdue": ["1 due time", "Sun 19:30"]},
    ),
    row(
        "A schedule that names its zone is not shifted",
        backup(*at_hour("19:30"), schedule="CRON_TZ=UTC 0 1 * * *"),
        "backup-overdue",
    ),
    row(
        "With the right SCHEDULE_TIME_ZONE nothing is shifted",
        backup(*at_hour("19:30")),
        thresholds=Thresholds(schedule_time_zone=ZoneInfo("Asia/Kolkata")),
    ),
    row(
        "A schedule of some weekdays is shifted into the day before",
        backup(
            *(run(f"{day} 19:30") for day in ("11-15", "11-16", "11-17", "11-18", "11-19", "11-22")),
            schedule="0 1 * * MON-FRI",
            hours=1000,
        ),
        "schedule-shifted",
    ),
    row(
        "Most of the runs decide whether they are shifted ahead or behind",
        backup(
            *(run(f"{day} 12:00") for day in ("11-08", "11-09", "11-10", "11-11", "11-12", "11-15")),
            *(run(f"11-{day} 12:00") for day in range(16, 20)),
            schedule="0 1 * * MON-FRI",
            hours=1000,
        ),
        "schedule-shifted",
        now="11-21 07:00",
        says={"schedule-shifted": ["13 hours earlier"]},
    ),
    row(
        "While an entry cannot be read no shift is told",
        backup(BROKEN, *at_hour("19:30")),
        "unreadable",
    ),
]


@pytest.mark.parametrize("case", STOPPED + SHIFTED)
def test_stopped_and_shifted(case: Row) -> None:
    check(case)


@pytest.mark.parametrize(
    ("zone", "change"),
    [("Europe/Berlin", "2026-03-29"), ("Europe/Berlin", "2026-10-25"), ("America/New_York", "2026-11-01")],
)
@pytest.mark.parametrize("hour", [1, 6, 23])
def test_a_night_on_which_clocks_change_does_not_alarm(zone: str, change: str, hour: int) -> None:
    for days_after in range(-1, 12):
        morning = datetime.fromisoformat(f"{change}T07:00+00:00") + timedelta(days=days_after)
        dues = [
            (morning - timedelta(days=back)).astimezone(ZoneInfo(zone)).replace(hour=hour, minute=0)
            for back in range(15)
        ]
        times = [due.astimezone(UTC) for due in dues if due.astimezone(UTC) <= morning]
        runs = [run(f"{at:%Y-%m-%dT%H:%M:%S.000Z}") for at in times]
        verdict = judged_at(backup(*runs, schedule=f"0 {hour} * * *", created="01-05 10:00"), now=morning)
        assert {label(finding) for finding in verdict.findings} <= {"schedule-shifted"}, (days_after, verdict.findings)


STUCK_BY_ITS_WORD: list[tuple[str, Json, tuple[str, ...]]] = [
    ("the run", {"state": "Deleting", "eu1": "Completed", "us2": "Completed"}, both("delete-stuck")),
    ("the cluster", {"eu1": "Deleting"}, ("delete-stuck eu1",)),
    ("the run's deletion", {"deleted": "InProgress"}, both("delete-stuck")),
    ("the cluster's deletion", {"eu1": copy(deleted="InProgress")}, ("delete-stuck eu1",)),
]
DELETED_BY_ITS_WORD: list[tuple[str, Json]] = [
    ("the run", {"deleted": "Deleted", "eu1": copy(deleted="InProgress"), "us2": "Deleting"}),
    ("the cluster", {"deleted": "InProgress", "eu1": copy(deleted="Deleted"), "us2": copy(deleted="Deleted")}),
]

FIRST_COPY = [
    row(
        "delete-stuck: a copy that expired more than 7 days ago is still being deleted",
        backup(run("11-01 01:00", eu1=copy(expires="11-16 06:59", deleted="Deleting")), *nightly()),
        "delete-stuck eu1",
        says={"delete-stuck eu1": ["1 old backup has", "7 days"]},
        since={"delete-stuck eu1": "11-16 06:59"},
        status="OK",
    ),
    row(
        "Not delete-stuck: it expired 7 days ago",
        backup(run("11-01 01:00", eu1=copy(expires="11-16 07:00", deleted="Deleting")), *nightly()),
    ),
    row(
        "delete-stuck counts them, also of a run whose state is Deleting, and of clusters out of scope",
        backup(
            run("10-01 01:00", deleted="InProgress", hours=24),
            run("10-02 01:00", "Deleting", hours=24),
            *nightly(us2=NOTHING),
            all_clusters=False,
            uids=["eu1"],
        ),
        *both("delete-stuck"),
        "cluster-not-in-policy us2",
        says={"delete-stuck us2": ["2 old backups have"]},
    ),
    *(
        row(
            f"delete-stuck: {which} says that it is being deleted",
            backup(run("10-01 01:00", hours=24, **parts), *nightly()),
            *stuck,
        )
        for which, parts, stuck in STUCK_BY_ITS_WORD
    ),
    *(
        row(
            f"Not delete-stuck: {which} says that it is deleted",
            backup(run("10-01 01:00", hours=24, **parts), *nightly()),
        )
        for which, parts in DELETED_BY_ITS_WORD
    ),
    row(
        "Processed is the end of a deletion, not a deletion that is under way",
        backup(run("10-01 01:00", eu1=copy(expires="11-01 00:00", deleted="Processed")), *nightly()),
    ),
    row(
        "Processed is deleted: nothing can be restored from it",
        backup(run("11-23 01:00", deleted="Processed")),
        *both("never-backed-up"),
        says={"never-backed-up eu1": ["has been deleted"]},
    ),
    row(
        "namespaces-not-in-policy: the workspace has namespaces beside those of its policy",
        backup(*nightly(), namespaces=["web", "team-*"]),
        "namespaces-not-in-policy",
        workspace=listed() | {"spec": listed()["spec"] | {"namespaces": ["web", "team-a", "shop", "db"]}},
        says={"namespaces-not-in-policy": ["2 namespaces", "shop, db"]},
        status="OK",
    ),
    *(
        row(
            f"Not namespaces-not-in-policy: the policy means them all ({names})",
            backup(*nightly(), namespaces=names),
            workspace=listed() | {"spec": listed()["spec"] | {"namespaces": ["web", "shop"]}},
        )
        for names in ([], None, ["*"], ["web", "shop"], ["web", "*"])
    ),
]


@pytest.mark.parametrize("case", FIRST_COPY)
def test_deletions_and_namespaces(case: Row) -> None:
    check(case)
