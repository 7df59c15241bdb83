"""What every rendering says, sentence by sentence, as plain text without markup.

Other people's names and messages are quoted here (one line, no control characters, bounded), so
that a rendering only has to escape for its own medium.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from backup_reporter.health import wording
from backup_reporter.health.findings import WORST_FIRST
from backup_reporter.health.wording import count, quote
from backup_reporter.report.groups import Group, Member, tally, title_of
from backup_reporter.report.model import Change, ClusterReport, Report, WorkspaceReport

NAME_LENGTH = 63
MESSAGE_LENGTH = 600
_WHAT_IF = timedelta(minutes=1)


def headline(report: Report) -> str:
    """The verdict and the counts, in ASCII: ``CRITICAL: 1 critical, 2 warning, 11 OK of 14 workspaces``."""
    summary = report.summary
    if not summary.workspaces:
        return f"{report.status}: no workspace was looked at"
    numbers = (
        (summary.critical, "critical"),
        (summary.unknown, "unknown"),
        (summary.warning, "warning"),
        (summary.ok, "OK"),
    )
    counts = ", ".join(f"{number} {word}" for number, word in numbers if number)
    return f"{report.status}: {counts} of {count(summary.workspaces, 'workspace')}"


def trust_line(report: Report, zone: ZoneInfo) -> str:
    """How much was really looked at, and as of when."""
    summary = report.summary
    read = f"{summary.workspaces - summary.unreadable} of {count(summary.workspaces, 'workspace')}"
    states = count(summary.unknown_states, "unknown state")
    at = wording.moment(report.as_of, zone)
    return f"{read}, {count(summary.clusters, 'cluster')}, {summary.unreadable} unreadable, {states}, as of {at}"


def what_if(report: Report, zone: ZoneInfo) -> str | None:
    """Says that the report was judged as if it were another time, where it was."""
    if abs(report.as_of - report.generated_at) <= _WHAT_IF:
        return None
    as_of, now = wording.moment(report.as_of, zone), wording.moment(report.generated_at, zone)
    return f"What if: judged as if it were {as_of}. It was made at {now}, from what Palette said then."


def scope_line(report: Report) -> str | None:
    """Says that only a part was asked for, where it was."""
    scope = report.scope
    if scope.backup_request_uid:
        return f"Only the backup request {quote(scope.backup_request_uid, NAME_LENGTH)} was judged, and it alone."
    parts = [(scope.project_uids, "project"), (scope.workspace_uids, "workspace")]
    asked = " and ".join(count(len(uids), noun) for uids, noun in parts if uids)
    return f"Only what was asked for: {asked}." if asked else None


def change_lines(report: Report, most: int) -> list[str]:
    """What is new and what is resolved since the last report, at most ``most`` lines of each; empty for nothing."""
    changes = report.changes
    numbers = ((changes.new, "new"), (changes.resolved, "resolved"), (changes.ongoing, "ongoing"))
    counts = ", ".join(f"{len(some)} {word}" for some, word in numbers if some)
    if not counts:
        return []
    return [
        f"Since the last report: {counts}.",
        *_named_changes("New", changes.new, most),
        *_named_changes("Resolved", changes.resolved, most),
    ]


def _named_changes(word: str, changes: Sequence[Change], most: int) -> list[str]:
    lines = [f"{word}: {_place_of_change(change)}: {title_of(change.code)}" for change in changes[:most]]
    return [*lines, f"{word}: and {len(changes) - most} more"] if len(changes) > most else lines


def _place_of_change(change: Change) -> str:
    cluster = change.cluster_name or change.cluster_uid
    return " / ".join(quote(name, NAME_LENGTH) for name in (change.workspace_name, cluster) if name)


def since_line(group: Group, as_of: datetime, zone: ZoneInfo) -> str | None:
    """``since Mon 2026-11-23, day 2``."""
    if not group.since:
        return None
    return f"since {wording.day(group.since, zone)}, day {day_number(group.since, as_of, zone)}"


def day_number(since: datetime, as_of: datetime, zone: ZoneInfo) -> int:
    """Which day it is, in the reader's zone: 1 on the day it began."""
    try:
        return max(1, (as_of.astimezone(zone).date() - since.astimezone(zone).date()).days + 1)
    except OverflowError:
        return 1


def member_lines(members: Sequence[Member], most_workspaces: int, most_clusters: int) -> list[str]:
    """``prod / payments: eu-1, eu-2`` for each workspace, then ``and 37 more workspaces``."""
    clusters: dict[str, list[str]] = {}
    places: dict[str, str] = {}
    for member in members:
        places.setdefault(member.workspace_uid, place(member.project, member.workspace))
        named = clusters.setdefault(member.workspace_uid, [])
        if member.cluster:
            named.append(member.cluster)
    lines = [
        f"{places[uid]}: {wording.listed(named, most_clusters)}" if named else places[uid]
        for uid, named in list(clusters.items())[:most_workspaces]
    ]
    left = len(clusters) - most_workspaces
    return [*lines, f"and {count(left, 'more workspace')}"] if left > 0 else lines


def place(project: str, workspace: str) -> str:
    """``prod / payments``."""
    return f"{quote(project, NAME_LENGTH)} / {quote(workspace, NAME_LENGTH)}"


def more_line(left_out: Sequence[Group], report: Report) -> str:
    """``and 37 more findings (30 Backup failed, …)``, with where to see them."""
    findings = sum(len(group.members) for group in left_out)
    kinds = "; ".join(f"{title}: {number}" for title, number in tally(left_out))
    where = "the report behind the link below" if report.report_url else f"report {report.report_id}"
    return f"… and {count(findings, 'more finding')} ({kinds}). All of them are in {where}."


def info_lines(infos: Iterable[Group], most: int) -> list[str]:
    """Findings that change no status, a line each kind: ``Waiting for its first backup: shop``."""
    by_title: dict[str, dict[str, None]] = {}
    for group in infos:
        names = (member.workspace for member in group.members)
        by_title.setdefault(group.title, {}).update(dict.fromkeys(names))
    return [f"{title}: {wording.listed(list(names), most)}" for title, names in by_title.items()]


def muted_line(report: Report) -> str | None:
    """How many findings are muted, where some are."""
    muted = report.summary.muted
    return f"{count(muted, 'finding')} muted, still in the report." if muted else None


def problem_workspaces(report: Report) -> list[WorkspaceReport]:
    """The workspaces that are not OK, worst first."""
    bad = [workspace for workspace in report.workspaces if workspace.status != "OK"]
    return sorted(
        bad, key=lambda workspace: (WORST_FIRST.index(workspace.status), workspace.project_name, workspace.name)
    )


def copy_line(cluster: ClusterReport, workspace: WorkspaceReport, zone: ZoneInfo) -> str:
    """Whether a cluster can be restored, and from when: its newest copy and until when it is there."""
    name = quote(cluster.name or cluster.uid or "all clusters", NAME_LENGTH)
    if not cluster.newest_restore_point_at:
        return f"{name}: {'nothing to restore' if not cluster.restore_points else 'a copy of unknown time'}"
    return f"{name}: from {wording.moment(cluster.newest_restore_point_at, zone)}, {_until(cluster, workspace, zone)}"


def _until(cluster: ClusterReport, workspace: WorkspaceReport, zone: ZoneInfo) -> str:
    if not cluster.expires_at:
        return "does not expire"
    until = f"expires {wording.moment(cluster.expires_at, zone)}"
    if workspace.next_run_at and cluster.expires_at < workspace.next_run_at:
        return f"{until}, before the next backup is due"
    return until
