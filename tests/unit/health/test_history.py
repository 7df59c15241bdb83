"""The history strip: the worst of each day, and what it says of the days without a run."""

from __future__ import annotations

from time import tzset
from typing import Any

import pytest

from backup_reporter.health.judge import judge
from backup_reporter.health.thresholds import Thresholds
from support.builders import at, backup, copy, decoded, judged, listed, nightly, only, run


def strip(*runs: Any, days: int = 4, now: str = "11-23 07:00", **policy: Any) -> list[str]:
    """The states of the last days, today last."""
    verdict = judged(backup(*runs, **policy), thresholds=Thresholds(history_days=days), now=at(now))
    return [day.state for day in verdict.history]


def test_days_are_those_of_utc_whatever_the_machines_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    states = strip(*nightly(), now="11-23 16:00")
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        tzset()
        in_tokyo = strip(*nightly(), now="11-23 16:00")
    tzset()
    assert states == in_tokyo == ["succeeded"] * 4


def test_a_day_is_as_bad_as_its_worst_run() -> None:
    by_hand = only("eu1", "11-22 12:00")
    assert strip(*nightly(last="11-21"), run("11-22 01:00", "Failed"), by_hand, run("11-23 01:00")) == [
        "succeeded",
        "succeeded",
        "failed",
        "succeeded",
    ]


def test_a_day_on_which_no_run_was_due_is_told_from_one_on_which_one_is_missing() -> None:
    assert strip(*nightly(last="11-20"), run("11-22 01:00"), run("11-23 01:00")) == [
        "succeeded",
        "missed",
        "succeeded",
        "succeeded",
    ]
    # Weekly on Saturdays: the 21st.
    assert strip(run("11-21 01:00"), schedule="0 1 * * SAT") == ["not-due", "succeeded", "not-due", "not-due"]
    assert strip(run("11-14 01:00"), schedule="0 1 * * SAT") == ["not-due", "missed", "not-due", "not-due"]


def test_a_due_time_at_midnight_belongs_to_the_day_that_begins() -> None:
    assert strip(run("11-16 00:00"), schedule="0 0 * * MON-SAT", created="11-01 00:00", days=3) == [
        "missed",
        "not-due",
        "missed",
    ]
    assert strip(run("11-16 00:00"), schedule="59 23 * * SUN") == ["not-due", "not-due", "missed", "not-due"]


def test_without_a_schedule_no_run_is_due() -> None:
    assert strip(run("11-21 01:00"), schedule=None) == ["not-due", "succeeded", "not-due", "not-due"]


def test_a_run_is_missing_only_when_its_grace_is_over() -> None:
    assert strip(*nightly(last="11-22"), now="11-23 02:59:59")[-1] == "unclear"
    assert strip(*nightly(last="11-22"), now="11-23 03:00")[-1] == "missed"
    assert strip(*nightly(last="11-22"), now="11-23 00:59:59")[-1] == "not-due"


def test_a_run_that_came_after_midnight_answers_the_due_time_before_it() -> None:
    late = run("11-22 00:20")
    assert strip(run("11-20 23:30"), late, run("11-22 23:30"), schedule="30 23 * * *") == [
        "succeeded",
        "not-due",
        "succeeded",
        "not-due",
    ]


def test_it_answers_none_that_was_due_before() -> None:
    runs = [run(when) for when in ("11-20 06:00", "11-20 18:00", "11-22 00:20", "11-22 06:00", "11-23 06:00")]
    assert strip(*runs, schedule="0 6,18 * * *") == ["succeeded", "missed", "succeeded", "succeeded"]


def test_runs_just_outside_a_day_may_answer_all_that_was_due_on_it() -> None:
    runs = [run("11-20 23:57"), run("11-22 00:20")]
    assert strip(*runs, schedule="0 0,23 * * SAT") == ["succeeded", "not-due", "succeeded", "not-due"]


@pytest.mark.parametrize(
    ("runs", "policy"),
    [
        pytest.param(nightly(last="11-20"), {"schedule": "0 25 * * *"}, id="the schedule cannot be read"),
        pytest.param([*nightly(last="11-20"), {"requestUid": 7}], {}, id="a run cannot be read: it may be that day's"),
    ],
)
def test_where_nobody_can_tell_no_run_is_called_missing_and_none_is_called_not_due(
    runs: list[Any], policy: dict[str, Any]
) -> None:
    assert strip(*runs, **policy) == ["succeeded", "unclear", "unclear", "unclear"]


def test_before_the_oldest_run_that_palette_remembers_nothing_is_known() -> None:
    assert strip(*nightly(first="11-22", last="11-23")) == ["unclear", "unclear", "succeeded", "succeeded"]


def test_before_there_was_a_policy_no_run_was_due() -> None:
    assert strip(run("11-22 01:00"), run("11-23 01:00"), created="11-21 10:00") == [
        "not-due",
        "not-due",
        "succeeded",
        "succeeded",
    ]


