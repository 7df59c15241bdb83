"""The clusters of the instructive fleet: those of its workspaces, some with a policy of their own, and one in none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from backup_reporter.demo.documents import (
    Failure,
    Json,
    cluster_backup,
    cluster_backup_result,
    cluster_item,
    cluster_run,
    uid_of,
)
from backup_reporter.demo.restore_documents import cluster_restores

PROJECT = "edge"
_NIGHTS = 21


@dataclass(frozen=True)
class Clusters:
    """Every cluster as the search lists it, the backups of those with a policy of their own, and restores into them."""

    items: Sequence[Json]
    backups: Mapping[str, Json]
    restores: Mapping[str, Json | Failure]


def instructive_clusters(
    projects: Mapping[str, str], workspaces: Mapping[str, Iterable[Json]], now: datetime, seen_at: datetime
) -> Clusters:
    """Returns the clusters at ``now``; nothing began after ``seen_at``."""
    created = now - timedelta(days=200)
    project_uid = next(uid for uid, name in projects.items() if name == PROJECT)
    of_workspaces = {
        ref["uid"]: _of_workspace(ref, projects[project], project, created)
        for project, items in workspaces.items()
        for item in items
        for ref in item["spec"]["clusterRefs"]
    }
    till, depot, archive, kiosk = (
        cluster_item(PROJECT, name, project_uid=project_uid, created=created, health=health)
        for name, health in (
            ("edge-till", "UnHealthy"),
            ("edge-depot", "Healthy"),
            ("edge-archive", "Healthy"),
            ("edge-kiosk", "Healthy"),
        )
    )
    set_apart = [
        cluster_item(PROJECT, "dev-virtual", project_uid=project_uid, created=created, cloud="nested"),
        cluster_item(PROJECT, "edge-new", project_uid=project_uid, created=now, state="Provisioning"),
        cluster_item(PROJECT, "lab-imported", project_uid=project_uid, created=created, imported=True),
    ]
    backups = {
        item["metadata"]["uid"]: backup
        for item, backup in (
            (till, _till(till, now, seen_at)),
            (depot, _depot(depot, now, seen_at)),
            (archive, _archive(archive, now)),
        )
    }
    tested = cluster_restores(kiosk, [till, depot], now - timedelta(days=25))
    return Clusters(
        items=[*of_workspaces.values(), till, depot, archive, kiosk, *set_apart],
        backups=backups,
        restores={kiosk["metadata"]["uid"]: tested},
    )


def _of_workspace(ref: Json, project_name: str, project_uid: str, created: datetime) -> Json:
    item = cluster_item(project_name, str(ref["name"]), project_uid=project_uid, created=created)
    item["metadata"]["uid"] = ref["uid"]
    return item


def _till(cluster: Json, now: datetime, seen_at: datetime) -> Json:
    """All is well, but its schedule is in another zone, and its backups go back onto the same cluster only."""
    backup = _nightly(cluster, now, seen_at, schedule_ahead_hours=5)
    backup["spec"]["config"]["includeClusterResourceMode"] = "Always"
    return backup


def _depot(cluster: Json, now: datetime, seen_at: datetime) -> Json:
    """All was well, and now the location is gone."""
    backup = _nightly(cluster, now, seen_at)
    backup["spec"]["config"] |= {
        "backupLocationUid": uid_of("location", "old-nas"),
        "backupLocationName": "old-nas",
    }
    return backup


def _archive(cluster: Json, now: datetime) -> Json:
    """A monthly policy that is nine days old, and whose first backup is still to come."""
    next_due = next(due for due in (now + timedelta(days=ahead) for ahead in range(10, 14)) if due.day <= 28)
    return cluster_backup_result(
        cluster,
        schedule=f"0 3 {next_due.day} * *",
        retention_hours=90 * 24,
        runs=[],
        policy_created=now - timedelta(days=9),
    )


def _nightly(cluster: Json, now: datetime, seen_at: datetime, *, schedule_ahead_hours: int = 0) -> Json:
    """Three weeks of good nights."""
    metadata = cluster["metadata"]
    ref = {"uid": metadata["uid"], "name": metadata["name"]}
    last = (now - timedelta(hours=3)).replace(minute=0, second=0, microsecond=0)
    runs = []
    for night in range(_NIGHTS):
        at = last - timedelta(days=night)
        name = f"{metadata['name']}-{at:%Y%m%d}"
        backup = cluster_backup(ref, name, state="Completed", at=at, expires=at + timedelta(days=30))
        if at <= seen_at:
            runs.append(cluster_run(name, state="Completed", backups=[backup]))
    return cluster_backup_result(
        cluster,
        schedule=f"0 {(last.hour + schedule_ahead_hours) % 24} * * *",
        retention_hours=720,
        runs=runs,
        policy_created=now - timedelta(days=190),
    )
