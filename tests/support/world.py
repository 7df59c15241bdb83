"""Everything a deployed function has around it, on loopback, and the real handler in the middle."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import urllib3

from backup_reporter.demo.fleet import Fleet
from backup_reporter.handler import lambda_handler
from support.lookalike import API_KEY, LookAlike
from support.slack_server import SlackServer

REGION = "eu-central-1"
PROJECT = "5e0000000000000000000001"
OTHER_PROJECT = "5e0000000000000000000002"


class LocalAws:
    """moto's server; empty at the beginning of each test."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """Returns everybody's client of a service; to make one takes longer than to ask it for most things."""
        if service not in self._clients:
            self._clients[service] = self.new_client(service)
        return self._clients[service]

    def new_client(self, service: str) -> Any:
        """Returns a client that a test may change."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def make_bucket(self, name: str, *, locks_objects: bool = False) -> None:
        self.client("s3").create_bucket(
            Bucket=name,
            CreateBucketConfiguration={"LocationConstraint": REGION},
            ObjectLockEnabledForBucket=locks_objects,
        )

    def make_delivery_table(self, name: str) -> None:
        self.client("dynamodb").create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )

    def sent_emails(self) -> list[dict[str, Any]]:
        """What SES has taken, as moto tells it."""
        found: dict[str, Any] = urllib3.request("GET", f"{self.url}/moto-api/data.json").json()
        return [message for name in ("Message", "RawMessage") for message in found.get("ses", {}).get(name, [])]

    def reset(self) -> None:
        urllib3.request("POST", f"{self.url}/moto-api/reset")


@dataclass
class Context:
    """Lambda's context object, as much of it as the handler uses."""

    aws_request_id: str = "11111111-2222-3333-4444-555555555555"
    seconds: float = 60.0

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


@dataclass
class World:
    """A Palette, a Slack, an AWS with a topic and its subscriber, and the function's environment."""

    palette: LookAlike
    slack: SlackServer
    aws: LocalAws
    queue_url: str
    environment: dict[str, str] = field(default_factory=dict)

    def invoke(
        self,
        event: object,
        seconds: float = 60.0,
        invocation_id: str = Context.aws_request_id,
        **environment: str | None,
    ) -> dict[str, Any]:
        """Calls the handler as the platform does; ``None`` unsets a variable of the environment."""
        merged = {**self.environment, **environment}
        with environment_of({name: value for name, value in merged.items() if value is not None}):
            return lambda_handler(event, Context(invocation_id, seconds))

    def notifications(self) -> list[dict[str, Any]]:
        """What reached the topic's subscriber since the last look."""
        found: list[dict[str, Any]] = []
        sqs = self.aws.client("sqs")
        while received := sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10).get("Messages"):
            for message in received:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        return found

    def is_untouched(self) -> bool:
        return not self.palette.requests and not self.slack.messages and not self.notifications()


@contextmanager
def world(aws: LocalAws, palette: LookAlike, slack: SlackServer) -> Iterator[World]:
    sns, sqs, secrets = aws.client("sns"), aws.client("sqs"), aws.client("secretsmanager")
    topic = sns.create_topic(Name="backups")["TopicArn"]
    queue_url = sqs.create_queue(QueueName="subscriber")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    secrets.create_secret(Name="palette-api-key", SecretString=json.dumps({"apiKey": API_KEY}))
    secrets.create_secret(Name="slack-webhook", SecretString=slack.webhook_url)
    environment = {
        "AWS_ENDPOINT_URL": aws.url,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "PALETTE_API_URL": palette.url,
        "PALETTE_API_KEY_SECRET": "palette-api-key",
        "SNS_TOPIC_ARN": topic,
        "SLACK_WEBHOOK_SECRET": "slack-webhook",
    }
    yield World(palette, slack, aws, queue_url, environment)


@contextmanager
def small_world(aws: LocalAws) -> Iterator[World]:
    """One healthy and one failing workspace, and everything else a deployed function has around it."""
    with (
        LookAlike(small_fleet(), rate_limit=False) as palette,
        SlackServer() as slack,
        world(aws, palette, slack) as around,
    ):
        yield around


def small_fleet() -> Fleet:
    """One healthy and one failing workspace."""
    now = datetime.now(UTC)
    nights = [now - timedelta(days=back) for back in range(10)]
    healthy = a_result(*(a_run(at) for at in nights))
    failing = a_result(*(a_run(at, "Failed" if back < 3 else "Completed") for back, at in enumerate(nights)))
    return a_fleet({"healthy": healthy, "failing": failing})


@contextmanager
def environment_of(values: dict[str, str]) -> Iterator[None]:
    kept = dict(os.environ)
    os.environ.clear()
    # Nobody here vouches for itself to the public: reading whom the machine trusts takes longer than most tests.
    os.environ.update({"PATH": kept.get("PATH", ""), "SSL_CERT_FILE": os.devnull, **values})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)


def a_run(at: datetime, state: str = "Completed", request_uid: str | None = None) -> dict[str, Any]:
    """A run over one cluster, whose backup ended as the run did."""
    time = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    backup = {"backupName": "nightly", "backupState": {"state": state, "backupTime": time}}
    return {
        "requestUid": request_uid or f"run-{at:%Y%m%d}",
        "workspaceBackupConfig": {
            "backupName": "nightly",
            "requestTime": time,
            "backupState": {"state": state},
            "clusterBackupRefs": [{"clusterUid": "c1", "clusterName": "eu-1", "backupStatusMeta": backup}],
        },
    }


DAILY = "daily"


def a_result(*runs: dict[str, Any], schedule: str | None = DAILY, **config: Any) -> dict[str, Any]:
    """A backup result with a policy that is older than any of the runs, daily at the time of the first one."""
    if schedule == DAILY:
        schedule = _daily_like(runs[0]) if runs else "0 1 * * *"
    policy = {"durationInHours": 720, "schedule": {"scheduledRunTime": schedule}, **config}
    return {
        "metadata": {"creationTimestamp": "2026-01-01T00:00:00.000Z"},
        "spec": {"config": {"clusterUids": ["c1"], "backupConfig": policy}},
        "status": {"workspaceBackupStatuses": list(runs)},
    }


def _daily_like(run: dict[str, Any]) -> str:
    at = datetime.fromisoformat(run["workspaceBackupConfig"]["requestTime"])
    return f"{at.minute} {at.hour} * * *"


def an_item(uid: str, name: str | None = None, **metadata: Any) -> dict[str, Any]:
    """A workspace as its project lists it."""
    return {
        "metadata": {"uid": uid, "name": name or uid, **metadata},
        "spec": {"clusterRefs": [{"uid": "c1", "name": "eu-1"}]},
    }


def a_fleet(backups: dict[str, Any], items: dict[str, list[dict[str, Any]]] | None = None) -> Fleet:
    """One project with these workspaces, unless ``items`` says otherwise."""
    listed = items if items is not None else {PROJECT: [an_item(uid) for uid in backups]}
    return Fleet(
        projects={uid: f"project-{number}" for number, uid in enumerate(listed, 1)}, workspaces=listed, backups=backups
    )
