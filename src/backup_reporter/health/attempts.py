"""One cluster's part in one run, as it is judged: whose it is, how it ended, and until when its copy lasts."""

from __future__ import annotations

from datetime import datetime, timedelta

from backup_reporter.health.clusters import KnownClusters
from backup_reporter.health.model import Cluster, ClusterBackup, Fact, Policy, Run
from backup_reporter.health.phases import FINISHED, UNDER_WAY, PhaseClass, deletion_of, is_given, phase_of
from backup_reporter.health.thresholds import Thresholds


class Attempt(Fact, frozen=True, kw_only=True):
    """One cluster's part in one run, or a whole run that names no clusters and speaks for all of them.

    ``phase`` is the worse of the cluster's own and a failed run's; ``state`` is the text it came from.
    ``run_at`` is the time of ``run``. ``is_gone``: deleted or being deleted, by the cluster's word or by the run's.
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
    namespaces: tuple[str, ...]

    @property
    def is_finished(self) -> bool:
        """Whether it came to an end that says something: a success that names no cluster backup left no copy of any."""
        return self.phase in FINISHED and not (self.speaks_for_all and self.phase == "succeeded")

    @property
    def is_settled(self) -> bool:
        """Whether its run has come to a known end as well."""
        return self.is_finished and self.run_phase not in UNDER_WAY and self.run_phase != "unknown"

    def is_restore_point(self, now: datetime) -> bool:
        """Whether something can be restored from it at ``now``."""
        return self.is_copy and (self.expires_at is None or self.expires_at > now)

    @property
    def is_copy(self) -> bool:
        """Whether it made a copy that nobody deleted. A run that names no clusters names no copy."""
        return self.phase == "succeeded" and not self.is_gone and not self.speaks_for_all


def attempt_of(
    backup: ClusterBackup | None,
    run: Run,
    at: datetime | None,
    run_at: datetime | None,
    policy: Policy,
    thresholds: Thresholds,
    known: KnownClusters,
) -> Attempt:
    """What became of a cluster's ``backup`` in a run, or of the run itself where it names none (``None``), ``at`` that time."""
    run_phase = phase_of(run.state, thresholds.extra_states)
    own_state = backup.state if backup and is_given(backup.state) else None
    # A run that says Failed over a cluster that says Completed is a failure, and so is the reverse.
    state = run.state if own_state is None or run_phase == "failed" else own_state
    phase = phase_of(state, thresholds.extra_states)
    own_state_is_failed = own_state is not None and phase_of(own_state, thresholds.extra_states) == "failed"
    deletion = deletion_of(backup.delete_state if backup else None)
    run_deletion = deletion_of(run.delete_state)
    deletions = (deletion, run_deletion)
    is_deleting = run_phase == "deleting" or phase == "deleting" or "deleting" in deletions
    return Attempt(
        cluster=known.find(backup.cluster) if backup else None,
        run=run,
        run_at=run_at,
        speaks_for_all=backup is None,
        at=at,
        phase=phase,
        state=own_state if own_state_is_failed else state,
        run_phase=run_phase,
        is_gone="deleted" in deletions or "deleting" in deletions or run_phase == "deleting",
        is_being_deleted=is_deleting and "deleted" not in deletions,
        deletion_failed=deletion == "failed" or (run_deletion == "failed" and deletion != "deleted"),
        backup_name=(backup.backup_name if backup else None) or run.backup_name,
        message=backup.message if backup else None,
        expires_at=(backup.expires_at if backup else None) or _expiry(at, run, policy),
        namespaces=backup.namespaces if backup else (),
    )


def _expiry(at: datetime | None, run: Run, policy: Policy) -> datetime | None:
    hours = policy.retention_hours if run.retention_hours is None else run.retention_hours
    if at is None or hours is None:
        return None
    try:
        return at + timedelta(hours=hours)
    except OverflowError:
        return None if hours > 0 else at
