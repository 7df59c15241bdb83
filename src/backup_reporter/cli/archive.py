"""Where ``verify`` and ``audit`` read kept reports: the report bucket, or a copy of it on disk."""

from __future__ import annotations

import os
from datetime import date, datetime, timedelta
from pathlib import Path

import click

from backup_reporter.bootstrap import Reporter
from backup_reporter.config.environment import find_misspelt, load
from backup_reporter.config.settings import Settings
from backup_reporter.errors import InvalidRequest
from backup_reporter.proof.archive import Archive, BucketArchive, DirectoryArchive

_MAX_DAYS = 3660


directory_option = click.option(
    "--directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Read a copy on disk instead of REPORT_BUCKET: the directory that holds the years.",
)


class Day(click.ParamType[date]):
    """A date such as ``2026-09-30``."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Returns the date; fails with click's usage error."""
        if isinstance(value, date):
            return value
        try:
            return datetime.strptime(str(value).strip(), "%Y-%m-%d").date()  # noqa: DTZ007 - a day, not a time
        except ValueError:
            self.fail(f"{value!r} should be a date such as 2026-09-30", param, ctx)


def check_period(first: date, last: date) -> None:
    """Raises :class:`click.UsageError` if the period is empty or longer than ten years."""
    if last < first:
        raise click.UsageError(f"--from {first} is after --to {last}: exchange them")
    if last - first > timedelta(days=_MAX_DAYS):
        raise click.UsageError(f"--from {first} --to {last}: a period is ten years at most")


def settings_of(*names: str) -> Settings:
    """Returns these settings alone: no other one may keep an auditor from the reports. Raises :class:`SettingsError`.

    Warns of a variable whose name is close to one of them.
    """
    for sentence in find_misspelt(os.environ):
        if sentence.endswith(tuple(f" {name}?" for name in names)):
            click.echo(f"warning: {sentence}", err=True)
    return load({name: os.environ.get(name, "") for name in names}, key_required=False)


def archive_of(directory: Path | None) -> Archive:
    """Returns the directory, or else the report bucket of the settings.

    Raises :class:`SettingsError`, and :class:`click.UsageError` if there is neither.
    """
    if directory:
        return DirectoryArchive(directory)
    store = Reporter(settings_of("REPORT_BUCKET", "REPORT_PREFIX")).destinations.store
    if store is None:
        raise click.UsageError("no kept reports: set REPORT_BUCKET (and REPORT_PREFIX), or give --directory")
    return BucketArchive(store)


def nothing_kept(what: str, directory: Path | None) -> InvalidRequest:
    """Returns the error that ``what`` (a report, or all of a period) is not kept; it says what to check."""
    if directory is None:
        return InvalidRequest(f"{what}, REPORT_BUCKET and REPORT_PREFIX")
    return InvalidRequest(f"{what} and --directory, which has to hold the years, such as {directory}/2026")
