"""The form of all data that is kept or passed on as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""A point in time: an aware ``datetime``, in UTC if this project makes it."""


class Record(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Frozen data with camelCase names in JSON. Times are aware UTC ``datetime``."""
