"""The record of a period, from kept reports alone: what ran, what was missed, how long nothing could be restored.

What auditors ask for: SOC 2 A1.2, ISO/IEC 27001:2022 A.8.13, NIST SP 800-53 CP-9 and CP-4. Pure: it is fed one
report after the other, oldest first, and holds a few bytes for each workspace and day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

import msgspec

from backup_reporter.health.findings import WORST_FIRST, Status
from backup_reporter.health.phases import BADNESS
from backup_reporter.health.workspace_report import DayState, LastRestore, WorkspaceReport
from backup_reporter.proof.audit_record import (
    Audit,
    ClusterAudit,
    CodeDays,
    PolicyChange,
    PolicyPart,
    WorkspaceAudit,
)
from backup_reporter.proof.chain import Chain, Link
from backup_reporter.proof.expected_reports import expected_reports, span_of, usual_interval
from backup_reporter.proof.held_restore_points import HeldRestorePoints
from backup_reporter.report.model import Report, scope_id

_Key = tuple[str | None, str]
_DUE: frozenset[DayState] = frozenset({*BADNESS, "missed"})
"""Days on which a run began, or should have."""
_ENDED: tuple[DayState, ...] = ("succeeded", "partial", "failed")
"""How runs end, the worst last."""
_AT_WORK: frozenset[DayState] = frozenset({"running", "partially-failing"})
_NOT_READ = frozenset({"unreadable", "being-deleted"})
"""Findings of workspaces whose policy and restore points were not looked at, or not all of them."""
_MAY_WORSEN: frozenset[DayState] = frozenset({"succeeded", "not-due"})
"""What a day on which another run is due says too early."""
_END_OF_TIME = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True)
class _Workspace:
    kind: Literal["workspace", "cluster"]
    name: str
    project_name: str
    states: list[DayState | None]
    verdicts: list[Status | None]
    policy: Mapping[PolicyPart, str | None] | None = None
    codes: dict[str, set[int]] = field(default_factory=dict)
    muted: set[int] = field(default_factory=set)
    mutes_until: set[datetime] = field(default_factory=set)
    policy_changes: list[PolicyChange] = field(default_factory=list)
    restores: dict[datetime, LastRestore] = field(default_factory=dict)
    restores_known: bool = False
    clusters: dict[str, HeldRestorePoints] = field(default_factory=dict)


class Auditor:
    """Takes the reports of a period one by one, oldest first, and sums them up."""

    def __init__(self, first: date, last: date, max_age: timedelta | None = None, now: datetime = _END_OF_TIME) -> None:
        self._first, self._last, self._max_age, self._now = first, last, max_age, now
        self._days = (last - first).days + 1
        self._links: list[Link] = []
        self._unreadable: Sequence[Link] = ()
        self._later: tuple[Link, ...] = ()
        self._times: list[datetime] = []
        self._verdicts: list[Status | None] = [None] * self._days
        self._workspaces: dict[_Key, _Workspace] = {}

    def add(self, report: Report, sha256: str) -> None:
        """Takes one report and the SHA-256 of its file."""
        self._links.append(Link.of(report, sha256))
        self._times.append(report.as_of)
        day = self._index(report.as_of.astimezone(UTC).date())
        if day is None:
            return
        self._verdicts[day] = _worse(self._verdicts[day], report.status)
        for workspace in report.workspaces:
            self._add_workspace(workspace, report.as_of, day)

    @property
    def reports(self) -> int:
        """How many reports it has taken."""
        return len(self._times)

    def add_unreadable(self, links: Sequence[Link]) -> None:
        """Takes the reports that cannot be read: nothing is known of them but that they are there."""
        self._unreadable = links

    def _add_workspace(self, workspace: WorkspaceReport, at: datetime, day: int) -> None:
        known = self._workspaces.get((workspace.tenant, workspace.uid))
        if known is None:
            unknown: list[Any] = [None] * self._days
            known = _Workspace(workspace.kind, workspace.name, workspace.project_name, unknown, unknown.copy())
            self._workspaces[workspace.tenant, workspace.uid] = known
        known.name, known.project_name = workspace.name, workspace.project_name
        known.verdicts[day] = _worse(known.verdicts[day], workspace.status)
        if workspace.muted_until:
            known.mutes_until.add(workspace.muted_until)
        self._add_history(known, workspace, at)
        self._add_findings(known, workspace, day)
        was_read = not any(finding.code in _NOT_READ for finding in workspace.findings)
        if was_read:
            _note_policy(known, workspace, at)
            for cluster in workspace.clusters:
                key = cluster.uid or cluster.name or ""
                known.clusters.setdefault(key, HeldRestorePoints(cluster.name, at, at)).add(cluster, at)
        known.restores_known = known.restores_known or bool(workspace.restores_known)
        if workspace.last_restore and workspace.last_restore.at:
            known.restores[workspace.last_restore.at] = workspace.last_restore

    def add_later(self, report: Report, sha256: str) -> None:
        """Takes a report made after the period: what it says of the period's days, and of the report before it if that is in it."""
        if report.previous and report.previous.report_id[:8] <= f"{self._last:%Y%m%d}":
            self._later = (Link.of(report, sha256),)
        for workspace in report.workspaces:
            known = self._workspaces.get((workspace.tenant, workspace.uid))
            if known:
                self._add_history(known, workspace, report.as_of)

    def _add_history(self, known: _Workspace, workspace: WorkspaceReport, at: datetime) -> None:
        due = workspace.next_run_at
        open_day = due.astimezone(UTC).date() if due and timedelta() < due - at < timedelta(days=2) else None
        for entry in workspace.history:
            index = self._index(entry.date)
            if index is not None:
                state = "unclear" if entry.date == open_day and entry.state in _MAY_WORSEN else entry.state
                known.states[index] = _known_state(known.states[index], state)

    def _add_findings(self, known: _Workspace, workspace: WorkspaceReport, day: int) -> None:
        for finding in workspace.findings:
            if finding.severity == "info":
                continue
            if finding.muted:
                known.muted.add(day)
            else:
                known.codes.setdefault(finding.code, set()).add(day)

    def _index(self, day: date) -> int | None:
        index = (day - self._first).days
        return index if 0 <= index < self._days else None

    def result(self) -> Audit:
        """Returns the record of the period."""
        times = self._times
        interval = usual_interval(times)
        expected = expected_reports(times, interval, self._first, self._last, self._now)
        known = (expected[0], expected[-1]) if interval else span_of(self._first, self._last)
        begins_at = times[0] if self._links and self._links[0].is_first else None
        expected = [at for at in expected if begins_at is None or at >= begins_at]
        there = set(times)
        return Audit(
            first=self._first,
            last=self._last,
            made=len(times),
            expected=len(expected),
            on_demand=0,
            other_scopes=0,
            interval_hours=interval.total_seconds() / 3600 if interval else None,
            begins_at=begins_at if interval and begins_at and begins_at - interval >= known[0] else None,
            missing=tuple(at for at in expected if at not in there),
            unreadable=tuple(link.report_id for link in self._unreadable),
            chain=self._chain(),
            days_with_report=sum(verdict is not None for verdict in self._verdicts),
            max_age_hours=self._max_age.total_seconds() / 3600 if self._max_age else None,
            workspaces=tuple(
                self._summed_up(key, workspace, known)
                for key, workspace in sorted(
                    self._workspaces.items(),
                    key=lambda item: (item[0][0] or "", item[1].project_name, item[1].name, item[0][1]),
                )
            ),
            verdicts=tuple(self._verdicts),
        )

    def _chain(self) -> Chain:
        """The chain of the period's reports; the one after them tells if the last was changed or removed."""
        chain = Chain.of([*self._unreadable, *self._links, *self._later], self._first)
        return Chain(reports=chain.reports - len(self._later), problems=chain.problems)

    def _summed_up(self, key: _Key, known: _Workspace, period: tuple[datetime, datetime]) -> WorkspaceAudit:
        counts = Counter(known.states)
        reasons = sorted(
            ((code, len(days)) for code, days in known.codes.items()), key=lambda reason: (-reason[1], reason[0])
        )
        return WorkspaceAudit(
            tenant=key[0],
            kind=known.kind,
            uid=key[1],
            name=known.name,
            project_name=known.project_name,
            due=sum(counts[state] for state in _DUE),
            succeeded=counts["succeeded"],
            partial=counts["partial"] + counts["partially-failing"],
            failed=counts["failed"],
            missed=counts["missed"],
            unknown=counts[None] + counts["unclear"] + counts["unknown"],
            days_not_ok=sum(verdict not in (None, "OK") for verdict in known.verdicts),
            reasons=tuple(CodeDays(code=code, days=days) for code, days in reasons),
            muted_days=len(known.muted),
            mutes_until=tuple(sorted(known.mutes_until)),
            policy_changes=tuple(known.policy_changes),
            restores=tuple(restore for _, restore in sorted(known.restores.items())),
            restores_known=known.restores_known,
            clusters=tuple(self._cluster(uid, cluster, period) for uid, cluster in known.clusters.items()),
            states=tuple(known.states),
            verdicts=tuple(known.verdicts),
        )

    def _cluster(self, uid: str, cluster: HeldRestorePoints, period: tuple[datetime, datetime]) -> ClusterAudit:
        return ClusterAudit(
            uid=uid or None,
            name=cluster.name,
            longest_age_hours=_hours(cluster.longest_age),
            longest_without_hours=_hours(cluster.longest_without),
            is_within_limit=None if self._max_age is None else cluster.is_within(self._max_age, *period),
        )


