"""How the judging speaks: counts, times and text from outside in sentences."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

_QUOTE_LENGTH = 300
_EVIDENCE_LENGTH = 2000


def count(number: int, noun: str) -> str:
    """``1 backup``, ``3 backups``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def duration(length: timedelta) -> str:
    """A length of time as people say it, rounded down: ``3 days``, ``5 hours``, ``20 minutes``; never negative."""
    minutes = max(0, int(length.total_seconds() // 60))
    if minutes >= 48 * 60:
        return count(minutes // (24 * 60), "day")
    return count(minutes // 60, "hour") if minutes >= 120 else count(minutes, "minute")


def age(at: datetime, now: datetime) -> str:
    """``6 hours ago``, ``in 3 days``."""
    return f"{duration(now - at)} ago" if at <= now else f"in {duration(at - now)}"


def retention(hours: float) -> str:
    """How long a restore point is kept: ``36 hours``, ``30 days``."""
    if hours >= 24 and hours % 24 == 0:
        return count(int(hours // 24), "day")
    return "1 hour" if hours == 1 else f"{hours:g} hours"


def moment(at: datetime, zone: ZoneInfo) -> str:
    """A time for people: ``2026-11-23 08:00 CET``."""
    return f"{local(at, zone):%Y-%m-%d %H:%M %Z}"


def day(at: datetime, zone: ZoneInfo) -> str:
    """A date for people: ``Mon 2026-11-23``."""
    return f"{local(at, zone):%a %Y-%m-%d}"


def due_time(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """A time for people: within a day of now ``Fri 05:00``, else ``Mon 2026-11-23``."""
    return f"{local(at, zone):%a %H:%M}" if abs(now - at) <= timedelta(days=1) else day(at, zone)


def local(at: datetime, zone: tzinfo) -> datetime:
    """A time in the reader's zone; if the calendar ends before that, as it is."""
    try:
        return at.astimezone(zone)
    except OverflowError:
        return at


def timestamp(at: datetime | None) -> str | None:
    """A time for evidence: RFC 3339 in UTC with ``Z``."""
    return local(at, UTC).isoformat().replace("+00:00", "Z") if at else None


def quote(text: str | None, length: int = _QUOTE_LENGTH) -> str:
    """Text from outside on one line, without characters that steer a display, cut at a word; no text is an empty one."""
    # What is cut off anyway is not looked at: a message can be megabytes long.
    start = (text or "")[: length * 4]
    line = " ".join((start if start.isprintable() else "".join(map(_visible, start))).split())
    if len(line) <= length:
        return line
    head, space, _ = line[: length - 1].rpartition(" ")
    return (head if space and len(head) > length // 2 else line[: length - 1]) + "…"


def quote_state(text: str | None, length: int = 100) -> str:
    """Quotes a state as :func:`quote` does, with each invisible character as an escape: that may be all that is odd about it."""
    visible = (character if character.isprintable() else _escape(character) for character in (text or "")[: length * 4])
    return quote("".join(visible), length)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def evidence_text(text: str | None) -> str | None:
    """Text as received, for the record: one line, bounded."""
    return None if text is None else quote(text, _EVIDENCE_LENGTH)


def capitalized(text: str) -> str:
    """The text with a capital first letter; the others stay as they are."""
    return text[:1].upper() + text[1:]


def listed(names: Sequence[str], most: int = 5) -> str:
    """``a, b and 3 more``; names are quoted as :func:`quote` does."""
    shown = ", ".join(quote(name, 63) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def _visible(character: str) -> str:
    # Control and format characters (bidirectional marks, zero widths), lone surrogates, separators.
    return " " if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") else character
