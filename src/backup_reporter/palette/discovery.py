"""Finds the workspaces in scope: every project that the key can see, every workspace of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

import msgspec
from msgspec import Struct

from backup_reporter.errors import OutOfTimeError, PaletteError, reason_of
from backup_reporter.health.model import Workspace
from backup_reporter.palette.client import PaletteClient
from backup_reporter.palette.lists import Project
from backup_reporter.palette.paging import Listing, read_list
from backup_reporter.palette.worker_pool import ask_all
from backup_reporter.wording import listed, quote

_PROJECTS = "the list of projects"


class Inventory(Struct, frozen=True):
    """What discovery found. ``problems`` are sentences about what could not be read."""

    workspaces: tuple[Workspace, ...]
    unlisted_workspace_uids: tuple[str, ...]
    problems: tuple[str, ...]


class Projects(Struct, frozen=True):
    """The projects in scope, the uids in scope that the key cannot see, and a sentence for everything that could not be listed."""

    listed: tuple[Project, ...]
    unseen_uids: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def discover(client: PaletteClient, project_uids: Iterable[str] = (), workspace_uids: Iterable[str] = ()) -> Inventory:
    """Finds the workspaces in scope, in order of project and name; empty scopes mean everything that the key can see.

    Raises :class:`BackupReporterError` if the projects cannot be listed at all. A project that cannot
    be read is a problem of the inventory, and so is finding nothing.
    """
    return discover_in(client, projects_in_scope(client, tuple(project_uids)), workspace_uids)


def discover_in(client: PaletteClient, scope: Projects, workspace_uids: Iterable[str]) -> Inventory:
    """Finds the workspaces of these projects."""
    problems = [*scope.problems, *map(_unseen, scope.unseen_uids)]
    entries: list[Workspace] = []
    for listing in _list_workspaces(client, scope.listed):
        entries += listing.items
        problems += listing.problems
    workspaces, repeated = _by_uid(entries)
    problems += repeated
    wanted = dict.fromkeys(workspace_uids)
    in_scope = [workspace for uid, workspace in workspaces.items() if not wanted or uid in wanted]
    unlisted = tuple(uid for uid in wanted if uid not in workspaces)
    if not in_scope and not unlisted and not problems:
        problems.append(_nothing_found(scope.listed))
    in_scope.sort(key=lambda workspace: (workspace.project_name, workspace.name, workspace.uid))
    return Inventory(tuple(in_scope), unlisted, tuple(problems))


def _by_uid(entries: Iterable[Workspace]) -> tuple[dict[str, Workspace], list[str]]:
    """Returns each workspace once, with its further entries in ``also_listed``, and a sentence for each uid listed twice."""
    by_uid: dict[str, list[Workspace]] = {}
    for entry in entries:
        by_uid.setdefault(entry.uid, []).append(entry)
    workspaces = {
        uid: msgspec.structs.replace(same[0], also_listed=tuple(same[1:])) if len(same) > 1 else same[0]
        for uid, same in by_uid.items()
    }
    return workspaces, [_listed_twice(same) for same in by_uid.values() if len(same) > 1]


def _listed_twice(entries: list[Workspace]) -> str:
    projects = listed(list(dict.fromkeys(entry.project_name for entry in entries)))
    return (
        f"The workspace {quote(entries[0].name, 63)} (uid {entries[0].uid}) is listed {len(entries)} times, in {projects}. "
        "Each entry was judged; the report shows the worst."
    )


def projects_in_scope(client: PaletteClient, wanted: tuple[str, ...], asked: tuple[str, ...] = ()) -> Projects:
    """Returns the projects with the wanted uids; without any, every project that the key can see.

    A key may be good for some projects and yet not allowed to list them. Then the uids in ``wanted`` are taken at
    their word, or else those in ``asked``.
    """
    try:
        listing = _list_projects(client)
    except PaletteError as error:
        if not (wanted or asked) or error.status != 403:
            raise
        return Projects(tuple(Project(uid, uid) for uid in wanted or asked))
    if not wanted:
        return Projects(tuple(listing.items), problems=tuple(listing.problems))
    by_uid = {project.uid: project for project in listing.items}
    return Projects(
        tuple(by_uid[uid] for uid in wanted if uid in by_uid),
        tuple(uid for uid in wanted if uid not in by_uid),
        tuple(listing.problems),
    )


def _unseen(uid: str) -> str:
    return f"The API key cannot see the project {uid} (PALETTE_PROJECT_UIDS or projectUids)."


def list_projects(client: PaletteClient) -> tuple[list[Project], list[str]]:
    """Returns every project that the key can see, and a sentence for everything that could not be read.

    Raises :class:`PaletteError` if Palette gives no list.
    """
    listing = _list_projects(client)
    return listing.items, listing.problems


def _list_projects(client: PaletteClient) -> Listing[Project]:
    def ask(name: str) -> Listing[Project]:
        return read_list(client.projects, name, "projects")

    # In the worker pool, although it is one list: the pool ends in time, although a request may hang.
    for listing in ask_all(ask, [_PROJECTS], client.may_ask_for_lists, client.seconds_left):
        return listing
    raise OutOfTimeError


def _list_workspaces(client: PaletteClient, projects: Sequence[Project]) -> list[Listing[Workspace]]:
    """Returns what each project lists, in the order of the projects."""
    answers = dict(ask_all(partial(_list_of, client), projects, client.may_ask_for_lists, client.seconds_left))
    return [answers.get(project) or _not_listed(project, OutOfTimeError()) for project in projects]


def _list_of(client: PaletteClient, project: Project) -> tuple[Project, Listing[Workspace]]:
    try:
        return project, read_list(partial(client.workspaces, project), _name_of_list(project), "workspaces")
    except Exception as error:  # noqa: BLE001 - no error may cost the other projects their verdicts
        return project, _not_listed(project, error)


def _not_listed(project: Project, error: Exception) -> Listing[Workspace]:
    return Listing(problems=[f"Listing {_name_of_list(project)} failed: {reason_of(error)}."])


def _name_of_list(project: Project) -> str:
    return f"the workspaces of project {quote(project.name, 63)}"


def _nothing_found(projects: Sequence[Project]) -> str:
    if not projects:
        return (
            "The API key sees no project. Check that it belongs to the right tenant and that its user has the "
            "permissions project.list and project.get."
        )
    return (
        f"There is no workspace in {len(projects)} project(s). Check that the API key's user has the permissions "
        "workspace.list and workspace.get in them, and the settings PALETTE_PROJECT_UIDS and PALETTE_WORKSPACE_UIDS."
    )
