"""What a report remembers of a workspace, so that the next one can tell what has changed.

Palette's answer of today says neither when a schedule was edited or a cluster added, nor which copies were there
yesterday. The last report knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from backup_reporter.health.attempts import Attempt
from backup_reporter.health.clusters import key_of
from backup_reporter.health.model import Cluster, Policy
from backup_reporter.health.timeline import FAST_CLOCK, Subject
from backup_reporter.records import Instant, Record

VANISHED_FOR = timedelta(days=7)
"""How long a report speaks of a restore point that has vanished."""


class RememberedRestorePoint(Record, frozen=True, kw_only=True):
    """A restore point and the run it comes from: by its uid, or by its time if it has none."""

    request_uid: str | None
    run_at: Instant | None
    at: Instant | None
    expires_at: Instant

    def is_from(self, attempt: Attempt) -> bool:
        """Whether an attempt is part of the run that made this restore point."""
        if self.request_uid is None or attempt.run.request_uid is None:
            return attempt.run_at == self.run_at
        return attempt.run.request_uid == self.request_uid


class VanishedRestorePoint(Record, frozen=True, kw_only=True):
    """A restore point that was to live on and is gone; ``since`` is the first report that missed it."""

    restore_point: RememberedRestorePoint
    since: Instant


class RememberedDeletion(Record, frozen=True, kw_only=True):
    """The oldest deletion that was under way; ``since`` is the first report that saw it."""

    request_uid: str | None
    run_at: Instant | None
    since: Instant


class RememberedCluster(Record, frozen=True, kw_only=True):
    """A cluster that a report has judged.

    ``in_scope_since``: the first report that had it in scope; ``None`` if the first remembered report already had,
    or if it is out of scope now. ``restore_point`` is the one that lives longest.
    """

    uid: str | None
    name: str | None
    in_scope: bool = True
    in_scope_since: Instant | None = None
    restore_point: RememberedRestorePoint | None = None
    vanished: VanishedRestorePoint | None = None
    deletion: RememberedDeletion | None = None

    @property
    def key(self) -> str | None:
        """The same as :func:`~backup_reporter.health.clusters.key_of` makes of a cluster."""
        return self.uid or self.name


class RememberedWorkspace(Record, frozen=True, kw_only=True):
    """What the next report needs to know of this one. All times are UTC.

    ``seen_at``: the time of the last report that could read the workspace. ``policy_since``: the first report that
    saw its policy, ``schedule_since``: when the schedule was edited; both are ``None`` if the first remembered report
    already had it. ``previous_schedule`` is what held before that edit.
    """

    seen_at: Instant
    has_policy: bool = True
    policy_since: Instant | None = None
    schedule: str | None = None
    schedule_since: Instant | None = None
    previous_schedule: str | None = None
    clusters: tuple[RememberedCluster, ...] = ()


def clusters_by_key(last: RememberedWorkspace | None) -> dict[str | None, RememberedCluster]:
    """What is remembered of each cluster."""
    return {cluster.key: cluster for cluster in last.clusters} if last else {}


def remember_no_policy(last: RememberedWorkspace | None, now: datetime) -> RememberedWorkspace:
    """What to remember of a workspace that has no policy now: its restore points, and that the policy is gone."""
    clusters = last.clusters if last else ()
    return RememberedWorkspace(seen_at=now, has_policy=False, clusters=tuple(_out_of_scope(clusters, frozenset(), now)))


@dataclass(frozen=True, slots=True)
class ScheduleEdit:
    """When the schedule was edited last, as far as reports have seen, and what it was before."""

    at: datetime | None = None
    previous: str | None = None


def schedule_edit(last: RememberedWorkspace | None, policy: Policy, now: datetime) -> ScheduleEdit:
    """The last edit of a policy's schedule: an earlier one that is remembered, or one since the last report."""
    if last is None or not last.has_policy:
        return ScheduleEdit()
    if plain_schedule(policy) == last.schedule:
        return ScheduleEdit(last.schedule_since, last.previous_schedule)
    is_dated = policy.modified_at is not None and last.seen_at < policy.modified_at <= now
    return ScheduleEdit(policy.modified_at if is_dated else now, last.schedule)


def plain_schedule(policy: Policy) -> str | None:
    """The policy's schedule without blanks around it; ``None`` if it has none."""
    return (policy.schedule or "").strip() or None


