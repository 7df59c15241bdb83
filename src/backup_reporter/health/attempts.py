"""One cluster's part in one run, as it is judged: whose it is, how it ended, and until when its copy lasts."""

from __future__ import annotations

from datetime import datetime, timedelta

from backup_reporter.health.clusters import KnownClusters
from backup_reporter.health.model import Cluster, ClusterBackup, Fact, Policy, Run
from backup_reporter.health.phases import FINISHED, UNDER_WAY, PhaseClass, deletion_of, is_given, phase_of
from backup_reporter.health.thresholds import Thresholds

VELERO_DEFAULT_RETENTION_HOURS = 720
"""How long Velero keeps a backup that is given no time. https://velero.io/docs/main/how-velero-works/"""


class Attempt(Fact, frozen=True, kw_only=True):
    """One cluster's part in one run, or a whole run that names no clusters and speaks for all of them.

    ``run_at`` is the time of ``run``: attempts are ordered by it, and ``at`` only dates the copy. ``state`` is the
    text that ``phase`` came from. ``is_gone``: deleted or being deleted, as the cluster or the run says.
    """

    cluster: Cluster | None
    run: Run
    run_at: datetime | None
    speaks_for_all: bool
    at: datetime | None
    phase: PhaseClass
    state: str | None
    run_phase: PhaseClass
    is_gone: bool
    is_being_deleted: bool
    deletion_failed: bool
    backup_name: str | None
    message: str | None
    expires_at: datetime | None
    namespaces: tuple[str, ...] | None

    @property
    def is_finished(self) -> bool:
        """Whether it ended in a way that says something. A success that names no cluster backup left no copy of any."""
        return self.phase in FINISHED and not (self.speaks_for_all and self.phase == "succeeded")

    @property
    def is_settled(self) -> bool:
        """Whether its run has ended in a known way as well."""
        return self.is_finished and self.run_phase not in UNDER_WAY and self.run_phase != "unknown"

    @property
    def is_copy(self) -> bool:
        """Whether it made a copy that was not deleted. A run that names no clusters names no copy."""
        return self.phase == "succeeded" and not self.is_gone and not self.speaks_for_all

    def is_restore_point(self, now: datetime) -> bool:
        """Whether something can be restored from it at ``now``."""
        return self.is_copy and (self.expires_at is None or self.expires_at > now)

    def is_incomplete_copy(self, now: datetime) -> bool:
        """Whether it left a copy that lacks parts and is still there at ``now``."""
        is_there = self.phase == "partial" and not self.is_gone and not self.speaks_for_all
        return is_there and (self.expires_at is None or self.expires_at > now)


def attempt_of(
    backup: ClusterBackup | None,
    run: Run,
    at: datetime | None,
    run_at: datetime | None,
    run_phase: PhaseClass,
    policy: Policy,
    thresholds: Thresholds,
    known: KnownClusters,
) -> Attempt:
    """What became of a cluster's ``backup`` in a run, or of the run itself if it names none (``None``)."""
    state = backup.state if backup and is_given(backup.state) else run.state
    phase = phase_of(state, thresholds.extra_states)
    if run_phase == "failed" and (phase in UNDER_WAY or phase == "unknown"):
        # A run that is over takes with it what never said how it ended.
        phase, state = "failed", run.state
    deletions = (deletion_of(backup.delete_state if backup else None), deletion_of(run.delete_state))
    is_deleting = run_phase == "deleting" or phase == "deleting" or "deleting" in deletions
    return Attempt(
        cluster=known.find(backup.cluster) if backup else None,
        run=run,
        run_at=run_at,
        speaks_for_all=backup is None,
        at=at,
        phase=phase,
        state=state,
        run_phase=run_phase,
        is_gone="deleted" in deletions or "deleting" in deletions or run_phase == "deleting",
        is_being_deleted=is_deleting and "deleted" not in deletions,
        deletion_failed=deletions[0] == "failed" or (deletions[1] == "failed" and deletions[0] != "deleted"),
        backup_name=(backup.backup_name if backup else None) or run.backup_name,
        message=backup.message if backup else None,
        expires_at=(backup.expires_at if backup else None) or _expiry(at, run, policy),
        namespaces=backup.namespaces if backup else None,
    )


def _expiry(at: datetime | None, run: Run, policy: Policy) -> datetime | None:
    """By the run's retention, else the policy's, else Velero's own: Velero gives every backup an end."""
    if at is None:
        return None
    try:
        return at + timedelta(hours=run.retention_hours or policy.retention_hours or VELERO_DEFAULT_RETENTION_HOURS)
    except OverflowError:
        return None
