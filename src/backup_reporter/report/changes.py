"""What changed since the last report of the same scope: new, ongoing, resolved, no longer judged.

A finding is the same finding while tenant, workspace, cluster and code are the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import Struct, field

from backup_reporter.health.findings import Finding
from backup_reporter.health.workspace_report import WorkspaceReport
from backup_reporter.report.baseline import Baseline, Known
from backup_reporter.report.locations import listed, place
from backup_reporter.report.model import Change, Changes, Key, NoLongerJudged, Report, key_of
from backup_reporter.report.resolution import (
    CLUSTERS_NOT_ASKED,
    NEEDS_LISTS,
    NO_POLICY,
    became_as_bad,
    has_finding,
    rank,
    why_not_better,
    why_not_judged,
)
from backup_reporter.report.workspace_memory import ListedWorkspace, MemoryWriter, WorkspaceMemory
from backup_reporter.wording import count, quote

_MESSAGE_LENGTH = 300
_NAME_LENGTH = 253
_SCHEDULE_LENGTH = 100
_MAX_NAMED = 10
_NOT_LISTED = "the workspace is no longer listed"
_NOT_ASKED = "its tenant is no longer asked"
_WAS_IT_DELETED = "Was it deleted, or may the API key no longer see it?"
_WERE_THEY_DELETED = "Were they deleted, or may the API key no longer see them?"
_CLUSTER_NOT_LISTED = "the cluster is no longer listed, or is one that needs no backup"

_AnyChange = TypeVar("_AnyChange", bound=Change)

UNPROTECTED = "cluster-unprotected"
"""The report's own finding: each cluster that it names is one here, as if the cluster were a workspace."""


class Comparison(Struct, frozen=True, kw_only=True):
    """What changed, the baseline for the next report, and a sentence about each thing to note, if there is any."""

    changes: Changes
    baseline: Baseline
    gone: str | None
    """Which workspaces of the last report are no longer listed."""
    schedules: str | None
    """Which schedules of the last report are gone or different."""
    said_before: tuple[str, ...] = ()
    """The notes that the last report had already."""


def tenants_of(report: Report) -> frozenset[str | None]:
    """The tenants that a report is about; one tenant alone has no name."""
    return frozenset(tenant.name for tenant in report.tenants) or frozenset({None})


def compare(report: Report, remembered: bytes, baseline: Baseline | None, why_no_baseline: str) -> Comparison:
    """Compares a report with the last one. ``remembered`` is a packed memory of the report's own workspaces.

    Without a baseline everything is new, and ``why_no_baseline`` says so. What was known of a workspace that cannot
    be looked at now is neither ongoing nor resolved: it is kept for the next comparison. A finding that is muted is
    not mentioned, and not resolved by that.
    """
    comparer = _Comparer(
        report=report,
        now=WorkspaceMemory(remembered, tenants_of(report)),
        before=WorkspaceMemory(baseline.workspaces if baseline else b"", tenants_of(report)),
        earlier=_by_workspace(baseline.known if baseline else ()),
        memory_writer=MemoryWriter(remembered),
    )
    for workspace in report.workspaces:
        comparer.add(workspace)
    for finding in report.findings:
        if finding.code == UNPROTECTED:
            comparer.add_unprotected(finding)
    comparer.finish()
    return Comparison(
        changes=comparer.changes(note=None if baseline else why_no_baseline),
        baseline=comparer.next_baseline(baseline.oldest_missed_report_id if baseline else None),
        gone=_gone_line(comparer.gone, comparer.projects),
        schedules=_schedules_line(comparer.schedules),
        said_before=baseline.notes if baseline else (),
    )


_Workspace = tuple[str | None, str]
_KnownFindings = dict[Key, Known]


def _by_workspace(known: Iterable[Known]) -> dict[_Workspace, _KnownFindings]:
    grouped: dict[_Workspace, _KnownFindings] = {}
    for finding in known:
        grouped.setdefault((finding.change.tenant, finding.change.workspace_uid), {})[key_of(finding.change)] = finding
    return grouped


