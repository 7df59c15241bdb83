"""The real handler, day after day: what one report remembers, the next one knows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from backup_reporter.proof.archive import DirectoryArchive, load
from backup_reporter.proof.verify import verify
from support.world import PROJECT, LocalAws, World, a_fleet, a_result, a_run, an_item

LAST_NIGHT = (datetime.now(UTC) - timedelta(hours=1)).replace(hour=1, minute=0, second=0, microsecond=0)
if datetime.now(UTC) < LAST_NIGHT:
    LAST_NIGHT -= timedelta(days=1)
NIGHTS = [LAST_NIGHT - timedelta(days=days) for days in range(1, 11)]
COPIES = a_result(*(a_run(at) for at in NIGHTS), schedule="0 1 * * *")
ROBBED = a_result(a_run(NIGHTS[-1]), schedule="0 1 * * *")
"""The newest copies are gone, and nothing says why."""


@pytest.fixture
def remembering(around: World, aws: LocalAws) -> World:
    """A world with a bucket, after a first scheduled report."""
    aws.make_bucket("reports")
    around.environment["REPORT_BUCKET"] = "reports"
    around.palette.fleet = a_fleet({"ws-1": COPIES})
    around.invoke(scheduled(1))
    return around


def scheduled(minutes: int) -> dict[str, str]:
    """The event of one of several scheduled times, each with a report of its own."""
    return {"scheduledTime": f"{datetime.now(UTC) - timedelta(minutes=60 - minutes):%Y-%m-%dT%H:%M:%SZ}"}


def codes(report: dict[str, Any]) -> set[str]:
    return {finding["code"] for workspace in report["workspaces"] for finding in workspace["findings"]}


def news(report: dict[str, Any]) -> list[tuple[str, str]]:
    return [(finding["workspaceUid"], finding["code"]) for finding in report["changes"]["new"]]


def test_copies_that_the_last_report_knew_are_missed(remembering: World) -> None:
    remembering.palette.fleet = a_fleet({"ws-1": ROBBED})
    assert "restore-points-vanished" in codes(remembering.invoke(scheduled(2)))


def test_without_a_baseline_nothing_is_missed(remembering: World, aws: LocalAws) -> None:
    remembering.palette.fleet = a_fleet({"ws-1": ROBBED})
    for entry in aws.client("s3").list_objects_v2(Bucket="reports", Prefix="reports/baseline/")["Contents"]:
        aws.client("s3").delete_object(Bucket="reports", Key=entry["Key"])
    assert "restore-points-vanished" not in codes(remembering.invoke(scheduled(2)))


@pytest.mark.parametrize("request_", [{"workspaceUids": ["ws-1"]}, {"notify": "never"}, {"channels": ["sns"]}], ids=str)
def test_a_report_on_demand_reads_what_is_remembered_and_changes_nothing(
    remembering: World, request_: dict[str, Any]
) -> None:
    remembering.palette.fleet = a_fleet({"ws-1": ROBBED})
    assert "restore-points-vanished" in codes(remembering.invoke(request_))
    remembering.palette.fleet = a_fleet({"ws-1": COPIES})
    assert "restore-points-vanished" not in codes(remembering.invoke(scheduled(2)))


def test_a_question_about_the_past_uses_no_memory_that_is_younger(remembering: World) -> None:
    remembering.palette.fleet = a_fleet({"ws-1": ROBBED})
    yesterday = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
    assert "restore-points-vanished" not in codes(remembering.invoke({"asOf": yesterday}))


def test_a_retry_tells_the_same_news(remembering: World) -> None:
    remembering.palette.fleet = a_fleet({"ws-1": ROBBED, "ws-2": COPIES})
    event = scheduled(2)
    first, retried = remembering.invoke(event), remembering.invoke(event)
    assert news(retried) == news(first)
    assert codes(retried) == codes(first)
    assert "restore-points-vanished" in codes(first)


def test_a_workspace_that_could_not_be_read_is_remembered(remembering: World) -> None:
    remembering.palette.fleet = a_fleet({"ws-1": "not JSON"})
    assert codes(remembering.invoke(scheduled(2))) == {"unreadable"}
    remembering.palette.fleet = a_fleet({"ws-1": ROBBED})
    assert "restore-points-vanished" in codes(remembering.invoke(scheduled(3)))


def test_a_schedule_that_is_gone_is_said_and_its_findings_are_no_longer_judged(remembering: World) -> None:
    late = a_result(*(a_run(at) for at in NIGHTS[2:]), schedule="0 1 * * *")
    remembering.palette.fleet = a_fleet({"ws-1": late})
    assert "backup-overdue" in codes(remembering.invoke(scheduled(2)))
    remembering.palette.fleet = a_fleet({"ws-1": a_result(*(a_run(at) for at in NIGHTS[2:]), schedule="")})
    report = remembering.invoke(scheduled(3))
    assert [note for note in report["notes"] if "'0 1 * * *' is gone" in note]
    gone = {finding["code"]: finding["reason"] for finding in report["changes"]["noLongerJudged"]}
    assert gone["backup-overdue"] == "the workspace has no schedule any more"


def test_a_workspace_that_is_no_longer_listed_breaks_the_silence_of_problems(remembering: World) -> None:
    fine = a_result(*(a_run(at) for at in NIGHTS), a_run(LAST_NIGHT))
    both = [an_item("ws-1", "payments"), an_item("ws-2", "ledger")]
    remembering.environment["NOTIFY"] = "problems"
    remembering.palette.fleet = a_fleet({"ws-1": fine, "ws-2": fine}, {PROJECT: both})
    remembering.invoke(scheduled(2))
    remembering.notifications()
    remembering.palette.fleet = a_fleet({"ws-1": fine}, {PROJECT: both[:1]})
    report = remembering.invoke(scheduled(3))
    assert report["status"] == "OK", codes(report)
    assert [delivery["status"] for delivery in report["deliveries"]] == ["delivered", "delivered"]
    assert any("No longer listed since the last report: project-1 / ledger." in note for note in report["notes"])


def test_the_evidence_of_a_report_that_remembers_recomputes_it(
    remembering: World, aws: LocalAws, tmp_path: Path
) -> None:
    remembering.palette.fleet = a_fleet({"ws-1": ROBBED})
    report = remembering.invoke(scheduled(2))
    for entry in aws.client("s3").list_objects_v2(Bucket="reports")["Contents"]:
        file = tmp_path / entry["Key"].removeprefix("reports/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(aws.client("s3").get_object(Bucket="reports", Key=entry["Key"])["Body"].read())
    archive = DirectoryArchive(tmp_path)
    kept = load(archive, report["reportId"])
    assert kept
    found = verify(archive, kept)
    assert (found.problems, found.differences) == ((), ())
