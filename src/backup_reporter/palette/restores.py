"""Restores: those of a workspace, and those into a cluster, which name the cluster that the backup came from."""

from __future__ import annotations

import msgspec

from backup_reporter.errors import UndecodableError
from backup_reporter.health.model import Restore
from backup_reporter.health.phases import FINISHED, is_given, phase_of
from backup_reporter.palette import wire_types
from backup_reporter.palette.decode import MAX_NAME, MAX_TEXT, cut, decode_document, time_of
from backup_reporter.wording import quote

MAX_RESTORES = 10_000

_OF_WORKSPACE = msgspec.json.Decoder(wire_types.WorkspaceRestoresDocument | None)
_INTO_CLUSTER = msgspec.json.Decoder(wire_types.ClusterRestoresDocument | None)


def decode_workspace_restores(data: bytes, workspace_uid: str) -> tuple[Restore, ...]:
    """Reads ``/v1/workspaces/{uid}/restore``. Without any restore the answer may be empty."""
    document = decode_document(_OF_WORKSPACE, data) or wire_types.WorkspaceRestoresDocument()
    _insist_on(workspace_uid, document.spec.workspace_uid if document.spec else None)
    entries = (document.status and document.status.workspace_restore_statuses) or ()
    _insist_on_bound(len(entries))
    return tuple(_of_workspace(entry) for entry in entries if entry)


def decode_cluster_restores(data: bytes, cluster_uid: str) -> dict[str, tuple[Restore, ...]]:
    """Reads ``/v1/spectroclusters/{uid}/features/restore``: the restores into a cluster, by the uid of their source."""
    document = decode_document(_INTO_CLUSTER, data) or wire_types.ClusterRestoresDocument()
    _insist_on(cluster_uid, document.spec.cluster_uid if document.spec else None)
    entries = (document.status and document.status.cluster_restore_statuses) or ()
    _insist_on_bound(len(entries))
    by_source: dict[str, tuple[Restore, ...]] = {}
    for entry in filter(None, entries):
        source = (entry.source_cluster_ref and entry.source_cluster_ref.uid) or cluster_uid
        by_source[source] = (*by_source.get(source, ()), _into_cluster(entry))
    return by_source


def _of_workspace(entry: wire_types.WorkspaceRestoreEntry) -> Restore:
    details = entry.workspace_restore_config or wire_types.WorkspaceRestoreDetails()
    states = [ref.restore_status_meta for ref in details.cluster_restore_refs or () if ref and ref.restore_status_meta]
    times = [details.restore_time, *(state.restore_time for state in states)]
    at = max(filter(None, (time_of(text, "workspaceRestoreConfig.restoreTime") for text in times)), default=None)
    failed = [state for state in states if _is_bad(state.state)]
    own = details.restore_state.state if details.restore_state else None
    if not is_given(own):
        own = next((state.state for state in states if phase_of(state.state, {}) != "succeeded"), None) or _first(
            states
        )
    # A restore that says Completed, in which a cluster says Failed, did not restore that cluster.
    worst = failed[0].state if failed and not _is_bad(own) else own
    return Restore(at=at, state=cut(worst, MAX_NAME), message=_first_message(failed))


def _first(states: list[wire_types.RestoreState]) -> str | None:
    return states[0].state if states else None


def _into_cluster(entry: wire_types.ClusterRestoreEntry) -> Restore:
    status = entry.restore_status_meta or wire_types.RestoreState()
    return Restore(
        at=time_of(status.restore_time, "restoreStatusMeta.restoreTime"),
        state=cut(_state_of(entry.state, status.is_succeeded), MAX_NAME),
        message=cut(status.msg, MAX_TEXT) or None,
    )


def _state_of(state: str | None, is_succeeded: bool | None) -> str | None:
    """Returns the state of a restore into a cluster: Palette gives a flag that is left out if it is false.

    A missing flag is a failure only if the state says that the restore is finished. A state that tells of a failure is
    believed even if the flag is set.
    """
    if _is_bad(state):
        return state
    if is_succeeded:
        return "Completed"
    is_finished = phase_of(state, {}) in FINISHED
    return "Failed" if is_finished or is_succeeded is False else state


def _is_bad(state: str | None) -> bool:
    return phase_of(state, {}) in ("failed", "partial")


def _first_message(failed: list[wire_types.RestoreState]) -> str | None:
    return next((cut(state.msg, MAX_TEXT) for state in failed if state.msg), None)


def _insist_on(uid: str, answered_uid: str | None) -> None:
    if answered_uid and answered_uid != uid:
        raise UndecodableError(f"an answer about another one, '{quote(answered_uid, 60)}'", "$.spec")


def _insist_on_bound(entries: int) -> None:
    if entries > MAX_RESTORES:
        raise UndecodableError(f"more than {MAX_RESTORES:,} restores", "$.status")
