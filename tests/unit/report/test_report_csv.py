import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backup_reporter.health.workspace_report import LatestRun
from backup_reporter.report.csv import COLUMNS, render_csv
from backup_reporter.report.model import Coverage, Report
from support.report_builders import NOW, a_cluster, a_finding, a_report, a_workspace, days


def lines(report: Report, separator: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render_csv(report)), delimiter=separator))


def test_there_is_one_line_for_each_workspace_and_cluster_the_worst_first() -> None:
    report = a_report(
        a_workspace("shop", clusters=(a_cluster("eu-1"),)),
        a_workspace(
            "payments",
            a_finding(cluster_uid="uid of us-2", cluster_name="us-2"),
            clusters=(a_cluster("eu-1"), a_cluster("us-2")),
        ),
        a_workspace("gitops", a_finding("unreadable", "HTTP 500.")),
    )

    assert [(line["workspace"], line["cluster"], line["status"]) for line in lines(report)] == [
        ("payments", "us-2", "CRITICAL"),
        ("gitops", "", "UNKNOWN"),
        ("payments", "eu-1", "OK"),
        ("shop", "eu-1", "OK"),
    ]


def test_what_was_not_checked_has_a_line_of_its_own() -> None:
    counts = {"clusters": 0, "in_workspace_policy": 0, "in_own_policy": 0, "in_none": 0, "unknown": 0, "set_apart": 0}
    blind = Coverage(**counts, is_whole=False, are_locations_known=False)
    report = a_report(a_workspace("shop", clusters=(a_cluster("eu-1"),)), coverage=blind)

    assert [line["messages"] for line in lines(report)] == [
        "Clusters not checked.",
        "Backup locations not checked.",
        "",
    ]


def test_a_line_says_what_an_auditor_asks_for() -> None:
    muted = a_finding("backup-stuck", "A backup has been running.", cluster_uid="uid of eu-1", muted=True)
    run = LatestRun(request_uid="r-1", backup_name="nightly-7", at=NOW - days(1), state="Failed")
    report = a_report(
        a_workspace(
            "payments",
            a_finding(cluster_uid="uid of eu-1"),
            a_finding("retention-gap", "Copies are kept for 12 hours."),
            muted,
            clusters=(a_cluster("eu-1"),),
            schedule="0 1 * * *",
            retention_hours=12.0,
            next_run_at=NOW + days(1),
            survives_failures=0,
            latest_run=run,
        )
    )

    (line,) = lines(report)
    assert tuple(line) == COLUMNS
    assert line == {
        "project": "prod",
        "workspace": "payments",
        "cluster": "eu-1",
        "status": "CRITICAL",
        "findings": "backup-failed retention-gap",
        "muted findings": "backup-stuck",
        "messages": "The last 2 backups failed. Copies are kept for 12 hours. A backup has been running.",
        "newest restore point": "2026-11-22T07:00:00Z",
        "expires": "2026-12-14T07:00:00Z",
        "restore points": "3",
        "schedule": "0 1 * * *",
        "retention hours": "12",
        "next run": "2026-11-25T07:00:00Z",
        "failures survived": "0",
        "latest run": "2026-11-23T07:00:00Z",
        "latest run state": "Failed",
        "latest backup": "nightly-7",
        "project uid": "p-1",
        "workspace uid": "uid of payments",
        "cluster uid": "uid of eu-1",
        "report": "20261124T070000Z-1a2b3c4d",
        "as of": "2026-11-24T07:00:00Z",
        "last restore": "",
        "last restore state": "",
    }


def test_a_cluster_that_only_a_finding_names_has_a_line_of_its_own_and_claims_no_count_of_copies() -> None:
    left_behind = a_finding("delete-failed", "1 old backup could not be deleted.", cluster_uid="x", cluster_name="old")
    report = a_report(a_workspace("payments", left_behind, clusters=(a_cluster("eu-1"),)))

    assert [(line["cluster"], line["status"], line["restore points"]) for line in lines(report)] == [
        ("old", "WARNING", ""),
        ("eu-1", "OK", "3"),
    ]


def test_what_could_not_be_looked_at_has_a_line_so_that_a_file_of_nothing_but_ok_does_not_look_whole() -> None:
    said = "The workspaces of prod could not be listed: HTTP 403."
    report = a_report(a_workspace("shop", clusters=(a_cluster("eu-1"),)), problems=(said,))

    problem, shop = lines(report)
    assert {name: text for name, text in problem.items() if text} == {
        "status": "UNKNOWN",
        "messages": said,
        "report": "20261124T070000Z-1a2b3c4d",
        "as of": "2026-11-24T07:00:00Z",
    }
    assert shop["status"] == "OK"


def test_what_could_not_be_looked_at_of_several_tenants_names_the_tenant() -> None:
    report = a_report(a_workspace("shop", tenant="acme"), tenants={"acme": (), "globex": ("HTTP 401.",)})

    problem, shop = lines(report)
    assert (problem["status"], problem["messages"], problem["tenant"]) == ("UNKNOWN", "Tenant globex: HTTP 401.", "")
    assert (shop["status"], shop["tenant"]) == ("OK", "acme")


def test_a_what_if_says_so_before_anything_else() -> None:
    what_if, payments = lines(a_report(a_workspace("payments", a_finding()), what_if=True, generated_at=NOW - days(2)))

    said = "What if: judged as if it were 2026-11-24 07:00 UTC, from what Palette said at 2026-11-22 07:00 UTC"
    assert what_if["messages"].startswith(said)
    assert (what_if["workspace"], what_if["status"]) == ("", "")
    assert payments["status"] == "CRITICAL"


FORMULAS = [
    '=HYPERLINK("http://evil")',
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1",
    "＝1",
    "＠x",
    "a;=1",
    'a";=1',
    "a,@b",
]


@pytest.mark.parametrize("name", FORMULAS)
def test_no_cell_can_start_a_formula(name: str) -> None:
    report = a_report(a_workspace(name, a_finding(message=name), schedule=name, project_name=name))

    check_no_formula(render_csv(report))


@given(st.text(alphabet=st.sampled_from("=+-@;,\t\r\n\"' aé\x00\u202e＝"), max_size=12))
def test_no_name_whatever_starts_a_formula_or_breaks_a_line(name: str) -> None:
    report = a_report(a_workspace(name, schedule=name))
    content = render_csv(report)

    check_no_formula(content)
    assert len(content.split("\r\n")) == 3
    assert len(lines(report)) == 1


def check_no_formula(content: str) -> None:
    """Read as each program would that is set to some separator or other, and takes quotation marks strictly or loosely."""
    for separator in (",", ";", "\t"):
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
            for line in csv.reader(io.StringIO(content, newline=""), delimiter=separator, quoting=quoting):
                for cell in line:
                    assert cell.strip().strip('"').strip()[:1] not in set("=+-@＝＋－＠") or cell == "", cell


def test_a_separator_inside_a_name_stays_in_its_cell() -> None:
    assert lines(a_report(a_workspace('a "quoted", name')))[0]["workspace"] == 'a "quoted", name'
