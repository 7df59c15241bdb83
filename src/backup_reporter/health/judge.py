"""The judging: asks every rule, and makes the report about one workspace."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

import msgspec

from backup_reporter.health.context import Context, build_context, finding
from backup_reporter.health.findings import STATUS_OF_SEVERITY, WORST_FIRST, Finding, status_of
from backup_reporter.health.history import history
from backup_reporter.health.memory import remember, remember_no_policy
from backup_reporter.health.model import BackupResult, Policy, Workspace
from backup_reporter.health.mute import read_mute
from backup_reporter.health.remembered import RememberedWorkspace
from backup_reporter.health.restore_point_series import restore_point_series
from backup_reporter.health.rules import RULES
from backup_reporter.health.rules.restore_points import newest_incomplete_copy, newest_restore_point
from backup_reporter.health.rules.restores import newest
from backup_reporter.health.rules.rule import Rule
from backup_reporter.health.rules.workspace import mute_unreadable
from backup_reporter.health.thresholds import Thresholds
from backup_reporter.health.timeline import Subject
from backup_reporter.health.workspace_report import (
    BackupLocation,
    ClusterReport,
    LastRestore,
    LatestRun,
    WorkspaceReport,
)


class Judgment(NamedTuple):
    """The report about a workspace, and what the next report should remember of it."""

    report: WorkspaceReport
    remembered: RememberedWorkspace | None


def judge(
    workspace: Workspace,
    result: BackupResult,
    thresholds: Thresholds,
    now: datetime,
    *,
    asked_at: datetime | None = None,
    single_run: bool = False,
    remembered: RememberedWorkspace | None = None,
) -> Judgment:
    """Judges one workspace at ``now`` (aware, UTC). Pure; never raises on any result.

    ``asked_at``: when Palette gave the result. What has begun by then is not in the future; if ``now`` is later, only
    what can expire is judged at ``now``, and the rest at ``asked_at``.
    ``single_run``: the result holds the one run that was asked for, which is judged alone.
    ``remembered``: what the last report remembered of the workspace.
    """
    if workspace.deleted_at:
        return Judgment(judge_being_deleted(workspace, thresholds, now), remembered)
    has_schedule = bool((result.policy.schedule or "").strip())
    if not (has_schedule or result.runs or result.unreadable_runs or single_run):
        report = judge_not_protected(workspace, "it has neither a schedule nor a backup", thresholds, now)
        return Judgment(report, remember_no_policy(remembered, now))
    if single_run:
        # Without a schedule the run is its own period.
        result = msgspec.structs.replace(result, policy=msgspec.structs.replace(result.policy, schedule=None))
    context = build_context(workspace, result, thresholds, now, asked_at, last=remembered, is_one_run=single_run)
    rules = [
        rule
        for rule in RULES
        if rule.applies_to in ("any", "one run" if single_run else "history")
        and (context.history_is_whole or not rule.needs_whole_history)
    ]
    return Judgment(_workspace_report(context, _findings(context, rules)), _remember(context, remembered, single_run))


def _remember(context: Context, last: RememberedWorkspace | None, single_run: bool) -> RememberedWorkspace | None:
    if single_run:
        return last
    return remember(
        last,
        context.policy,
        context.workspace.clusters,
        context.timeline.subjects,
        context.present,
        history_is_whole=not context.result.unreadable_runs,
        shift=context.shift,
        is_unreachable=lambda uid: context.is_unreachable(uid) is not None,
        location_is_missing=context.location_is_missing() is not None,
        restored_at=context.restored_at,
    )


def judge_being_deleted(workspace: Workspace, thresholds: Thresholds, now: datetime) -> WorkspaceReport:
    """A workspace with a deletion time: nothing else is judged."""
    only = finding("being-deleted", "The workspace is being deleted.", since=workspace.deleted_at)
    return _without_backups(workspace, only, thresholds, now)


def judge_not_protected(
    workspace: Workspace, why: str, thresholds: Thresholds, now: datetime, **evidence: Any
) -> WorkspaceReport:
    """A workspace without a backup policy: nothing else is judged. ``why`` completes "not protected: …"."""
    only = finding("not-protected", f"The workspace has no backup policy: {why}.", **evidence)
    return _without_backups(workspace, only, thresholds, now)


def judge_unreadable(
    workspace: Workspace, why: str, thresholds: Thresholds, now: datetime, **evidence: Any
) -> WorkspaceReport:
    """A workspace whose result is not known or not understood; ``why`` is a sentence without its full stop."""
    return _without_backups(workspace, finding("unreadable", f"{why}.", **evidence), thresholds, now)


def _without_backups(workspace: Workspace, only: Finding, thresholds: Thresholds, now: datetime) -> WorkspaceReport:
    context = build_context(workspace, BackupResult(), thresholds, now)
    mute_problems = mute_unreadable(context)
    findings = _sorted_and_muted(context, [only, *mute_problems])
    return WorkspaceReport(**_identity(workspace, now), status=status_of(findings), findings=findings)


def _findings(context: Context, rules: Sequence[Rule]) -> tuple[Finding, ...]:
    findings = [finding for rule in rules if not rule.only_unexplained for finding in rule.check(context)]
    explained = {finding.cluster for finding in findings if finding.code in _EXPLAINING_CODES}
    if _THE_WORKSPACE not in explained:
        others = (finding for rule in rules if rule.only_unexplained for finding in rule.check(context))
        findings += [finding for finding in others if finding.cluster not in explained]
    return _sorted_and_muted(context, map(partial(_with_reachability, context), _once_each(findings)))


def _with_reachability(context: Context, finding: Finding) -> Finding:
    """Returns a critical finding about a cluster that Palette cannot reach with a sentence about that."""
    seen = context.is_unreachable(finding.cluster_uid)
    if finding.severity != "critical" or seen is None:
        return finding
    why = {
        "now": "Palette does not see the cluster healthy, so it cannot restore it now.",
        "earlier": "In an earlier report Palette did not see the cluster healthy, and its health is not known now.",
    }
    return msgspec.structs.replace(finding, message=f"{finding.message} {why[seen]}")


_THE_WORKSPACE = (None, None)
_EXPLAINING_CODES = frozenset(rule.code for rule in RULES if rule.explains_missing_copy)


def _once_each(findings: list[Finding]) -> Iterator[Finding]:
    """At most one finding per code and cluster: of several about the workspace, the one that began first."""
    chosen: dict[tuple[str, str | None, str | None], Finding] = {}
    for candidate in findings:
        key = (candidate.code, candidate.cluster_uid, candidate.cluster_name)
        other = chosen.get(key)
        if other is None or (candidate.since and other.since and candidate.since < other.since):
            chosen[key] = candidate
    yield from chosen.values()


def _sorted_and_muted(context: Context, findings: Iterator[Finding] | list[Finding]) -> tuple[Finding, ...]:
    is_muted = partial(context.mute.covers, now=context.now)
    marked = (
        msgspec.structs.replace(finding, muted=is_muted(_name_for_mutes(context.workspace, finding.code)))
        for finding in findings
    )
    return tuple(sorted(marked, key=_worst_first))


def _name_for_mutes(workspace: Workspace, code: str) -> str:
    """Returns the code that readers know: a cluster without a policy of its own is ``cluster-unprotected`` to them."""
    return "cluster-unprotected" if workspace.kind == "cluster" and code == "not-protected" else code


def _worst_first(finding: Finding) -> tuple[int, str, str, str]:
    rank = WORST_FIRST.index(STATUS_OF_SEVERITY[finding.severity])
    return (rank, finding.code, finding.cluster_name or "", finding.cluster_uid or "")


def _workspace_report(context: Context, findings: tuple[Finding, ...]) -> WorkspaceReport:
    return WorkspaceReport(
        **_identity(context.workspace, context.now),
        status=status_of(findings),
        schedule=context.policy.schedule or None,
        retention_hours=context.policy.retention_hours,
        next_run_at=context.next_due,
        survives_failures=_survived_failures(context),
        latest_run=_latest_run(context),
        last_restore=_last_restore(context),
        restores_known=_are_restores_known(context.result),
        backup_location=_backup_location(context.policy),
        clusters=tuple(_cluster_report(subject, context.now) for subject in context.subjects_in_scope),
        findings=findings,
        history=history(context),
    )


def _identity(workspace: Workspace, now: datetime) -> dict[str, Any]:
    return {
        "tenant": workspace.tenant,
        "kind": workspace.kind,
        "uid": workspace.uid,
        "name": workspace.name,
        "project_uid": workspace.project_uid,
        "project_name": workspace.project_name,
        "muted_until": read_mute(workspace.labels, now).until,
    }


def _last_restore(context: Context) -> LastRestore | None:
    last = newest(context.result.restores or ())
    if last:
        return LastRestore(at=last.at, state=last.state)
    is_known = context.result.restores is not None and context.restored_at
    return LastRestore(at=context.restored_at, state="Completed") if is_known else None


def _are_restores_known(result: BackupResult) -> bool | None:
    if result.restores is not None:
        return True
    return False if result.restores_error else None


def _backup_location(policy: Policy) -> BackupLocation | None:
    uid, name = policy.backup_location_uid, policy.backup_location_name
    return BackupLocation(uid=uid, name=name) if uid or name else None


def _survived_failures(context: Context) -> int | None:
    """How many failed runs in a row the retention survives: whole due intervals that fit into it, less one."""
    hours = context.policy.retention_hours
    if hours is None or context.due_times is None:
        return None
    pause_hours = context.due_times.longest_pause / timedelta(hours=1)
    return max(0, int(hours // pause_hours) - 1)


def _latest_run(context: Context) -> LatestRun | None:
    if not context.timeline.runs:
        return None
    judged = context.timeline.runs[-1]
    run = judged.run
    return LatestRun(request_uid=run.request_uid, backup_name=run.backup_name, at=judged.at, state=run.state)


def _cluster_report(subject: Subject, now: datetime) -> ClusterReport:
    newest, incomplete = newest_restore_point(subject, now), newest_incomplete_copy(subject, now)
    return ClusterReport(
        uid=subject.cluster.uid if subject.cluster else None,
        name=subject.cluster.name if subject.cluster else None,
        newest_incomplete_copy_at=incomplete.at if incomplete else None,
        newest_restore_point_at=newest.at if newest else None,
        expires_at=newest.expires_at if newest else None,
        restore_points=len(subject.restore_points(now)),
        restore_point_series=restore_point_series(subject, now),
    )
