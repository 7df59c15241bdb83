"""``backup-reporter invoke``: a report, a diagnosis or a redelivery by the deployed function."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click
import msgspec

from backup_reporter.cli.console import say
from backup_reporter.cli.doctor_command import show_diagnosis
from backup_reporter.cli.formats import FORMATS, Format, show
from backup_reporter.cli.invocation import Event, invoke, make_report
from backup_reporter.cli.options import debug_option
from backup_reporter.cli.param_types import point_in_time
from backup_reporter.cli.stack import Stack, find_stack, stack_options
from backup_reporter.config.settings import CHANNEL_NAMES
from backup_reporter.doctor.checks import Diagnosis
from backup_reporter.health.findings import EXIT_CODES
from backup_reporter.report.model import Report, failed_deliveries

_EXAMPLES = """\
\b
Examples:
  backup-reporter invoke doctor
  backup-reporter invoke report
  backup-reporter invoke report --workspace payments --notify never
  backup-reporter invoke redeliver 20261124T070000Z-1a2b3c4d --channel slack
"""


@click.group("invoke", epilog=_EXAMPLES, short_help="Have the deployed function report.")
def invoke_command() -> None:
    """Have the deployed function make a report, check itself, or send a kept report again."""


@invoke_command.command("report", short_help="Make a report now.")
@click.option("--project", "projects", multiple=True, metavar="NAME", help="Only this project; repeatable.")
@click.option("--workspace", "workspaces", multiple=True, metavar="NAME", help="Only this workspace; repeatable.")
@click.option("--tenant", "tenants", multiple=True, metavar="NAME", help="Only this tenant; repeatable.")
@click.option("--as-of", metavar="TIME", help="Judge as of this date or RFC 3339 time. Notifies only with --notify.")
@click.option("--channel", "channels", multiple=True, type=click.Choice(CHANNEL_NAMES), help="Only this; repeatable.")
@click.option("--notify", type=click.Choice(["always", "problems", "changes", "never"]), help="When to notify.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", help="The format; table by default.")
@stack_options
@debug_option
def report_subcommand(
    *,
    projects: tuple[str, ...],
    workspaces: tuple[str, ...],
    tenants: tuple[str, ...],
    as_of: str | None,
    channels: tuple[str, ...],
    notify: str | None,
    form: Format,
    stack: str | None,
    region: str | None,
    profile: str | None,
) -> int:
    """Have the deployed function make a report now, and show it.

    It goes to the channels as the function's settings say. Exit code: as that of backup-reporter report.
    """
    deployed = find_stack(stack, region, profile)
    at = point_in_time(as_of, zone_of(deployed)) if as_of else None
    report = make_report(deployed, report_event(projects, workspaces, tenants, at, channels, notify))
    show(report, form, zone_of(deployed))
    return EXIT_CODES[report.status]


def report_event(
    projects: tuple[str, ...],
    workspaces: tuple[str, ...],
    tenants: tuple[str, ...],
    as_of: datetime | None,
    channels: tuple[str, ...],
    notify: str | None,
) -> Event:
    """Returns the event for these wishes, without what was not asked for."""
    fields = {
        "projectUids": list(projects),
        "workspaceUids": list(workspaces),
        "tenants": list(tenants),
        "asOf": as_of and f"{as_of.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "channels": list(channels),
        "notify": notify,
    }
    return {name: value for name, value in fields.items() if value}


@invoke_command.command("doctor", short_help="Check the function's settings from inside.")
@click.option("--json", "wants_json", is_flag=True, help="Print the checks as JSON.")
@stack_options
@debug_option
def doctor_subcommand(*, wants_json: bool, stack: str | None, region: str | None, profile: str | None) -> int:
    """Have the deployed function try every setting, with its own role and network.

    Nothing is published. Exit code: 0 if no check failed, else 1.
    """
    found = diagnose_function(find_stack(stack, region, profile))
    show_diagnosis(found, wants_json=wants_json)
    return 0 if found.healthy else 1


def diagnose_function(stack: Stack) -> Diagnosis:
    """Returns what the function's doctor found."""
    return msgspec.convert(invoke(stack, {"doctor": True}), Diagnosis)


@invoke_command.command("redeliver", short_help="Send a kept report again.")
@click.argument("report_id")
@click.option("--channel", "channels", multiple=True, type=click.Choice(CHANNEL_NAMES), help="Only this; repeatable.")
@stack_options
@debug_option
def redeliver_subcommand(
    *, report_id: str, channels: tuple[str, ...], stack: str | None, region: str | None, profile: str | None
) -> int:
    """Send the kept report REPORT_ID again, without asking Palette.

    Exit code: 0 if every channel took it, else 1.
    """
    event = {"redeliver": report_id, **({"channels": list(channels)} if channels else {})}
    report = msgspec.convert(invoke(find_stack(stack, region, profile), event), Report)
    for line in delivery_lines(report):
        say(line)
    return 1 if failed_deliveries(report) else 0


def delivery_lines(report: Report) -> list[str]:
    """Returns a line for each channel."""
    return [
        f"  {delivery.channel}: {delivery.status}" + (f" ({delivery.error})" if delivery.error else "")
        for delivery in report.deliveries
    ] or ["  No channel is set up: no one was told."]


def zone_of(stack: Stack) -> ZoneInfo:
    """Returns the time zone of the stack's reports."""
    return ZoneInfo(stack.parameter("TimeZone") or "UTC")
