"""How statuses and days are drawn on a terminal: a sign and a colour, because some readers cannot tell red from green."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from backup_reporter.health.findings import Status
from backup_reporter.health.workspace_report import DayState


@dataclass(frozen=True, slots=True)
class Sign:
    """A character one cell wide, its ASCII replacement, and a style of rich's."""

    character: str
    plain: str
    style: str

    def drawn(self, *, ascii_only: bool) -> str:
        return self.plain if ascii_only else self.character


STATUSES: Mapping[Status, Sign] = {
    "CRITICAL": Sign("✗", "X", "red"),
    "UNKNOWN": Sign("?", "?", "magenta"),
    "WARNING": Sign("▲", "!", "yellow"),
    "OK": Sign("✓", "+", "green"),
}

DAYS: Mapping[DayState, Sign] = {
    "succeeded": Sign("■", "=", "green"),
    "partial": Sign("◧", "p", "yellow"),
    "failed": Sign("✗", "X", "red"),
    "missed": Sign("○", "o", "red"),
    "unknown": Sign("?", "?", "magenta"),
    "running": Sign("▸", ">", "cyan"),
    "partially-failing": Sign("▹", "}", "yellow"),
    "deleting": Sign("-", "-", "dim"),
    "unclear": Sign("~", "~", "magenta"),
    "not-due": Sign("·", ".", "dim"),
}

DAY_WORDS: Mapping[DayState, str] = {
    "succeeded": "succeeded",
    "partial": "incomplete",
    "failed": "failed",
    "missed": "missed",
    "unknown": "not understood",
    "running": "running",
    "partially-failing": "running, incomplete",
    "deleting": "being deleted",
    "unclear": "not known",
    "not-due": "none due",
}
"""The meaning of a day's sign, for the legend."""
