"""The record of a period, from kept reports alone: what ran, what was missed, how long nothing could be restored.

What auditors ask for: SOC 2 A1.2, ISO/IEC 27001:2022 A.8.13, NIST SP 800-53 CP-9 and CP-4. Pure: it is fed one
report after the other, oldest first, and holds a few bytes for each workspace and day.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from statistics import median
from typing import Any, Literal

import msgspec

from backup_reporter.errors import InvalidRequest
from backup_reporter.health.findings import WORST_FIRST, Status
from backup_reporter.health.workspace_report import ClusterReport, DayState, LastRestore, WorkspaceReport
from backup_reporter.proof.chain import Chain, Link
from backup_reporter.records import Instant, Record
from backup_reporter.report.model import Report, scope_id
from backup_reporter.wording import listed, quote

_Key = tuple[str | None, str]
PolicyPart = Literal["schedule", "retention", "backup location"]

KNOWN_STATES: tuple[DayState, ...] = (
    "succeeded",
    "partial",
    "failed",
    "missed",
    "running",
    "partially-failing",
    "deleting",
    "unknown",
    "not-due",
    "unclear",
)
_DUE: frozenset[DayState] = frozenset(KNOWN_STATES) - {"not-due", "unclear"}
_ENDED: tuple[DayState, ...] = ("succeeded", "partial", "failed")
"""How runs end, the worst last."""
_AT_WORK: frozenset[DayState] = frozenset({"running", "partially-failing"})
_NOT_READ = frozenset({"unreadable", "being-deleted"})
"""Findings of workspaces whose policy and restore points were not looked at, or not all of them."""
_MAY_WORSEN: frozenset[DayState] = frozenset({"succeeded", "not-due"})
"""What a day on which another run is due says too early."""
_TOLERANCE = timedelta(minutes=90)
"""How far a report may be from its expected time: a run's retries and a change of clocks lie within it."""


_END_OF_TIME = datetime.max.replace(tzinfo=UTC)


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


@dataclass(slots=True)
class _Cluster:
    """What is known of a cluster so far. Times are aware UTC."""

    name: str | None
    seen_first: datetime
    seen_last: datetime
    newest_at: datetime | None = None
    expires_at: datetime | None = None
    without_since: datetime | None = None
    has_lost_all: bool = False
    """Whether it had restore points, and then none."""
    is_unsure: bool = False
    """Whether an age is not known: of a restore point without a date, or of some that expired between two reports."""
    longest_age: timedelta | None = None
    longest_without: timedelta | None = None

    def add(self, cluster: ClusterReport, at: datetime) -> None:
        newest = cluster.newest_restore_point_at
        if newest is None and not cluster.restore_points:
            self._lose(cluster, at)
        else:
            self.is_unsure = self.is_unsure or newest is None
            self._gain(cluster, newest or at, at)
        self.name, self.seen_last = cluster.name or self.name, at

    def is_within(self, limit: timedelta, first: datetime, last: datetime) -> bool | None:
        """Whether the limit was kept; ``None`` if it was as far as is known, and not all from ``first`` to ``last`` is known.

        A cluster that waits for its first restore point has as long as one that waits for the next.
        """
        longest = max(self.longest_age or timedelta(), self.longest_without or timedelta())
        if self.has_lost_all or longest > limit:
            return False
        is_known = self.seen_first <= first and self.seen_last >= last
        return True if is_known and self.longest_without is None and not self.is_unsure else None

    def _lose(self, cluster: ClusterReport, at: datetime) -> None:
        if self.newest_at is None and cluster.restore_point_series:
            gone = cluster.restore_point_series[-1]
            self.newest_at, self.expires_at = gone.last_at, gone.last_expires_at
        self.has_lost_all = self.has_lost_all or bool(self.newest_at or cluster.restore_point_series)
        if unseen_until := self._unseen_until(at):
            self.newest_at, self.expires_at, self.without_since = unseen_until, at, None
        if self.without_since is None:
            self.without_since = min(self.expires_at or at, at)
        self._note_without(at - self.without_since)
        if self.newest_at:
            self.longest_age = max(self.longest_age or timedelta(), at - self.newest_at)

    def _note_without(self, span: timedelta) -> None:
        self.longest_without = max(self.longest_without or timedelta(), span)

    def _gain(self, cluster: ClusterReport, newest: datetime, at: datetime) -> None:
        oldest = min(filter(None, (series.first_at for series in cluster.restore_point_series)), default=newest)
        if self.without_since is not None:
            self._note_without(max(oldest, self.without_since) - self.without_since)
            self.without_since = None
        known_since = self.newest_at
        if known_since and oldest > known_since and (unseen_until := self._unseen_until(at)):
            known_since, self.is_unsure = min(unseen_until, oldest), True
        for gap in (*_gaps(known_since, cluster, newest), at - newest):
            self.longest_age = max(self.longest_age or timedelta(), gap)
        self.newest_at, self.expires_at = newest, cluster.expires_at

    def _unseen_until(self, at: datetime) -> datetime | None:
        """Until when restore points may have been made, since the last report, that have expired before this one."""
        if self.newest_at is None or self.expires_at is None:
            return None
        retention = self.expires_at - self.newest_at
        return at - retention if at - self.seen_last > retention else None


