"""The pages as people meet them."""

from __future__ import annotations

import json
import re
import time
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from backup_reporter.health.workspace_report import LastRestore
from backup_reporter.proof.audit import audit
from backup_reporter.proof.render import render_html
from backup_reporter.report.email_html import render_email
from backup_reporter.report.model import Report
from backup_reporter.report.page.index import Entry, entry_of, render_index, with_entry
from backup_reporter.report.page.page import render_page
from support.quarter import FIRST, LAST, kept_reports
from support.report_builders import a_finding, a_full_workspace, a_report, a_workspace, everything_fails

from .conftest import Open
from .screenshots import NOW

pytestmark = pytest.mark.slow

ZONE = ZoneInfo("Europe/Berlin")
PHONE = {"viewport": {"width": 360, "height": 800}}


@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark"}, PHONE])
def test_the_demos_page_opens_without_a_complaint_and_asks_nobody_for_anything(
    open_html: Open, demo_page: str, options: dict[str, Any]
) -> None:
    visit = open_html(demo_page, **options)

    expect(visit.page.locator("h1")).to_contain_text(
        "CRITICAL Palette backups: no copy of staging/web-shop; 3 more critical (23 Nov)"
    )
    assert visit.complaints == []
    assert [url.partition(":")[0] for url in visit.requests] == ["file"]


WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
"""Axe leaves the rules of WCAG 2.2, such as the size of what a finger must hit, out unless it is asked for them."""


def violations(page: Page, *rules: str) -> list[str]:
    found = Axe().run(page, options={"runOnly": [*WCAG, *(rules or ("best-practice",))]}).response["violations"]
    return [f"{violation['id']}: {violation['nodes'][0]['html']}" for violation in found]


def unfold(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true })")


# The colours do not depend on the width, nor the layout on the colours.
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_axe_finds_nothing_wrong_with_the_demos_page(open_html: Open, demo_page: str, width: int, scheme: str) -> None:
    # A window so high that everything is in sight: what is not is not laid out, and could not be looked at.
    page = open_html(demo_page, color_scheme=scheme, viewport={"width": width, "height": 25_000}).page
    unfold(page)

    assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong_with_the_list_of_reports(open_html: Open, demo_report: Report, scheme: str) -> None:
    statuses = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
    reports = [
        msgspec.structs.replace(demo_report, report_id=f"2026112{number}T070000Z-00000000", status=status)
        for number, status in enumerate(statuses)
    ]
    entries: tuple[Entry, ...] = ()
    for report in reports:
        entries = with_entry(entries, entry_of(report, report.report_id, ZONE))
    visit = open_html(render_index(entries, ZONE), color_scheme=scheme)

    assert visit.complaints == []
    assert violations(visit.page) == []


def test_the_problem_workspaces_are_on_the_first_screen(open_html: Open, demo_page: str) -> None:
    page = open_html(demo_page).page
    rows = page.locator(".restorable tbody tr")

    assert rows.count() == 11
    expect(rows.filter(has_text="payments")).to_be_in_viewport()
    expect(rows.filter(has_text="ledger")).to_contain_text("in 42 hours")
    expect(rows.filter(has_text="web-shop")).to_contain_text("eu-8 not since Wed 2026-11-11, eu-9 never")
    expect(rows.first).to_contain_text("web-shop")
    strip = rows.filter(has_text="ledger").get_by_role("img", name="9 succeeded, 5 failed")
    assert strip.locator("i").count() == 14


def test_the_first_screen_of_a_phone_answers_the_four_questions(open_html: Open, demo_page: str) -> None:
    page = open_html(demo_page, viewport={"width": 390, "height": 844}).page

    first = page.locator(".first")
    payments = page.locator(".restorable tbody tr").filter(has_text="payments")
    assert is_whole(page.locator("h1"))
    assert is_whole(first.get_by_role("heading", name="Scheduled backup did not start"))
    assert is_whole(first.get_by_text("What to do: Check in Palette"))
    assert is_whole(payments)
    expect(payments).to_contain_text("3 of 3 clusters")
    expect(payments).to_contain_text("5 days ago")


def is_whole(locator: Locator) -> bool:
    """Whether all of an element is on the first screen."""
    box = locator.bounding_box()
    return box is not None and box["y"] >= 0 and box["y"] + box["height"] <= 844


