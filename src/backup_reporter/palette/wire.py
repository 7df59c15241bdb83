"""Palette's JSON, decoded straight from the bytes into what the judging knows.

Only the fields that are used are declared; every one is optional and may be ``null``; unknown ones
are ignored. A wrong type is an :class:`~backup_reporter.errors.UndecodableError` with its JSON path.
One bad entry of a list does not cost the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import count
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Raw, Struct

from backup_reporter.errors import UndecodableError
from backup_reporter.health.model import BackupResult, Cluster, ClusterBackup, Policy, Run, Workspace
from backup_reporter.health.wording import quote
from backup_reporter.palette import schema
from backup_reporter.settings import UID_PATTERN

_UNIX_ZERO = datetime(1970, 1, 1, tzinfo=UTC)
_FAR_FUTURE = datetime(9990, 1, 1, tzinfo=UTC)
_MOST_HOURS = 1e9

_Decoded = TypeVar("_Decoded")
_Item = TypeVar("_Item")


class Page(Struct, Generic[_Item], frozen=True):
    """One page of a list: what could be read, what could not (a sentence each), and how to go on."""

    items: tuple[_Item, ...]
    problems: tuple[str, ...]
    next_page: str | None


class Project(Struct, frozen=True):
    """A Palette project."""

    uid: str
    name: str


_PAGE = msgspec.json.Decoder(schema.PageBody)
_PROJECT = msgspec.json.Decoder(schema.ProjectItem | None)
_WORKSPACE = msgspec.json.Decoder(schema.WorkspaceItem | None)
_RESULT = msgspec.json.Decoder(schema.Result[schema.RunEntry | None] | None)
_RESULT_IN_PIECES = msgspec.json.Decoder(schema.Result[Raw] | None)
_RUN = msgspec.json.Decoder(schema.RunEntry | None)
_ERROR = msgspec.json.Decoder(schema.Error)


def decode_projects(data: bytes) -> Page[Project]:
    """Reads a page of ``/v1/dashboard/projects/metadata``; its items are :class:`Project`."""
    return _page(data, _PROJECT, _project)


def decode_workspaces(data: bytes, project: Project) -> Page[Workspace]:
    """Reads a page of ``/v1/dashboard/workspaces``; its items are :class:`Workspace` of ``project``."""
    return _page(data, _WORKSPACE, lambda item: _workspace(item, project), _nameless_clusters)


def decode_backup_result(data: bytes, workspace_uid: str | None = None) -> BackupResult:
    """Reads ``/v1/workspaces/{uid}/backup``, and makes sure that it is about no other than ``workspace_uid``.

    Entries of the history that cannot be read are named in ``unreadable_runs``; anything else that
    cannot be raises :class:`~backup_reporter.errors.UndecodableError`.
    """
    read: Callable[[Any], Run]
    try:
        document: schema.Result[Any] = _decode(_RESULT, data) or schema.Result()
        read = _run
    except UndecodableError:
        # Something in it is wrong: taken apart, one entry of the history does not cost the others.
        document = _decode(_RESULT_IN_PIECES, data) or schema.Result()
        read = _run_from_piece
    _insist_on(workspace_uid, document)
    runs: list[Run] = []
    unreadable: list[str] = []
    for index, entry in enumerate((document.status and document.status.workspace_backup_statuses) or ()):
        try:
            runs.append(read(entry))
        except UndecodableError as error:
            unreadable.append(str(_below(f"$.status.workspaceBackupStatuses[{index}]", error)))
    return BackupResult(policy=_policy(document), runs=tuple(runs), unreadable_runs=tuple(unreadable))


def _insist_on(workspace_uid: str | None, document: schema.Result[Any]) -> None:
    """A cache or a proxy that mixes answers up must not make a failing workspace look like a healthy one."""
    said = document.spec and document.spec.workspace_uid
    if workspace_uid and said and said != workspace_uid:
        raise UndecodableError(f"an answer about another workspace, '{quote(said, 60)}' - at `$.spec.workspaceUid`")


def decode_error(data: bytes, key: str = "") -> tuple[str, str, str] | None:
    """Palette's ``code``, ``message`` and ``ref``, without the ``key``; ``None`` for anything else (a proxy's page)."""
    try:
        error = _ERROR.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    code, message, ref = (_without(key, text or "") for text in (error.code, error.message, error.ref))
    return quote(code, 100), quote(message, 500), quote(ref, 100)


def _without(secret: str, text: str) -> str:
    return text.replace(secret, "…") if secret else text


def _decode(decoder: msgspec.json.Decoder[_Decoded], data: bytes | Raw) -> _Decoded:
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        # msgspec ends its messages with "- at `$.some.path`", but for the outermost value itself.
        said = str(error)
        raise UndecodableError(said if "`$" in said else f"{said} - at `$`") from None
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise UndecodableError(f"not the JSON of Palette's API at `$`: {quote(str(error), 200)}") from None


def _below(path: str, error: UndecodableError) -> UndecodableError:
    """The same error, as it is called from further up: its ``$`` lies at ``path``."""
    before, root, after = str(error).rpartition("`$")
    return UndecodableError(f"{before}`{path}{after}") if root else error


def _page(
    data: bytes,
    decoder: msgspec.json.Decoder[Any],
    read: Callable[[Any], _Item],
    doubts: Callable[[Any], Iterable[UndecodableError]] = lambda item: (),
) -> Page[_Item]:
    """``doubts`` are about parts of an item that is good for the rest."""
    page = _decode(_PAGE, data)
    items: list[_Item] = []
    problems: list[str] = []
    for index, raw in enumerate(page.items or ()):
        try:
            item = _decode(decoder, raw)
            items.append(read(item))
            problems += [str(_below(f"$.items[{index}]", doubt)) for doubt in doubts(item)]
        except UndecodableError as error:
            problems.append(str(_below(f"$.items[{index}]", error)))
    next_page = page.listmeta.continue_ if page.listmeta else None
    return Page(tuple(items), tuple(problems), next_page or None)


def _project(item: schema.ProjectItem | None) -> Project:
    metadata = (item and item.metadata) or schema.Metadata()
    uid = _uid(metadata.uid, "project")
    return Project(uid, metadata.name or uid)


def _uid(uid: str | None, whose: str) -> str:
    # It becomes part of a path and of a header: anything but a plain uid is not sent anywhere.
    if not uid or not UID_PATTERN.fullmatch(uid):
        raise UndecodableError(f"a {whose} with the uid '{quote(uid, 60)}'" if uid else f"a {whose} without a uid")
    return uid


def _workspace(item: schema.WorkspaceItem | None, project: Project) -> Workspace:
    metadata = (item and item.metadata) or schema.Metadata()
    deprecated = (item and item.meta) or schema.DeprecatedMeta()
    uid = _uid(metadata.uid or deprecated.uid, "workspace")
    _, refs = _cluster_refs(item or schema.WorkspaceItem())
    created = _time(metadata.creation_timestamp, "metadata.creationTimestamp")
    return Workspace(
        uid=uid,
        name=metadata.name or deprecated.name or uid,
        project_uid=project.uid,
        project_name=project.name,
        clusters=tuple(_cluster(ref.uid, ref.name) for ref in refs if ref and (ref.uid or ref.name)),
        created_at=created or _time(deprecated.creation_time, "meta.creationTime"),
        deleted_at=_time(metadata.deletion_timestamp, "metadata.deletionTimestamp"),
        labels={
            key: value
            for key, value in {**(metadata.annotations or {}), **(metadata.labels or {})}.items()
            if value is not None
        },
    )


def _cluster_refs(item: schema.WorkspaceItem) -> tuple[str, list[schema.ClusterRef | None]]:
    """Where the clusters stand, and what stands there: the deprecated twin's, where ``spec`` has none."""
    for path, part in (("spec", item.spec), ("meta", item.meta)):
        refs = (part and part.cluster_refs) or []
        if any(refs):
            return path, refs
    return "spec", []


