"""What every rule is given: one workspace's facts, put in order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Literal

import msgspec
from msgspec import Struct

from backup_reporter.health.attempts import Attempt
from backup_reporter.health.catalog import CODES
from backup_reporter.health.clusters import Scope, key_of
from backup_reporter.health.cron import CronError
from backup_reporter.health.findings import Finding
from backup_reporter.health.memory import oldest_deletion, plain_schedule, vanished
from backup_reporter.health.model import BackupResult, Cluster, Policy, Workspace
from backup_reporter.health.mute import Mute, read_mute
from backup_reporter.health.phases import UNDER_WAY, phase_of
from backup_reporter.health.policy_schedule import due_times_of, policy_creation
from backup_reporter.health.remembered import (
    RememberedCluster,
    RememberedWorkspace,
    VanishedRestorePoint,
    clusters_by_key,
    in_scope_since,
)
from backup_reporter.health.schedule import EARLY, DueTimes, fits
from backup_reporter.health.thresholds import Thresholds
from backup_reporter.health.timeline import JudgedRun, Subject, Timeline, is_ahead, timeline
from backup_reporter.wording import day, due_time, evidence_text, moment, timestamp

_SECOND = timedelta(seconds=1)
_A_NEW_POLICY_EXCUSES = timedelta(days=7)
_SCHEDULED_AHEAD = timedelta(minutes=15)
"""How far ahead a scheduled report's own time may lie."""

Seen = Literal["now", "earlier"]
"""When something was seen: in this report's lists, or in those of an earlier report, because these cannot be read."""


