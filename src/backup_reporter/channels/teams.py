"""Microsoft Teams: an Adaptive Card through a workflow that starts when a Teams webhook request is received.

https://support.microsoft.com/en-us/office/create-incoming-webhooks-with-workflows-for-microsoft-teams-8ae491c7-0394-4861-ba59-055e33f75498
https://learn.microsoft.com/en-us/connectors/teams/#microsoft-teams-webhook
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import urllib3

from backup_reporter.aws.secrets import is_allowed_url, parse_fields
from backup_reporter.channels.channel import Connections
from backup_reporter.channels.http import Answer, Poster, describe, refusal_of_check
from backup_reporter.config.settings import ChannelName, Settings
from backup_reporter.errors import ChannelError, SecretError
from backup_reporter.report.model import Report
from backup_reporter.report.teams import Card, card, to_json

CHECK = "send the workflow a message without a card"

_CHECK_SECONDS = 10.0
_HEADERS = {"Content-Type": "application/json; charset=utf-8"}
_COPY_URL = "copy the URL of its trigger again (Teams, Workflows) and put it into the secret"
_FIXES = {
    400: "the workflow does not take this request: its trigger should be 'When a Teams webhook request is received'",
    401: f"the URL is incomplete, or only people of your organization may start the workflow: set 'Who can trigger the flow?' to anyone, then {_COPY_URL}",
    403: f"the workflow or an administrator of Teams does not allow it: {_COPY_URL}",
    404: f"the workflow was deleted or switched off: switch it on, or create a new one, then {_COPY_URL}",
    410: f"the workflow was deleted: create a new one, then {_COPY_URL}",
    413: "the card is too large",
}
"""What to do about the permanent answers of a workflow's trigger."""
_NOT_A_WORKFLOW = f"something else answers there, such as a proxy: {_COPY_URL}"


def from_settings(settings: Settings, connections: Connections) -> TeamsChannel:
    """Builds the channel, whose secret is read when it is used."""
    name = settings.teams_webhook_secret
    return TeamsChannel(connections.http, partial(connections.secret, "TEAMS_WEBHOOK_SECRET", name), name or "")


class TeamsChannel:
    """Posts to the workflow in its secret, which is read for each report: it may be rotated."""

    name: ChannelName = "teams"

    def __init__(
        self,
        http: urllib3.PoolManager,
        read_secret: Callable[[], str],
        secret_name: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._poster = Poster(http, "Microsoft Teams", sleep)
        self._read_secret = read_secret
        self._secret_name = secret_name

    def send(self, report: Report, zone: ZoneInfo, seconds_left: Callable[[], float]) -> None:
        """Posts the report's card; a 429 and other temporary failures are tried again while there is time."""
        answer = self._post([card(report, zone)], seconds_left)
        if not answer.is_ok:
            raise ChannelError(f"Microsoft Teams refused: {describe(answer)} ({_fix(answer)})", permanent=True)

    def check(self, seconds_left: Callable[[], float]) -> str:
        """Starts the workflow without a card: it posts each card that it gets, so nothing is posted."""
        answer = self._post([], lambda: min(_CHECK_SECONDS, seconds_left()))
        if not answer.is_ok:
            raise refusal_of_check(answer, _fix(answer))
        return "the workflow accepts requests, and nothing was posted"

    def _post(self, cards: Sequence[Card], seconds_left: Callable[[], float]) -> Answer:
        url = parse_teams_secret(self._read_secret(), self._secret_name)
        return self._poster.post(url, to_json(payload(cards)), _HEADERS, partial(_read_answer, url), seconds_left)


def payload(cards: Sequence[Card]) -> dict[str, Any]:
    """The message as a workflow expects it."""
    content_type = "application/vnd.microsoft.card.adaptive"
    attachments = [{"contentType": content_type, "contentUrl": None, "content": content} for content in cards]
    return {"type": "message", "attachments": attachments}


def _read_answer(url: str, status: int, body: bytes) -> Answer:
    """A workflow takes a request with 202 and no text, or with 200 if it answers itself. Errors are JSON with a code.

    A page with status 200 is not an answer of a workflow's. A code that is a part of the URL is not shown: it may be secret.
    """
    text = body.decode("utf-8", "replace").strip()
    is_page = text.startswith("<")
    found = re.search(r'"code"\s*:\s*"([A-Za-z]{1,60})"', text)
    word = found[1] if found and found[1] not in url else ""
    return Answer(status=status, is_ok=status in (200, 202) and not is_page, word=word)


def _fix(answer: Answer) -> str:
    return _FIXES.get(answer.status, _NOT_A_WORKFLOW)


def parse_teams_secret(text: str, name: str) -> str:
    """Returns the URL of the workflow: the whole secret, or ``webhookUrl`` of a JSON object.

    Raises :class:`SecretError`, which names the secret and says what is wrong with it.
    """
    fields = parse_fields(text, f"the secret {name}")
    url = text if fields is None else fields.get("webhookUrl", "")
    if not url:
        raise SecretError(f"the secret {name} is JSON without webhookUrl")
    if not is_allowed_url(url):
        raise SecretError(
            f"the secret {name} holds no URL of a workflow: it should begin with https://, without line breaks"
        )
    host = urlsplit(url).hostname or ""
    if host in ("outlook.office.com", "outlook.office365.com") or host.endswith(".webhook.office.com"):
        raise SecretError(
            f"the secret {name} holds the URL of an Office 365 connector, which Microsoft has retired: "
            "create a workflow in Teams (Workflows, 'Send webhook alerts to a channel') and put its URL into the secret"
        )
    return url