def _nameless_clusters(item: schema.WorkspaceItem) -> Iterator[UndecodableError]:
    """A cluster that nobody can tell from another is in no scope, and nobody would miss it."""
    path, refs = _cluster_refs(item)
    for index, ref in enumerate(refs):
        if ref and not (ref.uid or ref.name):
            yield UndecodableError(f"a cluster without uid and name - at `$.{path}.clusterRefs[{index}]`")


def _policy(document: schema.Result[Any]) -> Policy:
    config = (document.spec and document.spec.config) or schema.PolicyConfig()
    backup = config.backup_config or schema.BackupConfig()
    created = document.metadata.creation_timestamp if document.metadata else None
    return Policy(
        schedule=backup.schedule.scheduled_run_time if backup.schedule else None,
        retention_hours=_hours(backup.duration_in_hours),
        include_all_clusters=bool(config.include_all_clusters),
        cluster_uids=_texts(config.cluster_uids),
        namespaces=_texts(backup.namespaces),
        include_all_disks=backup.include_all_disks,
        cluster_resource_mode=backup.include_cluster_resource_mode,
        created_at=_time(created, "metadata.creationTimestamp"),
    )


def _run_from_piece(piece: Raw) -> Run:
    return _run(_decode(_RUN, piece))


def _run(entry: schema.RunEntry | None) -> Run:
    details = (entry and entry.workspace_backup_config) or schema.RunDetails()
    state = details.backup_state or schema.State()
    return Run(
        request_uid=(entry.request_uid or None) if entry else None,
        backup_name=details.backup_name or None,
        requested_at=_time(details.request_time, "workspaceBackupConfig.requestTime"),
        backup_at=_time(details.backup_time, "workspaceBackupConfig.backupTime"),
        state=state.state,
        delete_state=state.delete_state,
        retention_hours=_hours(details.config.duration_in_hours) if details.config else None,
        cluster_backups=tuple(map(_cluster_backup, details.cluster_backup_refs or (), count())),
    )


