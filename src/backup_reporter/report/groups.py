"""One cause, one entry: findings with the same cause form one group, and what follows from a cause is not told again."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from backup_reporter.health.catalog import CODES
from backup_reporter.health.findings import STATUS_OF_SEVERITY, WORST_FIRST, Finding, Severity
from backup_reporter.health.known_causes import known_cause
from backup_reporter.health.workspace_report import ClusterReport, Kind, WorkspaceReport
from backup_reporter.report.model import Key, Report, key_of
from backup_reporter.report.packed import with_findings
from backup_reporter.report.restore_points import FOREVER, restorable_until
from backup_reporter.wording import count, quote

_LOST = ("never-backed-up", "backup-expired", "backup-expiring", "restore-point-too-old", "only-incomplete-copies")
_CAUSES_OF_LOSS = (
    "backup-failed",
    "cluster-not-backed-up",
    "backup-stuck",
    "backup-partially-failed",
    "restore-points-vanished",
    "backup-overdue",
    "backups-stopped",
    "schedule-unreadable",
)
_FOLLOWS_FROM: Mapping[str, tuple[str, ...]] = {**dict.fromkeys(_LOST, _CAUSES_OF_LOSS), "no-copy-yet": _CAUSES_OF_LOSS}
"""The codes that explain a code. Both about one cluster, or the cause about its workspace, are told as the cause."""
_Place = tuple[str | None, str | None]
"""A cluster's uid and name; two times ``None`` for the workspace as a whole."""
_WITH_KNOWN_CAUSES = frozenset({"backup-failed", "backup-partially-failed", "only-incomplete-copies"})
_MIN_MERGED = 3
"""So many failures that have a backup location in common, and no known cause, are one group."""
_DAYS = frozenset({"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"})


class Member(Struct, frozen=True, kw_only=True):
    """A place of a group. ``cluster`` is ``None`` if the finding is about the whole workspace.

    ``project_uid`` is ``None`` if the place has no address in Palette. ``made_at`` and ``expires_at`` are those of the newest restore point and of the one that lives longest; of several
    clusters, the worst. ``has_nothing`` says that a cluster has no restore point.
    """

    tenant: str | None
    project_uid: str | None = None
    project: str | None
    workspace_uid: str
    workspace: str
    cluster: str | None
    since: datetime | None
    kind: Kind = "workspace"
    made_at: datetime | None = None
    expires_at: datetime | None = None
    has_nothing: bool = False


def by_workspace(members: Iterable[Member]) -> list[list[Member]]:
    """Returns the members of each workspace together."""
    workspaces: dict[tuple[str | None, str], list[Member]] = {}
    for member in members:
        workspaces.setdefault((member.tenant, member.workspace_uid), []).append(member)
    return list(workspaces.values())


class Group(Struct, frozen=True, kw_only=True):
    """One cause in all its places. Muted findings are never in a group.

    ``consequences`` are the titles of what follows from it in some place; ``severity`` is the worst of them all.
    ``location`` is the name of the backup location that all places use, if the cause may lie there.
    """

    code: str
    severity: Severity
    message: str
    members: tuple[Member, ...]
    consequences: tuple[str, ...] = ()
    location: str | None = None
    advice: str | None = None

    @property
    def title(self) -> str:
        """The finding in a few words."""
        return title_of(self.code)

    @property
    def action(self) -> str:
        """What to do about it; empty for a code that this version does not know."""
        general = CODES[self.code].action if self.code in CODES else ""
        return self.advice or general

    @property
    def since(self) -> datetime | None:
        """When the first of the members began, or ``None`` if that is not known."""
        return min((member.since for member in self.members if member.since), default=None)


def title_of(code: str) -> str:
    """A code in a few words; a code that this version does not know stands for itself."""
    return CODES[code].title if code in CODES else code


def title_of_finding(finding: Finding) -> str:
    """A finding in a few words, with whether it is muted."""
    return title_of(finding.code) + (" (muted)" if finding.muted else "")


