"""Talking to Slack: one request, tried again for what may pass, and Slack's answer in a word.

https://docs.slack.dev/apis/web-api/rate-limits
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import urllib3
from urllib3.exceptions import HTTPError

from backup_reporter.errors import ChannelError

_TIMEOUT_SECONDS = 10.0
_TRIES = 4
_MAX_ANSWER_BYTES = 64 * 1024
_PASSING = frozenset({"ratelimited", "rate_limited", "rollup_error", "internal_error", "fatal_error"})
_PASSING |= {"service_unavailable", "request_timeout", "team_added_to_org"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What Slack said: ``word`` is ``ok`` or the name of an error, ``fields`` the JSON where there was some."""

    status: int
    word: str
    fields: Mapping[str, Any]


class SlackHttp:
    """Posts to Slack. URLs and tokens are secrets: no error of this class shows one."""

    def __init__(self, http: urllib3.PoolManager, sleep: Callable[[float], None] = time.sleep) -> None:
        self._http = http
        self._sleep = sleep

    def post(self, url: str, body: bytes, headers: Mapping[str, str], seconds_left: Callable[[], float]) -> Answer:
        """Slack's answer, which may be a refusal. A 429 is waited out, a 5xx and a timeout tried again.

        Raises :class:`ChannelError` where no answer is to be had in the time that is left.
        """
        trouble = "no time was left for it"
        for attempt in range(_TRIES):
            if seconds_left() <= 0:
                break
            wait_seconds = 2.0**attempt
            try:
                response = self._request(url, body, headers, min(_TIMEOUT_SECONDS, seconds_left()))
                answer = _answer(response.status, _read(response, seconds_left))
            except HTTPError as error:
                trouble = type(error).__name__  # never its text, which has the URL in it
            else:
                if response.status != 429 and response.status < 500 and answer.word not in _PASSING:
                    return answer
                trouble = f"HTTP {response.status}, {answer.word}"
                wait_seconds = _retry_after_seconds(response) or wait_seconds
            if attempt + 1 == _TRIES or wait_seconds >= seconds_left():
                break
            self._sleep(wait_seconds)
        raise ChannelError(f"Slack could not be reached: {trouble}")

    def _request(
        self, url: str, body: bytes, headers: Mapping[str, str], timeout_seconds: float
    ) -> urllib3.BaseHTTPResponse:
        # Not followed: a redirect would carry the report, and a token, to somebody else.
        return self._http.request(
            "POST",
            url,
            body=body,
            headers=headers,
            timeout=timeout_seconds,
            retries=False,
            redirect=False,
            preload_content=False,
        )


def _read(response: urllib3.BaseHTTPResponse, seconds_left: Callable[[], float]) -> bytes:
    """The beginning of the body; an answer of Slack's is short."""
    body = b""
    try:
        while len(body) < _MAX_ANSWER_BYTES and seconds_left() > 0:
            chunk = response.read1(4096)
            if not chunk:
                break
            body += chunk
    finally:
        response.close()
    return body


def _answer(status: int, body: bytes) -> Answer:
    text = body.decode("utf-8", "replace").strip()
    try:
        fields = json.loads(text) if text.startswith("{") else {}
    except (ValueError, RecursionError):
        fields = {}
    if status == 200 and (text == "ok" or fields.get("ok") is True):
        return Answer(status, "ok", fields)
    word = fields.get("error") or text
    known = isinstance(word, str) and re.fullmatch(r"[a-z][a-z_]{1,60}", word)
    return Answer(status, word if known else f"HTTP {status}", fields)


def _retry_after_seconds(response: urllib3.BaseHTTPResponse) -> float:
    header = response.headers.get("Retry-After", "")
    return float(header) if re.fullmatch(r"\d{1,6}", header) else 0.0
