"""What is said about a workspace's last restore, in a few words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from backup_reporter.health.phases import is_given, phase_of
from backup_reporter.health.workspace_report import LastRestore, WorkspaceReport
from backup_reporter.report.day_states import STATE_WORDS
from backup_reporter.wording import quote_state

_WITHOUT_ONE = {True: "never", False: "not known", None: ""}


def last_restore_words(workspace: WorkspaceReport, time_words: Callable[[datetime], str]) -> str:
    """``12 days ago``, ``3 days ago (failed)``, ``never``; empty if Palette was not asked. ``time_words`` says a time."""
    restore = workspace.last_restore
    if restore is None:
        return _WITHOUT_ONE[workspace.restores_known]
    at = time_words(restore.at) if restore.at else "at an unknown time"
    outcome = outcome_of(restore)
    return f"{at} ({outcome})" if outcome else at


def outcome_of(restore: LastRestore) -> str:
    """How a restore ended; empty if it succeeded: what failed must not pass for a test."""
    phase = phase_of(restore.state, {})
    if phase == "unknown":
        return f"state '{quote_state(restore.state or '', 30)}'" if is_given(restore.state) else "state not known"
    return "" if phase == "succeeded" else STATE_WORDS[phase]
