"""``backup-reporter doctor``: what is wrong with the settings, and how to fix it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

import click
import msgspec
from rich.console import Group
from rich.table import Table
from rich.text import Text

from backup_reporter.cli.console import PlainConsole
from backup_reporter.cli.options import debug_option
from backup_reporter.cli.settings import reporter_of
from backup_reporter.cli.symbols import Sign
from backup_reporter.doctor.checks import Check, Diagnosis, Result, summarize
from backup_reporter.doctor.diagnose import diagnose
from backup_reporter.time_limit import countdown

_SECONDS = 300.0
_NARROW_CELLS = 60
"""Below this width a check's name stands above what was found."""
_SIGNS: Mapping[Result, Sign] = {
    "passed": Sign("✓", "+", "green"),
    "warning": Sign("▲", "!", "yellow"),
    "failed": Sign("✗", "X", "red"),
    "skipped": Sign("·", ".", "dim"),
}


_EXAMPLES = """\
\b
Examples:
  backup-reporter doctor
  backup-reporter doctor --json | jq '.checks[] | select(.fix)'
A deployed function runs the same checks with its own role and network:
  backup-reporter invoke doctor
"""


@click.command("doctor", epilog=_EXAMPLES, short_help="Does every setting work?")
@click.option("--json", "wants_json", is_flag=True, help="Print the checks as JSON.")
@debug_option
def doctor_command(*, wants_json: bool) -> int:
    """Try every setting for real, and say what is wrong and how to fix it.

    Nothing is published. Exit code: 0 if no check failed, else 1.
    """
    found = diagnose(lambda: reporter_of(os.environ, with_destinations=True), countdown(_SECONDS), os.environ)
    show_diagnosis(found, wants_json=wants_json)
    return 0 if found.healthy else 1


def show_diagnosis(found: Diagnosis, *, wants_json: bool) -> None:
    """Prints the checks, as a table or as JSON."""
    if wants_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
        return
    console = PlainConsole()
    console.print(_table(found.checks, console))
    console.print()
    console.print(Text(f"{summarize(found)}.", style="bold"))


def _table(checks: Iterable[Check], console: PlainConsole) -> Table:
    ascii_only = not console.encoding.lower().startswith("utf")
    is_narrow = console.width < _NARROW_CELLS
    table = Table.grid(padding=(0, 2))
    table.add_column(width=1)
    table.add_column(no_wrap=not is_narrow)
    table.add_column(overflow="fold")
    for check in checks:
        sign = _SIGNS[check.result]
        style = "dim" if check.result == "skipped" else ""
        symbol = Text(sign.drawn(ascii_only=ascii_only), style=sign.style)
        name, detail = Text(check.name, style=style), _describe(check, style, arrow="->" if ascii_only else "→")
        table.add_row(symbol, *([Group(name, detail)] if is_narrow else [name, detail]))
    return table


def _describe(check: Check, style: str, arrow: str) -> Text:
    text = Text(check.detail, style=style)
    if check.result != "skipped":
        text = Text.assemble((f"{check.check}: ", "dim"), check.detail)
    if check.fix:
        text.append(f"\n{arrow} {check.fix}", style="bold")
    text.overflow = "fold"
    return text
