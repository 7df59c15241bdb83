"""What every rendering says, sentence by sentence, as plain text without markup.

Names and messages from outside are quoted here (one line, no control characters, bounded), so
that a rendering only has to escape for its own medium.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import takewhile
from zoneinfo import ZoneInfo

from backup_reporter import wording
from backup_reporter.health.findings import STATUS_OF_SEVERITY, WORST_FIRST, Severity, Status
from backup_reporter.health.workspace_report import WorkspaceReport
from backup_reporter.report.groups import Group, Member, tally, title_of
from backup_reporter.report.locations import NAME_LENGTH, first_that_fit, listed, member_lines, place, place_of_member
from backup_reporter.report.model import Change, Coverage, NoLongerJudged, Report, Summary
from backup_reporter.report.packed import with_findings, worst_first
from backup_reporter.report.restore_points import has_every_copy
from backup_reporter.wording import capitalized, count, quote

MESSAGE_LENGTH = 600
_MAX_CHANGED_CLUSTERS = 4
TOLD_BY_COPIES = frozenset(
    title_of(code)
    for code in ("never-backed-up", "backup-expired", "backup-expiring", "only-incomplete-copies", "no-copy-yet")
)
"""The findings of which the list of what cannot be restored, or a copy's expiry, says as much."""


def headline(report: Report) -> str:
    """The verdict and the counts, in ASCII: ``CRITICAL: 1 critical, 2 warning, 11 OK of 14 workspaces``."""
    if_it_were = f"What if it were {report.as_of.astimezone(UTC):%Y-%m-%d %H:%M} UTC: " if report.what_if else ""
    partly = "not everything could be looked at, " if report.problems and report.summary.workspaces else ""
    return f"{if_it_were}{report.status}: {partly}{what_was_found(report)}"


def what_was_found(report: Report) -> str:
    """``1 critical, 11 OK of 12 workspaces; clusters not checked``."""
    unchecked = unchecked_clusters(report.coverage)
    return f"{counts(report.summary, report.status)}{unchecked and f'; {unchecked}'}"


def unchecked_clusters(coverage: Coverage | None) -> str:
    """``clusters not checked``, or that only some were; empty if all were, or if no one asked for clusters."""
    if coverage is None or (coverage.is_whole and not coverage.unknown):
        return ""
    return "not every cluster checked" if coverage.clusters else "clusters not checked"


def not_checked(coverage: Coverage | None) -> Iterator[str]:
    """What was asked for beside the workspaces and not checked, a sentence each."""
    if clusters := unchecked_clusters(coverage):
        yield f"{capitalized(clusters)}."
    if coverage and not coverage.are_locations_known:
        yield "Backup locations not checked."


def set_apart_line(coverage: Coverage | None) -> str | None:
    """Says how many clusters no one is warned of, although an imported one may need backups."""
    if coverage is None or not coverage.set_apart:
        return None
    clusters = count(coverage.set_apart, "more cluster")
    are = "is" if coverage.set_apart == 1 else "are"
    return f"{clusters} {are} not counted: virtual, imported, being deleted or not running yet."


def counts(summary: Summary, status: Status) -> str:
    """``1 critical, 2 warning, 11 OK of 14 workspaces``."""
    workspaces = count(summary.workspaces - summary.cluster_policies, "workspace")
    if summary.cluster_policies:
        workspaces += f" and {count(summary.cluster_policies, 'cluster')}"
    if not summary.workspaces:
        return "no workspace was looked at"
    if status == "OK":
        muted = f" but for {count(summary.muted, 'muted finding')}" if summary.muted else ""
        return f"nothing wrong in {workspaces}{muted}"
    numbers = {"critical": summary.critical, "unknown": summary.unknown, "warning": summary.warning, "OK": summary.ok}
    return f"{_counted(numbers)} of {workspaces}"


