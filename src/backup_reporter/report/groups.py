"""One cause, one line: findings that say the same are one group with its members."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from backup_reporter.health.catalog import CODES
from backup_reporter.health.findings import STATUS_OF_SEVERITY, WORST_FIRST, Finding, Severity
from backup_reporter.report.model import Key, Report, WorkspaceReport, key_of
from backup_reporter.report.packed import with_findings


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Where a group's finding was made. ``cluster`` is ``None`` where it is about the workspace."""

    tenant: str | None
    workspace_uid: str
    workspace: str
    project: str | None
    cluster: str | None
    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The same code with the same message, wherever it was found. Muted findings are never in a group."""

    code: str
    severity: Severity
    message: str
    members: tuple[Member, ...]

    @property
    def title(self) -> str:
        """The finding in a few words."""
        return title_of(self.code)

    @property
    def action(self) -> str:
        """What to do about it; empty for a code that this version does not know."""
        return CODES[self.code].action if self.code in CODES else ""

    @property
    def since(self) -> datetime | None:
        """When the first of the members began, where that is known."""
        return min((member.since for member in self.members if member.since), default=None)


def title_of(code: str) -> str:
    """A code in a few words; a code that this version does not know stands for itself."""
    return CODES[code].title if code in CODES else code


def title_of_finding(finding: Finding) -> str:
    """A finding in a few words, with whether it is muted."""
    return title_of(finding.code) + (" (muted)" if finding.muted else "")


def groups(report: Report) -> tuple[Group, ...]:
    """All findings that are not muted, grouped: worst first, then those that strike most; one code's stand together."""
    members: dict[tuple[str, Severity, str], list[Member]] = {}
    first_seen = _first_seen(report)
    for workspace, finding in _not_muted(with_findings(report.workspaces)):
        member = _member(workspace, finding, first_seen)
        members.setdefault((finding.code, finding.severity, finding.message), []).append(member)
    grouped = [
        Group(code=code, severity=severity, message=message, members=tuple(sorted(found, key=_by_name)))
        for (code, severity, message), found in members.items()
    ]
    strikes: Counter[str] = Counter()
    for group in grouped:
        strikes[group.code] += len(group.members)
    return tuple(sorted(grouped, key=lambda group: _worst_first(group, strikes[group.code])))


def problems_and_infos(report: Report) -> tuple[tuple[Group, ...], tuple[Group, ...]]:
    """The groups that count toward a status, and those that do not; each in the order of :func:`groups`."""
    found = groups(report)
    problems = tuple(group for group in found if group.severity != "info")
    return problems, found[len(problems) :]


def tally(some: Iterable[Group]) -> tuple[tuple[str, int], ...]:
    """How often each title occurs in some groups, in their order: ``(("Backup failed", 30), …)``."""
    counts: Counter[str] = Counter()
    for group in some:
        counts[group.title] += len(group.members)
    return tuple(counts.items())


def _not_muted(workspaces: Iterable[WorkspaceReport]) -> Iterator[tuple[WorkspaceReport, Finding]]:
    for workspace in workspaces:
        for finding in workspace.findings:
            if not finding.muted:
                yield workspace, finding


def _first_seen(report: Report) -> dict[Key, datetime | None]:
    """Since when earlier reports know a finding whose own history does not show it."""
    return {key_of(one): one.since for one in report.changes.ongoing}


def _member(
    workspace: WorkspaceReport,
    finding: Finding,
    first_seen: Mapping[Key, datetime | None],
) -> Member:
    key = (workspace.tenant, workspace.uid, finding.cluster_uid or finding.cluster_name, finding.code)
    return Member(
        tenant=workspace.tenant,
        workspace_uid=workspace.uid,
        workspace=workspace.name,
        project=workspace.project_name,
        cluster=finding.cluster_name or finding.cluster_uid,
        since=finding.since or first_seen.get(key),
    )


def _by_name(member: Member) -> tuple[str, ...]:
    return (member.tenant or "", member.project or "", member.workspace, member.workspace_uid, member.cluster or "")


def _worst_first(group: Group, strikes: int) -> tuple[int, int, str, int, tuple[str, ...]]:
    rank = WORST_FIRST.index(STATUS_OF_SEVERITY[group.severity])
    return (rank, -strikes, group.code, -len(group.members), _by_name(group.members[0]))
