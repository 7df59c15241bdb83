from zoneinfo import ZoneInfo

from backup_reporter.health.workspace_report import ClusterReport, RestorePointSeries, WorkspaceReport
from backup_reporter.report.page.summary_rows import Extreme, SummaryRow, summary_row, well_line
from support.report_builders import NOW, a_cluster, a_finding, a_report, a_workspace, days

BERLIN = ZoneInfo("Europe/Berlin")


def gone(name: str, days_ago: float | None) -> ClusterReport:
    """A cluster whose last copy expired so many days ago; ``None``: it never had one."""
    end = None if days_ago is None else NOW - days(days_ago)
    last = RestorePointSeries(count=1, first_at=None, last_at=None, first_expires_at=end, last_expires_at=end)
    copies = () if end is None else (last,)
    return a_cluster(name, restore_points=0, newest_restore_point_at=None, expires_at=None, restore_point_series=copies)


def alive(name: str, age: float, ends: float | None) -> ClusterReport:
    """A cluster with one copy, so many days old, that expires in so many days or (``None``) never."""
    end = NOW + days(ends) if ends else None
    return a_cluster(name, restore_points=1, newest_restore_point_at=NOW - days(age), expires_at=end)


def seen(*clusters: ClusterReport, workspace: WorkspaceReport | None = None) -> SummaryRow:
    return summary_row(workspace or a_workspace("shop", a_finding(), clusters=clusters), NOW, BERLIN)


def test_it_counts_the_clusters_that_can_be_restored() -> None:
    whole = seen(alive("a", 1, 9), alive("b", 1, 9))
    assert (whole.restorable, whole.tone, whole.exceptions) == ("2 of 2 clusters", "", "")

    half = seen(alive("a", 1, 9), gone("b", 3))
    assert (half.restorable, half.tone) == ("1 of 2 clusters", "critical")


def test_it_says_since_when_a_cluster_cannot_be_restored() -> None:
    assert seen(gone("a", 3), gone("b", None)).exceptions == "a not since Sat 2026-11-21, b never"


def test_an_incomplete_copy_is_named_where_there_is_no_other() -> None:
    partial = a_cluster("a", restore_points=0, newest_restore_point_at=None, newest_incomplete_copy_at=NOW - days(1))
    assert seen(partial).exceptions == "a only incomplete, of Mon 2026-11-23"


def test_the_cluster_that_would_lose_most_and_the_one_that_runs_out_first_speak_for_all() -> None:
    it = seen(alive("a", 5, 20), alive("b", 9, 30), alive("c", 9, 3))
    assert it.newest == Extreme("9 days ago", "b, c")
    assert it.ends == Extreme("in 3 days", "c")


def test_what_holds_for_every_cluster_names_none() -> None:
    it = seen(alive("a", 5, None), alive("b", 5, None))
    assert it.newest == Extreme("5 days ago")
    assert it.ends == Extreme("never")


def test_a_copy_of_unknown_age_is_the_oldest() -> None:
    undated = a_cluster("b", restore_points=1, newest_restore_point_at=None, expires_at=None)
    assert seen(alive("a", 50, 2), undated).newest == Extreme("of unknown age", "b")


def test_where_there_is_nothing_there_is_neither_age_nor_end() -> None:
    it = seen(gone("a", 3))
    assert (it.newest, it.ends) == (Extreme(""), Extreme(""))


def test_what_could_not_be_looked_at_is_not_known_and_what_has_no_policy_is_nothing() -> None:
    unreadable = a_workspace("gitops", a_finding("unreadable"))
    assert (seen(workspace=unreadable).restorable, seen(workspace=unreadable).tone) == ("not known", "unknown")
    unprotected = a_workspace("monitoring", a_finding("not-protected"))
    assert (seen(workspace=unprotected).restorable, seen(workspace=unprotected).tone) == ("nothing", "critical")


def test_a_copy_that_expires_soon_is_marked() -> None:
    it = seen(workspace=a_workspace("shop", a_finding("backup-expiring"), clusters=(alive("a", 5, 2),)))
    assert it.is_ending_soon


def test_a_muted_warning_of_an_end_is_no_warning() -> None:
    it = seen(workspace=a_workspace("shop", a_finding("backup-expiring", muted=True), clusters=(alive("a", 5, 2),)))
    assert not it.is_ending_soon


def test_the_workspaces_that_are_well_are_counted_and_those_without_a_copy_named() -> None:
    shop = a_workspace("shop", clusters=(alive("a", 1, 9),))
    new = a_workspace("new", a_finding("awaiting-first-backup"), clusters=(gone("a", None),))
    quiet = a_workspace("quiet", a_finding(muted=True), clusters=(gone("a", None),))
    bad = a_workspace("bad", a_finding())

    assert well_line(a_report(bad)) is None
    assert well_line(a_report(bad, shop)) == "1 workspace is OK."
    assert well_line(a_report(bad, shop, new, quiet)) == (
        "3 workspaces are OK. Not everything can be restored of prod / new (Waiting for its first backup), "
        "prod / quiet (Backup failed (muted))."
    )
