"""Due times to the second: cron expressions, intervals, shifted schedules, the age of a policy and its edits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from backup_reporter.health.cron import CronError, parse_cron
from backup_reporter.health.schedule import (
    COUNT_LIMIT,
    DueTimes,
    Every,
    Shifted,
    fits,
    names_no_zone,
    read_schedule,
    shift_of,
)
from backup_reporter.health.thresholds import Thresholds
from support.builders import at

UTC_ZONE = ZoneInfo("UTC")
DAILY = parse_cron("0 1 * * *")
AT_FIVE = parse_cron("0 5 * * *")
HOUR = timedelta(hours=1)
GRACE = timedelta(hours=2)


# Cron expressions


@pytest.mark.parametrize(
    ("expression", "why"),
    {
        "60 1 * * *": "'60' is no minute (0 to 59)",
        "0 24 * * *": "'24' is no hour (0 to 23)",
        "0 1 0 * *": "'0' is no day of month (1 to 31)",
        "0 1 * 13 *": "'13' is no month (1 to 12)",
        "0 1 * * 7": "'7' is no weekday (0 to 6)",
        "0 ١ * * *": "'١' is no hour (0 to 23)",
        "0 00001 * * *": "'00001' is no hour (0 to 23)",
        "0 5-1 * * *": "the hour range '5-1' runs backwards",
        "*/x 1 * * *": "'x' is no step for the minute",
        "*/0 1 * * *": "'0' is no step for the minute",
        "*/٢ 1 * * *": "'٢' is no step for the minute",
        "*/00002 1 * * *": "'00002' is no step for the minute",
        "*/ 1 * * *": "'' is no step for the minute",
        ", 1 * * *": "it names no minute",
        "1": "it has 1 field, not five (minute hour day month weekday)",
        "0 0 1 * * *": "it has 6 fields, not five (minute hour day month weekday)",
        "0 1 30 2 *": "it never falls due",
        "@" + "x" * 50: "'@"
        + "x" * 39
        + "' is no descriptor (@yearly, @annually, @monthly, @weekly, @daily, @midnight, "
        "@hourly, @every)",
        "TZ=" + "x" * 70 + " 0 1 * * *": "'" + "x" * 60 + "' is no known time zone",
        "0 1 * * *" + " " * 992: "it is longer than 1000 characters",
    }.items(),
)
def test_a_schedule_that_velero_refuses_says_why(expression: str, why: str) -> None:
    with pytest.raises(CronError) as error:
        parse_cron(expression)
    assert str(error.value) == why


def test_an_empty_zone_is_utc() -> None:
    assert parse_cron("TZ= 0 1 * * *", ZoneInfo("Europe/Berlin")) == DAILY


def test_a_schedule_may_have_a_thousand_characters() -> None:
    assert parse_cron("0 1 * * *" + " " * 991) == DAILY


@pytest.mark.parametrize(
    ("expression", "due"),
    {
        "0 0 ?/1 * 1": "11-30 00:00",
        "0 0 */1 * 1": "11-30 00:00",
        "0 0 1-31 * 1": "11-24 00:00",
        "0 0 */31 * 2": "11-24 00:00",
        "*/59 7 * * *": "11-23 07:59",
    }.items(),
)
def test_a_step_of_one_restricts_nothing(expression: str, due: str) -> None:
    assert parse_cron(expression).next(at("11-23 07:00")) == at(due)


def test_a_due_time_is_the_latest_at_its_very_second_and_never_the_next() -> None:
    assert DAILY.latest(at("11-23 01:00")) == at("11-23 01:00")
    assert DAILY.latest(at("11-23 00:59:59")) == at("11-22 01:00")
    assert DAILY.next(at("11-23 01:00")) == at("11-24 01:00")
    assert DAILY.next(at("11-23 00:59:59")) == at("11-23 01:00")


def test_due_times_are_in_utc() -> None:
    berlin = parse_cron("CRON_TZ=Europe/Berlin 0 1 * * *")
    due = berlin.latest(at("11-23 07:00"))

    assert due == at("11-23 00:00")
    assert due.tzinfo is UTC


def test_nothing_falls_due_before_and_after_the_calendar() -> None:
    assert DAILY.latest(datetime(1, 1, 1, 0, 30, tzinfo=UTC)) is None
    assert DAILY.next(datetime(9999, 12, 31, 23, 30, tzinfo=UTC)) is None
    assert DAILY.period_start(datetime(1, 1, 1, 0, 30, tzinfo=UTC)) == datetime(1, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "pause"),
    {
        "0 1 * * *": timedelta(days=1),
        "0 1,13,14 * * *": 12 * HOUR,
        "0,20 * * * *": timedelta(minutes=40),
        "0,40 1 * * *": timedelta(hours=23, minutes=20),
        "0 1,13 * * 1": timedelta(days=6, hours=12),
        "0 1 * * 1-5": timedelta(days=3),
        "0 1 * 1-11 *": timedelta(days=32),
        "0 1 29 2 *": timedelta(days=8 * 365 + 1),
    }.items(),
)
def test_the_longest_pause(expression: str, pause: timedelta) -> None:
    assert parse_cron(expression).longest_pause == pause


# Intervals


@pytest.mark.parametrize(
    ("text", "interval"),
    {
        "24h": timedelta(days=1),
        "+1h": HOUR,
        "1h30m15s": timedelta(hours=1, minutes=30, seconds=15),
        "1.5h": timedelta(minutes=90),
        ".5h": timedelta(minutes=30),
        "2.h": 2 * HOUR,
        "1999ms": timedelta(seconds=1),
        "3000ms": timedelta(seconds=3),
        "3000000us": timedelta(seconds=3),
        "3000000µs": timedelta(seconds=3),
        "3000000μs": timedelta(seconds=3),
        "3000000000ns": timedelta(seconds=3),
        "1ns": timedelta(seconds=1),
        "876000h": timedelta(days=36500),
    }.items(),
)
def test_an_interval_is_read_as_go_reads_it(text: str, interval: timedelta) -> None:
    assert read_schedule(f" @every  {text} ", [], None, UTC_ZONE) == Every(interval, ())


@pytest.mark.parametrize(
    ("text", "why"),
    {
        "day": "'day' is no duration such as 24h or 1h30m",
        "++1h": "'++1h' is no duration such as 24h or 1h30m",
        "1h!": "'1h!' is no duration such as 24h or 1h30m",
        "24": "'24' is no duration such as 24h or 1h30m",
        "x" * 50: f"'{'x' * 40}' is no duration such as 24h or 1h30m",
        "876000h1s": "'876000h1s' is longer than a century",
        "9" * 50 + "h": f"'{'9' * 40}' is longer than a century",
    }.items(),
)
def test_an_interval_that_go_refuses_says_why(text: str, why: str) -> None:
    with pytest.raises(CronError) as error:
        read_schedule(f"@every {text}", [], None, UTC_ZONE)
    assert str(error.value) == why


def test_an_interval_may_have_a_thousand_characters_and_no_more() -> None:
    assert read_schedule("@every" + " " * 992 + "1h", [], None, UTC_ZONE) == Every(HOUR, ())
    with pytest.raises(CronError, match="longer than 1000"):
        read_schedule("@every" + " " * 993 + "1h", [], None, UTC_ZONE)


def test_an_interval_counts_from_the_policys_creation_and_the_runs_since() -> None:
    runs = [at("11-22 00:00"), at("11-23 00:00"), at("11-23 02:00")]

    assert read_schedule("@every 1h", runs, at("11-23 00:00"), UTC_ZONE) == Every(HOUR, tuple(runs[1:]))
    assert read_schedule("@every 1h", runs, None, UTC_ZONE) == Every(HOUR, tuple(runs))


def test_an_interval_is_due_again_and_again_until_the_next_run() -> None:
    every = Every(HOUR, (at("11-23 00:00"), at("11-23 02:57"), at("11-23 04:40")))

    assert every.latest(at("11-22 23:00")) is None
    assert every.latest(at("11-23 00:59:59")) is None
    assert every.latest(at("11-23 01:00")) == at("11-23 01:00")
    # The run three minutes early is that of 03:00. The next one began before an hour had passed since.
    assert every.latest(at("11-23 03:30")) == at("11-23 03:00")
    assert every.latest(at("11-23 03:58")) == at("11-23 03:57")
    assert every.latest(at("11-23 05:00")) == at("11-23 03:57")
    assert every.latest(at("11-23 06:45")) == at("11-23 06:40")


def test_the_next_of_an_interval_counts_from_the_last_run() -> None:
    every = Every(HOUR, (at("11-23 00:00"), at("11-23 00:30")))

    assert every.next(at("11-22 12:00")) == at("11-23 01:00")
    assert every.next(at("11-23 00:29")) == at("11-23 01:00")
    assert every.next(at("11-23 00:30")) == at("11-23 01:30")
    assert every.next(at("11-23 03:30")) == at("11-23 04:30")


def test_an_interval_that_counts_from_nothing_is_never_due() -> None:
    never = Every(HOUR, ())

    assert (never.latest(at("11-23 07:00")), never.next(at("11-23 07:00"))) == (None, None)
    assert never.period_start(at("11-23 07:00")) == at("11-23 06:00")


def test_the_period_of_an_interval_is_never_longer_than_one() -> None:
    every = Every(HOUR, (at("11-23 00:00"), at("11-23 01:30")))

    assert every.period_start(at("11-23 01:20")) == at("11-23 01:00")
    assert every.period_start(at("11-23 02:20")) == at("11-23 01:20")


# Another time zone


def test_a_shifted_schedule_is_moved_as_a_whole() -> None:
    shifted = Shifted(DAILY, 2 * HOUR)

    assert shifted.latest(at("11-23 03:00")) == at("11-23 03:00")
    assert shifted.latest(at("11-23 02:59")) == at("11-22 03:00")
    assert shifted.next(at("11-23 03:00")) == at("11-24 03:00")
    assert shifted.next(at("11-23 02:00")) == at("11-23 03:00")
    assert shifted.period_start(at("11-23 07:00")) == at("11-23 03:00")
    assert shifted.period_start(at("11-23 02:00")) == at("11-22 03:00")
    assert shifted.longest_pause == timedelta(days=1)


def test_a_shifted_schedule_that_is_never_due_is_never_due() -> None:
    shifted = Shifted(Every(HOUR, ()), 2 * HOUR)

    assert (shifted.latest(at("11-23 07:00")), shifted.next(at("11-23 07:00"))) == (None, None)


def test_a_run_fits_from_five_minutes_early_until_the_grace_is_over() -> None:
    assert fits(DAILY, at("11-23 00:55"), GRACE)
    assert fits(DAILY, at("11-23 03:00"), GRACE)
    assert not fits(DAILY, at("11-23 00:54:59"), GRACE)
    assert not fits(DAILY, at("11-23 03:00:01"), GRACE)
    assert not fits(Every(HOUR, ()), at("11-23 03:00"), GRACE)


@pytest.mark.parametrize("text", ["@every 1h", " @every 1h ", "CRON_TZ=UTC 0 1 * * *", " TZ=Europe/Berlin 0 1 * * *"])
def test_a_schedule_may_say_which_clock_it_means(text: str) -> None:
    assert not names_no_zone(text)


@pytest.mark.parametrize("text", ["0 1 * * *", "@daily"])
def test_a_schedule_may_say_nothing_about_clocks(text: str) -> None:
    assert names_no_zone(text)


def test_a_schedule_without_a_zone_has_the_one_that_is_set() -> None:
    berlin = read_schedule("0 1 * * *", [], None, ZoneInfo("Europe/Berlin"))
    assert berlin.latest(at("11-23 07:00")) == at("11-23 00:00")


SIX = ["07:00"]
"""Six hours after the daily 01:00."""
SHIFTS = {
    "three runs at one distance": (SIX * 3, 6 * HOUR),
    "two are too few": (SIX * 2, None),
    "the earliest of the last three counts": (["06:50", "07:10", "07:05", "07:06"], timedelta(hours=6, minutes=5)),
    "15 minutes more are one distance": (["07:15", "07:15", "07:00"], 6 * HOUR),
    "16 minutes more are not": (["07:16", "07:16", "07:00"], None),
    "15 minutes less are one distance": (["06:45", "06:45", "07:00"], timedelta(hours=5, minutes=45)),
    "an hour more is one distance": (["08:00", "08:00", "07:00"], 6 * HOUR),
    "an hour and 15 minutes more are one distance": (["08:15", "08:15", "07:00"], 6 * HOUR),
    "an hour and 16 minutes more are not": (["08:16", "08:16", "07:00"], None),
    "three quarters of an hour more are one distance": (["07:45", "07:45", "07:00"], 6 * HOUR),
    "44 minutes more are not": (["07:44", "07:44", "07:00"], None),
    "an hour less is one distance": (["06:00", "06:00", "07:00"], 5 * HOUR),
    "the last run is on time": ([*SIX * 4, "01:00"], None),
    "a run on time before the last is by hand": ([*SIX * 3, "01:00", *SIX], 6 * HOUR),
    "a run on time at the beginning is by hand": (["07:00", "01:00", *SIX * 3], 6 * HOUR),
    "half of the last ten are too few": ([*["01:00"] * 5, *SIX * 5], None),
    "more than half of the last ten are enough": ([*["01:00"] * 4, *SIX * 6], 6 * HOUR),
    "what was before the last ten does not count": ([*["01:00"] * 9, *["01:30"] * 4, *SIX * 6], 6 * HOUR),
    "four of nine are too few": (["03:30", "04:30", "05:30", "10:00", "11:30", *SIX * 4], None),
    "the distance of the most runs counts": ([*SIX * 4, "13:30", *SIX], 6 * HOUR),
    "the last run may be at another distance": ([*SIX * 4, "13:30"], 6 * HOUR),
    "two alike of three are too few": (["07:00", "09:30", "07:00"], None),
    "the shorter of two distances counts": (["12:00"] * 3, 11 * HOUR),
    "14 hours late are a shift": (["15:00"] * 3, -10 * HOUR),
    "one early hour is a shift": (["00:00"] * 3, -HOUR),
    "six early minutes are a shift": (["00:54"] * 3, -timedelta(minutes=6)),
    "five early minutes are none": (["00:55"] * 3, None),
    "the grace is no shift": (["03:00"] * 3, None),
    "a minute more than the grace is a shift": (["03:01"] * 3, timedelta(hours=2, minutes=1)),
}


@pytest.mark.parametrize(("clock", "shift"), SHIFTS.values(), ids=SHIFTS.keys())
def test_how_far_the_last_runs_are_from_the_due_times(clock: list[str], shift: timedelta | None) -> None:
    runs = [at(f"11-{day:02} {hour}") for day, hour in enumerate(clock, start=1)]
    assert shift_of(DAILY, runs, GRACE) == shift


@pytest.mark.parametrize(
    ("clock", "day", "shift"),
    [("15:00", "08", 14 * HOUR), ("15:01", "08", None), ("11:00", "07", -14 * HOUR), ("10:59", "07", None)],
)
def test_no_shift_is_more_than_14_hours(clock: str, day: str, shift: timedelta | None) -> None:
    first = at(f"11-{day} {clock}")
    runs = [first + timedelta(weeks=week) for week in range(3)]
    assert shift_of(parse_cron("0 1 * * 0"), runs, GRACE) == shift


def test_runs_that_are_far_from_every_due_time_show_no_shift() -> None:
    assert shift_of(parse_cron("0 1 * * 0"), [at(f"11-{day} 07:00") for day in ("04", "11", "18")], GRACE) is None


# The age of a policy, and its edits


def test_no_due_time_is_older_than_the_policy() -> None:
    made = DueTimes(DAILY, at("11-23 01:00"))

    assert made.latest(at("11-23 01:00")) == at("11-23 01:00")
    assert made.latest(at("11-23 00:59")) is None
    assert DueTimes(DAILY, at("11-23 01:00:01")).latest(at("11-23 07:00")) is None
    assert DueTimes(DAILY, None).latest(at("11-23 07:00")) == at("11-23 01:00")
    assert DueTimes(Every(HOUR, ()), None).latest(at("11-23 07:00")) is None


def test_the_next_due_time_is_not_older_than_the_policy() -> None:
    made = DueTimes(DAILY, at("11-23 01:00"))

    assert made.next(at("11-20 00:00")) == at("11-23 01:00")
    assert made.next(at("11-23 00:59:59")) == at("11-23 01:00")
    assert made.next(at("11-23 01:00")) == at("11-24 01:00")
    assert DueTimes(DAILY, None).next(at("11-20 00:00")) == at("11-20 01:00")


def test_the_first_due_time_may_be_the_second_in_which_the_policy_was_made() -> None:
    assert DueTimes(DAILY, at("11-23 01:00")).first() == at("11-23 01:00")
    assert DueTimes(DAILY, at("11-23 01:00:01")).first() == at("11-24 01:00")
    assert DueTimes(DAILY, None).first() is None


def edited(
    when: str, before: DueTimes | None, created: str | None = "11-01 00:00", *, is_seen: bool = False
) -> DueTimes:
    """The schedule is daily at 01:00 since it was edited."""
    made = at(created) if created else None
    return DueTimes(DAILY, made, edited_at=at(when), before_edit=before, is_edit_seen=is_seen)


BEFORE = DueTimes(AT_FIVE, at("11-01 00:00"))


def test_due_times_up_to_the_edit_are_those_of_the_schedule_before_it() -> None:
    assert edited("11-23 04:00", BEFORE).latest(at("11-23 07:00")) == at("11-22 05:00")
    assert edited("11-23 06:00", BEFORE).latest(at("11-23 07:00")) == at("11-23 05:00")
    assert edited("11-23 06:00", BEFORE).latest(at("11-23 04:00")) == at("11-22 05:00")
    assert edited("11-23 00:59", BEFORE).latest(at("11-23 07:00")) == at("11-23 01:00")
    assert edited("11-23 01:00", BEFORE).latest(at("11-23 07:00")) == at("11-22 05:00")


def test_due_times_before_the_edit_are_due_no_longer_once_it_was_seen_or_if_they_are_not_known() -> None:
    assert edited("11-23 06:00", BEFORE, is_seen=True).latest(at("11-23 07:00")) is None
    assert edited("11-23 06:00", None).latest(at("11-23 07:00")) is None
    assert edited("11-23 06:00", None, created=None).latest(at("11-23 07:00")) is None


def test_the_next_due_time_before_the_edit_is_one_of_the_schedule_before_it() -> None:
    assert edited("11-23 06:00", BEFORE).next(at("11-22 12:00")) == at("11-23 05:00")
    assert edited("11-23 05:00", BEFORE).next(at("11-22 12:00")) == at("11-23 05:00")
    assert edited("11-23 04:59", BEFORE).next(at("11-22 12:00")) == at("11-24 01:00")
    assert edited("11-23 06:00", BEFORE).next(at("11-23 06:00")) == at("11-24 01:00")
    assert edited("11-23 06:00", BEFORE).next(at("11-23 07:00")) == at("11-24 01:00")


def test_the_next_due_time_is_the_first_after_the_edit_once_it_was_seen_or_if_those_before_are_not_known() -> None:
    assert edited("11-23 06:00", BEFORE, is_seen=True).next(at("11-22 00:00")) == at("11-24 01:00")
    assert edited("11-23 06:00", None).next(at("11-22 00:00")) == at("11-24 01:00")
    assert edited("11-23 06:00", None, created="11-23 05:00").next(at("11-23 07:00")) == at("11-24 01:00")


def test_the_period_of_a_run_before_the_edit_is_that_of_the_schedule_before_it() -> None:
    assert edited("11-23 00:59", BEFORE).period_start(at("11-23 07:00")) == at("11-23 01:00")
    assert edited("11-23 01:00", BEFORE).period_start(at("11-23 07:00")) == at("11-22 05:00")
    assert edited("11-23 06:00", BEFORE).period_start(at("11-23 07:00")) == at("11-23 05:00")
    assert edited("11-23 06:00", BEFORE).period_start(at("11-23 04:00")) == at("11-22 05:00")
    assert edited("11-23 04:00", BEFORE).period_start(at("11-23 07:00")) == at("11-22 05:00")


def test_the_period_of_a_run_before_an_edit_of_which_nothing_is_known_is_the_longest_pause() -> None:
    assert edited("11-23 01:30", None).period_start(at("11-23 02:00")) == at("11-22 02:00")
    assert DueTimes(DAILY, None).period_start(at("11-23 02:00")) == at("11-23 01:00")


def test_the_first_due_time_is_one_of_the_schedule_before_the_edit() -> None:
    before = DueTimes(AT_FIVE, at("11-22 05:00"))

    assert edited("11-23 06:00", before, created="11-22 05:00").first() == at("11-22 05:00")
    assert edited("11-23 06:00", None, created="11-22 01:00").first() == at("11-22 01:00")


def test_a_schedule_counts_since_its_edit_else_since_the_policy_was_made() -> None:
    assert edited("11-23 06:00", None).not_before == at("11-23 06:00")
    assert DueTimes(DAILY, at("11-01 00:00")).not_before == at("11-01 00:00")


def test_a_run_answers_a_due_time_from_five_minutes_early_and_all_before_it() -> None:
    due_times = DueTimes(DAILY, at("11-01 00:00"))

    assert due_times.missed(at("11-23 07:00"), at("11-23 00:55")) == ()
    assert due_times.missed(at("11-23 07:00"), at("11-23 00:54:59")) == (at("11-23 01:00"),)
    assert due_times.missed(at("11-23 07:00"), at("11-22 00:55")) == (at("11-23 01:00"),)
    assert due_times.missed(at("11-23 07:00"), at("11-22 00:54")) == (at("11-23 01:00"), at("11-22 01:00"))
    assert due_times.missed(at("11-01 00:30"), None) == ()


def test_missed_due_times_are_counted_up_to_a_thousand_or_if_there_is_nothing_to_count_from_to_one() -> None:
    minutely = parse_cron("* * * * *")
    now = at("11-23 07:00")

    assert len(DueTimes(minutely, at("11-01 00:00")).missed(now, None)) == COUNT_LIMIT
    assert len(DueTimes(minutely, None).missed(now, at("11-01 00:00"))) == COUNT_LIMIT
    assert DueTimes(minutely, None).missed(now, None) == (now,)
    assert len(DueTimes(minutely, at("11-23 06:58")).missed(now, None)) == 3


# The zone of a tenant's schedules


def test_a_tenants_own_zone_takes_the_place_of_the_settings_and_changes_nothing_else() -> None:
    kolkata = ZoneInfo("Asia/Kolkata")
    settings = Thresholds(grace=HOUR, schedule_time_zone=ZoneInfo("Europe/Berlin"))

    assert settings.for_schedules_in(kolkata) == Thresholds(grace=HOUR, schedule_time_zone=kolkata)
    assert settings.for_schedules_in(None) == settings
