"""Draws messages on a terminal, much as their readers see them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.emoji import Emoji
from rich.panel import Panel
from rich.rule import Rule
from rich.style import Style
from rich.table import Table
from rich.text import Text

from backup_reporter.demo.inbox import Inbox
from backup_reporter.demo.local_aws import LocalAws, Mail

_FORMATS = re.compile(
    r"```(?P<block>.+?)```"
    r"|`(?P<code>[^`\n]+)`"
    r"|<(?P<url>(?:https?://|file://|mailto:)[^<>|]+)(?:\|(?P<label>[^<>]*))?>"
    r"|(?<!\w)\*(?P<bold>[^*\n]+)\*(?!\w)"
    r"|(?<!\w)_(?P<italic>[^_\n]+)_(?!\w)"
    r"|(?<!\w)~(?P<strike>[^~\n]+)~(?!\w)",
    re.DOTALL,
)
_STYLES = {"block": "cyan", "code": "cyan", "bold": "bold", "italic": "italic", "strike": "strike"}


@dataclass(frozen=True)
class Seen:
    """The last message of each channel, as it arrived."""

    mail: Mail
    sms: str
    slack: Mapping[str, Any]
    teams: Mapping[str, Any]
    pagerduty: Mapping[str, Any]

    @classmethod
    def of(cls, inbox: Inbox, aws: LocalAws) -> Seen:
        """What arrived last."""
        return cls(aws.mails()[-1], aws.text_messages()[-1], inbox.slack[-1], inbox.teams[-1], inbox.pagerduty[-1])


def everything(seen: Seen) -> Iterator[RenderableType]:
    """Every medium, in the order in which a person meets them."""
    yield lock_screen(seen)
    yield _panel("SMS", "green", Text(seen.sms))
    yield slack(seen.slack, "backups")
    yield teams(seen.teams)
    yield mail(seen.mail)


def lock_screen(seen: Seen) -> RenderableType:
    """What the notifications say before anything is opened."""
    table = Table.grid(padding=(0, 2))
    notices = {
        "Slack": mrkdwn(seen.slack["text"]).plain,
        "E-mail": seen.mail.subject,
        "SMS": seen.sms,
        "PagerDuty": _pagerduty_notice(seen.pagerduty),
    }
    for app, notice in notices.items():
        table.add_row(Text(app, "dim"), Text(notice.splitlines()[0], "bold"))
    return _panel("Lock screen", "white", table)


def _pagerduty_notice(event: Mapping[str, Any]) -> str:
    return str(event["payload"]["summary"]) if event["event_action"] == "trigger" else "The alert is resolved"


def _panel(title: str, style: str, content: RenderableType) -> RenderableType:
    return Panel(content, title=title, title_align="left", border_style=style, padding=(1, 2))


def teams(message: Mapping[str, Any]) -> RenderableType:
    """An Adaptive Card in Teams."""
    card = message["attachments"][0]["content"]
    buttons = Text("  ").join(_card_button(action) for action in card.get("actions", ()))
    return _panel("Microsoft Teams", "blue", Group(*_card_lines(card["body"]), buttons))


def _card_lines(elements: Iterable[Mapping[str, Any]]) -> Iterator[RenderableType]:
    for element in elements:
        if element.get("spacing") == "medium" or element.get("separator"):
            yield ""
        if "inlines" in element:
            yield Text.assemble(*((run["text"], _run_style(run)) for run in element["inlines"]))
        elif "text" in element:
            yield Text(element["text"], _run_style(element))
        yield from _card_lines(element.get("items", ()))


def _run_style(run: Mapping[str, Any]) -> str:
    return "bold" if run.get("weight", "").lower() == "bolder" else "dim" if run.get("isSubtle") else ""


def _card_button(action: Mapping[str, Any]) -> Text:
    return Text(f"[ {action['title']} ]", Style(bold=True, link=action.get("url")))


def mail(message: Mail) -> RenderableType:
    """A mail as text, under its head."""
    head = Table.grid(padding=(0, 1))
    for name, value in (("From:", message.sender), ("To:", message.recipient), ("Subject:", message.subject)):
        head.add_row(Text(name, "dim"), Text(value, "bold" if name == "Subject:" else ""))
    return _panel("E-mail", "blue", Group(head, Rule(style="dim"), Text(message.text.rstrip())))


def slack(payload: Mapping[str, Any], channel: str) -> RenderableType:
    """A message in Slack: its blocks, or its text if it has no blocks."""
    shown: Iterable[RenderableType] = (
        [row for block in payload["blocks"] for row in (_block(block), "")][:-1]
        if payload.get("blocks")
        else [mrkdwn(payload["text"])]
    )
    return _panel(f"Slack · #{channel}", "magenta", Group(*shown))


def mrkdwn(text: str) -> Text:
    """Slack's own Markdown: ``*bold*``, ``_italic_``, ``~gone~``, ``code``, ``<url|label>``, ``:emoji:``."""
    shown, end = Text(), 0
    for match in _FORMATS.finditer(text):
        shown.append(_plain(text[end : match.start()]))
        kind = match.lastgroup or ""
        if match["url"]:
            shown.append(
                _plain(match["label"] or match["url"]), Style(underline=True, link=html.unescape(match["url"]))
            )
        else:
            inner = mrkdwn(match[kind]) if kind in ("bold", "italic", "strike") else Text(_plain(match[kind]))
            inner.stylize(_STYLES[kind])
            shown.append_text(inner)
        end = match.end()
    return shown.append(_plain(text[end:]))


def _plain(text: str) -> str:
    return Emoji.replace(html.unescape(text))


def _block(block: Mapping[str, Any]) -> RenderableType:
    kind = block["type"]
    if kind == "header":
        return Text(_plain(block["text"]["text"]), "bold underline")
    if kind == "divider":
        return Rule(style="dim")
    if kind == "context":
        lines = Text("\n").join(_text(element) for element in block["elements"] if "text" in element)
        lines.stylize("dim")
        return lines
    if kind == "actions":
        return Text("  ").join(_button(element) for element in block["elements"])
    if kind == "section":
        parts = [_text(block["text"])] if "text" in block else []
        return Group(*parts, *([_fields(block["fields"])] if "fields" in block else []))
    return Text(f"[{kind}: {block.get('alt_text', '')}]", "dim")


def _text(element: Mapping[str, Any]) -> Text:
    return mrkdwn(element["text"]) if element["type"] == "mrkdwn" else Text(_plain(element["text"]))


def _button(element: Mapping[str, Any]) -> Text:
    return Text(f"[ {_plain(element['text']['text'])} ]", Style(bold=True, link=element.get("url")))


def _fields(fields: list[Mapping[str, Any]]) -> Table:
    """Two columns, row by row."""
    table = Table.grid(padding=(0, 4), expand=True)
    table.add_column(ratio=1)
    table.add_column(ratio=1)
    for left in range(0, len(fields), 2):
        table.add_row(*(_text(field) for field in fields[left : left + 2]))
    return table
