"""The digest as Slack's Block Kit, within Slack's limits.

https://docs.slack.dev/reference/block-kit/blocks
https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from backup_reporter.health.catalog import CODES
from backup_reporter.health.findings import Severity, Status
from backup_reporter.report.causes import Cause, Place
from backup_reporter.report.digest import Digest, Link, digest_of
from backup_reporter.report.model import Report
from backup_reporter.report.phrases import shortened

Block = dict[str, Any]
Message = dict[str, Any]

MAX_BLOCKS = 50
MAX_HEADER = 150
MAX_SECTION = 3000
MAX_MESSAGE = 10_000
"""Slack's limit for the characters in all texts of one message."""
MAX_LINES = 30
MAX_CHARACTERS = 2500
"""What a person reads of one message, on a telephone."""

_MAX_IN_THREAD = 30_000
_MAX_OF_REPLY = 9_000
_SIGN_OF_STATUS: dict[Status, str] = {"OK": "🟢", "WARNING": "🟠", "CRITICAL": "🔴", "UNKNOWN": "⚪"}
_SIGN_OF_SEVERITY: dict[Severity, str] = {"critical": "🔴", "unknown": "⚪", "warning": "🟠", "info": "🔵"}

# Notifications show the top-level text, and so does a message without blocks.
_TEXT_AS_IT_IS = {"mrkdwn": False, "parse": "none", "link_names": False, "unfurl_links": False, "unfurl_media": False}


_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
# Slack knows no escape for its formatting characters, so they become their nearest likeness.
_LIKENESSES = str.maketrans({"*": "∗", "~": "∼", "`": "ˋ"})
_BRACKET = "›"
_BRACKETS = str.maketrans({"<": "‹", ">": _BRACKET})
_LOW_LINE = "ˍ"
_WORD_JOINER = "\u2060"


class Extent(Struct, frozen=True):
    """How many entries of each list are shown, and how long a line is."""

    causes: int
    places: int
    lost: int
    changes: int
    length: int


_EXTENTS = (
    Extent(4, 2, 3, 5, 220),
    Extent(3, 2, 3, 5, 220),
    Extent(3, 2, 3, 4, 180),
    Extent(3, 2, 3, 3, 180),
    Extent(3, 2, 3, 2, 180),
    Extent(3, 2, 3, 1, 180),
    Extent(3, 2, 3, 3, 150),
    Extent(3, 2, 3, 2, 120),
    Extent(2, 2, 3, 5, 220),
    Extent(2, 1, 2, 3, 160),
    Extent(1, 1, 2, 2, 150),
    Extent(1, 1, 1, 1, 120),
)
"""From generous to what fits in any case."""
_UNCUT = Extent(0, 0, 0, 0, 600)
_IN_THREAD = Extent(25, 12, 20, 12, 600)
_BEFORE_THREAD = Extent(1, 2, 3, 0, 220)


def message(report: Report, zone: ZoneInfo) -> Message:
    """The digest in one message: at most 30 lines and 2,500 characters."""
    return _fitting(digest_of(report, zone), _EXTENTS)


def thread(report: Report, zone: ZoneInfo) -> tuple[Message, list[Message]]:
    """A short message with the first cause, and the replies to it with all of them."""
    digest = digest_of(report, zone)
    first = _fitting(digest, (_BEFORE_THREAD, *_EXTENTS))
    replies = [
        {"text": "The details.", "blocks": page, **_TEXT_AS_IT_IS} for page in _pages(_details(digest, _IN_THREAD))
    ]
    return first, replies


def plain(report: Report, zone: ZoneInfo) -> Message:
    """The message without blocks, for when Slack does not accept the blocks."""
    blocks = message(report, zone)["blocks"]
    url = f"\n{report.report_url}" if report.report_url else ""
    shown = escape(visible(blocks).replace("*", ""))
    return {"text": cut(shown, MAX_SECTION) + url, **_TEXT_AS_IT_IS}


def _fitting(digest: Digest, extents: Iterable[Extent]) -> Message:
    blocks: list[Block] = []
    for extent in extents:
        blocks = [*_head(digest, extent), *_causes(digest, extent), *_tail(digest, extent)]
        shown = visible(blocks)
        fits_slack = _length(blocks) <= _MAX_OF_REPLY
        if fits_slack and len(shown) <= MAX_CHARACTERS and shown.count("\n") < MAX_LINES:
            break
    return {"text": escape(f"{digest.title}\n{digest.trust}"), "blocks": blocks, **_TEXT_AS_IT_IS}


def visible(blocks: Iterable[Block]) -> str:
    """What a person sees of some blocks: their texts, and of a link only its label."""
    texts = (
        text["text"] for block in blocks for text in (block.get("text"), *block.get("elements", ())) if text is not None
    )
    return html.unescape(re.sub(r"<https?://[^<>|]*\|([^<>]*)>", r"\1", "\n".join(texts)))


def _head(digest: Digest, extent: Extent) -> Iterator[Block]:
    """Title, trust, and what cannot be restored."""
    yield _header(f"{_SIGN_OF_STATUS[digest.status]} {digest.title}")
    yield from _context([digest.trust], _UNCUT)
    yield from _context(digest.remarks[:2], extent)
    yield from _list("", digest.tenants[: extent.lost + 2], extent)
    yield from _list("What can be restored right now", digest.asked_for[: extent.lost + 5], extent)
    yield from _list(digest.lost_heading, digest.lost(extent.lost), extent)


