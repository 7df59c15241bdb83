"""The dead-man's switch: a URL that is called after every report that reached all its channels. Its silence is an alarm.

Such services expect a plain GET: https://healthchecks.io/docs/http_api/ is one of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import urllib3
from urllib3.exceptions import HTTPError

from backup_reporter.aws.secrets import parse_heartbeat_url
from backup_reporter.errors import HeartbeatError
from backup_reporter.time_limit import call_within

CALL_SECONDS = 15.0
"""How long all tries of a heartbeat may take together."""
_TIMEOUT_SECONDS = 4.0
_TRIES = 3
_PAUSE_SECONDS = 1.0


class Heartbeat:
    """Calls the URL in its secret, which is read anew each time. No error of this class shows the URL."""

    def __init__(
        self,
        http: urllib3.PoolManager,
        read_secret: Callable[[], str],
        secret_name: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._http = http
        self._read_secret = read_secret
        self._secret_name = secret_name
        self._sleep = sleep

    def beat(self, seconds: float) -> None:
        """Calls the URL within ``seconds``.

        Raises :class:`HeartbeatError`, :class:`~backup_reporter.errors.TimedOutError`, or
        :class:`~backup_reporter.errors.SecretError` if the secret holds no URL.
        """
        call_within(min(seconds, CALL_SECONDS), self._call, "heartbeat")

    def check(self) -> str:
        """Reads the URL for the doctor, and does not call it."""
        parse_heartbeat_url(self._read_secret(), self._secret_name)
        return "its secret holds a URL, which was not called"

    def _call(self) -> None:
        url = parse_heartbeat_url(self._read_secret(), self._secret_name)
        problem = ""
        for attempt in range(_TRIES):
            if attempt:
                self._sleep(_PAUSE_SECONDS)
            try:
                status = self._status(url)
            except HTTPError as error:
                problem = type(error).__name__  # never its text, which has the URL in it
            else:
                if 200 <= status < 300:
                    return
                problem = f"HTTP {status}" + (", and redirects are not followed" if 300 <= status < 400 else "")
                if status < 500 and status != 429:
                    break
        raise HeartbeatError(problem)

    def _status(self, url: str) -> int:
        # Not followed: a login page behind a redirect would pass for a heartbeat.
        response = self._http.request(
            "GET", url, timeout=_TIMEOUT_SECONDS, retries=False, redirect=False, preload_content=False
        )
        try:
            return response.status
        finally:
            response.close()
