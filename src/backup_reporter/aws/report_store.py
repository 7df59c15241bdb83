"""Kept reports, and the baseline that the next one is compared with, in the report bucket.

``reports/2026/11/24/20261124T070000Z-1a2b3c4d.json`` and beside it the same as ``.html`` and ``.csv``;
``reports/index.html`` lists the last of them, from ``reports/index.json``;
``reports/baseline/<scope>.json``, and beside it the one before it as ``<scope>.previous.json``. Encryption is the
bucket's own.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import IO, TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import quote
from zoneinfo import ZoneInfo

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from backup_reporter.aws.errors import AwsError, code_of, translate_errors
from backup_reporter.aws.s3_object import read_whole, write_pieces
from backup_reporter.errors import InvalidRequest, StoreError
from backup_reporter.report.baseline import Baseline
from backup_reporter.report.model import Report, ReportLink, Scope, from_json_lines, json_pieces, scope_id
from backup_reporter.report.page.index import Entry, entry_of, render_index, with_entry
from backup_reporter.report.workspace_memory import WorkspaceMemory

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client

_CONTENT_TYPES = {
    "json": "application/json",
    "html": "text/html; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "gz": "application/gzip",
}
_MISSING = frozenset({"NoSuchKey", "404"})
_CHANGED = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})
_TRIES = 5
_LINK_LENGTH = timedelta(hours=12)
"""About as long as the credentials live that sign the link; it ends with them."""
_CONSOLE_HOSTS = {
    "aws-us-gov": "console.amazonaws-us-gov.com",
    "aws-cn": "console.amazonaws.cn",
}
"""The AWS console's host in partitions in which all regions share one."""
_READ_BYTES = 1024 * 1024
"""How much of a kept report is read at a time."""

_ID = r"(\d{4})(\d{2})(\d{2})T\d{6}Z-[0-9a-f]{8,64}"
_PATH = re.compile(rf"\d{{4}}/\d{{2}}/\d{{2}}/{_ID}", re.ASCII)
"""Of a report's files, below the prefix and without their extension."""
_Read = TypeVar("_Read")


