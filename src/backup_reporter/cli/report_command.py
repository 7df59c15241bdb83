"""``backup-reporter report``: the same run as the function's, on a person's machine."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import click

from backup_reporter.bootstrap import Reporter
from backup_reporter.cli.formats import FORMATS, Format, format_of, show, write
from backup_reporter.cli.options import debug_option
from backup_reporter.cli.param_types import Length, point_in_time
from backup_reporter.cli.progress import progress_bar
from backup_reporter.cli.resolve_names import Uids, uids_of
from backup_reporter.cli.settings import reporter_of
from backup_reporter.config.request import Request
from backup_reporter.config.settings import Notify
from backup_reporter.errors import BackupReporterError, InvalidRequest
from backup_reporter.health.findings import EXIT_CODES, WORST_FIRST, Status
from backup_reporter.report.model import Report
from backup_reporter.time_limit import countdown
from backup_reporter.wording import listed, quote

_SECONDS = 3600.0
"""What a run may take; at Palette's rate that is enough for 36,000 workspaces."""

_EXAMPLES = """\
\b
Examples:
  backup-reporter report
  backup-reporter report --project prod --workspace payments
  backup-reporter report --tenant acme         of several tenants
  backup-reporter report --as-of 2026-12-04    what will have expired by then?
  backup-reporter report --output report.html  the page, for a browser
  backup-reporter report --format json | jq .summary
  backup-reporter report --fail-on critical    in a pipeline
  backup-reporter report --watch 5m

Exit code: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN, and 3 too for what could not be done at all.

\b
PALETTE_API_KEY           the API key
PALETTE_API_KEY_SECRET    instead: the name of its secret in AWS Secrets Manager
PALETTE_API_URL           a Palette of your own (https://api.spectrocloud.com)
Every other setting of the function counts here as well.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wishes:
    """What the options say."""

    tenants: tuple[str, ...]
    projects: tuple[str, ...]
    workspaces: tuple[str, ...]
    as_of: str | None
    form: Format
    output: Path | None
    publish: bool
    progress: bool


@click.command("report", epilog=_EXAMPLES, short_help="What could be restored right now?")
@click.option("--tenant", "tenants", multiple=True, metavar="NAME", help="Only this one of the tenants; repeatable.")
@click.option(
    "--project", "projects", multiple=True, metavar="NAME", help="Only this project, by name or uid; repeatable."
)
@click.option(
    "--workspace", "workspaces", multiple=True, metavar="NAME", help="Only this workspace, by name or uid; repeatable."
)
@click.option("--as-of", metavar="TIME", help="Judge as if it were then: a date, or an RFC 3339 time.")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), help="How to show it; else by the file's name, else a table."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Write it there.",
)
@click.option("--publish", is_flag=True, help="Send it to the channels that are set up, too, and keep it.")
@click.option(
    "--fail-on",
    type=click.Choice(["critical", "unknown", "warning"]),
    help="Exit with 0 where it is less bad than that: critical is the worst, then unknown, then warning.",
)
@click.option("--watch", type=Length(), metavar="LENGTH", help="Look again every 30s, 5m, 2h … until Ctrl-C.")
@click.option("--no-progress", "progress", is_flag=True, flag_value=False, default=True, help="No progress bar.")
@debug_option
def report_command(
    tenants: tuple[str, ...],
    projects: tuple[str, ...],
    workspaces: tuple[str, ...],
    as_of: str | None,
    form: str | None,
    output: Path | None,
    publish: bool,
    fail_on: str | None,
    watch: timedelta | None,
    progress: bool,
) -> int:
    """Report which workspaces could be restored, and what to do about the others.

    Nothing is sent to anybody unless you say --publish.
    """
    wishes = _Wishes(
        tenants=tenants,
        projects=projects,
        workspaces=workspaces,
        as_of=as_of,
        form=format_of(form, output),
        output=output,
        publish=publish,
        progress=progress,
    )
    _check_directory(output)
    reporter = reporter_of(os.environ, with_outlets=publish)
    if publish and not (reporter.settings.channels or reporter.settings.report_bucket):
        raise click.UsageError("--publish: nobody would be told: set SNS_TOPIC_ARN, SLACK_WEBHOOK_SECRET, EMAIL_FROM "
                               "and EMAIL_TO, EVENT_BUS_NAME, or REPORT_BUCKET to keep it")  # fmt: skip
    report = _reported(reporter, wishes) if watch is None else _watch(reporter, wishes, watch)
    return exit_code(report, fail_on)


def exit_code(report: Report, fail_on: str | None) -> int:
    """The status as an exit code; 0 where it is no worse than what was asked to fail on.

    Where nothing could be looked at it never passes: there is nothing to be lenient about.
    """
    lenient: dict[str | None, tuple[Status, ...]] = {
        "critical": WORST_FIRST[:1],
        "unknown": WORST_FIRST[:2],
    }
    fails = report.status in lenient.get(fail_on, WORST_FIRST) or not report.workspaces
    return EXIT_CODES[report.status] if fails else 0


def _check_directory(output: Path | None) -> None:
    if output and not output.absolute().parent.is_dir():
        raise click.BadParameter(f"there is no directory {str(output.parent)!r}", param_hint="--output")


def _reported(reporter: Reporter, wishes: _Wishes, *, on_a_clear_screen: bool = False) -> Report:
    report = _made(reporter, wishes)
    zone = reporter.settings.thresholds.time_zone
    if on_a_clear_screen:
        click.clear()
    if wishes.output:
        write(report, wishes.form, zone, wishes.output)
    else:
        show(report, wishes.form, zone, fits_the_screen=on_a_clear_screen)
    return report


def _made(reporter: Reporter, wishes: _Wishes) -> Report:
    as_of = point_in_time(wishes.as_of, reporter.settings.thresholds.time_zone) if wishes.as_of else None
    with progress_bar(is_wanted=wishes.progress) as on_progress:
        uids = _asked_for(reporter, wishes)
        # A what-if is told to nobody unless somebody says so, and --publish says so.
        notify: Notify | None = "always" if as_of and wishes.publish else None
        request = Request(
            tenants=wishes.tenants,
            project_uids=uids.projects,
            workspace_uids=uids.workspaces,
            as_of=as_of,
            notify=notify,
        )
        return reporter.report(request, uuid4().hex, _SECONDS, on_progress)


def _asked_for(reporter: Reporter, wishes: _Wishes) -> Uids:
    known = reporter.tenants() if wishes.tenants or reporter.settings.tenants else ()
    for name in wishes.tenants:
        if name not in [tenant.name for tenant in known]:
            there_are = listed([tenant.name for tenant in known if tenant.name], 20) or "none: TENANTS is not set"
            raise InvalidRequest(f"--tenant: {quote(name, 63)!r} is no tenant; there are {there_are}")
    if not wishes.projects and not wishes.workspaces:
        return Uids()
    tenants = reporter.tenants(wishes.tenants)
    if len(tenants) != 1:
        raise click.UsageError("--project, --workspace: say with --tenant in which of the tenants")
    palette = reporter.palette(tenants[0], countdown(_SECONDS))
    return uids_of(palette, tenants[0], wishes.projects, wishes.workspaces)


def _watch(reporter: Reporter, wishes: _Wishes, pause: timedelta) -> Report:
    """One report after the other, until Ctrl-C; returns the last one.

    What goes wrong with the first ends it; later it is said, and tried again.
    """
    is_seen = sys.stdout.isatty() and not wishes.output
    report = _reported(reporter, wishes, on_a_clear_screen=is_seen)
    try:
        while True:
            if is_seen:
                again_at = datetime.now(reporter.settings.thresholds.time_zone) + pause
                click.secho(f"\n  Looks again at {again_at:%H:%M:%S %Z}; Ctrl-C ends it.", dim=True)
            time.sleep(pause.total_seconds())
            try:
                report = _reported(reporter, wishes, on_a_clear_screen=is_seen)
            except BackupReporterError as error:
                click.echo(f"backup-reporter: {error}", err=True)
    except KeyboardInterrupt:
        return report
