"""The report as Markdown, for a wiki, a ticket or a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from backup_reporter.health.workspace_report import ClusterReport
from backup_reporter.report import phrases
from backup_reporter.report.causes import causes_of
from backup_reporter.report.digest import digest_of
from backup_reporter.report.groups import Group, problems_and_infos
from backup_reporter.report.last_restore import last_restore_words
from backup_reporter.report.locations import member_lines, place
from backup_reporter.report.model import Report
from backup_reporter.report.rows import Row, problem_titles, rows
from backup_reporter.wording import moment, quote, retention

_COLUMNS = (
    "Status",
    "Workspace",
    "Project",
    "Cluster",
    "Problems",
    "Newest copy",
    "It expires",
    "Copies",
    "Schedule",
    "Kept for",
)
_MOST = 1000
_LONG_LINE = 10_000

# https://spec.commonmark.org/0.31.2/#backslash-escapes: only what Markdown, GitHub or GitLab would read as more than text.
_MARKUP = re.compile(
    r"""(
      [\\`\[<|~$\#{]                        # code, links, HTML, columns, strikethrough, formulas, numbers of issues
    | (?<![^\W_])_ | _(?![^\W_])            # emphasis, but not within a word
    | (?<=\S)\* | \*(?=\S)                  # emphasis, but not between spaces
    | &(?=[\#\w]) | !(?=\w) | %(?=[\w"])    # entities, GitLab's merge requests and milestones
    | :(?=//) | (?<=[wW]{3})\. | (?<!\w):(?=[\w+-]+:)  # bare links, emoji
    | ^[-+*>=]                              # lists, quotations, headings
    )""",
    re.VERBOSE,
)
_NUMBERED = re.compile(r"^(\d{1,9})([.)])")


def render_markdown(report: Report, zone: ZoneInfo) -> str:
    """The whole report: the digest, every cause, what changed, and every workspace and cluster."""
    problems, infos = problems_and_infos(report)
    parts = (
        _head(report, zone),
        _tenants(report),
        _causes(problems, report, zone),
        _changes(report),
        _infos(infos),
        _table(report, zone),
    )
    return "\n".join(line for part in parts for line in part) + "\n"


def escape(text: str) -> str:
    """Text that stays text: on one line, without markup, links, HTML or mentions."""
    escaped = _MARKUP.sub(r"\\\1", quote(text, phrases.MESSAGE_LENGTH))
    return _NUMBERED.sub(r"\1\\\2", escaped).replace("@", "@<!-- -->")


def _head(report: Report, zone: ZoneInfo) -> Iterator[str]:
    digest = digest_of(report, zone)
    yield f"# {escape(digest.title)}"
    yield f"\n{escape(digest.trust)}"
    for line in (*digest.remarks, phrases.muted_line(report, _MOST)):
        if line:
            yield f"\n{escape(line)}"
    if lost := digest.lost(len(digest.cannot_be_restored) + 1):
        yield "\n## Cannot be restored\n"
        yield from (f"- {escape(str(entry))}" for entry in lost)


def _tenants(report: Report) -> Iterator[str]:
    if report.tenants:
        yield "\n## Tenants\n"
        yield from (f"- {escape(line)}" for line in phrases.tenant_lines(report, _MOST))


def _changes(report: Report) -> Iterator[str]:
    lines = phrases.change_lines(report, _MOST, _LONG_LINE)
    if lines:
        yield "\n## What changed\n"
        yield from (f"- {escape(line)}" for line in lines)


def _causes(problems: Sequence[Group], report: Report, zone: ZoneInfo) -> Iterator[str]:
    if problems:
        yield "\n## Fix first"
    for group, cause in zip(problems, causes_of(problems, report, zone), strict=True):
        since = f" ({escape(cause.since)})" if cause.since else ""
        yield f"\n### {group.severity.capitalize()}: {escape(group.title)}{since}"
        yield f"\n{escape(cause.what)}\n"
        yield from (f"- {escape(line)}" for line in member_lines(group.members, _MOST, _MOST))
        if cause.action:
            yield f"\n{escape(f'What to do: {cause.action}')}"


def _infos(infos: Sequence[Group]) -> Iterator[str]:
    if infos:
        yield "\n## Worth knowing\n"
        yield from (f"- {escape(line)}" for line in phrases.info_lines(infos, _MOST))


def _table(report: Report, zone: ZoneInfo) -> Iterator[str]:
    yield "\n## Every workspace and cluster\n"
    shows_restores = report.restore_test_max_age_days is not None
    columns = (*_COLUMNS, "Last restore") if shows_restores else _COLUMNS
    yield f"| {' | '.join(columns)} |"
    yield f"|{' --- |' * len(columns)}"
    for row in rows(report):
        cells = list(_cells(row, zone))
        if shows_restores:
            cells.append(last_restore_words(row.workspace, lambda at: moment(at, zone)))
        yield f"| {' | '.join(map(escape, cells))} |"


def _cells(row: Row, zone: ZoneInfo) -> Iterator[str]:
    workspace, cluster = row.workspace, row.cluster
    yield from (
        row.status,
        workspace.name,
        place(workspace.tenant, workspace.project_name),
        row.cluster_name or row.cluster_uid or "",
        problem_titles(row),
    )
    if cluster and cluster.restore_points:
        yield _moment(cluster.newest_restore_point_at, zone) or "unknown"
        yield _moment(cluster.expires_at, zone) or "never"
    else:
        yield from (_nothing(cluster, zone) if cluster else "", "")
    yield from (str(cluster.restore_points) if cluster else "", workspace.schedule or "")
    yield "" if workspace.retention_hours is None else retention(workspace.retention_hours)


def _nothing(cluster: ClusterReport, zone: ZoneInfo) -> str:
    incomplete = _moment(cluster.newest_incomplete_copy_at, zone)
    return f"none (incomplete: {incomplete})" if incomplete else "none"


def _moment(at: datetime | None, zone: ZoneInfo) -> str:
    return moment(at, zone) if at else ""
