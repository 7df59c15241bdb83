"""``backup-reporter demo``: a report on this machine, with nothing to configure."""

from __future__ import annotations

import errno
from datetime import UTC, datetime
from typing import NoReturn

import click

from backup_reporter.cli.console import PlainConsole
from backup_reporter.cli.options import debug_option
from backup_reporter.demo.fleet import Fleet, instructive, synthetic
from backup_reporter.demo.serve import serve

_CLUSTERS = 3


_EXAMPLES = """\
\b
Examples:
  backup-reporter demo                    what each channel would show
  backup-reporter demo --serve            a Palette to try other commands on
  backup-reporter demo --workspaces 1000  how long so many workspaces take
"""


@click.command("demo", epilog=_EXAMPLES, short_help="A report on this machine, without Palette or AWS.")
@click.option("--serve", "keep_up", is_flag=True, help="Only serve the Palette look-alike, and say how to use it.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The port of --serve; a free one by default.")
@click.option(
    "--workspaces", type=click.IntRange(0, 100_000), help="Generate so many workspaces instead of the example."
)
@click.option(
    "--days", type=click.IntRange(0, 3660), default=30, show_default=True, help="Days of history to generate."
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed generates the same workspaces.")
@debug_option
def demo_command(keep_up: bool, port: int, workspaces: int | None, days: int, seed: int) -> int:
    """Run the real function on this machine, and show what each channel gets.

    Palette, AWS and Slack are stand-ins on this machine. The settings of your shell are not used.
    """
    now, before = datetime.now(UTC), None
    fleet: Fleet
    if workspaces is None:
        fleet, before = instructive(now), instructive(now, before=True)
    else:
        fleet = synthetic(workspaces, days, clusters=_CLUSTERS, seed=seed, now=now)
    if keep_up:
        _serve(fleet, port)
    # Imported here because only this branch needs the extra "demo".
    from backup_reporter.demo.run import run_demo  # noqa: PLC0415

    run_demo(fleet, PlainConsole(), before=before)
    return 0


def _serve(fleet: Fleet, port: int) -> NoReturn:
    try:
        serve(fleet, PlainConsole(), port=port)
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        reason = "is in use" if error.errno == errno.EADDRINUSE else "is reserved for root"
        raise click.BadParameter(f"port {port} {reason}; give another, or none", param_hint="--port") from None
