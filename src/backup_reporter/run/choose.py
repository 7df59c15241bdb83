"""Finds the projects and workspaces that an event names, by uid or by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from backup_reporter.config.settings import UID_PATTERN
from backup_reporter.errors import InvalidRequest
from backup_reporter.health.model import Workspace
from backup_reporter.palette.lists import Project
from backup_reporter.run.check_workspace import listed_nowhere
from backup_reporter.wording import quote

_MAX_NAME_LENGTH = 63
_MAX_SHOWN = 10
_CLOSE = 0.5

_Thing = TypeVar("_Thing", Project, Workspace)


def choose_workspaces(
    asked: Sequence[str], in_scope: Sequence[Workspace], *, are_all_listed: bool
) -> tuple[Workspace, ...]:
    """Returns the workspaces with these uids or names. A name counts if exactly one workspace has it.

    Raises :class:`InvalidRequest` for what is not there, with the nearest names. Unless ``are_all_listed``,
    a uid that is not there is a workspace that no project lists: it may be in a list that could not be read.
    """
    return _choose("workspace", asked, in_scope, None if are_all_listed else lambda uid: listed_nowhere(uid, None))


def choose_projects(asked: Sequence[str], in_scope: Sequence[Project], *, are_all_listed: bool) -> tuple[Project, ...]:
    """Returns the projects with these uids or names, in the same way."""
    return _choose("project", asked, in_scope, None if are_all_listed else lambda uid: Project(uid, uid))


def _choose(
    noun: str, asked: Sequence[str], in_scope: Sequence[_Thing], unlisted: Callable[[str], _Thing] | None
) -> tuple[_Thing, ...]:
    chosen: dict[str, _Thing] = {}
    problems: list[str] = []
    for text in asked:
        matches = [thing for thing in in_scope if thing.uid == text] or [
            thing for thing in in_scope if thing.name == text
        ]
        if not matches and unlisted and UID_PATTERN.fullmatch(text):
            matches = [unlisted(text)]
        if len(matches) == 1:
            chosen[matches[0].uid] = matches[0]
        else:
            problems.append(f"{noun}Uids: " + (_several if matches else _missing)(noun, text, matches or in_scope))
    if problems:
        raise InvalidRequest("; ".join(problems))
    return tuple(chosen.values())


def _several(noun: str, text: str, matches: Sequence[_Thing]) -> str:
    return (
        f"{len(matches)} {noun}s are called {quote(text, _MAX_NAME_LENGTH)}; "
        f"give the uid of one: {_described(noun, matches)}"
    )


def _missing(noun: str, text: str, in_scope: Sequence[_Thing]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only a request with a wrong name needs it

    names = {thing.name.casefold() for thing in in_scope}
    nearest = get_close_matches(text.casefold(), names, n=3, cutoff=_CLOSE)
    close = [thing for name in nearest for thing in in_scope if thing.name.casefold() == name]
    said = f"no {noun} in scope has the uid or name '{quote(text, _MAX_NAME_LENGTH)}'"
    return f"{said}; did you mean {_described(noun, close)}?" if close else said


def _described(noun: str, things: Sequence[_Thing]) -> str:
    return " or ".join(
        f"the {noun} {quote(thing.name, _MAX_NAME_LENGTH)}, uid {thing.uid}" for thing in things[:_MAX_SHOWN]
    )
