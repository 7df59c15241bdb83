from datetime import datetime
from typing import Any

import msgspec

from backup_reporter.health.workspace_report import WorkspaceReport
from backup_reporter.report.changes import Baseline, compare, fewer_line
from backup_reporter.report.model import Change, Changes, Report
from support.report_builders import NOW, a_finding, a_report, a_workspace, days

FIRST = "No earlier report."


def report_of_day(day: int, *workspaces: WorkspaceReport, **more: Any) -> Report:
    return a_report(*workspaces, as_of=NOW + days(day), report_id=f"day {day}", **more)


def after(*reports: Report) -> Baseline:
    baseline = None
    for report in reports:
        _, baseline = compare(report, baseline, FIRST)
    assert baseline
    return baseline


def changes_since(report: Report, *earlier: Report) -> Changes:
    return compare(report, after(*earlier), FIRST)[0]


def codes(changes: tuple[Change, ...]) -> list[str]:
    return [f"{change.workspace_name}: {change.code}" for change in changes]


def begins(changes: tuple[Change, ...]) -> list[datetime | None]:
    return [change.since for change in changes]


BROKEN = a_workspace("shop", a_finding())
WELL = a_workspace("shop")


def test_without_an_earlier_report_everything_is_new_and_is_said_to_be() -> None:
    changes, _ = compare(report_of_day(0, BROKEN), None, FIRST)

    assert codes(changes.new) == ["shop: backup-failed"]
    assert changes.note == FIRST


def test_a_missing_earlier_report_is_said_where_nothing_is_wrong_too() -> None:
    assert compare(report_of_day(0, WELL), None, FIRST)[0] == Changes(note=FIRST)


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
        a_workspace("shop", a_finding(cluster_uid="c-2", cluster_name="us-2"), a_finding("backup-stuck")),
        a_workspace("other", a_finding()),
    )

    changes = changes_since(later, report_of_day(0, BROKEN))

    assert codes(changes.new) == ["other: backup-failed", "shop: backup-failed", "shop: backup-stuck"]
    assert codes(changes.resolved) == ["shop: backup-failed"]


def test_ongoing_is_counted_from_its_own_beginning_or_else_from_when_it_was_first_seen() -> None:
    def today(day: int) -> Report:
        return report_of_day(
            day, a_workspace("a", a_finding(since=NOW - days(5))), a_workspace("b", a_finding("not-protected"))
        )

    changes = changes_since(today(2), today(0), today(1))

    assert begins(changes.ongoing) == [NOW - days(5), NOW]


def test_a_retry_of_the_same_report_finds_the_same_news() -> None:
    baseline = after(report_of_day(0, WELL), report_of_day(1, BROKEN))

    changes, following = compare(report_of_day(1, BROKEN), baseline, FIRST)

    assert codes(changes.new) == ["shop: backup-failed"]
    assert following == baseline


def test_a_retry_of_the_first_report_says_again_that_it_is_the_first() -> None:
    changes, _ = compare(report_of_day(0, BROKEN), after(report_of_day(0, BROKEN)), FIRST)

    assert changes.note == FIRST


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


def test_a_workspace_that_is_gone_takes_its_findings_with_it() -> None:
    later = report_of_day(1, a_workspace("other"))

    assert codes(changes_since(later, report_of_day(0, BROKEN)).resolved) == ["shop: backup-failed"]


def test_fewer_workspaces_than_before_are_said_by_project_once_and_on_a_retry() -> None:
    def of(project: str, *names: str) -> list[WorkspaceReport]:
        return [
            msgspec.structs.replace(a_workspace(name), project_uid=f"uid of {project}", project_name=project)
            for name in names
        ]

    first = report_of_day(0, *of("prod", "shop", "ledger", "search"), *of("staging", "shop"), *of("test", "shop"))
    less = report_of_day(1, *of("prod", "shop"), *of("test", "shop", "search"))
    said = (
        "There are fewer workspaces than in the last report: 1 instead of 3 in prod, none instead of 1 in staging. "
        "Were they deleted, or may the API key no longer see them?"
    )

    assert fewer_line(after(first)) is None
    assert fewer_line(after(first, less)) == said
    assert fewer_line(after(first, less, less)) == said
    assert fewer_line(after(first, less, report_of_day(2, *less.workspaces))) is None


def test_workspaces_that_could_not_be_listed_are_missed_once_everything_can_be() -> None:
    both = report_of_day(0, BROKEN, a_workspace("ledger"))
    blind = report_of_day(1, problems=("Palette could not be asked.",))
    less = report_of_day(2, a_workspace("ledger"))

    assert fewer_line(after(both, blind)) is None
    assert fewer_line(after(both, blind, report_of_day(2, *both.workspaces))) is None
    assert "1 instead of 2 in prod" in (fewer_line(after(both, blind, less)) or "")


def test_a_workspace_that_no_project_listed_is_not_missed_when_one_does() -> None:
    nowhere = msgspec.structs.replace(a_workspace("shop", a_finding("unreadable")), project_uid="", project_name="")

    assert fewer_line(after(report_of_day(0, nowhere), report_of_day(1, WELL))) is None
    assert fewer_line(after(report_of_day(0, WELL), report_of_day(1, nowhere))) is not None


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
    changes, _ = compare(report_of_day(2, BROKEN), msgspec.convert(kept, Baseline), FIRST)

    assert [change.project_name for change in changes.ongoing] == ["prod"]
    assert [change.project_name for change in changes.resolved] == [None]


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
