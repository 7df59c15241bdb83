"""Slack: one message through an incoming webhook, or with a bot token a message and a thread.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
https://docs.slack.dev/reference/methods/chat.postMessage
https://docs.slack.dev/messaging/working-with-files#uploading_files
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import urllib3

from backup_reporter.aws.secrets import is_allowed_url
from backup_reporter.channels.channel import Connections
from backup_reporter.channels.http import Answer, Poster, describe, refusal_of_check
from backup_reporter.channels.slack.answers import api_answer, upload_answer, webhook_answer
from backup_reporter.channels.slack.secret import Bot, parse_slack_secret
from backup_reporter.config.settings import ChannelName, Settings
from backup_reporter.errors import ChannelError, CheckError
from backup_reporter.report.csv import Attachment, csv_attachment
from backup_reporter.report.model import Report
from backup_reporter.report.slack import Message, message, plain, thread

CHECK = "send Slack an empty message"
_CHECK_SECONDS = 10.0

_BINARY = {"Content-Type": "application/octet-stream"}
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_JSON = {"Content-Type": "application/json; charset=utf-8"}
_NOT_SLACK = "something else answers there, such as a proxy: copy the URL again from Slack's app settings"
_ABOUT_THE_BLOCKS = frozenset(
    {"invalid_blocks", "invalid_blocks_format", "invalid_payload", "msg_blocks_too_long", "msg_too_long"}
)
_FIXES = {
    "no_service": "the webhook was removed or switched off: make a new one and put its URL into the secret",
    "no_service_id": "the webhook URL is incomplete: copy it again from Slack's app settings",
    "no_active_hooks": "the webhook is switched off: switch it on, or make a new one",
    "no_team": "the webhook URL names no Slack workspace: copy it again from Slack's app settings",
    "team_disabled": "the Slack workspace is switched off",
    "invalid_token": "the webhook URL is wrong or was revoked: make a new one and put its URL into the secret",
    "channel_not_found": "the channel does not exist, or is private and the app is not in it: invite the app",
    "channel_is_archived": "the channel is archived: bring it back, or choose another one",
    "is_archived": "the channel is archived: bring it back, or choose another one",
    "not_in_channel": "invite the app to the channel",
    "action_prohibited": "an administrator of Slack does not allow it: ask for permission to post there",
    "posting_to_general_channel_denied": "only some people may post to the general channel: choose another one",
    "restricted_action": "an administrator of Slack does not allow it: ask for permission to post there",
    "invalid_auth": "the bot token is wrong: copy it again from Slack's app settings",
    "not_authed": "the bot token is missing: put it into the secret as botToken",
    "token_revoked": "the bot token was revoked: install the app again and put its new token into the secret",
    "token_expired": "the bot token has expired: install the app again and put its new token into the secret",
    "account_inactive": "the app was removed: install it again and put its new token into the secret",
    "missing_scope": "the app lacks a permission: it needs chat:write, and files:write for the CSV",
}
"""What to do about Slack's permanent answers."""

_EMPTY_MESSAGE_WORDS = frozenset({"no_text", "missing_text_or_fallback_or_attachments", "invalid_payload"})
"""Slack's answers to an empty message if it has nothing else to complain about."""


def from_settings(settings: Settings, connections: Connections) -> SlackChannel:
    """Builds the channel, whose secret is read when it is used."""
    name = settings.slack_webhook_secret
    read_secret = partial(connections.secret, "SLACK_WEBHOOK_SECRET", name)
    return SlackChannel(connections.http, read_secret, secret_name=name or "")


