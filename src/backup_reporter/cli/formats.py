"""Writes a report in the requested format: to the terminal, a pipe or a file."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import click
import msgspec
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment
from rich.text import Text

from backup_reporter.cli.console import PlainConsole
from backup_reporter.cli.output_file import write_file
from backup_reporter.cli.view import ReportView
from backup_reporter.report import phrases
from backup_reporter.report.csv import render_csv
from backup_reporter.report.markdown import render_markdown
from backup_reporter.report.model import Report, to_json
from backup_reporter.report.page.page import render_page

Format = Literal["table", "json", "markdown", "csv", "html"]

FORMATS: tuple[Format, ...] = ("table", "json", "markdown", "csv", "html")
_OF_EXTENSION: Mapping[str, Format] = {
    "": "table",
    ".txt": "table",
    ".json": "json",
    ".md": "markdown",
    ".csv": "csv",
    ".html": "html",
}
_LINES_BELOW = 3
"""What a watch says under its report."""


class Screenful:
    """Shows as many lines as the screen has, and says how many more there are."""

    def __init__(self, whole: RenderableType) -> None:
        self._whole = whole

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = console.render_lines(self._whole, options, pad=False)
        room = max(1, console.height - _LINES_BELOW - 1)
        for line in lines if len(lines) <= room + 1 else lines[:room]:
            yield from line
            yield Segment.line()
        if len(lines) > room + 1:
            yield Text(f"  … {len(lines) - room} more lines: make the window larger, or look without --watch", "dim")


def format_of(asked: Format | None, output: Path | None) -> Format:
    """Returns the requested format, else the format of the file's ending, else the table.

    Raises :class:`click.BadParameter` for an unknown ending, and for one that contradicts ``asked``.
    """
    extension = output.suffix.lower() if output else ""
    by_name = _OF_EXTENSION.get(extension)
    if asked is None and by_name:
        return by_name
    if asked is None:
        endings = ", ".join(filter(None, _OF_EXTENSION))
        raise click.BadParameter(
            f"{extension!r} is not {endings}: use one of these, or --format", param_hint="--output"
        )
    if extension and by_name and by_name != asked:
        problem = f"{str(output)!r} ends like {by_name}, and --format says {asked}: change one of them"
        raise click.BadParameter(problem, param_hint="--output")
    return asked


def show(report: Report, form: Format, zone: ZoneInfo, *, fits_the_screen: bool = False) -> None:
    """Writes the report to stdout: the table as the terminal likes it, everything else as UTF-8.

    With ``fits_the_screen`` the table is cut off below, so that its head stays in sight.
    """
    if form == "table":
        console = PlainConsole()
        view = ReportView(report, zone)
        console.print(Screenful(view) if fits_the_screen else view, crop=False)
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(_rendered(report, form, zone).encode())
        sys.stdout.buffer.flush()


def write(report: Report, form: Format, zone: ZoneInfo, output: Path) -> None:
    """Writes the report into a file, and says so on a terminal.

    Raises :class:`~backup_reporter.errors.OutputError`.
    """
    # The byte order mark tells Excel the encoding.
    write_file(output, _rendered(report, form, zone).encode("utf-8-sig" if form == "csv" else "utf-8"))
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
    console = Console(file=file, highlight=False, width=Console().width, color_system=None)
    console.print(ReportView(report, zone), crop=False)
    return file.getvalue()
