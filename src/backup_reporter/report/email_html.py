"""The report as HTML for mail programs: tables, inline styles, no script, small enough that nobody clips it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from backup_reporter.health.findings import Status
from backup_reporter.health.workspace_report import DayState
from backup_reporter.report import phrases
from backup_reporter.report.day_states import STRIP_DAYS, strip_words
from backup_reporter.report.groups import Group, problems_and_infos
from backup_reporter.report.locations import member_lines, place
from backup_reporter.report.model import Report, WorkspaceReport
from backup_reporter.report.restorable import copy_line, nothing_line, what_is_wrong
from backup_reporter.report.templating import environment

EMAIL_BYTES = 95_000
"""Gmail clips a message at 102 KB."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How much of each thing is shown: what a fleet's size leaves room for."""

    causes: int
    places: int
    workspaces: int
    clusters: int


_EXTENTS = (Extent(25, 8, 20, 8), Extent(15, 6, 12, 5), Extent(8, 4, 6, 4), Extent(4, 3, 3, 3), Extent(2, 2, 1, 2))
"""From generous to what fits in any case."""

_TONES: Mapping[str, tuple[str, str]] = {
    "critical": ("#b3261e", "#fdecea"),
    "unknown": ("#5a49a8", "#eeebf9"),
    "warning": ("#855300", "#fbf0d6"),
    "ok": ("#1d7347", "#e4f2ea"),
    "info": ("#35618f", "#e8f0f8"),
}
"""Ink and ground for each severity."""

_CELLS: Mapping[DayState, tuple[str, str, str]] = {
    "succeeded": ("#8cc7a4", "#14381f", "&nbsp;"),
    "partial": ("#e5a823", "#1c1400", "!"),
    "failed": ("#b3261e", "#ffffff", "&#10005;"),
    "missed": ("#fdecea", "#b3261e", "&ndash;"),
    "unknown": ("#5a49a8", "#ffffff", "?"),
    "running": ("#e8f0f8", "#35618f", "&hellip;"),
    "partially-failing": ("#fbf0d6", "#855300", "&hellip;"),
    "deleting": ("#e2e2dc", "#5b636b", "D"),
    "unclear": ("#f6f6f3", "#5a49a8", "~"),
    "not-due": ("#f6f6f3", "#5b636b", "&middot;"),
}
"""Ground, ink and sign (HTML) of a day."""

_MARKS: Mapping[Status, str] = {"CRITICAL": "&#10005;", "WARNING": "!", "UNKNOWN": "?", "OK": "&#10003;"}


def render_email(report: Report, zone: ZoneInfo) -> str:
    """The e-mail's HTML, at most ``EMAIL_BYTES`` of UTF-8; what there is no room for is counted. Times in ``zone``."""
    from markupsafe import Markup  # noqa: PLC0415 - imported when an e-mail is made, not before

    templates = environment(zone, report.as_of)
    templates.globals |= {
        "tones": _TONES,
        "cells": {state: (ground, ink, Markup(sign)) for state, (ground, ink, sign) in _CELLS.items()},  # noqa: S704
        "mark": Markup(_MARKS[report.status]),  # noqa: S704 - a constant
    }
    template = templates.get_template("email.html.j2")
    problems, infos = problems_and_infos(report)
    workspaces = list(islice(phrases.problem_workspaces(report), max(one.workspaces for one in _EXTENTS)))
    html = ""
    for extent in _EXTENTS:
        html = template.render(**_content(report, problems, infos, workspaces, zone, extent))
        if len(html.encode()) <= EMAIL_BYTES:
            break
    return html


def _content(
    report: Report,
    problems: Sequence[Group],
    infos: Sequence[Group],
    workspaces: Sequence[WorkspaceReport],
    zone: ZoneInfo,
    extent: Extent,
) -> dict[str, Any]:
    return {
        "report": report,
        "verdict": phrases.status_line(report),
        "tone": _TONES[report.status.lower()],
        "counts": phrases.counts(report.summary, report.status),
        "trust_line": phrases.trust_line(report, zone),
        "notes": [
            *filter(None, (phrases.what_if(report, zone), phrases.scope_line(report))),
            *phrases.caveats(report, extent.places),
        ],
        "tenants": phrases.tenant_lines(report, extent.workspaces),
        "changes": phrases.change_lines(report, extent.places),
        "causes": [
            (
                group,
                member_lines(group.members, extent.places, extent.clusters),
                group.action if phrases.action_line(problems, index) else None,
            )
            for index, group in enumerate(problems[: extent.causes])
        ],
        "more_causes": phrases.more_line(problems[extent.causes :], report) if problems[extent.causes :] else None,
        "workspaces": [
            (
                workspace,
                place(workspace.tenant, workspace.project_name),
                what_is_wrong(workspace) if workspace.clusters else "",
                _copies(workspace, zone, extent.clusters),
                strip_words(workspace),
            )
            for workspace in workspaces[: extent.workspaces]
        ],
        "more_workspaces": report.summary.workspaces - report.summary.ok - min(len(workspaces), extent.workspaces),
        "tail": [
            *filter(None, [phrases.muted_line(report, extent.places)]),
            *phrases.info_lines(infos, extent.places),
        ],
        "strip_days": STRIP_DAYS,
        "zone_name": zone.key,
    }


def _copies(workspace: WorkspaceReport, zone: ZoneInfo, most: int) -> list[str]:
    if not workspace.clusters:
        return [nothing_line(workspace)]
    lines = [copy_line(cluster, workspace, zone) for cluster in workspace.clusters[:most]]
    left = len(workspace.clusters) - most
    return [*lines, f"and {left} more"] if left > 0 else lines
