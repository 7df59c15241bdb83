"""``backup-reporter completion``: the script that lets a shell complete this command."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from backup_reporter.cli.options import debug_option

COMMAND = "backup-reporter"
COMPLETE_VARIABLE = "_BACKUP_REPORTER_COMPLETE"


_EXAMPLES = """\
\b
bash:  echo 'eval "$(backup-reporter completion bash)"' >> ~/.bashrc
zsh:   echo 'eval "$(backup-reporter completion zsh)"' >> ~/.zshrc
fish:  backup-reporter completion fish \\
           > ~/.config/fish/completions/backup-reporter.fish
"""


@click.command("completion", epilog=_EXAMPLES, short_help="Completion for bash, zsh or fish.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@debug_option
@click.pass_context
def completion_command(ctx: click.Context, shell: str) -> int:
    """Print what makes SHELL complete commands, options and finding codes."""
    completion = get_completion_class(shell)
    if completion is None:  # the choices above are click's own
        raise click.UsageError(f"{shell} is not supported")
    root = ctx.find_root().command
    click.echo(completion(root, {}, COMMAND, COMPLETE_VARIABLE).source())
    return 0
