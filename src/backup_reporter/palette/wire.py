"""Palette's JSON, decoded straight from the bytes into what the judging knows.

Only the fields that are used are declared; every one is optional and may be ``null``; unknown ones
are ignored. A wrong type is an :class:`~backup_reporter.errors.UndecodableError` with its JSON path.
List entries are decoded one by one, so that one bad entry does not cost the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct

from backup_reporter.errors import UndecodableError
from backup_reporter.health.model import BackupResult, Cluster, ClusterBackup, Policy, Run, Workspace
from backup_reporter.health.wording import quote
from backup_reporter.palette import schema
from backup_reporter.settings import UID_PATTERN

_RFC_3339 = Annotated[datetime, Meta(tz=True)]
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
_RESULT = msgspec.json.Decoder(schema.Result | None)
_RUN = msgspec.json.Decoder(schema.RunEntry | None)
_ERROR = msgspec.json.Decoder(schema.Error)


def decode_projects(data: bytes) -> Page[Project]:
    """Reads a page of ``/v1/dashboard/projects/metadata``; its items are :class:`Project`."""
    return _page(data, _PROJECT, lambda item, _: _project(item))


def decode_workspaces(data: bytes, project: Project) -> Page[Workspace]:
    """Reads a page of ``/v1/dashboard/workspaces``; its items are :class:`Workspace` of ``project``."""
    return _page(data, _WORKSPACE, lambda item, path: _workspace(item, project, path))


def decode_backup_result(data: bytes) -> BackupResult:
    """Reads ``/v1/workspaces/{uid}/backup``.

    Entries of the history that cannot be read are named in ``unreadable_runs``; anything else that
    cannot be raises :class:`~backup_reporter.errors.UndecodableError`.
    """
    document = _decode(_RESULT, data) or schema.Result()
    entries = (document.status.workspace_backup_statuses if document.status else None) or ()
    runs: list[Run] = []
    unreadable: list[str] = []
    for index, entry in enumerate(entries):
        path = f"$.status.workspaceBackupStatuses[{index}]"
        try:
            runs.append(_run(_decode(_RUN, entry, path), path))
        except UndecodableError as error:
            unreadable.append(str(error))
    return BackupResult(policy=_policy(document), runs=tuple(runs), unreadable_runs=tuple(unreadable))


def decode_error(data: bytes) -> tuple[str, str, str]:
    """Palette's ``code``, ``message`` and ``ref``; empty where the body is something else (a proxy's page)."""
    try:
        error = _ERROR.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return "", "", ""
    return quote(error.code or "", 100), quote(error.message or "", 500), quote(error.ref or "", 100)


def _decode(decoder: msgspec.json.Decoder[_Decoded], data: bytes | Raw, path: str = "$") -> _Decoded:
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        # msgspec ends its messages with "- at `$.some.path`", but for the outermost value itself.
        said = str(error)
        raise UndecodableError(said.replace("`$", f"`{path}", 1) if "`$" in said else f"{said} - at `{path}`") from None
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise UndecodableError(f"not the JSON of Palette's API at `{path}`: {quote(str(error), 200)}") from None


def _page(data: bytes, decoder: msgspec.json.Decoder[Any], read: Callable[[Any, str], _Item]) -> Page[_Item]:
    page = _decode(_PAGE, data)
    items: list[_Item] = []
    problems: list[str] = []
    for index, raw in enumerate(page.items or ()):
        path = f"$.items[{index}]"
        try:
            items.append(read(_decode(decoder, raw, path), path))
        except UndecodableError as error:
            problems.append(str(error))
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


def _workspace(item: schema.WorkspaceItem | None, project: Project, path: str) -> Workspace:
    metadata = (item and item.metadata) or schema.Metadata()
    spec = (item and item.spec) or schema.WorkspaceSpec()
    deprecated = (item and item.meta) or schema.DeprecatedMeta()
    uid = _uid(metadata.uid or deprecated.uid, "workspace")
    refs = spec.cluster_refs if spec.cluster_refs is not None else deprecated.cluster_refs
    created = _time(metadata.creation_timestamp, f"{path}.metadata.creationTimestamp")
    return Workspace(
        uid=uid,
        name=metadata.name or deprecated.name or uid,
        project_uid=project.uid,
        project_name=project.name,
        clusters=tuple(
            Cluster(ref.uid or None, ref.name or None) for ref in refs or () if ref and (ref.uid or ref.name)
        ),
        created_at=created or _time(deprecated.creation_time, f"{path}.meta.creationTime"),
        deleted_at=_time(metadata.deletion_timestamp, f"{path}.metadata.deletionTimestamp"),
        labels={
            key: value
            for key, value in {**(metadata.annotations or {}), **(metadata.labels or {})}.items()
            if value is not None
        },
    )


def _policy(document: schema.Result) -> Policy:
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
        created_at=_time(created, "$.metadata.creationTimestamp"),
    )


def _run(entry: schema.RunEntry | None, path: str) -> Run:
    details = (entry and entry.workspace_backup_config) or schema.RunDetails()
    state = details.backup_state or schema.State()
    path = f"{path}.workspaceBackupConfig"
    refs = enumerate(details.cluster_backup_refs or ())
    return Run(
        request_uid=(entry.request_uid or None) if entry else None,
        backup_name=details.backup_name or None,
        requested_at=_time(details.request_time, f"{path}.requestTime"),
        backup_at=_time(details.backup_time, f"{path}.backupTime"),
        state=state.state,
        delete_state=state.delete_state,
        retention_hours=_hours(details.config.duration_in_hours) if details.config else None,
        cluster_backups=tuple(_cluster_backup(ref, f"{path}.clusterBackupRefs[{index}]") for index, ref in refs),
    )


def _cluster_backup(ref: schema.ClusterBackupRef | None, path: str) -> ClusterBackup:
    ref = ref or schema.ClusterBackupRef()
    status = ref.backup_status_meta or schema.ClusterStatus()
    state = status.backup_state or schema.ClusterState()
    path = f"{path}.backupStatusMeta"
    return ClusterBackup(
        cluster=Cluster(ref.cluster_uid or None, ref.cluster_name or None),
        backup_name=status.backup_name or None,
        at=_time(state.backup_time, f"{path}.backupState.backupTime"),
        state=state.state,
        delete_state=state.delete_state,
        message=state.msg or None,
        expires_at=_time(status.expiry_date, f"{path}.expiryDate"),
        namespaces=_texts(status.backuped_namespaces),
    )


def _texts(values: Sequence[str | None] | None) -> tuple[str, ...]:
    return tuple(value for value in values or () if value)


def _hours(hours: float | None) -> float | None:
    return None if hours is None else max(-_MOST_HOURS, min(hours, _MOST_HOURS))


def _time(text: str | None, path: str) -> datetime | None:
    """A time in UTC. Missing, ``null``, empty and Go's zero time all mean "not set"."""
    if not text or text.isspace() or text.startswith("0001-01-01T"):
        return None
    try:
        at = msgspec.convert(text, _RFC_3339)
    except msgspec.ValidationError:
        raise UndecodableError(f"'{quote(text, 60)}' is no RFC 3339 time - at `{path}`") from None
    try:
        return min(at.astimezone(UTC), _FAR_FUTURE)
    except OverflowError:
        return _FAR_FUTURE if at.year > 1 else None
