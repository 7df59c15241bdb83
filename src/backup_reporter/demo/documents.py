"""Builds Palette's JSON as its API describes it.

Everything here is plain data (dicts as they go over the wire). Times are aware UTC ``datetime`` and become RFC 3339.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

Json = dict[str, Any]

ZERO_TIME = "0001-01-01T00:00:00.000Z"
"""Go's zero time: one of Palette's four ways to say "not set"."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An error in place of a backup result: HTTP status, and the code and message of a ``v1Error`` body."""

    status: int
    code: str
    message: str


@dataclass(frozen=True)
class Fleet:
    """A tenant: its projects (name by uid), each project's list of workspaces, each workspace's backup result.

    ``backups`` may build its documents on demand, so that a large fleet needs little memory.
    """

    projects: Mapping[str, str]
    workspaces: Mapping[str, Sequence[Json]]
    backups: Mapping[str, Json | Failure]
    clusters: Sequence[Json] = ()
    """Every cluster, as the tenant-wide search lists it."""
    cluster_backups: Mapping[str, Json | Failure] = field(default_factory=dict)
    """The answer about a cluster's own backups, by its uid; a cluster without an entry has no policy of its own."""
    locations: Sequence[Json] = ()
    """The tenant's backup locations."""
    restores: Mapping[str, Json | Failure] = field(default_factory=dict)
    """The answer about restores, by the uid of a workspace or of the cluster that was restored into."""
    api_keys: Sequence[Json] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    """Settings under which the report shows all that the tenant has."""

    @cached_property
    def cluster_uids(self) -> frozenset[str]:
        """The uids of all clusters that have them."""
        return frozenset(str(part(cluster, "metadata").get("uid")) for cluster in self.clusters)

    @cached_property
    def located(self) -> Mapping[str, tuple[str, Json]]:
        """Each workspace's project and list item, by the workspace's uid."""
        return {
            str(part(item, "metadata").get("uid") or part(item, "meta").get("uid")): (project, item)
            for project, items in self.workspaces.items()
            for item in items
        }


def part(document: Json, *names: str) -> Json:
    """The object at the end of these names; empty if a field on the way is missing or ``null``."""
    for name in names:
        document = document.get(name) or {}
    return document


def uid_of(*parts: str) -> str:
    """A uid such as Palette gives: 24 hexadecimal digits, the same for the same parts."""
    return hashlib.blake2b("/".join(parts).encode(), digest_size=12).hexdigest()


_LOCATION_UID = uid_of("location", "backups-s3")


def rfc3339(at: datetime) -> str:
    """A time as Palette mostly writes it: milliseconds and ``Z``."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def cluster_refs(project: str, names: Iterable[str]) -> list[Json]:
    """A project's clusters by name; the same name in another project is another cluster."""
    return [{"uid": uid_of("cluster", project, name), "name": name} for name in names]


def workspace_item(
    project: str,
    name: str,
    *,
    clusters: Sequence[str],
    namespaces: Sequence[str],
    created: datetime,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    deleted: datetime | None = None,
) -> Json:
    """One item of ``/v1/dashboard/workspaces``."""
    return {
        "metadata": {
            "uid": uid_of("workspace", project, name),
            "name": name,
            "labels": dict(labels or {}),
            "annotations": dict(annotations or {}),
            "creationTimestamp": rfc3339(created),
            "lastModifiedTimestamp": rfc3339(created),
            "deletionTimestamp": rfc3339(deleted) if deleted else ZERO_TIME,
        },
        "spec": {"clusterRefs": cluster_refs(project, clusters), "namespaces": list(namespaces)},
    }


def cluster_backup(
    cluster: Json,
    backup_name: str,
    *,
    state: str | None,
    at: datetime,
    expires: datetime | None,
    namespaces: Sequence[str] = (),
    message: str = "",
    delete_state: str = "",
) -> Json:
    """One cluster's part in a run, an item of ``clusterBackupRefs``."""
    return {
        "clusterUid": cluster["uid"],
        "clusterName": cluster["name"],
        "backupUid": uid_of("backup", cluster["uid"], backup_name),
        "backupStatusMeta": {
            "backupName": backup_name,
            "backupedNamespaces": list(namespaces),
            "expiryDate": rfc3339(expires) if expires else ZERO_TIME,
            "backupState": {
                "state": state,
                "deleteState": delete_state,
                "msg": message,
                "backupTime": rfc3339(at),
            },
        },
    }


def run(
    backup_name: str,
    *,
    state: str,
    requested: datetime,
    cluster_backups: Sequence[Json],
    retention_hours: int,
    namespaces: Sequence[str] = (),
    actor: str = "system",
) -> Json:
    """One backup request, an item of ``workspaceBackupStatuses``. Palette starts working on it 3 seconds later."""
    return {
        "requestUid": uid_of("request", backup_name, rfc3339(requested)),
        "actor": {"actorType": actor, "uid": uid_of("actor", actor)},
        "workspaceBackupConfig": {
            "backupName": backup_name,
            "requestTime": rfc3339(requested),
            "backupTime": rfc3339(requested + timedelta(seconds=3)),
            "backupState": {"state": state, "deleteState": ""},
            "config": {
                "backupName": backup_name,
                "durationInHours": retention_hours,
                "includeAllDisks": True,
                "namespaces": list(namespaces),
            },
            "clusterBackupRefs": list(cluster_backups),
        },
    }


