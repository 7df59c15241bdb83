"""Whether a restore was tried, and how the last one ended."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from backup_reporter.health.judge import judge
from backup_reporter.health.model import Restore
from backup_reporter.health.thresholds import Thresholds
from backup_reporter.health.workspace_report import LastRestore, WorkspaceReport
from support.builders import NOW, at, backup, decoded, label, listed, nightly

EVERY_MONTH = Thresholds(restore_test_max_age=timedelta(days=31))


def restore(when: str | None, state: str = "Completed", message: str | None = None) -> Restore:
    return Restore(at=at(when) if when else None, state=state, message=message)


def judged(*restores: Restore, thresholds: Thresholds = EVERY_MONTH) -> WorkspaceReport:
    workspace, result = decoded(listed(), backup(*nightly()))
    return judge(workspace, msgspec.structs.replace(result, restores=restores), thresholds, NOW).report


def codes(*restores: Restore, thresholds: Thresholds = EVERY_MONTH) -> list[str]:
    return [label(finding) for finding in judged(*restores, thresholds=thresholds).findings]


GOOD = restore("11-20 06:00")

CASES = {
    "A restore that succeeded within the time is enough": ([GOOD], []),
    "A restore is enough until the time is over, to the second": ([restore("10-23 07:00")], []),
    "A restore is not enough when the time is over": ([restore("10-23 06:59:59")], ["restore-untested"]),
    "No restore is none that succeeded": ([], ["restore-untested"]),
    "A restore without a date may be too old": ([restore(None)], ["restore-untested"]),
    "A restore without a date hides none that has one": ([restore(None), GOOD, restore(None)], []),
    "The newest restore counts, in whatever order they come": (
        [restore("10-01 06:00"), GOOD, restore("09-01 06:00")],
        [],
    ),
    "A restore that failed is none that succeeded": (
        [restore("11-20 06:00", "Failed")],
        ["restore-failed", "restore-untested"],
    ),
    "An incomplete restore is one that failed": ([GOOD, restore("11-21 06:00", "PartiallyFailed")], ["restore-failed"]),
    "A failed restore is past once a newer one has succeeded": ([restore("11-19 06:00", "Failed"), GOOD], []),
    "A restore that is at work hides no failed one": (
        [GOOD, restore("11-21 06:00", "Failed"), restore("11-23 06:00", "InProgress")],
        ["restore-failed"],
    ),
    "A restore that is dated in the future is none": ([restore("12-24 06:00")], ["restore-untested"]),
    "A restore that is dated in the future hides no failed one": (
        [restore("12-24 06:00"), GOOD, restore("11-21 06:00", "Failed")],
        ["restore-failed"],
    ),
    "A clock that is a little fast dates no restore in the future": ([restore("11-23 07:04")], []),
    "A restore that is at work is neither tested nor failed": (
        [restore("11-23 06:00", "InProgress")],
        ["restore-untested"],
    ),
}


@pytest.mark.parametrize(("restores", "expected"), CASES.values(), ids=CASES.keys())
def test_restores(restores: list[Restore], expected: list[str]) -> None:
    assert codes(*restores) == expected


@pytest.mark.parametrize(
    ("created", "expected"),
    [
        ("11-23 07:00", []),
        ("10-24 06:00", []),
        ("10-23 07:00:01", []),
        ("10-23 07:00", ["restore-untested"]),
        ("12-24 06:00", ["restore-untested"]),
        (None, ["restore-untested"]),
    ],
)
def test_a_new_workspace_has_the_same_time_for_its_first_restore(created: str | None, expected: list[str]) -> None:
    workspace, result = decoded(listed(created=created), backup(*nightly()))
    report = judge(workspace, msgspec.structs.replace(result, restores=()), EVERY_MONTH, NOW).report

    assert [label(finding) for finding in report.findings] == expected


def test_a_new_workspace_has_that_time_though_a_restore_without_a_date_succeeded() -> None:
    workspace, result = decoded(listed(created="11-20 06:00"), backup(*nightly()))
    undated = msgspec.structs.replace(result, restores=(restore(None),))

    assert judge(workspace, undated, EVERY_MONTH, NOW).report.findings == ()


def test_an_incomplete_backup_is_one_that_a_restore_can_be_tried_with() -> None:
    workspace, result = decoded(listed(), backup(*nightly(state="PartiallyFailed")))
    report = judge(workspace, msgspec.structs.replace(result, restores=()), EVERY_MONTH, NOW).report

    assert "restore-untested" in [label(finding) for finding in report.findings]


def test_a_new_workspace_whose_restore_failed_is_told_so() -> None:
    workspace, result = decoded(listed(created="11-20 06:00"), backup(*nightly()))
    failed = msgspec.structs.replace(result, restores=(restore("11-21 06:00", "Failed"),))

    assert [label(finding) for finding in judge(workspace, failed, EVERY_MONTH, NOW).report.findings] == [
        "restore-failed"
    ]


def test_a_restore_is_remembered_when_palette_forgets_it_with_the_cluster_it_went_to() -> None:
    workspace, result = decoded(listed(), backup(*nightly()))
    with_restore = msgspec.structs.replace(result, restores=(GOOD, restore("11-21 06:00", "Failed")))
    without = msgspec.structs.replace(result, restores=())
    remembered = judge(workspace, with_restore, EVERY_MONTH, NOW).remembered

    tomorrow = judge(workspace, without, EVERY_MONTH, NOW + timedelta(days=1), remembered=remembered)
    much_later = judge(workspace, without, EVERY_MONTH, NOW + timedelta(days=40), remembered=tomorrow.remembered).report

    assert "restore-untested" not in [finding.code for finding in tomorrow.report.findings]
    assert tomorrow.report.last_restore == LastRestore(at=GOOD.at, state="Completed")
    (untested,) = [finding for finding in much_later.findings if finding.code == "restore-untested"]
    assert untested.message == "The last successful restore was on Fri 2026-11-20; one is expected every 31 days."


def test_a_remembered_restore_does_not_hide_that_restores_cannot_be_read() -> None:
    workspace, result = decoded(listed(), backup(*nightly()))
    remembered = judge(workspace, msgspec.structs.replace(result, restores=(GOOD,)), EVERY_MONTH, NOW).remembered
    refused = msgspec.structs.replace(result, restores_error="HTTP 403")

    report = judge(workspace, refused, EVERY_MONTH, NOW, remembered=remembered).report

    assert [label(finding) for finding in report.findings] == ["restore-untested"]
    assert report.last_restore is None


def test_a_further_word_for_a_state_is_one_for_a_restore_too() -> None:
    told = Thresholds(
        restore_test_max_age=timedelta(days=31), extra_states={"restored": "succeeded", "broken": "failed"}
    )

    assert codes(restore("11-20 06:00", "Restored"), thresholds=told) == []
    assert codes(GOOD, restore("11-21 06:00", "Broken"), thresholds=told) == ["restore-failed"]


def test_nobody_asks_for_a_restore_unless_that_is_set() -> None:
    assert codes(thresholds=Thresholds()) == []


def test_the_report_names_the_last_restore_whatever_became_of_it() -> None:
    assert judged(restore("11-21 06:00", "Failed"), GOOD).last_restore == LastRestore(
        at=at("11-21 06:00"), state="Failed"
    )
    assert judged().last_restore is None


def test_the_report_says_whether_restores_are_known() -> None:
    workspace, result = decoded(listed(), backup(*nightly()))
    known = [
        judge(workspace, msgspec.structs.replace(result, restores=restores, restores_error=error), EVERY_MONTH, NOW)
        for restores, error in (((), None), (None, "HTTP 403"), (None, None))
    ]
    assert [judgment.report.restores_known for judgment in known] == [True, False, None]
