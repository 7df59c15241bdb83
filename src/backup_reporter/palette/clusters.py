"""Palette's lists of clusters and of backup locations."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec
from msgspec import Struct

from backup_reporter.health.model import Cluster, Workspace
from backup_reporter.palette import wire_types
from backup_reporter.palette.decode import cluster, name_of, time_of
from backup_reporter.palette.lists import Page, decode_page, labels_of, plain_uid

SetApart = Literal["virtual", "imported", "being deleted", "not running yet"]

_NOT_RUNNING_YET = frozenset({"pending", "provisioning", "importing", "creating"})
_BEING_DELETED = frozenset({"deleting", "deleted"})
_VIRTUAL = "nested"
_HEALTHY = "healthy"

_CLUSTER = msgspec.json.Decoder(wire_types.ClusterItem | None)
_LOCATION = msgspec.json.Decoder(wire_types.LocationItem | None)


class ListedCluster(Struct, frozen=True, kw_only=True):
    """A cluster as the tenant lists it.

    ``set_apart`` says why no one expects backups of it. ``is_healthy`` is ``None`` if Palette does not say.
    """

    uid: str
    name: str
    project_uid: str
    project_name: str
    labels: dict[str, str]
    created_at: datetime | None
    set_apart: SetApart | None
    is_healthy: bool | None


class Location(Struct, frozen=True):
    """A backup location. Only that it exists is read: more of it would be credentials."""

    uid: str


def decode_clusters(data: bytes) -> Page[ListedCluster]:
    """Reads a page of ``/v1/dashboard/spectroclusters/search``."""
    return decode_page(data, _CLUSTER, _cluster)


def decode_locations(data: bytes) -> Page[Location]:
    """Reads ``/v1/users/assets/locations``."""
    return decode_page(data, _LOCATION, _location)


def as_workspace(listed: ListedCluster) -> Workspace:
    """Returns the cluster as a workspace of one cluster: so its own policy is judged by the same rules."""
    return Workspace(
        kind="cluster",
        uid=listed.uid,
        name=listed.name,
        project_uid=listed.project_uid,
        project_name=listed.project_name,
        clusters=(cluster_of(listed),),
        created_at=listed.created_at,
        labels=listed.labels,
        is_imported=listed.set_apart == "imported",
    )


def cluster_of(listed: ListedCluster) -> Cluster:
    """Returns the cluster as backups name it."""
    return cluster(listed.uid, listed.name)


def _cluster(item: wire_types.ClusterItem | None) -> ListedCluster:
    item = item or wire_types.ClusterItem()
    metadata = item.metadata or wire_types.Metadata()
    summary = item.spec_summary or wire_types.ClusterSpecSummary()
    project = summary.project_meta or wire_types.ProjectMeta()
    uid = plain_uid(metadata.uid, "cluster")
    status = item.status or wire_types.ClusterItemStatus()
    health = status.health.state if status.health else None
    project_uid = plain_uid(project.uid, "project") if project.uid else ""
    return ListedCluster(
        uid=uid,
        name=name_of(metadata.name) or uid,
        project_uid=project_uid,
        project_name=name_of(project.name) or project_uid,
        labels=dict(labels_of(metadata)),
        created_at=time_of(metadata.creation_timestamp, "metadata.creationTimestamp"),
        set_apart=_set_apart(metadata, summary, status),
        is_healthy=health.strip().casefold() == _HEALTHY if health and health.strip() else None,
    )


def _set_apart(
    metadata: wire_types.Metadata, summary: wire_types.ClusterSpecSummary, status: wire_types.ClusterItemStatus
) -> SetApart | None:
    state = (status.state or "").strip().casefold()
    if state in _BEING_DELETED or time_of(metadata.deletion_timestamp, "metadata.deletionTimestamp"):
        return "being deleted"
    cloud_type = (summary.cloud_config and summary.cloud_config.cloud_type) or ""
    host = status.virtual.host_cluster if status.virtual else None
    if cloud_type.strip().casefold() == _VIRTUAL or (host and host.uid):
        return "virtual"
    if state in _NOT_RUNNING_YET:
        return "not running yet"
    is_imported = status.cluster_import and status.cluster_import.is_brownfield
    return "imported" if is_imported else None


def _location(item: wire_types.LocationItem | None) -> Location:
    metadata = (item and item.metadata) or wire_types.Metadata()
    return Location(plain_uid(metadata.uid, "backup location"))
