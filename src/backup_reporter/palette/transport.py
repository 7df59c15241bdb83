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
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

from backup_reporter.errors import OutOfTimeError, UndecodableError, UnreachableError

CONNECT_TIMEOUT_SECONDS = 5.0
READ_TIMEOUT_SECONDS = 30.0
"""For the first byte, and for the whole body."""
MAX_BODY_BYTES = 32 * 1024 * 1024
"""After decompression."""
MOST_AT_A_TIME = {64 * 1024: 8, 1024 * 1024: 1}
"""How many bodies larger than so many bytes are in memory at a time: sixty-four of 32 MB, or of 1 MB, take too much of it."""

TOO_SLOW = "Palette's answer did not arrive in time"
CUT_OFF = "Palette's answer was cut off or is not HTTP"
_CHUNK_BYTES = 64 * 1024


class Answer(NamedTuple):
    """What came back. ``date`` is the header that says when the answer was made, or empty.

    ``retry_after_seconds`` is how long the server asks us to wait, or 0.
    """

    status: int
    body: bytes
    date: str
    retry_after_seconds: float


class LargeAnswers:
    """Lets a few large answers in at a time, for all threads: the next one waits until one of them is decoded."""

    def __init__(self) -> None:
        self._doors = {size: threading.Semaphore(most) for size, most in MOST_AT_A_TIME.items()}

    def turn(self) -> LargeAnswerTurn:
        """Returns the turn of one exchange; it takes nothing before the answer turns out to be large."""
        return LargeAnswerTurn(self._doors)


class LargeAnswerTurn:
    """One exchange's right to hold a large answer, released at the end of the ``with`` block."""

    def __init__(self, doors: Mapping[int, threading.Semaphore]) -> None:
        self._doors = dict(doors)
        self._taken: list[threading.Semaphore] = []

    def take(self, size: int, seconds: float) -> bool:
        """Waits for the turn of an answer that has ``size`` bytes so far; returns whether it came within ``seconds``."""
        for limit in [limit for limit in self._doors if limit < size]:
            if not self._doors[limit].acquire(timeout=max(0.0, min(seconds, READ_TIMEOUT_SECONDS))):
                return False
            self._taken.append(self._doors.pop(limit))
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for door in self._taken:
            door.release()


def exchange(
    http: urllib3.PoolManager,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None,
    seconds_left: Callable[[], float],
    large_answer: LargeAnswerTurn,
) -> Answer:
    """Sends one request and returns the answer, with any status; waits for its turn if the answer is large.

    Raises :class:`UnreachableError` if no whole answer came in time, and :class:`UndecodableError` if
    the answer is too large.
    """
    left = seconds_left()
    if left <= 0:
        raise OutOfTimeError
    timeout = urllib3.Timeout(connect=min(CONNECT_TIMEOUT_SECONDS, left), read=min(READ_TIMEOUT_SECONDS, left))
    try:
        response = http.request(
            method,
            url,
            body=body,
            headers=headers,
            timeout=timeout,
            retries=False,
            redirect=False,
            preload_content=False,
        )
        try:
            answer_body = _read_body(response, seconds_left, large_answer)
        except BaseException:
            response.close()  # the rest of this connection is not worth reading
            raise
        response.release_conn()
    except HTTPError as error:
        raise _unreachable(error) from None
    received = response.headers
    return Answer(response.status, answer_body, received.get("Date", ""), _seconds(received.get("Retry-After", "")))


def _seconds(text: str) -> float:
    return float(text) if re.fullmatch(r"[0-9]{1,6}", text) else 0.0


def _read_body(
    response: urllib3.BaseHTTPResponse, seconds_left: Callable[[], float], large_answer: LargeAnswerTurn
) -> bytes:
    """Returns the body, decompressed. A slow drip resets every timeout but this one, so it is checked at each chunk."""
    started_with = seconds_left()
    chunks: list[bytes] = []
    size = 0
    while chunk := response.read1(_CHUNK_BYTES, decode_content=True):
        chunks.append(chunk)
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            raise UndecodableError(f"the answer is larger than {MAX_BODY_BYTES // 1024**2} MB")
        if not large_answer.take(size, seconds_left()):
            raise UnreachableError(TOO_SLOW)
        left = seconds_left()
        if left <= 0 or started_with - left > READ_TIMEOUT_SECONDS:
            raise UnreachableError(TOO_SLOW)
    body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
    if body.startswith(b"{") and not body[-100:].rstrip().endswith(b"}"):
        # If the end of the connection is the end of the body, nothing else tells that it was cut.
        raise UnreachableError(CUT_OFF)
    return body


def _unreachable(error: HTTPError) -> UnreachableError:
    """Translates urllib3's error: its own text can hold addresses, a proxy's password, and bytes that were received."""
    if isinstance(error, SSLError):
        return _tls_failed(error)
    if isinstance(error, ProxyError):
        return _proxy_failed(error)
    reasons: tuple[tuple[type[HTTPError], str], ...] = (
        (NameResolutionError, "Palette could not be reached: its host name cannot be resolved"),
        (NewConnectionError, "Palette could not be reached: no connection can be made"),
        (ConnectTimeoutError, "Palette could not be reached: no connection in time"),
        (ReadTimeoutError, TOO_SLOW),
    )
    matching = (reason for kind, reason in reasons if isinstance(error, kind))
    return UnreachableError(next(matching, CUT_OFF))


def _tls_failed(error: SSLError) -> UnreachableError:
    """A certificate that is not trusted stays so: it is not retried. Other TLS failures may pass."""
    cause = error.args[0] if error.args else None
    if isinstance(cause, ssl.SSLCertVerificationError):
        hint = "PALETTE_CA_BUNDLE can name a private CA"
        return UnreachableError(
            f"Palette's certificate is not trusted: {cause.verify_message} ({hint})", retryable=False
        )
    return UnreachableError("Palette could not be reached: the TLS connection failed")


def _proxy_failed(error: ProxyError) -> UnreachableError:
    """Says what the proxy did, without its address: that may hold a password."""
    refusal = re.search(r"Tunnel connection failed: (\d{3})", str(error.original_error))
    did = f"refused the connection (HTTP {refusal[1]})" if refusal else "could not be reached"
    return UnreachableError(
        f"Palette could not be reached: the proxy that HTTPS_PROXY names {did}",
        retryable=not refusal or refusal[1].startswith("5"),
    )
