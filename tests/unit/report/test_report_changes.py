from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from backup_reporter.health.findings import Finding
from backup_reporter.health.workspace_report import LastRestore, LatestRun, WorkspaceReport
from backup_reporter.report.baseline import Baseline
from backup_reporter.report.changes import Comparison
from backup_reporter.report.model import Change, Changes, Coverage, Report
from support.report_builders import NOW, a_cluster, a_finding, a_report, a_workspace, compared, days

FIRST = "No earlier report."


def report_of_day(day: int, *workspaces: WorkspaceReport, **more: Any) -> Report:
    return a_report(*workspaces, as_of=NOW + days(day), report_id=f"day {day}", **more)


def after(*reports: Report) -> Baseline:
    baseline = None
    for report in reports:
        baseline = compared(report, baseline, FIRST).baseline
    assert baseline
    return baseline


def changes_since(report: Report, *earlier: Report) -> Changes:
    return comparison_since(report, *earlier).changes


def comparison_since(report: Report, *earlier: Report) -> Comparison:
    return compared(report, after(*earlier), FIRST)


def codes(changes: tuple[Change, ...]) -> list[str]:
    return [f"{change.workspace_name}: {change.code}" for change in changes]


def begins(changes: tuple[Change, ...]) -> list[datetime | None]:
    return [change.since for change in changes]


EU_1 = a_cluster(uid="c-1")


def shop(*findings: Finding, schedule: str | None = "0 1 * * *", **more: Any) -> WorkspaceReport:
    return a_workspace("shop", *findings, **{"clusters": (EU_1,), "schedule": schedule, **more})


BROKEN, WELL = shop(a_finding()), shop()
WELL_TOMORROW = report_of_day(1, WELL)


def test_without_an_earlier_report_everything_is_new_and_is_said_to_be() -> None:
    changes = compared(report_of_day(0, BROKEN), None, FIRST).changes

    assert codes(changes.new) == ["shop: backup-failed"]
    assert changes.note == FIRST


def test_a_missing_earlier_report_is_said_where_nothing_is_wrong_too() -> None:
    assert compared(report_of_day(0, WELL), None, FIRST).changes == Changes(note=FIRST)


def test_a_finding_is_new_then_ongoing_then_resolved_then_forgotten() -> None:
    days_reports = [report_of_day(0, WELL), *(report_of_day(day, BROKEN) for day in (1, 2)), report_of_day(3, WELL)]

    assert codes(changes_since(days_reports[1], *days_reports[:1]).new) == ["shop: backup-failed"]
    assert codes(changes_since(days_reports[2], *days_reports[:2]).ongoing) == ["shop: backup-failed"]
    assert codes(changes_since(days_reports[3], *days_reports[:3]).resolved) == ["shop: backup-failed"]
    assert changes_since(report_of_day(4, WELL), *days_reports) == Changes()


def test_another_message_about_the_same_is_the_same_finding() -> None:
    later = a_workspace("shop", a_finding(message="The last 3 backups failed."))

    assert codes(changes_since(report_of_day(1, later), report_of_day(0, BROKEN)).ongoing) == ["shop: backup-failed"]


def test_another_cluster_another_code_or_another_workspace_is_another_finding() -> None:
    later = report_of_day(
        1,
        shop(a_finding(cluster_uid="c-2", cluster_name="us-2"), a_finding("delete-failed")),
        a_workspace("other", a_finding()),
    )

    changes = changes_since(later, report_of_day(0, BROKEN))

    assert codes(changes.new) == ["other: backup-failed", "shop: backup-failed", "shop: delete-failed"]
    assert codes(changes.resolved) == ["shop: backup-failed"]


def test_ongoing_is_counted_from_its_own_beginning_or_else_from_when_it_was_first_seen() -> None:
    def today(day: int) -> Report:
        return report_of_day(
            day, a_workspace("a", a_finding(since=NOW - days(5))), a_workspace("b", a_finding("not-protected"))
        )

    changes = changes_since(today(2), today(0), today(1))

    assert begins(changes.ongoing) == [NOW - days(5), NOW]


def test_what_cannot_be_looked_at_is_not_resolved() -> None:
    unread = report_of_day(1, a_workspace("shop", a_finding("unreadable")))

    changes = changes_since(unread, report_of_day(0, BROKEN))

    assert changes.resolved == ()
    assert codes(changes.new) == ["shop: unreadable"]


