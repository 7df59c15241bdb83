"""Palette's API: one function an endpoint, rate-limited, retried, and bounded in time and size.

https://docs.spectrocloud.com/api/introduction/
"""

from __future__ import annotations

import copy
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import quote, urlencode

import urllib3

from backup_reporter.errors import KeyRefusedError, OutOfTimeError, PaletteError, UndecodableError, UnreachableError
from backup_reporter.palette import transport
from backup_reporter.palette.clock_skew import ClockSkew
from backup_reporter.palette.decode import decode_error
from backup_reporter.palette.lists import MAX_IN_A_PAGE, Page, Project, decode_projects, decode_workspaces
from backup_reporter.palette.recording import RecordedAnswer, Recorder, failure_of, ignore_answers, now, recorded_body
from backup_reporter.palette.results import decode_backup_result

if TYPE_CHECKING:
    from datetime import datetime

    from backup_reporter.health.model import BackupResult, Restore, Workspace
    from backup_reporter.palette.clusters import ListedCluster, Location
    from backup_reporter.palette.rate_limit import RateLimiter, TokenBucket

_TRIES = {429: 24, 500: 2, 502: 5, 503: 5, 504: 5}
"""How often a request is tried at most, by the status of the answer. Waiting does not help with other statuses.

A 429 says nothing about the request itself: it is retried for more than two minutes, and counted apart.
"""
_TRIES_WITHOUT_ANSWER = 4
_MAX_BACKOFF_SECONDS = 10.0
_MAX_RETRY_AFTER_SECONDS = 60.0
_MIN_KEY = 12
_NO_RESTORE_CODES = frozenset({"BackupNotConfigured", "ResourceNotFound"})

_Decoded = TypeVar("_Decoded")


