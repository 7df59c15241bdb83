from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from backup_reporter.health.workspace_report import ClusterReport, RestorePointSeries, WorkspaceReport
from backup_reporter.report.page.timeline import Axis, Gap, axis, drawing, ticks
from backup_reporter.report.restore_points import FOREVER, restorable_until
from support.report_builders import NOW, a_cluster, a_workspace, days

TOMORROW = NOW + days(1)
FROM_TEN_DAYS_AGO = Axis(NOW - days(10), NOW + days(10))


def made(count: int, first: float, last: float, *, kept: float | None) -> RestorePointSeries:
    """``count`` copies, the first and the last made so many days ago, kept for so many days."""
    first_at, last_at = NOW - days(first), NOW - days(last)
    return RestorePointSeries(
        count=count,
        first_at=first_at,
        last_at=last_at,
        first_expires_at=None if kept is None else first_at + days(kept),
        last_expires_at=None if kept is None else last_at + days(kept),
    )


def cluster(*copies: RestorePointSeries) -> ClusterReport:
    living = sum(entry.count for entry in copies if entry.last_expires_at is None or entry.last_expires_at > NOW)
    newest = copies[-1] if living else None
    return a_cluster(
        newest_restore_point_at=newest.last_at if newest else None,
        expires_at=newest.last_expires_at if newest else None,
        restore_points=living,
        restore_point_series=copies,
    )


def workspace(*clusters: ClusterReport, next_run_at: datetime | None = TOMORROW, **more: Any) -> WorkspaceReport:
    return a_workspace(clusters=clusters, next_run_at=next_run_at, **{"retention_hours": 7 * 24, **more})


def test_the_axis_reaches_from_the_oldest_copy_to_the_last_expiry_and_a_little_further() -> None:
    span = axis(workspace(cluster(made(3, 8, 6, kept=10)), cluster(made(1, 2, 2, kept=30))), NOW)

    assert NOW - days(9) < span.start < NOW - days(8)
    assert NOW + days(28) < span.end < NOW + days(29)


def test_the_axis_shows_some_time_where_there_is_no_copy_and_not_years_where_one_is_kept_for_years() -> None:
    assert axis(workspace(cluster(), next_run_at=None), NOW).start < NOW - days(1)
    assert axis(workspace(cluster(made(2, 900, 2, kept=3000))), NOW).end < NOW + days(70)


def test_each_copy_is_a_line_from_made_to_expiry_and_the_newest_stands_out() -> None:
    drawn = drawing(cluster(made(3, 4, 2, kept=6)), workspace(), FROM_TEN_DAYS_AGO)

    assert drawn.lines == "M300 12H600M350 24H650M400 36H700"
    assert drawn.newest == "M400 36H700"


def test_many_copies_made_at_a_steady_pace_are_one_band() -> None:
    drawn = drawing(cluster(made(720, 6, 0, kept=6)), workspace(), FROM_TEN_DAYS_AGO)

    assert drawn.bands == "M200 12L500 87.9H800L500 12z"
    assert drawn.lines == ""
    assert drawn.newest == "M500 87.9H800"


def test_copies_without_an_end_or_a_beginning_reach_the_edge() -> None:
    undated = RestorePointSeries(count=1, first_at=None, last_at=None, first_expires_at=None, last_expires_at=None)

    assert drawing(cluster(made(1, 4, 4, kept=None)), workspace(), FROM_TEN_DAYS_AGO).newest == "M300 12H1000"
    assert drawing(cluster(undated), workspace(), FROM_TEN_DAYS_AGO).newest == "M0 12H1000"


def test_the_next_run_and_the_copy_that_it_should_make_are_drawn_in() -> None:
    assert drawing(cluster(made(1, 4, 4, kept=6)), workspace(), FROM_TEN_DAYS_AGO).awaited == "M550 24H900"


def test_no_copy_is_awaited_where_no_run_is_due() -> None:
    assert drawing(cluster(made(1, 4, 4, kept=6)), workspace(next_run_at=None), FROM_TEN_DAYS_AGO).awaited == ""


def test_the_time_between_the_last_expiry_and_the_next_run_is_a_gap_for_certain_and_what_follows_one_perhaps() -> None:
    space = workspace(next_run_at=NOW + days(4))

    assert drawing(cluster(made(1, 4, 4, kept=6)), space, FROM_TEN_DAYS_AGO).gaps == (
        Gap(600, 100, is_certain=True),
        Gap(700, 300, is_certain=False),
    )


def test_a_rotation_in_time_leaves_no_gap_but_what_follows_if_every_run_fails() -> None:
    gaps = drawing(cluster(made(3, 4, 2, kept=6)), workspace(), FROM_TEN_DAYS_AGO).gaps

    assert gaps == (Gap(700, 300, is_certain=False),)


def test_a_gap_that_has_begun_reaches_back_to_when_the_last_copy_expired() -> None:
    gone = cluster(made(1, 9, 9, kept=4))

    assert drawing(gone, workspace(), FROM_TEN_DAYS_AGO).gaps[0] == Gap(250, 300, is_certain=True)


def test_where_there_never_was_a_copy_everything_is_a_gap() -> None:
    assert drawing(cluster(), workspace(next_run_at=None), FROM_TEN_DAYS_AGO).gaps == (Gap(0, 1000, is_certain=True),)


def test_copies_that_never_expire_leave_no_gap() -> None:
    assert drawing(cluster(made(1, 4, 4, kept=None)), workspace(), FROM_TEN_DAYS_AGO).gaps == ()


def test_where_the_copies_are_left_out_the_newest_is_drawn_all_the_same() -> None:
    brief = a_cluster(
        newest_restore_point_at=NOW - days(4), expires_at=NOW + days(2), restore_points=30, restore_point_series=()
    )

    assert drawing(brief, workspace(), FROM_TEN_DAYS_AGO).newest == "M300 12H600"


def test_until_when_something_can_be_restored_is_the_last_expiry_not_the_newest_copys() -> None:
    by_hand = made(1, 1, 1, kept=2)

    assert restorable_until(cluster(made(3, 4, 2, kept=9), by_hand)) == NOW + days(7)
    assert restorable_until(cluster(made(1, 4, 4, kept=None), by_hand)) == FOREVER
    assert restorable_until(cluster()) is None


def test_absurd_retentions_are_drawn_to_the_edge() -> None:
    for hours in (1e9, -1e9):
        drawn = drawing(cluster(made(1, 4, 4, kept=6)), workspace(retention_hours=hours), FROM_TEN_DAYS_AGO)
        assert drawn.awaited in ("M550 24H1000", "M550 24H550")


def test_ticks_are_midnights_of_the_readers_zone_and_few() -> None:
    marks = list(ticks(Axis(NOW - days(1.5), NOW + days(1.5)), ZoneInfo("Pacific/Auckland")))

    assert [mark.label for mark in marks] == ["24 Nov", "25 Nov", "26 Nov"]
    assert len(list(ticks(Axis(NOW - days(60), NOW + days(60)), ZoneInfo("UTC")))) <= 9
