"""Types of option values: a length of time, a point in time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import click

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours"}
_SHORTEST, _LONGEST = timedelta(seconds=1), timedelta(hours=24)


class Length(click.ParamType[timedelta]):
    """``90s``, ``5m`` or ``2h``: from one second to a day."""

    name = "length"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Returns the length of time; fails with click's usage error."""
        if isinstance(value, timedelta):
            return value
        match = re.fullmatch(r"(\d{1,6})([smh])", str(value).strip())
        length = timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else timedelta()
        if not _SHORTEST <= length <= _LONGEST:
            self.fail(f"{value!r} should be a length of time such as 30s, 5m or 2h, from 1s to 24h", param, ctx)
        return length


def point_in_time(text: str, zone: ZoneInfo) -> datetime:
    """Returns the date or RFC 3339 time in UTC. A time without a zone is in ``zone``.

    Raises :class:`click.BadParameter`.
    """
    wanted = "should be a date or a time, such as 2026-12-04, 2026-12-04T07:00 or 2026-12-04T07:00:00Z"
    try:
        at = datetime.fromisoformat(text.strip())
        at = (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise click.BadParameter(f"{text!r} {wanted}", param_hint="--as-of") from None
    if not 2000 <= at.year <= 2200:
        raise click.BadParameter(f"{text!r} {wanted}, between the years 2000 and 2200", param_hint="--as-of")
    return at
