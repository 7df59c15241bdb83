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
    seen = context.is_unreachable(subject.cluster.uid) if subject.cluster else None
    if seen is None or not subject.restore_points(context.now):
        return None
    message = {
        "now": "Palette does not see the cluster healthy, and restores a backup only while it does.",
        "earlier": "In an earlier report Palette did not see the cluster healthy, and its health is not known now. "
        "Palette restores a backup only while it sees the cluster healthy.",
    }
    return finding("cluster-unreachable", message[seen], cluster=subject.cluster)


def location_missing(context: Context) -> Iterator[Finding]:
    """Warning: the policy uses a backup location that does not exist any more."""
    seen, name = context.location_is_missing(), context.policy.backup_location_name
    if seen is None:
        return
    which = f" '{quote(name, 63)}'" if name else ""
    message = {
        "now": f"The policy's backup location{which} does not exist any more: no backup can be written to it.",
        "earlier": f"In an earlier report the policy's backup location{which} did not exist any more, and the backup "
        "locations could not be listed now.",
    }
    yield finding(
        "location-missing",
        message[seen],
        backupLocationUid=context.policy.backup_location_uid,
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
