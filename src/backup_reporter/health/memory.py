"""Makes what a report remembers of a workspace, and tells what has changed since the last one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from backup_reporter.health.attempts import Attempt
from backup_reporter.health.clusters import key_of
from backup_reporter.health.model import Cluster, Policy
from backup_reporter.health.remembered import (
    RememberedCluster,
    RememberedDeletion,
    RememberedRestorePoint,
    RememberedWorkspace,
    VanishedRestorePoint,
    clusters_by_key,
    in_scope_since,
)
from backup_reporter.health.timeline import FAST_CLOCK, Subject

VANISHED_FOR = timedelta(days=7)
"""How long a report speaks of a restore point that has vanished."""


def remember_no_policy(last: RememberedWorkspace | None, now: datetime) -> RememberedWorkspace:
    """What to remember of a workspace that has no policy now: its clusters, and that the policy is gone.

    The clusters are no newer when the policy comes back: if that is new, it excuses them by itself.
    """
    return RememberedWorkspace(seen_at=now, has_policy=False, clusters=last.clusters if last else ())


class ScheduleEdit(Struct, frozen=True):
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
    shift: timedelta | None,
    is_unreachable: Callable[[str | None], bool],
    location_is_missing: bool,
    restored_at: datetime | None,
) -> RememberedWorkspace:
    """What to remember of a workspace that was judged at ``now``; ``last`` is what the report before remembered.

    ``clusters`` are those that the workspace lists. An entry of the history that cannot be read may hold what seems
    to be missing: without a whole history, a restore point is remembered until it expires.
    """
    known = clusters_by_key(last)
    judged = [
        _remember_cluster(
            subject.cluster,
            known.get(key_of(subject.cluster)),
            subject,
            now,
            in_scope_since(last, known.get(key_of(subject.cluster)), now),
            history_is_whole,
            is_unreachable=is_unreachable(subject.cluster.uid),
        )
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
        shift_minutes=round(shift.total_seconds() / 60) if shift else None,
        missing_location_uid=policy.backup_location_uid if location_is_missing else None,
        restored_at=restored_at,
        clusters=(*judged, *_out_of_scope(others, listed, now)),
    )


def _remember_cluster(
    cluster: Cluster,
    last: RememberedCluster | None,
    subject: Subject,
    now: datetime,
    seen_since: datetime | None,
    history_is_whole: bool,
    *,
    is_unreachable: bool,
) -> RememberedCluster:
    restore_point = longest_living(subject.restore_points(now))
    if last and last.restore_point and not history_is_whole:
        known = last.restore_point
        restore_point = max(restore_point or known, known, key=lambda point: point.expires_at)
    return RememberedCluster(
        uid=cluster.uid,
        name=cluster.name,
        in_scope_since=seen_since,
        restore_point=restore_point,
        no_copy_since=None if restore_point else ((last and last.no_copy_since) or now),
        vanished=vanished(last, subject.attempts, now) if history_is_whole else (last.vanished if last else None),
        is_unreachable=is_unreachable,
        deletion=oldest_deletion(last, subject.attempts, now),
    )


def _out_of_scope(
    clusters: Iterable[RememberedCluster], listed: frozenset[str | None], now: datetime
) -> Iterator[RememberedCluster]:
    """Clusters that may come back: those that are still listed or had a restore point that lives on."""
    for cluster in clusters:
        point = cluster.restore_point
        if cluster.key in listed or (point and point.expires_at > now):
            yield msgspec.structs.replace(cluster, in_scope=False, no_copy_since=None)


def longest_living(restore_points: Iterable[Attempt]) -> RememberedRestorePoint | None:
    """The restore point that lives longest, of those with an end."""
    ends = [(attempt.expires_at, attempt) for attempt in restore_points if attempt.expires_at]
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
    if known and (known.request_uid, known.run_at) == (oldest.run.request_uid, oldest.run_at):
        return known
    return RememberedDeletion(request_uid=oldest.run.request_uid, run_at=oldest.run_at, since=now)
