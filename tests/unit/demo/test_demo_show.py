"""Messages on a terminal."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from rich.console import Console, RenderableType

from backup_reporter.demo import show
from backup_reporter.demo.local_aws import Mail


def printed(thing: RenderableType, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(thing)
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*bold* and _italic_ and ~gone~ and `code`", "bold and italic and gone and code"),
        ("snake_case_name and 2*3*4", "snake_case_name and 2*3*4"),
        ("a &amp; b &lt;c&gt;", "a & b <c>"),
        ("<https://example.com/?a=1&amp;b=2|the report>", "the report"),
        ("<https://example.com>", "https://example.com"),
        ("*<https://example.com|the report>*", "the report"),
        (":warning: careful", "⚠ careful"),
        ("```a *b*\nc```", "a *b*\nc"),
        ("no :such_emoji_at_all:", "no :such_emoji_at_all:"),
    ],
)
def test_mrkdwn_is_shown_without_its_signs(text: str, shown: str) -> None:
    assert show.mrkdwn(text).plain.replace("\ufe0f", "") == shown


def test_bold_is_bold_and_a_link_leads_somewhere() -> None:
    text = show.mrkdwn("*b* <https://example.com/?a=1&amp;b=2|x>")
    bold, link = text.spans
    assert bold.style == "bold"
    assert getattr(link.style, "link", None) == "https://example.com/?a=1&b=2"


def test_every_kind_of_block_is_shown() -> None:
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": "The verdict"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "*The story*"}},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": word} for word in ("one", "two", "three")]},
        {"type": "divider"},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "small print"}]},
        {"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Open"}}]},
        {"type": "image", "image_url": "https://example.com", "alt_text": "a strip"},
    ]
    shown = printed(show.slack({"text": "fallback", "blocks": blocks}, "backups"))
    for words in ("#backups", "The verdict", "The story", "three", "small print", "[ Open ]", "[image: a strip]", "──"):
        assert words in shown
    assert "fallback" not in shown
    assert any("one" in line and "two" in line for line in shown.splitlines())


def test_a_message_without_blocks_is_its_text() -> None:
    assert "just *text*".replace("*", "") in printed(show.slack({"text": "just *text*"}, "backups"))


def test_a_mail_is_shown_with_its_head_and_without_interpreting_it() -> None:
    mail = Mail("a@example.com", "b@example.com", "Palette backups OK", "all [bold]well[/bold] *really*\n", None)
    shown = printed(show.mail(mail))
    for words in ("From:    a@example.com", "Subject: Palette backups OK", "all [bold]well[/bold] *really*"):
        assert words in shown


def test_every_part_of_a_card_is_shown() -> None:
    body = [
        {"type": "Container", "items": [{"type": "TextBlock", "text": "The title", "weight": "bolder"}]},
        {"type": "RichTextBlock", "spacing": "medium", "inlines": [{"type": "TextRun", "text": "A cause"}]},
    ]
    card = {"body": body, "actions": [{"type": "Action.OpenUrl", "title": "Open", "url": "https://example.com"}]}
    shown = printed(show.teams({"attachments": [{"content": card}]}))
    for words in ("Microsoft Teams", "The title", "A cause", "[ Open ]"):
        assert words in shown


def test_the_lock_screen_has_a_line_for_each_app() -> None:
    seen = show.Seen(
        mail=Mail("a@example.com", "b@example.com", "Palette backups OK", "", None),
        sms="OK Palette\nReport 1",
        slack={"text": "*OK*\nmore"},
        teams={},
        pagerduty={"event_action": "resolve"},
    )
    lines = [re.sub(r" +", " ", line.strip("│ ")) for line in printed(show.lock_screen(seen)).splitlines()]
    assert [line for line in lines if line[:1].isalpha()] == [
        "Slack OK", "E-mail Palette backups OK", "SMS OK Palette", "PagerDuty The alert is resolved"
    ]  # fmt: skip
