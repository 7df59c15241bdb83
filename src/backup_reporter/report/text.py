"""The report as plain text, for e-mail and for a terminal; and as one line, for a telephone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from backup_reporter.health.wording import quote
from backup_reporter.report import phrases
from backup_reporter.report.groups import Group, groups
from backup_reporter.report.model import Report

SUBJECT_LENGTH = 99
"""SNS takes subjects of *less than* 100 characters."""
SMS_LENGTH = 160
_MOST_CHANGES = 10
_MOST_TENANTS = 20
_MOST_WORKSPACES = 20
_MOST_CLUSTERS = 8
_MOST_COPIES = 50
_MOST_PROBLEMS = 20


def subject(report: Report) -> str:
    """Verdict and counts in printable ASCII, at most 99 characters, beginning with a letter."""
    return ascii_line(f"Palette backups {phrases.headline(report)}", SUBJECT_LENGTH)


def sms(report: Report) -> str:
    """The verdict, the counts and the worst finding in at most 160 characters of the GSM alphabet."""
    line = phrases.headline(report)
    worst = next((group for group in groups(report) if group.severity != "info"), None)
    if worst:
        first = worst.members[0]
        line += f". {worst.title}: {phrases.place(first.tenant, first.workspace)}"
        line += f" and {len(worst.members) - 1} more" if len(worst.members) > 1 else ""
    elif report.problems:
        line += f". {report.problems[0]}"
    return re.sub(r"[`^{}\[\]~\\|]", "?", ascii_line(line, SMS_LENGTH))


def ascii_line(text: str, length: int) -> str:
    """Somebody's text on one line of printable ASCII, cut after a word where it is too long."""
    line = quote(text, 4 * length).replace("…", "...").encode("ascii", "replace").decode("ascii")
    if len(line) <= length:
        return line
    head, space, _ = line[: length - 3].rpartition(" ")
    return (head if space else line[: length - 3]) + "..."


def text(report: Report, zone: ZoneInfo, max_bytes: int | None = None) -> str:
    """The whole report for people. ``max_bytes`` (UTF-8) bounds it: the worst is shown, the rest is counted."""
    shown = groups(report)
    problems = [group for group in shown if group.severity != "info"]
    infos = [group for group in shown if group.severity == "info"]
    head = _joined(_head(report, zone))
    tail = _joined(_tail(report, infos, zone))
    room = None if max_bytes is None else max_bytes - len(f"{head}\n\n{tail}\n".encode())
    body = _problems(problems, report, zone, room)
    return "\n\n".join(part for part in (head, body, tail) if part) + "\n"


def _head(report: Report, zone: ZoneInfo) -> Iterator[list[str]]:
    yield [phrases.headline(report)]
    yield [phrases.trust_line(report, zone)]
    yield list(filter(None, (phrases.what_if(report, zone), phrases.scope_line(report))))
    yield phrases.caveats(report, _MOST_PROBLEMS)
    yield phrases.tenant_lines(report, _MOST_TENANTS)
    yield phrases.change_lines(report, _MOST_CHANGES)
    # Before the causes: "can I restore it, and from when?" must not be at the end of a long night's list.
    yield _copies(report, zone)


def _tail(report: Report, infos: Sequence[Group], zone: ZoneInfo) -> Iterator[list[str]]:
    yield [*phrases.info_lines(infos, _MOST_WORKSPACES), *filter(None, [phrases.muted_line(report)])]
    yield [f"The whole report: {report.report_url}"] if report.report_url else []


def _joined(paragraphs: Iterator[list[str]]) -> str:
    return "\n\n".join("\n".join(lines) for lines in paragraphs if lines)


def _problems(problems: Sequence[Group], report: Report, zone: ZoneInfo, room: int | None) -> str:
    """As many groups as there is room for, worst first, and a line about the others."""
    paragraphs: list[str] = []
    reserve = 2000  # for the line about the others
    for index in range(len(problems)):
        paragraph = "\n".join(_group(problems, index, report, zone))
        if room is not None:
            room -= len(paragraph.encode()) + 2
            if room < reserve:
                return "\n\n".join([*paragraphs, phrases.more_line(problems[index:], report)])
        paragraphs.append(paragraph)
    return "\n\n".join(paragraphs)


def _group(problems: Sequence[Group], index: int, report: Report, zone: ZoneInfo) -> list[str]:
    group = problems[index]
    since = phrases.since_line(group, report.as_of, zone)
    title = f"{group.severity.upper()}  {group.title}" + (f" ({since})" if since else "")
    members = phrases.member_lines(group.members, _MOST_WORKSPACES, _MOST_CLUSTERS)
    lines = [title, f"  {quote(group.message, phrases.MESSAGE_LENGTH)}", *(f"  - {member}" for member in members)]
    action = phrases.action_line(problems, index)
    return [*lines, f"  {action}"] if action else lines


def _copies(report: Report, zone: ZoneInfo) -> list[str]:
    """Whether the problem workspaces can be restored right now, and from when."""
    lines: list[str] = []
    bad = [workspace for workspace in phrases.problem_workspaces(report) if workspace.clusters]
    for workspace in bad[:_MOST_COPIES]:
        lines.append(f"  {phrases.place(workspace.tenant, workspace.project_name, workspace.name)}")
        clusters = workspace.clusters
        lines += [f"    {phrases.copy_line(cluster, workspace, zone)}" for cluster in clusters[:_MOST_CLUSTERS]]
        if len(clusters) > _MOST_CLUSTERS:
            lines.append(f"    and {len(clusters) - _MOST_CLUSTERS} more clusters")
    if len(bad) > _MOST_COPIES:
        lines.append(f"  and {len(bad) - _MOST_COPIES} more workspaces")
    return ["What can be restored right now:", *lines] if lines else []
