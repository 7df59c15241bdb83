"""The AWS SDK's errors: the one place that reads what is inside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from botocore.exceptions import BotoCoreError, ClientError

from backup_reporter.errors import BackupReporterError, ChannelError

AwsError = ClientError | BotoCoreError
"""``ClientError``: AWS refused. ``BotoCoreError``: there was no answer, or the request could not be made."""

UNKNOWN_CODE = "unknown error"

_TEMPORARY = frozenset(
    {"Throttling", "ThrottlingException", "TooManyRequestsException", "RequestTimeout", "KMSThrottling"}
)


def code_of(error: AwsError) -> str:
    """AWS's code (``AccessDenied``), or the kind of an error of the SDK's own (``EndpointConnectionError``)."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", UNKNOWN_CODE))
    return type(error).__name__


def message_of(error: AwsError) -> str:
    """What AWS, or the SDK, says beside the code. It may repeat what was sent."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Message", ""))
    return str(error)


def is_temporary(error: AwsError) -> bool:
    """Whether the same request may succeed later without a change to the set-up."""
    if not isinstance(error, ClientError):
        return True
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= 500 or status == 429 or code_of(error) in _TEMPORARY


def item_of(error: ClientError) -> Mapping[str, Any]:
    """The item that DynamoDB returns with a condition that failed."""
    return cast("Mapping[str, Any]", error.response.get("Item", {}))


@contextmanager
def translate_errors(kind: Callable[[str], BackupReporterError], what_failed: str) -> Iterator[None]:
    """Raises the SDK's errors as errors of this ``kind``: ``what_failed: CODE``."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise kind(f"{what_failed}: {code_of(error)}") from error


@contextmanager
def channel_errors(what_failed: str) -> Iterator[None]:
    """Raises the SDK's errors as :class:`ChannelError`: ``what_failed: CODE: message``."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        said = f"{what_failed}: {code_of(error)}: {message_of(error)}"
        raise ChannelError(said, permanent=not is_temporary(error)) from error
