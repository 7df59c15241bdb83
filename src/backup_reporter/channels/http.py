"""Posting to a service on the web: one request, tried again if the failure is temporary, and the answer in a word."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

import urllib3
from msgspec import Struct, field
from urllib3.exceptions import HTTPError

from backup_reporter.errors import ChannelError, ChannelUnreachableError, CheckError, TimedOutError
from backup_reporter.wording import capitalized

_TIMEOUT_SECONDS = 10.0
_TRIES = 4
_MAX_ANSWER_BYTES = 64 * 1024


class Answer(Struct, frozen=True, kw_only=True):
    """What a service answered.

    ``is_ok``: it took the message. ``word``: its name for the error, which holds no secret. ``fields``: its JSON.
    """

    status: int
    is_ok: bool
    word: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    is_temporary: bool = False


ReadAnswer = Callable[[int, bytes], Answer]
"""Reads what one service means by an HTTP status and a body."""


class Poster:
    """Posts to one service. URLs and tokens are secrets: no error of this class shows one."""

    def __init__(self, http: urllib3.PoolManager, service: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._http = http
        self._service = service
        self._sleep = sleep

    def post(
        self, url: str, body: bytes, headers: Mapping[str, str], read: ReadAnswer, seconds_left: Callable[[], float]
    ) -> Answer:
        """Returns the answer, which may be a refusal. Waits out a 429; tries a 5xx and a timeout again.

        Raises :class:`ChannelUnreachableError` if no answer arrives in the time that is left, and
        :class:`ChannelError` if every answer says that the service is unavailable.
        """
        error: Exception = TimedOutError(0)
        for attempt in range(_TRIES):
            if seconds_left() <= 0:
                break
            wait_seconds = 2.0**attempt
            try:
                response = self._request(url, body, headers, min(_TIMEOUT_SECONDS, seconds_left()))
                answer = read(response.status, _read_body(response, seconds_left))
            except HTTPError as reason:
                # Never its text, which has the URL in it.
                error = ChannelUnreachableError(f"{self._service} could not be reached: {type(reason).__name__}")
            else:
                if not _is_temporary(answer):
                    return answer
                error = ChannelError(f"{self._service} is unavailable: {describe(answer)}")
                wait_seconds = _retry_after_seconds(response) or wait_seconds
            if attempt + 1 == _TRIES or wait_seconds >= seconds_left():
                break
            self._sleep(wait_seconds)
        raise error

    def _request(
        self, url: str, body: bytes, headers: Mapping[str, str], timeout_seconds: float
    ) -> urllib3.BaseHTTPResponse:
        # Redirects are not followed: one would carry the report, and a token, to another host.
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


def describe(answer: Answer) -> str:
    """``HTTP 403, invalid_token``."""
    return f"HTTP {answer.status}" + (f", {answer.word}" if answer.word else "")


def refusal_of_check(answer: Answer, fix: str) -> CheckError:
    """What the doctor says if a service refuses what it should take."""
    return CheckError(f"it answers {describe(answer)}", f"{capitalized(fix)}.")


def _is_temporary(answer: Answer) -> bool:
    return answer.status in (408, 429) or answer.status >= 500 or answer.is_temporary


def _read_body(response: urllib3.BaseHTTPResponse, seconds_left: Callable[[], float]) -> bytes:
    """The beginning of the body: the answers of these services are short."""
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


def _retry_after_seconds(response: urllib3.BaseHTTPResponse) -> float:
    header = response.headers.get("Retry-After", "")
    return float(header) if re.fullmatch(r"\d{1,6}", header) else 0.0
