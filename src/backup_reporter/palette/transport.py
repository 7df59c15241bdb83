"""One exchange with Palette, bounded in time and size, and its failures in our words.

urllib3 neither retries nor redirects here: every try has to pass the rate limit, and the key must not
reach another host.
"""

from __future__ import annotations

import re
import ssl
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import NamedTuple, Self

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from backup_reporter.errors import UndecodableError, UnreachableError

CONNECT_TIMEOUT_SECONDS = 5.0
READ_TIMEOUT_SECONDS = 30.0
"""For the first byte, and for the whole body."""
MAX_BODY_BYTES = 32 * 1024 * 1024
"""After decompression."""
LARGE_BYTES = 1024 * 1024
"""What is larger is read by one thread at a time: sixty-four bodies of 32 MB do not fit into a function's memory."""

OUT_OF_TIME = "Palette had not answered when the time for asking was over"
"""Whether it was asked or never got its turn."""
TOO_SLOW = "Palette's answer did not arrive in time"
CUT_OFF = "Palette's answer was cut off or is not HTTP"
_CHUNK_BYTES = 256 * 1024


class Answer(NamedTuple):
    """What came back. ``date`` is the header that says when it was made, empty where there is none.

    ``retry_after_seconds`` is how long whoever answers wants to be left alone, 0 where it does not say.
    """

    status: int
    body: bytes
    date: str
    retry_after_seconds: float


class LargeAnswers:
    """The room for large answers, shared by all threads: whoever has it keeps it until the answer is decoded."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def room(self) -> _Room:
        """For one exchange; nothing is taken before the answer turns out to be large."""
        return _Room(self._lock)


class _Room:
    def __init__(self, lock: threading.Lock) -> None:
        self._lock = lock
        self._is_taken = False

    def take(self, seconds: float) -> bool:
        """Waits for the room; whether it came in time."""
        self._is_taken = self._is_taken or self._lock.acquire(timeout=max(0.0, min(seconds, READ_TIMEOUT_SECONDS)))
        return self._is_taken

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_taken:
            self._lock.release()


def get(
    http: urllib3.PoolManager,
    url: str,
    headers: Mapping[str, str],
    seconds_left: Callable[[], float],
    room: _Room,
) -> Answer:
    """The answer, whatever its status; a large one takes the ``room``.

    Raises :class:`UnreachableError` where no whole answer came in time, and :class:`UndecodableError`
    for one that is too large.
    """
    left = seconds_left()
    if left <= 0:
        raise UnreachableError(OUT_OF_TIME, retryable=False)
    timeout = urllib3.Timeout(connect=min(CONNECT_TIMEOUT_SECONDS, left), read=min(READ_TIMEOUT_SECONDS, left))
    try:
        response = http.request(
            "GET", url, headers=headers, timeout=timeout, retries=False, redirect=False, preload_content=False
        )
        try:
            body = _body(response, seconds_left, room)
        except BaseException:
            response.close()  # what is left in the connection is not worth reading
            raise
        response.release_conn()
    except HTTPError as error:
        raise _unreachable(error) from None
    headers_back = response.headers
    return Answer(response.status, body, headers_back.get("Date", ""), _seconds(headers_back.get("Retry-After", "")))


def _seconds(text: str) -> float:
    return float(text) if re.fullmatch(r"[0-9]{1,6}", text) else 0.0


def _body(response: urllib3.BaseHTTPResponse, seconds_left: Callable[[], float], room: _Room) -> bytes:
    """The body, decompressed. A slow drip resets every timeout but this one, so each bit of it is looked at."""
    started_with = seconds_left()
    chunks: list[bytes] = []
    size = 0
    while chunk := response.read1(_CHUNK_BYTES, decode_content=True):
        chunks.append(chunk)
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            raise UndecodableError(f"the answer is larger than {MAX_BODY_BYTES // 1024**2} MB")
        if size > LARGE_BYTES and not room.take(seconds_left()):
            raise UnreachableError(TOO_SLOW)
        left = seconds_left()
        if left <= 0 or started_with - left > READ_TIMEOUT_SECONDS:
            raise UnreachableError(TOO_SLOW)
    body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
    if body.startswith(b"{") and not body[-100:].rstrip().endswith(b"}"):
        # Where the end of the connection is the end of the body, nothing else tells that it is cut.
        raise UnreachableError(CUT_OFF)
    return body


def _unreachable(error: HTTPError) -> UnreachableError:
    """urllib3's error in our words: its own can hold addresses and bytes that were received."""
    if isinstance(error, SSLError):
        return _tls_failed(error)
    reasons: tuple[tuple[type[HTTPError], str], ...] = (
        (NameResolutionError, "Palette could not be reached: its host name cannot be resolved"),
        (NewConnectionError, "Palette could not be reached: no connection can be made"),
        (ConnectTimeoutError, "Palette could not be reached: no connection in time"),
        (ReadTimeoutError, TOO_SLOW),
    )
    said = (reason for kind, reason in reasons if isinstance(error, kind))
    return UnreachableError(next(said, CUT_OFF))


def _tls_failed(error: SSLError) -> UnreachableError:
    """A certificate stays as it is, however often it is looked at; whatever else goes wrong may pass."""
    cause = error.args[0] if error.args else None
    if isinstance(cause, ssl.SSLCertVerificationError):
        hint = "PALETTE_CA_BUNDLE can name a private CA"
        return UnreachableError(
            f"Palette's certificate is not trusted: {cause.verify_message} ({hint})", retryable=False
        )
    return UnreachableError("Palette could not be reached: the TLS connection failed")
