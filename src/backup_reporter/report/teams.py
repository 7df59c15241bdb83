"""The digest as an Adaptive Card for Microsoft Teams.

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
from backup_reporter.report.causes import Cause, Place
from backup_reporter.report.digest import Digest, digest_of
from backup_reporter.report.model import Report
from backup_reporter.report.phrases import shortened

Element = dict[str, Any]
Card = dict[str, Any]

MAX_BYTES = 20_000
"""Of a whole card. Teams refuses messages of about 28 KB, and some of 21 KB:
https://learn.microsoft.com/en-us/connectors/teams/#known-issues-and-limitations-with-actions"""
MAX_LINES = 30
MAX_CHARACTERS = 2500
"""What a person reads of one message, on a telephone."""

_EXTENTS = ((4, 3, 220), (3, 3, 220), (3, 1, 180), (3, 1, 150), (2, 3, 150), (1, 3, 150), (1, 1, 100))
"""How many causes and changes are shown, and how long a line is: from generous to what fits in any case."""
_MAX_PLACES = 2
_MAX_LOST = 3
_MAX_TENANTS = 5
_MAX_URL = 4_000
_MAX_WORKSPACE_URL = 300

_STYLES: dict[Status, str] = {"OK": "good", "WARNING": "warning", "CRITICAL": "attention", "UNKNOWN": "emphasis"}
_COLORS: dict[Severity, str] = {"critical": "attention", "warning": "warning", "unknown": "default", "info": "accent"}


def card(report: Report, zone: ZoneInfo) -> Card:
    """The digest in one card: of the causes, the worst that there is room for."""
    digest = digest_of(report, zone)
    result: Card = {}
    for causes, changes, length in _EXTENTS:
        body = list(_body(digest, causes, changes, length))
        result = _card(body, digest)
        shown = visible(body)
        fits_teams = len(to_json(result)) <= MAX_BYTES
        if fits_teams and len(shown) <= MAX_LINES and sum(map(len, shown)) <= MAX_CHARACTERS:
            break
    return result


def to_json(content: Card) -> bytes:
    """A card, or a message with one, as it is sent."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def visible(elements: Sequence[Element]) -> list[str]:
    """The lines that a person sees, from top to bottom."""
    lines: list[str] = []
    for element in elements:
        lines += (
            visible(element["items"]) if "items" in element else ["".join(run["text"] for run in element["inlines"])]
        )
    return lines


def _card(body: list[Element], digest: Digest) -> Card:
    content: Card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "msteams": {"width": "Full"},
        "body": body,
    }
    link = digest.link
    buttons = {"Open the whole report": link.url, "Open it in the AWS console": link.console_url} if link else {}
    actions = [_open(url, title) for title, url in buttons.items() if url and len(url) <= _MAX_URL]
    return {**content, "actions": actions} if actions else content


def _body(digest: Digest, causes: int, changes: int, length: int) -> Iterator[Element]:
    title = _line(digest.title, length, weight="bolder", size="large")
    yield {"type": "Container", "style": _STYLES[digest.status], "bleed": True, "items": [title]}
    for text in (digest.trust, *digest.remarks[:2]):
        yield _line(text, length, isSubtle=True)
    yield from _section("", digest.tenants[:_MAX_TENANTS], length)
    yield from _section("What can be restored right now", digest.asked_for[: _MAX_LOST + 5], length)
    yield from _section(digest.lost_heading, digest.lost(_MAX_LOST), length)
    for number, cause in enumerate(digest.fix_first[:causes]):
        yield from _cause(cause, length, heading="" if number else "Fix first")
    yield from _section("", digest.changes[: changes + 1], length)
    notes = (digest.more_findings(causes), *digest.rest, *digest.help, digest.link.note if digest.link else None)
    yield from _section("", [note for note in notes if note], length, isSubtle=True)


def _cause(cause: Cause, length: int, heading: str) -> Iterator[Element]:
    if heading:
        yield _line(heading, length, separator=True, weight="bolder")
    title = f"{cause.title}{f' {cause.since}' if cause.since else ''} ({cause.code})"
    yield _line(title, length, separator=not heading, weight="bolder", color=_COLORS[cause.severity])
    for place in cause.where[:_MAX_PLACES]:
        yield _line(place, length, spacing="none")
    more = cause.more_than(_MAX_PLACES)
    if more:
        yield _line(f"and {more} more", length, spacing="none")
    # The message is shortened where it quotes: it must not lose its end, which says when the last good backup was.
    yield _line(shortened(cause.what, length), length, spacing="none", isSubtle=True)
    if cause.action:
        yield _line(f"What to do: {cause.action}", 2 * length, spacing="none")


def _section(title: str, lines: Sequence[Place | str], length: int, **style: object) -> Iterator[Element]:
    if lines and title:
        yield _line(title, length, separator=True, weight="bolder")
    for number, line in enumerate(lines):
        yield _line(line, length, separator=not title and not number, spacing="none", **style)


def _line(
    text: Place | str, length: int, *, separator: bool = False, spacing: str = "small", **style: object
) -> Element:
    """One line. The name of a workspace leads to it in Palette."""
    runs = [_run(str(text), length, **style)]
    if isinstance(text, Place) and text.url and len(text.url) <= _MAX_WORKSPACE_URL:
        name = {**_run(text.name, length, **style), "selectAction": _open(text.url)}
        runs = [name, _run(f": {text.detail}", length, **style)] if text.detail else [name]
    block: Element = {"type": "RichTextBlock", "spacing": "medium" if separator else spacing, "inlines": runs}
    return {**block, "separator": True} if separator else block


def _run(text: str, length: int, **style: object) -> Element:
    return {"type": "TextRun", "text": shortened(text, length) or "–", **style}


def _open(url: str, title: str = "") -> Element:
    return {"type": "Action.OpenUrl", "url": url, **({"title": title} if title else {})}
