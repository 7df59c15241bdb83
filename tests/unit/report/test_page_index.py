import re
from zoneinfo import ZoneInfo

import msgspec

from backup_reporter.report.model import Report, Scope
from backup_reporter.report.page.index import Entry, entry_of, render_index, with_entry
from support.report_builders import NOW, a_finding, a_report, a_workspace, days

UTC = ZoneInfo("UTC")


def entries_of(*reports: Report) -> tuple[Entry, ...]:
    entries: tuple[Entry, ...] = ()
    for report in reports:
        entries = with_entry(entries, entry_of(report, f"2026/11/24/{report.report_id}", UTC))
    return entries


def a_daily_report(day: int, *findings: object) -> Report:
    workspace = a_workspace("payments", *findings)  # type: ignore[arg-type]
    return a_report(workspace, as_of=NOW + days(day), report_id=f"{NOW + days(day):%Y%m%dT%H%M%SZ}-1a2b3c4d")


def test_the_list_has_the_last_ninety_reports_the_newest_first() -> None:
    entries = entries_of(*(a_daily_report(day) for day in range(92)))

    assert [entry.report_id for entry in entries] == [a_daily_report(day).report_id for day in range(91, 1, -1)]


def test_a_report_that_is_made_again_takes_its_own_place() -> None:
    first, second = a_daily_report(0), a_daily_report(1)
    broken = msgspec.structs.replace(first, status="CRITICAL")

    assert [entry.status for entry in entries_of(first, second, broken)] == ["OK", "CRITICAL"]


def test_the_page_shows_a_strip_of_verdicts_oldest_first_and_a_line_for_each_newest_first() -> None:
    reports = [a_daily_report(0), a_daily_report(1, a_finding()), a_daily_report(2, a_finding("unreadable"))]
    page = render_index(entries_of(*reports), UTC)

    cells = re.findall(r'<li(?: class="(\w)")?><a href="(\S+)\.html"><b>(.*?)</b>', page)
    assert [letter for letter, _, _ in cells] == ["", "f", "u"]
    assert [words for _, _, words in cells] == [
        "2026-11-24 07:00: OK, nothing wrong in 1 workspace",
        "2026-11-25 07:00: Critical, 1 critical of 1 workspace",
        "2026-11-26 07:00: Unknown, 1 unknown of 1 workspace",
    ]
    rows = re.findall(r'<tr><th scope="row"><a href="2026/11/24/(\S+)\.html">', page)
    assert rows == [report.report_id for report in reversed(reports)]


def test_a_report_of_a_part_is_told_from_the_others() -> None:
    part = a_report(a_workspace("payments"), scope=Scope(workspace_uids=("w-1",)))

    assert "Only what was asked for: 1 workspace." in render_index(entries_of(part), UTC)


def test_what_somebody_asked_for_is_listed_and_passes_for_no_verdict_on_everything() -> None:
    daily = a_daily_report(0, a_finding())
    fine = a_report(a_workspace("shop"), scope=Scope(workspace_uids=("w-1",)), report_id="20261124T090000Z-1a2b3c4d")
    entries = with_entry(entries_of(daily), entry_of(fine, "fine", UTC, is_regular=False))
    page = render_index(entries, UTC)

    path = f"2026/11/24/{daily.report_id}.html"
    newest = f'The newest for all recipients is <a href="{path}">2026-11-24 07:00</a>: 1 critical of 1 workspace'
    assert newest in page
    assert re.findall(r'<li(?: class="(\w)")?><a href="(\S+)">', page) == [("f", path)]
    assert '<a href="fine.html">' in page
    assert "The newest is" in render_index(entries_of(daily), UTC)
    assert "The newest is" in render_index([entry_of(fine, "fine", UTC, is_regular=False)], UTC)
