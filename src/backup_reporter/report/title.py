"""The report in one line: a mail's subject, a message's header, what a lock screen shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from backup_reporter.health.findings import STATUS_OF_SEVERITY, Status
from backup_reporter.report import phrases
from backup_reporter.report.groups import Group, Member
from backup_reporter.report.locations import NAME_LENGTH
from backup_reporter.report.model import Report
from backup_reporter.report.restore_points import FOREVER
from backup_reporter.wording import count, local, quote

MAX_TITLE = 79

_MORE: dict[Status, str] = {"CRITICAL": "more critical", "UNKNOWN": "more unknown", "WARNING": "more with warnings"}


def title_of_report(report: Report, problems: Sequence[Group], zone: ZoneInfo) -> str:
    """Severity, product, the worst thing and where, and the date: at most 79 characters.

    The worst thing is a workspace with nothing to restore, then the one whose last copy expires first. What does not
    fit is left out in this order: how many more there are, the project, the end of the name.
    """
    at = local(report.as_of, zone)
    head = f"{'What if: ' if report.what_if else ''}{report.status} Palette backups: "
    tail = f" ({at.day} {at:%b})"
    words = ""
    for words in _candidates(report, problems):
        if len(head) + len(words) + len(tail) <= MAX_TITLE:
            return f"{head}{words}{tail}"
    # The name may have been shortened already: so it is as long as it will be before the title is.
    cut = quote(words.replace("…", "..."), MAX_TITLE - len(head) - len(tail) - len(".."))
    return f"{head}{cut.replace('…', '...')}{tail}"


def _candidates(report: Report, problems: Sequence[Group]) -> Iterator[str]:
    """The same in words, each shorter than the one before."""
    if report.status == "OK":
        if unchecked := phrases.unchecked_clusters(report.coverage):
            yield phrases.what_was_found(report)
            yield f"nothing wrong seen; {unchecked}"
            return
        yield phrases.counts(report.summary, "OK")
        muted = report.summary.muted
        yield f"nothing wrong but for {count(muted, 'muted finding')}" if muted else "nothing wrong"
    elif not report.summary.workspaces:
        yield "nothing could be checked"
    elif not problems or STATUS_OF_SEVERITY[problems[0].severity] != report.status:
        yield "not everything could be checked"
    else:
        yield from _worst(problems[0], report)


def _worst(group: Group, report: Report) -> Iterator[str]:
    number = phrases.number_of(report.summary, report.status) - 1
    more = f"; {number} {_MORE[report.status]}" if number else ""
    worst = min(group.members, key=_nothing_first)
    name = quote(worst.workspace, NAME_LENGTH)
    where = "/".join(
        quote(part, NAME_LENGTH) for part in (worst.tenant, worst.project, worst.workspace, worst.cluster) if part
    )
    if worst.has_nothing:
        yield f"nothing to restore for {where}{more}"
        yield f"no copy of {where}{more}"
        yield f"nothing to restore for {where}"
        yield f"nothing to restore for {name}"
    else:
        what = group.title[:1].lower() + group.title[1:]
        yield f"{where}: {what}{more}"
        yield f"{where}: {what}"
        yield f"{name}: {what}{more}"
        yield f"{name}: {what}"


def _nothing_first(member: Member) -> tuple[bool, float]:
    return (not member.has_nothing, (member.expires_at or FOREVER).timestamp())
