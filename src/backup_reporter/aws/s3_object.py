"""Reads and writes an S3 object; little of it is in memory at a time."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from backup_reporter.errors import StoreError, TooLargeError

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client

MAX_BYTES = 64 * 1024 * 1024
"""Far more than is ever written. Another writer of the bucket must not fill the function's memory."""
_PART_BYTES = 5 * 1024 * 1024
"""What is larger goes up in parts of this size, the smallest that S3 takes."""


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


def write_pieces(client: S3Client, bucket: str, key: str, pieces: Iterable[bytes], **properties: Any) -> None:
    """Writes an object that arrives in pieces. A part of it waits in a temporary file, and not in memory.

    Raises the SDK's errors, what ``pieces`` raises, and :class:`StoreError` if the disk is full; then nothing is written.
    """
    try:
        with temporary_file() as file:
            sizes = _parts(pieces, file)
            if next(sizes, 0) < _PART_BYTES:
                client.put_object(Bucket=bucket, Key=key, Body=file, **properties)
            else:
                _write_parts(client, {"Bucket": bucket, "Key": key}, file, sizes, properties)
    except OSError as error:
        raise StoreError(f"a temporary file cannot be written: {error.strerror}") from error


def temporary_file() -> IO[bytes]:
    """Returns a file that is gone once it is closed; memory where no file can be made, as in a read-only container."""
    try:
        return tempfile.TemporaryFile()
    except OSError:
        return io.BytesIO()


def _parts(pieces: Iterable[bytes], file: IO[bytes]) -> Iterator[int]:
    """Fills the file with one part after the other and yields its size; only the last falls short of the others."""
    size = 0
    for piece in pieces:
        rest = memoryview(piece)
        while rest:
            fitting = rest[: _PART_BYTES - size]
            file.write(fitting)
            rest, size = rest[len(fitting) :], size + len(fitting)
            if size == _PART_BYTES:
                file.seek(0)
                yield size
                file.seek(0)
                size = 0
    if size:
        file.truncate()
        file.seek(0)
        yield size


def _write_parts(client: S3Client, place: Any, file: IO[bytes], sizes: Iterator[int], properties: Any) -> None:
    """Writes what the file holds, and holds next, as the parts of an object. By hand: boto3's own transfer copies each."""
    place["UploadId"] = client.create_multipart_upload(**place, **properties)["UploadId"]
    tags: list[Any] = []
    try:
        has_more = True
        while has_more:
            number = len(tags) + 1
            tag = client.upload_part(**place, PartNumber=number, Body=file)["ETag"]
            tags.append({"PartNumber": number, "ETag": tag})
            has_more = next(sizes, 0) > 0
        client.complete_multipart_upload(**place, MultipartUpload={"Parts": tags})
    except BaseException:
        with suppress(ClientError, BotoCoreError):
            client.abort_multipart_upload(**place)
        raise