class Call(NamedTuple):
    """One request, and the project it is about."""

    path: str
    project_uid: str | None = None
    method: str = "GET"
    body: bytes | None = None
    is_aside: bool = False
    """Not needed for the report: asked once, and kept out of the evidence."""


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
        record: Recorder = ignore_answers,
    ) -> None:
        self.seconds_left = seconds_left
        self._http = http
        self._api_url = api_url
        self._rate_limiter = rate_limiter
        self._sleep = sleep
        self._record = record
        self._keys = _Keys(read_key)
        self._large_answers = transport.LargeAnswers()
        self._decoding = threading.Lock()
        self.clock = ClockSkew()

    def within(self, seconds_left: Callable[[], float]) -> PaletteClient:
        """Returns the same client with another limit of time: it shares the rate limit, the key and the clock."""
        hurried = copy.copy(self)
        hurried.seconds_left = seconds_left
        return hurried

    def projects(self, position: Mapping[str, str] | None = None) -> Page[Project]:
        """``GET /v1/dashboard/projects/metadata``, tenant-wide: a page of :class:`Project`.

        ``position`` is the query that asks for a later page.
        """
        return self.request(Call(_with_query("/v1/dashboard/projects/metadata", position)), decode_projects)

    def workspaces(self, project: Project, position: Mapping[str, str] | None = None) -> Page[Workspace]:
        """``GET /v1/dashboard/workspaces`` of one project: a page of workspaces."""
        call = Call(_with_query("/v1/dashboard/workspaces", position), project.uid)
        return self.request(call, lambda body: decode_workspaces(body, project))

    def backup_result(self, workspace: Workspace, request_uid: str | None = None) -> BackupResult:
        """``GET /v1/workspaces/{uid}/backup``: the backups that Palette remembers."""
        return self.use_backup_result(workspace, request_uid, lambda result: result)

    def use_backup_result(
        self, workspace: Workspace, request_uid: str | None, use: Callable[[BackupResult], _Decoded]
    ) -> _Decoded:
        """Returns what ``use`` makes of the backup result, before the next one is decoded: so one is in memory at a time."""
        query = {"backupRequestUid": request_uid} if request_uid else None
        path = _with_query(f"/v1/workspaces/{quote(workspace.uid, safe='')}/backup", query)
        return self.request(
            Call(path, workspace.project_uid),
            lambda body: use(decode_backup_result(body, workspace.uid, len(workspace.clusters))),
        )

    def clusters(self, position: Mapping[str, str] | None = None) -> Page[ListedCluster]:
        """``POST /v1/dashboard/spectroclusters/search``, tenant-wide: a page of clusters. It only reads."""
        from backup_reporter.palette.clusters import decode_clusters  # noqa: PLC0415 - only runs that look beyond workspaces need it

        query = {"limit": str(MAX_IN_A_PAGE), **(position or {})}
        call = Call(_with_query("/v1/dashboard/spectroclusters/search", query), method="POST", body=b"{}")
        return self.request(call, decode_clusters)

    def use_cluster_result(self, cluster: Workspace, use: Callable[[BackupResult | None], _Decoded]) -> _Decoded:
        """``GET /v1/spectroclusters/{uid}/features/backup``, as :meth:`use_backup_result`; ``None`` without a policy."""
        from backup_reporter.palette.cluster_results import decode_cluster_result  # noqa: PLC0415 - only runs that look beyond workspaces need it

        call = Call(f"/v1/spectroclusters/{quote(cluster.uid, safe='')}/features/backup", cluster.project_uid)
        return self.request(call, lambda body: use(decode_cluster_result(body, cluster.clusters[0])))

    def restores(self, workspace: Workspace) -> tuple[Restore, ...]:
        """``GET /v1/workspaces/{uid}/restore``. There are several ways to say that there was none."""
        from backup_reporter.palette.restores import decode_workspace_restores  # noqa: PLC0415 - only runs that look beyond workspaces need it

        call = Call(f"/v1/workspaces/{quote(workspace.uid, safe='')}/restore", workspace.project_uid)
        return self._none_if_unknown(call, lambda body: decode_workspace_restores(body, workspace.uid), ())

    def restores_into(self, cluster: Workspace) -> dict[str, tuple[Restore, ...]]:
        """``GET /v1/spectroclusters/{uid}/features/restore``: restores into a cluster, by the uid of their source."""
        from backup_reporter.palette.restores import decode_cluster_restores  # noqa: PLC0415 - only runs that look beyond workspaces need it

        call = Call(f"/v1/spectroclusters/{quote(cluster.uid, safe='')}/features/restore", cluster.project_uid)
        nothing: dict[str, tuple[Restore, ...]] = {}
        return self._none_if_unknown(call, lambda body: decode_cluster_restores(body, cluster.uid), nothing)

    def _none_if_unknown(self, call: Call, decode: Callable[[bytes], _Decoded], none: _Decoded) -> _Decoded:
        try:
            return self.request(call, decode)
        except PaletteError as error:
            if error.code in _NO_RESTORE_CODES:
                return none
            raise

    def locations(self, project_uid: str | None, position: Mapping[str, str] | None = None) -> Page[Location]:
        """``GET /v1/users/assets/locations``: the backup locations of the tenant, or of a project."""
        from backup_reporter.palette.clusters import decode_locations  # noqa: PLC0415 - only runs that look beyond workspaces need it

        return self.request(Call(_with_query("/v1/users/assets/locations", position), project_uid), decode_locations)

    def api_key_ends(self) -> tuple[datetime | None, ...]:
        """``GET /v1/apiKeys``, tenant-wide: when each key that can be used ends."""
        from backup_reporter.palette.api_keys import decode_ends  # noqa: PLC0415 - asked while the results come in

        return self.request(Call("/v1/apiKeys", is_aside=True), decode_ends)

    def may_ask_for_lists(self) -> bool:
        """Returns whether the rate allows another request for a list at once."""
        return self._rate_limiter.bucket("/v1/dashboard").allows_now()

    def may_ask_for_results(self) -> bool:
        """Returns whether the rate allows another request for a backup result at once."""
        return self._rate_limiter.bucket("/v1/workspaces").allows_now()

    def seconds_for_results(self, number: int) -> float:
        """Returns how long it takes to ask for so many backup results at the steady rate."""
        return number * self._rate_limiter.bucket("/v1/workspaces").interval_seconds

    def may_ask_for_clusters(self) -> bool:
        """Returns whether the rate allows another request about one cluster at once."""
        return self._rate_limiter.bucket("/v1/spectroclusters").allows_now()

    def request(self, call: Call, decode: Callable[[bytes], _Decoded]) -> _Decoded:
        """Returns what ``decode`` reads in a successful answer. Raises :class:`PaletteError` for any other.

        The recorder takes the answer that was used, or why there is none.
        """
        try:
            return self._ask(call, decode)
        except Exception as error:
            self._record_failure(call, error)
            raise

    def _ask(self, call: Call, decode: Callable[[bytes], _Decoded]) -> _Decoded:
        bucket = self._rate_limiter.bucket(call.path.partition("?")[0])
        failures = Counter[str]()
        previous: PaletteError | None = None
        while True:
            try:
                return self._try_with_fresh_key(call, decode, bucket)
            except PaletteError as error:
                if previous and isinstance(error, OutOfTimeError):
                    raise previous from None  # it says more than that the time is over
                kind = "of the rate" if error.status == 429 else "of the request"
                failures[kind] += 1
                if call.is_aside or failures[kind] >= _tries(error):
                    raise
                self._back_off(error, failures[kind], bucket)
                previous = error

    def _back_off(self, error: PaletteError, failures: int, bucket: TokenBucket) -> None:
        seconds = min(_MAX_BACKOFF_SECONDS, 0.5 * 2 ** (failures - 1)) * random.uniform(0.5, 1)
        seconds = max(seconds, min(_MAX_RETRY_AFTER_SECONDS, error.retry_after_seconds))
        if seconds >= self.seconds_left():
            raise error
        if error.status == 429:
            bucket.pause(seconds)  # every thread slows down, not only the one that was refused
        else:
            self._sleep(seconds)

    def _try_with_fresh_key(self, call: Call, decode: Callable[[bytes], _Decoded], bucket: TokenBucket) -> _Decoded:
        key = self._keys.current()
        try:
            return self._try(call, decode, bucket, key)
        except KeyRefusedError:
            newer = self._keys.newer_than(key)
            if newer is None:
                raise
            return self._try(call, decode, bucket, newer)

    def _try(self, call: Call, decode: Callable[[bytes], _Decoded], bucket: TokenBucket, key: str) -> _Decoded:
        if not bucket.take(self.seconds_left):
            raise OutOfTimeError
        url = self._api_url + call.path
        with self._large_answers.turn() as large_answer:
            answer = transport.exchange(
                self._http, call.method, url, _headers(call, key), call.body, self.seconds_left, large_answer
            )
            self.clock.note_date(answer.date)
            body = answer.body
            # An answer that repeats the key must not have it published. Text as short as a word is not a key.
            if len(key) >= _MIN_KEY:
                body = body.replace(key.encode(), "…".encode())
            if answer.status == 200:
                return self._use(call, answer.date, body, decode)
        error = refusal_of(answer.status, body, key, answer.retry_after_seconds)
        error.answer = (answer.status, answer.date, body)
        raise error

    def _use(self, call: Call, date: str, body: bytes, decode: Callable[[bytes], _Decoded]) -> _Decoded:
        try:
            # One at a time: the interpreter runs one thread at once, and half-decoded answers take up memory.
            with self._decoding:
                decoded = decode(body)
        except PaletteError as error:
            error.answer = (200, date, body)
            raise
        self._record_answer(call, 200, date, body, was_decoded=True)
        return decoded

    def _record_failure(self, call: Call, error: Exception) -> None:
        if isinstance(error, PaletteError) and error.answer:
            self._record_answer(call, *error.answer, was_decoded=False)
        elif not call.is_aside:
            self._record(RecordedAnswer(**_described(call), failure=failure_of(error)))

    def _record_answer(self, call: Call, status: int, date: str, body: bytes, *, was_decoded: bool) -> None:
        if self._record is not ignore_answers and not call.is_aside:
            content = recorded_body(body, was_decoded=was_decoded)
            self._record(RecordedAnswer(**_described(call), status=status, date=date, **content))


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
        """Returns another key than the refused one, or ``None`` if the secret holds no other."""
        with self._lock:
            if self._key == refused and not self._was_read_again:
                self._was_read_again = True
                self._key = self._read_key()
            return self._key if self._key != refused else None