def _counted(numbers: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {word}" for word, number in numbers.items() if number)


def number_of(summary: Summary, status: Status) -> int:
    """How many workspaces have a status."""
    numbers = {"OK": summary.ok, "WARNING": summary.warning, "CRITICAL": summary.critical, "UNKNOWN": summary.unknown}
    return numbers[status]


def ok_line(summary: Summary) -> str:
    """``9 workspaces are OK.``; clusters with a policy of their own count, too."""
    noun = "workspace or cluster" if summary.cluster_policies else "workspace"
    if summary.ok == 1:
        return f"1 {noun} is OK."
    return f"{summary.ok} {'workspaces and clusters' if summary.cluster_policies else 'workspaces'} are OK."


def proof_line(report: Report) -> str | None:
    """Says that the report can be recomputed, and how long its chain is; ``None`` if no evidence is kept."""
    if report.evidence is None:
        return None
    if report.previous is None:
        return "Recomputable: evidence kept; the first report of its chain."
    return f"Recomputable: evidence kept; report {report.previous.chain + 1} of its chain."


def trust_line(report: Report, zone: ZoneInfo) -> str:
    """How much was really read, and as of when."""
    summary = report.summary
    workspaces = summary.workspaces - summary.cluster_policies
    read = f"{workspaces - summary.unreadable} of {count(workspaces, 'workspace')}"
    tenants = f", {count(len(report.tenants), 'tenant')}" if report.tenants else ""
    unreadable = f"{summary.unreadable} could not be read" if summary.unreadable else ""
    at = wording.moment(report.as_of, zone)
    if report.coverage:
        aside = f" ({unreadable})" if unreadable else ""
        return f"Checked {read}{aside}{tenants}{_coverage_phrase(report.coverage)}. As of {at}."
    clusters = count(summary.clusters, "cluster")
    return f"Checked {read}{tenants}, {clusters}{f'; {unreadable}' if unreadable else ''}. As of {at}."


def _coverage_phrase(coverage: Coverage) -> str:
    """`` and 55 clusters: 41 in a policy, 14 in none``, and what was not checked."""
    in_a_policy = coverage.in_workspace_policy + coverage.in_own_policy
    unknown = f", {coverage.unknown} not known" if coverage.unknown else ""
    clusters = f"{count(coverage.clusters, 'cluster')}: {in_a_policy} in a policy, {coverage.in_none} in none{unknown}"
    locations = "" if coverage.are_locations_known else "; backup locations: not checked"
    if coverage.is_whole:
        return f" and {clusters}{locations}"
    some = f" and at least {clusters}; other clusters" if coverage.clusters else "; clusters"
    return f"{some}: not checked{locations}"


def shortened(text: str, length: int) -> str:
    """Text of at most ``length`` characters: its beginning and, if it has several sentences, the last of them.

    The last sentence of a failure says which backup was the last good one.
    """
    if len(text) <= length:
        return text
    start, stop, last = text.rpartition(". ")
    if not stop or len(last) > length // 2:
        return quote(text, length)
    return f"{quote(start, length - len(last) - 1)} {last}"


def tenant_lines(report: Report, most: int) -> list[str]:
    """``acme: CRITICAL, 1 critical, 11 OK of 12 workspaces`` for each of several tenants, the worst first."""
    ordered = sorted(report.tenants, key=lambda tenant: WORST_FIRST.index(tenant.status))
    lines = [
        f"{quote(tenant.name, NAME_LENGTH)}: {tenant.status}, {counts(tenant.summary, tenant.status)}"
        for tenant in ordered[:most]
    ]
    statuses = [tenant.status for tenant in ordered[most:]]
    kinds = ", ".join(f"{statuses.count(status)} {status}" for status in WORST_FIRST if status in statuses)
    return [*lines, f"and {count(len(statuses), 'more tenant')}: {kinds}"] if statuses else lines


def what_if(report: Report, zone: ZoneInfo) -> str | None:
    """Says that the report was judged as if it were another time; ``None`` if it was not."""
    if not report.what_if:
        return None
    as_of, made_at = wording.moment(report.as_of, zone), wording.moment(report.generated_at, zone)
    ahead = ", and as if no backup ran from then on" if report.as_of > report.generated_at else ""
    return f"What if: judged as if it were {as_of}, from what Palette said at {made_at}{ahead}."


def scope_line(report: Report) -> str | None:
    """Says that only a part was asked for; ``None`` if everything was."""
    scope = report.scope
    if scope.backup_request_uid:
        return f"Only the backup request {quote(scope.backup_request_uid, NAME_LENGTH)} was judged, and it alone."
    parts = [(scope.tenants, "tenant"), (scope.project_uids, "project"), (scope.workspace_uids, "workspace")]
    asked = " and ".join(count(len(some), noun) for some, noun in parts if some)
    return f"Only what was asked for: {asked}." if asked else None


def caveats(report: Report, most: int) -> list[str]:
    """What could not be looked at, and what else did not work; at most ``most`` of each, then how many more."""
    return [line for texts in (report.problems, remarks(report)) for line in _first(texts, most)]


def remarks(report: Report) -> tuple[str, ...]:
    """What was found beside the workspaces, and what else did not work."""
    return (*(finding.message for finding in report.findings), *report.notes)


def _first(texts: Sequence[str], most: int) -> list[str]:
    lines = [quote(text, MESSAGE_LENGTH) for text in texts[:most]]
    return [*lines, f"and {len(texts) - most} more"] if len(texts) > most else lines


def change_lines(report: Report, most: int, length: int = 300) -> list[str]:
    """What is new, resolved and no longer judged since the last report; empty if nothing is known.

    At most ``most`` kinds of change have a line of their own: the most severe ones, each with as many places as
    ``length`` characters have room for, but at least one.
    """
    changes = report.changes
    if changes.note:
        return [changes.note]
    told = {"new": changes.new, "resolved": changes.resolved, "no longer judged": changes.no_longer_judged}
    numbers = {word: len(some) for word, some in (*told.items(), ("ongoing", changes.ongoing))}
    counts = _counted(numbers)
    return [f"Since the last report: {counts}.", *_lines_of_kinds(told, most, length)] if counts else []


def _lines_of_kinds(told: Mapping[str, Sequence[Change]], most: int, length: int) -> list[str]:
    kinds = [kind for word, some in told.items() for kind in _kinds_of_change(word.capitalize(), some).items()]
    kinds.sort(key=lambda kind: WORST_FIRST.index(STATUS_OF_SEVERITY[kind[0][0]]))
    lines = [
        f"{kind}: {'; '.join(first_that_fit(_every_member_line(members), length))}"
        for (_, kind), members in kinds[:most]
    ]
    left = sum(len(members) for _, members in kinds[most:])
    return [*lines, f"and {count(left, 'more change')}"] if left else lines


def _kinds_of_change(word: str, changes: Sequence[Change]) -> dict[tuple[Severity, str], list[Member]]:
    """The places of each kind, by its severity and in words: ``New critical: Backup failed``."""
    kinds: dict[tuple[Severity, str], list[Member]] = {}
    for change in changes:
        reason = f" ({change.reason})" if isinstance(change, NoLongerJudged) else ""
        words = f"{word} {change.severity}: {title_of(change.code)}{reason}"
        kinds.setdefault((change.severity, words), []).append(_member(change))
    return kinds


def _every_member_line(members: Sequence[Member]) -> list[str]:
    return member_lines(members, len(members), _MAX_CHANGED_CLUSTERS)


def _member(change: Change) -> Member:
    return Member(
        tenant=change.tenant,
        workspace_uid=change.workspace_uid,
        workspace=change.workspace_name,
        project=change.project_name,
        cluster=None if change.cluster_uid == change.workspace_uid else change.cluster_name or change.cluster_uid,
        since=change.since,
    )


def since_line(group: Group, as_of: datetime, zone: ZoneInfo) -> str | None:
    """``since Mon 2026-11-23, day 2``: when the first of the members began."""
    if not group.since:
        return None
    days = {wording.day(member.since, zone) if member.since else None for member in group.members}
    first = "" if len(days) == 1 else "the first "
    return f"{first}since {wording.day(group.since, zone)}, day {day_number(group.since, as_of, zone)}"


def day_number(since: datetime, as_of: datetime, zone: ZoneInfo) -> int:
    """Which day it is, in the reader's zone: 1 on the day it began."""
    try:
        return max(1, (as_of.astimezone(zone).date() - since.astimezone(zone).date()).days + 1)
    except OverflowError:
        return 1


def action_line(some: Sequence[Group], index: int) -> str | None:
    """What to do about a group; ``None`` if the one before it says so already."""
    group = some[index]
    is_repeated = index > 0 and some[index - 1].code == group.code
    return None if is_repeated or not group.action else f"What to do: {group.action}"


def more_line(left_out: Sequence[Group], report: Report) -> str:
    """``… and 37 more findings, in the report 2026…: Backup failed: 30; …``."""
    findings = sum(len(group.members) for group in left_out)
    where = "the whole report, linked below" if report.report_url else f"the report {report.report_id}"
    return f"… and {count(findings, 'more finding')}, in {where}: {kinds(left_out)}."


def kinds(some: Iterable[Group]) -> str:
    """``Backup failed: 30; No backup policy: 2``."""
    return "; ".join(f"{title}: {number}" for title, number in tally(some))


def info_lines(infos: Iterable[Group], most: int) -> list[str]:
    """Findings that change no status, a line each kind: ``Waiting for its first backup: prod / shop``."""
    by_title: dict[str, dict[str, None]] = {}
    for group in infos:
        by_title.setdefault(group.title, {}).update(dict.fromkeys(map(place_of_member, group.members)))
    return [f"{title}: {listed(list(places), most)}" for title, places in by_title.items()]


def muted_line(report: Report, most: int) -> str | None:
    """How many findings are muted and where, and what cannot be restored there: silence must not look like health."""
    if not report.summary.muted:
        return None
    muted = [workspace for workspace in with_findings(report.workspaces) if _has_muted(workspace)]
    lacking = [workspace for workspace in muted if not has_every_copy(workspace)]
    line = f"{count(report.summary.muted, 'finding')} muted: {listed(_places(muted), most)}."
    return f"{line} Not everything can be restored of {listed(_places(lacking), most)}." if lacking else line


def _has_muted(workspace: WorkspaceReport) -> bool:
    return any(finding.muted for finding in workspace.findings)


def _places(workspaces: Iterable[WorkspaceReport]) -> list[str]:
    return [place(workspace.tenant, workspace.project_name, workspace.name) for workspace in workspaces]


def problem_workspaces(report: Report) -> Iterator[WorkspaceReport]:
    """The workspaces that are not OK: those where a cluster has nothing to restore, then the others, each worst first."""
    for has_all in (False, True):
        for workspace in takewhile(lambda workspace: workspace.status != "OK", worst_first(report.workspaces)):
            if all(cluster.restore_points for cluster in workspace.clusters) == has_all:
                yield workspace
