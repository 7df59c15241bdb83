"""What every rule is given: one workspace's facts, put in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from backup_reporter.health.attempts import Attempt
from backup_reporter.health.catalog import CODES
from backup_reporter.health.cron import CronError
from backup_reporter.health.findings import Finding
from backup_reporter.health.model import BackupResult, Cluster, Policy, Workspace
from backup_reporter.health.schedule import EARLY, DueTimes, due_times
from backup_reporter.health.thresholds import Thresholds
from backup_reporter.health.timeline import JudgedRun, Subject, Timeline, is_ahead, timeline
from backup_reporter.wording import day, evidence_text, moment, timestamp

_A_NEW_POLICY_EXCUSES = timedelta(days=7)


@dataclass(frozen=True)
class Context:
    """A workspace, its history in order, its due times, and the moment it is judged at (UTC)."""

    workspace: Workspace
    result: BackupResult
    timeline: Timeline
    due_times: DueTimes | None
    schedule_error: str | None
    thresholds: Thresholds
    now: datetime

    @property
    def policy(self) -> Policy:
        return self.result.policy

    def moment(self, at: datetime) -> str:
        return moment(at, self.thresholds.time_zone)

    def day(self, at: datetime) -> str:
        return day(at, self.thresholds.time_zone)

    @cached_property
    def last_run_at(self) -> datetime | None:
        """When the last run began."""
        return max((run.at for run in self.timeline.runs if run.at), default=None)

    @cached_property
    def missed_due_times(self) -> tuple[datetime, ...]:
        """The due times that no run answered although their grace has passed, newest first.

        Empty where a run began for the latest of them or later, five minutes early included.
        """
        return self.due_times.missed(self.now - self.thresholds.grace, self.last_run_at) if self.due_times else ()

    @cached_property
    def next_due(self) -> datetime | None:
        return self.due_times.next(self.now) if self.due_times else None

    @cached_property
    def first_due_still_awaited(self) -> datetime | None:
        """The first due time since the policy exists, while its grace has not passed."""
        first = self.due_times.first() if self.due_times else None
        return first if first and self.now < first + self.thresholds.grace else None

    @cached_property
    def due_long_ago(self) -> datetime | None:
        """The latest due time whose run should have left its copies by now: the grace and the stuck limit have passed.

        While a run of it, which began late, is still at work, it is the one before. A policy that is younger than
        all of them excuses a week, or two of its longest pauses where these are longer, and no more: it may be made
        anew again and again.
        """
        if self.due_times is None:
            return None
        long_ago = self.now - self.thresholds.grace - self.thresholds.stuck_after
        due = self.due_times.latest(long_ago)
        if due is None:
            return long_ago - max(2 * self.due_times.longest_pause, _A_NEW_POLICY_EXCUSES)
        is_late = any(self.due_times.latest(at + EARLY) == due for at in self._at_work_since(due))
        return self.due_times.latest(due - timedelta(seconds=1)) if is_late else due

    def _at_work_since(self, due: datetime) -> Iterator[datetime]:
        """When the runs began that are still at work, of those since a due time."""
        return (run.at for run in self.timeline.runs if run.is_under_way and run.at and run.at >= due - EARLY)

    @cached_property
    def latest_finished_run(self) -> JudgedRun | None:
        return next((run for run in reversed(self.timeline.runs) if run.is_finished), None)

    @cached_property
    def runs_of_latest_period(self) -> tuple[JudgedRun, ...]:
        """The latest finished run and every other run since its due time (those 5 minutes early count in).

        A due time before the policy was made will do: what was made under the policy before it counts as well.
        """
        run = self.latest_finished_run
        if run is None:
            return ()
        if self.due_times is None or run.at is None:
            return (run,)
        reach = run.at - self.due_times.schedule.period_start(run.at + EARLY) + EARLY
        return tuple(other for other in self.timeline.runs if other.at and run.at - other.at <= reach)

    def is_since(self, attempt: Attempt, due: datetime) -> bool:
        """Whether an attempt is a due time's or a later one's: by its own time, or by its run's where its clock is slow."""
        if attempt.at is None or attempt.at >= due - EARLY:
            return attempt.at is not None
        run_at = self.run_of(attempt).at
        return run_at is not None and run_at >= due - EARLY

    def due_of_replacement(self, copy: Attempt) -> datetime | None:
        """The due time whose run is to replace a copy.

        That is the next one; but the latest one while its grace lasts or its run is at work, where it left no copy yet.
        """
        due = self.due_times.latest(self.now) if self.due_times else None
        if due is None or copy.at is None or self.is_since(copy, due):
            return self.next_due
        is_at_work = any(self.now - at <= self.thresholds.stuck_after for at in self._at_work_since(due))
        return due if is_at_work or self.now < due + self.thresholds.grace else self.next_due

    def run_of(self, attempt: Attempt) -> JudgedRun:
        """The run that an attempt is part of."""
        return next(run for run in self.timeline.runs if attempt in run.attempts)

    def went_well_for_all(self, run: JudgedRun) -> bool:
        """Whether every cluster in a run succeeded, and none was left out."""
        if any(attempt.phase != "succeeded" for attempt in run.attempts):
            return False
        return not any(self.was_left_out(subject) for subject in self.timeline.subjects)

    def was_left_out(self, subject: Subject) -> bool:
        """Whether a cluster in scope has no cluster backup in any run of the latest finished run's period.

        A run that names no clusters leaves nobody out; where all of the period's runs are such, nobody was. Neither
        was a cluster that still waits for its first backup: somebody's run of another one is no reason to miss it.
        """
        present = self._clusters_of_latest_period
        if not present or not subject.in_scope or subject.cluster is None or subject.cluster in present:
            return False
        return bool(subject.attempts) or self.first_due_still_awaited is None

    @cached_property
    def _clusters_of_latest_period(self) -> frozenset[Cluster | None]:
        runs = (run for run in self.runs_of_latest_period if run.names_clusters)
        return frozenset(attempt.cluster for run in runs for attempt in run.attempts)


