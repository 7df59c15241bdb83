import re
from collections import Counter
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backup_reporter.health.catalog import CODES
from backup_reporter.health.workspace_report import Day
from backup_reporter.report.email_html import MAX_EMAIL_BYTES, render_email
from backup_reporter.report.model import Report
from support.report_builders import (
    NOW,
    a_cluster,
    a_failing_fleet,
    a_finding,
    a_green_report,
    a_report,
    a_workspace,
    days,
)

UTC = ZoneInfo("UTC")


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: Counter[str] = Counter()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names[tag] += 1
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def a_history(*states: str) -> tuple[Day, ...]:
    dates = [(NOW - days(back)).date() for back in reversed(range(len(states)))]
    return msgspec.convert(
        [{"date": str(date), "state": state} for date, state in zip(dates, states, strict=True)], tuple[Day, ...]
    )


def a_troubled_report(text: str = "payments") -> Report:
    found = a_finding(message=text, cluster_uid=f"uid of {text}", cluster_name=text, since=NOW - days(1))
    history = a_history(*["succeeded"] * 20, "missed", "failed", "failed", "not-due")
    bad = a_workspace(text, found, project_name=text, clusters=(a_cluster(text),), history=history)
    report = a_report(bad, a_workspace("shop"), problems=[text])
    return msgspec.structs.replace(report, report_url="https://bucket.example/report.html?a=1&b=2")


def test_it_says_the_digest_in_its_order() -> None:
    text = Tags(render_email(a_troubled_report(), UTC)).text

    words = [
        "CRITICAL Palette backups: payments/payments/payments: backup failed (24 Nov)",
        "Checked 2 of 2 workspaces, 1 cluster. As of 2026-11-24 07:00 UTC.",
        "Fix first",
        "Critical Backup failed since Mon 2026-11-23, day 2",
        "payments / payments: payments (last copy made Sun 2026-11-22, expires Mon 2026-12-14)",
        f"What to do: {CODES['backup-failed'].action}",
        "(backup-failed)",
        "1 workspace is OK.",
        "Open the whole report",
        "Afterwards: backup-reporter open 20261124T070000Z-1a2b3c4d",
    ]
    assert sorted(words, key=text.index) == words


def test_it_says_whose_times_they_are() -> None:
    text = Tags(render_email(a_troubled_report(), ZoneInfo("Asia/Kolkata"))).text

    assert "made 2026-11-24 12:30. Times: Asia/Kolkata." in text


def test_each_background_has_a_text_colour_beside_it() -> None:
    html = render_email(a_troubled_report(), UTC)

    styles = re.findall(r'style="([^"]*)"', html)
    with_background = [style for style in styles if "background:" in style]
    assert len(with_background) > 8
    assert [style for style in with_background if not re.search(r"(?:^|;)color:", style)] == []
    assert '<meta name="color-scheme" content="light dark">' in html
    assert '<meta name="supported-color-schemes" content="light dark">' in html


def test_the_style_sheet_only_adds_dark_colours() -> None:
    (sheet,) = re.findall(r"<style>(.*?)</style>", render_email(a_troubled_report(), UTC), re.DOTALL)

    outside = re.sub(r"@media \(prefers-color-scheme: dark\) \{.*\n\}", "", sheet, flags=re.DOTALL)
    assert outside.strip() == ":root { color-scheme: light dark; supported-color-schemes: light dark; }"


def test_it_links_to_the_whole_report_where_there_is_one() -> None:
    report = a_troubled_report()

    assert 'href="https://bucket.example/report.html?a=1&amp;b=2"' in render_email(report, UTC)
    assert "href=" not in render_email(msgspec.structs.replace(report, report_url=None), UTC)


def test_mail_programs_get_tables_and_inline_styles_and_nothing_that_they_strip() -> None:
    tags = Tags(render_email(a_troubled_report(), UTC))

    assert not {"script", "link", "svg", "img", "form", "details"} & set(tags.names)


def test_a_green_report_is_short() -> None:
    html = render_email(a_green_report(), UTC)

    assert "OK Palette backups: nothing wrong in 14 workspaces (24 Nov)" in html
    assert "Fix first" not in html
    assert len(html) < 5_000


PLAIN = Tags(render_email(a_troubled_report("plain"), UTC)).names


@settings(max_examples=40, deadline=None)
@given(st.text(min_size=1, max_size=40))
def test_no_text_whatever_becomes_markup(text: str) -> None:
    assert Tags(render_email(a_troubled_report(f"x{text}"), UTC)).names == PLAIN


@pytest.mark.parametrize(("character", "workspaces"), [("a", 10_000), ("&", 500), ('"', 500), ("\U0001f600", 500)])
def test_no_fleet_makes_a_mail_that_is_clipped(character: str, workspaces: int) -> None:
    causes = [f"{character * 2000}{number}" for number in range(300)]
    fleet = a_failing_fleet(causes, workspaces)
    long_names = [
        msgspec.structs.replace(
            workspace,
            name=character * 500,
            project_name=character * 500,
            clusters=tuple(a_cluster(f"{character * 500}{number}") for number in range(10)),
            history=a_history(*["failed"] * 30),
        )
        for workspace in fleet.workspaces[:100]
    ]
    html = render_email(a_report(*long_names, *fleet.workspaces[100:], problems=causes), UTC)

    assert len(html.encode()) <= MAX_EMAIL_BYTES
    assert "CRITICAL Palette backups: " in html
    assert re.search(r"and \d+ more|\d+ more findings", html)
