"""What Slack means by its answers.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors
https://docs.slack.dev/apis/web-api/#responses
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from backup_reporter.channels.http import Answer

_TEMPORARY = frozenset({"ratelimited", "rate_limited", "rollup_error", "internal_error", "fatal_error"})
_TEMPORARY |= {"service_unavailable", "request_timeout", "team_added_to_org"}


def webhook_answer(status: int, body: bytes) -> Answer:
    """An incoming webhook took a message if it answers 200 with the text ``ok``; else the text is the error."""
    text = _text(body)
    return _answer(status, text, {}, is_ok=status == 200 and text == "ok")


def api_answer(status: int, body: bytes) -> Answer:
    """The Web API took a call if it answers 200 with JSON whose ``ok`` is true; else ``error`` names the error."""
    text = _text(body)
    try:
        fields = json.loads(text) if text.startswith("{") else {}
    except (ValueError, RecursionError):
        fields = {}
    word = fields.get("error", "" if fields else text)
    return _answer(status, word, fields, is_ok=status == 200 and fields.get("ok") is True)


def upload_answer(status: int, body: bytes) -> Answer:
    """Slack's file store took a file if it answers 200, with any text."""
    return _answer(status, "", {}, is_ok=status == 200)


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace").strip()


def _answer(status: int, word: object, fields: Mapping[str, Any], *, is_ok: bool) -> Answer:
    """Shows only what looks like one of Slack's words: anything else may be a page, or repeat what was sent."""
    known = isinstance(word, str) and word != "ok" and re.fullmatch(r"[a-z][a-z_]{1,60}", word)
    shown = str(word) if known and not is_ok else ""
    return Answer(status=status, is_ok=is_ok, word=shown, fields=fields, is_temporary=shown in _TEMPORARY)
