"""What Slack documents about messages, checked as strictly as Slack does it, and a little more.

https://docs.slack.dev/reference/block-kit/blocks
https://docs.slack.dev/reference/block-kit/composition-objects/text-object
https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

MAX_TEXT = 40_000
MAX_BLOCKS = 50
MAX_TEXT_OF_BLOCKS = 11_000
"""Nowhere documented, but met: 9,597 characters were taken and 11,341 refused (github.com/slackapi/bolt-js, 2867)."""

_SPECIAL = re.compile(r"<(?:https?://|mailto:)[^<>|]+(?:\|[^<>]*)?>")
_MENTION = re.compile(r"<[@#!][^<>]*>")
_ENTITY = re.compile(r"&(?:amp|lt|gt);")

_Block = dict[str, Any]


def block_problems(blocks: Any) -> list[str]:
    """Why Slack would answer ``invalid_blocks``; empty where it would not."""
    if not isinstance(blocks, list):
        return ["must be an array [json-pointer:/blocks]"]
    if len(blocks) > MAX_BLOCKS:
        return [f"no more than {MAX_BLOCKS} items allowed [json-pointer:/blocks]"]
    problems = [problem for index, block in enumerate(blocks) for problem in _block(block, f"/blocks/{index}")]
    ids = [block["block_id"] for block in blocks if isinstance(block, dict) and block.get("block_id")]
    return problems + [f"duplicate block_id {name}" for name in sorted({name for name in ids if ids.count(name) > 1})]


def length_of_blocks(blocks: Any) -> int:
    """Characters in every text of the blocks, however deep."""
    if isinstance(blocks, dict):
        return sum(len(v) if k == "text" and isinstance(v, str) else length_of_blocks(v) for k, v in blocks.items())
    return sum(map(length_of_blocks, blocks)) if isinstance(blocks, list) else 0


def formatting_warnings(payload: Any) -> list[str]:
    """What Slack takes but shows otherwise than meant: unescaped ``& < >``, and mentions of people and channels."""
    return [warning for text in _mrkdwn_texts(payload) for warning in _warnings(text)]


def _mrkdwn_texts(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        text = node.get("text")
        if isinstance(text, str) and node.get("type", "mrkdwn") == "mrkdwn":
            yield text
        for value in node.values():
            yield from _mrkdwn_texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _mrkdwn_texts(value)


def _warnings(text: str) -> Iterator[str]:
    yield from (f"mentions {mention}" for mention in _MENTION.findall(text))
    rest = _ENTITY.sub("", _MENTION.sub("", _SPECIAL.sub("", text)))
    quotes_gone = re.sub(r"^>+", "", rest, flags=re.MULTILINE)
    for match in re.finditer(r"[&<>]", quotes_gone):
        yield f"unescaped {match[0]} near {quotes_gone[max(0, match.start() - 20) : match.end() + 20]!r}"


def _block(block: Any, at: str) -> Iterator[str]:
    kind = block.get("type") if isinstance(block, dict) else None
    if kind not in _KINDS:
        yield f"unsupported type: {kind} [json-pointer:{at}/type]"
        return
    check, fields = _KINDS[kind]
    yield from _unknown_fields(block, {"type", "block_id", *fields}, at)
    yield from _length(block.get("block_id", "-"), 255, f"{at}/block_id")
    yield from check(block, at)


def _section(block: _Block, at: str) -> Iterator[str]:
    if not block.get("text") and not block.get("fields"):
        yield f"missing required field: text or fields [json-pointer:{at}]"
    if "text" in block:
        yield from _text(block["text"], 3000, f"{at}/text")
    if "fields" in block:
        yield from _items(block["fields"], 10, f"{at}/fields")
        for index, field in enumerate(block["fields"]):
            yield from _text(field, 2000, f"{at}/fields/{index}")


def _header(block: _Block, at: str) -> Iterator[str]:
    yield from _text(block.get("text"), 150, f"{at}/text", kinds=("plain_text",))


def _context(block: _Block, at: str) -> Iterator[str]:
    elements = block.get("elements")
    yield from _items(elements, 10, f"{at}/elements")
    for index, element in enumerate(elements if isinstance(elements, list) else ()):
        if isinstance(element, dict) and element.get("type") == "image":
            yield from _image(element, f"{at}/elements/{index}")
        else:
            yield from _text(element, 2000, f"{at}/elements/{index}")


def _image(block: _Block, at: str) -> Iterator[str]:
    yield from _length(block.get("image_url"), 3000, f"{at}/image_url")
    yield from _length(block.get("alt_text"), 2000, f"{at}/alt_text")


def _actions(block: _Block, at: str) -> Iterator[str]:
    elements = block.get("elements")
    yield from _items(elements, 25, f"{at}/elements")
    for index, element in enumerate(elements if isinstance(elements, list) else ()):
        if isinstance(element, dict) and element.get("type") == "button":
            yield from _text(element.get("text"), 75, f"{at}/elements/{index}/text", kinds=("plain_text",))
            yield from _length(element.get("url", "-"), 3000, f"{at}/elements/{index}/url")
        else:
            yield f"unsupported element [json-pointer:{at}/elements/{index}]"


def _markdown(block: _Block, at: str) -> Iterator[str]:
    yield from _length(block.get("text"), 12_000, f"{at}/text")


def _nothing(_block: _Block, _at: str) -> Iterator[str]:
    yield from ()


_KINDS: dict[str, tuple[Callable[[_Block, str], Iterator[str]], tuple[str, ...]]] = {
    "section": (_section, ("text", "fields", "accessory", "expand")),
    "header": (_header, ("text",)),
    "context": (_context, ("elements",)),
    "divider": (_nothing, ()),
    "image": (_image, ("image_url", "alt_text", "title", "slack_file")),
    "actions": (_actions, ("elements",)),
    "markdown": (_markdown, ("text",)),
}
"""The kinds of block that a report has a use for; Slack knows more."""


def _text(text: Any, longest: int, at: str, kinds: tuple[str, ...] = ("plain_text", "mrkdwn")) -> Iterator[str]:
    if not isinstance(text, dict):
        yield f"missing required field: a text object [json-pointer:{at}]"
        return
    kind = text.get("type")
    if kind not in kinds:
        yield f"unsupported type: {kind}, must be {' or '.join(kinds)} [json-pointer:{at}/type]"
    own = "emoji" if kind == "plain_text" else "verbatim"
    yield from _unknown_fields(text, {"type", "text", own}, at)
    yield from _length(text.get("text"), longest, f"{at}/text")


def _length(value: Any, longest: int, at: str) -> Iterator[str]:
    if not isinstance(value, str):
        yield f"must be a string [json-pointer:{at}]"
    elif not value:
        yield f"must be more than 0 characters [json-pointer:{at}]"
    elif len(value) > longest:
        yield f"must be less than {longest + 1} characters [json-pointer:{at}]"


def _items(value: Any, most: int, at: str) -> Iterator[str]:
    if not isinstance(value, list) or not value:
        yield f"no less than 1 items required [json-pointer:{at}]"
    elif len(value) > most:
        yield f"no more than {most} items allowed [json-pointer:{at}]"


def _unknown_fields(value: _Block, known: set[str], at: str) -> Iterator[str]:
    for name in sorted(value.keys() - known):
        yield f"invalid additional property: {name} [json-pointer:{at}]"