class _Comparer(Struct):
    """Goes through a report once.

    ``now`` and ``before`` are the workspaces of this report and of the last one, ``earlier`` what is left of the last
    report's findings.
    """

    report: Report
    now: WorkspaceMemory
    before: WorkspaceMemory
    earlier: dict[_Workspace, _KnownFindings]
    memory_writer: MemoryWriter
    known: list[Known] = field(default_factory=list)
    new: list[Change] = field(default_factory=list)
    ongoing: list[Change] = field(default_factory=list)
    resolved: list[Change] = field(default_factory=list)
    no_longer_judged: list[NoLongerJudged] = field(default_factory=list)
    gone: list[ListedWorkspace] = field(default_factory=list)
    projects: set[tuple[str | None, str]] = field(default_factory=set)
    schedules: list[str] = field(default_factory=list)
    covered: set[_Workspace] = field(default_factory=set)
    """The clusters that a policy covers now, of those that none covered in the last report."""

    def add(self, workspace: WorkspaceReport) -> None:
        """Compares a workspace."""
        clusters = ((workspace.tenant, cluster.uid) for cluster in workspace.clusters if cluster.uid)
        self.covered.update(cluster for cluster in clusters if cluster in self.earlier)
        is_listed = workspace.project_uid or workspace.kind == "cluster"
        before = self.before.take(workspace.tenant, workspace.uid) if is_listed else None
        earlier = self._take(workspace, before)
        current = {key_of(finding.change): finding for finding in self._seen(workspace, earlier)}
        for key, finding in current.items():
            self._note(finding, earlier.get(key))
        for key, finding in earlier.items():
            if key not in current:
                self._missing(finding, workspace)
        self.projects.add((workspace.tenant, workspace.project_uid))
        self._compare_schedules(before, self.now.find(workspace.tenant, workspace.uid))

    def add_unprotected(self, finding: Finding) -> None:
        """Compares the clusters that no policy covers, as far as the report names them."""
        for cluster in finding.evidence["clusters"]:
            before = self.before.find(cluster["tenant"], cluster["uid"])
            change = _unprotected_change(cluster, finding)
            which = (before.tenant if before else change.tenant, change.workspace_uid)
            earlier = self.earlier.get(which, {}).pop((*which, None, UNPROTECTED), None)
            since = earlier.change.since if earlier else self.report.as_of
            change = msgspec.structs.replace(change, since=since)
            self._note(Known(change=change, muted=cluster.get("muted", False)), earlier)

    def _note(self, finding: Known, earlier: Known | None) -> None:
        self.known.append(finding)
        if not finding.muted:
            (self.new if _is_news(finding, earlier) else self.ongoing).append(finding.change)

    def _compare_schedules(self, before: ListedWorkspace | None, now: ListedWorkspace | None) -> None:
        if before and before.schedule and now and now.backups and before.schedule != now.schedule:
            self.schedules.append(_schedule_change(before.schedule, now))

    def finish(self) -> None:
        """Deals with what was in the last report and is not in this one."""
        left = {(workspace.tenant, workspace.uid): workspace for workspace in self.before.left()}
        for which, findings in self.earlier.items():
            for finding in findings.values():
                self._finish_finding(finding, left.get(which))
        for workspace in left.values():
            if self._listed_now(workspace.tenant, workspace.uid):
                continue  # a cluster without a policy of its own is remembered, and is no row of the report
            if self._may_be_unseen(workspace):
                self.memory_writer.add(workspace)
            elif workspace.kind == "workspace" or _has_policy(workspace):
                self.gone.append(workspace)

    def changes(self, note: str | None) -> Changes:
        return Changes(
            note=note,
            new=_worst_first(self.new),
            ongoing=_worst_first(self.ongoing),
            resolved=_worst_first(self.resolved),
            no_longer_judged=_worst_first(self.no_longer_judged),
        )

    def next_baseline(self, oldest_missed_report_id: str | None) -> Baseline:
        return Baseline(
            report_id=self.report.report_id,
            oldest_missed_report_id=oldest_missed_report_id,
            as_of=self.report.as_of,
            known=tuple(self.known),
            notes=self.report.notes,
            workspaces=self.memory_writer.packed(),
        )

    def _finish_finding(self, finding: Known, workspace: ListedWorkspace | None) -> None:
        if finding.change.code == UNPROTECTED:
            self._finish_unprotected(finding)
            return
        now = self._listed_now(finding.change.tenant, finding.change.workspace_uid)
        if self._may_be_unseen(workspace) or (now and _has_policy(now)):
            self.known.append(finding)
        elif finding.change.code == "being-deleted":
            self._resolve(finding)
        elif now:
            self._judge_no_longer(finding, NO_POLICY)
        else:
            is_asked = finding.change.tenant in tenants_of(self.report)
            self._judge_no_longer(finding, _NOT_LISTED if is_asked else _NOT_ASKED)

    def _finish_unprotected(self, finding: Known) -> None:
        change, coverage = finding.change, self.report.coverage
        if change.tenant not in tenants_of(self.report):
            self._judge_no_longer(finding, _NOT_ASKED)
        elif (change.tenant, change.workspace_uid) in self.covered:
            self._resolve(finding)
        elif self.report.problems:
            self.known.append(finding)
        elif coverage is None:
            self._judge_no_longer(finding, CLUSTERS_NOT_ASKED)
        elif not coverage.is_whole or coverage.unknown or _are_not_all_named(self.report):
            self.known.append(finding)
        else:
            self._judge_no_longer(finding, _CLUSTER_NOT_LISTED)

    def _may_be_unseen(self, workspace: ListedWorkspace | None) -> bool:
        """Whether what the report lacks may still be there, because not everything could be listed."""
        if self.report.problems:
            return True
        coverage = self.report.coverage
        is_cluster = workspace is not None and workspace.kind == "cluster"
        return is_cluster and coverage is not None and not coverage.is_whole

    def _listed_now(self, tenant: str | None, uid: str) -> ListedWorkspace | None:
        """Returns what is listed now under this tenant; the same uid in another tenant is another workspace."""
        found = self.now.find(tenant, uid)
        return found if found and found.tenant == tenant else None

    def _take(self, workspace: WorkspaceReport, before: ListedWorkspace | None) -> _KnownFindings:
        """Takes the last report's findings about a workspace, whose tenant may have got a name since."""
        which = (before.tenant if before else workspace.tenant, workspace.uid)
        moved = (
            Known(change=msgspec.structs.replace(finding.change, tenant=workspace.tenant), muted=finding.muted)
            for finding in self.earlier.pop(which, {}).values()
        )
        return {key_of(finding.change): finding for finding in moved}

    def _seen(self, workspace: WorkspaceReport, earlier: _KnownFindings) -> Iterable[Known]:
        for finding in workspace.findings:
            change = _change(workspace, finding)
            known = earlier.get(key_of(change))
            since = change.since or (known.change.since if known else None) or self.report.as_of
            yield Known(change=msgspec.structs.replace(change, since=since), muted=finding.muted)

    def _missing(self, finding: Known, workspace: WorkspaceReport) -> None:
        if has_finding(workspace, "unreadable"):
            self.known.append(finding)
        elif reason := why_not_judged(finding.change, workspace):
            self._judge_no_longer(finding, reason)
        elif self._list_is_missing(finding.change):
            self.known.append(finding)
        elif became_as_bad(finding.change, workspace):
            return
        elif reason := why_not_better(finding.change, workspace, self.report.coverage):
            self._judge_no_longer(finding, reason)
        else:
            self._resolve(finding)

    def _list_is_missing(self, change: Change) -> bool:
        """Whether the list that a finding rests on was asked for and could not be read."""
        coverage = self.report.coverage
        if coverage is None or change.code not in NEEDS_LISTS:
            return False
        return not (coverage.are_locations_known if change.code == "location-missing" else coverage.is_whole)

    def _resolve(self, finding: Known) -> None:
        if not finding.muted:
            self.resolved.append(finding.change)

    def _judge_no_longer(self, finding: Known, reason: str) -> None:
        if not finding.muted:
            self.no_longer_judged.append(NoLongerJudged(**msgspec.structs.asdict(finding.change), reason=reason))