def _described(call: Call) -> dict[str, Any]:
    asked = call.body.decode() if call.body else None
    return {"method": call.method, "path": call.path, "project_uid": call.project_uid, "asked": asked, "at": now()}


def _headers(call: Call, key: str) -> dict[str, str]:
    headers = {"ApiKey": key, "Accept": "application/json", "Accept-Encoding": "gzip"}
    if call.project_uid:
        headers["ProjectUid"] = call.project_uid
    if call.body is not None:
        headers["Content-Type"] = "application/json"
    return headers


def _with_query(path: str, query: Mapping[str, str] | None) -> str:
    return f"{path}?{urlencode(query)}" if query else path


def _tries(error: PaletteError) -> int:
    if isinstance(error, UnreachableError):
        return _TRIES_WITHOUT_ANSWER if error.retryable else 1
    if error.code == "BackupNotConfigured":
        return 1  # an answer, with any status
    return _TRIES.get(error.status or 0, 1)


def refusal_of(status: int, body: bytes, key: str = "", retry_after_seconds: float = 0.0) -> PaletteError:
    """Returns what an answer with another status than 200 says, as an error."""
    code, message, ref = decode_error(body, key)
    if status == 404 and not code:
        return UndecodableError("HTTP 404 from something that is not Palette, such as a proxy in front of it")
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
