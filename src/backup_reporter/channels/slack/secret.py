"""What the Slack secret holds: a webhook URL, or a bot's token and its channel."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from backup_reporter.aws.secrets import is_allowed_url, parse_fields
from backup_reporter.errors import SecretError


@dataclass(frozen=True, slots=True)
class Webhook:
    """An incoming webhook. Whoever has its URL can post."""

    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Bot:
    """A bot's token, and the name or id of the channel it posts to."""

    token: str = field(repr=False)
    channel: str


def parse_slack_secret(text: str, name: str) -> Webhook | Bot:
    """Reads the secret: the URL itself, or JSON with ``webhookUrl``, or with ``botToken`` and ``channel``.

    Raises :class:`SecretError`, which names the secret and says what is wrong with it.
    """
    fields = parse_fields(text, f"the secret {name}")
    if fields is None:
        return _webhook(text, name)
    if "botToken" in fields:
        return _bot(fields["botToken"], fields.get("channel", ""), name)
    if "webhookUrl" not in fields:
        raise SecretError(f"the secret {name} is JSON without webhookUrl, and without botToken and channel")
    return _webhook(fields["webhookUrl"], name)


def _webhook(url: str, name: str) -> Webhook:
    if not is_allowed_url(url):
        raise SecretError(f"the secret {name} holds no webhook URL: it should begin with https://, without line breaks")
    return Webhook(url)


def _bot(token: str, channel: str, name: str) -> Bot:
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        raise SecretError(f"the secret {name} holds no bot token: it has spaces, line breaks or unusual characters")
    if not channel:
        raise SecretError(f"the secret {name} has botToken, but no channel")
    return Bot(token, channel)
