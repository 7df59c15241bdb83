"""What is judged: a workspace and the backups of it that Palette remembers.

Every time is an aware UTC ``datetime``; ``None`` means "not set" (Palette's four ways of saying
so become one when the wire types are read).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from msgspec import Struct, field


class Fact(Struct, frozen=True, gc=False):
    """Frozen data that comes by the thousand: cheap to make, to compare and to let go; never part of a cycle."""


class Cluster(Fact, frozen=True):
    """A cluster as Palette names it; either part may be missing in old entries."""

    uid: str | None
    name: str | None


class Restore(Fact, frozen=True, kw_only=True):
    """One attempt to restore. ``state`` is as received, or ``Completed`` or ``Failed`` if Palette only gives a flag."""

    at: datetime | None = None
    state: str | None = None
    message: str | None = None


class Surroundings(Fact, frozen=True, kw_only=True):
    """What is known of a tenant beside its workspaces. A cluster's health is not known if no set has the cluster."""

    location_uids: frozenset[str] | None = None
    """``None`` if the backup locations could not be listed."""
    healthy_cluster_uids: frozenset[str] = frozenset()
    unreachable_cluster_uids: frozenset[str] = frozenset()
    """Clusters that Palette does not see healthy: it restores nothing from them."""


class Workspace(Fact, frozen=True, kw_only=True):
    """A workspace as its project lists it, or a cluster with a backup policy of its own."""

    kind: Literal["workspace", "cluster"] = "workspace"
    uid: str
    name: str
    project_uid: str
    project_name: str
    tenant: str | None = None
    clusters: tuple[Cluster, ...] = ()
    created_at: datetime | None = None
    deleted_at: datetime | None = None
    namespaces: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    """Labels and annotations together; if both have a key, the label's value."""
    is_imported: bool = False
    """Of a cluster: Palette may only be allowed to read it, so no one expects a policy."""
    surroundings: Surroundings | None = None
    """``None`` if nothing beside workspaces is looked at."""
    restores: tuple[Restore, ...] | None = None
    """Of a cluster, if they were asked for: restores of its backups, into any cluster."""
    restores_error: str | None = None
    also_listed: tuple[Workspace, ...] = ()
    """Further entries of lists with the same uid: each is judged, and the worst counts."""


class Policy(Fact, frozen=True, kw_only=True):
    """What the workspace's backup policy asks for."""

    schedule: str | None = None
    retention_hours: float | None = None
    include_all_clusters: bool = False
    cluster_uids: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    include_all_disks: bool | None = None
    cluster_resource_mode: str | None = None
    created_at: datetime | None = None
    modified_at: datetime | None = None
    backup_location_uid: str | None = None
    backup_location_name: str | None = None


class ClusterBackup(Fact, frozen=True, kw_only=True):
    """One cluster's part in a run. States are as received."""

    cluster: Cluster
    backup_name: str | None = None
    at: datetime | None = None
    state: str | None = None
    delete_state: str | None = None
    message: str | None = None
    expires_at: datetime | None = None
    namespaces: tuple[str, ...] | None = None
    """What it holds; empty if Palette says that it holds none, ``None`` if Palette does not say."""


class Run(Fact, frozen=True, kw_only=True):
    """One backup request over the workspace. States are as received."""

    request_uid: str | None = None
    backup_name: str | None = None
    requested_at: datetime | None = None
    backup_at: datetime | None = None
    state: str | None = None
    delete_state: str | None = None
    retention_hours: float | None = None
    namespaces: tuple[str, ...] = ()
    cluster_backups: tuple[ClusterBackup, ...] = ()


class BackupResult(Fact, frozen=True, kw_only=True):
    """Palette's answer about one workspace. ``unreadable_runs`` are entries that made no sense."""

    policy: Policy = Policy()
    runs: tuple[Run, ...] = ()
    unreadable_runs: tuple[str, ...] = ()
    restores: tuple[Restore, ...] | None = None
    """``None`` if they were not asked for, or cannot be read; ``restores_error`` then says why."""
    restores_error: str | None = None
