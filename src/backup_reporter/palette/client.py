"""Palette's API: one function an endpoint, paced, retried, and bounded in time and size.

https://docs.spectrocloud.com/api/introduction/
"""

from __future__ import annotations

import copy
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote, urlencode

import urllib3

from backup_reporter.errors import KeyRefusedError, PaletteError, UndecodableError, UnreachableError
from backup_reporter.palette import transport
from backup_reporter.palette.clock_skew import ClockSkew
from backup_reporter.palette.decode import decode_error
from backup_reporter.palette.lists import Page, Project, decode_projects, decode_workspaces
from backup_reporter.palette.results import decode_backup_result

if TYPE_CHECKING:
    from backup_reporter.health.model import BackupResult, Workspace
    from backup_reporter.palette.rate_limit import RateLimiter, TokenBucket

_TRIES = {429: 24, 500: 2, 502: 5, 503: 5, 504: 5}
"""How often a request is tried at most, by the status it met. Other statuses do not pass by waiting.

A 429 is not about the request that met it: it is tried for more than two minutes, and counts for itself.
"""
_TRIES_WITHOUT_ANSWER = 4
_MAX_BACKOFF_SECONDS = 10.0
_MAX_RETRY_AFTER_SECONDS = 60.0
_MIN_KEY = 12

_Read = TypeVar("_Read")


