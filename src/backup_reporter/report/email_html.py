"""The digest as HTML for mail programs: tables, inline styles, no script, and small enough that Gmail does not clip it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from backup_reporter.report.digest import Digest, digest_of
from backup_reporter.report.model import Report
from backup_reporter.report.phrases import shortened
from backup_reporter.report.templating import environment

MAX_EMAIL_BYTES = 95_000
"""Gmail clips a message at 102 KB."""


class Extent(Struct, frozen=True):
    """How much of each list is shown: what the length of a fleet's names and messages leaves room for."""

    causes: int
    places: int
    lost: int
    changes: int
    length: int


_EXTENTS = (Extent(4, 2, 3, 5, 220), Extent(3, 2, 3, 4, 160), Extent(1, 1, 2, 2, 120))
"""From generous to what fits in any case."""

_TONES: Mapping[str, tuple[str, str]] = {
    "critical": ("#b3261e", "#fdecea"),
    "unknown": ("#5a49a8", "#eeebf9"),
    "warning": ("#855300", "#fbf0d6"),
    "ok": ("#1d7347", "#e4f2ea"),
    "info": ("#35618f", "#e8f0f8"),
}
"""Text and background for each severity."""


def render_email(report: Report, zone: ZoneInfo) -> str:
    """The mail's HTML, at most ``MAX_EMAIL_BYTES`` of UTF-8; what does not fit is counted. Times are in ``zone``."""
    templates = environment(zone, report.as_of)
    templates.globals["tones"] = _TONES
    template = templates.get_template("email.html.j2")
    digest, html = digest_of(report, zone), ""
    for extent in _EXTENTS:
        html = template.render(report=report, digest=digest, zone_name=zone.key, **_content(digest, extent))
        if len(html.encode()) <= MAX_EMAIL_BYTES:
            break
    return html


def _content(digest: Digest, extent: Extent) -> dict[str, Any]:
    rest = (digest.more_findings(extent.causes), *digest.rest, *digest.help)
    return {
        "extent": extent,
        "tone": _TONES[digest.status.lower()],
        "remarks": [shortened(line, extent.length) for line in digest.remarks[: extent.lost]],
        "lost": digest.lost(extent.lost),
        "causes": [
            (cause, shortened(cause.what, extent.length), cause.more_than(extent.places))
            for cause in digest.fix_first[: extent.causes]
        ],
        "changes": digest.changes[: extent.changes],
        "rest": [shortened(line, extent.length) for line in rest if line],
    }
