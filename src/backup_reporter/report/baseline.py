"""What a report leaves for the next one of its scope to be compared with."""

from __future__ import annotations

from backup_reporter.records import Instant, Record
from backup_reporter.report.model import Change


class Known(Record, frozen=True, kw_only=True):
    """A finding as it was last seen. ``change.since`` is never empty: at worst, when it was first seen."""

    change: Change
    muted: bool = False


class Baseline(Record, frozen=True, kw_only=True):
    """What the next report is compared with. ``workspaces`` is a packed :class:`~backup_reporter.report.workspace_memory.WorkspaceMemory`."""

    report_id: str
    oldest_missed_report_id: str | None = None
    """Id of the oldest report that a channel missed and no later report made up for."""
    as_of: Instant
    report_sha256: str | None = None
    """Of the report's file, for the chain of reports."""
    chain: int = 1
    """How many reports the chain has, this one included."""
    known: tuple[Known, ...] = ()
    notes: tuple[str, ...] = ()
    """Sentences about what could not be looked at, in that report."""
    workspaces: bytes = b""
