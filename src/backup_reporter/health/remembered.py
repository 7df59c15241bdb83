"""What a report remembers of a workspace: plain records, which the baseline keeps as JSON.

Palette's answer of today says neither when a schedule was edited or a cluster added, nor which copies were there
yesterday. The last report knows.
"""

from __future__ import annotations

from datetime import datetime

from backup_reporter.health.attempts import Attempt
from backup_reporter.records import Instant, Record


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

    ``in_scope_since``: the first report that had it in scope; ``None`` if the first remembered report already had.
    It says nothing while the cluster is out of scope. ``restore_point`` lives longest. ``no_copy_since``: the first of the
    reports, without a break, that saw it without one. ``is_unreachable``: Palette did not see it healthy when it last
    told its health.
    """

    uid: str | None
    name: str | None
    in_scope: bool = True
    in_scope_since: Instant | None = None
    restore_point: RememberedRestorePoint | None = None
    no_copy_since: Instant | None = None
    vanished: VanishedRestorePoint | None = None
    is_unreachable: bool = False
    deletion: RememberedDeletion | None = None

    @property
    def key(self) -> str | None:
        """The same as :func:`~backup_reporter.health.clusters.key_of` makes of a cluster."""
        return self.uid or self.name


class RememberedWorkspace(Record, frozen=True, kw_only=True):
    """What the next report needs to know of this one. All times are UTC.

    ``seen_at``: the time of the last report that could read the workspace. ``policy_since``: the first report that
    saw its policy, ``schedule_since``: when the schedule was edited; both are ``None`` if the first remembered report
    already had it. ``previous_schedule`` is what held before that edit. ``shift_minutes``: how far from the due times the
    runs began. ``missing_location_uid`` is the policy's backup location if it did not exist when the locations could last
    be listed. ``restored_at`` is the last restore known to have succeeded: Palette forgets it with the cluster it went to.
    ``is_imported`` and ``mute_labels`` are those of a cluster, for a report that cannot list it.
    """

    seen_at: Instant
    has_policy: bool = True
    policy_since: Instant | None = None
    schedule: str | None = None
    schedule_since: Instant | None = None
    previous_schedule: str | None = None
    shift_minutes: int | None = None
    missing_location_uid: str | None = None
    restored_at: Instant | None = None
    is_imported: bool = False
    mute_labels: dict[str, str] = {}  # noqa: RUF012 - msgspec copies it for each record
    clusters: tuple[RememberedCluster, ...] = ()


def clusters_by_key(last: RememberedWorkspace | None) -> dict[str | None, RememberedCluster]:
    """What is remembered of each cluster."""
    return {cluster.key: cluster for cluster in last.clusters} if last else {}


def in_scope_since(
    last: RememberedWorkspace | None, cluster: RememberedCluster | None, present: datetime
) -> datetime | None:
    """Since when reports have seen a cluster in scope; ``None`` if the first remembered report already did.

    ``cluster`` is what ``last`` knows of it. A cluster that was not in scope then is in scope since ``present``.
    """
    if last is None:
        return None
    return cluster.in_scope_since if cluster and cluster.in_scope else present
