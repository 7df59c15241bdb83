"""A workspace's history put in order: its runs, and the attempts to back up each cluster."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import groupby, takewhile
from math import inf
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from backup_reporter.health.attempts import Attempt, attempt_of
from backup_reporter.health.clusters import KnownClusters, Scope, key_of
from backup_reporter.health.model import BackupResult, Cluster, ClusterBackup, Fact, Policy, Run, Workspace
from backup_reporter.health.phases import BADNESS, FINISHED, UNDER_WAY, PhaseClass, is_given, phase_of
from backup_reporter.health.remembered import RememberedWorkspace, clusters_by_key, in_scope_since
from backup_reporter.health.thresholds import Thresholds

FAST_CLOCK = timedelta(minutes=5)
"""How far ahead of ours the clock may be that dated something: beyond it, it is dated in the future."""

_WRONG_CLOCK = timedelta(days=1)
"""A cluster backup that claims to be older than its run by more than this is not believed."""

_BEFORE_EVERYTHING = datetime.min.replace(tzinfo=UTC)

_Item = TypeVar("_Item")


class JudgedRun(Fact, frozen=True):
    """A run with its time and phase worked out, and its attempts.

    ``skipped`` are the clusters that it lists without a word about them although it has finished: it left them out.
    """

    at: datetime | None
    phase: PhaseClass
    run: Run
    attempts: tuple[Attempt, ...]
    skipped: tuple[Cluster | None, ...] = ()

    @property
    def names_clusters(self) -> bool:
        return bool(self.run.cluster_backups)

    @property
    def is_finished(self) -> bool:
        """By its own word; if that makes no sense, once all of its clusters have finished."""
        if self.phase in FINISHED or self.phase in UNDER_WAY:
            return self.phase in FINISHED
        return self.names_clusters and all(attempt.is_finished for attempt in self.attempts)

    @property
    def may_go_on(self) -> bool:
        """Whether it is at work by its own word, or has no word that is known."""
        return self.phase in UNDER_WAY or (self.phase == "unknown" and not self.is_finished)

    @property
    def is_under_way(self) -> bool:
        return self.phase in UNDER_WAY or any(attempt.phase in UNDER_WAY for attempt in self.attempts)

    @property
    def worst_phase(self) -> PhaseClass:
        phases = [attempt.phase for attempt in self.attempts] + ([self.phase] if is_given(self.run.state) else [])
        return max(phases, key=BADNESS.index)


class Subject(Struct, frozen=True, dict=True):
    """What is judged as one: a cluster in scope, or ``cluster`` is ``None`` for the workspace as a whole.

    ``attempts`` are in order of their runs, oldest first, and include the runs that speak for every cluster.
    ``in_scope`` is false for backups that name no cluster while others do: what they say counts, their absence does not.
    ``last_run_at``: when the last run began that names it, or that names none.
    """

    cluster: Cluster | None
    attempts: tuple[Attempt, ...]
    last_run_at: datetime | None = None
    in_scope: bool = True

    @cached_property
    def _restore_points(self) -> dict[datetime, tuple[Attempt, ...]]:
        return {}

    def restore_points(self, now: datetime) -> tuple[Attempt, ...]:
        """The attempts that can be restored at ``now``, oldest first."""
        if now not in self._restore_points:
            self._restore_points[now] = tuple(attempt for attempt in self.attempts if attempt.is_restore_point(now))
        return self._restore_points[now]

    @cached_property
    def finished(self) -> tuple[Attempt, ...]:
        return tuple(attempt for attempt in self.attempts if attempt.is_finished)

    @cached_property
    def unfinished(self) -> tuple[Attempt, ...]:
        """The attempts since the latest finished one, newest first: a newer one hides none of them."""
        return tuple(takewhile(lambda attempt: not attempt.is_finished, reversed(self.attempts)))

    @cached_property
    def unsettled(self) -> tuple[Attempt, ...]:
        """The attempts since the latest settled one, newest first: what their runs say is still open."""
        return tuple(takewhile(lambda attempt: not attempt.is_settled, reversed(self.attempts)))


class Timeline(Struct, frozen=True, dict=True):
    """The runs, oldest first, and what is to be judged over them.

    ``runs_ahead`` and ``copies_ahead`` are the times of runs and of cluster backups that are dated in the future.
    Such a run is not among the runs; such a cluster backup counts, and has its run's time.
    """

    runs: tuple[JudgedRun, ...]
    subjects: tuple[Subject, ...]
    scope: Scope
    runs_ahead: tuple[datetime, ...]
    copies_ahead: tuple[datetime, ...]

    @property
    def attempts(self) -> Iterator[Attempt]:
        """Those of every cluster, in scope or not."""
        return (attempt for run in self.runs for attempt in run.attempts)

    def run_of(self, attempt: Attempt) -> JudgedRun:
        """The run that an attempt is part of."""
        return self._judged_runs[id(attempt.run)]

    @cached_property
    def _judged_runs(self) -> dict[int, JudgedRun]:
        return {id(judged.run): judged for judged in self.runs}


def timeline(
    workspace: Workspace,
    result: BackupResult,
    thresholds: Thresholds,
    now: datetime,
    last: RememberedWorkspace | None,
) -> Timeline:
    """Puts a workspace's history until ``now`` in order of its runs; Palette promises no order.

    ``last``: what the last report remembered. A cluster that it did not have in scope has joined since.
    """
    known = KnownClusters(workspace, result)
    latest = now + FAST_CLOCK
    judged = [_judged_run(run, result.policy, thresholds, known, latest) for run in result.runs]
    runs = _in_order((run for run in judged if not (run.at and run.at > latest)), _run_moment, _tie_of_runs)
    own_times = (backup.at for run in runs for backup in run.run.cluster_backups if backup.at)
    copies_ahead = tuple(at for at in own_times if at > latest)
    remembered = clusters_by_key(last)
    scope = known.scope({key for key, cluster in remembered.items() if cluster.in_scope})
    seen_at = last.seen_at if last else now
    since: dict[Cluster | None, datetime | None] = {
        cluster: in_scope_since(last, remembered.get(key_of(cluster)), seen_at) for cluster in scope.in_scope
    }
    return Timeline(
        runs=tuple(runs),
        subjects=tuple(_subjects(scope, runs, since)),
        scope=scope,
        runs_ahead=tuple(run.at for run in judged if run.at and run.at > latest),
        copies_ahead=copies_ahead,
    )


def is_ahead(at: datetime | None, now: datetime) -> bool:
    """Whether a time lies in the future, by more than a clock that is a little fast."""
    return at is not None and at - now > FAST_CLOCK


def _subjects(
    scope: Scope, runs: Iterable[JudgedRun], since: Mapping[Cluster | None, datetime | None]
) -> Iterator[Subject]:
    """A run that speaks for all clusters does not speak for one that came into scope later."""
    by_cluster: dict[Cluster | None, list[Attempt]] = defaultdict(list)
    last_run_at: dict[Cluster | None, datetime | None] = {}
    for run in runs:
        for attempt in run.attempts:
            for cluster in (*scope.in_scope, None) if attempt.speaks_for_all else (attempt.cluster,):
                began = since.get(cluster) if attempt.speaks_for_all else None
                if began and run.at and run.at < began:
                    continue
                by_cluster[cluster].append(attempt)
                last_run_at[cluster] = run.at
        for cluster in run.skipped:
            last_run_at[cluster] = run.at
    for cluster in scope.in_scope:
        yield Subject(cluster, _no_younger_than_later_runs(by_cluster[cluster]), last_run_at.get(cluster))
    nameless = by_cluster[None]
    is_whole = not scope.in_scope and not scope.not_in_policy
    if is_whole or any(not attempt.speaks_for_all for attempt in nameless):
        yield Subject(None, tuple(nameless), last_run_at.get(None), in_scope=is_whole)


def _no_younger_than_later_runs(attempts: list[Attempt]) -> tuple[Attempt, ...]:
    """A cluster's copy is not younger than the beginning of a later run in which the cluster has finished.

    If its own time says so, a clock was fast, and its run's time is taken.
    """
    later_began: datetime | None = None
    for index in range(len(attempts) - 1, -1, -1):
        attempt = attempts[index]
        if later_began and attempt.at and attempt.at > later_began:
            attempts[index] = msgspec.structs.replace(attempt, at=attempt.run_at)
        if attempt.run_at and attempt.is_finished:
            later_began = attempt.run_at
    return tuple(attempts)


def _in_order(items: Iterable[_Item], moment: Callable[[_Item], Any], tie: Callable[[_Item], Any]) -> list[_Item]:
    """What happened at the same moment is put in an order of its own, the worst last: it is then the latest.

    The order among ties takes as long to work out as everything else together, so it is asked only of them.
    """
    groups = (list(group) for _, group in groupby(sorted(items, key=moment), key=moment))
    return [item for group in groups for item in (sorted(group, key=tie) if len(group) > 1 else group)]


def _run_moment(run: JudgedRun) -> tuple[datetime, int]:
    return (run.at or _BEFORE_EVERYTHING, BADNESS.index(run.worst_phase))


def _tie_of_runs(run: JudgedRun) -> tuple[object, ...]:
    names = (run.run.request_uid or "", run.run.backup_name or "", run.run.state or "")
    return (names, [(_attempt_moment(attempt), _tie_of_attempts(attempt)) for attempt in run.attempts])


def _attempt_moment(attempt: Attempt) -> tuple[datetime, int]:
    return (attempt.at or _BEFORE_EVERYTHING, BADNESS.index(attempt.phase))


def _tie_of_attempts(attempt: Attempt) -> tuple[object, ...]:
    texts = (attempt.backup_name or "", attempt.message or "", attempt.state or "")
    lasts_seconds = attempt.expires_at.timestamp() if attempt.expires_at else inf
    return (texts, attempt.is_gone, attempt.deletion_failed, -lasts_seconds, attempt.namespaces or ())


def run_time(run: Run) -> datetime | None:
    """When a run began: as requested, else as backed up, else its earliest cluster backup."""
    return run.requested_at or run.backup_at or min((part.at for part in run.cluster_backups if part.at), default=None)


def _judged_run(run: Run, policy: Policy, thresholds: Thresholds, known: KnownClusters, latest: datetime) -> JudgedRun:
    at, phase = run_time(run), phase_of(run.state, thresholds.extra_states)
    backups: Sequence[ClusterBackup | None] = run.cluster_backups or (None,)
    silent = list(filter(_says_nothing, run.cluster_backups)) if phase in ("succeeded", "partial") else []
    if silent:
        backups = [backup for backup in run.cluster_backups if not _says_nothing(backup)]
    attempts = (
        attempt_of(backup, run, _believed(backup, at, latest), at, phase, policy, thresholds, known)
        for backup in backups
    )
    in_order = _in_order(attempts, _attempt_moment, _tie_of_attempts)
    return JudgedRun(at, phase, run, tuple(in_order), tuple(known.find(backup.cluster) for backup in silent))


def _says_nothing(backup: ClusterBackup) -> bool:
    """A cluster that Palette skipped can be listed without any status. In a finished run it was left out."""
    return not (backup.at or backup.expires_at or backup.backup_name or is_given(backup.state))


def _believed(backup: ClusterBackup | None, run_at: datetime | None, latest: datetime) -> datetime | None:
    """A cluster backup's own time, or its run's if its clock was wrong.

    A later time is believed, because backups wait in Velero's queue; but not one in the future.
    """
    own = backup.at if backup else None
    if own is None or run_at is None:
        return run_at
    return run_at if run_at - own > _WRONG_CLOCK or run_at <= latest < own else own
