"""The list of the reports that were kept last, as data and as a page: a strip of verdicts, and a line for each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

from backup_reporter.health.findings import Status
from backup_reporter.records import Instant, Record
from backup_reporter.report import phrases
from backup_reporter.report.model import Report
from backup_reporter.report.templating import asset, content_security_policy, environment, favicon

MAX_REPORTS = 90

_CELL_CLASSES: dict[Status, str] = {"OK": "", "WARNING": "p", "CRITICAL": "f", "UNKNOWN": "u"}


class Entry(Record, frozen=True, kw_only=True):
    """A kept report. ``path`` is the path of its files relative to the list, without ``.html``, ``.json`` or ``.csv``."""

    report_id: str
    path: str
    as_of: Instant
    status: Status
    counts: str
    about: str | None = None
    """What sets it apart from the regular report of everything."""
    is_regular: bool = True
    """Whether it was made for all recipients. A report made on demand is listed, but is not the newest status."""


def entry_of(report: Report, path: str, zone: ZoneInfo, *, is_regular: bool = True) -> Entry:
    """What the list says of a report."""
    return Entry(
        report_id=report.report_id,
        path=path,
        as_of=report.as_of,
        status=report.status,
        counts=phrases.counts(report.summary, report.status),
        about=" ".join(filter(None, (phrases.what_if(report, zone), phrases.scope_line(report)))) or None,
        is_regular=is_regular,
    )


def with_entry(entries: Iterable[Entry], new: Entry) -> tuple[Entry, ...]:
    """The list with one more report, newest first; a report that is there already is replaced."""
    others = [entry for entry in entries if entry.report_id != new.report_id]
    return tuple(sorted([*others, new], key=lambda entry: entry.report_id, reverse=True)[:MAX_REPORTS])


def render_index(entries: Sequence[Entry], zone: ZoneInfo) -> str:
    """The list as a page; ``entries`` are newest first, and there is at least one. Times are shown in ``zone``.

    The status and the strip are those of the regular reports, if there are any: a what-if, or a report on one workspace,
    says nothing about the whole.
    """
    regular = [entry for entry in entries if entry.is_regular] or entries
    newest = regular[0]
    style = asset("page.css")
    return (
        environment(zone, newest.as_of)
        .get_template("index.html.j2")
        .render(
            entries=entries,
            regular=regular,
            policy=content_security_policy(style),
            style=style,
            favicon=favicon(newest.status),
            cell_class=_CELL_CLASSES,
            zone_name=zone.key,
        )
    )
