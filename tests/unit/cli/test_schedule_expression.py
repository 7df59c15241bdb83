"""When to report: what EventBridge Scheduler would refuse, and how long the schedule pauses."""

import pytest

from backup_reporter.cli.schedule_expression import schedule_expression, schedule_problem, silence_hours


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("07:00", "cron(0 7 * * ? *)"),
        (" 6:30 ", "cron(30 6 * * ? *)"),
        ("rate(12 hours)", "rate(12 hours)"),
        ("25:00", "25:00"),
    ],
)
def test_a_time_of_day_becomes_a_daily_schedule(text: str, expression: str) -> None:
    assert schedule_expression(text) == expression


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("cron(0 25 * * ? *)", "25 is no hour (0 to 23)"),
        ("cron(0 7 ? * 0 *)", "0 is no weekday (1 to 7)"),
        ("cron(0 7 * * * *)", "either the third field (day of the month) or the fifth (weekday) should be ?"),
        ("cron(0 7 ? * ? *)", "either the third field (day of the month) or the fifth (weekday) should be ?"),
    ],
)
def test_what_eventbridge_would_refuse_is_refused(expression: str, problem: str) -> None:
    assert schedule_problem(expression) == problem


@pytest.mark.parametrize(
    ("expression", "hours"),
    [
        ("cron(0 7 * * ? *)", 26),
        ("rate(12 hours)", 26),
        ("rate(2 days)", 50),
        ("cron(0 7 ? * MON-FRI *)", 74),
        ("cron(0 7 ? * 2-6 *)", 74),
        ("cron(0/30 6-20 ? * MON-FRI *)", 60),
        ("cron(0 7 ? * MON *)", 170),
        ("cron(0 7 ? * 2#1 *)", None),
        ("cron(0 7 L * ? *)", None),
        ("cron(0 7 ? JUL FRI 2027)", None),
    ],
)
def test_the_alarm_waits_for_the_longest_pause_and_two_hours_more(expression: str, hours: int | None) -> None:
    assert schedule_problem(expression) is None
    assert silence_hours(expression) == hours