def test_a_day_names_the_backup_of_its_worst_run() -> None:
    verdict = judged(backup(run("11-22 01:00", name="good"), run("11-22 03:00", "Failed", name="bad")))
    (day,) = (day for day in verdict.history if day.date == at("11-22 00:00").date())
    assert (day.state, day.backup_name) == ("failed", "bad")


def test_a_day_whose_runs_palette_may_have_dropped_is_not_known() -> None:
    kept_for_two_days = [run("11-18 01:00"), run("11-21 01:00"), run("11-22 01:00"), run("11-23 01:00")]
    assert strip(*kept_for_two_days, days=6, hours=48)[:3] == ["succeeded", "unclear", "unclear"]
    assert strip(*kept_for_two_days, days=6, hours=720)[:3] == ["succeeded", "missed", "missed"]


def test_the_shortest_retention_of_any_run_or_copy_counts() -> None:
    runs = [run("11-18 01:00"), run("11-21 01:00", hours=24), run("11-22 01:00"), run("11-23 01:00")]
    assert strip(*runs, days=6)[:3] == ["succeeded", "unclear", "unclear"]


def test_the_days_before_an_edit_of_a_schedule_that_is_not_known_are_not_known() -> None:
    answer = backup(run("11-19 13:00"), run("11-23 05:00"), schedule="0 5 * * *")
    answer["metadata"]["lastModifiedTimestamp"] = "2026-11-21T12:00:00.000Z"
    days = judged(answer, thresholds=Thresholds(history_days=6)).history
    assert [day.state for day in days] == ["unclear", "succeeded", "unclear", "unclear", "missed", "succeeded"]


def test_a_history_of_which_no_retention_is_known_may_be_whole() -> None:
    assert strip(run("11-20 01:00", "Failed"), hours=None) == ["failed", "missed", "missed", "missed"]
    at_once: dict[str, Any] = {"eu1": copy(expires="11-20 01:00"), "us2": copy(expires="11-20 01:00")}
    assert strip(run("11-20 01:00", **at_once), hours=None) == ["succeeded", "missed", "missed", "missed"]


def test_a_run_is_of_the_due_time_that_it_is_five_minutes_early_for() -> None:
    assert strip(run("11-20 01:00"), run("11-22 00:55"), run("11-23 01:00"))[1] == "missed"
    assert strip(run("11-20 01:00"), run("11-22 00:54"), run("11-23 01:00"))[1] == "not-due"
    saturdays = "0 0 * * SAT"
    assert strip(run("11-14 00:00"), run("11-20 23:55"), schedule=saturdays)[1] == "not-due"
    assert strip(run("11-14 00:00"), run("11-20 23:54"), schedule=saturdays)[1] == "missed"


def test_a_run_whose_copies_have_just_reached_their_end_is_not_dropped_yet() -> None:
    runs = [run("11-20 07:00"), run("11-22 07:00")]
    assert strip(*runs, schedule="0 7 * * *", hours=48)[1] == "missed"
    assert strip(*runs, schedule="0 7 * * *", hours=48, now="11-23 07:00:01")[1] == "unclear"


def test_before_an_edited_policy_was_made_no_run_was_due() -> None:
    answer = backup(run("11-23 05:00"), schedule="0 5 * * *", created="11-20 10:00")
    answer["metadata"]["lastModifiedTimestamp"] = "2026-11-22T12:00:00.000Z"
    days = judged(answer, thresholds=Thresholds(history_days=5)).history
    assert [day.state for day in days] == ["not-due", "unclear", "unclear", "unclear", "succeeded"]


def test_the_days_before_an_edit_are_known_from_the_schedule_that_the_last_report_saw() -> None:
    answer = backup(*nightly(last="11-20"), run("11-22 01:00"))
    last = judge(*decoded(listed(), answer), Thresholds(), at("11-22 07:00")).remembered
    edited = backup(*nightly(last="11-20"), run("11-22 01:00"), run("11-23 05:00"), schedule="0 5 * * *")
    edited["metadata"]["lastModifiedTimestamp"] = "2026-11-22T12:00:00.000Z"
    days = judge(
        *decoded(listed(), edited), Thresholds(history_days=4), at("11-23 07:00"), remembered=last
    ).report.history
    assert [day.state for day in days] == ["succeeded", "missed", "succeeded", "succeeded"]


def test_the_long_name_of_a_days_backup_is_cut() -> None:
    (today,) = judged(backup(run("11-23 01:00", name="x" * 201)), thresholds=Thresholds(history_days=1)).history
    assert today.backup_name == "x" * 199 + "…"


def test_a_day_whose_backup_has_no_name_names_none() -> None:
    today = judged(backup(*nightly())).history[-1]
    assert (today.state, today.backup_name) == ("succeeded", None)
