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
from backup_reporter.channels.slack.http import Answer, SlackHttp
from backup_reporter.channels.slack.secret import Bot, parse_slack_secret
from backup_reporter.config.settings import ChannelName, Settings
from backup_reporter.errors import ChannelError, CheckError
from backup_reporter.report.csv import Attachment, csv_attachment
from backup_reporter.report.model import Report
from backup_reporter.report.slack import Message, message, plain, thread

CHECK = "send Slack an empty message"
API_URL = "https://slack.com/api"
_CHECK_SECONDS = 10.0

_BINARY = {"Content-Type": "application/octet-stream"}
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
    "posting_to_general_channel_denied": "not everybody may post to the general channel: choose another one",
    "restricted_action": "an administrator of Slack does not allow it: ask for permission to post there",
    "invalid_auth": "the bot token is wrong: copy it again from Slack's app settings",
    "not_authed": "the bot token is missing: put it into the secret as botToken",
    "token_revoked": "the bot token was revoked: install the app again and put its new token into the secret",
    "token_expired": "the bot token has expired: install the app again and put its new token into the secret",
    "account_inactive": "the app was removed: install it again and put its new token into the secret",
    "missing_scope": "the app lacks a permission: it needs chat:write, and files:write for the CSV",
}
"""What to do about Slack's permanent answers."""

_WORDS_FOR_AN_EMPTY_MESSAGE = frozenset({"no_text", "missing_text_or_fallback_or_attachments", "invalid_payload", "ok"})
"""Slack's answers to an empty message if it has nothing else to complain about."""


def from_settings(settings: Settings, connections: Connections) -> SlackChannel:
    """Builds the channel, whose secret is read when it is used."""
    name = settings.slack_webhook_secret
    read_secret = partial(connections.secret, "SLACK_WEBHOOK_SECRET", name)
    return SlackChannel(connections.http, read_secret, secret_name=name or "")