def _has_policy(workspace: ListedWorkspace) -> bool:
    return workspace.backups is not None and workspace.backups.has_policy


def _schedule_change(before: str, now: ListedWorkspace) -> str:
    then, where = quote(before, _SCHEDULE_LENGTH), place(now.tenant, now.project_name, now.name)
    if now.schedule is None:
        return f"{where}: '{then}' is gone"
    return f"{where}: '{then}' became '{quote(now.schedule, _SCHEDULE_LENGTH)}'"


def _are_not_all_named(report: Report) -> bool:
    return any(
        finding.evidence["count"] > len(finding.evidence["clusters"])
        for finding in report.findings
        if finding.code == UNPROTECTED
    )


def _change(workspace: WorkspaceReport, finding: Finding) -> Change:
    return Change(
        tenant=workspace.tenant,
        project_name=quote(workspace.project_name, _NAME_LENGTH),
        workspace_uid=workspace.uid,
        workspace_name=quote(workspace.name, _NAME_LENGTH),
        cluster_uid=finding.cluster_uid,
        cluster_name=None if finding.cluster_name is None else quote(finding.cluster_name, _NAME_LENGTH),
        code=finding.code,
        severity=finding.severity,
        message=quote(finding.message, _MESSAGE_LENGTH),
        since=finding.since,
    )


