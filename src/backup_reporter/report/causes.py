"""What there is to fix, as plain data: each cause with its places, since when, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from zoneinfo import ZoneInfo

from msgspec import Struct

from backup_reporter import wording
from backup_reporter.health.findings import Severity
from backup_reporter.report import phrases
from backup_reporter.report.groups import Group, Member, by_workspace
from backup_reporter.report.locations import listed_clusters, place_of_member
from backup_reporter.report.model import Report, workspace_url
from backup_reporter.report.restore_points import FOREVER
from backup_reporter.wording import quote

_MAX_CLUSTERS = 5
_MAX_PLACES = 12
_WHAT_LENGTH = 600


class Place(Struct, frozen=True, kw_only=True):
    """A workspace, quoted, and what is said about it there: ``prod / payments``, ``eu-1, us-2``."""

    name: str
    detail: str = ""
    url: str | None = None
    """Leads to the workspace in Palette."""

    def __str__(self) -> str:
        return f"{self.name}: {self.detail}" if self.detail else self.name


class Cause(Struct, frozen=True, kw_only=True):
    """One cause: what, where, since when, and what to do.

    ``action`` is empty if an earlier cause has the same. ``code`` is what ``backup-reporter explain`` takes.
    """

    code: str
    severity: Severity
    title: str
    what: str
    where: tuple[Place, ...]
    more_places: int
    since: str | None
    action: str

    def more_than(self, shown: int) -> int:
        """How many workspaces are left if that many of ``where`` are shown."""
        return self.more_places + max(0, len(self.where) - shown)


def causes_of(groups: Iterable[Group], report: Report, zone: ZoneInfo) -> Iterator[Cause]:
    """Each group in the words of a reader; an action that an earlier group has is not repeated."""
    told: set[str] = set()
    for group in groups:
        workspaces = by_workspace(group.members)
        yield Cause(
            code=group.code,
            severity=group.severity,
            title=group.title,
            what=_what(group),
            where=tuple(_where(members, report, zone) for members in workspaces[:_MAX_PLACES]),
            more_places=max(0, len(workspaces) - _MAX_PLACES),
            since=phrases.since_line(group, report.as_of, zone),
            action="" if group.action in told else group.action,
        )
        told.add(group.action)


def _what(group: Group) -> str:
    uses = (
        f" Backup location of all: {quote(group.location)}."
        if group.location and not group.advice and len(group.members) > 1
        else ""
    )
    also = [title for title in group.consequences if title not in phrases.TOLD_BY_COPIES]
    because = f" Because of that: {', '.join(also)}." if also else ""
    return f"{quote(group.message, _WHAT_LENGTH)}{uses}{because}"


def _where(members: Sequence[Member], report: Report, zone: ZoneInfo) -> Place:
    """One workspace, with its clusters and their last copy."""
    first = members[0]
    clusters = listed_clusters(members, _MAX_CLUSTERS)
    copies = _last_copy(members, zone)
    return Place(
        name=place_of_member(first),
        detail=f"{clusters} ({copies})" if clusters and copies else clusters or copies,
        url=workspace_url(report, first.project_uid, first.workspace_uid),
    )


def _last_copy(members: Sequence[Member], zone: ZoneInfo) -> str:
    """When the last copy was made and when it expires; of several, the worst."""
    made_at = min((member.made_at for member in members if member.made_at), default=None)
    expires_at = min((member.expires_at for member in members if member.expires_at), default=None)
    if made_at is None:
        return ""
    expires = f", expires {wording.day(expires_at, zone)}" if expires_at and expires_at != FOREVER else ""
    return f"last copy made {wording.day(made_at, zone)}{expires}"