class SlackChannel:
    """Posts where its secret says. ``read_secret`` is asked for each report: a secret may be rotated."""

    name: ChannelName = "slack"

    def __init__(
        self,
        http: urllib3.PoolManager,
        read_secret: Callable[[], str],
        *,
        secret_name: str = "of SLACK_WEBHOOK_SECRET",
        api_url: str = API_URL,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._http = SlackHttp(http, sleep)
        self._read_secret = read_secret
        self._secret_name = secret_name
        self._api_url = api_url.rstrip("/")

    def send(self, report: Report, zone: ZoneInfo, seconds_left: Callable[[], float]) -> str | None:
        """Posts the report; what Slack may take later is tried again while there is time."""
        target = parse_slack_secret(self._read_secret(), self._secret_name)
        if isinstance(target, Bot):
            return _BotPost(self._http, self._api_url, target, seconds_left).send(report, zone)
        post = partial(_post_json, self._http, target.url, {}, seconds_left=seconds_left)
        _or_plainly(post, message(report, zone), report, zone)
        return None

    def check(self, seconds_left: Callable[[], float]) -> str:
        """Sends an empty message, of which Slack says what it would say of a real one, and that it is empty."""
        word = self._answer_to_an_empty_message(lambda: min(_CHECK_SECONDS, seconds_left()))
        if word in _WORDS_FOR_AN_EMPTY_MESSAGE:
            return "it answers, and nothing was posted"
        fix = _FIXES.get(word, "check the secret and the app in Slack")
        raise CheckError(f"it answers {word}", f"{fix[0].upper()}{fix[1:]}.")

    def _answer_to_an_empty_message(self, seconds_left: Callable[[], float]) -> str:
        target = parse_slack_secret(self._read_secret(), self._secret_name)
        if isinstance(target, Bot):
            return _BotPost(self._http, self._api_url, target, seconds_left).post_empty_message()
        return _post_json(self._http, target.url, {}, {}, seconds_left=seconds_left).word


class _BotPost:
    """One report posted by a bot: the verdict into the channel, the details into a thread under it."""

    def __init__(self, http: SlackHttp, api_url: str, bot: Bot, seconds_left: Callable[[], float]) -> None:
        self._http = http
        self._api_url = api_url
        self._bot = bot
        self._seconds_left = seconds_left

    def send(self, report: Report, zone: ZoneInfo) -> str | None:
        first, replies = thread(report, zone)
        posted = _or_plainly(partial(self._post_message, self._bot.channel, None), first, report, zone)
        channel, thread_ts = posted.fields.get("channel"), posted.fields.get("ts")
        if not isinstance(channel, str) or not isinstance(thread_ts, str):
            return "the details were left out: Slack did not say where the message is"
        try:
            for reply in replies:
                _accepted(self._post_message(channel, thread_ts, reply))
            return self._attach(csv_attachment(report), channel, thread_ts)
        except ChannelError as error:
            # Everybody has the verdict: a second try would post that again.
            return f"the verdict was posted, but not all that belongs to it: {error}"

    def post_empty_message(self) -> str:
        return self._post_message(self._bot.channel, None, {}).word

    def _attach(self, file: Attachment, channel: str, thread_ts: str) -> str | None:
        if file.remark:
            return file.remark
        announced = self._call_with_form(
            "files.getUploadURLExternal", {"filename": file.name, "length": str(len(file.content))}
        )
        url, file_id = announced.fields.get("upload_url"), announced.fields.get("file_id")
        if not isinstance(url, str) or not is_allowed_url(url):
            raise ChannelError("Slack did not say where to upload the CSV to")
        uploaded = self._http.post(url, file.content, _BINARY, self._seconds_left)
        if uploaded.status != 200:
            raise ChannelError(f"Slack did not take the CSV: {uploaded.word}")
        share = {"files": [{"id": file_id, "title": file.name}], "channel_id": channel, "thread_ts": thread_ts}
        _accepted(self._call("files.completeUploadExternal", share))
        return None

    def _post_message(self, channel: str, thread_ts: str | None, content: Message) -> Answer:
        place = {"channel": channel} if thread_ts is None else {"channel": channel, "thread_ts": thread_ts}
        return self._call("chat.postMessage", {**content, **place})

    def _call(self, method: str, arguments: Mapping[str, Any]) -> Answer:
        url, headers = f"{self._api_url}/{method}", self._authorization
        return _post_json(self._http, url, headers, arguments, seconds_left=self._seconds_left)

    def _call_with_form(self, method: str, arguments: Mapping[str, str]) -> Answer:
        # This method takes no JSON.
        headers = {"Content-Type": "application/x-www-form-urlencoded", **self._authorization}
        body = urlencode(arguments).encode()
        return _accepted(self._http.post(f"{self._api_url}/{method}", body, headers, self._seconds_left))

    @property
    def _authorization(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self._bot.token}"}


def _post_json(
    http: SlackHttp,
    url: str,
    headers: Mapping[str, str],
    content: Mapping[str, Any],
    *,
    seconds_left: Callable[[], float],
) -> Answer:
    body = json.dumps(content, ensure_ascii=False).encode()
    return http.post(url, body, {"Content-Type": "application/json; charset=utf-8", **headers}, seconds_left)


def _or_plainly(post: Callable[[Message], Answer], content: Message, report: Report, zone: ZoneInfo) -> Answer:
    """Posts the content, and once more as plain text where Slack does not like its blocks."""
    answer = post(content)
    if answer.word in _ABOUT_THE_BLOCKS:
        answer = post(plain(report, zone))
    return _accepted(answer)


def _accepted(answer: Answer) -> Answer:
    if answer.word != "ok":
        fix = _FIXES.get(answer.word)
        raise ChannelError(f"Slack refused: {answer.word}" + (f" ({fix})" if fix else ""), permanent=True)
    return answer
