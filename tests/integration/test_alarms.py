"""Who watches the watcher: alarms and dashboard, against the metrics that real runs put out."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import pytest
from test_permissions import GIVEN, MADE
from test_runtime_interface import metrics_in

from backup_reporter.errors import DeliveryFailed
from backup_reporter.report.model import Delivery
from backup_reporter.telemetry import Observer
from support.deployed_template import ACCOUNT, REGION, REPOSITORY, Deployed, translated
from support.report_builders import a_green_report
from support.world import World

ALARM, SECONDS_IN_AN_HOUR = "AWS::CloudWatch::Alarm", 3600
OF_THE_PLATFORM = {
    ("AWS/Lambda", "Errors", "FunctionName"),
    ("AWS/Lambda", "Throttles", "FunctionName"),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName"),
}


@pytest.fixture
def put_out(around: World, capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, Any]]:
    """The last line in which a run put each metric out; one run reaches everybody, one does not."""
    name = {"AWS_LAMBDA_FUNCTION_NAME": "BackupReporter"}
    around.invoke({"scheduledTime": "2026-11-24T07:00:00Z"}, 60.0, **name)
    with pytest.raises(DeliveryFailed):
        around.invoke({"scheduledTime": "2026-11-25T07:00:00Z"}, 60.0, **name, SLACK_WEBHOOK_SECRET="gone")
    return metrics_in(capsys.readouterr().out)


def test_every_metric_that_an_alarm_or_the_dashboard_looks_at_is_one_that_runs_put_out(
    put_out: dict[str, dict[str, Any]],
) -> None:
    deployed = Deployed(MADE)
    exists = {
        (directive["Namespace"], name, *sorted(directive["Dimensions"][0]))
        for name, line in put_out.items()
        for directive in line["_aws"]["CloudWatchMetrics"]
    } | OF_THE_PLATFORM
    for name, alarm in deployed.resources(ALARM).items():
        (dimension,) = alarm["Dimensions"]
        assert (alarm["Namespace"], alarm["MetricName"], dimension["Name"]) in exists, name
    assert {line["function"] for line in put_out.values()} == {"BackupReporter"}
    looked_at = set()
    for widget in dashboard(deployed):
        for metric in widget["properties"]["metrics"]:
            looked_at.add(_searched(metric[0]["expression"]) if isinstance(metric[0], dict) else tuple(metric[:3]))
    assert looked_at <= exists
    assert {metric for _, metric, *_ in looked_at} >= {
        "Findings",
        "ReportsDelivered",
        "RunDuration",
        "WorkspacesCritical",
    }


def test_a_channel_that_has_the_report_already_is_not_counted_again(capsys: pytest.CaptureFixture[str]) -> None:
    deliveries = (Delivery(channel="sns", status="duplicate"), Delivery(channel="slack", status="delivered"))
    observer = Observer("invocation", "BackupReporter")
    with observer.watching():
        observer.record(msgspec.structs.replace(a_green_report(), deliveries=deliveries), is_regular=True)
    out = capsys.readouterr().out
    assert [json.loads(line)["channel"] for line in out.splitlines() if '"ReportsDelivered"' in line] == ["slack"]


def _searched(expression: str) -> tuple[str, ...]:
    found = re.match(r"SEARCH\('\{(\w+),([\w,]+)\} MetricName=\"(\w+)\" function=\"BackupReporter\"'", expression)
    assert found, expression
    return (found[1], found[3], *found[2].split(","))


def dashboard(deployed: Deployed) -> list[dict[str, Any]]:
    (made,) = deployed.resources("AWS::CloudWatch::Dashboard").values()
    widgets: list[dict[str, Any]] = json.loads(made["DashboardBody"])["widgets"]
    return widgets


def test_every_alarm_speaks_to_the_topic_and_only_cloudwatch_may_do_so_in_this_account() -> None:
    deployed = Deployed(MADE)
    alarms = deployed.resources(ALARM)
    assert len(alarms) == 6
    for alarm in alarms.values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == ["AlarmTopic"]
        assert alarm["AlarmDescription"]
    statements = deployed.resources("AWS::SNS::TopicPolicy")["AlarmTopicPolicy"]["PolicyDocument"]["Statement"]
    (statement,) = (statement for statement in statements if statement["Effect"] == "Allow")
    assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT}
    # AWS's own key for SNS does not let CloudWatch in: alarms would be lost without a word.
    assert "KmsMasterKeyId" not in deployed.resources("AWS::SNS::Topic")["AlarmTopic"]


def test_whoever_is_woken_finds_every_alarm_in_the_manual() -> None:
    manual = (REPOSITORY / "docs/operations.md").read_text()
    for name, alarm in Deployed(MADE).resources(ALARM).items():
        assert f"| `{name}` |" in manual
        assert re.search(rf"^### .*\b{name}\b", manual, re.MULTILINE), f"what to do about {name}"
        assert "${" not in alarm["AlarmDescription"]


def test_alarms_go_to_a_topic_of_ones_own_or_are_not_made() -> None:
    own = f"arn:aws:sns:{REGION}:{ACCOUNT}:on-call"
    deployed = Deployed({**MADE, "AlarmTopicArn": own, "AlarmEmail": "nobody@example.com"})
    assert {action for alarm in deployed.resources(ALARM).values() for action in alarm["AlarmActions"]} == {own}
    assert set(deployed.resources("AWS::SNS::Topic")) == {"ReportTopic"}
    assert deployed.resources("AWS::SNS::Subscription") == {}
    without = Deployed({**MADE, "AlarmTopicArn": "none", "Dashboard": "none"})
    assert without.resources(ALARM) == without.resources("AWS::CloudWatch::Dashboard") == {}


def test_silence_is_what_alarms_within_what_cloudwatch_looks_back() -> None:
    alarm = Deployed(MADE).resources(ALARM)["NoReport"]
    assert (alarm["MetricName"], alarm["ComparisonOperator"], alarm["Threshold"]) == (
        "ReportsArrived",
        "LessThanThreshold",
        1,
    )
    assert alarm["TreatMissingData"] == "breaching"
    assert int(alarm["EvaluationPeriods"]) * alarm["Period"] == 26 * SECONDS_IN_AN_HOUR
    # A sliding window would look back further, because most hours have no data.
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation-window.html
    assert alarm["EvaluationWindow"] == {"WallClockWindow": {"Timezone": "UTC"}}
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html (Period)
    most = translated()["Parameters"]["SilenceHours"]["MaxValue"]
    assert alarm["Period"] >= SECONDS_IN_AN_HOUR
    assert most * alarm["Period"] <= 7 * 24 * SECONDS_IN_AN_HOUR
    assert Deployed({**MADE, "SilenceHours": "50"}).resources(ALARM)["NoReport"]["EvaluationPeriods"] == "50"


def test_a_run_that_a_retry_mends_wakes_nobody() -> None:
    deployed = Deployed(MADE)
    errors = deployed.resources(ALARM)["FunctionErrors"]
    (retries,) = deployed.resources("AWS::Lambda::EventInvokeConfig").values()
    assert errors["Threshold"] == 1 + retries["MaximumRetryAttempts"]
    # All of them fall into the hour: three runs of fifteen minutes, and one and two minutes between them.
    assert errors["Period"] == SECONDS_IN_AN_HOUR


def test_with_a_key_of_ones_own_everything_is_encrypted_with_it() -> None:
    deployed, key = Deployed(GIVEN), GIVEN["KmsKeyArn"]
    made = Deployed({**MADE, "KmsKeyArn": key})
    assert deployed.resources("AWS::Lambda::Function")["BackupReporter"]["KmsKeyArn"] == key
    assert deployed.resources("AWS::Logs::LogGroup")["BackupReporterLog"]["KmsKeyId"] == key
    for queue in deployed.resources("AWS::SQS::Queue").values():
        assert queue["KmsMasterKeyId"] == key
        assert "SqsManagedSseEnabled" not in queue
    assert made.resources("AWS::SNS::Topic")["ReportTopic"]["KmsMasterKeyId"] == key
    (rule,) = made.resources("AWS::S3::Bucket")["Reports"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    assert made.resources("AWS::DynamoDB::Table")["Deliveries"]["SSESpecification"]["KMSMasterKeyId"] == key
    assert {one["SqsManagedSseEnabled"] for one in Deployed(MADE).resources("AWS::SQS::Queue").values()} == {True}


def test_a_vpc_and_a_reserved_concurrency_are_there_only_when_asked_for() -> None:
    plain = Deployed(MADE).resources("AWS::Lambda::Function")["BackupReporter"]
    assert {"VpcConfig", "ReservedConcurrentExecutions", "KmsKeyArn"} & set(plain) == set()
    network = {"VpcSubnetIds": "subnet-01234567,subnet-89abcdef", "VpcSecurityGroupIds": "sg-01234567"}
    asked = Deployed({**MADE, **network, "ReservedConcurrency": "1"}).resources("AWS::Lambda::Function")[
        "BackupReporter"
    ]
    assert asked["VpcConfig"] == {
        "SubnetIds": ["subnet-01234567", "subnet-89abcdef"],
        "SecurityGroupIds": ["sg-01234567"],
    }
    assert asked["ReservedConcurrentExecutions"] == "1"