def audit(
    reports: Iterable[tuple[Report | str, str]],
    first: date,
    last: date,
    max_age: timedelta | None = None,
    now: datetime = _END_OF_TIME,
    later: Iterable[tuple[Report | str, str]] = (),
) -> Audit:
    """Sums up the reports of a period, oldest first, each with the SHA-256 of its file; its id stands for one that cannot be read.

    ``later`` are the reports after it: the first one that counts tells how the last days ended.

    Reports about another time or a single run do not count, nor do those on demand: no chain vouches for them. If there are
    no others, such as from versions that made no chain, they do. Of several scopes the one with the most reports counts.
    """
    auditors: dict[tuple[bool, str], Auditor] = {}
    unreadable: list[Link] = []
    for report, sha256 in reports:
        if isinstance(report, str):
            unreadable.append(Link(report, sha256))
        elif key := _kind_of(report, sha256):
            auditors.setdefault(key, Auditor(first, last, max_age, now)).add(report, sha256)
    chosen = max(auditors, key=lambda key: (key[0], auditors[key].reports), default=None)
    auditor = auditors.pop(chosen) if chosen else Auditor(first, last, max_age, now)
    auditor.add_unreadable(unreadable)
    for report, sha256 in later:
        if isinstance(report, Report) and _kind_of(report, sha256) == chosen:
            auditor.add_later(report, sha256)
            break
    left_out = Counter[bool]()
    for (is_regular, _), other in auditors.items():
        left_out[is_regular] += other.reports
    return msgspec.structs.replace(auditor.result(), on_demand=left_out[False], other_scopes=left_out[True])


