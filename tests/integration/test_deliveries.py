"""The real handler, from event to channels, through retries, changes and redeliveries."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from backup_reporter.demo.documents import Fleet, part, uid_of
from backup_reporter.demo.fleet import instructive, synthetic
from backup_reporter.errors import DeliveryFailed, InvalidRequest
from support.local_server import Answer
from support.lookalike import LookAlike
from support.slack_server import SlackServer, webhook_error
from support.world import LocalAws, World, world

SCHEDULED = {"scheduledTime": "2026-11-24T07:00:00Z"}
NOW = datetime.now(UTC)
EVENTS = Path(__file__).parents[2] / "events"


@pytest.fixture
def deployed(aws: LocalAws) -> Iterator[World]:
    """The function with everything that remembers: a bucket and a table."""
    aws.make_bucket("kept")
    aws.make_delivery_table("deliveries")
    with (
        LookAlike(instructive(NOW), rate_limit=False) as palette,
        SlackServer() as slack,
        world(aws, palette, slack) as everything,
    ):
        everything.environment |= {
            "PALETTE_REQUESTS_PER_SECOND": "1000",
            "PALETTE_BURST": "1000",
            "REPORT_BUCKET": "kept",
            "DELIVERY_TABLE": "deliveries",
        }
        yield everything


def test_a_retried_run_reaches_only_the_channel_that_lacks_the_report(deployed: World) -> None:
    deployed.slack.fault = lambda _: webhook_error("no_service")
    with pytest.raises(DeliveryFailed, match="slack: Slack refused: no_service"):
        deployed.invoke(SCHEDULED)
    deployed.slack.fault = None

    retried, again = deployed.invoke(SCHEDULED), deployed.invoke(SCHEDULED)

    assert statuses(retried) == {"sns": "duplicate", "slack": "delivered"}
    assert statuses(again) == {"sns": "duplicate", "slack": "duplicate"}
    assert len(subjects(deployed)) == 1
    assert len(deployed.slack.messages) == 1


UNRESOLVED = {"scheduledTime": "<aws.scheduler.scheduled-time>"}
SAMPLE = {"detail-type": "Scheduled Event", "source": "aws.events", "time": "1970-01-01T00:00:00Z", "detail": {}}


@pytest.mark.parametrize("event", [UNRESOLVED, SAMPLE, {**SAMPLE, "time": None}], ids=["placeholder", "1970", "null"])
def test_a_schedule_without_a_usable_time_makes_a_report_and_its_retries_deliver_once(
    deployed: World, event: dict[str, Any]
) -> None:
    first, retried = deployed.invoke(event), deployed.invoke(event)
    another = deployed.invoke(event, invocation_id="99999999-2222-3333-4444-555555555555")

    assert "this report is about the time it was made" in first["notes"][0]
    assert statuses(first) == {"sns": "delivered", "slack": "delivered"}
    assert statuses(retried) == {"sns": "duplicate", "slack": "duplicate"}
    assert statuses(another) == {"sns": "delivered", "slack": "delivered"}


def test_the_example_event_for_one_workspace_works_as_it_stands(deployed: World) -> None:
    event = json.loads((EVENTS / "one-workspace.json").read_text())
    report = deployed.invoke({**event, "notify": "never"})

    assert [workspace["name"] for workspace in report["workspaces"]] == event["workspaceUids"]
    assert report["scope"]["workspaceUids"] == [report["workspaces"][0]["uid"]]


def test_each_run_of_a_warm_function_claims_for_itself(deployed: World) -> None:
    # One that was left behind and wakes up in the next invocation must not undo what that one has delivered.
    deployed.invoke(SCHEDULED)
    deployed.invoke({"scheduledTime": "2026-11-25T07:00:00Z"})

    entries = deployed.aws.client("dynamodb").scan(TableName="deliveries")["Items"]

    runs = {(entry["id"]["S"].split("/")[1], entry["claimedBy"]["S"]) for entry in entries}
    assert len(runs) == len({owner for _, owner in runs}) == 2


def test_the_next_day_is_another_report(deployed: World) -> None:
    deployed.invoke(SCHEDULED)
    deployed.invoke({"scheduledTime": "2026-11-25T07:00:00Z"})

    assert len(subjects(deployed)) == 2


def test_functions_that_share_a_table_do_not_take_each_others_reports_for_their_own(deployed: World) -> None:
    for name in ("reporter-east", "reporter-west"):
        deployed.environment["AWS_LAMBDA_FUNCTION_NAME"] = name
        assert statuses(deployed.invoke(SCHEDULED)) == {"sns": "delivered", "slack": "delivered"}


def test_on_demand_a_failure_is_an_answer_and_no_error(deployed: World) -> None:
    deployed.slack.fault = lambda _: Answer(404, b"no_service")

    answer = deployed.invoke({})

    assert statuses(answer) == {"sns": "delivered", "slack": "failed"}


def failing(project: str, name: str) -> Fleet:
    """The instructive fleet, with a workspace of which the latest backup failed."""
    fleet, uid = instructive(NOW), uid_of("workspace", project, name)
    document: Any = copy.deepcopy(fleet.backups[uid])
    runs = document["status"]["workspaceBackupStatuses"]
    latest = max(runs, key=lambda run: str(run["workspaceBackupConfig"]["requestTime"]))["workspaceBackupConfig"]
    for state in (
        latest["backupState"],
        *(part(ref, "backupStatusMeta", "backupState") for ref in latest["clusterBackupRefs"]),
    ):
        state["state"] = "Failed"
    return replace(fleet, backups={**fleet.backups, uid: document})


def test_a_report_says_what_changed_since_the_last_one(deployed: World) -> None:
    deployed.palette.fleet = failing("staging", "profiles")
    first = deployed.invoke(SCHEDULED)
    deployed.palette.fleet = failing("prod", "identity")

    second = deployed.invoke({"scheduledTime": "2026-11-25T07:00:00Z"})

    assert first["changes"]["note"].startswith("No earlier report of this scope is kept")
    assert {change["workspaceName"] for change in second["changes"]["new"]} == {"identity"}
    assert {change["workspaceName"] for change in second["changes"]["resolved"]} == {"profiles"}
    assert len(second["changes"]["ongoing"]) > 5
    shown = str(deployed.slack.messages[-1].payload["blocks"])
    assert "Since the last report: " in shown
    assert re.search(r"[Rr]esolved[^\n]*: [^\n]*profiles", shown), shown


def test_notify_changes_speaks_only_of_changes(deployed: World) -> None:
    deployed.environment["NOTIFY"] = "changes"
    deployed.palette.fleet = failing("staging", "profiles")
    days = [{"scheduledTime": f"2026-11-{day}T07:00:00Z"} for day in (24, 25, 26, 27)]

    deployed.invoke(days[0])
    unchanged = deployed.invoke(days[1])
    deployed.palette.fleet = instructive(NOW)
    deployed.invoke({"workspaceUids": [unchanged["workspaces"][0]["uid"]], "notify": "always"})
    changed = deployed.invoke(days[2])
    calm_again = deployed.invoke(days[3])

    assert statuses(unchanged) == {"sns": "skipped", "slack": "skipped"}
    assert statuses(changed) == {"sns": "delivered", "slack": "delivered"}
    assert statuses(calm_again) == {"sns": "skipped", "slack": "skipped"}


def test_news_of_a_report_that_is_made_again_late_reach_the_channel_that_had_the_old_one(deployed: World) -> None:
    deployed.environment["NOTIFY"] = "changes"
    days = [{"scheduledTime": f"2026-11-{day}T07:00:00Z"} for day in (24, 25, 26)]
    deployed.slack.fault = lambda _: webhook_error("no_service")
    with pytest.raises(DeliveryFailed):
        deployed.invoke(days[0])
    deployed.slack.fault = None
    deployed.invoke(days[1])
    deployed.palette.fleet = failing("staging", "profiles")

    late = deployed.invoke(days[0])
    after = deployed.invoke(days[2], invocation_id="another")

    assert statuses(late) == {"sns": "duplicate", "slack": "delivered"}
    assert statuses(after) == {"sns": "delivered", "slack": "delivered"}
    assert f"The report {late['reportId']} did not reach every channel." in after["notes"]


def without_signatures(payload: Mapping[str, Any]) -> str:
    """The message, but for when its link to the page was signed."""
    return re.sub(r"X-Amz-(Date|Signature)=\w+", "", json.dumps(payload))


def test_a_kept_report_is_sent_again_without_asking_palette(deployed: World) -> None:
    report_id = deployed.invoke(SCHEDULED)["reportId"]
    asked = len(deployed.palette.requests)

    answer = deployed.invoke({"redeliver": report_id, "channels": ["slack"]})

    assert answer["reportId"] == report_id
    assert statuses(answer) == {"slack": "delivered"}
    assert len(deployed.palette.requests) == asked
    first, second = deployed.slack.messages
    assert without_signatures(first.payload) == without_signatures(second.payload)
    assert len(subjects(deployed)) == 1


def test_an_unknown_report_cannot_be_sent_again(deployed: World) -> None:
    with pytest.raises(InvalidRequest, match="no report 20200101T000000Z-00000000 is kept"):
        deployed.invoke({"redeliver": "20200101T000000Z-00000000"})

    assert deployed.slack.requests == []


def test_a_palette_that_cannot_be_asked_is_reported_like_anything_else(deployed: World) -> None:
    deployed.palette.api_key = "another"

    answer = deployed.invoke(SCHEDULED)

    assert answer["status"] == "UNKNOWN"
    assert subjects(deployed) == [f"UNKNOWN Palette backups: nothing could be checked ({NOW.day} {NOW:%b})"]
    assert "Palette could not be asked" in json.dumps(deployed.slack.messages[0].payload)


def test_everything_around_may_be_broken_and_the_report_comes_out_all_the_same(deployed: World) -> None:
    deployed.environment["REPORT_BUCKET"] = "no-such-bucket"
    deployed.environment["DELIVERY_TABLE"] = "no-such-table"

    answer = deployed.invoke(SCHEDULED)

    assert statuses(answer) == {"sns": "delivered", "slack": "delivered"}
    assert "no-such-bucket: NoSuchBucket" in answer["notes"][0]
    assert "no-such-table cannot be used: ResourceNotFoundException" in answer["deliveries"][0]["error"]
    assert "could not be kept" in json.dumps(deployed.slack.messages[0].payload)


def test_a_fleet_of_hundreds_arrives_everywhere(deployed: World) -> None:
    deployed.palette.fleet = synthetic(300, days=3, clusters=2, seed=1, now=NOW, healthy_share=0.5)

    answer = deployed.invoke(SCHEDULED)

    assert answer["summary"]["workspaces"] == 300
    assert statuses(answer) == {"sns": "delivered", "slack": "delivered"}
    assert deployed.slack.messages[0].warnings == ()


def subjects(deployed: World) -> list[str]:
    """What came to the topic since the last look."""
    return [message["Subject"] for message in deployed.notifications()]


def statuses(answer: dict[str, Any]) -> dict[str, str]:
    return {delivery["channel"]: delivery["status"] for delivery in answer["deliveries"]}
