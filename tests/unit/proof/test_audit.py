"""The record of a quarter whose truth is known, against figures worked out by hand."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from backup_reporter.health.workspace_report import RestorePointSeries
from backup_reporter.proof.audit import Audit, audit
from backup_reporter.proof.render import render_csv, render_html, render_json, render_markdown
from backup_reporter.report.model import Report
from support.quarter import FIRST, LAST, kept_reports
from support.report_builders import NOW, a_cluster, a_finding, a_report, a_workspace, days

LIMIT = timedelta(hours=80)


@pytest.fixture(scope="module")
def quarter() -> Audit:
    return audit(kept_reports(), FIRST, LAST, LIMIT)


def test_the_lost_report_is_named_and_the_others_are_counted(quarter: Audit) -> None:
    assert (quarter.made, quarter.expected, quarter.interval_hours) == (90, 91, 24)
    assert quarter.missing == (datetime(2026, 11, 5, 7, tzinfo=UTC),)
    assert quarter.days_with_report == 90


def test_the_lost_report_breaks_the_chain(quarter: Audit) -> None:
    (problem,) = quarter.chain.problems
    assert problem.startswith("20261106T070000Z-")
    assert "20261105T070000Z-" in problem
    assert problem.endswith("which is not kept: a report is missing.")


def test_each_day_counts_once_and_with_what_happened_on_it(quarter: Audit) -> None:
    (payments,) = quarter.workspaces
    assert (payments.due, payments.succeeded, payments.missed, payments.failed) == (91, 84, 2, 5)
    assert (payments.partial, payments.unknown) == (0, 0)


def test_muted_days_are_not_counted_as_not_ok_and_are_said(quarter: Audit) -> None:
    (payments,) = quarter.workspaces
    assert payments.muted_days == 2
    assert payments.mutes_until == (datetime(2026, 11, 17, tzinfo=UTC),)
    assert payments.days_not_ok == 5
    assert {reason.code: reason.days for reason in payments.reasons} == {"backup-failed": 3, "backup-overdue": 2}


def test_the_recovery_point_that_was_held_is_the_longest_pause_between_two_copies(quarter: Audit) -> None:
    # The good nights before and after the three failed ones are four days apart.
    (payments,) = quarter.workspaces
    assert {cluster.longest_age_hours for cluster in payments.clusters} == {96.0}
    assert {cluster.longest_without_hours for cluster in payments.clusters} == {0.0}
    assert {cluster.is_within_limit for cluster in payments.clusters} == {False}


def test_a_changed_schedule_is_named_with_both(quarter: Audit) -> None:
    (payments,) = quarter.workspaces
    (change,) = payments.schedule_changes
    assert (change.before, change.after, change.seen_at.date()) == ("0 1 * * *", "0 3 * * *", date(2026, 11, 20))


def test_days_of_which_nothing_is_known_count_as_unknown() -> None:
    only = a_report(a_workspace(clusters=(a_cluster(),)))
    (workspace,) = audit([(only, "0")], NOW.date() - days(2), NOW.date()).workspaces
    assert (workspace.unknown, workspace.succeeded, workspace.due) == (3, 0, 0)


def test_the_time_without_a_restore_point_runs_from_the_expiry_to_the_next_copy() -> None:
    def report(day: int, **cluster: Any) -> tuple[Report, str]:
        return a_report(a_workspace(clusters=(a_cluster(**cluster),)), as_of=NOW + days(day)), "0"

    reports = [
        report(0, newest_restore_point_at=NOW - days(1), expires_at=NOW + days(0.5)),
        report(1, newest_restore_point_at=None, expires_at=None, restore_points=0),
        report(2, newest_restore_point_at=None, expires_at=None, restore_points=0),
        report(3, newest_restore_point_at=NOW + days(2.5), expires_at=NOW + days(30)),
    ]
    (workspace,) = audit(reports, NOW.date(), NOW.date() + days(3)).workspaces
    assert workspace.clusters[0].longest_without_hours == 48.0


def test_hourly_copies_between_two_daily_reports_are_hours_apart() -> None:
    def report(day: int) -> Report:
        newest = NOW + days(day) - timedelta(minutes=30)
        series = RestorePointSeries(
            count=48,
            first_at=newest - timedelta(hours=47),
            last_at=newest,
            first_expires_at=newest,
            last_expires_at=newest + days(2),
        )
        cluster = a_cluster(newest_restore_point_at=newest, restore_points=48, restore_point_series=(series,))
        return a_report(a_workspace(clusters=(cluster,)), as_of=NOW + days(day))

    reports = [(report(day), "0") for day in range(3)]
    (workspace,) = audit(reports, NOW.date(), NOW.date() + days(2)).workspaces
    assert workspace.clusters[0].longest_age_hours == 1.0


def test_an_unread_workspace_says_nothing_of_its_copies_or_its_schedule() -> None:
    read = a_workspace(schedule="0 1 * * *", clusters=(a_cluster(newest_restore_point_at=NOW - days(1)),))
    unread = a_workspace("payments", a_finding("unreadable"))
    reports = [(a_report(read), "0"), (a_report(unread, as_of=NOW + days(1)), "0")]
    (workspace,) = audit(reports, NOW.date(), NOW.date() + days(1)).workspaces
    assert workspace.schedule_changes == ()
    assert workspace.clusters[0].longest_age_hours == 24.0
    assert workspace.days_not_ok == 1


def test_every_form_has_the_same_figures(quarter: Audit) -> None:
    (eu1, us2) = csv.DictReader(io.StringIO(render_csv(quarter)))
    assert (eu1["workspace"], eu1["cluster"], us2["cluster"]) == ("payments", "eu-1", "us-2")
    assert (eu1["dueDays"], eu1["missedDays"], eu1["longestAgeHours"], eu1["withinLimit"]) == ("91", "2", "96", "no")
    assert json.loads(render_json(quarter))["workspaces"][0]["missed"] == 2
    page, text = render_html(quarter), render_markdown(quarter)
    for words in (
        "90 reports of 91 expected are kept",
        "Missing: 2026-11-05 07:00",
        "4.0 days",
        "2 clusters exceeded it",
    ):
        assert words in page
        assert words in text


def test_names_are_escaped_in_every_form() -> None:
    hostile = "<script>alert(1)</script>|=cmd"
    reports = [(a_report(a_workspace(hostile, clusters=(a_cluster(hostile),))), "0")]
    record = audit(reports, NOW.date(), NOW.date())
    assert "<script>" not in render_html(record)
    assert "\\<script\\>" in render_markdown(record)
