"""``backup-reporter doctor``: what is wrong with a set-up, and how to mend it."""

from __future__ import annotations

import os
from collections.abc import Mapping

import click
import msgspec
from rich.table import Table
from rich.text import Text

from backup_reporter.cli.console import PlainConsole
from backup_reporter.cli.options import debug_option
from backup_reporter.cli.settings import reporter_of
from backup_reporter.cli.symbols import Sign
from backup_reporter.doctor.checks import Check, Diagnosis, Result
from backup_reporter.doctor.diagnose import examine
from backup_reporter.time_limit import countdown

_SECONDS = 300.0
_SIGNS: Mapping[Result, Sign] = {
    "ok": Sign("✓", "+", "green"),
    "warning": Sign("▲", "!", "yellow"),
    "failed": Sign("✗", "X", "red"),
    "off": Sign("·", ".", "dim"),
}


_EXAMPLES = """\
\b
Examples:
  backup-reporter doctor
  backup-reporter doctor --json | jq '.checks[] | select(.mend)'
A deployed function examines itself, with its own role and network:
  aws lambda invoke --function-name NAME --payload '{"doctor": true}' \\
    --cli-binary-format raw-in-base64-out /dev/stdout
"""


@click.command("doctor", epilog=_EXAMPLES, short_help="Is everything set up?")
@click.option("--json", "wants_json", is_flag=True, help="The findings as JSON.")
@debug_option
def doctor_command(*, wants_json: bool) -> int:
    """Try every setting for real, and say what is wrong and how to mend it.

    Nothing is published. Exit code: 0 where nothing has to be mended, else 1.
    """
    found = examine(lambda: reporter_of(os.environ, with_outlets=True), countdown(_SECONDS))
    if wants_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
    else:
        _show(found)
    return 0 if found.healthy else 1


def _show(found: Diagnosis) -> None:
    console = PlainConsole()
    ascii_only = not console.encoding.lower().startswith("utf")
    table = Table.grid(padding=(0, 2))
    table.add_column(width=1)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for check in found.checks:
        sign = _SIGNS[check.result]
        style = "dim" if check.result == "off" else ""
        drawn = Text(sign.drawn(ascii_only=ascii_only), style=sign.style)
        table.add_row(drawn, Text(check.name, style=style), _said(check, style, arrow="->" if ascii_only else "→"))
    console.print(table)
    console.print()
    console.print(Text(_workspace_report(found), style="bold"))


def _workspace_report(found: Diagnosis) -> str:
    failed, doubtful = (sum(check.result == result for check in found.checks) for result in ("failed", "warning"))
    said = f"{failed} to mend" if failed else "Nothing to mend"
    return f"{said}, {doubtful} to think about." if doubtful else f"{said}."


def _said(check: Check, style: str, arrow: str) -> Text:
    text = Text(check.found, style=style)
    if check.result != "off":
        text = Text.assemble((f"{check.tried}: ", "dim"), check.found)
    if check.fix:
        text.append(f"\n{arrow} {check.fix}", style="bold")
    return text
