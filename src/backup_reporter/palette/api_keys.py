"""When the tenant's API keys end, as far as Palette tells."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from backup_reporter.palette import wire_types
from backup_reporter.palette.decode import time_of
from backup_reporter.palette.lists import decode_page
from backup_reporter.wording import duration

WARNED_AHEAD = timedelta(days=14)

_API_KEY = msgspec.json.Decoder(wire_types.ApiKeyItem | None)


def decode_ends(data: bytes) -> tuple[datetime | None, ...]:
    """Reads ``/v1/apiKeys``: when each key that can be used ends; ``None`` if Palette does not say."""
    return tuple(end for is_active, end in decode_page(data, _API_KEY, _end).items if is_active)


def _end(item: wire_types.ApiKeyItem | None) -> tuple[bool, datetime | None]:
    item = item or wire_types.ApiKeyItem()
    is_active = item.status is None or item.status.is_active is not False
    return is_active, time_of(item.spec.expiry, "spec.expiry") if item.spec else None


def say_end(ends: Sequence[datetime | None], now: datetime) -> str | None:
    """Returns a sentence if a key ends soon; ``None`` otherwise.

    Palette does not say which key is ours: a single one is taken for it.
    """
    ahead = [end for end in ends if end and end > now]
    if not ahead or min(ahead) > now + WARNED_AHEAD:
        return None
    end = min(ahead)
    when = f"expires in {duration(end - now)} (on {end:%Y-%m-%d}, UTC)"
    if len(ends) == 1:
        return f"The reporter's API key {when}. Create a new one in Palette and put it into the key's secret."
    return (
        f"An API key of this tenant {when}. If it is the reporter's, create a new one and put it into the key's secret."
    )