def groups(report: Report) -> tuple[Group, ...]:
    """Returns all findings that are not muted, grouped by cause.

    The worst come first: by severity, then those that leave nothing to restore, then those whose last restore point
    expires first.
    """
    first_seen = {key_of(change): change.since for change in report.changes.ongoing}
    found: dict[tuple[str | None, ...], list[_Found]] = defaultdict(list)
    for workspace in with_findings(report.workspaces):
        for entry in _found_in(workspace, first_seen):
            found[entry.key].append(entry)
    grouped = _merge_by_location([_group(entries) for entries in found.values()])
    return tuple(sorted(grouped, key=_worst_first))


def problems_and_infos(report: Report) -> tuple[tuple[Group, ...], tuple[Group, ...]]:
    """The groups that count toward a status, and those that do not; each in the order of :func:`groups`."""
    found = groups(report)
    problems = tuple(group for group in found if group.severity != "info")
    return problems, found[len(problems) :]


def tally(some: Iterable[Group]) -> tuple[tuple[str, int], ...]:
    """How many places each title has in some groups, in their order: ``(("Backup failed", 30), …)``."""
    counts: Counter[str] = Counter()
    for group in some:
        counts[group.title] += len(group.members)
    return tuple(counts.items())


class _Found(Struct, frozen=True):
    """A finding with what follows from it."""

    finding: Finding
    consequences: tuple[Finding, ...]
    member: Member
    location: str | None

    @property
    def key(self) -> tuple[str | None, ...]:
        """What findings of one cause have in common: numbers and dates in their messages do not count.

        A warning that leaves nothing to restore in one place is not the same as one that does not.
        """
        text = str(self.finding.evidence.get("palette") or self.finding.message)
        severity = min((finding.severity for finding in (self.finding, *self.consequences)), key=_rank)
        return (self.finding.code, severity, self.location, self.advice or _without_numbers(text))

    @property
    def advice(self) -> str | None:
        """What to do about the message of a failed backup, if its cause is known."""
        return known_cause(self.finding.evidence.get("palette")) if self.finding.code in _WITH_KNOWN_CAUSES else None


def _without_numbers(text: str) -> str:
    """A message without what differs from place to place: numbers, dates, ids, and plurals."""
    return " ".join(
        "#" if word in _DAYS or any(map(str.isdigit, word)) else word.rstrip("s.,;") for word in text.split()
    )


def _found_in(workspace: WorkspaceReport, first_seen: Mapping[Key, datetime | None]) -> Iterator[_Found]:
    findings = [finding for finding in workspace.findings if not finding.muted]
    by_place: dict[_Place, dict[str, int]] = defaultdict(dict)
    for number, finding in enumerate(findings):
        by_place[finding.cluster].setdefault(finding.code, number)
    consequences: dict[int, list[Finding]] = {number: [] for number in range(len(findings))}
    for number, finding in enumerate(findings):
        if (cause := _cause_of(finding, by_place)) is not None:
            consequences[cause].append(finding)
            del consequences[number]
    clusters = {(cluster.uid, cluster.name): cluster for cluster in workspace.clusters}
    for number, following in consequences.items():
        finding = findings[number]
        member = _member(workspace, finding, clusters, first_seen)
        location = _location_of(workspace) if finding.code == "backup-failed" else None
        yield _Found(finding, tuple(following), member, location)


def _cause_of(finding: Finding, by_place: Mapping[_Place, Mapping[str, int]]) -> int | None:
    """The number of the finding that explains this one: about the same cluster, else about the workspace."""
    for place in (finding.cluster, (None, None)):
        for code in _FOLLOWS_FROM.get(finding.code, ()):
            number = by_place.get(place, {}).get(code)
            if number is not None:
                return number
    return None


