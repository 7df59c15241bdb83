"""The form of all data that is kept or passed on as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""A point in time: an aware ``datetime``, in UTC if this project makes it."""


class Discreet(msgspec.Struct, frozen=True):
    """Frozen data that may hold a secret: no log and no traceback shows more than its kind."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []


class Record(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Frozen data with camelCase names in JSON. Times are aware UTC ``datetime``."""
