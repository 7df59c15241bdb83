"""Slack's limits, as the local Slack enforces them."""

from __future__ import annotations

from typing import Any

import pytest

from support.slack_limits import block_problems, formatting_warnings, length_of_blocks


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": mrkdwn(text)}


GOOD: list[dict[str, Any]] = [
    {"type": "header", "text": plain("h" * 150)},
    section("t" * 3000),
    {"type": "section", "fields": [mrkdwn("f" * 2000)] * 10, "block_id": "b" * 255},
    {"type": "context", "elements": [plain("c")] * 10},
    {"type": "context", "elements": [{"type": "image", "image_url": "https://example.com/i.png", "alt_text": "i"}]},
    {"type": "divider"},
    {"type": "actions", "elements": [{"type": "button", "text": plain("Open"), "url": "https://example.com"}]},
    {"type": "image", "image_url": "https://example.com/i.png", "alt_text": "an image"},
    {"type": "markdown", "text": "# Yes"},
]

BAD: list[tuple[Any, str]] = [
    ({"type": "header", "text": plain("h" * 151)}, "less than 151 characters [json-pointer:/blocks/0/text/text]"),
    ({"type": "header", "text": mrkdwn("h")}, "must be plain_text"),
    ({"type": "header", "text": plain("")}, "more than 0 characters"),
    ({"type": "header", "text": "h"}, "text object"),
    ({"type": "header"}, "text object"),
    (section("t" * 3001), "less than 3001 characters"),
    ({"type": "section"}, "text or fields"),
    ({"type": "section", "text": mrkdwn("t") | {"emoji": True}}, "additional property: emoji"),
    ({"type": "section", "fields": [mrkdwn("f")] * 11}, "no more than 10 items"),
    ({"type": "section", "fields": [mrkdwn("f" * 2001)]}, "less than 2001 characters"),
    ({"type": "section", "text": mrkdwn("t"), "colour": "red"}, "additional property: colour"),
    ({"type": "context", "elements": [plain("c")] * 11}, "no more than 10 items"),
    ({"type": "context", "elements": []}, "no less than 1 items"),
    ({"type": "context"}, "no less than 1 items"),
    ({"type": "context", "elements": [section("t")]}, "unsupported type: section"),
    ({"type": "divider", "block_id": "b" * 256}, "less than 256 characters"),
    ({"type": "actions", "elements": [{"type": "button", "text": plain("b" * 76)}]}, "less than 76 characters"),
    ({"type": "actions", "elements": [{"type": "lever"}]}, "unsupported element"),
    ({"type": "image", "image_url": "https://example.com/i.png"}, "must be a string [json-pointer:/blocks/0/alt_text]"),
    ({"type": "poster"}, "unsupported type: poster"),
    ("text", "unsupported type: None"),
    (None, "unsupported type: None"),
]


@pytest.mark.parametrize("block", GOOD, ids=lambda block: block["type"])
def test_a_block_at_its_limits_is_good(block: dict[str, Any]) -> None:
    assert block_problems([block]) == []


@pytest.mark.parametrize(("block", "says"), BAD)
def test_a_block_beyond_its_limits_is_refused_and_the_place_is_named(block: Any, says: str) -> None:
    problems = block_problems([block])
    assert problems
    assert says in problems[0]


def test_fifty_blocks_are_good_and_one_more_is_not() -> None:
    assert block_problems([{"type": "divider"}] * 50) == []
    assert block_problems([{"type": "divider"}] * 51) == ["no more than 50 items allowed [json-pointer:/blocks]"]


def test_blocks_that_are_no_list_are_refused() -> None:
    assert block_problems("[]") == ["must be an array [json-pointer:/blocks]"]


def test_two_blocks_must_not_have_the_same_id() -> None:
    assert block_problems([{"type": "divider", "block_id": "a"}] * 2) == ["duplicate block_id a"]


def test_the_texts_of_all_blocks_count_together() -> None:
    assert length_of_blocks([section("12345"), {"type": "section", "fields": [plain("67"), plain("8")]}]) == 8


@pytest.mark.parametrize(
    "text",
    [
        "all *well*",
        "a &amp; b &lt;c&gt;",
        "<https://example.com/?a=1&b=2|the report>",
        "<https://example.com>",
        "<mailto:a@example.com|a>",
        "> a quotation\n> of two lines",
    ],
)
def test_well_formed_text_gives_no_warning(text: str) -> None:
    assert formatting_warnings({"text": text, "blocks": [section(text)]}) == []


@pytest.mark.parametrize("text", ["a & b", "a < b", "a > b", "<script>", "&nbsp;", "<|x>"])
def test_an_unescaped_character_is_warned_of(text: str) -> None:
    assert "unescaped" in formatting_warnings({"blocks": [section(text)]})[0]


@pytest.mark.parametrize("text", ["<!channel>", "<!here> look", "<@U012AB3CD>", "<#C123|general>", "<!subteam^S1>"])
def test_a_mention_is_warned_of(text: str) -> None:
    assert "mentions" in formatting_warnings({"text": text})[0]


def test_plain_text_is_shown_as_it_is_and_needs_no_escaping() -> None:
    assert formatting_warnings({"blocks": [{"type": "header", "text": plain("a < b & c")}]}) == []
