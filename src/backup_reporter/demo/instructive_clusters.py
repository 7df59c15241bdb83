"""The clusters of the instructive fleet: those of its workspaces, some with a policy of their own, and one that nothing backs up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from backup_reporter.demo.documents import (
    Json,
    cluster_backup,
    cluster_backup_result,
    cluster_item,
    cluster_run,
    uid_of,
)

PROJECT = "edge"
_NIGHTS = 21


def instructive_clusters(
    projects: Mapping[str, str], workspaces: Mapping[str, Iterable[Json]], now: datetime
) -> tuple[list[Json], dict[str, Json]]:
    """Returns every cluster as the search lists it, and the backups of those with a policy of their own."""
    created = now - timedelta(days=200)
    of_workspaces = {
        ref["uid"]: _of_workspace(ref, projects[project], project, created)
        for project, items in workspaces.items()
        for item in items
        for ref in item["spec"]["clusterRefs"]
    }
    project_uid = next(iter(projects))
    till, depot, kiosk = (
        cluster_item(PROJECT, name, project_uid=project_uid, created=created, health=health)
        for name, health in (("edge-till", "UnHealthy"), ("edge-depot", "Healthy"), ("edge-kiosk", "Healthy"))
    )
    set_apart = [
        cluster_item(PROJECT, "dev-virtual", project_uid=project_uid, created=created, cloud="nested"),
        cluster_item(PROJECT, "edge-new", project_uid=project_uid, created=now, state="Provisioning"),
        cluster_item(PROJECT, "lab-imported", project_uid=project_uid, created=created, imported=True),
    ]
    own = {till["metadata"]["uid"]: _nightly(till, now), depot["metadata"]["uid"]: _nightly(depot, now)}
    own[till["metadata"]["uid"]]["spec"]["config"]["includeClusterResourceMode"] = "Always"
    own[depot["metadata"]["uid"]]["spec"]["config"] |= {
        "backupLocationUid": uid_of("location", "old-nas"),
        "backupLocationName": "old-nas",
    }
    return [*of_workspaces.values(), till, depot, kiosk, *set_apart], own


def _of_workspace(ref: Json, project_name: str, project_uid: str, created: datetime) -> Json:
    item = cluster_item(project_name, str(ref["name"]), project_uid=project_uid, created=created)
    item["metadata"]["uid"] = ref["uid"]
    return item


def _nightly(cluster: Json, now: datetime) -> Json:
    """Three weeks of good nights."""
    metadata = cluster["metadata"]
    ref = {"uid": metadata["uid"], "name": metadata["name"]}
    last = (now - timedelta(hours=3)).replace(minute=0, second=0, microsecond=0)
    runs = []
    for night in range(_NIGHTS):
        at = last - timedelta(days=night)
        name = f"{metadata['name']}-{at:%Y%m%d}"
        backup = cluster_backup(ref, name, state="Completed", at=at, expires=at + timedelta(days=30))
        runs.append(cluster_run(name, state="Completed", backups=[backup]))
    return cluster_backup_result(
        cluster,
        schedule=f"0 {last.hour} * * *",
        retention_hours=720,
        runs=runs,
        policy_created=now - timedelta(days=190),
    )
