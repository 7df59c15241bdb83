"""The report as Slack's Block Kit, within Slack's limits.

https://docs.slack.dev/reference/block-kit/blocks
https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from backup_reporter.health.findings import Severity, Status
from backup_reporter.health.workspace_report import WorkspaceReport
from backup_reporter.report import phrases
from backup_reporter.report.groups import Group, problems_and_infos
from backup_reporter.report.locations import first_that_fit, member_lines, place
from backup_reporter.report.model import Report
from backup_reporter.report.restorable import copy_line, nothing_lines
from backup_reporter.wording import quote

Block = dict[str, Any]
Message = dict[str, Any]

MAX_BLOCKS = 50
MAX_HEADER = 150
MAX_SECTION = 3000
MAX_MESSAGE = 10_000
"""Characters in all texts of one message together."""

_ROOM = 9_500
"""What this project fills of a message; how Slack counts an emoji is not documented."""
_ROOM_IN_THREAD = 30_000
_MESSAGE = 500
_MAX_GROUPS = 35
_MAX_CHANGES = 5
_CHANGE_LENGTH = 150
_MAX_TENANTS = 10
_MAX_WORKSPACES = 5
_MAX_CLUSTERS = 5
_COPIES_LENGTH = 1500
_COPIES_OF_ONE_LENGTH = 300
_SIGN_OF_STATUS: dict[Status, str] = {"OK": "🟢", "WARNING": "🟠", "CRITICAL": "🔴", "UNKNOWN": "⚪"}
_SIGN_OF_SEVERITY: dict[Severity, str] = {"critical": "🔴", "unknown": "⚪", "warning": "🟠", "info": "🔵"}

# The top-level text is shown by notifications, and where there are no blocks.
_TEXT_AS_IT_IS = {"mrkdwn": False, "parse": "none", "link_names": False, "unfurl_links": False, "unfurl_media": False}


_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
# Slack knows no escape for its formatting characters, so they become their nearest likeness.
_LIKENESSES = str.maketrans({"*": "∗", "~": "∼", "`": "ˋ"})
_LOW_LINE = "ˍ"
_WORD_JOINER = "\u2060"


def message(report: Report, zone: ZoneInfo) -> Message:
    """Everything that matters in one message: at most 50 blocks, fewer than 10,000 characters."""
    text = _summary_text(report, zone)
    top, link = _workspace_report(report, zone), _link(report)
    details = _details(report, zone, _ROOM - len(text) - _length([*top, *link]))
    return {"text": text, "blocks": [*top, *details, *link], **_TEXT_AS_IT_IS}


def thread(report: Report, zone: ZoneInfo) -> tuple[Message, list[Message]]:
    """The same as a short message and the replies to it with the details."""
    problems, _ = problems_and_infos(report)
    kinds = cut(escape(phrases.kinds(problems)), 600)
    blocks = [*_workspace_report(report, zone), *_section(kinds), *_link(report)]
    first = {"text": _summary_text(report, zone), "blocks": blocks, **_TEXT_AS_IT_IS}
    replies = [
        {"text": "The details.", "blocks": page, **_TEXT_AS_IT_IS}
        for page in _pages(_details(report, zone, _ROOM_IN_THREAD))
    ]
    return first, replies


def plain(report: Report, zone: ZoneInfo) -> Message:
    """The message without blocks, for when Slack does not like the blocks."""
    problems, _ = problems_and_infos(report)
    lines = [
        escape(one)
        for one in (*phrases.caveats(report, 2), *phrases.change_lines(report, _MAX_CHANGES, _CHANGE_LENGTH))
    ]
    lines += [escape(f"{one.title}: {'; '.join(member_lines(one.members, 2, 3))}") for one in problems[:20]]
    lines += [escape(phrases.more_line(problems[20:], report))] if problems[20:] else []
    link = f"\n{report.report_url}" if report.report_url else ""
    return {"text": cut("\n".join([_summary_text(report, zone), *lines]), MAX_SECTION) + link, **_TEXT_AS_IT_IS}


def _summary_text(report: Report, zone: ZoneInfo) -> str:
    parts = (phrases.headline(report), phrases.what_if(report, zone), phrases.trust_line(report, zone))
    return escape("\n".join(part for part in parts if part))


def _workspace_report(report: Report, zone: ZoneInfo) -> list[Block]:
    """What everybody should see: the verdict, how much it can be trusted, and what changed."""
    trust = [phrases.trust_line(report, zone), *filter(None, [phrases.scope_line(report)])]
    caveats = "\n".join(cut(escape(one), 300) for one in phrases.caveats(report, 2))
    tenants = "\n".join(map(escape, phrases.tenant_lines(report, _MAX_TENANTS)))
    changes = "\n".join(map(escape, phrases.change_lines(report, _MAX_CHANGES, _CHANGE_LENGTH)))
    return [
        _header(f"{_SIGN_OF_STATUS[report.status]} {phrases.headline(report)}"),
        *_section(escape(phrases.what_if(report, zone) or "")),
        *_context(trust, 400),
        *_section(caveats),
        *_section(cut(tenants, 1000)),
        *_section(cut(changes, 1500)),
    ]


def _details(report: Report, zone: ZoneInfo, room: int) -> list[Block]:
    """What can be restored, and the findings grouped by cause, worst first, as many as there is room for."""
    problems, infos = problems_and_infos(report)
    # Before the causes: "can I restore it, and from when?" must not be at the end of a long night's list.
    copies = _section(_copies(report, zone))
    muted = filter(None, [phrases.muted_line(report, _MAX_WORKSPACES)])
    tail = _context([*muted, *phrases.info_lines(infos, _MAX_WORKSPACES)], 1500)
    return [*copies, *_groups(problems, report, zone, room - _length([*copies, *tail])), *tail]


def _groups(problems: Sequence[Group], report: Report, zone: ZoneInfo, room: int) -> Iterator[Block]:
    room -= 600  # for the line about those left out
    for index in range(len(problems)):
        text = _group(problems, index, report, zone)
        room -= len(text)
        if room < 0 or index >= _MAX_GROUPS:
            yield from _section(cut(escape(phrases.more_line(problems[index:], report)), 600))
            return
        yield from _section(text)


def _group(problems: Sequence[Group], index: int, report: Report, zone: ZoneInfo) -> str:
    group = problems[index]
    since = phrases.since_line(group, report.as_of, zone)
    title = f"{_SIGN_OF_SEVERITY[group.severity]} *{escape(group.title)}*" + (f" ({since})" if since else "")
    members = member_lines(group.members, _MAX_WORKSPACES, _MAX_CLUSTERS)
    # Measured before it is escaped: a message full of markup must not lose its end, which says what is left to restore.
    lines = [title, escape(quote(group.message, _MESSAGE))]
    lines += [f"• {cut(escape(member), 300)}" for member in members]
    action = phrases.action_line(problems, index)
    return "\n".join([*lines, as_it_is(action)] if action else lines)


def _copies(report: Report, zone: ZoneInfo) -> str:
    """Whether the problem workspaces can be restored right now, and from when."""
    # Read twice rather than held: on the worst night they are a whole fleet.
    bad = phrases.problem_workspaces(report)
    known = [escape(_copies_of(workspace, zone)) for workspace in bad if workspace.clusters]
    lines = first_that_fit(known, _COPIES_LENGTH, "more workspace") if known else []
    nothing = nothing_lines(phrases.problem_workspaces(report), _MAX_WORKSPACES)
    lines += [cut(escape(line), 300) for line in nothing]
    return "\n".join(["*What can be restored right now*", *(f"• {line}" for line in lines)]) if lines else ""


def _copies_of(workspace: WorkspaceReport, zone: ZoneInfo) -> str:
    said = [copy_line(cluster, workspace, zone) for cluster in workspace.clusters]
    named = first_that_fit(said, _COPIES_OF_ONE_LENGTH, "more cluster")
    return f"{place(workspace.tenant, workspace.project_name, workspace.name)}: {'; '.join(named)}"


def _header(text: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": cut(text, MAX_HEADER), "emoji": True}}


def _section(text: str) -> list[Block]:
    return [{"type": "section", "text": _mrkdwn(cut(text, MAX_SECTION))}] if text else []


def _context(lines: Iterable[str], length: int) -> list[Block]:
    text = cut("\n".join(map(escape, lines)), length)
    return [{"type": "context", "elements": [_mrkdwn(text)]}] if text else []


def _link(report: Report) -> list[Block]:
    # A link cannot be cut; one that is longer than a section is left out.
    link = f"<{report.report_url}|Open the whole report>" if report.report_url else ""
    return _section(link) if len(link) <= MAX_SECTION else []


def _mrkdwn(text: str) -> dict[str, Any]:
    # verbatim: Slack must not turn URLs, #names and @names in it into links and mentions by itself.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _length(blocks: Iterable[Block]) -> int:
    return sum(
        len(text["text"]) for block in blocks for text in (block.get("text"), *block.get("elements", ())) if text
    )


def _pages(blocks: Iterable[Block]) -> Iterator[list[Block]]:
    """Blocks in messages that are each within the limits."""
    page: list[Block] = []
    for block in blocks:
        if page and (len(page) == MAX_BLOCKS or _length([*page, block]) > _ROOM - 100):
            yield page
            page = []
        page.append(block)
    if page:
        yield page


def escape(text: str) -> str:
    """Somebody else's text in ``mrkdwn``: no mention, no link, no formatting, no emoji, no entity of its own.

    What must not work as markup is replaced by its likeness or parted by an invisible character
    only where it could: an underscore within a word formats nothing, and names are full of them.
    """
    neutral = as_it_is(text).translate(_LIKENESSES)
    neutral = re.sub(r"(?<!\w)_|_(?!\w)", _LOW_LINE, neutral)
    neutral = re.sub(r"(?<!\w)([@#])(?=\w)", rf"\1{_WORD_JOINER}", neutral)
    return re.sub(r"(?<!\w):(?=[a-z0-9_+'-]+:)", f":{_WORD_JOINER}", neutral)


def as_it_is(text: str) -> str:
    """Our own text, which has no markup in it and can be copied: only what Slack reserves is escaped."""
    return text.translate(_ENTITIES)


def cut(escaped: str, length: int) -> str:
    """Escaped text of at most ``length`` characters: cut between words, or within a word that is very long."""
    if len(escaped) <= length:
        return escaped
    head = re.sub(r"&[a-z]*$", "", escaped[: length - 1])  # never within an entity
    words = re.sub(r"\s+\S*$", "", head)
    return f"{words} …" if len(head) // 2 < len(words) < len(head) else f"{head}…"