def _kind_of(report: Report, sha256: str) -> tuple[bool, str] | None:
    """Whether a report is regular, and its scope; ``None`` if it is about another time or a single run."""
    if report.what_if or report.scope.backup_request_uid is not None:
        return None
    return Link.of(report, sha256).is_regular, scope_id(report.scope)


def _note_policy(known: _Workspace, workspace: WorkspaceReport, at: datetime) -> None:
    retention, location = workspace.retention_hours, workspace.backup_location
    policy: dict[PolicyPart, str | None] = {
        "schedule": workspace.schedule,
        "retention": None if retention is None else f"{retention:g} h",
        "backup location": (location.name or location.uid) if location else None,
    }
    before = known.policy or policy
    known.policy_changes += (
        PolicyChange(seen_at=at, what=part, before=before[part], after=value)
        for part, value in policy.items()
        if value != before[part]
    )
    known.policy = policy


def _known_state(before: DayState | None, now: DayState) -> DayState:
    """What is known of a day after a later report: what became of runs stays known when Palette no longer has them."""
    if before is None:
        return now
    if before in _ENDED:
        if now in _ENDED:
            return max(before, now, key=_ENDED.index)
        return now if before == "succeeded" and now in _AT_WORK else before
    says_nothing = now == "unclear" or (now == "not-due" and before != "unclear")
    return before if says_nothing else now


def _worse(known: Status | None, status: Status) -> Status:
    return status if known is None else min(known, status, key=WORST_FIRST.index)


def _hours(span: timedelta | None) -> float | None:
    return None if span is None else round(span.total_seconds() / 3600, 1)
