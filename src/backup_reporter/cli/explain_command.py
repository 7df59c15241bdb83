"""``backup-reporter explain``: what a finding means and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

import click
from click.shell_completion import CompletionItem
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from backup_reporter.cli.console import PlainConsole
from backup_reporter.cli.options import debug_option
from backup_reporter.cli.symbols import STATUSES, Sign
from backup_reporter.health.catalog import CODES, codes_worst_first
from backup_reporter.health.codes import Code
from backup_reporter.health.findings import STATUS_OF_SEVERITY

_PROSE_CELLS = 88
_NARROW_CELLS = 60
_INFO = Sign("i", "i", "cyan")


class _CodeName(click.ParamType[Code]):
    name = "code"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Code:
        if isinstance(value, Code):
            return value
        asked = str(value).strip().casefold().replace("_", "-").replace(" ", "-")
        if asked in CODES:
            return CODES[asked]
        close = get_close_matches(asked, CODES, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(close)}?" if close else f"the codes are: {', '.join(sorted(CODES))}"
        raise click.UsageError(f"{str(value)!r} is not a finding's code; {hint}", ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return [CompletionItem(name, help=code.title) for name, code in CODES.items() if name.startswith(incomplete)]


_EXAMPLES = """\
\b
Examples:
  backup-reporter explain
  backup-reporter explain backup-overdue
"""


@click.command("explain", epilog=_EXAMPLES, short_help="What a finding means, and what to do.")
@click.argument("code", type=_CodeName(), required=False)
@debug_option
def explain_command(code: Code | None) -> int:
    """Explain a finding: what it means, why it matters, how to confirm it in Palette, and what to do.

    Without CODE it lists all of them.
    """
    console = PlainConsole()
    cells = min(console.width, _PROSE_CELLS)
    lines: Iterator[RenderableType] = _explained(code, console, cells) if code else _listed(console)
    for line in lines:
        console.print(line)
    return 0


def _explained(code: Code, console: Console, cells: int) -> Iterator[Text]:
    sign = _sign(code)
    yield Text(f"{sign.drawn(ascii_only=console.options.ascii_only)} {code.title}", f"bold {sign.style}")
    yield Text(f"  {code.name}: {code.severity}, about a {code.about}", "dim")
    parts = (
        ("What it means", code.meaning),
        ("Why it matters", code.why),
        ("How to confirm it in Palette", code.confirm),
        ("What to do", code.action),
    )
    for heading, text in parts:
        yield Text(f"\n  {heading}", "bold")
        yield from _wrapped(text, console, cells)


def _wrapped(text: str, console: Console, cells: int) -> Iterator[Text]:
    for piece in Text(text).wrap(console, cells - 2):
        piece.rstrip()
        yield Text.assemble("  ", piece)


def _listed(console: Console) -> Iterator[RenderableType]:
    is_narrow = console.width < _NARROW_CELLS
    longest = max(map(len, CODES))
    for severity, codes in codes_worst_first().items():
        sign = _sign(codes[0])
        yield Text(f"{sign.drawn(ascii_only=console.options.ascii_only)} {severity}", f"bold {sign.style}")
        table = Table.grid(padding=(0, 2))
        table.add_column(min_width=0 if is_narrow else longest)
        for code in codes:
            title = Text(code.title, "dim")
            table.add_row(*([Group(code.name, Padding(title, (0, 0, 0, 2)))] if is_narrow else [code.name, title]))
        yield Padding(table, (0, 0, 0, 2))


def _sign(code: Code) -> Sign:
    return STATUSES[STATUS_OF_SEVERITY[code.severity]] if code.severity != "info" else _INFO
