"""What Palette answered, as a record: what is kept as evidence, and replayed to recompute a report."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from backup_reporter.errors import BackupReporterError, PaletteError, UndecodableError, UnreachableError, reason_of
from backup_reporter.records import Instant, Record

_OPENING, _CLOSING, _LINE_ENDS = (b"{", b"["), (b"}", b"]"), (b"\n", b"\r")

_NULL = msgspec.Raw(b"null")


class Failure(Record, frozen=True, kw_only=True):
    """A request that got no answer: the kind of the error and its text, which holds no secret."""

    kind: str
    text: str
    is_of_palette: bool


class RecordedAnswer(Record, frozen=True, kw_only=True):
    """One request and its answer. ``body`` is as received, with secrets removed; ``sha256`` is that of this body.

    ``date`` is Palette's own ``Date`` header. ``text`` or ``binary`` (base64) stands in for a ``body`` that is not JSON on one line.
    """

    number: int = 0
    """In the order of the file, from 1."""
    tenant: str | None = None
    method: str = "GET"
    path: str
    project_uid: str | None = None
    asked: str | None = None
    """The request's own body."""
    at: Instant
    """By the reporter's clock, when the answer was there."""
    status: int | None = None
    date: str = ""
    sha256: str | None = None
    body: msgspec.Raw = _NULL
    text: str | None = None
    binary: bytes | None = None
    failure: Failure | None = None

    @property
    def content(self) -> bytes:
        """The body's bytes."""
        body = bytes(self.body)
        return self.binary or (self.text or "").encode() if body == b"null" else body


Recorder = Callable[[RecordedAnswer], None]
"""Takes each answer that is used. Safe for threads; never raises, and never waits long."""


def ignore_answers(answer: RecordedAnswer) -> None:
    """A recorder that keeps nothing."""


def recorded_body(body: bytes, *, was_decoded: bool) -> dict[str, Any]:
    """Returns the fields that hold a body and its SHA-256. ``was_decoded`` tells that it is known to be JSON."""
    return {"sha256": hashlib.sha256(body).hexdigest(), **_content(body, was_decoded)}


def _content(body: bytes, was_decoded: bool) -> dict[str, Any]:
    if was_decoded and body[:1] in _OPENING and body[-1:] in _CLOSING and not any(end in body for end in _LINE_ENDS):
        return {"body": msgspec.Raw(body)}
    try:
        return {"text": body.decode()}
    except UnicodeDecodeError:
        return {"binary": body}


def now() -> datetime:
    """Returns the time, in UTC."""
    return datetime.now(UTC)


def failure_of(error: Exception) -> Failure:
    """Returns what may be kept of an error."""
    text = str(error) if isinstance(error, BackupReporterError) else reason_of(error)
    return Failure(kind=type(error).__name__, text=text, is_of_palette=isinstance(error, PaletteError))


def error_of(failure: Failure) -> BackupReporterError:
    """Returns an error that says the same as the recorded one."""
    if failure.kind == UndecodableError.__name__:
        return UndecodableError(failure.text)  # such as an answer that is too large to be read
    return (
        UnreachableError(failure.text, retryable=False) if failure.is_of_palette else BackupReporterError(failure.text)
    )
