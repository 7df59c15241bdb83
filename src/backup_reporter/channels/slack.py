"""Slack, through an incoming webhook.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import urllib3
from urllib3.exceptions import HTTPError

from backup_reporter.errors import ChannelError, SecretError
from backup_reporter.report.model import Report
from backup_reporter.report.slack_blocks import message, plain_message
from backup_reporter.secrets import parse_fields
from backup_reporter.settings import ChannelName

_TIMEOUT_SECONDS = 10.0
_TRIES = 4
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_ABOUT_THE_BLOCKS = ("invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "invalid_payload")


class SlackChannel:
    """Posts through the webhook whose URL is in the secret. The URL is never shown."""

    name: ChannelName = "slack"

    def __init__(
        self,
        http: urllib3.PoolManager,
        read_secret: Callable[[], str],
        *,
        secret_name: str = "in SLACK_WEBHOOK_SECRET",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._http = http
        self._read_secret = read_secret
        self._secret_name = secret_name
        self._sleep = sleep

    def send(self, report: Report, zone: ZoneInfo, seconds_left: Callable[[], float]) -> None:
        """Posts the report; what Slack may take later is tried again while there is time."""
        url = webhook_url(self._read_secret(), self._secret_name)
        answer = self._post(url, message(report, zone), seconds_left)
        if answer in _ABOUT_THE_BLOCKS:
            answer = self._post(url, plain_message(report, zone), seconds_left)
        if answer != "ok":
            raise ChannelError(f"Slack refused the report: {answer}", permanent=True)

    def _post(self, url: str, payload: dict[str, Any], seconds_left: Callable[[], float]) -> str:
        """Slack's answer in a word. Raises :class:`ChannelError` where there is none to be had."""
        trouble = "no time left to send it"
        for attempt in range(_TRIES):
            if seconds_left() <= 1:
                break
            wait = 2.0**attempt
            try:
                timeout = min(_TIMEOUT_SECONDS, seconds_left())
                response = self._http.request(
                    "POST", url, json=payload, timeout=timeout, retries=False, redirect=False, preload_content=True
                )
            except HTTPError as error:
                trouble = type(error).__name__  # never its text: the URL is in it
            else:
                if response.status < 500 and response.status != 429:
                    return _word(response.status, response.data)
                trouble = f"HTTP {response.status}"
                wait = _retry_after(response.headers.get("Retry-After")) or wait
            if attempt + 1 == _TRIES or wait >= seconds_left():
                break
            self._sleep(wait)
        raise ChannelError(f"Slack could not be reached: {trouble}")


def webhook_url(secret: str, name: str) -> str:
    """The URL in the secret: the whole of it, or the field ``webhookUrl`` of a JSON object."""
    fields = parse_fields(secret, name)
    url = secret if fields is None else fields.get("webhookUrl", "")
    if not _is_allowed(url):
        raise SecretError(f"the secret {name} holds no https webhook URL, alone or as webhookUrl in JSON")
    return url


def _is_allowed(url: str) -> bool:
    if not re.fullmatch(r"[\x21-\x7e]+", url):
        return False
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    )


def _word(status: int, body: bytes) -> str:
    text = body[:200].decode("utf-8", "replace").strip()
    if status == 200:
        return "ok"
    return text if re.fullmatch(r"[a-z_]{2,60}", text) else f"HTTP {status}"


def _retry_after(header: str | None) -> float:
    return float(header) if header and re.fullmatch(r"\d{1,6}", header) else 0.0
