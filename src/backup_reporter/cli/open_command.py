"""``backup-reporter open``: a kept report in the browser."""

from __future__ import annotations

import webbrowser

import click
import msgspec

from backup_reporter.aws.report_store import ReportStore
from backup_reporter.cli.options import debug_option
from backup_reporter.cli.stack import StackError, find_stack, stack_options
from backup_reporter.report.page.index import Entry

_EXAMPLES = """\
\b
Examples:
  backup-reporter open
  backup-reporter open 20261124T070000Z-1a2b3c4d
"""


@click.command("open", epilog=_EXAMPLES, short_help="Open a kept report in the browser.")
@click.argument("report_id", required=False)
@click.option("--print", "only_print", is_flag=True, help="Print the link instead of opening it.")
@stack_options
@debug_option
def open_command(
    *, report_id: str | None, only_print: bool, stack: str | None, region: str | None, profile: str | None
) -> int:
    """Open the kept report REPORT_ID, the newest by default.

    The link is new, and is signed with your own credentials. Anyone who has it can read the report.
    """
    deployed = find_stack(stack, region, profile)
    store = deployed.store()
    if store is None:
        raise StackError(f"the stack {deployed.name} keeps no reports: its parameter ReportBucket is none")
    link, _ = store.sign_link(_checked(store, report_id) if report_id else _newest(store))
    if only_print or not webbrowser.open(link):
        click.echo(link)
    return 0


def _checked(store: ReportStore, report_id: str) -> str:
    """Returns the id of a report that is kept. Raises :class:`StackError`."""
    try:
        key = store.key(report_id, "html")
    except ValueError as error:
        raise StackError(str(error)) from None
    if key not in store.list_keys(f"{report_id[:4]}/{report_id[4:6]}/{report_id[6:8]}/{report_id}"):
        raise StackError(f"no report {report_id} is kept; without an id, the newest is opened")
    return report_id


def _newest(store: ReportStore) -> str:
    content = store.load_file(store.place_of("index.json"))
    entries = msgspec.json.decode(content, type=list[Entry]) if content else []
    if not entries:
        raise StackError("no report is kept yet: backup-reporter invoke report makes one")
    return max(entry.path.rpartition("/")[2] for entry in entries)
