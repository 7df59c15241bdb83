"""Every channel says which clusters no policy covers any more, and what was not checked."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from backup_reporter.channels.pagerduty import payload
from backup_reporter.health.findings import Finding
from backup_reporter.report.email_html import render_email
from backup_reporter.report.model import Coverage, Report
from backup_reporter.report.page.page import page_pieces
from backup_reporter.report.slack import message
from backup_reporter.report.teams import card
from backup_reporter.report.text import text
from support.report_builders import NOW, a_cluster, a_finding, a_report, a_workspace, compared, days

UTC = ZoneInfo("UTC")
CHANNELS: dict[str, Callable[[Report], str]] = {
    "text": lambda report: text(report, UTC),
    "slack": lambda report: str(message(report, UTC)),
    "teams": lambda report: json.dumps(card(report, UTC)),
    "pagerduty": lambda report: json.dumps(payload(report, UTC, "source")),
    "e-mail": lambda report: html.unescape(render_email(report, UTC)),
}
WORKSPACE = a_workspace("shop", a_finding(), clusters=(a_cluster(uid="c-1"),))


def report(day: int, *names: str, **gaps: Any) -> Report:
    counts = {"clusters": 2, "in_workspace_policy": 1, "in_own_policy": 0, "in_none": 1, "unknown": 0, "set_apart": 0}
    clusters = [{"tenant": None, "uid": name, "name": name, "projectName": "edge"} for name in names]
    finding = Finding(
        code="cluster-unprotected",
        severity="warning",
        message=f"{len(names)} in no policy.",
        evidence={"count": len(names), "clusters": clusters},
    )
    return a_report(
        WORKSPACE,
        as_of=NOW + days(day),
        findings=[finding],
        coverage=Coverage(**{**counts, "is_whole": True, **gaps}),
    )


def since(before: Report, after: Report) -> Report:
    changes = compared(after, compared(before).baseline).changes
    return msgspec.structs.replace(after, changes=changes)


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_cluster_that_no_policy_covers_any_more_is_news(channel: str) -> None:
    said = CHANNELS[channel](since(report(0, "old"), report(1, "old", "stray")))

    assert "New warning: In no backup policy: edge / stray" in said


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_cluster_that_is_gone_is_not_called_resolved(channel: str) -> None:
    said = CHANNELS[channel](since(report(0, "old", "stray"), report(1, "old")))

    assert "No longer judged warning: In no backup policy" in said
    assert "esolved" not in said


@pytest.mark.parametrize("channel", CHANNELS)
def test_what_was_not_checked_is_in_the_first_lines(channel: str) -> None:
    said = CHANNELS[channel](report(0, "old", clusters=0, in_none=0, is_whole=False, are_locations_known=False))

    assert "Checked 1 of 1 workspace; clusters: not checked; backup locations: not checked." in said


@pytest.mark.parametrize(
    ("set_apart", "said"),
    [
        (1, "1 more cluster is not counted: virtual, imported, being deleted or not running yet."),
        (3, "3 more clusters are not counted: virtual, imported, being deleted or not running yet."),
    ],
)
def test_the_page_says_how_many_clusters_are_set_apart(set_apart: int, said: str) -> None:
    page = "".join(page_pieces(report(0, "old", set_apart=set_apart), UTC))

    assert said in page
    assert "not counted" not in "".join(page_pieces(report(0, "old"), UTC))
