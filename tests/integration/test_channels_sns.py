"""The SNS channel against moto, read through a queue that is subscribed to the topic."""

from __future__ import annotations

import json
import re
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backup_reporter.channels.sns import MAX_BYTES, SnsChannel, payload
from backup_reporter.errors import ChannelError
from backup_reporter.report.model import Report, from_json
from support.report_builders import REPORT_ID, a_failing_fleet, a_finding, a_green_report, a_report, a_workspace
from support.world import LocalAws

UTC = ZoneInfo("UTC")


class Topic:
    """A topic with one subscribed queue."""

    def __init__(self, aws: LocalAws, **subscription: str) -> None:
        self._sqs = aws.client("sqs")
        sns = aws.client("sns")
        self.arn = sns.create_topic(Name="backups")["TopicArn"]
        self._queue = self._sqs.create_queue(QueueName="readers")["QueueUrl"]
        queue_arn = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]
        sns.subscribe(TopicArn=self.arn, Protocol="sqs", Endpoint=queue_arn, Attributes=subscription)
        self.channel = SnsChannel(sns, self.arn)

    def received(self) -> list[dict[str, Any]]:
        messages = self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"]) for message in messages]


def send(topic: Topic, report: Report) -> None:
    topic.channel.send(report, UTC, lambda: 60.0)


def size(published: dict[str, Any]) -> int:
    """As SNS counts: the message and the attributes together."""
    attributes = published["MessageAttributes"].items()
    return len(published["Message"].encode()) + sum(
        len(name) + len(attribute["DataType"]) + len(attribute["StringValue"]) for name, attribute in attributes
    )


def test_a_subscribed_queue_gets_the_reports_json(aws: LocalAws) -> None:
    topic, report = Topic(aws), a_report(a_workspace("payments", a_finding()), a_workspace("shop"))

    send(topic, report)

    (received,) = topic.received()
    assert received["Subject"] == "CRITICAL Palette backups: prod/payments/eu-1: backup failed (24 Nov)"
    assert from_json(received["Message"].encode()) == report
    assert {name: attribute["Value"] for name, attribute in received["MessageAttributes"].items()} == {
        "status": "CRITICAL",
        "critical": "1",
        "warning": "0",
        "unknown": "0",
        # SNS reads it for telephones. Without it an SMS is promotional, and carriers may hold it back.
        "AWS.SNS.SMS.SMSType": "Transactional",
    }


@pytest.mark.parametrize(
    "policy",
    [{"status": ["CRITICAL"]}, {"critical": [{"numeric": [">", 0]}]}, {"status": [{"anything-but": "OK"}]}],
    ids=["by status", "by number", "all but OK"],
)
def test_who_is_on_call_can_ask_for_the_bad_news_only(policy: dict[str, Any], aws: LocalAws) -> None:
    topic = Topic(aws, FilterPolicy=json.dumps(policy))

    send(topic, a_green_report())
    send(topic, a_report(a_workspace("payments", a_finding())))

    assert [message["Subject"] for message in topic.received()] == [
        "CRITICAL Palette backups: prod/payments/eu-1: backup failed (24 Nov)"
    ]


def test_people_get_text_and_telephones_a_line() -> None:
    message = json.loads(payload(a_report(a_workspace("payments", a_finding())), UTC)["Message"])

    assert set(message) == {"default", "email", "sms"}
    assert "What to do: Check that the backup location" in message["email"]
    assert message["sms"] == f"CRITICAL Palette backups: prod/payments/eu-1: backup failed (24 Nov) Report {REPORT_ID}"


def test_a_fleet_too_large_for_a_message_is_cut_to_the_worst(aws: LocalAws) -> None:
    topic = Topic(aws)
    fleet = a_failing_fleet([f'Cause {number} "quoted" \\ ' + "word " * 400 for number in range(2000)], 2000)

    send(topic, fleet)

    (received,) = topic.received()
    report = from_json(received["Message"].encode())
    assert report.truncated
    assert 0 < len(report.workspaces) < 2000
    assert report.summary.critical == 2000


@given(name=st.text(), message=st.text(), problem=st.text())
@example(name="\ufffe", message="\uffff", problem="\ufffe")
def test_whatever_the_report_says_the_message_is_what_sns_takes(name: str, message: str, problem: str) -> None:
    report = a_report(a_workspace(name, a_finding(message=message, cluster_name=name)), problems=(problem,))

    published = payload(report, UTC)

    assert re.fullmatch(r"[A-Za-z0-9][\x20-\x7e]{0,98}", published["Subject"])
    assert size(published) <= MAX_BYTES
    # XML 1.0 has no place for these, and SQS refuses them.
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", published["Message"])
    texts = json.loads(published["Message"])
    assert all(texts.values())
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "".join(texts.values()))
    assert msgspec.json.decode(texts["default"], type=Report) == report


def test_a_topic_that_is_not_there_is_named_as_the_reason(aws: LocalAws) -> None:
    channel = SnsChannel(aws.client("sns"), "arn:aws:sns:eu-central-1:123456789012:nowhere")

    with pytest.raises(ChannelError, match="nowhere did not take the report: NotFound") as refused:
        channel.send(a_green_report(), UTC, lambda: 60.0)

    assert refused.value.permanent
