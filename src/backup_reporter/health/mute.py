"""Muting: a label on the workspace that silences its findings until a date."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from backup_reporter.health.catalog import CODES
from backup_reporter.health.findings import Finding
from backup_reporter.wording import quote

DATE_LABEL = "backup-reporter.mute"
CODES_LABEL = "backup-reporter.mute-codes"


@dataclass(frozen=True, slots=True)
class Mute:
    """What is muted until when (the end, UTC); ``problem`` says why a label mutes nothing."""

    until: datetime | None = None
    codes: frozenset[str] = frozenset(CODES)
    problem: str | None = None

    def applies_to(self, finding: Finding, now: datetime) -> bool:
        """Whether a finding is silenced at ``now``."""
        return self.until is not None and now < self.until and finding.code in self.codes


def read_mute(labels: Mapping[str, str]) -> Mute:
    """Reads a workspace's mute labels. A label that cannot be read mutes nothing."""
    day_text, codes_text = labels.get(DATE_LABEL), labels.get(CODES_LABEL)
    if day_text is None and codes_text is None:
        return Mute()
    if day_text is None:
        return Mute(problem=f"{CODES_LABEL} is set without {DATE_LABEL}: there is no mute without an end")
    until = _end_of(day_text)
    if until is None:
        return Mute(problem=f"{DATE_LABEL} should be a date such as 2026-12-31, not '{quote(day_text, 60)}'")
    if codes_text is None:
        return Mute(until)
    codes = {code.strip().casefold() for code in re.split(r"[.,]", codes_text)} - {""}
    unknown = sorted(codes - CODES.keys())
    if unknown or not codes:
        return Mute(problem=f"{CODES_LABEL} should be known codes, not '{quote(' '.join(unknown), 60)}'")
    return Mute(until, frozenset(codes))


def _end_of(day_text: str) -> datetime | None:
    if not re.fullmatch(r"\s*\d{4}-\d{2}-\d{2}\s*", day_text, re.ASCII):
        return None
    try:
        return datetime.combine(date.fromisoformat(day_text.strip()) + timedelta(days=1), time(), UTC)
    except (ValueError, OverflowError):
        return None