def _member(
    workspace: WorkspaceReport,
    finding: Finding,
    clusters: Mapping[_Place, ClusterReport],
    first_seen: Mapping[Key, datetime | None],
) -> Member:
    about = finding.cluster
    concerned = [cluster for cluster in (clusters.get(about),) if cluster] if any(about) else list(clusters.values())
    alive = [cluster for cluster in concerned if cluster.restore_points]
    key = (workspace.tenant, workspace.uid, finding.cluster_uid or finding.cluster_name, finding.code)
    return Member(
        tenant=workspace.tenant,
        project_uid=workspace.project_uid if workspace.kind == "workspace" else None,
        project=workspace.project_name,
        workspace_uid=workspace.uid,
        workspace=workspace.name,
        kind=workspace.kind,
        cluster=None if workspace.kind == "cluster" else finding.cluster_name or finding.cluster_uid,
        since=finding.since or first_seen.get(key),
        made_at=min(filter(None, (cluster.newest_restore_point_at for cluster in alive)), default=None),
        expires_at=min(filter(None, map(restorable_until, alive)), default=None),
        has_nothing=len(alive) < len(concerned),
    )


def _location_of(workspace: WorkspaceReport) -> str | None:
    return workspace.backup_location.name if workspace.backup_location else None


def _group(entries: list[_Found]) -> Group:
    first = entries[0].finding
    messages = Counter(entry.finding.message for entry in entries)
    severities = {finding.severity for entry in entries for finding in (entry.finding, *entry.consequences)}
    titles = (title_of(finding.code) for entry in entries for finding in entry.consequences)
    (most_common, _) = messages.most_common(1)[0]
    return Group(
        code=first.code,
        severity=min(severities, key=_rank),
        message=most_common if len(messages) == 1 else f"For example: {most_common}",
        members=tuple(sorted((entry.member for entry in entries), key=_by_name)),
        consequences=tuple(dict.fromkeys(titles)),
        location=entries[0].location,
        advice=_named(entries[0].advice, entries[0].location),
    )


def _named(advice: str | None, location: str | None) -> str | None:
    """A sentence about a backup location, with its name."""
    return advice and advice.replace(
        "the backup location", f"the backup location {quote(location, 63)}" if location else "the backup location", 1
    )


def _merge_by_location(grouped: list[Group]) -> Iterator[Group]:
    """Failures without a known cause that share a backup location become one group: it is what they have in common."""
    shared: dict[str, list[Group]] = defaultdict(list)
    for group in grouped:
        if group.location and not group.advice:
            shared[group.location].append(group)
        else:
            yield group
    for some in shared.values():
        if len(some) < 2 or sum(len(group.members) for group in some) < _MIN_MERGED:
            yield from some
        else:
            yield _merge(some)


def _merge(some: Sequence[Group]) -> Group:
    """One group of several with a backup location in common, in the words of the largest."""
    members = tuple(sorted((member for group in some for member in group.members), key=_by_name))
    largest = max(some, key=lambda group: len(group.members))
    example = largest.message.removeprefix("For example: ")
    return msgspec.structs.replace(
        largest,
        severity=min((group.severity for group in some), key=_rank),
        message=f"{count(len(members), 'backup')} failed with {len(some)} different messages. For example: {example}",
        members=members,
        consequences=tuple(dict.fromkeys(title for group in some for title in group.consequences)),
    )


def _by_name(member: Member) -> tuple[str, ...]:
    return (member.tenant or "", member.project or "", member.workspace, member.workspace_uid, member.cluster or "")


def _rank(severity: Severity) -> int:
    return WORST_FIRST.index(STATUS_OF_SEVERITY[severity])


def _worst_first(group: Group) -> tuple[int, bool, datetime, int, str, tuple[str, ...]]:
    has_nothing = any(member.has_nothing for member in group.members)
    expires_first = min((member.expires_at for member in group.members if member.expires_at), default=FOREVER)
    return (
        _rank(group.severity), not has_nothing, expires_first, -len(group.members), group.code, _by_name(group.members[0]),
    )  # fmt: skip
