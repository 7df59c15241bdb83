"""The EventBridge channel against moto: a rule on the bus sends to a queue, which is read."""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from backup_reporter.channels.eventbridge import MAX_BYTES, EventBridgeChannel, payload
from backup_reporter.errors import ChannelError
from backup_reporter.report.model import Report, from_json
from support.report_builders import a_failing_fleet, a_finding, a_green_report, a_report, a_workspace
from support.world import REGION, LocalAws

UTC = ZoneInfo("UTC")


class Bus:
    """A bus with one rule, whose target is a queue."""

    def __init__(self, aws: LocalAws, pattern: dict[str, Any]) -> None:
        events = aws.client("events")
        self._sqs = aws.client("sqs")
        self._queue = self._sqs.create_queue(QueueName="target")["QueueUrl"]
        events.create_event_bus(Name="backups")
        events.put_rule(Name="rule", EventBusName="backups", EventPattern=json.dumps(pattern))
        target = {"Id": "queue", "Arn": f"arn:aws:sqs:{REGION}:123456789012:target"}
        events.put_targets(Rule="rule", EventBusName="backups", Targets=[target])
        self.channel = EventBridgeChannel(events, "backups")

    def received(self) -> list[dict[str, Any]]:
        messages = self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"]) for message in messages]


def send(channel: EventBridgeChannel, report: Report) -> None:
    channel.send(report, UTC, lambda: 60.0)


def test_a_report_is_one_event_with_the_report_as_its_detail(aws: LocalAws) -> None:
    bus, report = Bus(aws, {"source": ["backup-reporter"]}), a_report(a_workspace("payments", a_finding()))

    send(bus.channel, report)

    (event,) = bus.received()
    assert (event["source"], event["detail-type"]) == ("backup-reporter", "Backup Report")
    assert event["time"] == "2026-11-24T07:00:00Z"
    assert from_json(json.dumps(event["detail"]).encode()) == report


@pytest.mark.parametrize(
    "detail",
    [{"status": ["CRITICAL", "UNKNOWN"]}, {"summary": {"critical": [{"numeric": [">", 0]}]}}],
    ids=["by status", "by number"],
)
def test_a_users_rule_picks_what_it_is_after(detail: dict[str, Any], aws: LocalAws) -> None:
    bus = Bus(aws, {"source": ["backup-reporter"], "detail-type": ["Backup Report"], "detail": detail})

    send(bus.channel, a_green_report())
    send(bus.channel, a_report(a_workspace("payments", a_finding())))

    assert [event["detail"]["status"] for event in bus.received()] == ["CRITICAL"]


@given(name=st.text(), message=st.text())
def test_whatever_the_report_says_the_event_is_json_of_the_size_that_is_allowed(name: str, message: str) -> None:
    entry = payload(a_report(a_workspace(name, a_finding(message=message))), "default")

    assert json.loads(entry["Detail"])["workspaces"][0]["name"] == name
    assert size(entry) <= MAX_BYTES


def test_a_fleet_too_large_for_an_event_is_cut_to_the_worst() -> None:
    entry = payload(a_failing_fleet([f"Cause {n} é🔥 " + "word " * 400 for n in range(2000)], 2000), "default")

    report = from_json(entry["Detail"].encode())
    assert size(entry) <= MAX_BYTES
    assert report.truncated
    assert report.summary.critical == 2000
    assert len(report.workspaces) > 200


def size(entry: Any) -> int:
    """As EventBridge counts: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html."""
    return 14 + sum(len(entry[name].encode()) for name in ("Source", "DetailType", "Detail"))


def test_a_bus_that_is_not_there_is_named_as_the_reason(aws: LocalAws) -> None:
    with pytest.raises(ChannelError, match="the event bus nowhere did not take the report"):
        send(EventBridgeChannel(aws.client("events"), "nowhere"), a_green_report())


def refusing(aws: LocalAws, *codes: str) -> tuple[EventBridgeChannel, Stubber, list[float]]:
    """A bus that takes the call and refuses the event, which moto does not do; then it takes it."""
    client, waits = aws.new_client("events"), list[float]()
    stubber = Stubber(client)
    for code in codes:
        stubber.add_response(
            "put_events", {"FailedEntryCount": 1, "Entries": [{"ErrorCode": code, "ErrorMessage": "no"}]}
        )
    stubber.add_response("put_events", {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]})
    stubber.activate()
    return EventBridgeChannel(client, "default", sleep=waits.append), stubber, waits


def test_an_event_that_is_refused_for_the_moment_is_put_again(aws: LocalAws) -> None:
    channel, stubber, waits = refusing(aws, "InternalFailure", "ThrottlingException")

    send(channel, a_green_report())

    stubber.assert_no_pending_responses()
    assert waits == [1, 2]


@pytest.mark.parametrize(
    ("codes", "permanent"), [(["NotAuthorizedForSourceException"], True), (["InternalFailure"] * 4, False)]
)
def test_an_event_that_stays_refused_is_a_failure(codes: list[str], permanent: bool, aws: LocalAws) -> None:
    channel, _, _ = refusing(aws, *codes)

    with pytest.raises(ChannelError, match=f"did not take the report: {codes[0]}: no") as refused:
        send(channel, a_green_report())

    assert refused.value.permanent is permanent
