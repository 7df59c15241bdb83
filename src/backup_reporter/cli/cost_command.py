"""``backup-reporter cost``: what a deployment costs a month."""

from __future__ import annotations

import click

from backup_reporter.cli.console import say
from backup_reporter.cli.costs import PRICES_AS_OF, cost_lines, estimate
from backup_reporter.cli.options import debug_option
from backup_reporter.wording import count

_EXAMPLES = """\
\b
Examples:
  backup-reporter cost
  backup-reporter cost --workspaces 2000 --secrets 3
"""


@click.command("cost", epilog=_EXAMPLES, short_help="What a deployment costs a month.")
@click.option("--workspaces", type=click.IntRange(0, 100_000), default=100, show_default=True, help="How many.")
@click.option("--secrets", type=click.IntRange(1, 1000), default=2, show_default=True, help="The key and webhooks.")
@debug_option
def cost_command(workspaces: int, secrets: int) -> int:
    """Estimate what one report a day costs a month."""
    say(f"One report a day on {count(workspaces, 'workspace')}, US dollars a month ({PRICES_AS_OF}):")
    for line in cost_lines(estimate(workspaces, secrets)):
        say(line)
    return 0
