"""The report's CSV as a file to send along."""

from __future__ import annotations

from dataclasses import dataclass

from backup_reporter.report.csv import csv_pieces
from backup_reporter.report.model import Report

MAX_BYTES = 5_000_000
"""Mail servers commonly take ten megabytes, and a file grows by a third on its way."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file with its name; ``content`` is UTF-8 with the mark by which spreadsheets know it.

    ``remark`` says why it cannot be sent along, where it cannot; then there is no content.
    """

    name: str
    content: bytes
    remark: str | None = None


def csv_attachment(report: Report) -> Attachment:
    """The CSV, where it is not too large."""
    name, content = f"{report.report_id}.csv", bytearray()
    for piece in csv_pieces(report):
        content += piece
        if len(content) > MAX_BYTES:
            remark = f"the CSV of more than {MAX_BYTES / 1e6:.0f} MB is too large to be attached"
            return Attachment(name, b"", remark)
    return Attachment(name, bytes(content))
