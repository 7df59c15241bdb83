"""The rules about deletions of old backups: of any cluster ever seen, in scope or not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from backup_reporter.health.attempts import Attempt
from backup_reporter.health.context import Context, evidence_of, finding
from backup_reporter.health.findings import Finding
from backup_reporter.health.model import Cluster
from backup_reporter.health.rules.rule import Rule
from backup_reporter.wording import count, duration

_TAKES_AT_MOST = timedelta(days=7)


def delete_failed(context: Context) -> Iterator[Finding]:
    """Warning: a deletion failed."""
    for cluster, failed in _by_cluster(attempt for attempt in context.timeline.attempts if attempt.deletion_failed):
        yield finding(
            "delete-failed",
            f"{count(len(failed), 'old backup')} could not be deleted.",
            cluster=cluster,
            since=failed[0].at,
            count=len(failed),
            **evidence_of(failed[-1]),
        )


def delete_stuck(context: Context) -> Iterator[Finding]:
    """Info: deletions do not end.

    Palette does not say when a deletion began. It began at the copy's expiry at the latest, or before the first report
    that saw it.
    """
    deleting = (attempt for attempt in context.timeline.attempts if attempt.is_being_deleted)
    seen_since = {subject.cluster: context.deletion_seen_since(subject) for subject in context.timeline.subjects}
    for cluster, attempts in _by_cluster(deleting):
        seen = seen_since.get(cluster)
        limit = context.present - _TAKES_AT_MOST
        oldest = attempts[0]
        stuck = [
            attempt
            for attempt in attempts
            if (attempt.expires_at and attempt.expires_at < limit) or (attempt is oldest and seen and seen < limit)
        ]
        if stuck:
            yield finding(
                "delete-stuck",
                f"{count(len(stuck), 'old backup')} {'has' if len(stuck) == 1 else 'have'} been under deletion for more "
                f"than {duration(_TAKES_AT_MOST)}.",
                cluster=cluster,
                since=min(at for at in (stuck[0].expires_at, seen) if at),
                count=len(stuck),
                **evidence_of(stuck[0]),
            )


def _by_cluster(attempts: Iterable[Attempt]) -> Iterable[tuple[Cluster | None, list[Attempt]]]:
    groups: dict[Cluster | None, list[Attempt]] = {}
    for attempt in attempts:
        groups.setdefault(attempt.cluster, []).append(attempt)
    return groups.items()


RULES = (
    Rule(code="delete-failed", check=delete_failed),
    Rule(code="delete-stuck", check=delete_stuck, applies_to="history"),
)