class Context(Struct, frozen=True, dict=True):
    """A workspace, its history in order, its due times, and the moment it is judged at (UTC).

    What can expire is judged at ``now``. What depends on runs that had a chance to begin is judged at ``present``,
    which is earlier if the report is asked for a time that is still to come. ``last``: what the last report remembered.
    ``shift``: how far from the due times of
    the schedule the runs really begin, if that is another time zone. ``is_one_run``: one run is judged alone.
    """

    workspace: Workspace
    result: BackupResult
    timeline: Timeline
    due_times: DueTimes | None
    schedule_error: str | None
    shift: timedelta | None
    thresholds: Thresholds
    now: datetime
    present: datetime
    last: RememberedWorkspace | None = None
    is_one_run: bool = False

    @property
    def policy(self) -> Policy:
        return self.result.policy

    @property
    def scope(self) -> Scope:
        return self.timeline.scope

    def moment(self, at: datetime) -> str:
        return moment(at, self.thresholds.time_zone)

    def day(self, at: datetime) -> str:
        return day(at, self.thresholds.time_zone)

    def due_time(self, at: datetime) -> str:
        return due_time(at, self.present, self.thresholds.time_zone)

    @property
    def is_what_if(self) -> bool:
        """Whether the report is asked for a time that is still to come; no further backup is assumed until then."""
        return self.now - self.present > _SCHEDULED_AHEAD

    @cached_property
    def mute(self) -> Mute:
        return read_mute(self.workspace.labels, self.now)

    @cached_property
    def history_is_whole(self) -> bool:
        """Whether anything may be concluded from what the history lacks.

        Not while entries cannot be read and the report says so. If that is muted, it must not silence the rest.
        """
        return not self.result.unreadable_runs or self.mute.covers("unreadable", self.now)

    @property
    def policy_made_at(self) -> datetime | None:
        """When the policy was made, as far as known; a time in the future is not believed."""
        return policy_creation(self.workspace, self.policy, self.last, self.present)

    @cached_property
    def subjects_in_scope(self) -> tuple[Subject, ...]:
        return tuple(subject for subject in self.timeline.subjects if subject.in_scope)

    @cached_property
    def last_run_at(self) -> datetime | None:
        """When the last run of a cluster in scope began."""
        times = (subject.last_run_at for subject in self.subjects_in_scope)
        return max((at for at in times if at), default=None)

    # Due times

    @cached_property
    def next_due(self) -> datetime | None:
        return self.due_times.next(self.now) if self.due_times else None

    def missed_due_times(self, subject: Subject) -> tuple[datetime, ...]:
        """The due times that no run of a cluster answered although their grace has passed, newest first.

        A run answers a due time for the clusters that it names, or for all if it names none: the latest due time is
        answered by a run that began then or later, five minutes early included. A run that began within the grace and
        is still at work may come to its other clusters yet. A cluster that is still waiting for its first backup has
        missed nothing.
        """
        if self.due_times is None or not subject.in_scope or self.first_due_awaited_by(subject):
            return ()
        last_run_at = max((at for at in (subject.last_run_at, self._punctual_run_at_work) if at), default=None)
        if last_run_at not in self._missed_since:
            self._missed_since[last_run_at] = self.due_times.missed(self.present - self.thresholds.grace, last_run_at)
        missed = self._missed_since[last_run_at]
        since = self._in_scope_since(subject)
        return tuple(due for due in missed if due >= since) if missed and since else missed

    @cached_property
    def _missed_since(self) -> dict[datetime | None, tuple[datetime, ...]]:
        """The due times missed since a run: most clusters have their last run in common."""
        return {}

    @cached_property
    def _punctual_run_at_work(self) -> datetime | None:
        """When the last run began that has not finished and began within the grace of its due time."""
        due_times, grace = self.due_times, self.thresholds.grace
        at_work = (run.at for run in reversed(self.timeline.runs) if run.at and run.may_go_on)
        return next((at for at in at_work if due_times and fits(due_times.schedule, at, grace)), None)

    @cached_property
    def missed_by_all(self) -> tuple[datetime, ...]:
        """The due times that no cluster's run answered, newest first; clusters that wait for their first one aside."""
        expected = [subject for subject in self.subjects_in_scope if self.first_due_awaited_by(subject) is None]
        return min((self.missed_due_times(subject) for subject in expected), key=len, default=())

    def first_due_awaited_by(self, subject: Subject) -> datetime | None:
        """The first due time of a cluster without any backup, while its grace lasts.

        It is the first since the policy was made, or since a report first saw the cluster in scope. A cluster whose
        restore point has vanished is not new.
        """
        if any(attempt.phase not in UNDER_WAY for attempt in subject.attempts):
            return None
        first = self.first_due_of(subject)
        is_awaited = first is not None and self.present < first + self.thresholds.grace
        return first if is_awaited and not self.vanished_from(subject) else None

    def first_due_of(self, subject: Subject) -> datetime | None:
        """The first due time since a cluster should have backups; ``None`` if it is not known."""
        if self.due_times is None:
            return None
        since = self._in_scope_since(subject)
        dues = (self.due_times.first(), self.due_times.next(since - _SECOND) if since else None)
        return max((due for due in dues if due), default=None)

    def in_scope_since(self, subject: Subject) -> datetime | None:
        """Since when a cluster should have backups: since its policy is there, or since it is in scope itself."""
        made = self.due_times.created_at if self.due_times else None
        times = (made, self._in_scope_since(subject))
        return max((at for at in times if at), default=None)

    def _in_scope_since(self, subject: Subject) -> datetime | None:
        """Since when a report has seen a cluster in scope; ``None`` if the first remembered report already did."""
        return in_scope_since(self.last, self._remembered(subject), self.present) if subject.cluster else None

    @cached_property
    def due_long_ago(self) -> datetime | None:
        """The latest due time whose run should have left its copies by now: the grace and the stuck limit have passed.

        While a run of it, which began late, is still at work, it is the one before. A policy that is younger than
        all of them excuses a week, or two of its longest pauses if these are longer, and no more: it may be made
        anew again and again.
        """
        if self.due_times is None:
            return None
        long_ago = self.present - self.thresholds.grace - self.thresholds.stuck_after
        due = self.due_times.latest(long_ago)
        if due is None:
            return long_ago - max(2 * self.due_times.longest_pause, _A_NEW_POLICY_EXCUSES)
        is_late = any(self.due_times.latest(at + EARLY) == due for at in self._at_work_since(due))
        return self.due_times.latest(due - _SECOND) if is_late else due

    def _at_work_since(self, due: datetime) -> Iterator[datetime]:
        """When the runs began that are still at work, of those since a due time."""
        return (run.at for run in self.timeline.runs if run.is_under_way and run.at and run.at >= due - EARLY)

    def due_of_replacement(self, copy: Attempt) -> datetime | None:
        """The due time whose run is to replace a copy.

        That is the next one; but the latest one while its grace lasts or its run is at work, if it left no copy yet.
        """
        due = self.due_times.latest(self.now) if self.due_times else None
        if due is None or copy.at is None or self.is_since(copy, due):
            return self.next_due
        is_at_work = any(self.present - at <= self.thresholds.stuck_after for at in self._at_work_since(due))
        return due if is_at_work or self.now < due + self.thresholds.grace else self.next_due

    def is_since(self, attempt: Attempt, due: datetime) -> bool:
        """Whether an attempt is a due time's or a later one's: by its own time, or by its run's if its clock is slow."""
        if attempt.at is None or attempt.at >= due - EARLY:
            return attempt.at is not None
        return attempt.run_at is not None and attempt.run_at >= due - EARLY

    @cached_property
    def shortest_retention(self) -> timedelta | None:
        """The shortest time that any copy was or is kept."""
        hours = [run.run.retention_hours for run in self.timeline.runs]
        given = [timedelta(hours=number) for number in (self.policy.retention_hours, *hours) if number]
        copies = (attempt for attempt in self.timeline.attempts if attempt.is_copy)
        kept = [attempt.expires_at - attempt.at for attempt in copies if attempt.expires_at and attempt.at]
        return min((length for length in (*given, *kept) if length > timedelta()), default=None)

    # The latest period

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
        reach = run.at - self.due_times.period_start(run.at + EARLY) + EARLY
        return tuple(other for other in self.timeline.runs if other.at and run.at - other.at <= reach)

    def run_of(self, attempt: Attempt) -> JudgedRun:
        """The run that an attempt is part of."""
        return self.timeline.run_of(attempt)

    @cached_property
    def left_out(self) -> frozenset[Cluster | None]:
        """The clusters in scope without a cluster backup in any run of the latest finished run's period.

        A run that names no clusters leaves none out; if all of the period's runs are such, none was. Neither was a
        cluster that still waits for its first backup. Without a schedule, a run is a run by hand and leaves none out.
        """
        naming = [run for run in self.runs_of_latest_period if run.names_clusters]
        if not naming or (plain_schedule(self.policy) is None and not self.is_one_run):
            return frozenset()
        present = {attempt.cluster for run in naming for attempt in run.attempts}
        absent = (subject for subject in self.subjects_in_scope if subject.cluster and subject.cluster not in present)
        return frozenset(subject.cluster for subject in absent if not self.first_due_awaited_by(subject))

    def was_left_out(self, subject: Subject) -> bool:
        """Whether a cluster in scope is missing in the latest finished run's period."""
        return subject.cluster is not None and subject.in_scope and subject.cluster in self.left_out

    # Surroundings

    def location_is_missing(self) -> Seen | None:
        """Whether the policy's backup location does not exist, now or when the locations could last be listed."""
        around, uid = self.workspace.surroundings, self.policy.backup_location_uid
        if around is None or not uid:
            return None
        if around.location_uids is not None:
            return None if uid in around.location_uids else "now"
        return "earlier" if self.last and self.last.missing_location_uid == uid else None

    def is_unreachable(self, cluster_uid: str | None) -> Seen | None:
        """Whether Palette does not see a cluster healthy, now or when it last told the cluster's health."""
        around, remembered = self.workspace.surroundings, self._remembered_clusters.get(cluster_uid)
        if around is None or cluster_uid in around.healthy_cluster_uids:
            return None
        if cluster_uid in around.unreachable_cluster_uids:
            return "now"
        return "earlier" if remembered and remembered.is_unreachable else None

    # Memory

    @cached_property
    def restored_at(self) -> datetime | None:
        """When a restore last succeeded, as far as this report or an earlier one knows."""
        states = self.thresholds.extra_states
        known = [self.last.restored_at if self.last else None]
        known += [
            restore.at for restore in self.result.restores or () if phase_of(restore.state, states) == "succeeded"
        ]
        return max((at for at in known if at), default=None)

    @cached_property
    def _remembered_clusters(self) -> dict[str | None, RememberedCluster]:
        return clusters_by_key(self.last)

    def _remembered(self, subject: Subject) -> RememberedCluster | None:
        return self._remembered_clusters.get(key_of(subject.cluster)) if subject.cluster else None

    def vanished_from(self, subject: Subject) -> VanishedRestorePoint | None:
        """The cluster's restore point that the last report knew, if it should still be there and is not."""
        return vanished(self._remembered(subject), subject.attempts, self.present)

    def no_copy_seen_since(self, subject: Subject) -> datetime | None:
        """Since when reports have seen a cluster without a restore point; ``None`` if the last one saw one."""
        remembered = self._remembered(subject)
        return remembered.no_copy_since if remembered else None

    def deletion_seen_since(self, subject: Subject) -> datetime | None:
        """Since when reports have seen the oldest of a cluster's deletions that are under way."""
        deletion = oldest_deletion(self._remembered(subject), subject.attempts, self.present)
        return deletion.since if deletion else None