def test_a_printed_report_takes_at_most_eight_pages(open_html: Open, demo_page: str) -> None:
    page = open_html(demo_page).page
    printed = page.pdf(format="A4")

    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 8


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_mail_takes_at_most_three_screens_of_a_phone(open_html: Open, demo_report: Report, scheme: str) -> None:
    for report in (demo_report, everything_fails()):
        visit = open_html(render_email(report, ZONE), viewport={"width": 390, "height": 844}, color_scheme=scheme)

        assert visit.page.evaluate("document.documentElement.scrollHeight") <= 3 * 844
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= 390
        assert violations(visit.page, *WCAG) == [], "a mail has no landmarks"


def test_what_a_timeline_means_is_named_on_its_axis(open_html: Open, demo_page: str) -> None:
    page = open_html(demo_page).page
    axis = page.locator("article", has=page.get_by_role("heading", name="ledger", exact=True)).locator(".axis svg")
    now, next_run = axis.locator(".before"), axis.locator(".after")

    assert (now.text_content(), next_run.text_content()) == ("now", "next run")
    right_of_now, left_of_next = now.bounding_box(), next_run.bounding_box()
    assert right_of_now
    assert left_of_next
    assert right_of_now["x"] + right_of_now["width"] <= left_of_next["x"] + 1


def column(page: Page, number: int) -> list[str]:
    return page.locator(f"#all tbody tr:not([hidden]) > :nth-child({number})").all_text_contents()


def test_the_table_is_sorted_by_whatever_column_is_clicked(open_html: Open, demo_page: str) -> None:
    page = open_html(demo_page).page
    assert column(page, 1)[0] == "Critical"

    page.get_by_role("button", name="Copies").click()
    counts = [int(text) for text in column(page, 7) if text]
    assert counts == sorted(counts)
    assert column(page, 7)[-1] == "", "what has no value comes last"

    page.get_by_role("button", name="Copies").click()
    counts = [int(text) for text in column(page, 7) if text]
    assert counts == sorted(counts, reverse=True)
    assert column(page, 7)[-1] == "", "what has no value comes last, whichever way"
    expect(page.locator("th[aria-sort=descending]")).to_contain_text("Copies")

    page.get_by_role("button", name="Newest copy").click()
    dates = [text[:16] for text in column(page, 5) if text.startswith("20")]
    assert dates == sorted(dates)
    assert len(dates) > 20


def test_the_table_is_filtered_by_status_project_and_text(open_html: Open, demo_page: str) -> None:
    page = open_html(demo_page).page
    rows = page.locator("#all tbody tr:not([hidden])")
    everything = rows.count()

    page.get_by_label("Status").select_option("CRITICAL")
    assert 0 < rows.count() < everything
    assert set(column(page, 1)) == {"Critical"}

    page.get_by_label("Project").select_option("prod")
    assert set(column(page, 3)) == {"prod"}
    expect(page.locator("#shown")).to_have_text(f"{rows.count()} of {everything} shown")

    page.get_by_label("Status").select_option("")
    page.get_by_label("Search").fill("PAYMENTS us-2")
    assert column(page, 2) == ["payments"]

    page.get_by_label("Search").fill("nothing is called this")
    assert rows.count() == 0


def test_a_link_to_a_healthy_workspace_unfolds_it(open_html: Open, demo_page: str) -> None:
    page = open_html(demo_page).page
    checkout = page.locator(".folded details", has=page.get_by_role("heading", name="checkout"))
    strip = checkout.first.locator(".strip")
    assert not strip.is_visible()

    page.get_by_role("row", name="OK checkout").first.get_by_role("link").click()

    expect(strip).to_be_visible()


def test_pointing_at_a_day_shows_its_date_its_state_and_the_backups_name(open_html: Open, demo_page: str) -> None:
    page = open_html(demo_page).page
    day = (
        page.locator("article", has=page.get_by_role("heading", name="ledger", exact=True)).locator(".strip li").nth(-2)
    )
    words = day.locator("b")
    size = "element => [element.offsetWidth, element.offsetHeight]"
    assert words.evaluate(size) == [1, 1]

    day.hover()

    assert min(words.evaluate(size)) > 15
    assert words.inner_text().startswith("Sun 22 Nov: failed, ledger-20261122")


def test_everything_is_there_without_scripts(open_html: Open, demo_page: str) -> None:
    visit = open_html(demo_page, java_script_enabled=False)
    page = visit.page

    assert not page.locator(".controls").is_visible()
    assert page.locator("#all tbody tr").count() > 25
    assert page.get_by_text("What to do:").first.is_visible()
    page.locator(".folded summary").first.click()
    assert page.locator(".folded .strip").first.is_visible()
    assert violations_without_scripts(visit.complaints) == []


