"""Decodes Palette's JSON straight from the bytes: what all its documents have in common.

Only the fields that are used are declared; every one is optional and may be ``null``; unknown ones
are ignored. A wrong type is an :class:`~backup_reporter.errors.UndecodableError` with its JSON path.
One bad entry of a list does not cost the others. Every text and every number of values has a bound.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple, TypeVar

import msgspec
from msgspec import Raw

from backup_reporter.errors import UndecodableError
from backup_reporter.health.model import Cluster
from backup_reporter.palette import wire_types
from backup_reporter.wording import quote

MAX_VALUES = 1_000_000
"""In one document: more would not fit into a function's memory once decoded, however few bytes they take."""
_MAX_REPAIRED_BYTES = 4 * 1024**2
"""Larger documents with half a character in them are refused: looking for it takes up to sixteen times their size."""
MAX_NAME = 253
"""The longest name that Kubernetes allows."""
MAX_UID = 253
MAX_TEXT = 2000
"""For messages, patterns, labels and schedules. What is cut off says so, and matches nothing."""

_UNIX_ZERO = datetime(1970, 1, 1, tzinfo=UTC)
_FAR_PAST, _FAR_FUTURE = datetime(1000, 1, 1, tzinfo=UTC), datetime(9990, 1, 1, tzinfo=UTC)
"""A time beyond them counts as they do: the judging reckons a century to and fro, and the calendar ends."""

_Decoded = TypeVar("_Decoded")
_ERROR = msgspec.json.Decoder(wire_types.Error)


class ErrorBody(NamedTuple):
    """What Palette says in an error. All three are empty for any other body, such as a proxy's page."""

    code: str = ""
    message: str = ""
    ref: str = ""


def decode_error(data: bytes, key: str = "") -> ErrorBody:
    """Reads a ``v1Error``, and leaves out the API ``key`` if the error repeats it."""
    try:
        error = _ERROR.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return ErrorBody()
    code, message, ref = (_without(key, text or "") for text in (error.code, error.message, error.ref))
    return ErrorBody(quote(code, 100), quote(message, 500), quote(ref, 100))


def _without(secret: str, text: str) -> str:
    return text.replace(secret, "…") if secret else text


def decode_document(decoder: msgspec.json.Decoder[_Decoded], data: bytes) -> _Decoded:
    """Decodes a whole answer. Raises :class:`UndecodableError` with the JSON path, or if it holds too many values."""
    # Each value but the first follows one of these three; those inside a text count as well.
    if data.count(b",") + data.count(b"{") + data.count(b"[") > MAX_VALUES:
        raise UndecodableError(f"the answer holds more than {MAX_VALUES:,} values")
    return decode(decoder, data)


def decode(decoder: msgspec.json.Decoder[_Decoded], data: bytes | Raw) -> _Decoded:
    """Decodes a document or a piece of one. Raises :class:`UndecodableError` with the JSON path."""
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        raise _wrong_type(error) from None
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        reason = f"not the JSON of Palette's API: {quote(str(error), 200)}"
    text = bytes(data)
    repaired = (
        re.sub(_LONE_SURROGATE, _replacement, text, flags=re.DOTALL) if len(text) <= _MAX_REPAIRED_BYTES else text
    )
    if repaired == text:
        raise UndecodableError(reason, "$")
    return decode(decoder, repaired)


def _wrong_type(error: msgspec.ValidationError) -> UndecodableError:
    # msgspec has no field for the path: its messages end with "- at `$.some.path`", except for the outermost value.
    reason, _, path = str(error).partition(" - at `")
    return UndecodableError(reason, path.rstrip("`") or "$")


_LONE_SURROGATE = rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u([dD][89a-fA-F][0-9a-fA-F]{2})|.)"
"""An escape in a JSON text; with a group if it is half of a character, which no JSON decoder accepts."""


def _replacement(escape: re.Match[bytes]) -> bytes:
    return b"\\ufffd" if escape[1] else escape[0]


def name_of(text: str | None) -> str | None:
    """Returns a name, no longer than names are; ``None`` if it is empty."""
    return cut(text, MAX_NAME) or None


def cut(text: str | None, length: int) -> str | None:
    """Returns the text, cut with an ellipsis if it is longer."""
    return text if text is None or len(text) <= length else f"{text[: length - 1]}…"


def uid_of(text: str | None, where: str) -> str | None:
    """Returns a uid; ``None`` if it is empty. Raises :class:`UndecodableError` for one that is too long to be one."""
    if text and len(text) > MAX_UID:
        raise UndecodableError(f"a uid of {len(text):,} characters", f"$.{where}")
    return text or None


def time_of(text: str | None, where: str) -> datetime | None:
    """Returns a time in UTC. Missing, ``null``, empty, Go's zero time and Unix's all mean "not set"."""
    if not text or text.isspace():
        return None
    try:
        at = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        at = None
    if at and at.tzinfo is UTC and _UNIX_ZERO.year < at.year < _FAR_FUTURE.year:
        return at
    return _unusual_time(at, text, where)


def _unusual_time(at: datetime | None, text: str, where: str) -> datetime | None:
    if text.startswith("0001-01-01T") or (at and at.tzinfo and at == _UNIX_ZERO):
        return None
    if at is None or at.tzinfo is None:
        raise UndecodableError(f"'{quote(text, 60)}' is no RFC 3339 time", f"$.{where}")
    try:
        return max(_FAR_PAST, min(at.astimezone(UTC), _FAR_FUTURE))
    except OverflowError:
        return _FAR_FUTURE if at.year > 1 else None


@lru_cache(maxsize=4096)
def cluster(uid: str | None, name: str | None) -> Cluster:
    """Returns a cluster, known by its uid, its name or both."""
    # One object for every backup and every workspace of it: there are a thousand backups of a cluster.
    return Cluster(uid or None, name or None)
