"""The report as a file for spreadsheets and auditors: one line for each workspace and cluster.

A what-if, each problem of the report, and clusters that were not checked have a line before them: without it, the file
would look like a complete report of what really happened.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from backup_reporter.health.findings import STATUS_OF_SEVERITY
from backup_reporter.report import phrases
from backup_reporter.report.last_restore import last_restore_words
from backup_reporter.report.model import Report
from backup_reporter.report.rows import Row, rows
from backup_reporter.wording import quote, timestamp

COLUMNS = (
    "project",
    "workspace",
    "cluster",
    "status",
    "findings",
    "muted findings",
    "messages",
    "newest restore point",
    "expires",
    "restore points",
    "schedule",
    "retention hours",
    "next run",
    "failures survived",
    "latest run",
    "latest run state",
    "latest backup",
    "project uid",
    "workspace uid",
    "cluster uid",
    "report",
    "as of",
    "last restore",
    "last restore state",
)

MAX_ATTACHMENT_BYTES = 5_000_000
"""Mail servers commonly take ten megabytes, and a file grows by a third on its way."""

_CELL_LENGTH = 4000
_Cell = str | float | int | datetime | None
_BLANK = (None, None, None)

# OWASP's list for "CSV injection", with the full-width forms that Excel takes for the same; a comma, semicolon or tab
# begins a new cell for a program that was set to that separator, quotation marks or not.
_BEGINS_FORMULA = re.compile(r'(^|[,;\t])([\s"]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])')


def render_csv(report: Report) -> str:
    """The file's text, times in UTC; with several tenants, each line's is in a last column.

    Write it as ``utf-8-sig``, by which Excel knows the encoding.
    """
    return "".join(_lines(report))


def csv_pieces(report: Report) -> Iterator[bytes]:
    """The file, line by line: UTF-8 with the mark by which Excel knows it."""
    yield codecs.BOM_UTF8
    for line in _lines(report):
        yield line.encode()


def _lines(report: Report) -> Iterator[str]:
    written: list[str] = []
    writer = csv.writer(_Into(written), quoting=csv.QUOTE_ALL)
    has_tenants = bool(report.tenants)
    writer.writerow([*COLUMNS, "tenant"] if has_tenants else COLUMNS)
    for status, message in _about_the_report(report):
        writer.writerow(map(cell, (*_about_all(status, message, report), *([None] if has_tenants else []))))
    for row in rows(report):
        tenant = [row.workspace.tenant] if has_tenants else []
        writer.writerow(map(cell, (*_cells(row, report), *tenant)))
        yield from written
        written.clear()
    yield from written


def _about_the_report(report: Report) -> Iterator[tuple[str | None, str]]:
    """What belongs to no workspace: a status if it counts toward the report's, and a sentence."""
    if what_if := phrases.what_if(report, ZoneInfo("UTC")):
        yield None, what_if
    yield from ((None, sentence) for sentence in phrases.not_checked(report.coverage))
    yield from (("UNKNOWN", problem) for problem in report.problems)
    for finding in report.findings:
        yield None if finding.muted else STATUS_OF_SEVERITY[finding.severity], finding.message


class _Into:
    """A file that writes its lines into a list."""

    def __init__(self, lines: list[str]) -> None:
        self.write = lines.append


def _about_all(status: str | None, message: str, report: Report) -> Iterator[_Cell]:
    known: dict[str, _Cell] = {
        "status": status,
        "messages": message,
        "report": report.report_id,
        "as of": report.as_of,
    }
    return map(known.get, COLUMNS)


def _cells(row: Row, report: Report) -> Iterator[_Cell]:
    workspace, cluster, run = row.workspace, row.cluster, row.workspace.latest_run
    yield from (workspace.project_name, workspace.name, row.cluster_name, row.status)
    yield " ".join(finding.code for finding in row.findings if not finding.muted)
    yield " ".join(finding.code for finding in row.findings if finding.muted)
    yield " ".join(finding.message for finding in row.findings)
    yield from (cluster.newest_restore_point_at, cluster.expires_at, cluster.restore_points) if cluster else _BLANK
    yield from (workspace.schedule, workspace.retention_hours, workspace.next_run_at, workspace.survives_failures)
    yield from (run.at, run.state, run.backup_name) if run else _BLANK
    yield from (workspace.project_uid, workspace.uid, row.cluster_uid, report.report_id, report.as_of)
    restore = workspace.last_restore
    yield from (restore.at, restore.state) if restore else (last_restore_words(workspace, str), None)


def cell(value: _Cell) -> str:
    """Returns a value as the text of a cell that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return timestamp(value) or ""
    if isinstance(value, str):
        return _BEGINS_FORMULA.sub(r"\1\2'", quote(value, _CELL_LENGTH))
    return str(value).removesuffix(".0")


class Attachment(Struct, frozen=True):
    """A file with its name; ``content`` is UTF-8 with the mark by which spreadsheets know it.

    ``remark`` says why the file cannot be attached; then there is no content.
    """

    name: str
    content: bytes
    remark: str | None = None


def csv_attachment(report: Report) -> Attachment:
    """The CSV, unless it is too large."""
    name, content = f"{report.report_id}.csv", bytearray()
    for piece in csv_pieces(report):
        content += piece
        if len(content) > MAX_ATTACHMENT_BYTES:
            remark = f"the CSV of more than {MAX_ATTACHMENT_BYTES / 1e6:.0f} MB is too large to be attached"
            return Attachment(name, b"", remark)
    return Attachment(name, bytes(content))
