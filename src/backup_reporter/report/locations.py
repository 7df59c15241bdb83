"""Where something is, in names: quoted, bounded, and told apart; and lists of places that say what they leave out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate

from backup_reporter import wording
from backup_reporter.health.workspace_report import Kind, WorkspaceReport
from backup_reporter.report.groups import Member, by_workspace
from backup_reporter.wording import quote

NAME_LENGTH = 63


def place(*names: str | None, kind: Kind = "workspace") -> str:
    """``acme / prod / payments``, ``edge / till (cluster)``; a name that is ``None`` is left out."""
    named = " / ".join(quote(name, NAME_LENGTH) for name in names if name)
    return f"{named} (cluster)" if kind == "cluster" else named


def place_of(workspace: WorkspaceReport) -> str:
    """The place of a workspace, or of a cluster with a policy of its own."""
    return place(workspace.tenant, workspace.project_name, workspace.name, kind=workspace.kind)


def place_of_member(member: Member) -> str:
    """The place of a group's member, without its cluster."""
    return place(member.tenant, member.project, member.workspace, kind=member.kind)


def member_lines(members: Sequence[Member], most_workspaces: int, most_clusters: int) -> list[str]:
    """``prod / payments: eu-1, eu-2`` for each workspace, then ``and 37 more``."""
    workspaces = by_workspace(members)
    lines = [_workspace_line(workspace, most_clusters) for workspace in workspaces[:most_workspaces]]
    left = len(workspaces) - most_workspaces
    return [*lines, f"and {left} more"] if left > 0 else lines


def _workspace_line(members: Sequence[Member], most_clusters: int) -> str:
    name = place_of_member(members[0])
    clusters = listed_clusters(members, most_clusters)
    return f"{name}: {clusters}" if clusters else name


def listed_clusters(members: Iterable[Member], most: int) -> str:
    """``eu-1, eu-2 and 3 more``."""
    return wording.listed([member.cluster for member in members if member.cluster], most)


def listed(texts: Sequence[str], most: int) -> str:
    """``a, b and 3 more``, of texts that are quoted already."""
    shown = ", ".join(texts[:most])
    return shown if len(texts) <= most else f"{shown} and {len(texts) - most} more"


def first_that_fit(texts: Sequence[str], max_length: int) -> list[str]:
    """The first texts that fit, but at least one; then ``and 3 more``."""
    ends = accumulate(len(text) + len("; ") for text in texts)
    shown = texts[: max(1, sum(end <= max_length for end in ends))]
    left = len(texts) - len(shown)
    return [*shown, f"and {left} more"] if left else list(shown)