class SlackChannel:
    """Posts where its secret says. ``read_secret`` is called for each report: a secret may be rotated."""

    name: ChannelName = "slack"

    def __init__(
        self,
        http: urllib3.PoolManager,
        read_secret: Callable[[], str],
        *,
        secret_name: str,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._poster = Poster(http, "Slack", sleep)
        self._read_secret = read_secret
        self._secret_name = secret_name

    def send(self, report: Report, zone: ZoneInfo, seconds_left: Callable[[], float]) -> str | None:
        """Posts the report; temporary failures are tried again while there is time."""
        return self._target(seconds_left).send(report, zone)

    def check(self, seconds_left: Callable[[], float]) -> str:
        """Sends an empty message. Slack refuses it, and says first what it would say of a real one."""
        answer = self._target(lambda: min(_CHECK_SECONDS, seconds_left())).post({})
        if answer.is_ok:
            raise CheckError(
                "it accepts an empty message, which Slack's own webhooks and bots refuse",
                "Check that the secret holds an incoming webhook's URL, or a bot's token: "
                "something else that says ok may post nothing.",
                result="warning",
            )
        if answer.word in _EMPTY_MESSAGE_WORDS:
            return "it answers, and nothing was posted"
        fix = _FIXES.get(answer.word, _NOT_SLACK if not answer.word else "check the secret and the app in Slack")
        raise refusal_of_check(answer, fix)

    def _target(self, seconds_left: Callable[[], float]) -> _WebhookPost | _BotPost:
        target = parse_slack_secret(self._read_secret(), self._secret_name)
        if isinstance(target, Bot):
            return _BotPost(self._poster, target, seconds_left)
        return _WebhookPost(self._poster, target.url, seconds_left)


class _WebhookPost:
    """One report posted through an incoming webhook."""

    def __init__(self, poster: Poster, url: str, seconds_left: Callable[[], float]) -> None:
        self._poster = poster
        self._url = url
        self._seconds_left = seconds_left

    def send(self, report: Report, zone: ZoneInfo) -> None:
        _post_or_simplify(self.post, message(report, zone), report, zone)

    def post(self, content: Message) -> Answer:
        return self._poster.post(self._url, _json(content), _JSON, webhook_answer, self._seconds_left)


class _BotPost:
    """One report posted by a bot: the verdict into the channel, the details into a thread under it."""

    def __init__(self, poster: Poster, bot: Bot, seconds_left: Callable[[], float]) -> None:
        self._poster = poster
        self._bot = bot
        self._seconds_left = seconds_left

    def send(self, report: Report, zone: ZoneInfo) -> str | None:
        first, replies = thread(report, zone)
        posted = _post_or_simplify(self.post, first, report, zone)
        channel, thread_ts = posted.fields.get("channel"), posted.fields.get("ts")
        if not isinstance(channel, str) or not isinstance(thread_ts, str):
            return "the details were left out: Slack did not say where the message is"
        try:
            for reply in replies:
                _accepted(self._call("chat.postMessage", {**reply, "channel": channel, "thread_ts": thread_ts}))
            return self._attach(csv_attachment(report), channel, thread_ts)
        except ChannelError as error:
            # The verdict has arrived: trying again would post it twice.
            return f"the verdict was posted, but not all of the details: {error}"

    def post(self, content: Message) -> Answer:
        return self._call("chat.postMessage", {**content, "channel": self._bot.channel})

    def _attach(self, file: Attachment, channel: str, thread_ts: str) -> str | None:
        if file.remark:
            return file.remark
        form = urlencode({"filename": file.name, "length": str(len(file.content))}).encode()
        announced = _accepted(self._call_api("files.getUploadURLExternal", form, _FORM))  # it takes no JSON
        url, file_id = announced.fields.get("upload_url"), announced.fields.get("file_id")
        if not isinstance(url, str) or not is_allowed_url(url):
            raise ChannelError("Slack did not say where to upload the CSV to")
        uploaded = self._poster.post(url, file.content, _BINARY, upload_answer, self._seconds_left)
        if not uploaded.is_ok:
            raise ChannelError(f"Slack did not take the CSV: {describe(uploaded)}")
        share = {"files": [{"id": file_id, "title": file.name}], "channel_id": channel, "thread_ts": thread_ts}
        _accepted(self._call("files.completeUploadExternal", share))
        return None

    def _call(self, method: str, arguments: Mapping[str, Any]) -> Answer:
        return self._call_api(method, _json(arguments), _JSON)

    def _call_api(self, method: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        headers = {**headers, "Authorization": f"Bearer {self._bot.token}"}
        return self._poster.post(f"{self._bot.api_url}/{method}", body, headers, api_answer, self._seconds_left)


def _json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode()


def _post_or_simplify(post: Callable[[Message], Answer], content: Message, report: Report, zone: ZoneInfo) -> Answer:
    """Posts the content, and once more as plain text if Slack does not accept its blocks."""
    answer = post(content)
    if answer.word in _ABOUT_THE_BLOCKS:
        answer = post(plain(report, zone))
    return _accepted(answer)


def _accepted(answer: Answer) -> Answer:
    if not answer.is_ok:
        fix = _FIXES.get(answer.word, "" if answer.word else _NOT_SLACK)
        reason = answer.word or describe(answer)
        raise ChannelError(f"Slack refused: {reason}" + (f" ({fix})" if fix else ""), permanent=True)
    return answer