def _unprotected_change(cluster: Mapping[str, Any], finding: Finding) -> Change:
    return Change(
        tenant=cluster["tenant"],
        project_name=quote(cluster["projectName"], _NAME_LENGTH),
        workspace_uid=cluster["uid"],
        workspace_name=quote(cluster["name"], _NAME_LENGTH),
        cluster_uid=None,
        cluster_name=None,
        code=finding.code,
        severity=finding.severity,
        message="The cluster is in no backup policy.",
        since=None,
    )


def _is_news(now: Known, earlier: Known | None) -> bool:
    """New, worse, or no longer muted."""
    return earlier is None or earlier.muted or rank(now.change) < rank(earlier.change)


def _worst_first(changes: Iterable[_AnyChange]) -> tuple[_AnyChange, ...]:
    def order(change: _AnyChange) -> tuple[object, ...]:
        return (rank(change), change.code, change.tenant or "", change.project_name or "", change.workspace_name)

    return tuple(sorted(changes, key=order))


def _gone_line(gone: Sequence[ListedWorkspace], projects: set[tuple[str | None, str]]) -> str | None:
    """Which workspaces of the last report are no longer listed, if any.

    What is not listed has no findings: a key that may see less than it did must not look like backups getting better.
    """
    if not gone:
        return None
    whole = Counter((left.tenant, left.project_uid, left.project_name) for left in gone)
    named = [
        f"{place(tenant, name)} with {count(number, 'workspace')}"
        for (tenant, uid, name), number in whole.items()
        if (tenant, uid) not in projects
    ]
    named += sorted(
        place(left.tenant, left.project_name, left.name) for left in gone if (left.tenant, left.project_uid) in projects
    )
    question = _WAS_IT_DELETED if len(gone) == 1 else _WERE_THEY_DELETED
    return f"No longer listed since the last report: {listed(named, _MAX_NAMED)}. {question}"


def _schedules_line(schedules: Sequence[str]) -> str | None:
    if not schedules:
        return None
    what = "A schedule changed" if len(schedules) == 1 else f"{len(schedules)} schedules changed"
    return f"{what} since the last report: {listed(schedules, _MAX_NAMED)}."