def _causes(digest: Digest, extent: Extent) -> Iterator[Block]:
    for number, cause in enumerate(digest.fix_first[: extent.causes]):
        lines = [*([] if number else ["*Fix first*"]), *_cause(cause, extent)]
        yield from _section("\n".join(lines))


def _cause(cause: Cause, extent: Extent) -> Iterator[str]:
    since = f" {escape(cause.since)}" if cause.since else ""
    yield f"{_SIGN_OF_SEVERITY[cause.severity]} *{escape(cause.title)}*{since} ({escape(cause.code)})"
    more = cause.more_than(extent.places)
    where = [_place(place, extent) for place in cause.where[: extent.places]]
    yield " · ".join([*where, *([f"and {more} more"] if more else [])])
    # Measured before it is escaped: a message full of markup must not lose its end, which says what the last good one is.
    yield escape(shortened(cause.what, extent.length))
    if cause.action:
        is_ours = cause.code in CODES and cause.action == CODES[cause.code].action
        yield f"What to do: {as_it_is(cause.action) if is_ours else cut(escape(cause.action), 300)}"


def _tail(digest: Digest, extent: Extent) -> Iterator[Block]:
    """What changed, how much more there is, and the link."""
    if extent.changes:
        yield from _section(
            "\n".join(cut(escape(line), extent.length) for line in digest.changes[: extent.changes + 1])
        )
    rest = (shortened(digest.more_findings(extent.causes) or "", 150), " ".join(digest.rest), " ".join(digest.help))
    yield from _context(filter(None, rest), extent)
    # A link cannot be cut; one that is longer than a section is left out.
    link = f"<{digest.link.url}|Open the whole report>" if digest.link else ""
    note = f". {_link_note(digest.link)}" if digest.link else ""
    yield from next((_section(text) for text in (link + note, link) if len(text) <= MAX_SECTION), [])


def _link_note(link: Link) -> str:
    """Until when the link works, and the way to the report afterwards; here the console's link stands for the path."""
    if not link.console_url:
        return escape(link.note)
    return f"{escape(link.note_without_path)}, or the <{link.console_url}|AWS console>"


def _details(digest: Digest, extent: Extent) -> Iterator[Block]:
    """Everything that the digest has, for a thread."""
    yield from _list("Cannot be restored", digest.lost(extent.lost), extent)
    yield from _causes(digest, extent)
    yield from _list("", digest.changes, extent)
    yield from _context(filter(None, [digest.more_findings(extent.causes)]), extent)


def _list(heading: str, entries: Iterable[Place | str], extent: Extent) -> list[Block]:
    lines = [
        f"• {_place(entry, extent) if isinstance(entry, Place) else cut(escape(entry), extent.length)}"
        for entry in entries
    ]
    return _section("\n".join([*([f"*{escape(heading)}*"] if heading else []), *lines])) if lines else []


def _place(place: Place, extent: Extent) -> str:
    name = cut(escape(place.name), extent.length)
    linked = f"<{place.url}|{name}>" if place.url else name
    return f"{linked}: {cut(escape(place.detail), extent.length)}" if place.detail else linked


def _header(text: str) -> Block:
    # A header is plain text: it has no entities.
    plain_text = _without_markup(text).translate(_BRACKETS)
    return {"type": "header", "text": {"type": "plain_text", "text": cut(plain_text, MAX_HEADER), "emoji": False}}


def _section(text: str) -> list[Block]:
    return [{"type": "section", "text": _mrkdwn(cut(text, MAX_SECTION))}] if text else []


def _context(lines: Iterable[str], extent: Extent) -> list[Block]:
    text = "\n".join(cut(escape(line), extent.length) for line in lines)
    return [{"type": "context", "elements": [_mrkdwn(text)]}] if text else []


def _mrkdwn(text: str) -> dict[str, Any]:
    # verbatim: Slack must not turn URLs, #names and @names in it into links and mentions by itself.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _pages(blocks: Iterable[Block]) -> Iterator[list[Block]]:
    """Blocks in messages that are each within the limits; what is too much for a thread is left out."""
    page: list[Block] = []
    total = 0
    for block in blocks:
        total += len(visible([block]))
        if total > _MAX_IN_THREAD:
            break
        if page and (len(page) == MAX_BLOCKS or _length([*page, block]) > _MAX_OF_REPLY):
            yield page
            page = []
        page.append(block)
    if page:
        yield page


def _length(blocks: Iterable[Block]) -> int:
    return sum(
        len(text["text"]) for block in blocks for text in (block.get("text"), *block.get("elements", ())) if text
    )


def escape(text: str) -> str:
    """Text from outside in ``mrkdwn``: no mention, no link, no formatting, no quotation, no emoji, no entity of its own."""
    # Slack takes a line for a quotation if it begins with this entity, too.
    return re.sub(r"^&gt;", _BRACKET, _without_markup(as_it_is(text)), flags=re.MULTILINE)


def _without_markup(text: str) -> str:
    """Text whose formatting characters are replaced by a likeness, or separated by an invisible character.

    This changes only what Slack would format: an underscore within a word stays, and names are full of them.
    """
    neutral = text.translate(_LIKENESSES)
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
