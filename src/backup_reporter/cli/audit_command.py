"""``backup-reporter audit``: the record of a period, from kept reports alone."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import click
from rich.progress import track

from backup_reporter.cli.archive import (
    Day,
    archive_of,
    check_period,
    directory_option,
    nothing_kept,
    settings_of,
)
from backup_reporter.cli.console import PlainConsole
from backup_reporter.cli.options import debug_option
from backup_reporter.cli.output_file import write_file
from backup_reporter.errors import StoreError
from backup_reporter.proof.archive import Archive, ids_after, ids_between, parse
from backup_reporter.proof.audit import audit
from backup_reporter.proof.audit_record import only_workspaces
from backup_reporter.proof.render import ENDINGS, RENDERINGS
from backup_reporter.report.model import Report
from backup_reporter.wording import count

_EXAMPLES = """\
\b
Examples:
  backup-reporter audit --from 2026-07-01 --to 2026-09-30 --output q3.html
  backup-reporter audit --from 2026-07-01 --to 2026-09-30 --format csv
  backup-reporter audit --from 2026-09-01 --to 2026-09-30 --workspace payments
  backup-reporter audit --from 2026-07-01 --to 2026-09-30 --directory ./reports

It reads kept reports from REPORT_BUCKET, or from a copy of the bucket on disk. It needs no Palette and no API key.
"""


@click.command("audit", epilog=_EXAMPLES, short_help="The record of a period, for an auditor.")
@click.option("--from", "first", type=Day(), required=True, metavar="DATE", help="The first day, in UTC.")
@click.option("--to", "last", type=Day(), required=True, metavar="DATE", help="The last day, in UTC.")
@click.option(
    "--workspace", "workspaces", multiple=True, metavar="NAME", help="Only this workspace, by name or uid; repeatable."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(tuple(RENDERINGS)),
    help="The format; by default the ending of --output decides, else markdown.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, writable=True, allow_dash=True, path_type=Path),
    metavar="FILE",
    help="Write the record to this file; - is standard output.",
)
@directory_option
@debug_option
def audit_command(
    first: date,
    last: date,
    workspaces: tuple[str, ...],
    form: str | None,
    output: Path | None,
    directory: Path | None,
) -> int:
    """Sum up a period from kept reports: what ran, what was missed, and how long nothing could be restored."""
    check_period(first, last)
    file = None if output == Path("-") else output
    form = _form(form, file)
    max_age = settings_of("MAX_BACKUP_AGE_HOURS").thresholds.max_backup_age
    archive = archive_of(directory)
    later = (_parsed(*kept) for kept in _contents(archive, ids_after(archive, last)))
    record = audit(_reports(archive, first, last), first, last, max_age, datetime.now(UTC), later)
    if not record.made:
        raise nothing_kept(f"no report that can be read is kept from {first} to {last}: check the dates", directory)
    if workspaces:
        record = only_workspaces(record, workspaces)
    content = RENDERINGS[form](record).encode("utf-8-sig" if form == "csv" and file else "utf-8")
    if file:
        write_file(file, content)
        click.echo(f"The record of {count(record.made, 'report')} is in {file}", err=True)
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
    return 0


def _form(asked: str | None, file: Path | None) -> str:
    """The requested format, else that of the file's ending, else Markdown."""
    by_name = ENDINGS.get(file.suffix.lower()) if file else None
    if asked and by_name and asked != by_name:
        raise click.BadParameter(f"{str(file)!r} ends like {by_name}, and --format says {asked}", param_hint="--output")
    if file and not (asked or by_name):
        raise click.BadParameter(
            f"{file.suffix!r} is not {', '.join(ENDINGS)}: use one of these, or --format", param_hint="--output"
        )
    return asked or by_name or "markdown"


def _reports(archive: Archive, first: date, last: date) -> Iterator[tuple[Report | str, str]]:
    ids = list(ids_between(archive, first, last))
    is_seen = sys.stderr.isatty()
    tracked = track(ids, "Reading reports", console=PlainConsole(stderr=True), transient=True, disable=not is_seen)
    for kept in _contents(archive, tracked):
        yield _parsed(*kept)


def _contents(archive: Archive, ids: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    for report_id in ids:
        content = archive.read(report_id, "json")
        if content is not None:
            yield report_id, content


def _parsed(report_id: str, content: bytes) -> tuple[Report | str, str]:
    """Returns a report, or its id if it cannot be read, and the SHA-256 of its file."""
    try:
        kept = parse(report_id, content)
    except StoreError:
        return report_id, hashlib.sha256(content).hexdigest()
    return kept.report, kept.sha256
