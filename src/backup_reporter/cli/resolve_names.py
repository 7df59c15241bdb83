"""Turns names of projects and workspaces into the uids that Palette wants."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeVar

from backup_reporter.config.settings import UID_PATTERN, Tenant
from backup_reporter.errors import InvalidRequest, PaletteError
from backup_reporter.health.model import Workspace
from backup_reporter.palette.client import PaletteClient
from backup_reporter.palette.discovery import discover, list_projects
from backup_reporter.palette.lists import Project
from backup_reporter.wording import listed, quote

_MAX_MATCHES = 20
_NAME_LENGTH = 63

_Thing = TypeVar("_Thing", Project, Workspace)


@dataclass(frozen=True, slots=True)
class Uids:
    """The requested uids; empty means all."""

    projects: tuple[str, ...] = ()
    workspaces: tuple[str, ...] = ()


def uids_of(client: PaletteClient, tenant: Tenant, projects: Sequence[str], workspaces: Sequence[str]) -> Uids:
    """Returns the uids for the names or uids, within the scope of the tenant.

    Raises :class:`InvalidRequest` for a name that does not exist or is not unique, with the candidates, and
    :class:`~backup_reporter.errors.BackupReporterError` if Palette cannot be reached.
    """
    project_uids = _project_uids(client, tenant, projects)
    if not workspaces:
        return Uids(project_uids)
    fleet = discover(client, project_uids or tenant.project_uids, tenant.workspace_uids)
    found = [_only("workspace", asked, fleet.workspaces, _described, fleet.problems) for asked in workspaces]
    # Their projects are named as well: then nothing is asked about the others.
    return Uids(
        tuple(dict.fromkeys(workspace.project_uid for workspace in found)),
        tuple(dict.fromkeys(workspace.uid for workspace in found)),
    )


def _project_uids(client: PaletteClient, tenant: Tenant, names: Sequence[str]) -> tuple[str, ...]:
    if not names:
        return ()
    try:
        known, problems = list_projects(client)
    except PaletteError as error:
        # A key may be good for some projects and yet not allowed to list them.
        if error.status != 403 or not all(map(UID_PATTERN.fullmatch, names)):
            raise
        return tuple(names)
    in_scope = [project for project in known if not tenant.project_uids or project.uid in tenant.project_uids]
    found = [_only("project", asked, in_scope, _described_project, problems) for asked in names]
    return tuple(dict.fromkeys(project.uid for project in found))


def _only(
    noun: str, asked: str, things: Sequence[_Thing], describe: Callable[[_Thing], str], problems: Iterable[str]
) -> _Thing:
    """Returns the match by uid, else by name, else by name in any letter case."""
    for means in (_has_uid, _has_name, _has_name_in_any_case):
        matches = [thing for thing in things if means(thing, asked)]
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise InvalidRequest(_several(noun, asked, sorted(map(describe, matches))))
    raise InvalidRequest(_none(noun, asked, things, problems))


def _has_uid(thing: Project | Workspace, asked: str) -> bool:
    return thing.uid == asked


def _has_name(thing: Project | Workspace, asked: str) -> bool:
    return thing.name == asked


def _has_name_in_any_case(thing: Project | Workspace, asked: str) -> bool:
    return thing.name.casefold() == asked.casefold()


def _described(workspace: Workspace) -> str:
    return f"{quote(workspace.project_name, _NAME_LENGTH)} / {quote(workspace.name, _NAME_LENGTH)}  {workspace.uid}"


def _described_project(project: Project) -> str:
    return f"{quote(project.name, _NAME_LENGTH)}  {project.uid}"


def _several(noun: str, asked: str, matches: Sequence[str]) -> str:
    shown = [f"  {match}" for match in matches[:_MAX_MATCHES]]
    more = [f"  and {len(matches) - _MAX_MATCHES} more"] if len(matches) > _MAX_MATCHES else []
    head = f"--{noun}: {quote(asked, 80)!r} is the name of {len(matches)} {noun}s; give the uid of one of them:"
    return "\n".join([head, *shown, *more])


def _none(noun: str, asked: str, things: Sequence[Project | Workspace], problems: Iterable[str]) -> str:
    projects = sorted({thing.project_name for thing in things if isinstance(thing, Workspace)})
    where = f" in {listed(projects)}" if projects else ""
    said = f"--{noun}: no {noun}{where} that the API key sees has the name or uid {quote(asked, 80)!r}"
    close = get_close_matches(asked, sorted({thing.name for thing in things}), n=3)
    if close:
        said += f"; did you mean {' or '.join(quote(name, _NAME_LENGTH) for name in close)}?"
    elif things:
        names = sorted({quote(thing.name, _NAME_LENGTH) for thing in things})
        shown = ", ".join(names[:_MAX_MATCHES]) + (" …" if len(names) > _MAX_MATCHES else "")
        said += f"; the {noun}s are: {shown}"
    return "\n".join([said, *(f"  {quote(problem, 300)}" for problem in problems)])
