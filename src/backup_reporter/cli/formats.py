"""A report in the form that was asked for, on the terminal, in a pipe or in a file."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec
from rich.console import Console

from backup_reporter.cli.console import PlainConsole
from backup_reporter.cli.view import ReportView
from backup_reporter.report import phrases
from backup_reporter.report.csv_table import render_csv
from backup_reporter.report.markdown import render_markdown
from backup_reporter.report.model import Report, to_json
from backup_reporter.report.page import render_page

Format = Literal["table", "json", "markdown", "csv", "html"]

FORMATS: tuple[Format, ...] = ("table", "json", "markdown", "csv", "html")
_OF_EXTENSION: Mapping[str, Format] = {".json": "json", ".md": "markdown", ".csv": "csv", ".html": "html"}


def format_of(asked: str | None, output: Path | None) -> Format:
    """The format that was asked for, else the one that the file's name stands for, else the table."""
    for known in FORMATS:
        if asked == known:
            return known
    return _OF_EXTENSION.get(output.suffix.lower(), "table") if output else "table"


def show(report: Report, form: Format, zone: ZoneInfo) -> None:
    """Writes the report to stdout: the table as the terminal likes it, everything else as UTF-8."""
    if form == "table":
        console = PlainConsole()
        console.print(ReportView(report, zone))
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(_rendered(report, form, zone).encode())
        sys.stdout.buffer.flush()


def write(report: Report, form: Format, zone: ZoneInfo, output: Path) -> None:
    """Writes the report into a file, whole or not at all; says so where somebody is watching.

    Raises :class:`OSError`.
    """
    # By the byte order mark Excel knows the encoding.
    content = _rendered(report, form, zone).encode("utf-8-sig" if form == "csv" else "utf-8")
    unfinished = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(output)
    finally:
        unfinished.unlink(missing_ok=True)
    if sys.stderr.isatty():
        print(f"{phrases.headline(report)}. The report is in {output}", file=sys.stderr)


def _rendered(report: Report, form: Format, zone: ZoneInfo) -> str:
    render: Mapping[Format, Callable[[], str]] = {
        "table": lambda: _plain_table(report, zone),
        "json": lambda: msgspec.json.format(to_json(report), indent=2).decode() + "\n",
        "markdown": lambda: render_markdown(report, zone),
        "csv": lambda: render_csv(report),
        "html": lambda: render_page(report, zone),
    }
    return render[form]()


def _plain_table(report: Report, zone: ZoneInfo) -> str:
    file = io.StringIO()
    Console(file=file, highlight=False, width=Console().width, color_system=None).print(ReportView(report, zone))
    return file.getvalue()
