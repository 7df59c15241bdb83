"""Whether a report must speak: worked out from the world itself, never from Palette's answer.

A *problem* must not be green. Without problems and *doubts* the report must be green. A doubt is what neither
Palette's answer nor the last report can tell, or what the rules may see either way: such a day counts as neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from backup_reporter.health.thresholds import Thresholds
from bench.simulation.palette_answers import Habits, is_listed
from bench.simulation.world import DAY, HOUR, START, Cluster, DueTime, Part, Run, World

_RULES = Thresholds()
_EARLY = timedelta(minutes=5)
_STOPPED_AFTER = 7 * DAY
_SEVERAL = 3
"""Runs that show in which zone a schedule is meant."""


@dataclass(frozen=True)
class Truth:
    """What is wrong, and what cannot be known; a word for each."""

    problems: frozenset[str]
    doubts: frozenset[str]


def truth(world: World, told: Habits, last_report_at: datetime | None) -> Truth:
    """The truth about a world at this moment."""
    observer = _Observer(world, told, last_report_at or START)
    found = [*observer.about_policy()]
    for cluster in world.clusters:
        found += observer.about(cluster)
    words = frozenset(found)
    doubts = frozenset(word for word in words if word.startswith("?"))
    return Truth(words - doubts, doubts)


@dataclass
class _Observer:
    world: World
    told: Habits
    last_report_at: datetime

    def __post_init__(self) -> None:
        self.now, self.policy = self.world.now, self.world.policy
        uids = {cluster.uid for cluster in self.world.clusters}
        self.listed = [
            (run, part) for run in self.world.runs for part in run.parts if is_listed(part, self.now, self.told)
        ]
        self.missing = (self.policy.named or frozenset()) - uids

    def about_policy(self) -> Iterator[str]:
        if self.missing:
            yield "the policy names a cluster that is gone"
        schedule = self.policy.schedule
        if schedule and self.policy.retention < schedule.longest_pause:
            yield "copies are kept for less than a pause"
        if any(part.shown_at and part.shown_at > self.now + _EARLY for _, part in self.listed):
            yield "?a clock is ahead"
        if any(part.fate == "deletion-failed" for _, part in self.listed):
            yield "a deletion failed"
        edits = [policy for policy in self.world.policies if policy.modified > self.last_report_at]
        if edits and not self.told.gives_modification:
            yield "?nothing says when the policy was edited"
        if len(edits) > 1:
            yield "?the policy was edited more than once since the last report"
        if str(self.world.zone) != "UTC" and schedule:
            shown = {run.uid: run for run, _ in self.listed if run.requested > self.policy.modified}
            if len(shown) <= _SEVERAL:
                yield "?too few runs show the schedule's zone"

    def about(self, cluster: Cluster) -> Iterator[str]:
        if not self.policy.covers(cluster):
            yield "the policy leaves a cluster out"
            return
        attempts = [(run, part) for run, part in self.listed if part.cluster is cluster and part.began]
        finished = [part for _, part in attempts if part.is_finished(self.now)]
        if finished and finished[-1].outcome != "succeeded":
            yield f"the last backup {'failed' if finished[-1].outcome == 'failed' else 'is incomplete'}"
        if finished and finished[-1].fate == "deleted":
            yield "?the last copy was deleted on purpose"
        open_ones = [(run, part) for run, part in attempts if not part.is_finished(self.now)]
        for run, part in open_ones:
            yield from self._stuck(run, part)
        yield from self._missed(cluster)
        copies = [part for _, part in attempts if part.is_copy(self.now)]
        if copies:
            yield from self._expiring(cluster, copies, finished[-1])
            yield from self._old(copies, bool(open_ones))
        else:
            yield from self._no_copy(cluster, bool(open_ones))
        yield from self._stolen(cluster, copies)
        yield from self._stopped(cluster)

    def _stuck(self, run: Run, part: Part) -> Iterator[str]:
        if part.began and self.now - part.began > _RULES.stuck_after + HOUR and part.clock <= timedelta(minutes=5):
            yield "a backup is stuck"
        elif self.now - run.requested > _RULES.stuck_after - HOUR:
            yield "?a backup waits in the queue, or has just come to the limit"

    def _missed(self, cluster: Cluster) -> Iterator[str]:
        due = self._last_due(cluster)
        if due is None:
            return
        later = self._runs_since(due)
        if any(part.cluster is cluster and part.began for run in later for part in run.parts):
            return
        if cluster.added > self.last_report_at:
            yield "?no report has seen the cluster before"
        elif due.at < self.policy.created or (due.at < self.policy.modified and not self.policy.schedule):
            yield "?due before the policy was made anew or switched off"
        elif due.at < self.policy.modified <= self.last_report_at:
            yield "?due before an edit that the last report has seen"
        elif later and not all(run.is_finished(self.now) for run in later):
            yield "?the run that leaves the cluster out is at work"
        elif later and not self._is_shown(later):
            yield "?deleted or dropped runs"
        else:
            yield "the last run left a cluster out" if later else "no backup began"

    def _last_due(self, cluster: Cluster) -> DueTime | None:
        """The last due time whose run has finished, or should have begun."""
        passed = (
            due
            for due in reversed(self.world.due_times)
            if cluster in due.clusters
            and (due.at + _RULES.grace <= self.now or any(run.is_finished(self.now) for run in self._runs_since(due)))
        )
        return next(passed, None)

    def _runs_since(self, due: DueTime) -> list[Run]:
        return [run for run in self.world.runs if run.requested >= due.at - _EARLY]

    def _is_shown(self, runs: list[Run]) -> bool:
        shown = {id(run) for run, _ in self.listed}
        return any(id(run) in shown for run in runs)

    def _first_due(self, cluster: Cluster) -> DueTime | None:
        since = max(cluster.added, self.policy.created)
        return next((due for due in self.world.due_times if due.at >= since and cluster in due.clusters), None)

    def _no_copy(self, cluster: Cluster, is_at_work: bool) -> Iterator[str]:
        first, known_for = self._first_due(cluster), self.now - max(cluster.added, self.policy.created)
        if cluster.added > self.last_report_at - DAY:
            yield "?no report has seen the cluster before"
        elif is_at_work or any(due.at > self.now - _RULES.stuck_after for due in [first] if due):
            yield "?the first backup is at work"
        elif first is None and known_for < _STOPPED_AFTER + 2 * DAY:
            if not self.policy.schedule:
                yield "?a new cluster, and no schedule"
            elif self._lost_copies(cluster) or known_for > _STOPPED_AFTER - DAY:
                yield "?the policy or the cluster is new, and copies were lost"
        elif first is None and not self.policy.schedule:
            yield "nothing can be restored, and nothing is scheduled"
        elif first is None:
            yield "no first backup for a week"
        else:
            yield "nothing can be restored"

    def _lost_copies(self, cluster: Cluster) -> bool:
        return any(part.cluster is cluster for run in self.world.runs for part in run.parts)

    def _expiring(self, cluster: Cluster, copies: list[Part], last: Part) -> Iterator[str]:
        expires = max(part.expires for part in copies)
        if expires - self.now > _RULES.expiry_warning + HOUR:
            return
        due = self._next_due(expires)
        if expires - self.now > _RULES.expiry_warning - HOUR or not last.is_copy(self.now):
            yield "?the last copy is about to expire, or its backup was not the last"
        elif due is None:
            yield "the last copy expires, and nothing is due before"
        elif due + _RULES.grace + HOUR > expires or last.clock:
            yield "?the next copy comes just in time"

    def _old(self, copies: list[Part], is_at_work: bool) -> Iterator[str]:
        """A copy that is older than a week, or than a day while the next is made, may be worth a word."""
        newest = max(part.began for part in copies if part.began)
        is_new = not any(due.at > self.policy.modified for due in self.world.due_times)
        if (is_at_work and self.now - newest > DAY) or (is_new and self.now - newest > _STOPPED_AFTER):
            yield "?the newest copy is old, and the next one is about to come"

    def _next_due(self, until: datetime) -> datetime | None:
        schedule = self.policy.schedule
        at_work_since = self.now - _RULES.grace
        return next(iter(schedule.due_times(self.world.zone, at_work_since, until)), None) if schedule else None

    def _stolen(self, cluster: Cluster, copies: list[Part]) -> Iterator[str]:
        gone = [
            part
            for run in self.world.runs
            for part in run.parts
            if part.cluster is cluster and part.fate in ("stolen", "unlinked") and part.expires > self.now
        ]
        known = [part for part in gone if part.ended <= self.last_report_at < part.fate_at]
        longest = max((part.expires for part in copies if part.ended <= self.last_report_at), default=START)
        if known and max(part.expires for part in known) > longest + HOUR:
            yield "copies vanished"
        elif gone:
            yield "?copies vanished, which an earlier report said or none could know"

    def _stopped(self, cluster: Cluster) -> Iterator[str]:
        named = [
            run.requested
            for run, part in self.listed
            if part.cluster is cluster and (part.began or self.told.lists_skipped_clusters)
        ]
        if self.policy.schedule or not named:
            return
        idle = self.now - max(named)
        if idle > _STOPPED_AFTER + HOUR:
            yield "no schedule, and no backup for a week"
        elif idle > _STOPPED_AFTER - HOUR:
            yield "?no schedule, and no backup for just a week"
