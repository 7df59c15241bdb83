"""The whole thing as a user installs it: sam build, sam deploy, invoke, wait for the schedule, delete."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from backup_reporter.demo.instructive import instructive
from support.local_server import Answer, LocalServer, Request
from support.lookalike import API_KEY, LookAlike
from support.slack_server import SlackServer
from support.stack import REPOSITORY, LocalAws, local_aws

STACK = "reporter"


class HeartbeatServer(LocalServer):
    """Whoever waits for the heartbeats."""

    def answer(self, request: Request) -> Answer:
        return Answer(200, b"OK")


@dataclass
class Deployment:
    aws: LocalAws
    palette: LookAlike
    slack: SlackServer
    heartbeats: HeartbeatServer
    queue_url: str
    alarms_url: str
    outputs: dict[str, str]

    def invoke(self, event: dict[str, Any]) -> tuple[dict[str, Any], str | None]:
        """The function's answer, and whether it is an error."""
        answer = self.aws.client("lambda").invoke(
            FunctionName=self.outputs["FunctionName"], Payload=json.dumps(event).encode()
        )
        return json.loads(answer["Payload"].read()), answer.get("FunctionError")

    def arrived(self, seconds: float, queue_url: str | None = None) -> list[dict[str, Any]]:
        """What came to the report topic's subscriber (or another queue) within some seconds."""
        messages: list[dict[str, Any]] = []
        sqs, ends_at, queue_url = self.aws.client("sqs"), time.monotonic() + seconds, queue_url or self.queue_url
        while not messages and time.monotonic() < ends_at:
            received = sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            for message in received.get("Messages", []):
                messages.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
        return messages


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    directory: Path = tmp_path_factory.mktemp("aws")
    with (
        LookAlike(instructive(datetime.now(UTC)), rate_limit=False) as palette,
        SlackServer() as slack,
        HeartbeatServer() as heartbeats,
        local_aws(directory) as aws,
    ):
        aws.client("s3").create_bucket(
            Bucket="deployments", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
        secrets = aws.client("secretsmanager")
        secrets.create_secret(Name="palette-api-key", SecretString=json.dumps({"apiKey": API_KEY}))
        slack_arn = secrets.create_secret(Name="slack-webhook", SecretString=slack.webhook_url)["ARN"]
        secrets.create_secret(Name="heartbeat", SecretString=f"{heartbeats.url}/ping")
        parameters = {
            "PaletteApiUrl": palette.url,
            "PaletteApiKeySecret": "palette-api-key",
            "SlackWebhookSecret": slack_arn,
            "EventBusName": "default",
            # No e-mail: the local IAM knows nothing of ses:FromAddress, by which the policy tells senders apart.
            "HeartbeatUrlSecret": "heartbeat",
            "ScheduleExpression": "rate(1 minute)",
        }
        outputs = aws.deploy(aws.build(), STACK, parameters)
        aws.let_topics_speak_plain_http(outputs["TopicArn"])
        reports, alarms = (subscriber(aws, outputs[topic], topic) for topic in ("TopicArn", "AlarmTopicArn"))
        yield Deployment(aws, palette, slack, heartbeats, reports, alarms, outputs)


def subscriber(aws: LocalAws, topic: str, name: str) -> str:
    """The URL of a queue that gets what is published to the topic."""
    sqs = aws.client("sqs")
    queue_url: str = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": arn,
                "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
            }
        ],
    }
    sqs.set_queue_attributes(QueueUrl=queue_url, Attributes={"Policy": json.dumps(policy)})
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return queue_url


def test_the_package_has_a_bill_of_exactly_what_is_in_it_with_the_hashes_of_the_lock_file(
    deployment: Deployment,
) -> None:
    package = deployment.aws.directory / "build" / "BackupReporter"
    bill = json.loads((package / "sbom.cdx.json").read_text())
    named = {f"{one['name'].replace('-', '_').lower()}-{one['version']}.dist-info" for one in bill["components"]}
    assert named == {path.name.lower() for path in package.glob("*.dist-info")}
    lock = (REPOSITORY / "src/requirements.txt").read_text()
    for one in bill["components"]:
        assert f"sha256:{one['hashes'][0]['content']}" in lock, one["name"]
        assert one["licenses"], one["name"]


def test_the_schedule_fires_by_itself_and_everybody_gets_the_report(deployment: Deployment) -> None:
    posted_before = len(deployment.slack.messages)
    (notification, *_) = deployment.arrived(seconds=100)
    assert notification["Subject"].startswith("CRITICAL Palette backups: ")
    assert notification["MessageAttributes"]["status"]["Value"] == "CRITICAL"
    wait_until(lambda: len(deployment.slack.messages) > posted_before, seconds=20)
    wait_until(lambda: deployment.heartbeats.requests, seconds=20)


def test_an_invocation_on_demand_answers_with_the_report(deployment: Deployment) -> None:
    report, error = deployment.invoke({})
    assert error is None
    assert report["status"] == "CRITICAL"
    statuses = {delivery["channel"]: delivery["status"] for delivery in report["deliveries"]}
    assert statuses == dict.fromkeys(("sns", "slack", "eventbridge"), "delivered")


def test_the_bucket_refuses_what_does_not_come_over_tls(deployment: Deployment) -> None:
    # The local AWS speaks plain HTTP, so the policy has to refuse even the function; without it the rest can be tried.
    report, _ = deployment.invoke({})
    assert any("AccessDenied" in note for note in report["notes"])
    deployment.aws.client("s3").delete_bucket_policy(Bucket=deployment.outputs["BucketName"])
    report, _ = deployment.invoke({})
    bucket = deployment.aws.client("s3").list_objects_v2(Bucket=deployment.outputs["BucketName"])
    assert any(report["reportId"] in item["Key"] for item in bucket["Contents"])


