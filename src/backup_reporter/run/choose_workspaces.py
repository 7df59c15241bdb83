"""Finds the workspaces that an event names, by uid or by name."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from backup_reporter.config.settings import UID_PATTERN
from backup_reporter.errors import InvalidRequest
from backup_reporter.health.model import Workspace
from backup_reporter.run.check_workspace import listed_nowhere
from backup_reporter.wording import quote

_MAX_NAME_LENGTH = 63
_MAX_SHOWN = 10
_CLOSE = 0.5


def choose_workspaces(
    asked: Sequence[str], in_scope: Sequence[Workspace], *, are_all_listed: bool
) -> tuple[Workspace, ...]:
    """Returns the workspaces with these uids or names. A name counts if exactly one workspace has it.

    Raises :class:`InvalidRequest` for what is not there, with the nearest names. Unless ``are_all_listed``,
    a uid that is not there is a workspace that no project lists: it may be in a list that could not be read.
    """
    chosen: dict[str, Workspace] = {}
    problems: list[str] = []
    for text in asked:
        matches = [workspace for workspace in in_scope if workspace.uid == text] or [
            workspace for workspace in in_scope if workspace.name == text
        ]
        if not matches and not are_all_listed and UID_PATTERN.fullmatch(text):
            matches = [listed_nowhere(text, None)]
        if len(matches) == 1:
            chosen[matches[0].uid] = matches[0]
        else:
            problems.append(_several(text, matches) if matches else _missing(text, in_scope))
    if problems:
        raise InvalidRequest("; ".join(problems))
    return tuple(chosen.values())


def _several(text: str, matches: Sequence[Workspace]) -> str:
    return (
        f"workspaceUids: {len(matches)} workspaces are called {quote(text, _MAX_NAME_LENGTH)}; "
        f"give the uid of one: {_described(matches)}"
    )


def _missing(text: str, in_scope: Sequence[Workspace]) -> str:
    nearest = get_close_matches(text, {workspace.name for workspace in in_scope}, n=3, cutoff=_CLOSE)
    close = [workspace for name in nearest for workspace in in_scope if workspace.name == name]
    said = f"workspaceUids: no workspace in scope has the uid or name '{quote(text, _MAX_NAME_LENGTH)}'"
    return f"{said}; did you mean {_described(close)}?" if close else said


def _described(workspaces: Sequence[Workspace]) -> str:
    return " or ".join(
        f"the workspace {quote(workspace.name, _MAX_NAME_LENGTH)}, uid {workspace.uid}"
        for workspace in workspaces[:_MAX_SHOWN]
    )
