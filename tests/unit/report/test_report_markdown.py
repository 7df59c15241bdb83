from html import unescape
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from backup_reporter.report.markdown import escape, render_markdown
from backup_reporter.wording import quote
from support.report_builders import NOW, a_cluster, a_finding, a_green_report, a_report, a_workspace, days

UTC = ZoneInfo("UTC")
MARKDOWN = MarkdownIt("commonmark", {"linkify": False}).enable("table")


def test_a_green_report_is_a_verdict_and_a_table() -> None:
    assert render_markdown(a_green_report(1), UTC) == (
        "# OK Palette backups: nothing wrong in 1 workspace (24 Nov)\n"
        "\n"
        "Checked 1 of 1 workspace, 1 cluster. As of 2026-11-24 07:00 UTC.\n"
        "\n"
        "## Every workspace and cluster\n"
        "\n"
        "| Status | Workspace | Project | Cluster | Problems | Newest copy | It expires | Copies | Schedule | Kept for |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
        "| OK | shop-0 | prod | eu-1 |  | 2026-11-22 07:00 UTC | 2026-12-14 07:00 UTC | 3 |  |  |\n"
    )


def test_what_is_muted_and_what_changes_no_status_is_there_too() -> None:
    muted = a_finding(muted=True, cluster_uid="uid of eu-1")
    new = a_workspace("edge", a_finding("awaiting-first-backup", message="The policy is new."))
    html = MARKDOWN.render(render_markdown(a_report(a_workspace("a", muted, clusters=(a_cluster(),)), new), UTC))

    assert "<h1>OK Palette backups: nothing wrong but for 1 muted finding (24 Nov)</h1>" in html
    assert "<p>1 finding muted: prod / a.</p>" in html
    assert "<h2>Worth knowing</h2>\n<ul>\n<li>Waiting for its first backup: prod / edge</li>" in html
    assert "<td>Backup failed (muted)</td>" in html


def test_problems_are_said_by_cause_with_their_places_and_what_to_do() -> None:
    found = a_finding(since=NOW - days(1), cluster_uid="uid of eu-1")
    html = MARKDOWN.render(render_markdown(a_report(a_workspace("payments", found, clusters=(a_cluster(),))), UTC))

    assert "<h3>Critical: Backup failed (since Mon 2026-11-23, day 2)</h3>" in html
    assert "<li>prod / payments: eu-1</li>" in html
    assert "<p>What to do: Check that the backup location" in html
    assert "<td>Backup failed</td>" in html


MARKS = st.text(st.sampled_from('\\\\`*_[]<>|~$#{}&!%:/.-+=()1ab w\t"'), max_size=20)


@given(st.text(max_size=60) | MARKS)
def test_any_text_whatever_is_shown_as_it_is(text: str) -> None:
    shown = quote(text)
    paragraph = unescape(MARKDOWN.render(escape(text)).replace("@<!-- -->", "@"))

    assert paragraph == (f"<p>{shown}</p>\n" if shown else "")
    assert MARKDOWN.render(f"| a |\n| --- |\n| {escape(text)} |\n").count("<td>") == 1


@pytest.mark.parametrize(
    "text",
    ["0 21 * * *", "MAX_BACKUP_AGE_HOURS", 'eu-1, us-2: 5 days (of 14); it\'s 3/4 = 75% of "all".', "22:00:30 UTC"],
)
def test_what_no_reader_takes_for_markup_stays_as_it_is(text: str) -> None:
    assert escape(text) == text


def test_names_neither_mention_anybody_nor_link_anywhere() -> None:
    assert "@everyone" not in escape("ping @everyone")
    assert "https://" not in escape("see https://evil.example")
    assert "www." not in escape("see www.evil.example")
