"""The page of a report on clusters and restores, as people meet it."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from backup_reporter.report.model import Coverage, Report
from backup_reporter.report.page.page import render_page
from support.report_builders import a_finding, a_full_workspace, a_report

from .conftest import Open
from .test_page_in_browser import PHONE, column, unfold, violations

pytestmark = pytest.mark.slow

ZONE = ZoneInfo("Europe/Berlin")


def row(page: Page, name: str) -> Any:
    return page.locator("#all tbody tr", has=page.get_by_role("rowheader", name=name))


def test_the_head_says_how_many_clusters_were_checked_and_which_are_in_no_policy(
    open_html: Open, demo_page: str
) -> None:
    page = open_html(demo_page).page

    expect(page.locator(".trust")).to_contain_text(
        "Checked 17 of 18 workspaces (1 could not be read) and 14 clusters: 12 in a policy, 2 in none."
    )
    expect(
        page.locator("header").get_by_text("2 clusters are in no backup policy: edge / edge-kiosk, prod / us-3.")
    ).to_be_in_viewport()


def test_a_cluster_with_a_policy_of_its_own_is_marked_wherever_it_is_named_first(
    open_html: Open, demo_page: str
) -> None:
    page = open_html(demo_page).page
    unfold(page)

    in_summary = page.locator(".restorable tbody tr").filter(has_text="edge-archive")
    expect(in_summary).to_contain_text("(cluster)")
    expect(in_summary).to_contain_text("0 of 1 cluster never")
    expect(page.locator("article").filter(has_text="edge-depot").get_by_text("(cluster)").first).to_be_visible()
    expect(page.locator(".folded > details").filter(has_text="edge-till").locator("> summary")).to_contain_text(
        "cluster"
    )
    expect(page.get_by_role("heading", name="Workspaces and clusters with problems")).to_be_visible()


def test_the_table_says_when_a_restore_was_last_tried(open_html: Open, demo_page: str) -> None:
    page = open_html(demo_page).page

    expect(row(page, "registry")).to_contain_text("6 days ago failed")
    assert column(page, 10)[0]
    told = {
        name: row(page, name).first.locator("td").last.inner_text() for name in ("analytics", "monitoring", "gitops")
    }
    assert told == {"analytics": "never", "monitoring": "", "gitops": ""}
    expect(row(page, "edge-depot")).to_contain_text("25 days ago")
    expect(page.locator("article", has=page.get_by_role("heading", name="analytics", exact=True))).to_contain_text(
        "last restore: never"
    )


def test_the_table_can_be_sorted_by_the_last_restore(open_html: Open, demo_page: str) -> None:
    page = open_html(demo_page).page
    page.get_by_role("button", name="Last restore").click()

    told = column(page, 10)
    dates = [text[:10] for text in told if text.startswith("20")]
    assert dates == sorted(dates)
    assert told[-1].strip() == "", "what was not asked for comes last"


def test_clusters_are_found_by_name_project_and_status(open_html: Open, demo_page: str) -> None:
    page = open_html(demo_page).page

    page.get_by_label("Search").fill("edge-till")
    assert [name.split()[0] for name in column(page, 2)] == ["edge-till"]

    page.get_by_label("Search").fill("")
    page.get_by_label("Project").select_option("edge")
    assert {name.split()[0] for name in column(page, 2)} == {"edge-archive", "edge-depot", "edge-till"}

    page.get_by_label("Status").select_option("WARNING")
    assert {name.split()[0] for name in column(page, 2)} == {"edge-archive", "edge-depot"}


def many_in_no_policy() -> Report:
    names = [f"a-cluster-with-a-rather-long-name-{number:02}" for number in range(14)]
    finding = a_finding(
        "cluster-unprotected",
        f"14 clusters are in no backup policy: {', '.join(f'edge / {name}' for name in names[:10])} and 4 more.",
        cluster_uid=None,
        cluster_name=None,
        evidence={"count": 14, "clusters": [{"projectName": "edge", "name": name} for name in names]},
    )
    coverage = Coverage(
        clusters=15, in_workspace_policy=1, in_own_policy=0, in_none=14, unknown=0, set_apart=0, is_whole=True
    )
    return a_report(a_full_workspace("shop"), findings=(finding,), coverage=coverage)


@pytest.mark.parametrize("options", [{}, PHONE])
def test_every_cluster_in_no_policy_is_on_the_page_by_name(open_html: Open, options: dict[str, Any]) -> None:
    visit = open_html(render_page(many_in_no_policy(), ZONE), **options)
    page = visit.page
    last = page.locator("header li", has_text="edge / a-cluster-with-a-rather-long-name-13")
    assert not last.is_visible()

    page.get_by_text("The clusters in no backup policy, by name").click()

    expect(last).to_be_visible()
    assert page.locator("header details li").count() == 14
    assert page.evaluate("document.documentElement.scrollWidth") <= page.evaluate("innerWidth")
    assert violations(page) == []
    assert visit.complaints == []


def test_a_phone_shows_clusters_and_restores_without_scrolling_sideways(open_html: Open, demo_page: str) -> None:
    page = open_html(demo_page, **PHONE).page
    unfold(page)

    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.locator("article").filter(has_text="analytics").get_by_text("last restore: never").first.is_visible()
    assert page.locator("#all").get_by_role("row", name="edge-depot").first.is_visible()
