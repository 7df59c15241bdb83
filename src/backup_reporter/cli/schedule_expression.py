"""When to report, as EventBridge Scheduler writes it: what is wrong with it, and how long it pauses."""

from __future__ import annotations

import re
from datetime import timedelta

from backup_reporter.health.cron import CronError, parse_cron

DEFAULT_SILENCE_HOURS = 26
MAX_SILENCE_HOURS = 168
"""CloudWatch looks back a week at most."""

_SPARE_HOURS = 2
_DAILY = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_FIELDS = (
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of the month", 1, 31),
    ("month", 1, 12),
    ("weekday", 1, 7),
)


def schedule_expression(text: str) -> str:
    """Returns ``07:00`` as a daily cron expression, and anything else as it is."""
    daily = _DAILY.fullmatch(text.strip())
    return f"cron({int(daily[2])} {int(daily[1])} * * ? *)" if daily else text.strip()


def schedule_problem(expression: str) -> str | None:
    """Returns why EventBridge Scheduler would refuse a cron expression, as far as that is certain."""
    cron = _CRON.fullmatch(expression)
    if cron is None:
        return None
    for (title, low, high), field in zip(_FIELDS, cron.groups(), strict=False):
        for number in re.findall(r"(?<![/#\d])\d+", field):
            if not low <= int(number) <= high:
                return f"{number} is no {title} ({low} to {high})"
    if (cron[3] == "?") == (cron[5] == "?"):
        return "either the third field (day of the month) or the fifth (weekday) should be ?"
    return None


def silence_hours(expression: str) -> int | None:
    """Returns after how many hours without a report something is wrong; ``None`` if the schedule is not understood."""
    pause = _longest_pause(expression)
    if pause is None:
        return None
    return max(DEFAULT_SILENCE_HOURS, -(-pause // timedelta(hours=1)) + _SPARE_HOURS)


def _longest_pause(expression: str) -> timedelta | None:
    if rate := _RATE.fullmatch(expression):
        return timedelta(**{f"{rate[2]}s": int(rate[1])})
    cron = _CRON.fullmatch(expression)
    if cron is None or cron[6] != "*":
        return None
    # EventBridge counts weekdays from 1 (Sunday), Velero, whose expressions the project reads, from 0.
    weekday = re.sub(r"(?<!/)\d", lambda number: str(int(number[0]) - 1), cron[5])
    try:
        return parse_cron(f"{cron[1]} {cron[2]} {cron[3]} {cron[4]} {weekday}").longest_pause
    except CronError:  # L, W and # are EventBridge's alone
        return None