def _cluster_backup(ref: schema.ClusterBackupRef | None, index: int) -> ClusterBackup:
    ref = ref or _NO_REF
    status = ref.backup_status_meta or _NO_STATUS
    state = status.backup_state or _NO_STATE
    try:
        at = _time(state.backup_time, "backupState.backupTime")
        expires_at = _time(status.expiry_date, "expiryDate")
    except UndecodableError as error:
        raise _below(f"$.workspaceBackupConfig.clusterBackupRefs[{index}].backupStatusMeta", error) from None
    return ClusterBackup(
        cluster=_cluster(ref.cluster_uid, ref.cluster_name),
        backup_name=status.backup_name or None,
        at=at,
        state=state.state,
        delete_state=state.delete_state,
        message=state.msg or None,
        expires_at=expires_at,
        namespaces=_texts(status.backuped_namespaces),
    )


_NO_REF, _NO_STATUS, _NO_STATE = schema.ClusterBackupRef(), schema.ClusterStatus(), schema.ClusterState()


@lru_cache(maxsize=4096)
def _cluster(uid: str | None, name: str | None) -> Cluster:
    # One object for every backup and every workspace of it: there are a thousand backups of a cluster.
    return Cluster(uid or None, name or None)


def _texts(values: Sequence[str | None] | None) -> tuple[str, ...]:
    return tuple(filter(None, values)) if values else ()


def _hours(hours: float | None) -> float | None:
    return None if hours is None else max(-_MOST_HOURS, min(hours, _MOST_HOURS))


def _time(text: str | None, where: str) -> datetime | None:
    """A time in UTC. Missing, ``null``, empty, Go's zero time and Unix's all mean "not set"."""
    if not text or text.isspace():
        return None
    try:
        at = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        at = None
    if at and at.tzinfo is UTC and _UNIX_ZERO.year < at.year < _FAR_FUTURE.year:
        return at
    return _unusual_time(at, text, where)


def _unusual_time(at: datetime | None, text: str, where: str) -> datetime | None:
    if text.startswith("0001-01-01T") or (at and at.tzinfo and at == _UNIX_ZERO):
        return None
    if at is None or at.tzinfo is None:
        raise UndecodableError(f"'{quote(text, 60)}' is no RFC 3339 time - at `$.{where}`")
    try:
        return min(at.astimezone(UTC), _FAR_FUTURE)
    except OverflowError:
        return _FAR_FUTURE if at.year > 1 else None