class PaletteClient:
    """Asks one Palette. Safe for threads.

    ``read_key`` is called at the first request, and once more when Palette refuses the key: it may
    have been rotated. ``seconds_left`` says how long the run may still ask.
    """

    def __init__(
        self,
        http: urllib3.PoolManager,
        api_url: str,
        read_key: Callable[[], str],
        rate_limiter: RateLimiter,
        seconds_left: Callable[[], float],
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.seconds_left = seconds_left
        self._http = http
        self._api_url = api_url
        self._rate_limiter = rate_limiter
        self._sleep = sleep
        self._keys = _Keys(read_key)
        self._large_answers = transport.LargeAnswers()
        self._decoding = threading.Lock()
        self.clock = ClockSkew()

    def within(self, seconds_left: Callable[[], float]) -> PaletteClient:
        """The same client, for as long as ``seconds_left``: with the same pace, key and clock."""
        hurried = copy.copy(self)
        hurried.seconds_left = seconds_left
        return hurried

    def projects(self, next_page: str | None = None) -> Page[Project]:
        """``GET /v1/dashboard/projects/metadata``, tenant-wide: a page of :class:`Project`."""
        return self._get(_with_query("/v1/dashboard/projects/metadata", "continue", next_page), decode_projects)

    def workspaces(self, project: Project, next_page: str | None = None) -> Page[Workspace]:
        """``GET /v1/dashboard/workspaces`` of one project: a page of workspaces."""
        path = _with_query("/v1/dashboard/workspaces", "continue", next_page)
        return self._get(path, lambda body: decode_workspaces(body, project), project.uid)

    def backup_result(self, workspace: Workspace, request_uid: str | None = None) -> BackupResult:
        """``GET /v1/workspaces/{uid}/backup``: the backups that Palette remembers."""
        path = _with_query(f"/v1/workspaces/{quote(workspace.uid, safe='')}/backup", "backupRequestUid", request_uid)
        return self._get(path, lambda body: decode_backup_result(body, workspace.uid), workspace.project_uid)

    def can_ask_for_lists(self) -> bool:
        """Whether another request for a list could go out now."""
        return self._rate_limiter.bucket("/v1/dashboard").has_room()

    def can_ask_for_results(self) -> bool:
        """Whether another request for a backup result could go out now."""
        return self._rate_limiter.bucket("/v1/workspaces").has_room()

    def _get(self, path: str, decode: Callable[[bytes], _Read], project_uid: str | None = None) -> _Read:
        """What ``decode`` reads in a successful answer. Raises :class:`PaletteError` for any other end."""
        bucket = self._rate_limiter.bucket(path.partition("?")[0])
        failures = Counter[str]()
        before: PaletteError | None = None
        while True:
            try:
                return self._try_with_fresh_key(path, decode, project_uid, bucket)
            except PaletteError as error:
                kind = "of the rate" if error.status == 429 else "of the request"
                failures[kind] += 1
                if before and str(error) == transport.OUT_OF_TIME:
                    raise before from None  # it says more than that the time is over
                if failures[kind] >= _tries(error):
                    raise
                self._back_off(error, failures[kind], bucket)
                before = error

    def _back_off(self, error: PaletteError, failures: int, bucket: TokenBucket) -> None:
        seconds = min(_MAX_BACKOFF_SECONDS, 0.5 * 2 ** (failures - 1)) * random.uniform(0.5, 1)
        seconds = max(seconds, min(_MAX_RETRY_AFTER_SECONDS, error.retry_after_seconds))
        if seconds >= self.seconds_left():
            raise error
        if error.status == 429:
            bucket.pause(seconds)  # every thread slows down, not only the one that was told
        else:
            self._sleep(seconds)

    def _try_with_fresh_key(
        self, path: str, decode: Callable[[bytes], _Read], project_uid: str | None, bucket: TokenBucket
    ) -> _Read:
        key = self._keys.current()
        try:
            return self._try(path, decode, project_uid, bucket, key)
        except KeyRefusedError:
            newer = self._keys.newer_than(key)
            if newer is None:
                raise
            return self._try(path, decode, project_uid, bucket, newer)

    def _try(
        self, path: str, decode: Callable[[bytes], _Read], project_uid: str | None, bucket: TokenBucket, key: str
    ) -> _Read:
        if not bucket.take(self.seconds_left):
            raise UnreachableError(transport.OUT_OF_TIME, retryable=False)
        headers = {"ApiKey": key, "Accept": "application/json", "Accept-Encoding": "gzip"}
        if project_uid:
            headers["ProjectUid"] = project_uid
        with self._large_answers.room() as room:
            answer = transport.get(self._http, self._api_url + path, headers, self.seconds_left, room)
            self.clock.look(answer.date)
            body = answer.body
            # Whoever repeats the key must not have it published. What is as short as a word is no key, and is left alone.
            if len(key) >= _MIN_KEY:
                body = body.replace(key.encode(), "…".encode())
            if answer.status == 200:
                # One at a time: the interpreter lets no two work at once anyway, and what is half decoded takes up memory.
                with self._decoding:
                    return decode(body)
        raise _refusal(answer.status, body, key, answer.retry_after_seconds)


class _Keys:
    """The API key in use, shared by all threads: read once, and read again once when it is refused."""

    def __init__(self, read_key: Callable[[], str]) -> None:
        self._read_key = read_key
        self._lock = threading.Lock()
        self._key: str | None = None
        self._was_read_again = False

    def current(self) -> str:
        with self._lock:
            if self._key is None:
                self._key = self._read_key()
            return self._key

    def newer_than(self, refused: str) -> str | None:
        """Another key than the refused one, where there is one by now."""
        with self._lock:
            if self._key == refused and not self._was_read_again:
                self._was_read_again = True
                self._key = self._read_key()
            return self._key if self._key != refused else None


def _with_query(path: str, name: str, value: str | None) -> str:
    return f"{path}?{urlencode({name: value})}" if value else path


def _tries(error: PaletteError) -> int:
    if isinstance(error, UnreachableError):
        return _TRIES_WITHOUT_ANSWER if error.retryable else 1
    return _TRIES.get(error.status or 0, 1)


def _refusal(status: int, body: bytes, key: str, retry_after_seconds: float) -> PaletteError:
    said = decode_error(body, key)
    if status == 404 and said is None and body:
        return UndecodableError("HTTP 404 from something that is not Palette, such as a proxy in front of it")
    code, message, ref = said or ("", "", "")
    if status == 401:
        return KeyRefusedError("Palette refused the API key", status=status, code=code, message=message, ref=ref)
    if 300 <= status < 400:
        return PaletteError("Palette's URL redirects to another place, which is not followed", status=status)
    return PaletteError(
        "Palette answered with an error",
        status=status,
        code=code,
        message=message,
        ref=ref,
        retry_after_seconds=retry_after_seconds,
    )
