"""Palette's lists: the projects of a tenant, the workspaces of a project."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct

from backup_reporter.config.settings import UID_PATTERN
from backup_reporter.errors import UndecodableError
from backup_reporter.health.model import Cluster, Workspace
from backup_reporter.palette import wire_types
from backup_reporter.palette.decode import (
    MAX_TEXT,
    cluster,
    cut,
    decode,
    decode_document,
    name_of,
    time_of,
    uid_of,
)
from backup_reporter.wording import quote

MAX_IN_A_PAGE = 50
"""How many entries a page of a list has at most. https://docs.spectrocloud.com/api/introduction/"""
MAX_CLUSTERS = 10_000
"""Clusters of one workspace. One more is kept, so that the judging can tell."""
_MAX_LABELS = 1000
_MAX_PROBLEMS = 20
"""Sentences about entries of one page; the others are counted."""

_Item = TypeVar("_Item")


class Page(Struct, Generic[_Item], frozen=True):
    """One page of a list: the items, a sentence for each entry that could not be read, and how to go on.

    ``entries`` counts what came, readable or not; ``count`` is how many the whole list has, if Palette says so.
    ``has_listmeta`` is false if Palette does not say whether there is more.
    """

    items: tuple[_Item, ...]
    problems: tuple[str, ...]
    next_page: str | None = None
    entries: int = 0
    count: int | None = None
    has_listmeta: bool = False


class Project(Struct, frozen=True):
    """A Palette project."""

    uid: str
    name: str


_PAGE = msgspec.json.Decoder(wire_types.PageBody)
_PROJECT = msgspec.json.Decoder(wire_types.ProjectItem | None)
_WORKSPACE = msgspec.json.Decoder(wire_types.WorkspaceItem | None)


def decode_projects(data: bytes) -> Page[Project]:
    """Reads a page of ``/v1/dashboard/projects/metadata``; its items are :class:`Project`."""
    return decode_page(data, _PROJECT, _project)


def decode_workspaces(data: bytes, project: Project) -> Page[Workspace]:
    """Reads a page of ``/v1/dashboard/workspaces``; its items are :class:`Workspace` of ``project``."""
    return decode_page(data, _WORKSPACE, lambda item: _workspace(item, project), _nameless_clusters)


def decode_page(
    data: bytes,
    decoder: msgspec.json.Decoder[Any],
    read: Callable[[Any], _Item],
    doubts: Callable[[Any], Iterable[UndecodableError]] = lambda item: (),
) -> Page[_Item]:
    """Reads a page of any list. ``doubts`` are about parts of an item that is good for the rest."""
    page = decode_document(_PAGE, data)
    entries = page.items or ()
    items: list[_Item] = []
    problems: list[str] = []
    for index, raw in enumerate(entries):
        try:
            item = decode(decoder, raw)
            items.append(read(item))
            problems += [str(doubt.under(f"$.items[{index}]")) for doubt in doubts(item)]
        except UndecodableError as error:
            problems.append(str(error.under(f"$.items[{index}]")))
    if len(problems) > _MAX_PROBLEMS:
        problems[_MAX_PROBLEMS:] = [f"{len(problems) - _MAX_PROBLEMS:,} more faults"]
    listmeta = page.listmeta or wire_types.ListMeta()
    return Page(
        tuple(items),
        tuple(problems),
        next_page=listmeta.continue_ or None,
        entries=len(entries),
        count=listmeta.count,
        has_listmeta=page.listmeta is not None,
    )


def plain_uid(uid: str | None, owner: str) -> str:
    """Returns a uid that may become part of a path and of a header. Raises :class:`UndecodableError` for any other."""
    if not uid or not UID_PATTERN.fullmatch(uid):
        raise UndecodableError(f"a {owner} with the uid '{quote(uid, 60)}'" if uid else f"a {owner} without a uid", "$")
    return uid


def labels_of(metadata: wire_types.Metadata) -> Mapping[str, str]:
    """Returns labels and annotations together; if both have a key, the label's value."""
    both = {**(metadata.annotations or {}), **(metadata.labels or {})}
    pairs = ((cut(key, MAX_TEXT), cut(value, MAX_TEXT)) for key, value in both.items() if value is not None)
    return {key: value for _, (key, value) in zip(range(_MAX_LABELS), pairs, strict=False) if key and value is not None}


def _project(item: wire_types.ProjectItem | None) -> Project:
    metadata = (item and item.metadata) or wire_types.Metadata()
    uid = plain_uid(metadata.uid, "project")
    return Project(uid, name_of(metadata.name) or uid)


def _workspace(item: wire_types.WorkspaceItem | None, project: Project) -> Workspace:
    metadata = (item and item.metadata) or wire_types.Metadata()
    deprecated = (item and item.meta) or wire_types.DeprecatedMeta()
    uid = plain_uid(metadata.uid or deprecated.uid, "workspace")
    created = time_of(metadata.creation_timestamp, "metadata.creationTimestamp")
    return Workspace(
        uid=uid,
        name=name_of(metadata.name) or name_of(deprecated.name) or uid,
        project_uid=project.uid,
        project_name=project.name,
        clusters=_clusters(item or wire_types.WorkspaceItem()),
        created_at=created or time_of(deprecated.creation_time, "meta.creationTime"),
        deleted_at=time_of(metadata.deletion_timestamp, "metadata.deletionTimestamp"),
        namespaces=_namespaces(item or wire_types.WorkspaceItem()),
        labels=labels_of(metadata),
    )


def _clusters(item: wire_types.WorkspaceItem) -> tuple[Cluster, ...]:
    path, refs = _cluster_refs(item)
    named = (ref for ref in refs[: MAX_CLUSTERS + 1] if ref and (ref.uid or ref.name))
    return tuple(cluster(uid_of(ref.uid, f"{path}.clusterRefs"), name_of(ref.name)) for ref in named)


def _namespaces(item: wire_types.WorkspaceItem) -> tuple[str, ...]:
    named = ((item.spec and item.spec.namespaces) or [], (item.meta and item.meta.namespaces) or [])
    names = map(name_of, named[0] or named[1])
    return tuple(dict.fromkeys(name for name in names if name))


def _cluster_refs(item: wire_types.WorkspaceItem) -> tuple[str, list[wire_types.ClusterRef | None]]:
    """Returns where the clusters are listed, and the list: the deprecated twin's if ``spec`` has none."""
    for path, part in (("spec", item.spec), ("meta", item.meta)):
        refs = (part and part.cluster_refs) or []
        if any(refs):
            return path, refs
    return "spec", []


def _nameless_clusters(item: wire_types.WorkspaceItem) -> Iterator[UndecodableError]:
    """Names each cluster without uid and name: it cannot be told from another, so no rule could miss its backups."""
    path, refs = _cluster_refs(item)
    for index, ref in enumerate(refs[: MAX_CLUSTERS + 1]):
        if ref and not (ref.uid or ref.name):
            yield UndecodableError("a cluster without uid and name", f"$.{path}.clusterRefs[{index}]")
