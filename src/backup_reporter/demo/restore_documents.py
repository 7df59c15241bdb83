"""Builds Palette's JSON about restores, as :mod:`backup_reporter.demo.documents` does about backups."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from backup_reporter.demo.documents import Json, rfc3339, uid_of


@dataclass(frozen=True, slots=True)
class RestoreTest:
    """One attempt to restore, so many days ago."""

    days_ago: int
    state: str = "Completed"
    message: str = ""


def workspace_restores(workspace: Json, tests: Sequence[RestoreTest], now: datetime) -> Json:
    """The answer of ``/v1/workspaces/{uid}/restore``: each restore brought back one backup of the first cluster."""
    metadata, cluster = workspace["metadata"], workspace["spec"]["clusterRefs"][0]
    return {
        "metadata": {"uid": uid_of("restore", metadata["uid"]), "name": f"{metadata['name']}-restore"},
        "spec": {"workspaceUid": metadata["uid"]},
        "status": {
            "workspaceRestoreStatuses": [_workspace_restore(metadata, cluster, test, now) for test in tests],
        },
    }


def _workspace_restore(metadata: Json, cluster: Json, test: RestoreTest, now: datetime) -> Json:
    at = now - timedelta(days=test.days_ago)
    backup_name = f"{metadata['name']}-{at:%Y%m%d}"
    outcome = {"state": test.state, "msg": test.message, "restoreTime": rfc3339(at)}
    return {
        "requestUid": uid_of("restore request", metadata["uid"], str(test.days_ago)),
        "actor": {"actorType": "user", "uid": uid_of("actor", "user")},
        "workspaceRestoreConfig": {
            "backupName": backup_name,
            "restoreTime": rfc3339(at),
            "restoreState": {"state": test.state, "deleteState": ""},
            "clusterRestoreRefs": [
                {
                    "clusterUid": cluster["uid"],
                    "clusterName": cluster["name"],
                    "backupName": backup_name,
                    "restoreUid": uid_of("restore", cluster["uid"], str(test.days_ago)),
                    "restoreStatusMeta": outcome,
                }
            ],
        },
    }


def cluster_restores(destination: Json, sources: Iterable[Json], at: datetime) -> Json:
    """The answer of ``/v1/spectroclusters/{uid}/features/restore``: one restore from each source, and all went well."""
    return {
        "metadata": {"uid": uid_of("restore", destination["metadata"]["uid"])},
        "spec": {"clusterUid": destination["metadata"]["uid"]},
        "status": {"clusterRestoreStatuses": [_cluster_restore(source["metadata"], at) for source in sources]},
    }


def _cluster_restore(source: Json, at: datetime) -> Json:
    name = f"{source['name']}-{at:%Y%m%d}"
    return {
        "actor": {"actorType": "user", "uid": uid_of("actor", "user")},
        "backupName": name,
        "backupRequestUid": uid_of("request", name),
        "restoreRequestUid": uid_of("restore request", name),
        "sourceClusterRef": {"kind": "spectrocluster", "name": source["name"], "uid": source["uid"]},
        "state": "Completed",
        "restoreStatusMeta": {"isSucceeded": True, "msg": "", "restoreTime": rfc3339(at)},
    }
