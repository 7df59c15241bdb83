"""Muting: a label on the workspace that silences its findings until a date."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

from msgspec import Struct

from backup_reporter.health.catalog import CODES
from backup_reporter.wording import quote

DATE_LABEL = "backup-reporter.mute"
CODES_LABEL = "backup-reporter.mute-codes"


NOT_MUTED_UNLESS_NAMED = frozenset({"unreadable"})
"""A mute is about what is known to be wrong. That nothing is known has to be muted by name."""

MAX_DAYS_AHEAD = 366


class Mute(Struct, frozen=True):
    """What is muted until when (the end, UTC); ``problem`` says why a label mutes nothing."""

    until: datetime | None = None
    codes: frozenset[str] = frozenset(CODES) - NOT_MUTED_UNLESS_NAMED
    problem: str | None = None

    def covers(self, code: str, now: datetime) -> bool:
        """Whether findings with a code are muted at ``now``."""
        return self.until is not None and now < self.until and code in self.codes


def mute_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """Returns the labels that mute."""
    return {name: labels[name] for name in (DATE_LABEL, CODES_LABEL) if name in labels}


def read_mute(labels: Mapping[str, str], now: datetime) -> Mute:
    """Reads a workspace's mute labels. A label that cannot be read mutes nothing."""
    day_text, codes_text = labels.get(DATE_LABEL), labels.get(CODES_LABEL)
    if day_text is None and codes_text is None:
        return Mute()
    if day_text is None:
        return Mute(problem=f"{CODES_LABEL} is set without {DATE_LABEL}: every mute needs an end")
    until = _end_of(day_text)
    if until is None:
        return Mute(problem=f"{DATE_LABEL} should be a date such as 2026-12-31, not '{quote(day_text, 60)}'")
    if until - now > timedelta(days=MAX_DAYS_AHEAD + 1):
        return Mute(problem=f"{DATE_LABEL} is {day_text.strip()}: a mute may end {MAX_DAYS_AHEAD} days ahead at most")
    return Mute(until) if codes_text is None else _narrowed(until, codes_text)


def _narrowed(until: datetime, codes_text: str) -> Mute:
    codes = {code.strip().casefold() for code in codes_text.replace(",", ".").split(".")} - {""}
    unknown = sorted(codes - CODES.keys())
    if unknown or not codes:
        return Mute(problem=f"{CODES_LABEL} should be known codes, not '{quote(' '.join(unknown), 60)}'")
    return Mute(until, frozenset(codes))


def _end_of(day_text: str) -> datetime | None:
    text = day_text.strip()
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        return None
    try:
        return datetime.combine(date.fromisoformat(text) + timedelta(days=1), time(), UTC)
    except (ValueError, OverflowError):
        return None
