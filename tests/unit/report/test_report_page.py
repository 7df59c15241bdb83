import base64
import hashlib
import os
import re
import subprocess
import sys
from collections import Counter
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backup_reporter.health.workspace_report import Day
from backup_reporter.report.model import Change, Changes, NoLongerJudged, Report, Scope
from backup_reporter.report.page.page import PAGE_BYTES, page_pieces, render_page
from support.report_builders import (
    NOW,
    a_cluster,
    a_failing_fleet,
    a_finding,
    a_full_workspace,
    a_green_report,
    a_history,
    a_report,
    a_workspace,
    days,
)

UTC = ZoneInfo("UTC")


class Outline(HTMLParser):
    """What a page consists of: its tags, its ids, where it points, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self._raw = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(name, value or "") for name, value in attrs]
        self._raw = tag if tag in ("style", "script") else ""

    def handle_data(self, data: str) -> None:
        self.text += "" if self._raw else data

    def handle_endtag(self, tag: str) -> None:
        self._raw = ""

    def values(self, *names: str) -> list[str]:
        return [value for name, value in self.attributes if name in names]


@pytest.mark.parametrize(
    ("title", "report"),
    [
        ("OK Palette backups: nothing wrong in 14 workspaces", a_green_report()),
        (
            "WARNING Palette backups: prod/payments/eu-1: backup does not finish",
            a_report(a_workspace("payments", a_finding("backup-stuck"))),
        ),
        ("CRITICAL Palette backups: prod/payments/eu-1: backup failed", a_report(a_workspace("payments", a_finding()))),
        (
            "UNKNOWN Palette backups: prod/payments: could not be looked at",
            a_report(a_workspace("payments", a_finding("unreadable"))),
        ),
    ],
)
def test_the_title_and_the_trust_line_stand_above_everything(title: str, report: Report) -> None:
    text = Outline(render_page(report, UTC)).text
    text = text[text.index("Palette workspace backups") :]

    assert text.index(title) < text.index("Checked ") < text.index("Every workspace and cluster")
    assert re.search(r"Checked \d+ of \d+ workspaces?, \d+ clusters?[.;]", text)


def test_it_says_whose_times_they_are_and_that_a_schedule_is_in_utc() -> None:
    page = Outline(render_page(a_report(a_workspace()), ZoneInfo("Asia/Kolkata")))

    said = "Times: Asia/Kolkata; schedules, unless they name a zone, and the days of a history: UTC."
    assert f"made 2026-11-24 12:30. {said}" in page.text


def test_the_policy_names_the_pages_own_style_and_script_and_allows_nothing_else() -> None:
    page = render_page(a_green_report(), UTC)

    def hash_of(tag: str) -> str:
        (content,) = re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()

    (policy,) = re.findall(r'Content-Security-Policy" content="(.*?)"', page)
    assert policy.replace("&#39;", "'") == (
        f"default-src 'none'; style-src '{hash_of('style')}'; script-src '{hash_of('script')}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def test_nothing_in_the_page_points_out_of_it_and_every_link_leads_somewhere() -> None:
    report = a_report(a_full_workspace("payments", a_finding()), a_full_workspace("shop"))
    outline = Outline(render_page(report, UTC))

    assert not outline.values("src", "srcset", "action", "style", "onclick", "onload")
    links = outline.values("href")
    assert {link.partition(":")[0] if ":" in link else link[:1] for link in links} == {"#", "data"}
    assert {link[1:] for link in links if link.startswith("#")} <= set(outline.values("id"))


def a_hostile_report(text: str) -> Report:
    change = Change(
        workspace_uid=text,
        workspace_name=text,
        cluster_uid=None,
        cluster_name=text,
        code="backup-failed",
        severity="critical",
        message=text,
        since=NOW,
    )
    history = (Day(date=NOW.date(), state="failed", backup_name=text),)
    found = a_finding(message=text, cluster_uid="c", cluster_name=text, evidence={text: text, "state": text})
    workspace = a_workspace(
        text, found, uid=text, project_name=text, schedule=text, history=history, clusters=(a_cluster(text),)
    )
    report = a_report(workspace, problems=[text], scope=Scope(backup_request_uid=text))
    return msgspec.structs.replace(report, notes=(text,), changes=Changes(note=text, new=(change,), resolved=(change,)))


PLAIN = Outline(render_page(a_hostile_report("plain"), UTC)).tags
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'--></style><b>",
    "{{ 7*7 }}{% raw %}",
    "&lt;b&gt;",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_markup_in_a_name_or_message_stays_text(text: str) -> None:
    outline = Outline(render_page(a_hostile_report(text), UTC))

    assert outline.tags == PLAIN
    assert outline.text.count(text) > 10


@settings(max_examples=40, deadline=None)
@given(st.text(min_size=1, max_size=40))
def test_no_text_whatever_becomes_markup(text: str) -> None:
    assert Outline(render_page(a_hostile_report(f"x{text}"), UTC)).tags == PLAIN


def test_each_day_says_its_date_its_state_and_the_backups_name() -> None:
    states = [
        "succeeded",
        "failed",
        "missed",
        "not-due",
        "partial",
        "unknown",
        "running",
        "partially-failing",
        "deleting",
        "unclear",
    ]
    history = tuple(day for state in states for day in a_history(state, 1))
    page = render_page(a_report(a_workspace("payments", history=history)), UTC)

    said = re.findall(r"<li(?: class=(\w))?><b>Tue 24 Nov: (.*?), nightly-2026-11-24</b>", page)
    assert said[0] == ("", "succeeded")
    assert ("m", "no run, although one was due") in said
    assert ("n", "no run due") in said
    assert ("q", "no run, and not known whether one is missing") in said
    assert len({letter for letter, _ in said}) == len({words for _, words in said}) == len(states)


def test_what_a_workspace_says_of_several_clusters_is_said_once() -> None:
    same = [a_finding(message="The key expired.", cluster_uid=f"c-{n}", cluster_name=f"eu-{n}") for n in (1, 2)]
    page = render_page(a_report(a_workspace("payments", *same)), UTC)

    (article,) = re.findall(r'<article class="card workspace".*?</article>', page, re.DOTALL)
    assert article.count("The key expired.") == 1
    assert "eu-1" in article
    assert "eu-2" in article


def test_what_to_do_is_said_with_each_problem() -> None:
    text = Outline(render_page(a_report(a_workspace("payments", a_finding("not-protected"))), UTC)).text

    assert "What to do: Create a backup policy for the workspace in Palette" in text


def test_a_muted_finding_is_there_and_marked_and_no_problem_and_nobody_says_that_all_is_well() -> None:
    finding = a_finding(muted=True, cluster_uid="uid of eu-1")
    bare = a_cluster("eu-1", restore_points=0, newest_restore_point_at=None, expires_at=None)
    text = Outline(render_page(a_report(a_workspace("payments", finding, clusters=(bare,))), UTC)).text

    assert "OK Palette backups: nothing wrong but for 1 muted finding (24 Nov)" in text
    assert "1 finding muted: prod / payments. Not everything can be restored of prod /" in text
    assert "Backup failed, muted" in text
    assert "Fix first" not in text


def a_change(code: str = "backup-overdue", **more: Any) -> dict[str, Any]:
    return {
        "project_name": "prod",
        "workspace_uid": "uid of payments",
        "workspace_name": "payments",
        "cluster_uid": None,
        "cluster_name": None,
        "code": code,
        "severity": "critical",
        "message": "",
        "since": NOW - days(2),
        **more,
    }


def test_what_is_resolved_or_no_longer_judged_is_shown_with_its_severity() -> None:
    report = a_report(a_workspace("payments"))
    gone = NoLongerJudged(**a_change("retention-gap"), reason="the workspace has no policy")
    changes = Changes(resolved=(Change(**a_change()),), ongoing=(Change(**a_change()),), no_longer_judged=(gone,))
    changed = msgspec.structs.replace(report, changes=changes)

    assert "Since the last report" not in render_page(report, UTC)
    text = Outline(render_page(changed, UTC)).text
    assert "Nothing new." in text
    assert "Critical prod / payments: Scheduled backup did not start" in text
    assert "Copies expire before the next one is made (the workspace has no policy)" in text


def test_what_is_new_is_marked_where_it_is_told() -> None:
    report = a_report(a_workspace("payments", a_finding("backup-overdue")))
    changed = msgspec.structs.replace(report, changes=Changes(new=(Change(**a_change()),)))

    assert '<span class="tag info">new</span><h3>Scheduled backup did not start</h3>' in render_page(changed, UTC)
    assert '<span class="tag info">new</span>' not in render_page(report, UTC)


def test_what_is_new_and_told_nowhere_above_is_listed() -> None:
    unprotected = {"code": "cluster-unprotected", "workspace_uid": "c-9", "workspace_name": "lonely"}
    news = (
        Change(**a_change()),
        Change(**a_change(**unprotected, severity="warning")),
        Change(**a_change("not-scheduled", severity="info")),
    )
    report = a_report(a_workspace("payments", a_finding("backup-overdue")))
    text = Outline(render_page(msgspec.structs.replace(report, changes=Changes(new=news)), UTC)).text
    since = text.partition("Since the last report")[2]

    assert "Marked as new above, but for these." in since
    assert "Info prod / payments: No schedule" in since
    assert "Warning prod / lonely: In no backup policy" in since
    assert since.count("Scheduled backup did not start") == text.count("Scheduled backup did not start") - 1


def test_no_problem_is_told_more_than_twice() -> None:
    found = a_finding(message="The key has expired.", cluster_uid="uid of eu-1")
    report = a_report(a_workspace("payments", found, clusters=(a_cluster(),)))
    change = Change(**a_change("backup-failed", cluster_uid="uid of eu-1", cluster_name="eu-1"))
    changed = msgspec.structs.replace(report, changes=Changes(new=(change,), ongoing=(change,)))

    text = Outline(render_page(changed, UTC)).text.partition("Palette workspace backups")[2]
    assert text.count("Backup failed") == 2
    assert text.count("The key has expired.") == 2


def test_a_cluster_that_was_left_out_and_never_backed_up_is_told_once() -> None:
    both = (a_finding("cluster-not-backed-up"), a_finding("never-backed-up"))
    text = Outline(render_page(a_report(a_workspace("shop", *both)), UTC)).text

    assert text.count("Cluster was left out of the last backup") == 2, "the cause, and the workspace"
    assert "Never backed up" not in text


def test_a_workspace_links_into_palette_if_the_address_is_set() -> None:
    report = msgspec.structs.replace(
        a_report(a_full_workspace("payments", a_finding())),
        workspace_link="https://palette/{projectUid}/{workspaceUid}",
    )

    assert 'href="https://palette/p-1/uid%20of%20payments" rel="noreferrer">in Palette</a>' in render_page(report, UTC)


def test_a_report_on_nothing_says_why() -> None:
    report = a_report(problems=["Palette could not be asked: no answer from the host."])
    text = Outline(render_page(report, UTC)).text

    assert "UNKNOWN Palette backups: nothing could be checked" in text
    assert "no workspace was looked at" in text
    assert "Every workspace and cluster" not in text
    assert "Palette could not be asked: no answer from the host." in text


def test_times_are_the_readers() -> None:
    text = Outline(render_page(a_green_report(1), ZoneInfo("Asia/Tokyo"))).text

    assert "Tuesday 24 November 2026, 16:00 JST" in text
    assert "2026-11-22 16:00" in text


def test_a_thousand_workspaces_are_all_there_in_less_than_five_megabytes() -> None:
    failed = a_finding(cluster_uid="uid of cluster-0", cluster_name="cluster-0")
    workspaces = [
        a_full_workspace(f"workspace-{number:05}", *([failed] if number % 20 == 0 else [])) for number in range(1000)
    ]
    pieces = list(page_pieces(a_report(*workspaces), UTC))
    page = "".join(pieces)

    assert max(map(len, pieces)) < 20_000  # so that a page is never in memory twice
    assert len(page.encode()) < 5_000_000
    assert page.count('<article class="card workspace"') == 50
    assert page.count('<details class="card workspace"') == 950
    assert page.count("<tr data-s=") == 3000


def test_a_fleet_too_large_for_a_page_is_shown_from_its_worst_end_and_the_rest_is_counted() -> None:
    message = "<&>\"'" * 400
    failing = a_failing_fleet([f"{message}{number}" for number in range(500)], 3_000)
    healthy = [a_full_workspace(f"fine-{number}") for number in range(500)]
    page = render_page(a_report(*failing.workspaces, *healthy), UTC)

    assert len(page.encode()) < PAGE_BYTES
    shown, left_out = (
        page.count('<article class="card workspace"'),
        re.search(r"(\d+) more with problems:", page),
    )
    assert left_out is not None
    assert shown + int(left_out[1]) == 3_000
    links = set(re.findall(r' href="#(w\d+)"', page))
    assert len(links) > 100
    assert links <= set(re.findall(r' id="(w\d+)"', page))


def test_jinja_is_not_loaded_before_a_page_is_made() -> None:
    code = "import sys, backup_reporter.report.page.page; print('jinja2' in sys.modules)"
    path = {"PYTHONPATH": os.pathsep.join(sys.path)}
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=path)

    assert said.stdout.strip() == "False"


def test_a_copy_that_was_made_while_other_workspaces_were_asked_about_is_no_minute_old() -> None:
    shop = a_workspace("shop", a_finding(), clusters=(a_cluster(newest_restore_point_at=NOW + days(0.02)),))

    assert "newest copy 0 minutes old" in render_page(a_report(shop), UTC)
