"""The report as plain text, for e-mail and for a terminal; and as one line, for a telephone."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from textwrap import indent
from zoneinfo import ZoneInfo

from backup_reporter.report import phrases
from backup_reporter.report.groups import Group, problems_and_infos
from backup_reporter.report.locations import first_that_fit, member_lines, place
from backup_reporter.report.model import Report, WorkspaceReport
from backup_reporter.report.restorable import copy_line, nothing_lines
from backup_reporter.wording import count, quote

SUBJECT_LENGTH = 99
"""SNS takes subjects of *less than* 100 characters."""
SMS_LENGTH = 160
_MAX_CHANGES = 10
_MAX_TENANTS = 20
_MAX_WORKSPACES = 20
_MAX_CLUSTERS = 8
_MAX_PROBLEMS = 20
_HEAD_BYTES, _COPIES_BYTES, _INFOS_BYTES = 15_000, 12_000, 6_000
"""At most, where the whole is bounded; what is wrong gets the rest."""


def subject(report: Report) -> str:
    """Verdict and counts in printable ASCII, at most 99 characters, beginning with a letter."""
    return ascii_line(f"Palette backups {phrases.headline(report)}", SUBJECT_LENGTH)


def sms(report: Report) -> str:
    """The verdict, the counts and the worst finding in at most 160 characters of the GSM alphabet."""
    line = phrases.headline(report)
    problems, _ = problems_and_infos(report)
    if problems:
        line += f". {problems[0].title}: {' '.join(member_lines(problems[0].members, 1, 2))}"
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
    """The whole report for people. ``max_bytes`` (UTF-8, 50,000 or more) bounds it: the worst is shown, the rest counted."""
    problems, infos = problems_and_infos(report)
    is_bounded = max_bytes is not None
    # Before the causes: "can I restore it, and from when?" must not be at the end of a long night's list.
    copies = "\n".join(_copies(report, zone, _COPIES_BYTES if is_bounded else sys.maxsize))
    head = _joined(_head(report, zone), _HEAD_BYTES if is_bounded else sys.maxsize)
    tail = _joined(_infos(report, infos), _INFOS_BYTES if is_bounded else sys.maxsize)
    link = f"The whole report: {report.report_url}" if report.report_url else ""
    room = sys.maxsize if max_bytes is None else max_bytes - _size("\n\n".join((head, copies, tail, link, "")))
    parts = (head, copies, _problems(problems, report, zone, room), tail, link)
    return "\n\n".join(filter(None, parts)) + "\n"


def _head(report: Report, zone: ZoneInfo) -> Iterator[list[str]]:
    yield [phrases.headline(report)]
    yield [phrases.trust_line(report, zone)]
    yield list(filter(None, (phrases.what_if(report, zone), phrases.scope_line(report))))
    yield phrases.caveats(report, _MAX_PROBLEMS)
    yield phrases.tenant_lines(report, _MAX_TENANTS)
    yield phrases.change_lines(report, _MAX_CHANGES)


def _infos(report: Report, infos: Sequence[Group]) -> Iterator[list[str]]:
    muted = phrases.muted_line(report, _MAX_WORKSPACES)
    yield [*([muted] if muted else []), *phrases.info_lines(infos, _MAX_WORKSPACES)]


def _joined(paragraphs: Iterator[list[str]], room: int) -> str:
    """Paragraphs with an empty line between them; of what there is no room for it says how many lines it has."""
    lines = "\n\n".join("\n".join(lines) for lines in paragraphs if lines).split("\n")
    return "\n".join(first_that_fit(lines, room, "more line", _size))


def _size(text: str) -> int:
    return len(text.encode())


def _problems(problems: Sequence[Group], report: Report, zone: ZoneInfo, room: int) -> str:
    """As many groups as there is room for, worst first, and a line about the others."""
    paragraphs: list[str] = []
    reserve = 2000  # for the line about the others
    for index in range(len(problems)):
        paragraph = "\n".join(_group(problems, index, report, zone))
        room -= _size(paragraph) + 2
        if room < reserve:
            return "\n\n".join([*paragraphs, phrases.more_line(problems[index:], report)])
        paragraphs.append(paragraph)
    return "\n\n".join(paragraphs)


def _group(problems: Sequence[Group], index: int, report: Report, zone: ZoneInfo) -> list[str]:
    group = problems[index]
    since = phrases.since_line(group, report.as_of, zone)
    title = f"{group.severity.upper()}  {group.title}" + (f" ({since})" if since else "")
    members = member_lines(group.members, _MAX_WORKSPACES, _MAX_CLUSTERS)
    lines = [title, f"  {quote(group.message, phrases.MESSAGE_LENGTH)}", *(f"  - {member}" for member in members)]
    action = phrases.action_line(problems, index)
    return [*lines, f"  {action}"] if action else lines


def _copies(report: Report, zone: ZoneInfo, room: int) -> list[str]:
    """Whether the problem workspaces can be restored right now, and from when."""
    # Read twice rather than held: on the worst night they are a whole fleet.
    known = [_copies_of(workspace, zone) for workspace in phrases.problem_workspaces(report) if workspace.clusters]
    said = first_that_fit(known, room, "more workspace", _size) if known else []
    lines = "\n".join([*said, *nothing_lines(phrases.problem_workspaces(report), _MAX_WORKSPACES)])
    return ["What can be restored right now:", indent(lines, "  ")] if lines else []


def _copies_of(workspace: WorkspaceReport, zone: ZoneInfo) -> str:
    lines = [f"  {copy_line(cluster, workspace, zone)}" for cluster in workspace.clusters[:_MAX_CLUSTERS]]
    left = len(workspace.clusters) - _MAX_CLUSTERS
    more = [f"  and {count(left, 'more cluster')}"] if left > 0 else []
    return "\n".join([place(workspace.tenant, workspace.project_name, workspace.name), *lines, *more])
