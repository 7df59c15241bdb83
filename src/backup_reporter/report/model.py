"""The report: what the function answers, what is kept, what every rendering is made from.

Field names become camelCase in JSON; times are aware UTC ``datetime`` and become RFC 3339 with
``Z``; absent values are ``null``. The JSON Schema beside this file is made from these types.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

import msgspec

from backup_reporter.health.findings import Finding, Status
from backup_reporter.settings import ChannelName, PhaseClass

SCHEMA_VERSION = 1

DayState = PhaseClass | Literal["missed", "none"]


class _Record(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Frozen data with camelCase names in JSON."""


class Summary(_Record):
    """Counts over the whole report. The statuses add up to ``workspaces``."""

    workspaces: int = 0
    ok: int = 0
    warning: int = 0
    critical: int = 0
    unknown: int = 0
    clusters: int = 0
    findings: int = 0
    """All findings, info and muted ones included."""
    muted: int = 0
    unreadable: int = 0
    """Workspaces whose result could not be had or understood, in whole or in part."""
    unknown_states: int = 0
    """Findings about a latest backup whose state nobody has seen yet."""


class LatestRun(_Record):
    """The newest run, whatever became of it. ``state`` is as received."""

    request_uid: str | None
    backup_name: str | None
    at: datetime | None
    state: str | None


class ClusterReport(_Record):
    """A cluster in scope and its last restorable copy (``None`` where there is none)."""

    uid: str | None
    name: str | None
    newest_restore_point_at: datetime | None
    expires_at: datetime | None
    """When the newest restore point runs out; ``None`` also where it never does."""
    restore_points: int


class Day(_Record):
    """The worst that happened on one day (UTC). ``missed``: a run was due and none began; ``none``: none was due."""

    date: date
    state: DayState


class WorkspaceReport(_Record):
    """Everything the report says about one workspace."""

    uid: str
    name: str
    project_uid: str
    project_name: str
    status: Status
    schedule: str | None = None
    next_run_at: datetime | None = None
    survives_failures: int | None = None
    latest_run: LatestRun | None = None
    clusters: tuple[ClusterReport, ...] = ()
    findings: tuple[Finding, ...] = ()
    history: tuple[Day, ...] = ()


class Change(_Record):
    """A finding that is new, goes on, or is resolved since the last report of the same scope."""

    workspace_uid: str
    workspace_name: str
    cluster_uid: str | None
    cluster_name: str | None
    code: str
    severity: str
    message: str
    since: datetime | None


class Changes(_Record):
    """What changed since the last report of the same scope."""

    new: tuple[Change, ...] = ()
    ongoing: tuple[Change, ...] = ()
    resolved: tuple[Change, ...] = ()


class Delivery(_Record):
    """What became of the report on one channel."""

    channel: ChannelName
    status: Literal["delivered", "failed", "skipped", "duplicate"]
    error: str | None = None


class Scope(_Record):
    """What was asked for: empty lists mean everything the key can see."""

    project_uids: tuple[str, ...] = ()
    workspace_uids: tuple[str, ...] = ()
    backup_request_uid: str | None = None


class Report(_Record):
    """One report. ``problems`` are sentences about the report as a whole, such as a failed discovery."""

    schema_version: int = SCHEMA_VERSION
    report_id: str
    generated_at: datetime
    as_of: datetime
    status: Status
    scope: Scope = Scope()
    problems: tuple[str, ...] = ()
    summary: Summary
    workspaces: tuple[WorkspaceReport, ...]
    changes: Changes = Changes()
    deliveries: tuple[Delivery, ...] = ()
    report_url: str | None = None
    truncated: bool = False


def to_json(report: Report) -> bytes:
    """The report as compact UTF-8 JSON."""
    return msgspec.json.encode(report)


def from_json(data: bytes) -> Report:
    """A kept report. Raises :class:`msgspec.MsgspecError` where the data is none."""
    return msgspec.json.decode(data, type=Report)