def backup_result(
    workspace: Json,
    *,
    schedule: str | None,
    retention_hours: int,
    runs: Sequence[Json],
    namespaces: Sequence[str],
    policy_created: datetime,
    cluster_uids: Sequence[str] = (),
    include_all_disks: bool = True,
) -> Json:
    """The answer of ``/v1/workspaces/{uid}/backup``. ``cluster_uids`` names clusters instead of including all of them."""
    metadata, spec = workspace["metadata"], workspace["spec"]
    return {
        "metadata": _policy_metadata(metadata, policy_created) | {"lastModifiedTimestamp": rfc3339(policy_created)},
        "spec": {
            "workspaceUid": metadata["uid"],
            "config": {
                "clusterUids": list(cluster_uids) or [cluster["uid"] for cluster in spec["clusterRefs"]],
                "includeAllClusters": not cluster_uids,
                "backupConfig": _policy_config(metadata, schedule, retention_hours)
                | {"includeAllDisks": include_all_disks, "namespaces": list(namespaces)},
            },
        },
        "status": {"workspaceBackupStatuses": list(runs)},
    }


def _policy_metadata(owner: Json, created: datetime) -> Json:
    """What names the policy of a workspace or a cluster, whose own metadata are the ``owner``'s."""
    return {
        "uid": uid_of("policy", owner["uid"]),
        "name": f"{owner['name']}-backup",
        "creationTimestamp": rfc3339(created),
        "deletionTimestamp": ZERO_TIME,
    }


def _policy_config(owner: Json, schedule: str | None, retention_hours: int) -> Json:
    """What a policy says if it takes everything."""
    return {
        "backupPrefix": owner["name"],
        "backupLocationName": "backups-s3",
        "backupLocationUid": _LOCATION_UID,
        "locationType": "s3",
        "durationInHours": retention_hours,
        "includeAllDisks": True,
        "includeClusterResourceMode": "Auto",
        "namespaces": [],
        "schedule": {"scheduledRunTime": schedule} if schedule else None,
    }


def cluster_item(
    project: str,
    name: str,
    *,
    project_uid: str,
    created: datetime,
    state: str = "Running",
    health: str = "Healthy",
    cloud: str = "aws",
    imported: bool = False,
) -> Json:
    """One item of ``/v1/dashboard/spectroclusters/search``."""
    return {
        "metadata": {
            "uid": uid_of("cluster", project, name),
            "name": name,
            "labels": {},
            "creationTimestamp": rfc3339(created),
            "deletionTimestamp": ZERO_TIME,
        },
        "specSummary": {
            "cloudConfig": {"cloudType": cloud, "uid": uid_of("cloud config", project, name)},
            "clusterConfig": {"timezone": "UTC"},
            "projectMeta": {"uid": project_uid, "name": project},
        },
        "status": {
            "state": state,
            "health": {"state": health},
            "clusterImport": {"isBrownfield": imported, "importLink": "", "state": ""},
        },
    }


def cluster_run(backup_name: str, *, state: str, backups: Sequence[Json]) -> Json:
    """One backup request of a cluster's own policy: an item of ``clusterBackupStatuses``.

    ``backups`` are made by :func:`cluster_backup`; a run has no time of its own.
    """
    return {
        "backupRequestUid": uid_of("request", backup_name),
        "actor": {"actorType": "system", "uid": uid_of("actor", "system")},
        "state": state,
        "backupConfig": {"includeAllDisks": True, "includeClusterResourceMode": "Auto", "namespaces": []},
        "backupLocationConfig": {"uid": _LOCATION_UID, "name": "backups-s3", "type": "s3"},
        "backupStatusMeta": [backup["backupStatusMeta"] for backup in backups],
        "restoreStatusMeta": [],
    }


def cluster_backup_result(
    cluster: Json,
    *,
    schedule: str | None,
    retention_hours: int,
    runs: Sequence[Json],
    policy_created: datetime,
    location_uid: str | None = None,
) -> Json:
    """The answer of ``/v1/spectroclusters/{uid}/features/backup``."""
    metadata = cluster["metadata"]
    config = _policy_config(metadata, schedule, retention_hours)
    return {
        "metadata": _policy_metadata(metadata, policy_created),
        "spec": {
            "clusterUid": metadata["uid"],
            "config": config | ({"backupLocationUid": location_uid} if location_uid else {}),
        },
        "status": {"clusterBackupStatuses": list(runs)},
    }


def location_item(name: str, created: datetime) -> Json:
    """One item of ``/v1/users/assets/locations``."""
    return {
        "metadata": {"uid": uid_of("location", name), "name": name, "creationTimestamp": rfc3339(created)},
        "spec": {"isDefault": True, "storage": "s3", "type": "s3"},
    }


def api_key_item(name: str, expires: datetime | None, *, active: bool = True) -> Json:
    """One item of ``/v1/apiKeys``."""
    return {
        "metadata": {"uid": uid_of("api key", name), "name": name},
        "spec": {"expiry": rfc3339(expires) if expires else ZERO_TIME, "user": {"uid": uid_of("user", name)}},
        "status": {"isActive": active},
    }
