"""Kept reports and their evidence, in the report bucket or in a directory with the same layout."""

from __future__ import annotations

import hashlib
import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

from backup_reporter.errors import StoreError
from backup_reporter.report.model import Report, from_json_lines

if TYPE_CHECKING:
    from backup_reporter.aws.report_store import ReportStore

import msgspec

DAYS_UNTIL_NEXT = 8
"""In how many days the next report is looked for."""

_REPORT_ID = re.compile(r"(\d{8})T\d{6}Z-[0-9a-f]{8,64}", re.ASCII)


_YEARS = range(2000, 2201)
"""In which a report can have been made, or be about."""
_CHANGED_AS_TEXT = (
    "an editor, or a copy as text, has changed its line ends or its first bytes; take it from the bucket again"
)


class Archive(Protocol):
    """Files of kept reports. Each method raises :class:`StoreError` if the archive cannot be read."""

    def ids(self, day: date) -> list[str]:
        """Returns the ids of the reports of one day (UTC), oldest first."""
        ...

    def read(self, report_id: str, extension: str) -> bytes | None:
        """Returns a file of a report; ``None`` if it is not there."""
        ...

    def open(self, key: str) -> IO[bytes] | None:
        """Opens a file by its key, to be read as a stream; ``None`` if it is not there."""
        ...


@dataclass(frozen=True, slots=True)
class KeptReport:
    """A report as it was kept, the name of its file without the ending, the file's bytes and their SHA-256."""

    report: Report
    sha256: str
    name: str
    content: bytes


def load(archive: Archive, report_id: str) -> KeptReport | None:
    """Returns a kept report; ``None`` if it is not there. Raises :class:`StoreError` if it cannot be read."""
    content = archive.read(report_id, "json")
    return None if content is None else parse(report_id, content)


def parse(name: str, content: bytes) -> KeptReport:
    """Returns the report that a file holds. Raises :class:`StoreError` if it holds none."""
    try:
        report = from_json_lines(iter(content.split(b"\n")))
    except msgspec.MsgspecError as error:
        is_changed = content.startswith((BOM_UTF8 + b"{", b"{")) and (content[:1] != b"{" or b"\r\n" in content)
        why = _CHANGED_AS_TEXT if is_changed else str(error)
        raise StoreError(f"the kept report {name} cannot be read: {why}") from error
    if not is_report_id(report.report_id):
        raise StoreError(f"the kept report {name} cannot be read: {report.report_id!r} is not the id of a report")
    for at in (report.as_of, report.generated_at):
        if at.year not in _YEARS:
            raise StoreError(f"the kept report {name} cannot be read: it says that it was made in the year {at.year}")
    return KeptReport(report, hashlib.sha256(content).hexdigest(), name, content)


def is_report_id(name: str) -> bool:
    """Whether a name has the form of a report's id."""
    return _REPORT_ID.fullmatch(name) is not None


def ids_between(archive: Archive, first: date, last: date) -> Iterator[str]:
    """Returns the ids of all reports from ``first`` to ``last`` (UTC days, both included), oldest first."""
    for number in range((last - first).days + 1):
        yield from archive.ids(first + timedelta(days=number))


def ids_after(archive: Archive, day: date) -> Iterator[str]:
    """Returns the ids of the reports of the days after ``day``: a weekly report is among them."""
    for number in range(min(DAYS_UNTIL_NEXT, (date.max - day).days)):
        yield from archive.ids(day + timedelta(days=number + 1))


class DirectoryArchive:
    """A copy of the bucket's prefix on disk, such as ``aws s3 sync`` makes."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def ids(self, day: date) -> list[str]:
        """Returns the ids of the reports of one day, oldest first."""
        files = (self._directory / f"{day:%Y/%m/%d}").glob("*.json")
        return sorted(file.stem for file in files if _REPORT_ID.fullmatch(file.stem))

    def read(self, report_id: str, extension: str) -> bytes | None:
        """Returns a file of a report; ``None`` if it is not there."""
        file = self._directory / path_of(report_id, extension)
        return file.read_bytes() if file.is_file() else None

    def open(self, key: str) -> IO[bytes] | None:
        """Opens a file by its key. A key may begin with the bucket's prefix."""
        for start in range(len(Path(key).parts)):
            file = self._directory.joinpath(*Path(key).parts[start:])
            if file.is_file():
                return file.open("rb")
        return None


class BucketArchive:
    """The report bucket."""

    def __init__(self, store: ReportStore) -> None:
        self._store = store

    def ids(self, day: date) -> list[str]:
        """Returns the ids of the reports of one day, oldest first."""
        names = (key.rpartition("/")[2] for key in self._store.list_keys(f"{day:%Y/%m/%d}/"))
        stems = (name.removesuffix(".json") for name in names if name.endswith(".json"))
        return sorted(stem for stem in stems if _REPORT_ID.fullmatch(stem))

    def read(self, report_id: str, extension: str) -> bytes | None:
        """Returns a file of a report; ``None`` if it is not there."""
        file = self._store.open_file(self._store.place_of(path_of(report_id, extension)))
        return None if file is None else file.read()

    def open(self, key: str) -> IO[bytes] | None:
        """Opens a file by its key, to be read as a stream."""
        return self._store.open_file(key)


def path_of(report_id: str, extension: str) -> str:
    """Returns where a report's file lies below the prefix. Raises :class:`StoreError` for what is not an id."""
    return f"{day_of(report_id):%Y/%m/%d}/{report_id}.{extension}"


def day_of(report_id: str) -> date:
    """Returns the day (UTC) in a report's id. Raises :class:`StoreError` for what is not an id."""
    day = _REPORT_ID.fullmatch(report_id)
    with suppress(ValueError):
        if day:
            return date.fromisoformat(day[1])
    raise StoreError(f"{report_id!r} is not the id of a report, such as 20261124T070000Z-1a2b3c4d")
