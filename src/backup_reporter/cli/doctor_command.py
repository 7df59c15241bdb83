import click
from backup_reporter.cli.options import debug_option
@click.command("doctor")
@debug_option
def doctor_command() -> int:
    return 0
