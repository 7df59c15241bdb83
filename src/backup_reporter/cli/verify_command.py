"""``backup-reporter verify``: recompute kept reports from their evidence."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from backup_reporter.cli.archive import (
    Day,
    archive_of,
    check_period,
    directory_option,
    nothing_kept,
)
from backup_reporter.cli.options import debug_option
from backup_reporter.errors import InvalidRequest
from backup_reporter.proof.archive import Archive, DirectoryArchive, KeptReport, is_report_id, load, parse, path_of
from backup_reporter.proof.verify import Period, Verification, verify_alone
from backup_reporter.wording import count, quote

_EXAMPLES = """\
\b
Examples:
  backup-reporter verify 20261124T070000Z-1a2b3c4d
  backup-reporter verify reports/2026/11/24/20261124T070000Z-1a2b3c4d.json
  backup-reporter verify --from 2026-11-01 --to 2026-11-30

It reads reports and evidence from REPORT_BUCKET, or from a copy of the bucket on disk (--directory). The evidence of a
file may lie beside it. It needs no Palette and no API key. Exit code: 0 if everything agrees, else 1.
"""
_MAX_LINE_LENGTH = 2000
_DAYS_ABOVE = 3
"""A report's file lies below its year, month and day."""


@click.command("verify", epilog=_EXAMPLES, short_help="Recompute a kept report from its evidence.")
@click.argument("report", required=False, metavar="[REPORT_ID|FILE]")
@click.option("--from", "first", type=Day(), metavar="DATE", help="The first day of a period, in UTC.")
@click.option("--to", "last", type=Day(), metavar="DATE", help="Its last day.")
@directory_option
@debug_option
def verify_command(report: str | None, first: date | None, last: date | None, directory: Path | None) -> int:
    """Judge again what Palette answered, and compare every verdict, finding and count with the kept report."""
    if bool(report) == bool(first or last) or bool(first) != bool(last):
        raise click.UsageError("give a report's id or file, or --from and --to")
    if first and last:
        check_period(first, last)
        return _verify_period(directory, first, last)
    archive, kept = _find(report or "", directory)
    return _print(verify_alone(archive, kept))


def _find(report: str, directory: Path | None) -> tuple[Archive, KeptReport]:
    if not is_report_id(report):
        return _open(report, directory)
    archive = archive_of(directory)
    kept = load(archive, report)
    if kept is None:
        raise nothing_kept(f"no report {report} is kept: check the id", directory)
    return archive, kept


def _open(name: str, directory: Path | None) -> tuple[Archive, KeptReport]:
    """Reads a file. Its evidence lies in the directory, or where the file lies itself."""
    file = Path(name)
    if refusal := _refusal(file):
        raise InvalidRequest(
            f"{name!r} {refusal}: give a report's JSON file, or an id such as 20261124T070000Z-1a2b3c4d with "
            "REPORT_BUCKET or --directory"
        )
    kept = parse(file.stem, file.read_bytes())
    return DirectoryArchive(directory or _directory_of(file.resolve(), kept.report.report_id)), kept


def _refusal(file: Path) -> str | None:
    if file.is_dir():
        return "is a directory"
    if not file.exists():
        return "is neither a file nor the id of a report"
    return None if file.suffix.lower() in ("", ".json") else f"ends in {file.suffix}"


def _directory_of(file: Path, report_id: str) -> Path:
    """The directory that holds the years, if the file lies in its day's, else the file's own."""
    is_in_its_place = is_report_id(report_id) and file.match(path_of(report_id, "json"))
    return file.parents[_DAYS_ABOVE] if is_in_its_place else file.parent


def _verify_period(directory: Path | None, first: date, last: date) -> int:
    period = Period(archive_of(directory), first, last)
    codes = [_print(verification) for verification in period]
    if not codes:
        raise nothing_kept(f"no report is kept from {first} to {last}: check the dates", directory)
    chain = period.chain
    for problem in chain.problems:
        _echo(f"✗ {problem}")
    if chain.reports and chain.is_unbroken:
        click.echo(f"✓ the chain of {count(chain.reports, 'report')} is unbroken")
    codes += [_print_what_is_wrong(end) for end in period.ends()]
    return max(*codes, int(not chain.is_unbroken))


def _print(verification: Verification) -> int:
    code = _print_what_is_wrong(verification)
    if verification.agrees:
        _echo(
            f"✓ {verification.report_id}: {count(verification.workspaces, 'workspace')} recomputed, everything agrees"
        )
    return code


def _print_what_is_wrong(verification: Verification) -> int:
    for remark in verification.remarks:
        _echo(f"  {remark}")
    for problem in (*verification.problems, *verification.differences):
        _echo(f"✗ {verification.report_id}: {problem}")
    return int(not verification.agrees)


def _echo(line: str) -> None:
    """Prints a line; what files say in it must not steer the terminal."""
    indent = line[: len(line) - len(line.lstrip())]
    click.echo(f"{indent}{quote(line, _MAX_LINE_LENGTH)}")
