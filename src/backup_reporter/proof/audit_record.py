"""What an audit finds: the record of a period, of each workspace and of each cluster in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from difflib import get_close_matches
from typing import Literal

import msgspec

from backup_reporter.errors import InvalidRequest
from backup_reporter.health.findings import WORST_FIRST, Status
from backup_reporter.health.workspace_report import DayState, LastRestore
from backup_reporter.proof.chain import Chain
from backup_reporter.records import Instant, Record
from backup_reporter.wording import listed, quote

PolicyPart = Literal["schedule", "retention", "backup location"]


class ClusterAudit(Record, frozen=True, kw_only=True):
    """What a cluster could have been restored from, at worst, in hours; ``None`` if it never had a restore point.

    ``longest_age_hours`` is the recovery point that was really held: the longest time between two restore points, or
    since the last one.
    """

    uid: str | None
    name: str | None
    longest_age_hours: float | None
    longest_without_hours: float | None
    """``None`` if each report found a restore point."""
    is_within_limit: bool | None
    """Whether the limit on the age was kept; ``None`` if no limit was given, or if no report tells of the cluster for a part of
    the period and the rest is within it."""


class CodeDays(Record, frozen=True, kw_only=True):
    """A finding code, and the number of days on which it was reported."""

    code: str
    days: int


class PolicyChange(Record, frozen=True, kw_only=True):
    """A part of a backup policy that differs from the one in the report before; ``None``: there was none."""

    seen_at: Instant
    what: PolicyPart
    before: str | None
    after: str | None


class WorkspaceAudit(Record, frozen=True, kw_only=True):
    """One workspace over the period. ``states`` and ``verdicts`` have one entry for each day, oldest first."""

    tenant: str | None
    kind: Literal["workspace", "cluster"]
    """``cluster``: a cluster with a backup policy of its own."""
    uid: str
    name: str
    project_name: str
    due: int
    """Days on which a run was due or began."""
    succeeded: int
    partial: int
    failed: int
    missed: int
    unknown: int
    """Days of which no report says what happened. They never count as good."""
    days_not_ok: int
    reasons: tuple[CodeDays, ...]
    """Findings that made it not OK, the most frequent first."""
    muted_days: int
    mutes_until: tuple[Instant, ...]
    """The end of each mute that was set in the period."""
    policy_changes: tuple[PolicyChange, ...]
    restores: tuple[LastRestore, ...]
    """The restores that reports named as the last one, oldest first. One that began between two reports is not among them
    if another followed it."""
    restores_known: bool
    """Whether a report could read the restores."""
    clusters: tuple[ClusterAudit, ...]
    states: tuple[DayState | None, ...]
    """What the backup history says of each day; ``None`` if no report covers it."""
    verdicts: tuple[Status | None, ...]
    """The worst verdict of each day's reports; ``None`` if there was no report."""


class Audit(Record, frozen=True, kw_only=True):
    """The record of a period, ``first`` to ``last`` (days in UTC, both included)."""

    first: date
    last: date
    made: int
    """Reports of the audited scope that are kept and that went to all channels."""
    expected: int
    """Reports that the usual interval between two of them makes expected until now."""
    on_demand: int
    """Reports that are left out because no chain vouches for them: they did not go to all channels."""
    other_scopes: int
    """Reports that went to all channels and are left out because they are of another scope."""
    interval_hours: float | None
    begins_at: Instant | None
    """When the first report of the chain was made, if that is why no report was expected before."""
    missing: tuple[Instant, ...]
    """When a report was expected and none is kept."""
    unreadable: tuple[str, ...]
    """The ids of reports that are kept and cannot be read."""
    chain: Chain
    days_with_report: int
    max_age_hours: float | None
    workspaces: tuple[WorkspaceAudit, ...]
    verdicts: tuple[Status | None, ...]
    """The worst verdict of each day's reports over all workspaces."""


def only_workspaces(record: Audit, names: Sequence[str]) -> Audit:
    """Returns the record of these workspaces, by name or uid. Raises :class:`InvalidRequest` if one is not in it."""
    known = {name for workspace in record.workspaces for name in (workspace.name, workspace.uid)}
    if unknown := [name for name in names if name not in known]:
        raise InvalidRequest(
            f"no report of this period has the workspace {unknown[0]!r}; {_nearest(unknown[0], record)}"
        )
    chosen = tuple(workspace for workspace in record.workspaces if {workspace.name, workspace.uid} & set(names))
    verdicts = tuple(map(_worst, zip(*(workspace.verdicts for workspace in chosen), strict=True)))
    return msgspec.structs.replace(record, workspaces=chosen, verdicts=verdicts)


def _nearest(name: str, record: Audit) -> str:
    """The names that are like one that is not there, or else all of them."""
    by_folded = {workspace.name.casefold(): workspace.name for workspace in record.workspaces}
    if near := get_close_matches(name.strip().casefold(), by_folded, n=3):
        return f"did you mean {' or '.join(quote(by_folded[folded], 63) for folded in near)}?"
    return f"it has {listed(sorted(set(by_folded.values())), 20)}"


def _worst(verdicts: Iterable[Status | None]) -> Status | None:
    return min(filter(None, verdicts), key=WORST_FIRST.index, default=None)


def calendar_days(audit: Audit) -> list[date]:
    """Returns each day of the period, oldest first."""
    return [audit.first + timedelta(days=number) for number in range((audit.last - audit.first).days + 1)]


def totals(audit: Audit) -> Mapping[str, int]:
    """Returns the sums over all workspaces."""
    names = ("due", "succeeded", "partial", "failed", "missed", "unknown", "days_not_ok")
    return {name: sum(getattr(workspace, name) for workspace in audit.workspaces) for name in names}
