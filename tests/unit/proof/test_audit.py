"""The record of a quarter whose truth is known, against figures worked out by hand."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from backup_reporter.health.workspace_report import BackupLocation, LastRestore, RestorePointSeries, WorkspaceReport
from backup_reporter.proof.audit import audit
from backup_reporter.proof.audit_record import Audit, WorkspaceAudit, only_workspaces
from backup_reporter.proof.render import remarks, render_csv, render_html, render_json, render_markdown
from backup_reporter.report.model import Changes, PreviousReport, Report, Scope
from support.quarter import FIRST, LAST, LOST, kept_reports
from support.report_builders import NOW, a_cluster, a_finding, a_history, a_report, a_workspace, days

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
    assert {cluster.longest_without_hours for cluster in payments.clusters} == {None}
    assert {cluster.is_within_limit for cluster in payments.clusters} == {False}


def test_a_changed_schedule_is_named_with_both(quarter: Audit) -> None:
    (payments,) = quarter.workspaces
    (change,) = payments.policy_changes
    assert (change.what, change.before, change.after, change.seen_at.date()) == (
        "schedule",
        "0 1 * * *",
        "0 3 * * *",
        date(2026, 11, 20),
    )


@pytest.mark.parametrize(
    ("before", "later", "known"),
    [
        ("failed", "succeeded", "failed"),  # the failed run of the day was deleted, another one is left
        ("failed", "not-due", "failed"),  # the day's only run was deleted
        ("failed", "deleting", "failed"),
        ("partial", "failed", "failed"),
        ("succeeded", "failed", "failed"),
        ("succeeded", "running", "running"),
        ("succeeded", "deleting", "succeeded"),  # its retention has ended
        ("succeeded", "missed", "succeeded"),
        ("running", "succeeded", "succeeded"),
        ("running", "not-due", "running"),
        ("missed", "succeeded", "succeeded"),  # it began late
        ("missed", "not-due", "missed"),  # the schedule changed
        ("missed", "unclear", "missed"),
        ("unclear", "not-due", "not-due"),
    ],
)
def test_a_day_keeps_what_became_of_its_runs(before: str, later: str, known: str) -> None:
    record = audited(*(a_workspace(history=a_history(state, 1)) for state in (before, later)))
    assert record.states[0] == known


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


@pytest.mark.parametrize(("code", "is_ok"), [("unreadable", False), ("being-deleted", True)])
def test_an_unread_workspace_says_nothing_of_its_copies_or_its_schedule(code: str, is_ok: bool) -> None:
    read = a_workspace(schedule="0 1 * * *", clusters=(a_cluster(newest_restore_point_at=NOW - days(1)),))
    unread = a_workspace("payments", a_finding(code))
    reports = [(a_report(read), "0"), (a_report(unread, as_of=NOW + days(1)), "0")]
    (workspace,) = audit(reports, NOW.date(), NOW.date() + days(1)).workspaces
    assert workspace.policy_changes == ()
    assert workspace.clusters[0].longest_age_hours == 24.0
    assert workspace.days_not_ok == (0 if is_ok else 1)


def of_days(*workspaces: WorkspaceReport) -> list[tuple[Report, str]]:
    """A report on each workspace, a day after the other."""
    return [(a_report(workspace, as_of=NOW + days(number)), "0") for number, workspace in enumerate(workspaces)]


def audited(*workspaces: WorkspaceReport) -> WorkspaceAudit:
    (workspace,) = audit(of_days(*workspaces), NOW.date(), NOW.date() + days(len(workspaces) - 1)).workspaces
    return workspace


def test_each_part_of_a_policy_that_changed_is_named_once() -> None:
    before = a_workspace(schedule="0 1 * * *", retention_hours=720.0, backup_location=BackupLocation(uid="1", name="a"))
    after = a_workspace(schedule="0 1 * * *", retention_hours=48.0, backup_location=BackupLocation(uid="2", name=None))
    changes = [(change.what, change.before, change.after) for change in audited(before, after, after).policy_changes]
    assert changes == [("retention", "720 h", "48 h"), ("backup location", "a", "2")]


def test_the_restores_that_were_tried_are_named_with_their_last_state() -> None:
    def restored(day: float, state: str) -> WorkspaceReport:
        return a_workspace(last_restore=LastRestore(at=NOW + days(day), state=state), restores_known=True)

    found = audited(restored(-3, "Completed"), restored(0.5, "InProgress"), restored(0.5, "Failed"))
    assert [(restore.at, restore.state) for restore in found.restores] == [
        (NOW - days(3), "Completed"),
        (NOW + days(0.5), "Failed"),
    ]
    assert "restores tried: 2026-11-21 Completed, 2026-11-24 Failed" in remarks(found)


def test_that_no_restore_was_tried_is_said_only_if_restores_are_known() -> None:
    assert "no restore was tried" in remarks(audited(a_workspace(restores_known=True)))
    assert "no restore was tried" not in remarks(audited(a_workspace(restores_known=False), a_workspace()))


def test_a_mute_is_named_with_its_end_even_if_it_hid_nothing() -> None:
    muted = a_workspace(muted_until=datetime(2026, 12, 1, tzinfo=UTC))
    assert "muted until 2026-11-30, which hid findings on 0 days" in remarks(audited(muted))


def test_the_report_after_the_period_tells_if_its_last_one_was_changed_or_removed() -> None:
    reports = list(kept_reports())
    before, later = reports[:30], reports[30:]
    last = before[-1][0].as_of.date()

    def problems(kept: list[tuple[Report, str]]) -> tuple[str, ...]:
        record = audit(kept, FIRST, last, later=later)
        assert record.chain.reports == len(kept)
        return record.chain.problems

    assert problems(before) == ()
    assert problems([*before[:-1], (before[-1][0], "0")]) == (
        f"{before[-1][0].report_id} was changed after {later[0][0].report_id} was made.",
    )
    assert problems(before[:-1]) == (
        f"{later[0][0].report_id} names {before[-1][0].report_id} before it, which is not kept: a report is missing.",
    )


def test_a_report_that_is_missing_after_the_period_is_not_its_business() -> None:
    reports = [kept for kept in kept_reports() if kept[0].as_of.date() != LOST]
    before = [kept for kept in reports if kept[0].as_of.date() < LOST]
    record = audit(before, FIRST, LOST - timedelta(days=1), later=reports[len(before) :])
    assert record.chain.problems == ()


def without_a_copy(**more: Any) -> WorkspaceReport:
    cluster = a_cluster(newest_restore_point_at=None, expires_at=None, restore_points=0, **more)
    return a_workspace(clusters=(cluster,))


def test_a_mute_hides_no_finding_that_counts_toward_no_status() -> None:
    until = datetime(2026, 12, 1, tzinfo=UTC)
    info = a_workspace("payments", a_finding("not-scheduled", muted=True), muted_until=until)
    warning = a_workspace("payments", a_finding("retention-gap", muted=True), muted_until=until)
    assert [audited(workspace).muted_days for workspace in (info, warning)] == [0, 1]


def test_a_mute_that_ends_with_the_beginning_of_the_calendar_is_written_as_it_stands() -> None:
    muted = a_workspace(muted_until=datetime(1, 1, 1, tzinfo=UTC))
    assert any(line.startswith("muted until") for line in remarks(audited(muted)))


def test_a_cluster_that_waits_for_its_first_restore_point_has_not_exceeded_the_limit_yet() -> None:
    record = audit(of_days(*[without_a_copy()] * 3), NOW.date(), NOW.date() + days(2), LIMIT)
    (found,) = record.workspaces[0].clusters
    assert (found.longest_age_hours, found.longest_without_hours, found.is_within_limit) == (None, 48.0, None)
    assert ",48,,0," in render_csv(record)


def test_a_cluster_that_waits_longer_than_the_limit_has_exceeded_it() -> None:
    record = audit(of_days(*[without_a_copy()] * 5), NOW.date(), NOW.date() + days(4), LIMIT)
    (found,) = record.workspaces[0].clusters
    assert (found.longest_without_hours, found.is_within_limit) == (96.0, False)
    assert ",96,no," in render_csv(record)


def test_a_cluster_that_has_lost_its_restore_points_has_exceeded_every_limit() -> None:
    there = a_workspace(clusters=(a_cluster(newest_restore_point_at=NOW - days(0.1)),))
    gone = RestorePointSeries(count=1, first_at=NOW, last_at=NOW, first_expires_at=NOW, last_expires_at=NOW)
    for workspaces in ([there, without_a_copy()], [without_a_copy(restore_point_series=(gone,))] * 2):
        record = audit(of_days(*workspaces), NOW.date(), NOW.date() + days(1), LIMIT)
        assert record.workspaces[0].clusters[0].is_within_limit is False


def test_restore_points_that_may_have_come_and_gone_between_two_reports_are_no_gap() -> None:
    # Kept for two days, and no report for four: two of the nights are not known.
    def kept(newest: float) -> WorkspaceReport:
        at, expires = NOW + days(newest), NOW + days(newest + 2)
        series = RestorePointSeries(count=1, first_at=at, last_at=at, first_expires_at=expires, last_expires_at=expires)
        cluster = a_cluster(newest_restore_point_at=at, expires_at=expires, restore_point_series=(series,))
        return a_workspace(clusters=(cluster,))

    reports = [*regular((0,), kept(-0.25)), *regular((4,), kept(3.75)), *regular((5,), kept(4.75))]
    (cluster,) = audit(reports, NOW.date(), NOW.date() + days(5), LIMIT).workspaces[0].clusters
    assert (cluster.longest_age_hours, cluster.longest_without_hours, cluster.is_within_limit) == (42.0, None, None)


def test_restore_points_and_runs_at_the_ends_of_the_calendar_are_counted_like_others() -> None:
    never, ever = datetime(9999, 12, 31, 23, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)
    old = a_workspace(clusters=(a_cluster(newest_restore_point_at=ever, expires_at=never),), next_run_at=never)
    gone = a_workspace(
        clusters=(a_cluster(newest_restore_point_at=None, expires_at=never, restore_points=0),), next_run_at=ever
    )
    (cluster,) = audited(old, gone, old).clusters
    assert (cluster.longest_age_hours or 0) > 2000 * 365 * 24


def test_the_first_report_that_finds_none_may_know_when_the_last_one_was_made() -> None:
    made, expired = NOW - days(3), NOW - days(1)
    gone = RestorePointSeries(count=1, first_at=made, last_at=made, first_expires_at=expired, last_expires_at=expired)
    (cluster,) = audited(without_a_copy(restore_point_series=(gone,))).clusters
    assert (cluster.longest_age_hours, cluster.longest_without_hours) == (72.0, 24.0)


def test_a_gap_ends_with_the_first_of_the_new_restore_points() -> None:
    back = RestorePointSeries(
        count=2, first_at=NOW + days(1), last_at=NOW + days(2), first_expires_at=None, last_expires_at=None
    )
    there = a_cluster(newest_restore_point_at=NOW + days(2), expires_at=None, restore_point_series=(back,))
    reports = [*regular((0,), without_a_copy()), *regular((2.5,), a_workspace(clusters=(there,)))]
    (cluster,) = audit(reports, NOW.date(), NOW.date() + days(3)).workspaces[0].clusters
    assert cluster.longest_without_hours == 24.0


def test_a_restore_point_without_a_date_is_within_no_limit() -> None:
    undated = a_workspace(clusters=(a_cluster(newest_restore_point_at=None),))
    record = audit(of_days(*[undated] * 3), NOW.date(), NOW.date() + days(2), LIMIT)
    assert record.workspaces[0].clusters[0].is_within_limit is None


def test_one_report_does_not_tell_how_many_were_expected_or_whether_a_limit_was_kept() -> None:
    fresh = a_workspace(clusters=(a_cluster(newest_restore_point_at=NOW - days(0.1)),))
    record = audit(regular((0,), fresh), NOW.date() - days(30), NOW.date() + days(30), LIMIT)
    text = render_markdown(record)
    assert "- 1 report is kept. How many were expected is not known: that takes two that are apart." in text
    assert "- 1 day of 61 has a report; the verdict of the others is unknown." in text
    assert record.workspaces[0].clusters[0].is_within_limit is None


def test_no_chain_is_called_unbroken_if_there_is_none() -> None:
    text = render_markdown(audit(of_days(a_workspace(), a_workspace()), NOW.date(), NOW.date() + days(1)))
    assert "- No chain vouches for these reports: whether one was changed or removed is not known." in text
    assert "unbroken" not in text


NIGHTLY: dict[str, Any] = {"schedule": "0 23 * * *", "next_run_at": NOW + timedelta(hours=16)}


@pytest.mark.parametrize("state", ["not-due", "succeeded"])
def test_a_day_on_which_another_run_is_due_is_not_known_yet(state: str) -> None:
    workspace = a_workspace(history=a_history(state, 1), **NIGHTLY)
    (found,) = audit(regular((0,), workspace), NOW.date(), NOW.date()).workspaces
    assert (found.states, found.unknown, found.due, found.succeeded) == (("unclear",), 1, 0, 0)


def test_a_day_that_has_failed_already_is_known_although_another_run_is_due() -> None:
    workspace = a_workspace(history=a_history("failed", 1), **NIGHTLY)
    (found,) = audit(regular((0,), workspace), NOW.date(), NOW.date()).workspaces
    assert found.failed == 1


def test_the_first_report_after_the_period_tells_how_its_last_day_ended() -> None:
    before = a_workspace(history=a_history("not-due", 1), **NIGHTLY)
    after = a_workspace(history=a_history("failed", 1))
    other = regular((0.5,), a_workspace(history=a_history("succeeded", 1)), scope=Scope(project_uids=("p",)))
    on_demand = [(a_report(a_workspace(history=a_history("succeeded", 1)), as_of=NOW + days(0.9)), "0")]
    unheard = regular((2,), a_workspace(history=a_history("missed", 1)), a_workspace("new"))
    later: list[tuple[Report | str, str]] = [("20261125T000000Z-00000000", "0"), *other, *on_demand]
    later += [*regular((1,), after), *unheard]
    record = audit(regular((0,), before), NOW.date(), NOW.date(), later=later)
    (found,) = record.workspaces
    assert (found.states, found.failed, record.made) == (("failed",), 1, 1)
    assert found.verdicts == ("OK",)


def test_the_age_of_the_last_restore_point_grows_after_it_has_expired() -> None:
    there = a_cluster(newest_restore_point_at=NOW - days(1), expires_at=NOW + days(0.5))
    gone = a_cluster(newest_restore_point_at=None, expires_at=None, restore_points=0)
    (cluster,) = audited(*(a_workspace(clusters=(one,)) for one in (there, gone, gone))).clusters
    assert (cluster.longest_age_hours, cluster.longest_without_hours) == (72.0, 36.0)


def test_a_made_up_report_on_demand_cannot_better_the_record(quarter: Audit) -> None:
    at = datetime(2026, 11, 30, 15, tzinfo=UTC)
    good = a_workspace("payments", uid="workspace-1", history=a_history("succeeded", 80))
    record = audit([*kept_reports(), (a_report(good, as_of=at), "0")], FIRST, LAST, LIMIT)
    assert record == msgspec.structs.replace(quarter, on_demand=1)
    assert "Left out: 1 report on demand, for which no chain vouches." in render_markdown(record)


def regular(numbers: Iterable[float], *workspaces: WorkspaceReport, scope: Scope = Scope()) -> list[tuple[Report, str]]:  # noqa: B008
    """Regular reports, at these days from now."""
    changes = Changes(note="No earlier report of this scope is kept to compare with.")
    reports = (a_report(*workspaces, as_of=NOW + days(number), scope=scope) for number in numbers)
    return [(msgspec.structs.replace(report, changes=changes), "0") for report in reports]


def test_reports_of_another_scope_are_left_out_and_that_is_said() -> None:
    others = regular((3, 4), a_workspace(), scope=Scope(project_uids=("p",)))
    record = audit([*regular(range(3), a_workspace()), *others], NOW.date(), NOW.date() + days(4))
    assert (record.made, record.other_scopes, len(record.missing)) == (3, 2, 2)
    text = render_markdown(record)
    assert "- 3 reports of 5 expected are kept" in text
    assert "- Left out: 2 reports of another scope." in text


def test_a_report_is_not_missing_before_it_is_due() -> None:
    reports = regular(range(3), a_workspace())
    record = audit(reports, NOW.date(), NOW.date() + days(30), now=NOW + days(3) + timedelta(minutes=10))
    assert (record.expected, record.missing) == (3, ())
    record = audit(reports, NOW.date(), NOW.date() + days(30), now=NOW + days(3) + timedelta(hours=2))
    assert (record.expected, record.missing) == (4, (NOW + days(3),))


def test_no_report_is_expected_before_the_first_one_of_the_chain_but_those_days_are_not_known() -> None:
    def reports(previous: PreviousReport | None) -> list[tuple[Report, str]]:
        fresh = (a_workspace(clusters=(a_cluster(newest_restore_point_at=NOW + days(day - 0.1)),)) for day in range(3))
        made = [regular((day,), workspace)[0][0] for day, workspace in enumerate(fresh)]
        return [(msgspec.structs.replace(report, previous=previous), "0") for report in made]

    begun, period = audit(reports(None), NOW.date() - days(10), NOW.date() + days(2), LIMIT), 13
    assert (begun.expected, begun.missing, begun.begins_at) == (3, (), NOW)
    assert (
        "- The chain begins with the report of 2026-11-24 07:00 (UTC): no earlier one is expected."
        in render_markdown(begun)
    )
    (workspace,) = begun.workspaces
    assert (workspace.unknown, workspace.clusters[0].is_within_limit) == (period, None)

    named = PreviousReport(report_id="20261123T070000Z-1a2b3c4d", sha256="0")
    cut = audit(reports(named), NOW.date() - days(10), NOW.date() + days(2))
    assert (cut.expected, len(cut.missing), cut.begins_at) == (period, 10, None)


def test_the_names_of_many_months_do_not_lie_on_each_other() -> None:
    def names(number: int) -> list[str]:
        record = audit(regular((0,), a_workspace()), NOW.date() - days(number), NOW.date())
        return re.findall(r'y="85%">(\w+)<', render_html(record))

    assert names(60) == ["Sep", "Oct", "Nov"]
    assert names(2 * 365) == ["2024", "2025", "2026"]


def test_an_extra_report_makes_up_for_no_missing_one() -> None:
    record = audit(regular((0, 1, 1.3, 3, 4), a_workspace()), NOW.date(), NOW.date() + days(4))
    assert record.missing == (NOW + days(2),)
    assert "- 4 reports of 5 expected are kept" in render_markdown(record)


@pytest.mark.parametrize("known", [range(3), range(2, 5), range(1, 4)])
def test_a_cluster_of_which_a_part_of_the_period_is_not_known_is_not_within_the_limit(known: range) -> None:
    def report(number: int) -> tuple[Report, str]:
        cluster = a_cluster(newest_restore_point_at=NOW + days(number - 1))
        unread = a_workspace("payments", a_finding("unreadable"))
        (one,) = regular((number,), a_workspace("payments", clusters=(cluster,)) if number in known else unread)
        return one

    record = audit(map(report, range(5)), NOW.date(), NOW.date() + days(4), LIMIT)
    (cluster,) = record.workspaces[0].clusters
    assert (cluster.longest_age_hours, cluster.is_within_limit) == (24.0, None)
    assert "0 clusters exceeded it, and of 1 cluster a part of the period is not known." in render_markdown(record)


def test_a_cluster_that_every_report_tells_of_is_within_the_limit() -> None:
    clusters = (a_cluster(newest_restore_point_at=NOW + days(number - 1)) for number in range(5))
    reports = [regular((number,), a_workspace(clusters=(cluster,)))[0] for number, cluster in enumerate(clusters)]
    record = audit(reports, NOW.date(), NOW.date() + days(4), LIMIT)
    assert record.workspaces[0].clusters[0].is_within_limit is True


def test_a_renamed_cluster_has_its_last_name() -> None:
    old, new = (a_workspace(clusters=(a_cluster(name, uid="cluster-1"),)) for name in ("old", "new"))
    assert [cluster.name for cluster in audited(old, new).clusters] == ["new"]


def test_the_verdicts_of_chosen_workspaces_are_theirs_alone() -> None:
    record = audit(
        [(a_report(a_workspace("payments"), a_workspace("ledger", a_finding())), "0")], NOW.date(), NOW.date()
    )
    assert record.verdicts == ("CRITICAL",)
    assert only_workspaces(record, ["payments"]).verdicts == ("OK",)


def test_a_run_that_is_still_at_work_at_the_end_is_counted_as_not_known() -> None:
    workspace = a_workspace(history=a_history("running", 1))
    assert "of 1 due day 0 succeeded, 0 were partial, 0 failed, 0 were missed, and of 1 the outcome is not known." in (
        render_markdown(audit(of_days(workspace), NOW.date(), NOW.date()))
    )


def test_a_cluster_with_a_policy_of_its_own_is_told_from_a_workspace() -> None:
    record = audit([(a_report(a_workspace("own", kind="cluster"), a_workspace("shop")), "0")], NOW.date(), NOW.date())
    text = render_markdown(record)
    assert "1 workspace and 1 cluster (own policy): of 0 due days" in text
    assert "| prod / own (cluster) |" in text
    assert [row["kind"] for row in csv.DictReader(io.StringIO(render_csv(record)))] == ["cluster", "workspace"]


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
        "backup-failed",
        "became",
        "muted until",
    ):
        assert words in page
        assert words in text


def test_workspaces_of_the_same_name_are_told_apart_by_their_uids() -> None:
    again, other = a_workspace(uid="w-2", clusters=(a_cluster(),)), a_workspace("payments", project_name="dev")
    record = audit(of_days(a_workspace(uid="w-1"), again, other), NOW.date(), NOW.date() + days(2))
    for text in (render_markdown(record), render_html(record)):
        assert "prod / payments, uid w-1" in text
        assert "prod / payments, uid w-2" in text
        assert "dev / payments, uid" not in text
    rows = csv.DictReader(io.StringIO(render_csv(record)))
    assert [(row["workspaceUid"], row["clusterUid"]) for row in rows][1:] == [("w-1", ""), ("w-2", "uid of eu-1")]


def test_names_are_escaped_in_every_form() -> None:
    hostile = "<script>alert(1)</script>|=cmd"
    reports = [(a_report(a_workspace(hostile, clusters=(a_cluster(hostile),))), "0")]
    record = audit(reports, NOW.date(), NOW.date())
    assert "<script>" not in render_html(record)
    assert "\\<script>" in render_markdown(record)
