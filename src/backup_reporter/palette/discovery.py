"""Which workspaces there are: every project that the key can see, every workspace of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from backup_reporter.errors import BackupReporterError, PaletteError, UnreachableError, reason_of
from backup_reporter.health.model import Workspace
from backup_reporter.palette.client import PaletteClient
from backup_reporter.palette.lists import MAX_IN_A_PAGE, Page, Project
from backup_reporter.palette.transport import OUT_OF_TIME
from backup_reporter.palette.worker_pool import ask_all
from backup_reporter.wording import quote

_MAX_PAGES = 1000
_PROJECTS = "the list of projects"

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Fleet:
    """What discovery found. ``problems`` are sentences about what it could not look into."""

    workspaces: tuple[Workspace, ...]
    unlisted_workspace_uids: tuple[str, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Listed(Generic[_Item]):
    """All pages of a list, what went wrong with it, and whether Palette may have held back the rest of it."""

    items: list[_Item]
    problems: list[str]
    may_be_cut: bool = False


def discover(client: PaletteClient, project_uids: Iterable[str] = (), workspace_uids: Iterable[str] = ()) -> Fleet:
    """Finds the workspaces in scope, in order of project and name; empty scopes mean everything the key can see.

    Raises :class:`BackupReporterError` where the projects cannot be listed at all. A project that cannot
    be looked into is a problem of the fleet, and so is finding nothing.
    """
    projects, problems = _projects_in_scope(client, tuple(project_uids))
    workspaces: dict[str, Workspace] = {}
    listings = _listings(client, projects)
    for listing in listings.values():
        workspaces.update((workspace.uid, workspace) for workspace in listing.items)
        problems += listing.problems
    wanted = dict.fromkeys(workspace_uids)
    if not wanted:
        problems += _perhaps_cut(listings)
    in_scope = [workspace for uid, workspace in workspaces.items() if not wanted or uid in wanted]
    unlisted = tuple(uid for uid in wanted if uid not in workspaces)
    if not in_scope and not unlisted and not problems:
        problems.append(_nothing_found(projects))
    in_scope.sort(key=lambda workspace: (workspace.project_name, workspace.name, workspace.uid))
    return Fleet(tuple(in_scope), unlisted, tuple(problems))


def _projects_in_scope(client: PaletteClient, wanted: tuple[str, ...]) -> tuple[list[Project], list[str]]:
    try:
        listed = _list_of_projects(client)
    except PaletteError as error:
        # A key may be good for some projects and yet not allowed to list them: then their uids do.
        if not wanted or error.status != 403:
            raise
        return [Project(uid, uid) for uid in wanted], []
    if not wanted:
        return listed.items, [
            *listed.problems,
            *[_cut(_PROJECTS, "PALETTE_PROJECT_UIDS or projectUids")] * listed.may_be_cut,
        ]
    by_uid = {project.uid: project for project in listed.items}
    missing = [uid for uid in wanted if uid not in by_uid]
    problems = [
        f"The project {uid} (PALETTE_PROJECT_UIDS or projectUids) is none that the API key can see." for uid in missing
    ]
    return [by_uid[uid] for uid in wanted if uid in by_uid], [*listed.problems, *problems]


def list_projects(client: PaletteClient) -> tuple[list[Project], list[str]]:
    """Every project that the key can see, and a sentence for whatever could not be read.

    Raises :class:`PaletteError` where there is no list to be had.
    """
    listed = _list_of_projects(client)
    return listed.items, listed.problems


def _list_of_projects(client: PaletteClient) -> _Listed[Project]:
    # Through the crew, although it is only one: for its end when time is up, whatever hangs then.
    ask = partial(_all_pages, client.projects)
    for listed in ask_all(ask, [_PROJECTS], client.can_ask_for_lists, client.seconds_left):
        return listed
    raise UnreachableError(OUT_OF_TIME, retryable=False)


def _listings(client: PaletteClient, projects: list[Project]) -> dict[Project, _Listed[Workspace]]:
    """What each project lists, in their order."""
    ask = partial(_listing, client)
    answers = dict(ask_all(ask, projects, client.can_ask_for_lists, client.seconds_left))
    return {project: answers.get(project) or _not_listed(project, OUT_OF_TIME) for project in projects}


def _listing(client: PaletteClient, project: Project) -> tuple[Project, _Listed[Workspace]]:
    try:
        return project, _all_pages(partial(client.workspaces, project), _listed_by(project))
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not cost the other projects their verdicts
        return project, _not_listed(project, reason_of(error))


def _not_listed(project: Project, why: str) -> _Listed[Workspace]:
    return _Listed([], [f"Listing {_listed_by(project)} failed: {why}."])


def _perhaps_cut(listings: Mapping[Project, _Listed[Workspace]]) -> list[str]:
    """A sentence for each list that may have more; none where another is longer, so that lists do not end there."""
    if any(len(listing.items) > MAX_IN_A_PAGE for listing in listings.values()):
        return []
    remedy = "PALETTE_WORKSPACE_UIDS or workspaceUids"
    return [_cut(_listed_by(project), remedy) for project, listing in listings.items() if listing.may_be_cut]


def _cut(what: str, setting: str) -> str:
    return (
        f"Palette's answer on {what} has exactly {MAX_IN_A_PAGE} entries, as many as a page of its lists holds, and does "
        f"not say whether these are all. Compare with Palette; {setting} can name those to look at."
    )


def _listed_by(project: Project) -> str:
    return f"the workspaces of project {quote(project.name, 63)}"


def _all_pages(get: Callable[[str | None], Page[_Item]], what: str) -> _Listed[_Item]:
    """Every page's items, and a sentence for whatever could not be read of them.

    Raises what the first page raises.
    """
    items: list[_Item] = []
    problems: list[str] = []
    next_page: str | None = None
    seen: set[str | None] = set()
    while next_page not in seen and len(seen) < _MAX_PAGES:
        seen.add(next_page)
        try:
            page = get(next_page)
        except BackupReporterError as error:
            if next_page is None:
                raise
            return _Listed(items, [*problems, f"Only {len(seen) - 1} page(s) of {what} could be read: {error}."])
        items += page.items
        problems += [f"An entry in {what} could not be understood: {problem}." for problem in page.problems]
        if page.next_page is None:
            return _Listed(items, problems, page.may_be_cut)
        next_page = page.next_page
    return _Listed(items, [*problems, f"There is no end to {what}: {len(seen)} page(s) were read."])


def _nothing_found(projects: list[Project]) -> str:
    if not projects:
        return (
            "The API key sees no project. Check that it belongs to the right tenant and that its user has the "
            "permissions project.list and project.get."
        )
    return (
        f"There is no workspace in {len(projects)} project(s). Check that the API key's user has the permissions "
        "workspace.list and workspace.get in them, and the settings PALETTE_PROJECT_UIDS and PALETTE_WORKSPACE_UIDS."
    )
