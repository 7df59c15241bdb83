"""AWS's refusals, translated once for every channel that goes through the SDK."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from backup_reporter.errors import ChannelError

_PASSING = frozenset(
    {"Throttling", "ThrottlingException", "TooManyRequestsException", "RequestTimeout", "KMSThrottling"}
)


@contextmanager
def refusals_as_channel_errors(doing: str) -> Iterator[None]:
    """Turns the SDK's errors into :class:`ChannelError`: ``doing: CODE: message``."""
    try:
        yield
    except ClientError as error:
        details = error.response.get("Error", {})
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        code = details.get("Code", "unknown error")
        passing = status >= 500 or status == 429 or code in _PASSING
        raise ChannelError(f"{doing}: {code}: {details.get('Message', '')}", permanent=not passing) from error
    except BotoCoreError as error:
        raise ChannelError(f"{doing}: {type(error).__name__}: {error}") from error
