"""The rules about what lies around a workspace: its backup location, the health of its clusters, what a restore allows."""

from __future__ import annotations

from collections.abc import Iterator

from backup_reporter.health.context import Context, finding
from backup_reporter.health.findings import Finding
from backup_reporter.health.rules.rule import Rule, each_cluster
from backup_reporter.health.timeline import Subject
from backup_reporter.wording import quote


def cluster_unreachable(context: Context, subject: Subject) -> Finding | None:
    """Info: the cluster has restore points, and Palette, which restores only from healthy clusters, does not see it healthy."""
    if not is_unreachable(context, subject.cluster.uid if subject.cluster else None):
        return None
    if not any(attempt.is_restore_point(context.now) for attempt in subject.attempts):
        return None
    return finding(
        "cluster-unreachable",
        "Palette does not see the cluster healthy, and restores a backup only while it does.",
        cluster=subject.cluster,
    )


def is_unreachable(context: Context, cluster_uid: str | None) -> bool:
    """Returns whether Palette says that it does not see a cluster healthy."""
    return cluster_uid in context.workspace.surroundings.unreachable_cluster_uids


def location_missing(context: Context) -> Iterator[Finding]:
    """Warning: the policy uses a backup location that does not exist any more."""
    known = context.workspace.surroundings.location_uids
    uid = context.policy.backup_location_uid
    if known is None or not uid or uid in known:
        return
    name = context.policy.backup_location_name
    which = f" '{quote(name, 63)}'" if name else ""
    yield finding(
        "location-missing",
        f"The policy's backup location{which} does not exist any more: no backup can be written to it.",
        backupLocationUid=uid,
        backupLocationName=name and quote(name, 200),
    )


def restore_in_place_only(context: Context) -> Iterator[Finding]:
    """Info: with all cluster resources in the backup, Palette restores onto the original cluster only."""
    if (context.policy.cluster_resource_mode or "").strip().casefold() == "always":
        yield finding(
            "restore-in-place-only",
            "The policy backs up all cluster resources (mode Always): Palette restores such a backup only onto the cluster it came from.",
        )


RULES = (
    Rule(code="cluster-unreachable", check=each_cluster(cluster_unreachable), applies_to="history"),
    Rule(code="location-missing", check=location_missing, applies_to="history"),
    Rule(code="restore-in-place-only", check=restore_in_place_only, applies_to="history"),
)