def remember(
    last: RememberedWorkspace | None,
    policy: Policy,
    clusters: Iterable[Cluster],
    subjects: Iterable[Subject],
    now: datetime,
    *,
    history_is_whole: bool,
) -> RememberedWorkspace:
    """What to remember of a workspace that was judged at ``now``; ``last`` is what the report before remembered.

    ``clusters`` are those that the workspace lists. An entry of the history that cannot be read may hold what seems
    to be missing: without a whole history, a restore point is remembered until it expires.
    """
    known = clusters_by_key(last)
    is_first = last is None
    judged = [
        _remember_cluster(subject.cluster, known.get(key_of(subject.cluster)), subject, now, is_first, history_is_whole)
        for subject in subjects
        if subject.in_scope and subject.cluster
    ]
    in_scope = {cluster.key for cluster in judged}
    others = (cluster for key, cluster in known.items() if key not in in_scope)
    listed = frozenset(map(key_of, clusters))
    edit = schedule_edit(last, policy, now)
    return RememberedWorkspace(
        seen_at=now,
        policy_since=last.policy_since if last and last.has_policy else (now if last else None),
        schedule=plain_schedule(policy),
        schedule_since=edit.at,
        previous_schedule=edit.previous,
        clusters=(*judged, *_out_of_scope(others, listed, now)),
    )


def _remember_cluster(
    cluster: Cluster,
    last: RememberedCluster | None,
    subject: Subject,
    now: datetime,
    is_first: bool,
    history_is_whole: bool,
) -> RememberedCluster:
    restore_point = longest_living(subject.attempts, now)
    if last and last.restore_point and not history_is_whole:
        known = last.restore_point
        restore_point = max(restore_point or known, known, key=lambda point: point.expires_at)
    return RememberedCluster(
        uid=cluster.uid,
        name=cluster.name,
        in_scope_since=last.in_scope_since if last and last.in_scope else (None if is_first else now),
        restore_point=restore_point,
        vanished=vanished(last, subject.attempts, now) if history_is_whole else (last.vanished if last else None),
        deletion=oldest_deletion(last, subject.attempts, now),
    )


def _out_of_scope(
    clusters: Iterable[RememberedCluster], listed: frozenset[str | None], now: datetime
) -> Iterator[RememberedCluster]:
    """Clusters that may come back: those that are still listed or had a restore point that lives on."""
    for cluster in clusters:
        point = cluster.restore_point
        if cluster.key in listed or (point and point.expires_at > now):
            yield msgspec.structs.replace(cluster, in_scope=False, in_scope_since=None)


def longest_living(attempts: Iterable[Attempt], now: datetime) -> RememberedRestorePoint | None:
    """The restore point that lives longest, of those with an end."""
    living = (attempt for attempt in attempts if attempt.is_restore_point(now))
    ends = [(attempt.expires_at, attempt) for attempt in living if attempt.expires_at]
    if not ends:
        return None
    expires_at, attempt = max(ends, key=lambda end: end[0])
    return RememberedRestorePoint(
        request_uid=attempt.run.request_uid, run_at=attempt.run_at, at=attempt.at, expires_at=expires_at
    )


def vanished(last: RememberedCluster | None, attempts: Iterable[Attempt], now: datetime) -> VanishedRestorePoint | None:
    """The restore point that the last report knew, or knew to be gone, if it should still be there and is not.

    An attempt of the same run, in any state, says what became of it.
    """
    if last is None:
        return None
    attempts = tuple(attempts)
    candidates = [VanishedRestorePoint(restore_point=last.restore_point, since=now)] if last.restore_point else []
    if last.vanished and now - last.vanished.since <= VANISHED_FOR:
        candidates.append(last.vanished)
    for candidate in candidates:
        point = candidate.restore_point
        if point.expires_at > now + FAST_CLOCK and not any(point.is_from(attempt) for attempt in attempts):
            return candidate
    return None


def oldest_deletion(
    last: RememberedCluster | None, attempts: Iterable[Attempt], now: datetime
) -> RememberedDeletion | None:
    """The deletion under way of the oldest backup, and since when reports have seen it."""
    oldest = next((attempt for attempt in attempts if attempt.is_being_deleted), None)
    if oldest is None:
        return None
    known = last.deletion if last else None
    is_same = known and (known.request_uid, known.run_at) == (oldest.run.request_uid, oldest.run_at)
    since = known.since if known and is_same else now
    return RememberedDeletion(request_uid=oldest.run.request_uid, run_at=oldest.run_at, since=since)
