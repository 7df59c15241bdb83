"""``backup-reporter report``: the function's run on your own machine."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import NoReturn
from uuid import uuid4

import click

from backup_reporter.bootstrap import Reporter
from backup_reporter.cli.formats import FORMATS, Format, format_of, show, write
from backup_reporter.cli.options import debug_option
from backup_reporter.cli.param_types import Length, point_in_time
from backup_reporter.cli.progress import progress_bar
from backup_reporter.cli.resolve_names import Uids, uids_of
from backup_reporter.cli.settings import reporter_of
from backup_reporter.config.environment import find_misspelt
from backup_reporter.config.request import Request
from backup_reporter.config.settings import CHANNEL_NAMES, Notify, variable_names
from backup_reporter.errors import BackupReporterError, InvalidRequest
from backup_reporter.health.findings import EXIT_CODES, WORST_FIRST, Status
from backup_reporter.report.model import Report, failed_deliveries
from backup_reporter.time_limit import countdown
from backup_reporter.wording import listed, quote

_SECONDS = 3600.0
"""The time limit of a run; at Palette's rate it is enough for 36,000 workspaces."""

_STANDARD_OUTPUT = Path("-")

_EXAMPLES = """\
\b
Examples:
  backup-reporter report
  backup-reporter report --project prod --workspace payments
  backup-reporter report --tenant acme         one of several tenants
  backup-reporter report --as-of 2026-12-04    what will have expired by then?
  backup-reporter report --output report.html  the page, for a browser
  backup-reporter report --format json | jq .summary
  backup-reporter report --fail-on critical    in a pipeline
  backup-reporter report --watch 5m

Exit code: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN; also 3 if the command could not run.

\b
PALETTE_API_KEY           the API key
PALETTE_API_KEY_SECRET    or the name of its secret in AWS Secrets Manager
PALETTE_API_URL           your Palette; https://api.spectrocloud.com by default
Every other setting of the function works here as well.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    """The values of the options."""

    tenants: tuple[str, ...]
    projects: tuple[str, ...]
    workspaces: tuple[str, ...]
    as_of: str | None
    form: Format
    output: Path | None
    publish: bool
    progress: bool


@click.command("report", epilog=_EXAMPLES, short_help="Which backups can be restored now?")
@click.option("--tenant", "tenants", multiple=True, metavar="NAME", help="Only this tenant; repeatable.")
@click.option(
    "--project", "projects", multiple=True, metavar="NAME", help="Only this project, by name or uid; repeatable."
)
@click.option(
    "--workspace", "workspaces", multiple=True, metavar="NAME", help="Only this workspace, by name or uid; repeatable."
)
@click.option("--as-of", metavar="TIME", help="Judge as of this date or RFC 3339 time.")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="The format; by default the ending of --output decides, else a table.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, writable=True, allow_dash=True, path_type=Path),
    metavar="FILE",
    help="Write the report to this file; - is standard output.",
)
@click.option("--publish", is_flag=True, help="Also send the report to the channels, and keep it.")
@click.option(
    "--fail-on",
    type=click.Choice(["critical", "unknown", "warning"]),
    help="Exit with 0 if the status is better than this. Critical is the worst, then unknown, then warning.",
)
@click.option("--watch", type=Length(), metavar="LENGTH", help="Report again every 30s, 5m, 2h … until Ctrl-C.")
@click.option("--no-progress", "progress", is_flag=True, flag_value=False, default=True, help="Show no progress bar.")
@debug_option
def report_command(
    tenants: tuple[str, ...],
    projects: tuple[str, ...],
    workspaces: tuple[str, ...],
    as_of: str | None,
    form: Format | None,
    output: Path | None,
    publish: bool,
    fail_on: str | None,
    watch: timedelta | None,
    progress: bool,
) -> int:
    """Report which workspaces can be restored, and what to do about the others.

    Nothing is sent to a channel without --publish.
    """
    file = None if output == _STANDARD_OUTPUT else output
    options = _Options(
        tenants=tenants,
        projects=projects,
        workspaces=workspaces,
        as_of=as_of,
        form=format_of(form, file),
        output=file,
        publish=publish,
        progress=progress,
    )
    _check_directory(file)
    for sentence in find_misspelt(os.environ):
        click.echo(f"warning: {sentence}", err=True)
    reporter = reporter_of(os.environ, with_destinations=publish)
    if publish and not (reporter.settings.channels or reporter.settings.report_bucket):
        channels = ", ".join(map(variable_names, CHANNEL_NAMES))
        raise click.UsageError(
            f"--publish: no channel is set up, and no bucket: set {channels}, or REPORT_BUCKET to keep the report"
        )
    if watch is not None:
        _watch(reporter, options, watch)
    return exit_code(_report_once(reporter, options), fail_on)


def exit_code(report: Report, fail_on: str | None) -> int:
    """Returns the exit code for the status; 0 if it is better than ``fail_on``.

    A report that could not look at any workspace never returns 0.
    """
    lenient: dict[str | None, tuple[Status, ...]] = {
        "critical": WORST_FIRST[:1],
        "unknown": WORST_FIRST[:2],
    }
    fails = report.status in lenient.get(fail_on, WORST_FIRST) or not report.workspaces
    return EXIT_CODES[report.status] if fails else 0


def _check_directory(output: Path | None) -> None:
    if output == Path():
        raise click.BadParameter("no file is named", param_hint="--output")
    if output and not output.absolute().parent.is_dir():
        raise click.BadParameter(f"there is no directory {str(output.parent)!r}", param_hint="--output")


def _report_once(reporter: Reporter, options: _Options, *, clear_screen: bool = False) -> Report:
    report = _run(reporter, options)
    zone = reporter.settings.thresholds.time_zone
    if clear_screen:
        click.clear()
    if options.output:
        write(report, options.form, zone, options.output)
    else:
        show(report, options.form, zone, fits_the_screen=clear_screen)
    if options.output or options.form != "table":
        _warn_of_failed_deliveries(report)
    return report


def _warn_of_failed_deliveries(report: Report) -> None:
    """A script sees the exit code, which tells of the backups alone."""
    for delivery in failed_deliveries(report):
        click.echo(f"warning: {delivery.channel} did not get the report: {delivery.error}", err=True)


def _run(reporter: Reporter, options: _Options) -> Report:
    as_of = point_in_time(options.as_of, reporter.settings.thresholds.time_zone) if options.as_of else None
    with progress_bar(is_wanted=options.progress) as on_progress:
        uids = _uids(reporter, options)
        # A what-if notifies only if the user says so, which --publish does.
        notify: Notify | None = "always" if as_of and options.publish else None
        request = Request(
            tenants=options.tenants,
            project_uids=uids.projects,
            workspace_uids=uids.workspaces,
            as_of=as_of,
            notify=notify,
        )
        return reporter.report(request, uuid4().hex, _SECONDS, on_progress)


def _uids(reporter: Reporter, options: _Options) -> Uids:
    known = reporter.tenants() if options.tenants or reporter.settings.tenants_source else ()
    for name in options.tenants:
        if name not in [tenant.name for tenant in known]:
            there_are = listed([tenant.name for tenant in known if tenant.name], 20) or "not set up (TENANTS is empty)"
            raise InvalidRequest(f"--tenant: {quote(name, 63)!r} is not a tenant; the tenants are {there_are}")
    if not options.projects and not options.workspaces:
        return Uids()
    tenants = reporter.tenants(options.tenants)
    if len(tenants) != 1:
        raise click.UsageError("--project, --workspace: there are several tenants; name one with --tenant")
    palette = reporter.palette(tenants[0], countdown(_SECONDS))
    return uids_of(palette, tenants[0], options.projects, options.workspaces)


def _watch(reporter: Reporter, options: _Options, pause: timedelta) -> NoReturn:
    """Reports again and again, until Ctrl-C.

    An error ends the first report; later ones are shown, and the next report follows.
    """
    is_seen = sys.stdout.isatty() and not options.output
    _report_once(reporter, options, clear_screen=is_seen)
    while True:
        if is_seen:
            again_at = datetime.now(reporter.settings.thresholds.time_zone) + pause
            click.secho(f"\n  The next report is at {again_at:%H:%M:%S %Z}. Ctrl-C ends the watch.", dim=True)
        time.sleep(pause.total_seconds())
        try:
            _report_once(reporter, options, clear_screen=is_seen)
        except BackupReporterError as error:
            click.echo(f"backup-reporter: {error}", err=True)
