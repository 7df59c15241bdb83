"""Palette's JSON, decoded straight from the bytes into what the judging knows: what all of it has in common.

Only the fields that are used are declared; every one is optional and may be ``null``; unknown ones
are ignored. A wrong type is an :class:`~backup_reporter.errors.UndecodableError` with its JSON path.
One bad entry of a list does not cost the others.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeVar

import msgspec
from msgspec import Raw

from backup_reporter.errors import UndecodableError
from backup_reporter.health.model import Cluster
from backup_reporter.palette import wire_types
from backup_reporter.wording import quote

_UNIX_ZERO = datetime(1970, 1, 1, tzinfo=UTC)
_FAR_FUTURE = datetime(9990, 1, 1, tzinfo=UTC)

_Decoded = TypeVar("_Decoded")
_ERROR = msgspec.json.Decoder(wire_types.Error)


def decode_error(data: bytes, key: str = "") -> tuple[str, str, str] | None:
    """Palette's ``code``, ``message`` and ``ref``, without the ``key``; ``None`` for anything else (a proxy's page)."""
    try:
        error = _ERROR.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    code, message, ref = (_without(key, text or "") for text in (error.code, error.message, error.ref))
    return quote(code, 100), quote(message, 500), quote(ref, 100)


def _without(secret: str, text: str) -> str:
    return text.replace(secret, "…") if secret else text


def decode(decoder: msgspec.json.Decoder[_Decoded], data: bytes | Raw) -> _Decoded:
    """What the decoder makes of it. Raises :class:`UndecodableError` with the JSON path."""
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        # msgspec ends its messages with "- at `$.some.path`", but for the outermost value itself.
        said = str(error)
        raise UndecodableError(said if "`$" in said else f"{said} - at `$`") from None
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise UndecodableError(f"not the JSON of Palette's API at `$`: {quote(str(error), 200)}") from None


def below(path: str, error: UndecodableError) -> UndecodableError:
    """The same error, as it is called from further up: its ``$`` lies at ``path``."""
    before, root, after = str(error).rpartition("`$")
    return UndecodableError(f"{before}`{path}{after}") if root else error


def time_of(text: str | None, where: str) -> datetime | None:
    """A time in UTC. Missing, ``null``, empty, Go's zero time and Unix's all mean "not set"."""
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
        raise UndecodableError(f"'{quote(text, 60)}' is no RFC 3339 time - at `$.{where}`")
    try:
        return min(at.astimezone(UTC), _FAR_FUTURE)
    except OverflowError:
        return _FAR_FUTURE if at.year > 1 else None


@lru_cache(maxsize=4096)
def cluster(uid: str | None, name: str | None) -> Cluster:
    """A cluster, by whatever it is known by."""
    # One object for every backup and every workspace of it: there are a thousand backups of a cluster.
    return Cluster(uid or None, name or None)