def test_an_event_that_makes_no_sense_is_refused(deployment: Deployment) -> None:
    answer, error = deployment.invoke({"workspace": "payments"})
    assert error
    assert "unknown field 'workspace'" in answer["errorMessage"]


def test_a_function_that_keeps_failing_sets_off_its_alarm(deployment: Deployment) -> None:
    for _ in range(3):
        assert deployment.invoke({"workspace": "payments"})[1]
    # The local CloudWatch looks at its alarms whenever a metric is put.
    deployment.aws.client("cloudwatch").put_metric_data(Namespace="Other", MetricData=[{"MetricName": "x", "Value": 1}])
    alarms = [json.loads(one["Message"]) for one in deployment.arrived(seconds=10, queue_url=deployment.alarms_url)]
    (alarm,) = [one for one in alarms if one["Trigger"]["MetricName"] == "Errors"]
    assert alarm["NewStateValue"] == "ALARM"
    assert alarm["AlarmDescription"].endswith(
        "failed three times within an hour, which is how often Lambda tries an event."
    )


def test_a_scheduled_report_reaches_each_channel_once_even_when_the_event_comes_twice(deployment: Deployment) -> None:
    event = {"scheduledTime": "2026-01-05T07:00:00Z"}
    first, _ = deployment.invoke(event)
    second, _ = deployment.invoke(event)
    assert {delivery["status"] for delivery in first["deliveries"]} == {"delivered"}
    assert {delivery["status"] for delivery in second["deliveries"]} == {"duplicate"}


def test_without_any_one_of_its_permissions_the_function_fails(deployment: Deployment) -> None:
    # The local AWS speaks no TLS: see above.
    deployment.aws.client("s3").delete_bucket_policy(Bucket=deployment.outputs["BucketName"])
    iam = deployment.aws.client("iam")
    function = deployment.aws.client("lambda").get_function_configuration(
        FunctionName=deployment.outputs["FunctionName"]
    )
    role = function["Role"].rpartition("/")[2]
    policies = {
        name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    }
    # What only the platform itself does with the function's role cannot be seen from inside the function.
    of_the_platform = {"log", "keep-failures"}
    unnoticed = []
    for name, document in policies.items():
        for without, action in every_document_with_one_action_less(document):
            if name in of_the_platform:
                continue
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(without))
            if not goes_wrong(deployment):
                unnoticed.append(action)
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))
    # The local IAM takes no bus's name for DescribeEventBus, so it refuses it with the permission as well. Nothing here
    # fails in the middle of an upload, and the topic has no SMS subscriptions. Without ListBucket, S3 itself says
    # "denied" of a missing object; the local S3 says that it is missing either way.
    assert sorted(unnoticed) == [
        "events:DescribeEventBus",
        "s3:AbortMultipartUpload",
        "s3:ListBucket",
        "sns:GetSMSSandboxAccountStatus",
    ]
    assert not goes_wrong(deployment), "with all of its permissions it works again"


def test_the_stack_deletes_cleanly(deployment: Deployment) -> None:
    # The bucket is retained on purpose: it holds what an auditor wants.
    cloudformation = deployment.aws.client("cloudformation")
    cloudformation.delete_stack(StackName=STACK)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})
    functions = deployment.aws.client("lambda").list_functions()["Functions"]
    assert [function for function in functions if STACK in function["FunctionName"]] == []
    topics = deployment.aws.client("sns").list_topics()["Topics"]
    assert [topic for topic in topics if STACK in topic["TopicArn"]] == []


def every_document_with_one_action_less(document: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    for index, statement in enumerate(document["Statement"]):
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        for action in actions:
            without = copy.deepcopy(document)
            # An action that nobody uses stands in: a statement must have one.
            without["Statement"][index]["Action"] = [other for other in actions if other != action] or [
                "sts:GetCallerIdentity"
            ]
            yield without, action


_scheduled_times = (datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=hour) for hour in count())


def goes_wrong(deployment: Deployment) -> bool:
    """Whether a first report, a scheduled one or the doctor says that something failed."""
    forget_the_last_report(deployment)
    event = {"scheduledTime": next(_scheduled_times).isoformat()}
    # On demand first: it raises nothing, and a function that raised has to be started anew.
    on_demand = says_so(deployment.invoke({}), "delivered")
    return on_demand or says_so(deployment.invoke(event), "delivered") or any_check_fails(deployment)


def any_check_fails(deployment: Deployment) -> bool:
    """Whether the doctor, run in the function, cannot look at something."""
    answer, _ = deployment.invoke({"doctor": True})
    return any(
        check["result"] not in ("passed", "skipped") for check in answer["checks"] if check["name"] != "eventbridge"
    )


def forget_the_last_report(deployment: Deployment) -> None:
    s3, bucket = deployment.aws.client("s3"), deployment.outputs["BucketName"]
    for item in s3.list_objects_v2(Bucket=bucket, Prefix="reports/baseline/").get("Contents", []):
        s3.delete_object(Bucket=bucket, Key=item["Key"])


def says_so(answer: tuple[dict[str, Any], str | None], expected: str) -> bool:
    report, error = answer
    if error or report["problems"] or report["notes"]:
        return True
    if any(delivery["status"] != expected or delivery["error"] for delivery in report["deliveries"]):
        return True
    return "cannot be" in (report["changes"]["note"] or "")


def wait_until(condition: Any, seconds: float) -> None:
    ends_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends_at, "it did not happen in time"
        time.sleep(0.5)
