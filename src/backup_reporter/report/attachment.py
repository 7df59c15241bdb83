"""The report's CSV as a file to send along."""

from __future__ import annotations

from dataclasses import dataclass

from backup_reporter.report.csv_table import render_csv
from backup_reporter.report.model import Report

MAX_BYTES = 5_000_000
"""Mail servers commonly take ten megabytes, and a file grows by a third on its way."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file with its name; ``content`` is UTF-8 with the mark by which spreadsheets know it."""

    name: str
    content: bytes

    @property
    def remark(self) -> str | None:
        """Why it cannot be sent along, where it cannot."""
        if len(self.content) <= MAX_BYTES:
            return None
        return f"the CSV of {len(self.content) / 1e6:.0f} MB is too large to be attached"


def csv_attachment(report: Report) -> Attachment:
    """The CSV, however large it is."""
    return Attachment(f"{report.report_id}.csv", render_csv(report).encode("utf-8-sig"))
