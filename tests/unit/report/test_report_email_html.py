import re
from collections import Counter
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backup_reporter.health.workspace_report import Day
from backup_reporter.report.email_html import EMAIL_BYTES, render_email
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


def test_it_says_the_verdict_the_trust_line_the_problems_and_what_to_do() -> None:
    text = Tags(render_email(a_troubled_report(), UTC)).text

    for words in (
        "Critical: some backups need help now",
        "1 critical, 1 OK of 2 workspaces",
        "Checked 2 of 2 workspaces, 1 cluster. As of 2026-11-24 07:00 UTC.",
        "Backup failed",
        "since Mon 2026-11-23, day 2",
        "What to do: Check that the backup location",
        "payments: made 2026-11-22 07:00 UTC, expires 2026-12-14 07:00 UTC",
    ):
        assert words in text


def test_problem_workspaces_have_a_strip_of_fourteen_days_in_signs_and_in_words() -> None:
    html = render_email(a_troubled_report(), UTC)

    assert html.count('<td width="20" height="22"') == 14
    assert html.count("&#10005;</td>") == 2 + 1  # two failed days, and the verdict's mark
    assert "11 Nov to 24 Nov: 10 succeeded, 2 failed, 1 missed, 1 with no run due" in html


def test_what_can_be_restored_comes_before_the_causes() -> None:
    text = Tags(render_email(a_troubled_report(), UTC)).text

    assert text.index("What can be restored right now") < text.index("Problems by cause")
    assert re.search(r"Critical payments payments\s*Backup failed", text), "the card says what is wrong by itself"


def test_it_says_whose_times_they_are() -> None:
    text = Tags(render_email(a_troubled_report(), ZoneInfo("Asia/Kolkata"))).text

    assert "made 2026-11-24 12:30. Times: Asia/Kolkata; the days of a history: UTC." in text


def test_it_links_to_the_whole_report_where_there_is_one() -> None:
    report = a_troubled_report()

    assert 'href="https://bucket.example/report.html?a=1&amp;b=2"' in render_email(report, UTC)
    assert "href=" not in render_email(msgspec.structs.replace(report, report_url=None), UTC)


def test_mail_programs_get_tables_and_inline_styles_and_nothing_that_they_strip() -> None:
    tags = Tags(render_email(a_troubled_report(), UTC))

    assert not {"script", "style", "link", "svg", "img", "form", "details"} & set(tags.names)
    assert "class" not in tags.attributes


def test_a_green_report_is_short() -> None:
    html = render_email(a_green_report(), UTC)

    assert "OK: every backup is in order" in html
    assert "Problems by cause" not in html
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

    assert len(html.encode()) <= EMAIL_BYTES
    assert "Critical: some backups need help now" in html
    left_out = re.search(r"and (\d+) more workspaces</td>", html)
    assert left_out
    assert workspaces - 20 <= int(left_out[1]) < workspaces
