"""The restore_point_series that are left to restore, folded into few entries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from backup_reporter.health.judge import judge
from backup_reporter.health.model import BackupResult, Cluster, ClusterBackup, Policy, Run, Workspace
from backup_reporter.health.thresholds import Thresholds
from backup_reporter.health.workspace_report import RestorePointSeries, WorkspaceReport

NOW = datetime(2026, 11, 23, 7, tzinfo=UTC)
CLUSTER = Cluster("c-1", "eu-1")
WORKSPACE = Workspace(uid="w-1", name="payments", project_uid="p-1", project_name="prod", clusters=(CLUSTER,))


def test_a_steady_rotation_is_one_entry() -> None:
    report = judged([run(days_ago) for days_ago in range(12)])

    assert report.clusters[0].restore_point_series == (
        RestorePointSeries(
            count=12,
            first_at=made(11),
            last_at=made(0),
            first_expires_at=made(11) + timedelta(days=30),
            last_expires_at=made(0) + timedelta(days=30),
        ),
    )


def test_a_missed_day_and_another_retention_begin_a_new_entry() -> None:
    report = judged([run(0, hours=48), *(run(days_ago) for days_ago in (1, 2, 3, 6, 7, 8))])

    assert [entry.count for entry in report.clusters[0].restore_point_series] == [3, 3, 1]


def test_minutes_of_difference_keep_the_pace() -> None:
    report = judged([run(days_ago, late=timedelta(minutes=7 * (days_ago % 3))) for days_ago in range(20)])

    assert [entry.count for entry in report.clusters[0].restore_point_series] == [20]


def test_failed_deleted_and_expired_copies_are_not_among_them() -> None:
    report = judged([run(0, state="Failed"), run(1), run(2, deleted="Deleted"), run(40)])

    assert [(entry.count, entry.last_at) for entry in report.clusters[0].restore_point_series] == [(1, made(1))]


def test_where_nothing_is_left_the_copy_that_was_the_last_to_expire_is_shown() -> None:
    report = judged([run(40), run(50), run(33, hours=24)])

    (entry,) = report.clusters[0].restore_point_series
    assert (entry.count, entry.last_expires_at) == (1, made(40) + timedelta(days=30))


def test_of_copies_that_expire_together_the_oldest_is_shown_where_nothing_is_left() -> None:
    report = judged([run(40), run(41, hours=744)])

    (entry,) = report.clusters[0].restore_point_series
    assert (entry.count, entry.last_at) == (1, made(41))


@pytest.mark.parametrize(("minutes", "counts"), [(30, [3]), (31, [2, 1])])
def test_half_an_hour_of_difference_keeps_the_pace(minutes: int, counts: list[int]) -> None:
    report = judged([run(2), run(1), run(0, late=timedelta(minutes=minutes))])

    assert [entry.count for entry in report.clusters[0].restore_point_series] == counts


@pytest.mark.parametrize(("hours", "counts"), [(720.5, [3]), (720.51, [2, 1])])
def test_half_an_hour_of_difference_is_the_same_retention(hours: float, counts: list[int]) -> None:
    report = judged([run(2), run(1), run(0, hours=hours)])

    assert [entry.count for entry in report.clusters[0].restore_point_series] == counts


@pytest.mark.parametrize(
    ("hours", "counts"), [([1e12, 1e12, 1e12], [3]), ([1e12, 1e12, 720], [2, 1]), ([720, 720, 1e12], [2, 1])]
)
def test_copies_that_are_kept_for_ever_are_one_entry_and_others_are_another(
    hours: list[float], counts: list[int]
) -> None:
    runs = tuple(
        Run(
            requested_at=made(days_ago),
            state="Completed",
            retention_hours=kept,
            cluster_backups=(ClusterBackup(cluster=CLUSTER, state="Completed"),),
        )
        for days_ago, kept in zip((2, 1, 0), hours, strict=True)
    )
    report = judge(WORKSPACE, BackupResult(policy=Policy(), runs=runs), Thresholds(), NOW).report

    assert [entry.count for entry in report.clusters[0].restore_point_series] == counts


def test_a_copy_without_a_date_stands_alone_though_it_has_an_end() -> None:
    undated = ClusterBackup(cluster=CLUSTER, state="Completed", expires_at=NOW + timedelta(days=9))
    report = judged([Run(state="Completed", cluster_backups=(undated,)), run(1), run(0)])

    assert [entry.count for entry in report.clusters[0].restore_point_series] == [1, 2]


def test_copies_without_a_known_retention_are_one_entry_and_one_without_a_date_stands_alone() -> None:
    no_retention = Policy(schedule="0 1 * * *")
    backups = [BackupAt(made(days_ago)) for days_ago in (2, 1)] + [BackupAt(None)]
    runs = tuple(Run(state="Completed", cluster_backups=(backup.entry,)) for backup in backups)
    report = judge(WORKSPACE, BackupResult(policy=no_retention, runs=runs), Thresholds(), NOW).report

    assert [
        (entry.count, entry.first_at, entry.last_expires_at) for entry in report.clusters[0].restore_point_series
    ] == [
        (1, None, None),
        (2, made(2), made(1) + timedelta(days=30)),
    ]


def test_copies_without_any_rhythm_do_not_fill_the_report() -> None:
    hours_ago = [number * number for number in range(1, 60)]
    runs = [run(0, late=-timedelta(hours=hours)) for hours in hours_ago if hours < 700]
    (cluster,) = judged(runs).clusters

    assert len(cluster.restore_point_series) <= 24
    assert cluster.restore_point_series[-1].last_at == NOW - timedelta(hours=7)
    assert cluster.restore_points == len(runs)


def test_the_worst_run_of_a_day_gives_its_name() -> None:
    again = Run(backup_name="by-hand", state="Failed", requested_at=made(3) + timedelta(hours=2))
    report = judged([*(run(days_ago) for days_ago in range(30)), again])

    assert [(day.state, day.backup_name) for day in report.history[-4:-2]] == [
        ("failed", "by-hand"),
        ("succeeded", "daily-2"),
    ]


def judged(runs: list[Run]) -> WorkspaceReport:
    policy = Policy(schedule="0 1 * * *", retention_hours=720)
    return judge(WORKSPACE, BackupResult(policy=policy, runs=tuple(runs)), Thresholds(), NOW).report


def made(days_ago: int) -> datetime:
    return NOW - timedelta(days=days_ago, hours=6)


def run(
    days_ago: int,
    *,
    state: str = "Completed",
    hours: float = 720,
    deleted: str | None = None,
    late: timedelta = timedelta(0),
) -> Run:
    at = made(days_ago) + late
    backup = ClusterBackup(
        cluster=CLUSTER, at=at, state=state, delete_state=deleted, expires_at=at + timedelta(hours=hours)
    )
    return Run(backup_name=f"daily-{days_ago}", requested_at=at, state=state, cluster_backups=(backup,))


class BackupAt:
    """A succeeded cluster backup without an expiry, at a time or at none."""

    def __init__(self, at: datetime | None) -> None:
        self.entry = ClusterBackup(cluster=CLUSTER, at=at, state="Completed")
