"""Reads an S3 object as a whole, if it is not too large."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_reporter.errors import TooLargeError

if TYPE_CHECKING:
    from botocore.response import StreamingBody

MAX_BYTES = 64 * 1024 * 1024
"""Far more than is ever written. Another writer of the bucket must not fill the function's memory."""


def read_whole(name: str, body: StreamingBody) -> bytes:
    """Returns what an object holds. Raises :class:`TooLargeError` if it is larger than :data:`MAX_BYTES`."""
    content = body.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        body.close()
        raise TooLargeError(
            f"{name} is larger than {MAX_BYTES // 1024**2} MB, and was not written by this function: find out who wrote it, "
            "and delete it"
        )
    return content