def test_after_it_could_not_be_looked_at_it_is_ongoing_or_resolved_again() -> None:
    past = [report_of_day(0, BROKEN), report_of_day(1, a_workspace("shop", a_finding("unreadable")))]

    still = changes_since(report_of_day(2, BROKEN), *past)
    well = changes_since(report_of_day(2, WELL), *past)

    assert (codes(still.new), codes(still.ongoing)) == ([], ["shop: backup-failed"])
    assert codes(still.resolved) == ["shop: unreadable"]
    assert codes(well.resolved) == ["shop: backup-failed", "shop: unreadable"]


def test_a_workspace_that_discovery_did_not_come_to_see_is_not_resolved() -> None:
    blind = report_of_day(1, problems=("Palette could not be asked.",))

    assert changes_since(blind, report_of_day(0, BROKEN)) == Changes()
    assert codes(changes_since(report_of_day(2, BROKEN), report_of_day(0, BROKEN), blind).ongoing) == [
        "shop: backup-failed"
    ]


def reasons(changes: Changes) -> dict[str, str]:
    return {change.code: change.reason for change in changes.no_longer_judged}


@pytest.mark.parametrize(
    ("finding", "later", "reason"),
    [
        (a_finding(), [], "the workspace is no longer listed"),
        (a_finding(), [shop(a_finding("being-deleted"))], "the workspace is being deleted"),
        (a_finding(), [shop(a_finding("not-protected"))], "the workspace has no backup policy any more"),
        (a_finding(), [shop(clusters=())], "the cluster is no longer in the scope of the backup policy"),
        (
            a_finding(cluster_uid=None),
            [shop(clusters=(a_cluster("us-2"),))],
            "the cluster is no longer in the scope of the backup policy",
        ),
        (a_finding("backup-overdue"), [shop(schedule=None)], "the workspace has no schedule any more"),
        (a_finding("backup-overdue"), [shop(a_finding("schedule-unreadable"))], "the schedule cannot be read"),
        (a_finding("schedule-unreadable"), [shop(schedule=None)], "the workspace has no schedule any more"),
        (a_finding("cluster-not-backed-up"), [shop(schedule=None)], "the workspace has no schedule any more"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_longer_looked_at_is_no_longer_judged_and_says_why_once(
    finding: Finding, later: list[WorkspaceReport], reason: str
) -> None:
    past, today = report_of_day(0, shop(finding)), report_of_day(1, *later)
    changes = changes_since(today, past)

    assert reasons(changes) == {finding.code: reason}
    assert changes.resolved == ()
    assert reasons(changes_since(report_of_day(2, *later), past, today)) == {}


@pytest.mark.parametrize(
    ("finding", "later"),
    [
        (a_finding(), WELL),
        (a_finding(), shop(schedule=None)),
        (a_finding(cluster_uid=None), WELL),
        (a_finding("backup-overdue"), WELL),
        (a_finding("delete-failed"), shop(clusters=())),
        (a_finding("not-protected"), shop(schedule=None)),
        (a_finding("not-scheduled"), WELL),
        (a_finding("schedule-unreadable"), WELL),
    ],
    ids=lambda value: value.code if isinstance(value, Finding) else "",
)
def test_what_was_judged_again_and_is_better_is_resolved(finding: Finding, later: WorkspaceReport) -> None:
    changes = changes_since(report_of_day(1, later), report_of_day(0, shop(finding)))

    assert codes(changes.resolved) == [f"shop: {finding.code}"]
    assert changes.no_longer_judged == ()


BEFORE_IT = LatestRun(request_uid="r", backup_name=None, at=NOW - days(3), state="Completed")
NO_COPY = a_cluster(uid="c-1", restore_points=0, newest_restore_point_at=None, expires_at=None)


@pytest.mark.parametrize(
    ("finding", "later", "reason"),
    [
        (a_finding("never-backed-up"), shop(clusters=(NO_COPY,)), "there is still no restore point"),
        (
            a_finding("backup-expired"),
            shop(a_finding("awaiting-first-backup"), clusters=(NO_COPY,)),
            "there is still no restore point",
        ),
        (a_finding("backup-overdue", since=NOW - days(2)), shop(latest_run=BEFORE_IT), "no backup has begun since"),
        (a_finding("backup-failed", since=NOW - days(2)), shop(latest_run=BEFORE_IT), "no backup has begun since"),
        (a_finding("restore-failed"), shop(restores_known=False), "its restores are not known"),
        (a_finding("restore-failed"), shop(restores_known=True), "there is still no restore"),
        (a_finding("restore-untested"), shop(), "restores are not looked at any more"),
    ],
    ids=lambda value: value.code if isinstance(value, Finding) else "",
)
def test_what_went_away_without_getting_better_is_not_resolved(
    finding: Finding, later: WorkspaceReport, reason: str
) -> None:
    changes = changes_since(report_of_day(1, later), report_of_day(0, shop(finding)))

    assert changes.resolved == ()
    assert reasons(changes) == {finding.code: reason}


def test_a_run_that_began_early_resolves_what_was_overdue() -> None:
    due = NOW - days(2)
    early = shop(latest_run=msgspec.structs.replace(BEFORE_IT, at=due - timedelta(minutes=4)))
    overdue = shop(a_finding("backup-overdue", since=due))

    assert codes(changes_since(report_of_day(1, early), report_of_day(0, overdue)).resolved) == ["shop: backup-overdue"]


def test_a_workspace_whose_deletion_has_ended_is_resolved_and_not_missed() -> None:
    past = report_of_day(0, BROKEN), report_of_day(1, shop(a_finding("being-deleted")))
    comparison = comparison_since(report_of_day(2, a_workspace("other")), *past)

    assert codes(comparison.changes.resolved) == ["shop: being-deleted"]
    assert comparison.gone is None


@pytest.mark.parametrize(
    ("earlier", "later", "is_resolved"),
    [
        ("backup-expiring", "backup-expired", False),
        ("backup-expiring", "never-backed-up", False),
        ("restore-point-too-old", "backup-expired", False),
        ("awaiting-first-backup", "never-backed-up", False),
        ("backup-stuck", "backup-failed", False),
        ("backup-partially-failed", "backup-failed", False),
        ("backup-failed", "cluster-not-backed-up", False),
        ("backup-failed", "backup-partially-failed", True),
        ("delete-failed", "backup-failed", True),
        ("backup-failed", "backup-expired", True),
    ],
)
def test_a_finding_that_became_a_worse_one_of_the_same_cluster_is_not_resolved(
    earlier: str, later: str, is_resolved: bool
) -> None:
    changes = changes_since(report_of_day(1, shop(a_finding(later))), report_of_day(0, shop(a_finding(earlier))))

    assert codes(changes.new) == [f"shop: {later}"]
    assert bool(changes.resolved) is is_resolved
    assert changes.no_longer_judged == ()


def test_a_worse_finding_of_another_cluster_does_not_stand_for_this_one() -> None:
    clusters = (EU_1, a_cluster("us-2", uid="c-2"))
    before = shop(a_finding("backup-expiring"), clusters=clusters)
    later = shop(a_finding("backup-expired", cluster_uid="c-2", cluster_name="us-2"), clusters=clusters)

    assert codes(changes_since(report_of_day(1, later), report_of_day(0, before)).resolved) == ["shop: backup-expiring"]


def of(project: str, *names: str) -> list[WorkspaceReport]:
    return [
        msgspec.structs.replace(a_workspace(name), project_uid=f"uid of {project}", project_name=project)
        for name in names
    ]


def test_workspaces_that_are_gone_are_named_by_project_once() -> None:
    first = report_of_day(0, *of("prod", "shop", "ledger", "search"), *of("staging", "a", "b"), *of("test", "c"))
    less = report_of_day(1, *of("prod", "shop"), *of("test", "c", "d"))
    said = (
        "No longer listed since the last report: staging with 2 workspaces, prod / ledger, prod / search. "
        "Were they deleted, or may the API key no longer see them?"
    )

    assert compared(first, None, FIRST).gone is None
    assert comparison_since(less, first).gone == said
    assert comparison_since(report_of_day(2, *less.workspaces), first, less).gone is None


def test_one_workspace_that_is_gone_is_missed_even_if_another_came() -> None:
    gone = comparison_since(report_of_day(1, *of("prod", "new")), report_of_day(0, *of("prod", "old"))).gone

    assert gone == (
        "No longer listed since the last report: prod / old. Was it deleted, or may the API key no longer see it?"
    )


def test_workspaces_that_could_not_be_listed_are_missed_once_everything_can_be() -> None:
    both = report_of_day(0, BROKEN, a_workspace("ledger"))
    blind = report_of_day(1, problems=("Palette could not be asked.",))
    less = report_of_day(2, a_workspace("ledger"))

    assert comparison_since(blind, both).gone is None
    assert comparison_since(report_of_day(2, *both.workspaces), both, blind).gone is None
    assert "prod / shop" in (comparison_since(less, both, blind).gone or "")


def test_a_workspace_that_no_project_listed_is_not_missed_when_one_does() -> None:
    nowhere = msgspec.structs.replace(a_workspace("shop", a_finding("unreadable")), project_uid="", project_name="")

    assert comparison_since(WELL_TOMORROW, report_of_day(0, nowhere)).gone is None
    assert comparison_since(report_of_day(1, nowhere), report_of_day(0, WELL)).gone is not None


def test_a_schedule_that_is_different_or_gone_is_said_once_with_both() -> None:
    first = report_of_day(0, WELL, a_workspace("ledger", schedule="@daily"), a_workspace("late"))
    edited = shop(schedule="0 2 * * *"), a_workspace("ledger"), a_workspace("late", schedule="0 3 * * *")
    second, third = report_of_day(1, *edited), report_of_day(2, *edited)
    said = (
        "2 schedules changed since the last report: prod / ledger: '@daily' is gone, "
        "prod / shop: '0 1 * * *' became '0 2 * * *'."
    )

    assert comparison_since(second, first).schedules == said
    assert comparison_since(third, first, second).schedules is None


def test_muting_resolves_nothing_and_its_end_is_news() -> None:
    muted = report_of_day(1, a_workspace("shop", a_finding(muted=True)))

    assert changes_since(muted, report_of_day(0, BROKEN)) == Changes()
    assert codes(changes_since(report_of_day(2, BROKEN), report_of_day(0, BROKEN), muted).new) == [
        "shop: backup-failed"
    ]


def test_what_goes_away_while_it_is_muted_goes_quietly() -> None:
    muted = report_of_day(1, a_workspace("shop", a_finding(muted=True)))

    assert changes_since(report_of_day(2, WELL), report_of_day(0, BROKEN), muted) == Changes()


def test_what_became_worse_is_news() -> None:
    mild = msgspec.structs.replace(a_finding(), severity="warning")

    changes = changes_since(report_of_day(1, BROKEN), report_of_day(0, a_workspace("shop", mild)))

    assert codes(changes.new) == ["shop: backup-failed"]


def test_a_cluster_without_a_uid_is_known_by_its_name() -> None:
    def nameless(name: str) -> WorkspaceReport:
        return a_workspace("shop", a_finding(cluster_uid=None, cluster_name=name))

    changes = changes_since(report_of_day(1, nameless("eu-1"), nameless("us-2")), report_of_day(0, nameless("eu-1")))

    assert [change.cluster_name for change in changes.new] == ["us-2"]


def test_a_change_names_its_project_but_for_one_that_an_earlier_version_kept() -> None:
    kept = msgspec.to_builtins(after(report_of_day(1, BROKEN, a_workspace("ledger", a_finding()))))
    for known in kept["known"]:
        del known["change"]["projectName"]
    changes = compared(report_of_day(2, BROKEN), msgspec.convert(kept, Baseline), FIRST).changes

    assert [change.project_name for change in changes.ongoing] == ["prod"]
    assert [change.project_name for change in changes.no_longer_judged] == [None]


def test_the_worst_change_comes_first() -> None:
    report = report_of_day(
        1,
        a_workspace("a", a_finding("disks-not-included"), a_finding("backup-stuck")),
        a_workspace("b", a_finding()),
    )

    assert codes(changes_since(report, report_of_day(0, WELL)).new) == [
        "b: backup-failed",
        "a: backup-stuck",
        "a: disks-not-included",
    ]


# What rests on lists beside the workspaces


def coverage(**gaps: Any) -> Coverage:
    counts = {"clusters": 3, "in_workspace_policy": 1, "in_own_policy": 1, "in_none": 1, "unknown": 0, "set_apart": 0}
    return Coverage(**{**counts, "is_whole": True, **gaps})


def unprotected(*names: str, total: int | None = None) -> Finding:
    clusters = [{"tenant": None, "uid": name, "name": name, "projectName": "prod"} for name in names]
    return a_finding(
        "cluster-unprotected",
        cluster_uid=None,
        cluster_name=None,
        evidence={"count": total or len(names), "clusters": clusters},
    )


@pytest.mark.parametrize("code", ["location-missing", "cluster-unreachable"])
def test_what_rests_on_a_list_that_cannot_be_read_is_not_resolved(code: str) -> None:
    before = report_of_day(0, shop(a_finding(code)), coverage=coverage())
    blind = report_of_day(1, WELL, coverage=coverage(is_whole=False, are_locations_known=False))

    assert changes_since(blind, before) == Changes()
    assert codes(changes_since(report_of_day(2, WELL, coverage=coverage()), before, blind).resolved) == [
        f"shop: {code}"
    ]


@pytest.mark.parametrize("code", ["restore-untested", "restore-failed"])
def test_that_restores_are_not_asked_for_any_more_resolves_nothing(code: str) -> None:
    changes = changes_since(WELL_TOMORROW, report_of_day(0, shop(a_finding(code))))

    assert (codes(changes.resolved), codes(changes.no_longer_judged)) == ([], [f"shop: {code}"])


@pytest.mark.parametrize(("at", "is_resolved"), [(NOW - days(9), False), (NOW, True), (None, True)])
def test_only_a_restore_that_began_since_makes_a_failed_one_better(at: datetime | None, is_resolved: bool) -> None:
    before = report_of_day(0, shop(a_finding("restore-failed", since=NOW - days(2))))
    later = report_of_day(1, shop(restores_known=True, last_restore=LastRestore(at=at, state="Completed")))

    changes = changes_since(later, before)

    assert codes(changes.resolved) == (["shop: restore-failed"] if is_resolved else [])
    assert [change.reason for change in changes.no_longer_judged] == (
        [] if is_resolved else ["no restore has begun since"]
    )


def test_a_cluster_out_of_reach_is_no_better_without_its_last_copy() -> None:
    lost = shop(a_finding("backup-expired"), clusters=(a_cluster(uid="c-1", restore_points=0),))
    before = report_of_day(0, shop(a_finding("cluster-unreachable")), coverage=coverage())

    changes = changes_since(report_of_day(1, lost, coverage=coverage()), before)

    assert (codes(changes.new), changes.resolved) == (["shop: backup-expired"], ())


def test_a_cluster_that_the_report_has_no_room_to_name_is_not_resolved() -> None:
    before = report_of_day(0, WELL, findings=[unprotected("a", "b")], coverage=coverage())
    later = report_of_day(1, WELL, findings=[unprotected("a", total=2000)], coverage=coverage())

    changes = changes_since(later, before)

    assert (codes(changes.ongoing), changes.resolved, changes.no_longer_judged) == (["a: cluster-unprotected"], (), ())


def test_a_report_that_could_not_ask_palette_keeps_what_is_known_of_clusters() -> None:
    before = report_of_day(0, WELL, findings=[unprotected("a")], coverage=coverage())
    blind = report_of_day(1, problems=["Palette could not be asked: HTTP 500."], coverage=None)
    later = report_of_day(2, WELL, findings=[unprotected("a")], coverage=coverage())

    assert changes_since(blind, before) == Changes()
    assert codes(changes_since(later, before, blind).ongoing) == ["a: cluster-unprotected"]


def test_a_muted_cluster_in_no_policy_is_not_mentioned_and_not_resolved_by_that() -> None:
    before = report_of_day(0, WELL, findings=[unprotected("a")], coverage=coverage())
    muted = unprotected("a")
    muted.evidence["clusters"][0]["muted"] = True
    silenced = report_of_day(1, WELL, findings=[muted], coverage=coverage())
    later = report_of_day(2, WELL, findings=[unprotected("a")], coverage=coverage())

    assert changes_since(silenced, before) == Changes()
    assert codes(changes_since(later, before, silenced).new) == ["a: cluster-unprotected"]


def test_clusters_of_a_tenant_that_is_no_longer_asked_are_no_longer_judged() -> None:
    before = report_of_day(0, WELL, findings=[unprotected("a")], coverage=coverage())
    later = report_of_day(1, shop(tenant="acme"), coverage=coverage(), tenants={"acme": ()})

    reasons = [change.reason for change in changes_since(later, before).no_longer_judged]

    assert reasons == ["its tenant is no longer asked"]
