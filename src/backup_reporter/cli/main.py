"""The command ``backup-reporter``, and how it shows errors: one line with the fix, no traceback."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click
from botocore.exceptions import BotoCoreError, ClientError
from click.exceptions import NoArgsIsHelpError

from backup_reporter import __version__
from backup_reporter.cli.audit_command import audit_command
from backup_reporter.cli.console import say
from backup_reporter.cli.cost_command import cost_command
from backup_reporter.cli.demo_command import demo_command
from backup_reporter.cli.deploy_command import deploy_command
from backup_reporter.cli.destroy_command import destroy_command
from backup_reporter.cli.doctor_command import doctor_command
from backup_reporter.cli.explain_command import explain_command
from backup_reporter.cli.invoke_command import invoke_command
from backup_reporter.cli.open_command import open_command
from backup_reporter.cli.options import DEBUG, debug_option
from backup_reporter.cli.redrive_command import redrive_command
from backup_reporter.cli.report_command import report_command
from backup_reporter.cli.setup_command import setup_command
from backup_reporter.cli.verify_command import verify_command
from backup_reporter.doctor.aws_errors import describe, fix_for
from backup_reporter.errors import BackupReporterError, SettingsError, reason_of

COMMAND = "backup-reporter"

NOT_DONE = 3
"""The exit code if a report could not be made at all: the same as UNKNOWN."""
_FAILED = 1
_INTERRUPTED = 130
_PIPE_CLOSED = 141
"""The exit codes that shells use. Neither is 0, which means OK."""

_NO_ANSWER = (
    "the input ended before every question had its answer: run the command in a terminal, or give --yes and the flags "
    "that {command} --help lists"
)

_EXAMPLES = """\
\b
Examples:
  export PALETTE_API_KEY=…
  backup-reporter doctor                      does every setting work?
  backup-reporter report                      which backups can be restored now?
  backup-reporter explain backup-failed       what does that mean?
  backup-reporter demo                        a report without Palette or AWS
  backup-reporter setup                       prepare a deployment; deploy follows
"""


class _PipeClosedError(Exception):
    """The reader of what is printed has closed the pipe."""


class _Commands(click.Group):
    """The commands. If a pipe is closed, click itself would exit with 1, which ``report`` uses for WARNING."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise _PipeClosedError from error


@click.group(
    COMMAND,
    cls=_Commands,
    epilog=_EXAMPLES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "-V", "--version", prog_name=COMMAND)
@debug_option
def cli() -> None:
    """Report which Spectro Cloud Palette workspaces can be restored, and what to do about the others."""


_ON_THIS_MACHINE = (report_command, doctor_command, explain_command, demo_command)
_DEPLOYED = (setup_command, deploy_command, invoke_command, open_command, redrive_command, destroy_command)
for command in (*_ON_THIS_MACHINE, *_DEPLOYED, audit_command, verify_command, cost_command):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Runs the command line and exits; ``arguments`` are those of the process unless given."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a character that the terminal lacks must not fail the run
    try:
        code = cli.main(list(arguments), prog_name=COMMAND, standalone_mode=False)
        sys.stdout.flush()
    except (KeyboardInterrupt, click.Abort) as error:
        if not isinstance(error.__context__, EOFError):
            sys.exit(_INTERRUPTED)
        say(f"{COMMAND}: {_NO_ANSWER.format(command=' '.join([COMMAND, *arguments[:1]]))}", err=True)
        sys.exit(_FAILED)
    except (BrokenPipeError, _PipeClosedError):
        # The reader closed the pipe. At exit nothing may be flushed into it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(_PIPE_CLOSED)
    except NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        sys.exit(NOT_DONE)  # never 0: nothing was looked at
    except Exception as error:
        if DEBUG in arguments:
            raise
        say(f"{COMMAND}: {_error_text(error)}", err=True)
        # "report" and "invoke report": 1 would say WARNING.
        sys.exit(NOT_DONE if "report" in arguments[:2] else _FAILED)
    sys.exit(code or 0)


def _error_text(error: Exception) -> str:
    """Returns one line with the fix, or a line for each problem."""
    if isinstance(error, click.ClickException):
        where = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else COMMAND
        return f"{error.format_message()} ({where} --help tells more)"
    if isinstance(error, SettingsError) and len(error.problems) > 1:
        return "\n  ".join(["these settings are not valid:", *error.problems])
    if isinstance(error, ClientError | BotoCoreError):
        what = "AWS refused it" if isinstance(error, ClientError) else "AWS cannot be used"
        return " ".join(filter(None, (f"{what}: {describe(error).removesuffix('.')}.", fix_for(error))))
    if isinstance(error, ModuleNotFoundError) and error.name and error.name.startswith("moto"):
        return "the extra 'demo' is not installed: pip install '.[cli,demo]' in the project's directory"
    if isinstance(error, BackupReporterError | OSError):
        cause = error.__cause__
        fix = fix_for(cause) if isinstance(cause, ClientError | BotoCoreError) else None
        return f"{error}. {fix}" if fix else str(error)
    return f"{reason_of(error)} (run it again with {DEBUG} to see more, and please report it)"
