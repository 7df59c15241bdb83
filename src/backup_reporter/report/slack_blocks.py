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
from backup_reporter.health.wording import count, quote
from backup_reporter.report import phrases
from backup_reporter.report.groups import Group, groups
from backup_reporter.report.model import Report

Block = dict[str, Any]

MAX_BLOCKS = 50
MAX_HEADER = 150
MAX_SECTION = 3000
MAX_MESSAGE = 10_000
"""Characters in all texts of one message together."""

_MESSAGE = 500
_MOST_CHANGES = 5
_MOST_WORKSPACES = 5
_MOST_CLUSTERS = 5
_MOST_COPIES = 8
_MOST_PROBLEMS = 3
_ROOM_FOR_GROUPS = 5500
_SIGN_OF_STATUS: dict[Status, str] = {"OK": "🟢", "WARNING": "🟠", "CRITICAL": "🔴", "UNKNOWN": "⚪"}
_SIGN_OF_SEVERITY: dict[Severity, str] = {"critical": "🔴", "unknown": "⚪", "warning": "🟠", "info": "🔵"}

# Slack knows no escape for its formatting characters, so they become their nearest likeness.
_LOOKALIKES = str.maketrans({"*": "∗", "~": "∼", "`": "ˋ", "&": "&amp;", "<": "&lt;", ">": "&gt;"})
_JOINER = "\u2060"


def message(report: Report, zone: ZoneInfo) -> dict[str, Any]:
    """The verdict and what matters most: ``text`` (for notifications and as a fallback) and ``blocks``."""
    return {"text": fallback_text(report, zone), "blocks": blocks(report, zone), **_UNFORMATTED}


_UNFORMATTED = {"mrkdwn": False, "parse": "none", "link_names": False, "unfurl_links": False, "unfurl_media": False}


def plain_message(report: Report, zone: ZoneInfo) -> dict[str, Any]:
    """The same without blocks, for when Slack does not like the blocks."""
    lines = [fallback_text(report, zone), *phrases.change_lines(report, _MOST_CHANGES)]
    problems = [group for group in groups(report) if group.severity != "info"]
    lines += [f"{group.title}: {phrases.member_lines(group.members, 1, 1)[0]}" for group in problems[:20]]
    lines += [phrases.more_line(problems[20:], report)] if problems[20:] else []
    return {"text": cut("\n".join([lines[0], *map(escape, lines[1:])]), MAX_SECTION), **_UNFORMATTED}


def fallback_text(report: Report, zone: ZoneInfo) -> str:
    """The verdict, the trust line and what is wrong with the report, escaped."""
    parts = (phrases.headline(report), phrases.what_if(report, zone), phrases.trust_line(report, zone))
    return escape("\n".join(part for part in parts if part))


def blocks(report: Report, zone: ZoneInfo) -> list[Block]:
    """The message's blocks: at most 50 of them and fewer than 10,000 characters together."""
    found = groups(report)
    problems = [group for group in found if group.severity != "info"]
    infos = [group for group in found if group.severity == "info"]
    return [
        _header(f"{_SIGN_OF_STATUS[report.status]} {phrases.headline(report)}"),
        *_section(_bold(phrases.what_if(report, zone))),
        *_context([phrases.trust_line(report, zone), *filter(None, [phrases.scope_line(report)])]),
        *_section("\n".join(cut(escape(quote(one, _MESSAGE)), _MESSAGE) for one in report.problems[:_MOST_PROBLEMS])),
        *_section(cut("\n".join(map(escape, phrases.change_lines(report, _MOST_CHANGES))), 1200)),
        *_group_blocks(problems, report, zone),
        *_section(_copies(report, zone)),
        *_context([*phrases.info_lines(infos, _MOST_WORKSPACES), *filter(None, [phrases.muted_line(report)])]),
        *_link(report),
    ]