def _gaps(before: datetime | None, cluster: ClusterReport, newest: datetime) -> list[timedelta]:
    """The pauses between the restore points since ``before``, the newest one in the report before, or since when all are known."""
    if before is None or newest <= before:
        return []
    gaps, last = [], before
    for series in cluster.restore_point_series:
        if series.first_at is None or series.last_at is None or series.last_at <= last:
            continue
        pause = (series.last_at - series.first_at) / max(1, series.count - 1)
        begins_before = series.first_at <= last
        gaps.append(pause if begins_before else series.first_at - last)
        if series.count > 1:
            gaps.append(pause)
        last = series.last_at
    return gaps or [newest - before]


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
    clusters: dict[str, _Cluster] = field(default_factory=dict)


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
                known.clusters.setdefault(key, _Cluster(cluster.name, at, at)).add(cluster, at)
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
        interval = _usual_interval(times)
        expected = _expected(times, interval, self._first, self._last, self._now)
        known = (expected[0], expected[-1]) if interval else _span(self._first, self._last)
        begins_at = times[0] if self._links and self._links[0].is_first else None
        expected = [at for at in expected if begins_at is None or at >= begins_at]
        missing = _missing(times, expected)
        return Audit(
            first=self._first,
            last=self._last,
            made=len(times),
            expected=len(expected),
            on_demand=0,
            other_scopes=0,
            interval_hours=interval.total_seconds() / 3600 if interval else None,
            begins_at=begins_at if interval and begins_at and begins_at - interval >= known[0] else None,
            missing=tuple(missing),
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

    def _cluster(self, uid: str, cluster: _Cluster, period: tuple[datetime, datetime]) -> ClusterAudit:
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


def _worst(verdicts: Iterable[Status | None]) -> Status | None:
    return min(filter(None, verdicts), key=WORST_FIRST.index, default=None)


def _worse(known: Status | None, status: Status) -> Status:
    return status if known is None else min(known, status, key=WORST_FIRST.index)


def _usual_interval(times: Sequence[datetime]) -> timedelta | None:
    """The median of the pauses between reports, without those that follow within minutes of each other."""
    pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
    pauses = [pause for pause in pauses if pause > timedelta(minutes=30)]
    return timedelta(seconds=round(median(pause.total_seconds() for pause in pauses) / 60) * 60) if pauses else None


def _expected(
    times: Sequence[datetime], interval: timedelta | None, first: date, last: date, now: datetime
) -> list[datetime]:
    """When reports are expected until now: at the usual interval, before, after and between those that are there."""
    if not times or not interval:
        return list(times)
    begin, end = _span(first, last)
    expected, at = [], times[0]
    while at - interval >= begin:
        at -= interval
    remaining = list(times)
    while at < end:
        # Follow the reports that are there, so that a moved schedule or a change of clocks is no gap.
        near = next((time for time in remaining if abs(time - at) <= max(_TOLERANCE, interval / 4)), None)
        if near or at + _TOLERANCE < now:
            expected.append(near or at)
        if near:
            remaining = remaining[remaining.index(near) + 1 :]
        at = (near or at) + interval
    return expected


def _span(first: date, last: date) -> tuple[datetime, datetime]:
    """The beginning and the end of a period."""
    return datetime.combine(first, time.min, UTC), datetime.combine(last, time.max, UTC)


def _missing(times: Sequence[datetime], expected: Sequence[datetime]) -> list[datetime]:
    there = set(times)
    return [at for at in expected if at not in there]


def _hours(span: timedelta | None) -> float | None:
    return None if span is None else round(span.total_seconds() / 3600, 1)


def calendar_days(audit: Audit) -> list[date]:
    """Returns each day of the period, oldest first."""
    return [audit.first + timedelta(days=number) for number in range((audit.last - audit.first).days + 1)]


def totals(audit: Audit) -> Mapping[str, int]:
    """Returns the sums over all workspaces."""
    names = ("due", "succeeded", "partial", "failed", "missed", "unknown", "days_not_ok")
    return {name: sum(getattr(workspace, name) for workspace in audit.workspaces) for name in names}
