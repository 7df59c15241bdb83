"""A message to Slack as HTML, much as Slack draws it on a telephone: for pictures, and to see how long it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Any

_DOTS = {"🔴": "#d0342c", "🟠": "#f2952c", "🟢": "#3da35d", "⚪": "#c9c9c9", "🔵": "#2f6fd0"}
"""Emoji, for machines without a font for them."""
_STYLE = """
:root { color-scheme: light dark; --ground: #fff; --ink: #1d1c1d; --quiet: #616061; --link: #1264a3; }
@media (prefers-color-scheme: dark) { :root { --ground: #1a1d21; --ink: #d1d2d3; --quiet: #9a9b9e; --link: #1d9bd1; } }
body { margin: 0; padding: 12px; background: var(--ground); color: var(--ink); font: 15px/1.46 Lato, "Noto Sans", "DejaVu Sans", sans-serif;
  overflow-wrap: anywhere; }
h1 { font-size: 17px; line-height: 1.35; margin: 0 0 4px; } p { margin: 0 0 8px; white-space: pre-line; }
.context { color: var(--quiet); font-size: 13px; } a { color: var(--link); text-decoration: none; }
.app { font-weight: 700; margin-bottom: 2px; } .app span { font-weight: 400; font-size: 12px; color: var(--quiet); }
"""

_DOT = '<span style="display:inline-block;width:.8em;height:.8em;border-radius:50%;background:{}"></span>'


def slack_like(message: Mapping[str, Any]) -> str:
    """The message as a page."""
    blocks = "".join(map(_block, message["blocks"]))
    app = '<p class="app">Backup Reporter <span>APP 8:00 AM</span></p>'
    blocks = "".join(_DOT.format(_DOTS[character]) if character in _DOTS else character for character in blocks)
    return f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Slack</title><style>{_STYLE}</style><body>{app}{blocks}'


def _block(block: Mapping[str, Any]) -> str:
    if block["type"] == "header":
        return f"<h1>{escape(block['text']['text'])}</h1>"
    if block["type"] == "context":
        return "".join(f'<p class="context">{_mrkdwn(element["text"])}</p>' for element in block["elements"])
    return f"<p>{_mrkdwn(block['text']['text'])}</p>"


def _mrkdwn(text: str) -> str:
    """Our own messages have bold text and links only; what else could be markup is escaped in them already."""
    linked = re.sub(r"<(https?://[^<>|]*)\|([^<>]*)>", r'<a href="\1">\2</a>', text)
    return re.sub(r"(?<!\w)\*([^*\n]+)\*(?!\w)", r"<b>\1</b>", linked)
