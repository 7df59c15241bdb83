"""How messages speak of clusters beyond workspaces."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

import msgspec
import pytest

from backup_reporter.channels.pagerduty import _details
from backup_reporter.report.digest import digest_of
from backup_reporter.report.email_html import render_email
from backup_reporter.report.markdown import render_markdown
from backup_reporter.report.model import Coverage, Report
from backup_reporter.report.page.page import render_page
from backup_reporter.report.slack import message, visible
from backup_reporter.report.teams import card, to_json
from backup_reporter.report.text import text
from support.report_builders import NOW, a_cluster, a_finding, a_report, a_workspace, days

UTC = ZoneInfo("UTC")
NOTHING = a_cluster("till", uid="c-1", restore_points=0, newest_restore_point_at=None, expires_at=None)
EXPIRED = a_finding("backup-expired", "The last copy has expired.", cluster_uid="c-1", cluster_name="till")
WAITING = a_finding("awaiting-first-backup", "The policy is new.", cluster_uid="c-2", cluster_name="eu-2")
IN_NONE = a_finding(
    "cluster-unprotected",
    "2 clusters are in no backup policy: edge / kiosk, edge / lab.",
    cluster_uid=None,
    cluster_name=None,
)


def a_report_on_clusters() -> Report:
    report = a_report(
        a_workspace("till", EXPIRED, kind="cluster", uid="c-1", project_name="edge", clusters=(NOTHING,)),
        a_workspace("depot", kind="cluster", uid="c-3", project_name="edge", clusters=(a_cluster("depot"),)),
        a_workspace(
            "shop",
            WAITING,
            clusters=(
                a_cluster("eu-1"),
                a_cluster("eu-2", uid="c-2", restore_points=0, newest_restore_point_at=None, expires_at=None),
            ),
        ),
        findings=(IN_NONE,),
        coverage=Coverage(
            clusters=6, in_workspace_policy=2, in_own_policy=2, in_none=2, unknown=0, set_apart=1, is_whole=True
        ),
    )
    return msgspec.structs.replace(report, report_url="https://reports.example.com/")


RENDERINGS: dict[str, Callable[[Report], str]] = {
    "text": lambda report: text(report, UTC),
    "slack": lambda report: visible(message(report, UTC)["blocks"]),
    "teams": lambda report: to_json(card(report, UTC)).decode(),
    "e-mail": lambda report: render_email(report, UTC),
    "pagerduty": lambda report: str(_details(digest_of(report, UTC))["Cannot be restored"]),
    "markdown": lambda report: render_markdown(report, UTC),
    "page": lambda report: render_page(report, UTC),
}


@pytest.mark.parametrize("name", RENDERINGS)
def test_every_rendering_names_what_has_no_copy_even_where_all_is_ok(name: str) -> None:
    said = " ".join(RENDERINGS[name](a_report_on_clusters()).split())

    assert "eu-2" in said
    assert "edge / kiosk" in said


def test_a_cluster_is_named_once_and_said_to_be_one() -> None:
    digest = digest_of(a_report_on_clusters(), UTC)

    assert [str(entry) for entry in digest.lost(3)] == [
        "edge / till (cluster): never had a copy",
        "OK, but without a copy: eu-2 of prod / shop (waiting for its first backup).",
        "2 clusters are in no backup policy: edge / kiosk, edge / lab.",
    ]
    assert [str(place) for cause in digest.fix_first for place in cause.where] == ["edge / till (cluster)"]
    assert digest.lost_heading == "Cannot be restored (2 of 4 cluster backups can be restored)"
    assert digest.remarks == ()
    assert digest.rest[-1] == "2 workspaces and clusters are OK."


def test_the_trust_line_counts_workspaces_and_clusters_apart() -> None:
    assert digest_of(a_report_on_clusters(), UTC).trust == (
        "Checked 1 of 1 workspace and 6 clusters: 4 in a policy, 2 in none. As of 2026-11-24 07:00 UTC."
    )
    unreadable = a_report(
        a_workspace("gitops", a_finding("unreadable", "HTTP 500.")),
        a_workspace(),
        coverage=a_report_on_clusters().coverage,
    )
    assert digest_of(unreadable, UTC).trust.startswith(
        "Checked 1 of 2 workspaces (1 could not be read) and 6 clusters: 4 in a policy"
    )


def test_what_is_muted_is_said_once() -> None:
    muted = msgspec.structs.replace(WAITING, muted=True)
    bare = a_cluster("eu-2", uid="c-2", restore_points=0, newest_restore_point_at=None, expires_at=None)
    digest = digest_of(a_report(a_workspace("shop", muted, clusters=(bare,))), UTC)

    assert digest.besides == ()
    assert any("Not everything can be restored of prod / shop" in line for line in digest.rest)


def test_a_cluster_that_lost_its_copies_says_since_when() -> None:
    gone = a_cluster("till", uid="c-1", restore_points=0, newest_restore_point_at=None, expires_at=None,
                     newest_incomplete_copy_at=NOW - days(1))  # fmt: skip
    report = a_report(a_workspace("till", EXPIRED, kind="cluster", uid="c-1", project_name="edge", clusters=(gone,)))

    assert str(digest_of(report, UTC).cannot_be_restored[0]) == (
        "edge / till (cluster): only an incomplete copy of Mon 2026-11-23"
    )
