"""A workspace's history as a strip of days: what each day is called, and the whole in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from backup_reporter.health.workspace_report import DayState, WorkspaceReport

STRIP_DAYS = 14
"""How many days a short strip has."""

STATE_WORDS: Mapping[DayState, str] = {
    "succeeded": "succeeded",
    "partial": "incomplete",
    "failed": "failed",
    "missed": "no run, although one was due",
    "unknown": "state not understood",
    "running": "running",
    "partially-failing": "running, and incomplete already",
    "deleting": "being deleted",
    "unclear": "no run, and not known whether one is missing",
    "not-due": "no run due",
}
"""The states of a day as people say them, in the order of a legend."""


def strip_words(workspace: WorkspaceReport) -> str:
    """The last days in words, for readers who cannot see the strip: ``12 succeeded, 2 failed``."""
    days = Counter(day.state for day in workspace.history[-STRIP_DAYS:])
    words = {**STATE_WORDS, "missed": "missed", "unclear": "not known", "not-due": "with no run due"}
    return ", ".join(f"{days[state]} {words[state]}" for state in STATE_WORDS if days[state])
