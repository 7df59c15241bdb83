"""Text for Slack's ``mrkdwn``.

https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import re

_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
# Slack knows no escape for its formatting characters, so they become their nearest likeness.
_LIKENESSES = str.maketrans({"*": "∗", "~": "∼", "`": "ˋ"})
_LOW_LINE = "ˍ"
_WORD_JOINER = "\u2060"


def escape(text: str) -> str:
    """Somebody else's text in ``mrkdwn``: no mention, no link, no formatting, no emoji, no entity of its own.

    What must not work as markup is replaced by its likeness or parted by an invisible character
    only where it could: an underscore within a word formats nothing, and names are full of them.
    """
    neutral = as_it_is(text).translate(_LIKENESSES)
    neutral = re.sub(r"(?<!\w)_|_(?!\w)", _LOW_LINE, neutral)
    neutral = re.sub(r"(?<!\w)([@#])(?=\w)", rf"\1{_WORD_JOINER}", neutral)
    return re.sub(r"(?<!\w):(?=[a-z0-9_+'-]+:)", f":{_WORD_JOINER}", neutral)


def as_it_is(text: str) -> str:
    """Our own text, which has no markup in it and can be copied: only what Slack reserves is escaped."""
    return text.translate(_ENTITIES)


def cut(escaped: str, length: int) -> str:
    """Escaped text of at most ``length`` characters, cut between words and so never within an entity."""
    if len(escaped) <= length:
        return escaped
    ends = [found.start() for found in re.finditer(r"\s+", escaped[: length - 1])]
    return f"{escaped[: ends[-1]]} …" if ends and ends[-1] else "…"
