from collections.abc import Sequence
from zoneinfo import ZoneInfo

from hypothesis import example, given
from hypothesis import strategies as st

from backup_reporter.health.findings import Finding
from backup_reporter.health.workspace_report import ClusterReport, WorkspaceReport
from backup_reporter.report.digest import digest_of
from backup_reporter.report.model import Report
from backup_reporter.report.title import MAX_TITLE
from support.report_builders import NOW, a_cluster, a_finding, a_green_report, a_report, a_workspace, days

UTC = ZoneInfo("UTC")


def title(report: Report, zone: str = "UTC") -> str:
    return digest_of(report, ZoneInfo(zone)).title


def failing(name: str, expires_in_days: float, *findings: Finding) -> WorkspaceReport:
    clusters = (a_cluster(expires_at=NOW + days(expires_in_days)),)
    return a_workspace(name, *(findings or (a_finding(cluster_uid="uid of eu-1"),)), clusters=clusters)


def lost(name: str, clusters: Sequence[ClusterReport] = ()) -> WorkspaceReport:
    bare = a_cluster(restore_points=0, newest_restore_point_at=None, expires_at=None)
    return a_workspace(name, a_finding("never-backed-up", cluster_uid="uid of eu-1"), clusters=(bare, *clusters))


def test_the_worst_is_a_workspace_with_nothing_to_restore() -> None:
    report = a_report(failing("ledger", 1), lost("shop"))

    assert title(report) == "CRITICAL Palette backups: no copy of prod/shop/eu-1; 1 more critical (24 Nov)"
    assert title(a_report(lost("shop"))) == "CRITICAL Palette backups: nothing to restore for prod/shop/eu-1 (24 Nov)"


def test_the_next_is_the_one_whose_last_copy_expires_first() -> None:
    report = a_report(failing("a", 20), failing("z", 1), failing("m", 9))

    assert title(report) == "CRITICAL Palette backups: prod/z/eu-1: backup failed; 2 more critical (24 Nov)"


def test_a_warning_is_not_named_in_place_of_what_is_critical() -> None:
    of_cluster = {"cluster_uid": "uid of eu-1"}
    stuck = a_finding("backup-stuck", **of_cluster)
    report = a_report(
        failing("new", 1, stuck), failing("old", 20, stuck, a_finding("restore-point-too-old", **of_cluster))
    )

    assert title(report) == "CRITICAL Palette backups: prod/old/eu-1: backup does not finish (24 Nov)"


def test_a_warning_and_what_could_not_be_read_are_said_in_words() -> None:
    warning = a_report(failing("a", 20, a_finding("backup-stuck", cluster_uid="uid of eu-1")))
    unreadable = a_report(a_workspace("a", a_finding("unreadable")), a_workspace("b", a_finding("backup-stuck")))

    assert title(warning) == "WARNING Palette backups: prod/a/eu-1: backup does not finish (24 Nov)"
    assert title(unreadable) == "UNKNOWN Palette backups: prod/a: could not be looked at (24 Nov)"


def test_a_project_that_cannot_be_listed_is_worse_than_a_warning() -> None:
    report = a_report(a_workspace("b", a_finding("backup-stuck")), problems=("Project p cannot be listed.",))

    assert title(report) == "UNKNOWN Palette backups: not everything could be checked (24 Nov)"


def test_the_date_is_the_readers() -> None:
    late = a_report(a_workspace("a"), as_of=NOW + days(0.5))

    assert title(late, "Asia/Tokyo").endswith("(25 Nov)")
    assert title(a_green_report()) == "OK Palette backups: nothing wrong in 14 workspaces (24 Nov)"


def test_no_muted_finding_is_spoken_of_where_there_is_none() -> None:
    policies = [a_workspace(f"till-{number}", kind="cluster") for number in range(1000)]
    green = a_report(*(a_workspace(f"shop-{number}") for number in range(1000)), *policies, what_if=True)

    assert title(green) == "What if: OK Palette backups: nothing wrong (24 Nov)"


def test_what_does_not_fit_is_left_out_before_the_name_is_cut() -> None:
    long = a_workspace("w" * 40, a_finding(cluster_name="c" * 40), project_name="p" * 40)

    assert title(a_report(long)).startswith(f"CRITICAL Palette backups: {'w' * 40}")


@example("0" * 31 + "…", "", "backup-failed")
@given(st.text(), st.text(), st.sampled_from(["backup-failed", "never-backed-up", "unreadable", "backup-stuck"]))
def test_a_title_has_fewer_than_80_characters(name: str, project: str, code: str) -> None:
    shown = title(a_report(a_workspace(name, a_finding(code), project_name=project)))

    assert len(shown) <= MAX_TITLE < 80
    assert "Palette" in shown
