"""A topic, secret, table and bus that are given by the ARN of another region are used there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from support.lookalike import API_KEY, LookAlike
from support.slack_server import SlackServer
from support.world import REGION, LocalAws, World, a_fleet, a_result, a_run, an_item, world

ELSEWHERE = "us-west-2"


@pytest.fixture
def deployed(aws: LocalAws) -> Iterator[World]:
    fleet = a_fleet({"w-1": a_result(a_run(datetime.now(UTC)))}, {"p-1": [an_item("w-1", "payments")]})
    with LookAlike(fleet, rate_limit=False) as palette, SlackServer() as slack, world(aws, palette, slack) as around:
        yield around


def client(aws: LocalAws, service: str) -> Any:
    return boto3.client(
        service, region_name=ELSEWHERE, endpoint_url=aws.url, aws_access_key_id="test", aws_secret_access_key="test"
    )


def test_everything_that_has_an_arn_may_be_in_another_region(deployed: World, aws: LocalAws) -> None:
    assert ELSEWHERE != REGION
    topic = client(aws, "sns").create_topic(Name="far")["TopicArn"]
    queue = client(aws, "sqs").create_queue(QueueName="far")["QueueUrl"]
    queue_arn = f"arn:aws:sqs:{ELSEWHERE}:123456789012:far"
    client(aws, "sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn)
    secret = client(aws, "secretsmanager").create_secret(Name="far-key", SecretString=API_KEY)["ARN"]
    table = client(aws, "dynamodb").create_table(
        TableName="far-deliveries",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )["TableDescription"]["TableArn"]
    bus = client(aws, "events").create_event_bus(Name="far")["EventBusArn"]

    settings = {
        "SNS_TOPIC_ARN": topic,
        "PALETTE_API_KEY_SECRET": secret,
        "DELIVERY_TABLE": table,
        "EVENT_BUS_NAME": bus,
    }
    event = {"scheduledTime": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}
    values: Any = settings
    first, again = (deployed.invoke(event, **values) for _ in range(2))

    assert {delivery["channel"]: delivery["status"] for delivery in first["deliveries"]} == {
        "sns": "delivered",
        "slack": "delivered",
        "eventbridge": "delivered",
    }
    assert {delivery["status"] for delivery in again["deliveries"]} == {"duplicate"}
    (message,) = client(aws, "sqs").receive_message(QueueUrl=queue)["Messages"]
    assert json.loads(message["Body"])["TopicArn"] == topic
