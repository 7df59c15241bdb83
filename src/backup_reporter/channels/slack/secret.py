"""What the Slack secret holds: a webhook URL, or a bot's token and its channel."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from backup_reporter.aws.secrets import check_api_url, is_allowed_url, parse_fields
from backup_reporter.errors import SecretError
from backup_reporter.records import Discreet

API_URL = "https://slack.com/api"
"""For GovSlack it is https://slack-gov.com/api: https://docs.slack.dev/govslack"""


class Webhook(Discreet, frozen=True):
    """An incoming webhook. Its URL is all that is needed to post."""

    url: str


class Bot(Discreet, frozen=True):
    """A bot's token, the name or id of the channel it posts to, and the API it calls."""

    token: str
    channel: str
    api_url: str = API_URL


def parse_slack_secret(text: str, name: str) -> Webhook | Bot:
    """Reads the secret: the URL itself, or JSON with ``webhookUrl``, or with ``botToken`` and ``channel``.

    With ``botToken``, ``apiUrl`` may name another API than that of slack.com.

    Raises :class:`SecretError`, which names the secret and says what is wrong with it.
    """
    fields = parse_fields(text, f"the secret {name}")
    if fields is None:
        return _webhook(text, name)
    if "botToken" in fields:
        return _bot(fields, name)
    if "webhookUrl" not in fields:
        raise SecretError(f"the secret {name} is JSON without webhookUrl, and without botToken and channel")
    return _webhook(fields["webhookUrl"], name)


def _webhook(url: str, name: str) -> Webhook:
    if not is_allowed_url(url):
        raise SecretError(f"the secret {name} holds no webhook URL: it should begin with https://, without line breaks")
    if re.match(r"/(triggers|workflows)/", urlsplit(url).path):
        # It answers ok to anything, and posts nothing of a report.
        raise SecretError(
            f"the secret {name} holds the URL of a Slack workflow, which does not post reports: "
            "create an incoming webhook (its path begins with /services/) and put its URL into the secret"
        )
    return Webhook(url)


def _bot(fields: Mapping[str, str], name: str) -> Bot:
    token, channel, api_url = fields["botToken"], fields.get("channel"), fields.get("apiUrl", API_URL)
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        raise SecretError(f"the secret {name} holds no bot token: it has spaces, line breaks or unusual characters")
    if not channel:
        raise SecretError(f"the secret {name} has botToken, but no channel")
    return Bot(token, channel, check_api_url(api_url, name, API_URL))