def build_context(
    workspace: Workspace, result: BackupResult, thresholds: Thresholds, now: datetime, asked_at: datetime | None = None
) -> Context:
    """Puts a workspace's facts in order for the rules; ``now`` is an aware UTC time.

    ``asked_at``: when the result was had. A large fleet is asked for many minutes, and goes on working meanwhile.
    """
    present = max(now, asked_at or now)
    history = timeline(workspace, result, thresholds, present)
    schedule = (result.policy.schedule or "").strip()
    due, error = None, None
    if schedule:
        run_times = [run.at for run in history.runs if run.at]
        try:
            due = due_times(schedule, run_times, _policy_creation(workspace, result, present))
        except CronError as cron_error:
            error = str(cron_error)
    return Context(workspace, result, history, due, error, thresholds, now)


def _policy_creation(workspace: Workspace, result: BackupResult, now: datetime) -> datetime | None:
    """When the policy came to be, else the workspace; a time in the future is not believed."""
    times = (result.policy.created_at, workspace.created_at)
    return next((at for at in times if at and not is_ahead(at, now)), None)


def finding(
    code: str,
    message: str,
    *,
    cluster: Cluster | None = None,
    since: datetime | None = None,
    **evidence: Any,
) -> Finding:
    """A finding with its severity from the catalog; evidence that is ``None`` is left out."""
    return Finding(
        code=code,
        severity=CODES[code].severity,
        cluster_uid=cluster.uid if cluster else None,
        cluster_name=cluster.name if cluster else None,
        message=message,
        since=since,
        evidence={key: value for key, value in evidence.items() if value is not None},
    )


def about(attempt: Attempt, subject: Subject) -> Cluster | None:
    """Whom to name: the cluster, or nobody where the run spoke for every cluster at once."""
    return None if attempt.speaks_for_all else subject.cluster


def evidence_of(attempt: Attempt) -> dict[str, Any]:
    """The particulars of one attempt, as received."""
    return {
        "backupName": evidence_text(attempt.backup_name),
        "at": timestamp(attempt.at),
        "state": evidence_text(attempt.state),
        "palette": evidence_text(attempt.message),
        "expiresAt": timestamp(attempt.expires_at),
    }
