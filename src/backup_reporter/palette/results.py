"""A workspace's backup result: its policy and the history of its runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import msgspec
from msgspec import Raw

from backup_reporter.errors import UndecodableError
from backup_reporter.health.model import BackupResult, Cluster, ClusterBackup, Policy, Run
from backup_reporter.palette import wire_types
from backup_reporter.palette.decode import (
    MAX_NAME,
    MAX_TEXT,
    cluster,
    cut,
    decode,
    decode_document,
    name_of,
    time_of,
    uid_of,
)
from backup_reporter.palette.lists import MAX_CLUSTERS
from backup_reporter.wording import quote

MAX_RUNS = 10_000
"""In one history: an hourly schedule whose backups are kept for a year has 8,760."""
MAX_CLUSTER_BACKUPS = 100_000
"""In all runs of one history together."""
MAX_RUNS_TIMES_CLUSTERS = 500_000
"""What judging takes time and memory for: each cluster is looked for in each run."""
_MAX_HOURS = 1e9

_RESULT = msgspec.json.Decoder(wire_types.Result[wire_types.RunEntry | None] | None)
_RESULT_IN_PIECES = msgspec.json.Decoder(wire_types.Result[Raw] | None)
_RUN = msgspec.json.Decoder(wire_types.RunEntry | None)
_RUNS_PATH = "$.status.workspaceBackupStatuses"


def decode_backup_result(data: bytes, workspace_uid: str | None = None, clusters: int = 0) -> BackupResult:
    """Reads ``/v1/workspaces/{uid}/backup``, and checks that it is about ``workspace_uid``.

    ``clusters`` is how many clusters the workspace lists. Entries of the history that cannot be read are
    named in ``unreadable_runs``. Raises :class:`~backup_reporter.errors.UndecodableError` for anything
    else that cannot be read, for an answer that says nothing at all, and for one beyond the bounds above.
    """
    document: wire_types.Result[Any]
    document, read = decode_whole_or_in_pieces(data, _RESULT, _RESULT_IN_PIECES, _RUN, _run)
    _insist_on(workspace_uid, document)
    config = (document.spec and document.spec.config) or wire_types.PolicyConfig()
    cluster_uids = tuple(uid for text in config.cluster_uids or () if (uid := uid_of(text, _CLUSTER_UIDS)))
    policy = policy_of(
        config.backup_config, document.metadata, cluster_uids, include_all_clusters=bool(config.include_all_clusters)
    )
    entries = (document.status and document.status.workspace_backup_statuses) or ()
    insist_on_bounds(len(entries), max(clusters, len(policy.cluster_uids)))
    runs, unreadable = read_runs(entries, read, _RUNS_PATH)
    insist_on_bounds(len(entries), max(clusters, len(policy.cluster_uids), _number_of_clusters(runs)))
    return BackupResult(policy=policy, runs=tuple(runs), unreadable_runs=tuple(unreadable))


def decode_whole_or_in_pieces(
    data: bytes,
    whole: msgspec.json.Decoder[Any],
    in_pieces: msgspec.json.Decoder[Any],
    entry: msgspec.json.Decoder[Any],
    read: Callable[[Any], Run],
) -> tuple[Any, Callable[[Any], Run]]:
    """Returns a result document, and what reads an entry of its history.

    If something in the document is wrong, it is taken apart: one entry of the history does not cost the others.
    Raises :class:`UndecodableError` for a document that says nothing at all.
    """
    try:
        document = decode_document(whole, data)
        read_entry = read
    except UndecodableError:
        document = decode_document(in_pieces, data)

        def read_entry(piece: Raw) -> Run:
            return read(decode(entry, piece))

    if document is None or (document.metadata, document.spec, document.status) == (None, None, None):
        raise UndecodableError("an answer without metadata, spec and status", "$")
    return document, read_entry


def read_runs(entries: Sequence[Any], read: Callable[[Any], Run], path: str) -> tuple[list[Run], list[str]]:
    """Returns the runs, and a sentence for each entry that is not one; ``path`` is where the entries are."""
    runs: list[Run] = []
    unreadable: list[str] = []
    cluster_backups = 0
    for index, entry in enumerate(entries):
        try:
            runs.append(read(entry))
        except UndecodableError as error:
            unreadable.append(str(error.under(f"{path}[{index}]")))
            continue
        cluster_backups += len(runs[-1].cluster_backups)
        if cluster_backups > MAX_CLUSTER_BACKUPS:
            raise UndecodableError(f"more than {MAX_CLUSTER_BACKUPS:,} backups of clusters", path)
    return runs, unreadable


def _number_of_clusters(runs: Sequence[Run]) -> int:
    return len({backup.cluster for run in runs for backup in run.cluster_backups})


def insist_on_bounds(runs: int, clusters: int) -> None:
    """Raises :class:`UndecodableError` for more than the judging takes on."""
    if runs > MAX_RUNS:
        raise UndecodableError(f"a history of more than {MAX_RUNS:,} runs", "$.status")
    if clusters > MAX_CLUSTERS:
        raise UndecodableError(f"a workspace of more than {MAX_CLUSTERS:,} clusters", "$")
    if runs * clusters > MAX_RUNS_TIMES_CLUSTERS:
        raise UndecodableError(
            f"{runs:,} runs of {clusters:,} clusters, more than {MAX_RUNS_TIMES_CLUSTERS:,} together", "$"
        )


def _insist_on(workspace_uid: str | None, document: wire_types.Result[Any]) -> None:
    """A cache or a proxy that mixes answers up must not make a failing workspace look like a healthy one."""
    answered_uid = document.spec and document.spec.workspace_uid
    if workspace_uid and answered_uid and answered_uid != workspace_uid:
        raise UndecodableError(f"an answer about another workspace, '{quote(answered_uid, 60)}'", "$.spec.workspaceUid")


def policy_of(
    backup: wire_types.BackupConfig | None,
    metadata: wire_types.Metadata | None,
    cluster_uids: tuple[str, ...],
    *,
    include_all_clusters: bool,
) -> Policy:
    """Returns a policy of a workspace or of a cluster."""
    backup = backup or wire_types.BackupConfig()
    metadata = metadata or wire_types.Metadata()
    return Policy(
        schedule=cut(backup.schedule.scheduled_run_time, MAX_TEXT) if backup.schedule else None,
        retention_hours=_hours(backup.duration_in_hours),
        include_all_clusters=include_all_clusters,
        cluster_uids=cluster_uids,
        namespaces=_texts(backup.namespaces),
        include_all_disks=backup.include_all_disks,
        cluster_resource_mode=name_of(backup.include_cluster_resource_mode),
        created_at=time_of(metadata.creation_timestamp, "metadata.creationTimestamp"),
        modified_at=time_of(metadata.last_modified_timestamp, "metadata.lastModifiedTimestamp"),
        backup_location_uid=name_of(backup.backup_location_uid),
        backup_location_name=name_of(backup.backup_location_name),
    )


_CLUSTER_UIDS = "spec.config.clusterUids"


def _run(entry: wire_types.RunEntry | None) -> Run:
    details = (entry and entry.workspace_backup_config) or wire_types.RunDetails()
    state = details.backup_state or wire_types.State()
    refs = details.cluster_backup_refs or ()
    if len(refs) > MAX_CLUSTER_BACKUPS:
        raise UndecodableError(
            f"more than {MAX_CLUSTER_BACKUPS:,} backups of clusters", "$.workspaceBackupConfig.clusterBackupRefs"
        )
    return Run(
        request_uid=name_of(entry.request_uid) if entry else None,
        backup_name=name_of(details.backup_name),
        requested_at=time_of(details.request_time, "workspaceBackupConfig.requestTime"),
        backup_at=time_of(details.backup_time, "workspaceBackupConfig.backupTime"),
        state=cut(state.state, MAX_NAME),
        delete_state=cut(state.delete_state, MAX_NAME),
        retention_hours=_hours(details.config.duration_in_hours) if details.config else None,
        namespaces=_texts(details.config.namespaces) if details.config else (),
        cluster_backups=tuple(map(_cluster_backup, refs, count())),
    )


def _cluster_backup(ref: wire_types.ClusterBackupRef | None, index: int) -> ClusterBackup:
    ref = ref or _NO_REF
    try:
        known = cluster(uid_of(ref.cluster_uid, "clusterUid"), name_of(ref.cluster_name))
        return cluster_backup_of(known, ref.backup_status_meta, "backupStatusMeta")
    except UndecodableError as error:
        raise error.under(f"$.workspaceBackupConfig.clusterBackupRefs[{index}]") from None


def cluster_backup_of(cluster: Cluster, status: wire_types.ClusterStatus | None, path: str) -> ClusterBackup:
    """Returns one backup of a cluster; ``path`` is where its status is in its entry."""
    status = status or _NO_STATUS
    state = status.backup_state or _NO_STATE
    at = time_of(state.backup_time, f"{path}.backupState.backupTime")
    expires_at = time_of(status.expiry_date, f"{path}.expiryDate")
    return ClusterBackup(
        cluster=cluster,
        backup_name=name_of(status.backup_name),
        at=at,
        state=cut(state.state, MAX_NAME),
        delete_state=cut(state.delete_state, MAX_NAME),
        message=cut(state.msg, MAX_TEXT) or None,
        expires_at=expires_at,
        namespaces=None if status.backuped_namespaces is None else _texts(status.backuped_namespaces),
    )


_NO_REF, _NO_STATUS, _NO_STATE = wire_types.ClusterBackupRef(), wire_types.ClusterStatus(), wire_types.ClusterState()


def _texts(values: Sequence[str | None] | None) -> tuple[str, ...]:
    return tuple(cut(value, MAX_TEXT) or "" for value in values if value) if values else ()


def _hours(hours: float | None) -> float | None:
    # Velero keeps a backup with a retention of 0 for its default time: it means "not set", not "gone at once".
    return None if hours is None or hours <= 0 else min(hours, _MAX_HOURS)
