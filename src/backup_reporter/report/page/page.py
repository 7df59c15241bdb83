"""The report as one self-contained HTML page that loads nothing from anywhere.

What comes from Palette is escaped, and the page's own policy lets only its own style sheet and script work, named by
their hashes. It is read in full with scripts switched off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

from msgspec import Struct

from backup_reporter.health.findings import WORST_FIRST, Status
from backup_reporter.health.workspace_report import DayState
from backup_reporter.report import phrases
from backup_reporter.report.causes import Cause, causes_of
from backup_reporter.report.coverage import MAX_IN_SENTENCE
from backup_reporter.report.day_states import STATE_WORDS, STRIP_DAYS, strip_words
from backup_reporter.report.digest import digest_of
from backup_reporter.report.groups import Group, problems_and_infos
from backup_reporter.report.last_restore import last_restore_words, outcome_of
from backup_reporter.report.locations import place
from backup_reporter.report.model import Report, url_of
from backup_reporter.report.packed import worst_first
from backup_reporter.report.page.summary_rows import summary_row, well_line
from backup_reporter.report.page.view import WorkspaceView, day_label, evidence
from backup_reporter.report.rows import problem_titles, rows
from backup_reporter.report.templating import asset, content_security_policy, environment, favicon
from backup_reporter.wording import age, retention

if TYPE_CHECKING:
    from jinja2 import Environment

PAGE_BYTES = 4_990_000
"""No page is larger. What does not fit is counted; of the workspaces, the healthy ones are left out first."""

CELL_CLASSES: Mapping[DayState, str] = {
    "succeeded": "",
    "partial": "p",
    "failed": "f",
    "missed": "m",
    "unknown": "u",
    "running": "r",
    "partially-failing": "d",
    "deleting": "x",
    "unclear": "q",
    "not-due": "n",
}

_TABLE_BYTES = 1_200_000
_CAUSES_BYTES = 300_000
_FURTHER_WORDS_BYTES = 10_000  # headings and legends of parts that are not empty
_MAX_WORKSPACES = 5_000  # shown in full; a page of that size has hardly ever room for as many
_MAX_CAVEATS = 20
_MAX_TENANTS = 100
_MAX_MUTED = 20
_LIMITS = {"most_places": 12, "most_members": 200, "most_changes": 60, "most_evidence": 10, "strip_days": STRIP_DAYS}
_MAX_SUMMARY_ROWS = 25

_Thing = TypeVar("_Thing")


class Part(Struct, frozen=True):
    """The pieces of one part of the page that fit into it."""

    html: Sequence[str] = ()
    left_out: int = 0

    @property
    def size_bytes(self) -> int:
        return _size_bytes(self.html)


def render_page(report: Report, zone: ZoneInfo) -> str:
    """The whole page, at most ``PAGE_BYTES`` of UTF-8; times are shown in ``zone``."""
    return "".join(page_pieces(report, zone))


def page_pieces(report: Report, zone: ZoneInfo) -> Iterator[str]:
    """The page, piece by piece: joined and encoded, a large one would take up its size three times."""
    anchors = {(view.workspace.tenant, view.workspace.uid): view.anchor for view in _views(report, zone)}
    templates = _templates(report, zone, anchors)
    pieces: Any = templates.get_template("parts.html.j2").module
    frame = partial(templates.get_template("page.html.j2").generate, **_frame(report, zone))

    causes, number_of_rows = _causes(report, zone), sum(1 for _ in rows(report))

    def make_table() -> Part:
        return _as_many_as_fit(pieces.row, rows(report), number_of_rows, _TABLE_BYTES)

    make_causes = partial(_as_many_as_fit, pieces.cause, causes, len(causes), _CAUSES_BYTES)
    left = PAGE_BYTES - _size_bytes(frame(**_parts(Part(), Part(), Part(), 0))) - _FURTHER_WORDS_BYTES
    left -= make_table().size_bytes + make_causes().size_bytes
    details = _as_many_as_fit(pieces.workspace, _views(report, zone), len(report.workspaces), left)
    for which in list(anchors)[len(details.html) :]:
        del anchors[which]  # nothing links to what is not there
    bad = report.summary.workspaces - report.summary.ok
    return frame(**_parts(make_table(), make_causes(), details, bad))


def _templates(report: Report, zone: ZoneInfo, anchors: Mapping[tuple[str | None, str], str]) -> Environment:
    templates = environment(zone, report.as_of)
    templates.filters |= {"age": partial(age, now=report.as_of), "retention": retention}
    templates.filters |= {
        "day_label": day_label,
        "problem_titles": problem_titles,
        "strip_words": strip_words,
        "restore_outcome": outcome_of,
        "without_restore": partial(last_restore_words, time_words=str),
        "evidence": evidence,
    }
    templates.globals |= {"anchors": anchors, "cell_class": CELL_CLASSES, "state_words": STATE_WORDS, **_LIMITS}
    templates.globals |= {"shows_restores": report.restore_test_max_age_days is not None}
    return templates


def _size_bytes(pieces: Iterable[str]) -> int:
    return sum(len(piece.encode()) for piece in pieces)


def _causes(report: Report, zone: ZoneInfo) -> list[tuple[Group, Cause, bool]]:
    """Each problem, with what to do about it, and whether it is new since the last report."""
    problems, _ = problems_and_infos(report)
    changes = () if report.changes.note else report.changes.new
    new = {(change.tenant, change.workspace_uid, change.code) for change in changes}
    return [
        (group, cause, any((member.tenant, member.workspace_uid, group.code) in new for member in group.members))
        for group, cause in zip(problems, causes_of(problems, report, zone), strict=True)
    ]


def _as_many_as_fit(
    render: Callable[[_Thing], str], things: Iterable[_Thing], number_of_things: int, max_bytes: int
) -> Part:
    rendered: list[str] = []
    for thing in things:
        html = render(thing)
        max_bytes -= len(html.encode())
        if max_bytes < 0:
            break
        rendered.append(html)
    return Part(rendered, number_of_things - len(rendered))


def _parts(table: Part, causes: Part, details: Part, bad: int) -> dict[str, Part]:
    """The parts as the frame knows them. The first ``bad`` of the details have problems, the others are folded."""
    all_of_them = len(details.html) + details.left_out
    healthy_left_out = min(details.left_out, all_of_them - bad)
    return {
        "table": table,
        "causes": causes,
        "in_full": Part(details.html[:bad], details.left_out - healthy_left_out),
        "folded": Part(details.html[bad:], healthy_left_out),
    }


def _views(report: Report, zone: ZoneInfo) -> Iterator[WorkspaceView]:
    """The worst first, and no more than there is ever room for."""
    for number, workspace in enumerate(islice(worst_first(report.workspaces), _MAX_WORKSPACES)):
        yield WorkspaceView(workspace, f"w{number}", report.as_of, zone, url_of(report, workspace))


def _frame(report: Report, zone: ZoneInfo) -> dict[str, Any]:
    """What stands around the parts: the verdict, the trust line, what changed, the policy and what it allows."""
    style, script = asset("page.css"), asset("page.js")
    bad = report.summary.workspaces - report.summary.ok
    worst = islice(phrases.problem_workspaces(report), _MAX_SUMMARY_ROWS)
    notes = (
        phrases.what_if(report, zone),
        phrases.scope_line(report),
        *phrases.caveats(report, _MAX_CAVEATS),
    )
    return {
        "report": report,
        "policy": content_security_policy(style, script),
        "style": style,
        "script": script,
        "favicon": favicon(report.status),
        "digest": digest_of(report, zone),
        "counts": phrases.what_was_found(report),
        "shares": list(_shares(report)),
        "tenants": phrases.tenant_lines(report, _MAX_TENANTS),
        "muted_line": phrases.muted_line(report, _MAX_MUTED),
        "notes": [note for note in notes if note],
        "unprotected": list(_unprotected(report)),
        "set_apart": phrases.set_apart_line(report.coverage),
        "kinds": "Workspaces and clusters" if report.summary.cluster_policies else "Workspaces",
        "summary_rows": [summary_row(workspace, report.as_of, zone) for workspace in worst],
        "more_summary_rows": max(0, bad - _MAX_SUMMARY_ROWS),
        "well": well_line(report),
        "proof": phrases.proof_line(report),
        "zone_name": zone.key,
    }


def _unprotected(report: Report) -> Iterator[str]:
    """The clusters in no backup policy, if they are more than the sentence about them names."""
    for finding in report.findings:
        clusters = finding.evidence.get("clusters", ())
        if len(clusters) > MAX_IN_SENTENCE:
            yield from (
                place(cluster.get("tenant"), cluster.get("projectName"), cluster.get("name"))
                + (" (muted)" if cluster.get("muted") else "")
                for cluster in clusters
            )


def _shares(report: Report) -> Iterable[tuple[Status, int, int]]:
    """Each status' part of a bar 1000 wide: where it begins and how wide it is."""
    summary, x = report.summary, 0
    numbers = dict(zip(WORST_FIRST, (summary.critical, summary.unknown, summary.warning, summary.ok), strict=True))
    for status, number in numbers.items():
        if number:
            # What is there is seen, however small a part it is.
            width = max(8, round(1000 * number / summary.workspaces))
            yield status, x, width
            x += width
