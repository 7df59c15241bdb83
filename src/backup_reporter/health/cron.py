"""Cron expressions as Velero takes them: robfig/cron's standard syntax.

https://pkg.go.dev/github.com/robfig/cron/v3#hdr-CRON_Expression_Format

No Python library reads this syntax. Stepping through time is cronsim's work; it follows Debian's cron, so each field
is first written out as robfig/cron reads it: weekdays are 0 to 6, ``?`` is ``*``, ``N/S`` runs to the
end of the range, ``*/S`` counts as a restriction, and there is no ``L``, ``W`` or ``#``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from itertools import islice, pairwise, product, takewhile
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from msgspec import Struct

from backup_reporter.wording import count

MAX_SCHEDULE_LENGTH = 1000
"""Characters. A longer schedule is not read: every minute, hour and day written out take fewer."""

UTC_ZONE = ZoneInfo("UTC")
ZONE_PREFIX = re.compile(r"(?:CRON_)?TZ=(\S*)\s+")

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


class CronError(ValueError):
    """A schedule that Velero would refuse, or that never falls due; says why."""


class _Field(Struct, frozen=True):
    title: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    def number(self, text: str) -> int:
        if text in self.names:
            return self.names.index(text) + self.low
        if not re.fullmatch(r"\d{1,4}", text, re.ASCII) or not self.low <= int(text) <= self.high:
            raise CronError(f"{text!r} is no {self.title} ({self.low} to {self.high})")
        return int(text)

    def values(self, term: str) -> set[int]:
        span, slash, step_text = term.partition("/")
        first_text, dash, last_text = span.partition("-")
        if span in ("*", "?"):
            first, last = self.low, self.high
        else:
            first = self.number(first_text)
            last = self.number(last_text) if dash else (self.high if slash else first)
        if last < first:
            raise CronError(f"the {self.title} range {span!r} runs backwards")
        step = int(step_text) if re.fullmatch(r"\d{1,4}", step_text, re.ASCII) else 0
        if slash and not step:
            raise CronError(f"{step_text!r} is no step for the {self.title}")
        return set(range(first, last + 1, step or 1))

    def written_out(self, text: str) -> str:
        """The field as cronsim reads it: ``*`` if it restricts nothing, else its numbers."""
        # Empty terms are dropped, as robfig/cron drops them.
        terms = [term for term in text.split(",") if term]
        numbers = sorted(set().union(*map(self.values, terms)))
        if not numbers:
            raise CronError(f"it names no {self.title}")
        if any(term in ("*", "?", "*/1", "?/1") for term in terms):
            return "*"
        return ",".join(map(str, numbers))


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("weekday", 0, 6, _WEEKDAYS),
)
_DESCRIPTORS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


class Cron(Struct, frozen=True, dict=True):
    """Due times at fixed places on the clock of one time zone. All times in and out are UTC."""

    expression: str
    zone: ZoneInfo

    def latest(self, at: datetime) -> datetime | None:
        """The last due time at or before ``at``; ``None`` if there is none within 50 years."""
        return _latest(self, at)

    def next(self, after: datetime) -> datetime | None:
        """The first due time after ``after``; ``None`` if there is none within 50 years."""
        return _next(self, after)

    def period_start(self, at: datetime) -> datetime:
        """Since when a run counts as made in the same period as one at ``at``."""
        return self.latest(at) or _BEGINNING

    def due_times(self, start: datetime, *, reverse: bool = False) -> Iterator[datetime]:
        """From ``start`` on, or back; by the clock of the zone, which shows some hours twice."""
        # Beyond the first and the last year of the calendar nothing falls due.
        with suppress(OverflowError):
            for due in CronSim(self.expression, start.astimezone(self.zone), reverse=reverse):
                # When clocks jump forward, Debian's cron catches up and robfig/cron leaves the time out.
                if due.hour in self._hours and due.minute in self._minutes:
                    yield due.astimezone(UTC)

    @cached_property
    def _minutes(self) -> set[int]:
        return CronSim(self.expression, _REFERENCE).minutes

    @cached_property
    def _hours(self) -> set[int]:
        return CronSim(self.expression, _REFERENCE).hours

    @cached_property
    def longest_pause(self) -> timedelta:
        """The longest time between two due times, on a clock that is never changed."""
        times = sorted(timedelta(hours=h, minutes=m) for h, m in product(self._hours, self._minutes))
        within_a_day = max((later - earlier for earlier, later in pairwise(times)), default=timedelta())
        overnight = times[-1] - times[0]
        return max(within_a_day, _longest_pause_of_days(" ".join(self.expression.split()[2:])) - overnight)


# The histories of all workspaces with one schedule ask about the same days, and stepping through time is what costs most
# of judging a short history.


@lru_cache(maxsize=4096)
def _latest(cron: Cron, at: datetime) -> datetime | None:
    start = at + _SECOND
    if start.astimezone(cron.zone).fold:
        # In the second of two hours that look alike, a later wall time of the first is past as well.
        start += _HOUR
    return next((due for due in cron.due_times(start, reverse=True) if due <= at), None)


@lru_cache(maxsize=4096)
def _next(cron: Cron, after: datetime) -> datetime | None:
    return next((due for due in cron.due_times(after) if due > after), None)


@lru_cache(maxsize=256)
def _longest_pause_of_days(days: str) -> timedelta:
    """Between two days that the last three fields let through: the same few of them for many schedules."""
    if days == "* * *":
        return _DAY
    days_due = takewhile(lambda day: day.year in _YEARS, CronSim(f"0 0 {days}", _REFERENCE))
    return max(later - earlier for earlier, later in pairwise(islice(days_due, _DAYS_TO_COMPARE)))


_SECOND, _HOUR, _DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
_BEGINNING = datetime.min.replace(tzinfo=UTC)
_DAYS_TO_COMPARE = 500
_YEARS = range(2096, 2106)
"""They hold the longest wait there is, for a 29 February around the year 2100."""
_REFERENCE = datetime(_YEARS[0], 1, 1, tzinfo=UTC)


@lru_cache(maxsize=1024)
def parse_cron(text: str, default_zone: ZoneInfo = UTC_ZONE) -> Cron:
    """Reads a cron expression or descriptor, with an optional ``CRON_TZ=`` or ``TZ=`` prefix.

    ``default_zone`` is the zone of a schedule without that prefix.
    Raises :class:`CronError` for what robfig/cron refuses and for what never falls due.
    """
    if len(text) > MAX_SCHEDULE_LENGTH:
        raise CronError(f"it is longer than {MAX_SCHEDULE_LENGTH} characters")
    zone, expression = _split_zone(text.strip(), default_zone)
    fields = _DESCRIPTORS.get(expression, expression).casefold().split()
    if expression.startswith("@") and expression not in _DESCRIPTORS:
        raise CronError(f"{expression[:40]!r} is no descriptor ({', '.join(_DESCRIPTORS)}, @every)")
    if len(fields) != len(_FIELDS):
        raise CronError(f"it has {count(len(fields), 'field')}, not five (minute hour day month weekday)")
    written_out = " ".join(map(_Field.written_out, _FIELDS, fields))
    try:
        next(CronSim(written_out, _REFERENCE))
    except (CronSimError, StopIteration, RuntimeError):
        raise CronError("it never falls due") from None
    return Cron(written_out, zone)


def _split_zone(text: str, default_zone: ZoneInfo) -> tuple[ZoneInfo, str]:
    prefix = ZONE_PREFIX.match(text)
    if not prefix:
        return default_zone, text
    try:
        return ZoneInfo(prefix[1] or "UTC"), text[prefix.end() :]
    except (KeyError, ValueError, OSError):
        raise CronError(f"{prefix[1][:60]!r} is no known time zone") from None
