import json

import msgspec
import pytest
from msgspec.structs import replace

from backup_reporter.records import Record
from backup_reporter.report.model import Change, Changes, Report, to_json
from backup_reporter.report.truncate import ANSWER, ANSWER_BYTES, SizeLimit, fit
from support.report_builders import NOW, a_cluster, a_failing_fleet, a_finding, a_green_report, a_report, a_workspace


def size(record: Record) -> int:
    return len(to_json(record) if isinstance(record, Report) else msgspec.json.encode(record))


def size_of_answer(report: Report) -> int:
    return len(json.dumps(json.loads(to_json(report))))


def test_a_report_that_fits_is_left_alone() -> None:
    report = a_green_report()

    assert fit(report) is report
    assert fit(report, SizeLimit(size(report), size)) is report


def test_healthy_workspaces_lose_their_details_first() -> None:
    details = {"palettesMessage": "x" * 1000}
    well = a_workspace("well", a_finding("disks-not-included", evidence=details), clusters=(a_cluster(),))
    broken = a_workspace("broken", a_finding(evidence=details), clusters=(a_cluster(),))
    report = a_report(well, broken)

    cut = fit(report, SizeLimit(size(report) - 100, size))

    assert [workspace.findings[0].evidence for workspace in cut.workspaces] == [details, {}]
    assert cut.truncated


@pytest.mark.parametrize("limit", [3_000, 10_000, 100_000])
def test_what_is_left_fits_and_is_the_worst(limit: int) -> None:
    failing = a_failing_fleet([f"Cause {number}. " + "word " * 100 for number in range(300)], 300)
    report = a_report(*a_green_report(300).workspaces, *failing.workspaces)

    cut = fit(report, SizeLimit(limit, size))

    assert size(cut) <= limit
    assert cut.truncated
    assert cut.summary == report.summary
    assert {workspace.status for workspace in cut.workspaces} == {"CRITICAL"}
    assert len(cut.workspaces) > limit / 2_000


@pytest.mark.parametrize("share_of_limit", [0.4, 3])
def test_one_huge_workspace_does_not_push_the_others_out(share_of_limit: float) -> None:
    limit = SizeLimit(100_000, size)
    huge = a_workspace(
        "a", *(a_finding(cluster_name=f"cluster-{n}") for n in range(int(share_of_limit * limit.max_bytes / 200)))
    )
    failing = a_failing_fleet(["The key has expired."], 20)
    report = a_report(huge, *failing.workspaces, *a_green_report(100).workspaces)

    cut = fit(report, limit)

    assert size(cut) <= limit.max_bytes
    assert {f"shop-{number}" for number in range(20)} <= {workspace.name for workspace in cut.workspaces}


def test_it_fits_to_the_byte_whatever_the_room() -> None:
    report = a_report(*(a_workspace(f"shop-{number}", a_finding()) for number in range(300)))

    for limit in range(20_000, 60_000, 331):
        assert size(fit(report, SizeLimit(limit, size))) <= limit
        assert size_of_answer(fit(report, replace(ANSWER, max_bytes=limit))) <= limit


def test_the_answer_is_measured_as_lambda_writes_it() -> None:
    report = a_failing_fleet(["é" * 2000], 2000)

    cut = fit(report)

    assert len(to_json(report)) < ANSWER_BYTES * 2
    assert size_of_answer(cut) <= ANSWER_BYTES


def test_changes_are_cut_too_the_new_ones_last() -> None:
    def many(code: str) -> tuple[Change, ...]:
        return tuple(
            Change(
                workspace_uid=f"{number}",
                workspace_name=f"shop-{number}",
                cluster_uid=None,
                cluster_name=None,
                code=code,
                severity="critical",
                message="word " * 100,
                since=NOW,
            )
            for number in range(200)
        )

    changes = Changes(new=many("a"), ongoing=many("b"), resolved=many("c"))
    report = msgspec.structs.replace(a_failing_fleet(["x"], 50), changes=changes)

    cut = fit(report, SizeLimit(60_000, size))

    assert size(cut) <= 60_000
    assert 0 < len(cut.changes.new) < 200
    assert cut.changes.ongoing == ()
    assert len(cut.workspaces) == 50


def test_problems_and_notes_are_bounded_as_well() -> None:
    report = a_report(a_workspace("a"), problems=("problem " * 1000,) * 1000)

    cut = fit(report, SizeLimit(100_000, size))

    assert size(cut) <= 100_000
    assert len(cut.problems) == 20
