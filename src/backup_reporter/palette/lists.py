"""The lists of Palette: its projects, and the workspaces of one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct

from backup_reporter.config.settings import UID_PATTERN
from backup_reporter.errors import UndecodableError
from backup_reporter.health.model import Workspace
from backup_reporter.palette import wire_types
from backup_reporter.palette.decode import below, cluster, decode, time_of
from backup_reporter.wording import quote

MAX_IN_A_PAGE = 50
"""How many entries a page of a list has at most. https://docs.spectrocloud.com/api/introduction/"""

_Item = TypeVar("_Item")


class Page(Struct, Generic[_Item], frozen=True):
    """One page of a list: what could be read, what could not (a sentence each), and how to go on.

    ``may_be_cut`` where it is as long as a page can be and without a word on whether there is more.
    """

    items: tuple[_Item, ...]
    problems: tuple[str, ...]
    next_page: str | None
    may_be_cut: bool = False


class Project(Struct, frozen=True):
    """A Palette project."""

    uid: str
    name: str


_PAGE = msgspec.json.Decoder(wire_types.PageBody)
_PROJECT = msgspec.json.Decoder(wire_types.ProjectItem | None)
_WORKSPACE = msgspec.json.Decoder(wire_types.WorkspaceItem | None)


def decode_projects(data: bytes) -> Page[Project]:
    """Reads a page of ``/v1/dashboard/projects/metadata``; its items are :class:`Project`."""
    return _page(data, _PROJECT, _project)


def decode_workspaces(data: bytes, project: Project) -> Page[Workspace]:
    """Reads a page of ``/v1/dashboard/workspaces``; its items are :class:`Workspace` of ``project``."""
    return _page(data, _WORKSPACE, lambda item: _workspace(item, project), _nameless_clusters)


def _page(
    data: bytes,
    decoder: msgspec.json.Decoder[Any],
    read: Callable[[Any], _Item],
    doubts: Callable[[Any], Iterable[UndecodableError]] = lambda item: (),
) -> Page[_Item]:
    """``doubts`` are about parts of an item that is good for the rest."""
    page = decode(_PAGE, data)
    items: list[_Item] = []
    problems: list[str] = []
    for index, raw in enumerate(page.items or ()):
        try:
            item = decode(decoder, raw)
            items.append(read(item))
            problems += [str(below(f"$.items[{index}]", doubt)) for doubt in doubts(item)]
        except UndecodableError as error:
            problems.append(str(below(f"$.items[{index}]", error)))
    next_page = page.listmeta.continue_ if page.listmeta else None
    may_be_cut = page.listmeta is None and len(page.items or ()) == MAX_IN_A_PAGE
    return Page(tuple(items), tuple(problems), next_page or None, may_be_cut)


def _project(item: wire_types.ProjectItem | None) -> Project:
    metadata = (item and item.metadata) or wire_types.Metadata()
    uid = _uid(metadata.uid, "project")
    return Project(uid, metadata.name or uid)


def _uid(uid: str | None, whose: str) -> str:
    # It becomes part of a path and of a header: anything but a plain uid is not sent anywhere.
    if not uid or not UID_PATTERN.fullmatch(uid):
        raise UndecodableError(f"a {whose} with the uid '{quote(uid, 60)}'" if uid else f"a {whose} without a uid")
    return uid


def _workspace(item: wire_types.WorkspaceItem | None, project: Project) -> Workspace:
    metadata = (item and item.metadata) or wire_types.Metadata()
    deprecated = (item and item.meta) or wire_types.DeprecatedMeta()
    uid = _uid(metadata.uid or deprecated.uid, "workspace")
    _, refs = _cluster_refs(item or wire_types.WorkspaceItem())
    created = time_of(metadata.creation_timestamp, "metadata.creationTimestamp")
    return Workspace(
        uid=uid,
        name=metadata.name or deprecated.name or uid,
        project_uid=project.uid,
        project_name=project.name,
        clusters=tuple(cluster(ref.uid, ref.name) for ref in refs if ref and (ref.uid or ref.name)),
        created_at=created or time_of(deprecated.creation_time, "meta.creationTime"),
        deleted_at=time_of(metadata.deletion_timestamp, "metadata.deletionTimestamp"),
        labels={
            key: value
            for key, value in {**(metadata.annotations or {}), **(metadata.labels or {})}.items()
            if value is not None
        },
    )


def _cluster_refs(item: wire_types.WorkspaceItem) -> tuple[str, list[wire_types.ClusterRef | None]]:
    """Where the clusters stand, and what stands there: the deprecated twin's, where ``spec`` has none."""
    for path, part in (("spec", item.spec), ("meta", item.meta)):
        refs = (part and part.cluster_refs) or []
        if any(refs):
            return path, refs
    return "spec", []


def _nameless_clusters(item: wire_types.WorkspaceItem) -> Iterator[UndecodableError]:
    """A cluster that nobody can tell from another is in no scope, and nobody would miss it."""
    path, refs = _cluster_refs(item)
    for index, ref in enumerate(refs):
        if ref and not (ref.uid or ref.name):
            yield UndecodableError(f"a cluster without uid and name - at `$.{path}.clusterRefs[{index}]`")
