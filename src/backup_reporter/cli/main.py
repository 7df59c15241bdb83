"""The command ``backup-reporter``, and how its errors look: one line with the mend, never a traceback."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click
from botocore.exceptions import BotoCoreError
from click.exceptions import NoArgsIsHelpError

from backup_reporter import __version__
from backup_reporter.cli.completion_command import COMMAND, COMPLETE_VARIABLE, completion_command
from backup_reporter.cli.demo_command import demo_command
from backup_reporter.cli.doctor_command import doctor_command
from backup_reporter.cli.explain_command import explain_command
from backup_reporter.cli.options import DEBUG, debug_option
from backup_reporter.cli.report_command import report_command
from backup_reporter.errors import BackupReporterError, SettingsError, reason_of

NOT_DONE = 3
"""The exit code of what could not be done at all: the same as UNKNOWN, because nothing is known."""
_INTERRUPTED = 130
_PIPE_CLOSED = 141
"""What shells call these two; never 0, which would say OK."""

_EXAMPLES = """\
\b
Examples:
  export PALETTE_API_KEY=…
  backup-reporter doctor                      is everything set up?
  backup-reporter report                      what could be restored right now?
  backup-reporter explain backup-failed       what does that mean?
  backup-reporter demo                        the whole thing without any Palette or AWS
"""


@click.group(
    COMMAND, epilog=_EXAMPLES, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, "-V", "--version", prog_name=COMMAND)
@debug_option
def cli() -> None:
    """Which Spectro Cloud Palette workspaces could be restored, and what to do about the others."""


for command in (report_command, doctor_command, explain_command, demo_command, completion_command):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Runs the command line and exits; ``arguments`` are those of the process unless given."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a character is no reason to fail
    try:
        code = cli.main(list(arguments), prog_name=COMMAND, complete_var=COMPLETE_VARIABLE, standalone_mode=False)
        sys.stdout.flush()
    except (KeyboardInterrupt, click.Abort):
        sys.exit(_INTERRUPTED)
    except BrokenPipeError:
        # Whoever reads has seen enough. Nothing may be flushed into the closed pipe at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(_PIPE_CLOSED)
    except NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        sys.exit(NOT_DONE)  # never 0: a pipeline whose command went missing has not looked at anything
    except Exception as error:
        if DEBUG in arguments:
            raise
        click.echo(f"{COMMAND}: {_said(error)}", err=True)
        sys.exit(NOT_DONE)
    sys.exit(code or 0)


def _said(error: Exception) -> str:
    """One line with the mend; a line for each where there are several."""
    if isinstance(error, click.ClickException):
        where = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else COMMAND
        return f"{error.format_message()} ({where} --help tells more)"
    if isinstance(error, SettingsError) and len(error.problems) > 1:
        return "\n  ".join(["these settings cannot be used:", *error.problems])
    if isinstance(error, BotoCoreError):
        return f"AWS cannot be used: {error} (backup-reporter doctor says how to fix it)"
    if isinstance(error, ModuleNotFoundError) and error.name and error.name.startswith("moto"):
        return "the demo needs the extra 'demo', which is not installed: pip install '.[cli,demo]' in the project's directory"
    if isinstance(error, BackupReporterError | OSError):
        return str(error)
    return f"{reason_of(error)} (run it again with {DEBUG} to see more, and please report it)"
