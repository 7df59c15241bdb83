"""The fields of Palette's JSON that are used, by the vendor's names.

Every one is optional, at every level, and may be ``null``; what is not declared here is ignored.
Times stay text: Palette has four ways to say "not set", and only one of them is a missing field.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec
from msgspec import Raw, Struct

_Entry = TypeVar("_Entry")


class Wire(Struct, rename="camel", frozen=True, gc=False):
    """A JSON object of Palette's."""


class Metadata(Wire, frozen=True):
    uid: str | None = None
    name: str | None = None
    labels: dict[str, str | None] | None = None
    annotations: dict[str, str | None] | None = None
    creation_timestamp: str | None = None
    last_modified_timestamp: str | None = None
    deletion_timestamp: str | None = None


class ClusterRef(Wire, frozen=True):
    uid: str | None = None
    name: str | None = None


class WorkspaceSpec(Wire, frozen=True):
    cluster_refs: list[ClusterRef | None] | None = None
    namespaces: list[str | None] | None = None


class DeprecatedMeta(Wire, frozen=True):
    uid: str | None = None
    name: str | None = None
    cluster_refs: list[ClusterRef | None] | None = None
    namespaces: list[str | None] | None = None
    creation_time: str | None = None


class WorkspaceItem(Wire, frozen=True):
    metadata: Metadata | None = None
    spec: WorkspaceSpec | None = None
    meta: DeprecatedMeta | None = None


class ProjectItem(Wire, frozen=True):
    metadata: Metadata | None = None


class ListMeta(Wire, frozen=True):
    continue_: str | None = msgspec.field(default=None, name="continue")
    count: int | None = None


class PageBody(Wire, frozen=True):
    # Required by the vendor's schema, and here: an answer without it is not an empty list.
    items: list[Raw] | None
    listmeta: ListMeta | None = None


class Schedule(Wire, frozen=True):
    scheduled_run_time: str | None = None


class BackupConfig(Wire, frozen=True):
    backup_location_uid: str | None = None
    backup_location_name: str | None = None
    duration_in_hours: float | None = None
    include_all_disks: bool | None = None
    include_cluster_resource_mode: str | None = None
    namespaces: list[str | None] | None = None
    schedule: Schedule | None = None


class PolicyConfig(Wire, frozen=True):
    cluster_uids: list[str | None] | None = None
    include_all_clusters: bool | None = None
    backup_config: BackupConfig | None = None


class ResultSpec(Wire, frozen=True):
    workspace_uid: str | None = None
    config: PolicyConfig | None = None


class ResultStatus(Wire, Generic[_Entry], frozen=True):
    workspace_backup_statuses: list[_Entry] | None = None


class Result(Wire, Generic[_Entry], frozen=True):
    metadata: Metadata | None = None
    spec: ResultSpec | None = None
    status: ResultStatus[_Entry] | None = None


class State(Wire, frozen=True):
    state: str | None = None
    delete_state: str | None = None


class ClusterState(Wire, frozen=True):
    state: str | None = None
    delete_state: str | None = None
    msg: str | None = None
    backup_time: str | None = None


class ClusterStatus(Wire, frozen=True):
    backup_name: str | None = None
    backuped_namespaces: list[str | None] | None = None
    expiry_date: str | None = None
    backup_state: ClusterState | None = None


class ClusterBackupRef(Wire, frozen=True):
    cluster_uid: str | None = None
    cluster_name: str | None = None
    backup_status_meta: ClusterStatus | None = None


class RunConfig(Wire, frozen=True):
    duration_in_hours: float | None = None
    namespaces: list[str | None] | None = None


class RunDetails(Wire, frozen=True):
    backup_name: str | None = None
    request_time: str | None = None
    backup_time: str | None = None
    backup_state: State | None = None
    config: RunConfig | None = None
    cluster_backup_refs: list[ClusterBackupRef | None] | None = None


class RunEntry(Wire, frozen=True):
    request_uid: str | None = None
    workspace_backup_config: RunDetails | None = None


class Error(Wire, frozen=True):
    code: str | None = None
    message: str | None = None
    ref: str | None = None


class ProjectMeta(Wire, frozen=True):
    uid: str | None = None
    name: str | None = None


class CloudConfig(Wire, frozen=True):
    cloud_type: str | None = None


class ClusterSpecSummary(Wire, frozen=True):
    cloud_config: CloudConfig | None = None
    project_meta: ProjectMeta | None = None


class ClusterImport(Wire, frozen=True):
    is_brownfield: bool | None = None


class ClusterHealth(Wire, frozen=True):
    state: str | None = None


class Virtual(Wire, frozen=True):
    host_cluster: ClusterRef | None = None


class ClusterItemStatus(Wire, frozen=True):
    state: str | None = None
    health: ClusterHealth | None = None
    cluster_import: ClusterImport | None = None
    virtual: Virtual | None = None


class ClusterItem(Wire, frozen=True):
    metadata: Metadata | None = None
    spec_summary: ClusterSpecSummary | None = None
    status: ClusterItemStatus | None = None


class LocationItem(Wire, frozen=True):
    metadata: Metadata | None = None


class ClusterResultSpec(Wire, frozen=True):
    cluster_uid: str | None = None
    config: BackupConfig | None = None


class ClusterRunEntry(Wire, frozen=True):
    backup_request_uid: str | None = None
    state: str | None = None
    backup_status_meta: list[ClusterStatus | None] | None = None


class ClusterResultStatus(Wire, Generic[_Entry], frozen=True):
    cluster_backup_statuses: list[_Entry] | None = None


class ClusterResult(Wire, Generic[_Entry], frozen=True):
    metadata: Metadata | None = None
    spec: ClusterResultSpec | None = None
    status: ClusterResultStatus[_Entry] | None = None


class ApiKeySpec(Wire, frozen=True):
    expiry: str | None = None


class ApiKeyStatus(Wire, frozen=True):
    is_active: bool | None = None


class ApiKeyItem(Wire, frozen=True):
    spec: ApiKeySpec | None = None
    status: ApiKeyStatus | None = None


class RestoreState(Wire, frozen=True):
    state: str | None = None
    msg: str | None = None
    restore_time: str | None = None
    is_succeeded: bool | None = None


class ClusterRestoreRef(Wire, frozen=True):
    restore_status_meta: RestoreState | None = None


class WorkspaceRestoreDetails(Wire, frozen=True):
    restore_time: str | None = None
    restore_state: RestoreState | None = None
    cluster_restore_refs: list[ClusterRestoreRef | None] | None = None


class WorkspaceRestoreEntry(Wire, frozen=True):
    workspace_restore_config: WorkspaceRestoreDetails | None = None


class WorkspaceRestores(Wire, frozen=True):
    workspace_restore_statuses: list[WorkspaceRestoreEntry | None] | None = None


class RestoresSpec(Wire, frozen=True):
    workspace_uid: str | None = None
    cluster_uid: str | None = None


class WorkspaceRestoresDocument(Wire, frozen=True):
    spec: RestoresSpec | None = None
    status: WorkspaceRestores | None = None


class ClusterRestoreEntry(Wire, frozen=True):
    state: str | None = None
    source_cluster_ref: ClusterRef | None = None
    restore_status_meta: RestoreState | None = None


class ClusterRestores(Wire, frozen=True):
    cluster_restore_statuses: list[ClusterRestoreEntry | None] | None = None


class ClusterRestoresDocument(Wire, frozen=True):
    spec: RestoresSpec | None = None
    status: ClusterRestores | None = None
