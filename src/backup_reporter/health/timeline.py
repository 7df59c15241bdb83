"""A workspace's history put in order: its runs, and the attempts to back up each cluster."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import groupby, takewhile
from math import inf
from typing import Any, TypeVar

from backup_reporter.health.attempts import Attempt, attempt_of
from backup_reporter.health.clusters import KnownClusters
from backup_reporter.health.model import BackupResult, Cluster, Fact, Policy, Run, Workspace
from backup_reporter.health.phases import BADNESS, FINISHED, UNDER_WAY, PhaseClass, is_given, phase_of
from backup_reporter.health.thresholds import Thresholds

FAST_CLOCK = timedelta(minutes=5)
"""How far ahead of ours the clock may be that dated something: beyond it, it is dated in the future."""

_WRONG_CLOCK = timedelta(days=1)
"""A cluster backup that claims to be older or younger than its run by more than this is not believed."""

_BEFORE_EVERYTHING = datetime.min.replace(tzinfo=UTC)

_Item = TypeVar("_Item")


class JudgedRun(Fact, frozen=True):
    """A run with its time and phase worked out, and its attempts."""

    at: datetime | None
    phase: PhaseClass
    run: Run
    attempts: tuple[Attempt, ...]

    @property
    def names_clusters(self) -> bool:
        return bool(self.run.cluster_backups)

    @property
    def is_finished(self) -> bool:
        """By its own word; where that makes no sense, once all of its clusters have finished."""
        if self.phase in FINISHED or self.phase in UNDER_WAY:
            return self.phase in FINISHED
        return self.names_clusters and all(attempt.is_finished for attempt in self.attempts)

    @property
    def is_under_way(self) -> bool:
        return self.phase in UNDER_WAY or any(attempt.phase in UNDER_WAY for attempt in self.attempts)

    @property
    def worst_phase(self) -> PhaseClass:
        phases = [attempt.phase for attempt in self.attempts] + ([self.phase] if is_given(self.run.state) else [])
        return max(phases, key=BADNESS.index)


@dataclass(frozen=True)
class Subject:
    """What is judged as one: a cluster in scope, or ``cluster`` is ``None`` for the workspace as a whole.

    ``attempts`` are oldest first and include the runs that speak for every cluster. ``in_scope`` is
    false for backups that name no cluster while others do: what they say counts, their absence does not.
    """

    cluster: Cluster | None
    attempts: tuple[Attempt, ...]
    in_scope: bool = True

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


@dataclass(frozen=True, slots=True)
class Timeline:
    """The runs, oldest first, and what is to be judged over them.

    ``dated_ahead``: the times of runs and of cluster backups that are dated in the future. Such a run is not
    among the runs, and such a cluster backup is in its run, but not among the attempts.
    """

    runs: tuple[JudgedRun, ...]
    subjects: tuple[Subject, ...]
    attempts: tuple[Attempt, ...]
    dated_ahead: tuple[datetime, ...]


def timeline(workspace: Workspace, result: BackupResult, thresholds: Thresholds, now: datetime) -> Timeline:
    """Puts a workspace's history until ``now`` in order of time, whatever order Palette gave it in."""
    known = KnownClusters(workspace, result)
    judged = [_judged_run(run, result.policy, thresholds, known, now) for run in result.runs]
    runs = _in_order((run for run in judged if not is_ahead(run.at, now)), _run_moment, _tie_of_runs)
    # Runs and what is in them are in order already, and sorting leaves what happened at the same moment as it is.
    all_attempts = sorted((attempt for run in runs for attempt in run.attempts), key=_attempt_moment)
    attempts = [attempt for attempt in all_attempts if not is_ahead(attempt.at, now)]
    times = (*(run.at for run in judged), *(attempt.at for attempt in all_attempts))
    dated_ahead = tuple(at for at in times if at and is_ahead(at, now))
    return Timeline(tuple(runs), tuple(_subjects(known.scope(), attempts)), tuple(attempts), dated_ahead)


def is_ahead(at: datetime | None, now: datetime) -> bool:
    """Whether a time lies in the future, by more than a clock that is a little fast."""
    return at is not None and at - now > FAST_CLOCK


def _subjects(scope: tuple[Cluster, ...], attempts: list[Attempt]) -> Iterator[Subject]:
    by_cluster: dict[Cluster | None, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        for cluster in (*scope, None) if attempt.speaks_for_all else (attempt.cluster,):
            by_cluster[cluster].append(attempt)
    for cluster in scope:
        yield Subject(cluster, tuple(by_cluster[cluster]))
    nameless = by_cluster[None]
    if not scope or any(not attempt.speaks_for_all for attempt in nameless):
        yield Subject(None, tuple(nameless), in_scope=not scope)


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
    texts = (attempt.backup_name or "", attempt.message or "", attempt.state or "", attempt.run.state or "")
    lasts_seconds = attempt.expires_at.timestamp() if attempt.expires_at else inf
    return (texts, attempt.is_gone, attempt.deletion_failed, -lasts_seconds, attempt.namespaces)


def run_time(run: Run) -> datetime | None:
    """When a run began: as requested, else as backed up, else its earliest cluster backup."""
    times = (backup.at for backup in run.cluster_backups if backup.at)
    return run.requested_at or run.backup_at or min(times, default=None)


def _judged_run(run: Run, policy: Policy, thresholds: Thresholds, known: KnownClusters, now: datetime) -> JudgedRun:
    at = run_time(run)
    backups = run.cluster_backups or (None,)
    times = (_believed(backup.at if backup else None, run, at, now) for backup in backups)
    attempts = (
        attempt_of(backup, run, own, at, policy, thresholds, known) for backup, own in zip(backups, times, strict=True)
    )
    in_order = _in_order(attempts, _attempt_moment, _tie_of_attempts)
    return JudgedRun(at, phase_of(run.state, thresholds.extra_states), run, tuple(in_order))


def _believed(own: datetime | None, run: Run, run_at: datetime | None, now: datetime) -> datetime | None:
    """A cluster backup's own time, unless it lies so far from its run's that its clock must have been wrong.

    One in the future stays there, to be said. The earliest of a run's cluster backups dates none of the others.
    """
    if own is None or (run_at and run_at - own > _WRONG_CLOCK):
        return run_at
    began = run.requested_at or run.backup_at
    return began if began and own - began > _WRONG_CLOCK and not is_ahead(own, now) else own
