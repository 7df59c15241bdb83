"""Schedules: their syntax, the due times that follow, and what the retention survives."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backup_reporter.health.thresholds import Thresholds
from support.builders import DAILY, at, backup, judged, label, nightly, only, run

# From Monday, 2026-11-23 07:00 UTC, where nothing else is said.
SYNTAX = {
    "0 1 * * *": ["11-24 01:00", "11-25 01:00"],
    "  0   1  *  *  * ": ["11-24 01:00"],
    "30 7 * * *": ["11-23 07:30"],
    "0,30 7,8 * * *": ["11-23 07:30", "11-23 08:00", "11-23 08:30", "11-24 07:00"],
    "0 9-11 * * *": ["11-23 09:00", "11-23 10:00", "11-23 11:00", "11-24 09:00"],
    "*/20 * * * *": ["11-23 07:20", "11-23 07:40", "11-23 08:00"],
    "0 8-14/3 * * *": ["11-23 08:00", "11-23 11:00", "11-23 14:00", "11-24 08:00"],
    "0 5/9 * * *": ["11-23 14:00", "11-23 23:00", "11-24 05:00"],  # N/step runs on to the end of the field
    "0 1 * * SUN": ["11-29 01:00", "12-06 01:00"],
    "0 1 * * sun": ["11-29 01:00"],
    "0 1 * * 0": ["11-29 01:00"],
    "0 1 * * Mon-Fri": ["11-24 01:00", "11-25 01:00", "11-26 01:00", "11-27 01:00", "11-30 01:00"],
    "0 1 * * TUE,sat": ["11-24 01:00", "11-28 01:00", "12-01 01:00"],
    "0 1 1 * *": ["12-01 01:00"],
    "0 1 1 DEC *": ["12-01 01:00"],
    "0 1 1 nov-dec *": ["12-01 01:00"],
    "0 1 ? * ?": ["11-24 01:00"],
    "0 1 ? * 3": ["11-25 01:00"],
    "0 1,13, * * *": ["11-23 13:00", "11-24 01:00"],
    ",0,, ,1 * * *": ["11-24 01:00"],
    "0 1 27 * ?": ["11-27 01:00", "12-27 01:00"],
    # Day and weekday both restricted: either will do. Only * and ? do not restrict.
    "0 1 27 * TUE": ["11-24 01:00", "11-27 01:00", "12-01 01:00"],
    "0 1 */2 * TUE": ["11-24 01:00", "11-25 01:00", "11-27 01:00", "11-29 01:00", "12-01 01:00", "12-03 01:00"],
    "0 1 * * */2": ["11-24 01:00", "11-26 01:00", "11-28 01:00", "11-29 01:00"],
    "0 1 1-31 * SUN": ["11-24 01:00", "11-25 01:00"],
    "0 1 29 * 0-6": ["11-24 01:00", "11-25 01:00"],
    "0 1 */1 * SUN": ["11-29 01:00", "12-06 01:00"],
    "0 1 31 * *": ["12-31 01:00"],
    "@hourly": ["11-23 08:00", "11-23 09:00"],
    "@daily": ["11-24 00:00", "11-25 00:00"],
    "@midnight": ["11-24 00:00"],
    "@weekly": ["11-29 00:00", "12-06 00:00"],
    "@monthly": ["12-01 00:00"],
    "CRON_TZ=Europe/Berlin 0 1 * * *": ["11-24 00:00", "11-25 00:00"],
    "TZ=America/New_York 0 1 * * *": ["11-24 06:00"],
    "CRON_TZ=UTC @daily": ["11-24 00:00"],
    "CRON_TZ=Asia/Kolkata 0 1 * * SUN": ["11-28 19:30"],
    # Counting from the last run, which the history below has on 11-23 at 01:00.
    "@every 24h": ["11-24 01:00", "11-25 01:00"],
    "@every +1h": ["11-23 08:00", "11-23 09:00"],
    "@every 90m": ["11-23 08:30", "11-23 10:00"],
    "@every 1h30m": ["11-23 08:30"],
    "@every 6h": ["11-23 13:00"],
}


@pytest.mark.parametrize(("schedule", "due"), SYNTAX.items())
def test_due_times_follow_from_the_schedule(schedule: str, due: list[str]) -> None:
    now = at("11-23 07:00")
    for expected in due:
        verdict = judged(backup(run("11-23 01:00"), schedule=schedule), now=now)
        assert verdict.next_run_at == at(expected)
        now = at(expected)


def test_yearly_is_new_years_midnight() -> None:
    for schedule in ("@yearly", "@annually", "0 0 1 1 *", "0 0 1 jan ?"):
        verdict = judged(backup(run("11-23 01:00"), schedule=schedule))
        assert verdict.next_run_at == at("12-31 00:00") + timedelta(days=1)


def test_a_wall_time_that_the_clocks_skip_does_not_run() -> None:
    verdict = judged(backup(run("03-28 01:30"), schedule="CRON_TZ=Europe/Berlin 30 2 * * *"), now=at("03-28 12:00"))
    assert verdict.next_run_at == at("03-30 00:30")


def test_a_wall_time_that_the_clocks_show_twice_is_due_once_unless_every_hour_will_do() -> None:
    def due_after(schedule: str, now: str) -> object:
        return judged(backup(run("10-24 01:30"), schedule=f"CRON_TZ=Europe/Berlin {schedule}"), now=at(now)).next_run_at

    assert due_after("30 2 * * *", "10-24 12:00") == at("10-25 00:30")
    assert due_after("30 2 * * *", "10-25 00:30") == at("10-26 01:30")
    assert due_after("30 * * * *", "10-25 00:30") == at("10-25 01:30")


def test_in_the_second_of_two_hours_that_look_alike_the_due_time_of_the_first_is_past() -> None:
    berlin = "CRON_TZ=Europe/Berlin 30 2 * * *"
    before = [run("10-22 00:30"), run("10-23 00:30"), run("10-24 00:30")]
    late = backup(*before, only("us2", "10-25 01:10"), schedule=berlin)

    verdict = judged(late, now=at("10-25 01:20"))
    assert verdict.next_run_at == at("10-26 01:30")
    assert [label(finding) for finding in verdict.findings] == ["cluster-not-backed-up eu1"]
    strict = judged(backup(*before, schedule=berlin), thresholds=Thresholds(grace=timedelta(0)), now=at("10-25 01:10"))
    assert [label(finding) for finding in strict.findings] == ["backup-overdue"]


@pytest.mark.parametrize(
    ("cron", "after", "due"),
    [
        ("45 1 * * *", "04-04 10:00", ["04-04 14:45", "04-05 15:15", "04-06 15:15"]),  # shown twice: the first counts
        ("30 2 * * *", "04-04 10:00", ["04-04 16:00", "04-05 16:00"]),
        ("15 2 * * *", "10-02 16:00", ["10-04 15:15", "10-05 15:15"]),  # skipped on 4 October, there
        ("30 2 * * *", "10-02 16:30", ["10-03 15:30", "10-04 15:30"]),
    ],
)
def test_clocks_that_are_changed_by_half_an_hour_are_followed(cron: str, after: str, due: list[str]) -> None:
    times, now = [], at(after)
    for _ in due:
        schedule = f"CRON_TZ=Australia/Lord_Howe {cron}"
        next_run_at = judged(backup(run("01-01 01:00"), schedule=schedule), now=now).next_run_at
        assert next_run_at
        times.append(f"{next_run_at:%m-%d %H:%M}")
        now = next_run_at
    assert times == due


def test_in_summer_a_wall_time_is_another_instant() -> None:
    verdict = judged(backup(run("07-01 01:00"), schedule="CRON_TZ=Europe/Berlin 0 1 * * *"), now=at("07-01 12:00"))
    assert verdict.next_run_at == at("07-01 23:00")


UNREADABLE = [
    "0 1 * *",
    "0 0 1 * * *",
    "60 1 * * *",
    "0 24 * * *",
    "0 1 0 * *",
    "0 1 32 * *",
    "0 1 * 13 *",
    "0 1 * * 7",
    "0 1 * * 8",
    "0 1 * * SUNDAY",
    "0 1 * FOO *",
    "0 5-1 * * *",
    "0 1-2-3 * * *",
    "*/0 * * * *",
    "*/x * * * *",
    "0 1-5/ * * *",
    "@every +",
    "@every ++1h",
    "0 1 L * *",
    "0 1 15W * *",
    "0 1 * * MON#1",
    "0 1 * * 5L",
    "-1 1 * * *",
    "0 1 30 2 *",
    ", 1 * * *",
    "0 ,,, * * *",
    "every day at 1",
    "@fortnightly",
    "@reboot",
    "@every",
    "@every day",
    "@every 24",
    "CRON_TZ=Mars/Olympus 0 1 * * *",
    "CRON_TZ=Europe/Berlin",
    "TZ= 0 1 * * *x",
    "☾",
]


@pytest.mark.parametrize("schedule", UNREADABLE)
def test_a_schedule_that_cannot_be_parsed_is_said_and_quoted(schedule: str) -> None:
    verdict = judged(backup(*nightly(last="11-22"), schedule=schedule))

    assert [label(finding) for finding in verdict.findings] == ["schedule-unreadable"]
    assert schedule in verdict.findings[0].message
    assert (verdict.status, verdict.next_run_at, verdict.survives_failures) == ("WARNING", None, None)


@pytest.mark.parametrize(
    ("schedule", "hours", "survived"),
    [
        (DAILY, 720, 29),
        (DAILY, 48, 1),
        (DAILY, 47, 0),
        (DAILY, 24, 0),
        (DAILY, 12, 0),
        ("0 1 * * SUN", 720, 3),
        ("0 1 * * MON-FRI", 144, 1),  # the longest pause is the one that has to be survived
        ("@every 12h", 36, 2),
        (DAILY, None, None),
        (None, 720, None),
    ],
)
def test_how_many_failed_runs_the_retention_survives(
    schedule: str | None, hours: float | None, survived: int | None
) -> None:
    assert judged(backup(*nightly(), schedule=schedule, hours=hours)).survives_failures == survived