class ReportStore:
    """The report bucket. Every method raises :class:`StoreError` if the bucket cannot be used."""

    def __init__(self, client: S3Client, bucket: str, prefix: str, lock: timedelta | None = None) -> None:
        """``lock`` is how long Object Lock protects the files of each report."""
        self._client = client
        self._bucket = bucket
        self._prefix = prefix
        self._lock = lock

    def save_working_file(self, name: str, content: bytes) -> None:
        """Saves a file that one step of a run leaves for another; overwrites."""
        self._put(self.place_of(name), content, "application/octet-stream")

    def load_working_file(self, name: str) -> bytes | None:
        """Loads a file that a step has left; ``None`` if it is not there."""
        return self._get(self.place_of(name))

    def place_of(self, name: str) -> str:
        """Returns the key of a file that does not belong to one report."""
        return self._prefix + name

    def list_keys(self, start: str) -> list[str]:
        """Returns the keys below the prefix that begin with ``start``, in order."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix + start)
        try:
            return [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        except (ClientError, BotoCoreError) as error:
            raise StoreError(f"the bucket {self._bucket} cannot be listed: {code_of(error)}") from error

    def load_file(self, key: str) -> bytes | None:
        """Returns a file by its key; ``None`` if it is not there."""
        return self._get(key)

    def open_file(self, key: str) -> IO[bytes] | None:
        """Opens a file by its key, to be read as a stream; ``None`` if it is not there."""
        body, _ = self._read(key, lambda body: cast("IO[bytes]", body))
        return body

    def save(self, report: Report) -> str:
        """Saves the report as JSON, a line for each workspace; overwrites. Returns the file's SHA-256 in hexadecimal."""
        digest = hashlib.sha256()

        def pieces() -> Iterator[bytes]:
            for piece in json_pieces(report, line_break=b"\n"):
                digest.update(piece)
                yield piece

        self.save_file(report.report_id, "json", pieces())
        return digest.hexdigest()

    def save_file(self, report_id: str, extension: str, pieces: Iterable[bytes]) -> str:
        """Saves a file of a report, such as its ``html``; overwrites. Holds one piece at a time. Returns its key.

        Raises what ``pieces`` raises; then nothing is saved.
        """
        key = self.key(report_id, extension)
        content_type = _CONTENT_TYPES[extension.rpartition(".")[2]]
        try:
            write_pieces(self._client, self._bucket, key, pieces, ContentType=content_type, **self._retention())
        except (ClientError, BotoCoreError) as error:
            raise self._not_written(key, error) from error
        return key

    def _retention(self) -> dict[str, Any]:
        """For the files of a report alone: the index and the baseline are overwritten with each report.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
        """
        if not self._lock:
            return {}
        return {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": datetime.now(UTC) + self._lock}

    def with_link(self, report: Report) -> Report:
        """Returns the report with a signed URL of its page, and until when it works."""
        url, link = self.sign_link(report.report_id)
        return msgspec.structs.replace(report, report_url=url, link=link)

    def sign_link(self, report_id: str) -> tuple[str, ReportLink]:
        """Returns a signed URL of a report's page, which works for everyone who has it, and until when.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html
        """
        key = self.key(report_id, "html")
        expires_at = (datetime.now(UTC) + _LINK_LENGTH).replace(microsecond=0)
        with translate_errors(StoreError, f"the link to {key} cannot be signed"):
            url = self._client.generate_presigned_url(
                "get_object",
                Params={"Bucket": self._bucket, "Key": key},
                ExpiresIn=int(_LINK_LENGTH.total_seconds()),
            )
        s3_uri = f"s3://{self._bucket}/{key}"
        return url, ReportLink(expires_at=expires_at, s3_uri=s3_uri, console_url=self._console_url(key))

    def _console_url(self, key: str) -> str:
        region, partition = self._client.meta.region_name, self._client.meta.partition
        host = _CONSOLE_HOSTS.get(partition, f"{region}.console.aws.amazon.com")
        return f"https://{host}/s3/object/{self._bucket}?region={region}&prefix={quote(key, safe='')}"

    def add_to_index(self, report: Report, zone: ZoneInfo, *, is_regular: bool = True) -> None:
        """Puts an archived report into the list of the last ones, times in ``zone``; a regular one goes to all channels.

        A report that is listed at the same moment is not lost: the list is written only if it is still what was read.
        """
        path = self.key(report.report_id, "").removeprefix(self._prefix).removesuffix(".")
        for _ in range(_TRIES):
            entries, version = self._listed()
            entries = with_entry(entries, entry_of(report, path, zone, is_regular=is_regular))
            html = render_index(entries, zone).encode()
            if self._put_if_still(self._prefix + "index.json", msgspec.json.encode(entries), version):
                return self._put(self._prefix + "index.html", html, _CONTENT_TYPES["html"])
        raise StoreError(f"{self._prefix}index.json in the bucket {self._bucket} changes all the time")

    def _listed(self) -> tuple[tuple[Entry, ...], str | None]:
        """Returns the list and its version. A damaged list starts again from nothing."""
        content, version = self._get_version(self._prefix + "index.json")
        try:
            entries = msgspec.json.decode(content or b"[]", type=tuple[Entry, ...])
        except msgspec.MsgspecError:
            return (), version
        # A path becomes a link on the page: one that leads elsewhere was not written here.
        return tuple(entry for entry in entries if _PATH.fullmatch(entry.path)), version

    def load(self, report_id: str) -> Report:
        """Loads an archived report. Raises :class:`InvalidRequest` if no report has that id."""
        try:
            key = self.key(report_id, "json")
        except ValueError as error:
            raise InvalidRequest(f"redeliver: {error}") from None
        try:
            report, _ = self._read(key, lambda body: from_json_lines(body.iter_lines(_READ_BYTES)))
        except msgspec.MsgspecError as error:
            raise StoreError(f"the kept report {report_id} cannot be read: {error}") from error
        if report is None:
            raise InvalidRequest(f"redeliver: no report {report_id} is kept in the bucket {self._bucket}")
        return report

    def key(self, report_id: str, extension: str) -> str:
        """Returns where a report's file lies. Raises :class:`ValueError` if the id is not a report's."""
        day = re.fullmatch(_ID, report_id, re.ASCII)
        if not day:
            raise ValueError(f"{report_id!r} is not a report's id, such as 20261124T070000Z-1a2b3c4d")
        return f"{self._prefix}{day[1]}/{day[2]}/{day[3]}/{report_id}.{extension}"

    def load_baseline(self, scope: Scope, report_id: str) -> Baseline | None:
        """Loads what a report is compared with: the baseline of the last report of its scope, if there is one.

        A retry of the last report is compared with what that report was compared with.
        """
        baseline = self._load_baseline(self._baseline_key(scope))
        if baseline and baseline.report_id == report_id:
            return self._load_baseline(self._previous_baseline_key(scope))
        return baseline

    def _load_baseline(self, key: str) -> Baseline | None:
        content = self._get(key)
        if content is None:
            return None
        try:
            baseline = msgspec.json.decode(content, type=Baseline)
            WorkspaceMemory(baseline.workspaces)
            return baseline
        except (msgspec.MsgspecError, ValueError) as error:
            raise StoreError(f"{key} in the bucket {self._bucket} is damaged") from error

    def save_baseline(self, scope: Scope, baseline: Baseline, previous: Baseline | None) -> None:
        """Saves what the next report of a scope is compared with, and what this one was compared with."""
        if previous:
            self._put(self._previous_baseline_key(scope), msgspec.json.encode(previous), _CONTENT_TYPES["json"])
        self._put(self._baseline_key(scope), msgspec.json.encode(baseline), _CONTENT_TYPES["json"])

    def _baseline_key(self, scope: Scope) -> str:
        return f"{self._prefix}baseline/{scope_id(scope)}.json"

    def _previous_baseline_key(self, scope: Scope) -> str:
        return f"{self._prefix}baseline/{scope_id(scope)}.previous.json"

    def _put(self, key: str, content: bytes, content_type: str) -> None:
        try:
            self._client.put_object(Bucket=self._bucket, Key=key, Body=content, ContentType=content_type)
        except (ClientError, BotoCoreError) as error:
            raise self._not_written(key, error) from error

    def _put_if_still(self, key: str, content: bytes, version: str | None) -> bool:
        """Writes, unless another run has written since ``version`` (``None``: nothing was there). Returns whether it did."""
        still: Any = {"IfMatch": version} if version else {"IfNoneMatch": "*"}
        try:
            self._client.put_object(
                Bucket=self._bucket, Key=key, Body=content, ContentType=_CONTENT_TYPES["json"], **still
            )
        except (ClientError, BotoCoreError) as error:
            if code_of(error) in _CHANGED:
                return False
            raise self._not_written(key, error) from error
        return True

    def _not_written(self, key: str, error: AwsError) -> StoreError:
        return StoreError(f"{key} cannot be written to the bucket {self._bucket}: {code_of(error)}")

    def _get(self, key: str) -> bytes | None:
        return self._get_version(key)[0]

    def _get_version(self, key: str) -> tuple[bytes | None, str | None]:
        return self._read(key, partial(read_whole, key))

    def _read(self, key: str, read: Callable[[StreamingBody], _Read]) -> tuple[_Read | None, str | None]:
        """Returns what ``read`` makes of an object, and its version; ``None`` if there is no such object."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
            return read(answer["Body"]), answer["ETag"]
        except (ClientError, BotoCoreError) as error:
            if code_of(error) in _MISSING:
                return None, None
            raise StoreError(f"{key} cannot be read from the bucket {self._bucket}: {code_of(error)}") from error
