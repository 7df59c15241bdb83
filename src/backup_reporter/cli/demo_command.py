"""``backup-reporter demo``: the whole thing on this machine, with nothing to configure."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from backup_reporter.cli.console import PlainConsole
from backup_reporter.cli.options import debug_option
from backup_reporter.demo.fleet import Fleet, instructive, synthetic
from backup_reporter.demo.serve import serve

_CLUSTERS = 3


_EXAMPLES = """\
\b
Examples:
  backup-reporter demo                    what e-mail and Slack would show
  backup-reporter demo --serve            a Palette to point other things at
  backup-reporter demo --workspaces 1000  how long a fleet of yours would take
"""


@click.command("demo", epilog=_EXAMPLES, short_help="The whole thing on this machine, with stand-ins.")
@click.option("--serve", "keep_up", is_flag=True, help="Keep the Palette look-alike up, and say how to use it.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Where --serve listens; else at a free port.")
@click.option(
    "--workspaces", type=click.IntRange(0, 100_000), help="A made-up fleet of so many, not the instructive one."
)
@click.option("--days", type=click.IntRange(0, 3660), default=30, show_default=True, help="Its days of history.")
@click.option("--seed", type=int, default=1, show_default=True, help="Which made-up fleet it is.")
@debug_option
def demo_command(keep_up: bool, port: int, workspaces: int | None, days: int, seed: int) -> int:
    """Run the real function on this machine, and show what its readers see.

    Palette, AWS and Slack are stand-ins on loopback; whatever is set up in your shell is left alone.
    """
    now, before = datetime.now(UTC), None
    fleet: Fleet
    if workspaces is None:
        fleet, before = instructive(now), instructive(now, before=True)
    else:
        fleet = synthetic(workspaces, days, clusters=_CLUSTERS, seed=seed, now=now)
    if keep_up:
        serve(fleet, PlainConsole(), port=port)
    else:
        # It needs the extra "demo", which keeping the look-alike up does not.
        from backup_reporter.demo.run import run_demo  # noqa: PLC0415

        run_demo(fleet, PlainConsole(), before=before)
    return 0