def build_context(
    workspace: Workspace,
    result: BackupResult,
    thresholds: Thresholds,
    now: datetime,
    asked_at: datetime | None = None,
    *,
    last: RememberedWorkspace | None = None,
    is_one_run: bool = False,
) -> Context:
    """Puts a workspace's facts in order for the rules; ``now`` is an aware UTC time.

    ``asked_at``: when Palette gave the result. A large fleet is asked for many minutes, and goes on working meanwhile;
    and ``now`` may still be to come.
    """
    asked_at = asked_at or now
    present = min(now, asked_at)
    if last and last.seen_at > present:
        last = None
    restores = result.restores and tuple(restore for restore in result.restores if not is_ahead(restore.at, asked_at))
    result = msgspec.structs.replace(result, restores=restores)
    history = timeline(workspace, result, thresholds, asked_at, last)
    run_times = [run.at for run in history.runs if run.at]
    due, shift, error = None, None, None
    try:
        due, shift = due_times_of(workspace, result.policy, run_times, thresholds, last, present)
    except CronError as cron_error:
        error = str(cron_error)
    return Context(workspace, result, history, due, error, shift, thresholds, now, present, last, is_one_run)


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
    """Returns the cluster that a finding is about; ``None`` if the run spoke for every cluster at once."""
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
