"""A workspace's backup result: its policy and the history of its runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import msgspec
from msgspec import Raw

from backup_reporter.errors import UndecodableError
from backup_reporter.health.model import BackupResult, ClusterBackup, Policy, Run
from backup_reporter.palette import wire_types
from backup_reporter.palette.decode import below, cluster, decode, time_of
from backup_reporter.wording import quote

_MAX_HOURS = 1e9

_RESULT = msgspec.json.Decoder(wire_types.Result[wire_types.RunEntry | None] | None)
_RESULT_IN_PIECES = msgspec.json.Decoder(wire_types.Result[Raw] | None)
_RUN = msgspec.json.Decoder(wire_types.RunEntry | None)


def decode_backup_result(data: bytes, workspace_uid: str | None = None) -> BackupResult:
    """Reads ``/v1/workspaces/{uid}/backup``, and makes sure that it is about no other than ``workspace_uid``.

    Entries of the history that cannot be read are named in ``unreadable_runs``; anything else that
    cannot be raises :class:`~backup_reporter.errors.UndecodableError`.
    """
    read: Callable[[Any], Run]
    try:
        document: wire_types.Result[Any] = decode(_RESULT, data) or wire_types.Result()
        read = _run
    except UndecodableError:
        # Something in it is wrong: taken apart, one entry of the history does not cost the others.
        document = decode(_RESULT_IN_PIECES, data) or wire_types.Result()
        read = _run_from_piece
    _insist_on(workspace_uid, document)
    runs: list[Run] = []
    unreadable: list[str] = []
    for index, entry in enumerate((document.status and document.status.workspace_backup_statuses) or ()):
        try:
            runs.append(read(entry))
        except UndecodableError as error:
            unreadable.append(str(below(f"$.status.workspaceBackupStatuses[{index}]", error)))
    return BackupResult(policy=_policy(document), runs=tuple(runs), unreadable_runs=tuple(unreadable))


def _insist_on(workspace_uid: str | None, document: wire_types.Result[Any]) -> None:
    """A cache or a proxy that mixes answers up must not make a failing workspace look like a healthy one."""
    said = document.spec and document.spec.workspace_uid
    if workspace_uid and said and said != workspace_uid:
        raise UndecodableError(f"an answer about another workspace, '{quote(said, 60)}' - at `$.spec.workspaceUid`")


def _policy(document: wire_types.Result[Any]) -> Policy:
    config = (document.spec and document.spec.config) or wire_types.PolicyConfig()
    backup = config.backup_config or wire_types.BackupConfig()
    metadata = document.metadata or wire_types.Metadata()
    return Policy(
        schedule=backup.schedule.scheduled_run_time if backup.schedule else None,
        retention_hours=_hours(backup.duration_in_hours),
        include_all_clusters=bool(config.include_all_clusters),
        cluster_uids=_texts(config.cluster_uids),
        namespaces=_texts(backup.namespaces),
        include_all_disks=backup.include_all_disks,
        cluster_resource_mode=backup.include_cluster_resource_mode,
        created_at=time_of(metadata.creation_timestamp, "metadata.creationTimestamp"),
        modified_at=time_of(metadata.last_modified_timestamp, "metadata.lastModifiedTimestamp"),
        backup_location_uid=backup.backup_location_uid or None,
        backup_location_name=backup.backup_location_name or None,
    )


def _run_from_piece(piece: Raw) -> Run:
    return _run(decode(_RUN, piece))


def _run(entry: wire_types.RunEntry | None) -> Run:
    details = (entry and entry.workspace_backup_config) or wire_types.RunDetails()
    state = details.backup_state or wire_types.State()
    return Run(
        request_uid=(entry.request_uid or None) if entry else None,
        backup_name=details.backup_name or None,
        requested_at=time_of(details.request_time, "workspaceBackupConfig.requestTime"),
        backup_at=time_of(details.backup_time, "workspaceBackupConfig.backupTime"),
        state=state.state,
        delete_state=state.delete_state,
        retention_hours=_hours(details.config.duration_in_hours) if details.config else None,
        cluster_backups=tuple(map(_cluster_backup, details.cluster_backup_refs or (), count())),
    )


def _cluster_backup(ref: wire_types.ClusterBackupRef | None, index: int) -> ClusterBackup:
    ref = ref or _NO_REF
    status = ref.backup_status_meta or _NO_STATUS
    state = status.backup_state or _NO_STATE
    try:
        at = time_of(state.backup_time, "backupState.backupTime")
        expires_at = time_of(status.expiry_date, "expiryDate")
    except UndecodableError as error:
        raise below(f"$.workspaceBackupConfig.clusterBackupRefs[{index}].backupStatusMeta", error) from None
    return ClusterBackup(
        cluster=cluster(ref.cluster_uid, ref.cluster_name),
        backup_name=status.backup_name or None,
        at=at,
        state=state.state,
        delete_state=state.delete_state,
        message=state.msg or None,
        expires_at=expires_at,
        namespaces=_texts(status.backuped_namespaces),
    )


_NO_REF, _NO_STATUS, _NO_STATE = wire_types.ClusterBackupRef(), wire_types.ClusterStatus(), wire_types.ClusterState()


def _texts(values: Sequence[str | None] | None) -> tuple[str, ...]:
    return tuple(filter(None, values)) if values else ()


def _hours(hours: float | None) -> float | None:
    return None if hours is None else max(-_MAX_HOURS, min(hours, _MAX_HOURS))
