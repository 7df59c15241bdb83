"""The report as an Adaptive Card for Microsoft Teams.

https://learn.microsoft.com/en-us/microsoftteams/platform/task-modules-and-cards/cards/cards-reference#adaptive-card
https://adaptivecards.io/explorer/

Text from Palette stands in text runs, which know no Markdown: it can make neither a link nor a mention. Colors are named by
their meaning, so that a card can be read on a light and on a dark background.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from backup_reporter.health.findings import Severity, Status
from backup_reporter.report import phrases
from backup_reporter.report.groups import Group, problems_and_infos
from backup_reporter.report.locations import member_lines
from backup_reporter.report.model import Report
from backup_reporter.report.restorable import nothing_lines
from backup_reporter.wording import quote

Element = dict[str, Any]
Card = dict[str, Any]

MAX_BYTES = 20_000
"""Of a whole card. Teams refuses messages of about 28 KB, and some of 21 KB:
https://learn.microsoft.com/en-us/connectors/teams/#known-issues-and-limitations-with-actions"""

_MAX_GROUPS = 6
_MAX_WORKSPACES = 3
_MAX_CLUSTERS = 4
_MAX_LINES = 3
_MAX_TENANTS = 6
_LINE_LENGTH = 500
_CHANGE_LENGTH = 150
_MAX_LINK_LENGTH = 4_000

_STYLES: dict[Status, str] = {"OK": "good", "WARNING": "warning", "CRITICAL": "attention", "UNKNOWN": "emphasis"}
_COLORS: dict[Severity, str] = {"critical": "attention", "warning": "warning", "unknown": "default", "info": "accent"}


def card(report: Report, zone: ZoneInfo) -> Card:
    """The card: of the problems, the worst that there is room for."""
    top, bottom = [_title(report), *_top(report, zone)], _bottom(report)
    problems, _ = problems_and_infos(report)
    shown = len(problems[:_MAX_GROUPS])
    while True:
        middle = [element for index in range(shown) for element in _group(problems, index, report, zone)]
        if problems[shown:]:
            middle += [_line(phrases.more_line(problems[shown:], report), separator=True)]
        result = _card([*top, *middle, *bottom], report.report_url)
        if len(json.dumps(result)) <= MAX_BYTES or not shown:
            return result
        shown -= 1


def _card(body: list[Element], link: str | None) -> Card:
    content: Card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "msteams": {"width": "Full"},
        "body": body,
    }
    if link and len(link) <= _MAX_LINK_LENGTH:
        content["actions"] = [{"type": "Action.OpenUrl", "title": "Open the whole report", "url": link}]
    return content


def _title(report: Report) -> Element:
    title = _line(phrases.headline(report), weight="bolder", size="large")
    return {"type": "Container", "style": _STYLES[report.status], "bleed": True, "items": [title]}


def _top(report: Report, zone: ZoneInfo) -> Iterator[Element]:
    for text in (phrases.what_if(report, zone), phrases.trust_line(report, zone), phrases.scope_line(report)):
        if text:
            yield _line(text, isSubtle=True)
    for text in phrases.caveats(report, 2):
        yield _line(text, color="warning")
    for text in phrases.tenant_lines(report, _MAX_TENANTS):
        yield _line(text)
    nothing = nothing_lines(phrases.problem_workspaces(report), _MAX_WORKSPACES)[:_MAX_LINES]
    yield from _section("Cannot be restored", nothing)


def _group(problems: Sequence[Group], index: int, report: Report, zone: ZoneInfo) -> Iterator[Element]:
    group = problems[index]
    since = phrases.since_line(group, report.as_of, zone)
    title = group.title + (f" ({since})" if since else "")
    yield _line(title, separator=True, weight="bolder", color=_COLORS[group.severity])
    for member in member_lines(group.members, _MAX_WORKSPACES, _MAX_CLUSTERS):
        yield _line(member, spacing="none")
    yield _line(group.message, spacing="none", isSubtle=True)
    action = phrases.action_line(problems, index)
    if action:
        yield _line(action, spacing="none")


def _bottom(report: Report) -> list[Element]:
    muted = phrases.muted_line(report, _MAX_WORKSPACES)
    lines = [*phrases.change_lines(report, _MAX_LINES, _CHANGE_LENGTH), *([muted] if muted else [])]
    return list(_section("What changed", lines))


def _section(title: str, lines: Sequence[str]) -> Iterator[Element]:
    if lines:
        yield _line(title, separator=True, weight="bolder")
        yield from (_line(line, spacing="none") for line in lines)


def _line(text: str, *, separator: bool = False, spacing: str = "small", **style: object) -> Element:
    run = {"type": "TextRun", "text": quote(text, _LINE_LENGTH) or "–", **style}
    block: Element = {"type": "RichTextBlock", "spacing": "medium" if separator else spacing, "inlines": [run]}
    return {**block, "separator": True} if separator else block