def violations_without_scripts(complaints: list[str]) -> list[str]:
    """Chromium says once that it does not run the script; that is what was asked for."""
    return [complaint for complaint in complaints if "script" not in complaint.lower()]


def test_markup_in_names_stays_text(open_html: Open) -> None:
    name = "<script>alert(1)</script>"
    image = "<img src=https://example.com/x.png onerror=alert(2)>"
    finding = a_finding(message=image, cluster_name=name, evidence={image: name})
    report = a_report(a_workspace(name, finding, project_name=image), problems=[name])
    visit = open_html(render_page(report, ZONE))
    unfold(visit.page)

    assert visit.complaints == []
    assert [url.partition(":")[0] for url in visit.requests] == ["file"]
    assert visit.page.get_by_text(name).first.is_visible()
    assert visit.page.get_by_text(image).first.is_visible()


def test_the_policy_is_in_force(open_html: Open, demo_page: str) -> None:
    """Whatever else got into the page would neither run nor fetch anything."""
    intruder = "<script>document.title = 'intruded'</script><img src=https://example.com/x.png>"
    visit = open_html(demo_page.replace("</main>", f"{intruder}</main>"))

    assert visit.page.title().startswith("CRITICAL")
    assert sum("Content Security Policy" in complaint for complaint in visit.complaints) == 2


def test_a_phone_shows_the_page_without_scrolling_sideways(open_html: Open, demo_page: str) -> None:
    page = open_html(demo_page, **PHONE).page
    unfold(page)

    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert (
        page.evaluate("(table => table.scrollWidth - table.clientWidth)(document.querySelector('#all .scroll'))") == 0
    )


def test_two_workspaces_of_one_name_are_told_apart_on_a_phone_too(open_html: Open) -> None:
    twins = [a_workspace("search", a_finding(), uid=project, project_name=project) for project in ("prod", "staging")]
    page = open_html(render_page(a_report(*twins), ZONE), **PHONE).page

    for project in ("prod", "staging"):
        row = page.locator("#all").get_by_role("row", name="search").filter(has_text=project)
        assert row.get_by_text(project).is_visible()
        assert page.locator(".locations li").filter(has_text=f"{project} / search / eu-1").is_visible()


def test_the_table_has_room_for_all_its_columns_where_the_pictures_are_taken(open_html: Open, demo_page: str) -> None:
    page = open_html(demo_page, viewport={"width": 1180, "height": 910}).page

    assert (
        page.evaluate("(table => table.scrollWidth - table.clientWidth)(document.querySelector('#all .scroll'))") == 0
    )


def test_paper_shows_what_is_folded_and_leaves_the_controls_out(open_html: Open, demo_page: str) -> None:
    page = open_html(demo_page).page
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")

    assert page.locator(".folded .strip").first.is_visible()
    assert not page.locator(".controls").is_visible()
    assert not page.locator("nav").is_visible()


def test_a_thousand_workspaces_open_quickly(open_html: Open) -> None:
    failed = a_finding(cluster_uid="uid of cluster-0", cluster_name="cluster-0")
    workspaces = (a_full_workspace(f"workspace-{n:04}", *[failed] * (n % 20 == 0)) for n in range(1000))
    html = render_page(a_report(*workspaces), ZONE)
    assert len(html.encode()) < 5_000_000
    assert "CSV file" not in html, "every workspace is in the page"

    began = time.monotonic()
    visit = open_html(html)
    assert visit.page.locator("#shown").text_content() == "3000 of 3000 shown"
    seconds = time.monotonic() - began

    # About one second here; the limit is for a busy machine.
    assert seconds < 10, json.dumps({"seconds": seconds})


def test_the_record_of_a_quarter_of_twenty_workspaces_prints_on_two_pages(open_html: Open) -> None:
    (one,) = audit(kept_reports(), FIRST, LAST, timedelta(hours=80)).workspaces
    restores = tuple(LastRestore(at=NOW - timedelta(days=back), state="Completed") for back in (60, 30))
    twenty = tuple(msgspec.structs.replace(one, name=f"{one.name}-{n}", restores=restores) for n in range(20))
    record = msgspec.structs.replace(audit(kept_reports(), FIRST, LAST), workspaces=twenty)
    visit = open_html(render_html(record))

    printed = visit.page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 2
    assert visit.complaints == []


def test_axe_finds_nothing_wrong_with_the_record(open_html: Open) -> None:
    assert violations(open_html(render_html(audit(kept_reports(), FIRST, LAST))).page) == []
