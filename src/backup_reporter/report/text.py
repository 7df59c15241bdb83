"""The digest as plain text, for a mail; and as one line, for a telephone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from backup_reporter.report.causes import Cause
from backup_reporter.report.digest import Digest, Link, digest_of
from backup_reporter.report.model import Report
from backup_reporter.report.phrases import shortened
from backup_reporter.report.title import MAX_TITLE
from backup_reporter.wording import quote

MAX_LINES = 45
MAX_SMS = 160
_LINE_LENGTH = 240
"""Such a line takes at most 960 bytes, so that all of them fit into every message that carries them."""
_MAX_TENANTS = 4
_MAX_ASKED_FOR = 8
_MAX_LOST = 3
_MAX_CAUSES = 5
_MAX_PLACES = 2
_MAX_CHANGES = 6


def subject(report: Report, zone: ZoneInfo) -> str:
    """The title in printable ASCII: fewer than 80 characters, beginning with a letter."""
    return ascii_line(digest_of(report, zone).title, MAX_TITLE)


def sms(report: Report, zone: ZoneInfo) -> str:
    """The title and the link, or the report's id if the link is too long: 160 characters of the GSM alphabet."""
    title = re.sub(r"[`^{}\[\]~\\|]", "?", subject(report, zone))
    url = report.report_url or ""
    fits = url and len(title) + 1 + len(url) <= MAX_SMS
    return f"{title} {url if fits else f'Report {report.report_id}'}"


def ascii_line(text: str, length: int) -> str:
    """Text on one line of printable ASCII, cut after a word if it is too long."""
    line = quote(text, 4 * length).replace("…", "...").encode("ascii", "replace").decode("ascii")
    if len(line) <= length:
        return line
    head, space, _ = line[: length - 3].rpartition(" ")
    return (head if space else line[: length - 3]) + "..."


def text(report: Report, zone: ZoneInfo) -> str:
    """The digest in at most 45 lines; a green report without news in at most four."""
    digest = digest_of(report, zone)
    lines: list[str] = []
    for causes in range(min(_MAX_CAUSES, len(digest.fix_first)), -1, -1):
        lines = list(_lines(digest, causes))
        if len(lines) <= MAX_LINES:
            break
    return "\n".join(lines) + "\n"


def _lines(digest: Digest, causes: int) -> Iterator[str]:
    """All lines, with an empty one before each part, but not in a green report."""
    for number, part in enumerate(_parts(digest, causes)):
        if number and part and digest.status != "OK":
            yield ""
        yield from part


def _parts(digest: Digest, causes: int) -> Iterator[list[str]]:
    head = [digest.title, digest.trust, *_remarks(digest), *digest.tenants[:_MAX_TENANTS]]
    yield [_cut(line) for line in head]
    yield _listed("What can be restored right now:", list(map(str, digest.asked_for[:_MAX_ASKED_FOR])))
    yield _listed(f"{digest.lost_heading}:", list(map(str, digest.lost(_MAX_LOST - bool(digest.remarks)))))
    for number, cause in enumerate(digest.fix_first[:causes]):
        yield [*([] if number else ["Fix first:"]), *map(_cut, _cause(cause))]
    yield [_cut(line) for line in digest.changes[:_MAX_CHANGES]]
    rest = (digest.more_findings(causes), *digest.rest, *digest.help)
    yield [_cut(line) for line in rest if line]
    yield list(_link(digest.link)) if digest.link else []


def _link(link: Link) -> Iterator[str]:
    # Addresses cannot be cut.
    yield f"The whole report: {link.url}"
    yield f"{link.note}{f' ({link.console_url})' if link.console_url else ''}"


def _remarks(digest: Digest) -> list[str]:
    """The first remark, and how many more there are: the first cause must be near the top."""
    more = f" (and {len(digest.remarks) - 1} more)" if len(digest.remarks) > 1 else ""
    return [f"{shortened(remark, _LINE_LENGTH - len(more))}{more}" for remark in digest.remarks[:1]]


def _listed(heading: str, lines: Sequence[str]) -> list[str]:
    return [heading, *(_cut(f"  - {line}") for line in lines)] if lines else []


def _cause(cause: Cause) -> Iterator[str]:
    yield f"{cause.severity.upper()} {cause.title} [{cause.code}]" + (f" {cause.since}" if cause.since else "")
    more = (f"and {cause.more_than(_MAX_PLACES)} more",) if cause.more_than(_MAX_PLACES) else ()
    yield f"  {'; '.join((*map(str, cause.where[:_MAX_PLACES]), *more))}"
    yield f"  {shortened(cause.what, _LINE_LENGTH)}"
    if cause.action:
        yield f"  What to do: {cause.action}"


def _cut(line: str) -> str:
    indent = line[: len(line) - len(line.lstrip())]
    return indent + quote(line, _LINE_LENGTH)