def escape(text: str) -> str:
    """Somebody's text, neutral in ``mrkdwn``: no mention, no link, no formatting, no entity of its own."""
    neutral = text.translate(_LOOKALIKES)
    # An underscore within a word formats nothing, and names are full of them.
    neutral = re.sub(r"(?<!\w)_|_(?!\w)", "ˍ", neutral)
    return re.sub(r"(?<!\w)([@#])(?=\w)", rf"\1{_JOINER}", neutral)


def cut(escaped: str, length: int) -> str:
    """Escaped text of at most ``length`` characters, cut between words, so never in an entity."""
    if len(escaped) <= length:
        return escaped
    ends = [match.start() for match in re.finditer(r"\s", escaped[:length])]
    return (escaped[: ends[-1]].rstrip() + " …") if ends and ends[-1] + 2 <= length else _cut_before(ends, escaped)


def _cut_before(ends: Sequence[int], escaped: str) -> str:
    return escaped[: ends[-2]].rstrip() + " …" if len(ends) > 1 else "…"


def _group_blocks(problems: Sequence[Group], report: Report, zone: ZoneInfo) -> Iterator[Block]:
    """As many groups as there is room for, worst first, and a line about the others."""
    room = _ROOM_FOR_GROUPS
    for index, group in enumerate(problems):
        text = _group(group, report, zone)
        room -= len(text)
        if room < 0 or index >= MAX_BLOCKS - 15:
            yield from _section(cut(escape(phrases.more_line(problems[index:], report)), 800))
            return
        yield from _section(text)


def _group(group: Group, report: Report, zone: ZoneInfo) -> str:
    since = phrases.since_line(group, report.as_of, zone)
    title = f"{_SIGN_OF_SEVERITY[group.severity]} *{escape(group.title)}*" + (f" ({escape(since)})" if since else "")
    members = phrases.member_lines(group.members, _MOST_WORKSPACES, _MOST_CLUSTERS)
    lines = [title, cut(escape(quote(group.message, _MESSAGE)), _MESSAGE)]
    lines += [f"• {cut(escape(member), 300)}" for member in members]
    return "\n".join([*lines, f"What to do: {escape(group.action)}"] if group.action else lines)


def _copies(report: Report, zone: ZoneInfo) -> str:
    """Whether the problem workspaces can be restored right now, and from when."""
    lines: list[str] = []
    bad = [workspace for workspace in phrases.problem_workspaces(report) if workspace.clusters]
    for workspace in bad[:_MOST_COPIES]:
        named = "; ".join(
            phrases.copy_line(cluster, workspace, zone) for cluster in workspace.clusters[:_MOST_CLUSTERS]
        )
        left = len(workspace.clusters) - _MOST_CLUSTERS
        more = f"; and {count(left, 'more cluster')}" if left > 0 else ""
        place = phrases.place(workspace.project_name, workspace.name)
        lines.append(f"• {cut(escape(f'{place}: {named}{more}'), 400)}")
    if len(bad) > _MOST_COPIES:
        lines.append(f"• and {count(len(bad) - _MOST_COPIES, 'more workspace')}")
    return cut("\n".join(["*What can be restored right now*", *lines]), 2000) if lines else ""


def _header(text: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": cut(text, MAX_HEADER), "emoji": True}}


def _section(text: str) -> list[Block]:
    return [{"type": "section", "text": _mrkdwn(cut(text, MAX_SECTION))}] if text else []


def _context(lines: Iterable[str]) -> list[Block]:
    text = cut("\n".join(map(escape, lines)), 1000)
    return [{"type": "context", "elements": [_mrkdwn(text)]}] if text else []


def _link(report: Report) -> list[Block]:
    return _section(f"<{report.report_url}|Open the whole report>") if report.report_url else []


def _mrkdwn(text: str) -> dict[str, Any]:
    # verbatim: Slack must not turn URLs, #names and @names in it into links and mentions by itself.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _bold(text: str | None) -> str:
    return f"*{escape(text)}*" if text else ""
