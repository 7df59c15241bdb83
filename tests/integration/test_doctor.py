"""The doctor, for each thing that can be wrong; and that it changes nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends
from test_cli import NOW, environment, run
from world import OTHER_PROJECT, PROJECT, REGION, World, a_fleet, a_result, a_run, an_item

from backup_reporter.demo.fleet import Failure
from backup_reporter.demo.lookalike import API_KEY
from backup_reporter.demo.slack_server import webhook_error

DOCTOR = {"doctor": True}


def checks(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in answer["checks"]}


def ailing(answer: dict[str, Any]) -> set[str]:
    return {check["name"] for check in answer["checks"] if check["result"] == "failed"}


def full(around: World) -> dict[str, str]:
    """Everything set up as it should be."""
    around.aws.client("s3").create_bucket(
        Bucket="reports", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    around.aws.client("dynamodb").create_table(
        TableName="deliveries",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    around.aws.client("sesv2").create_email_identity(EmailIdentity="backups@example.com")
    # moto leaves every identity unverified, and has no call to follow the link in SES's mail.
    identities = ses_backends[DEFAULT_ACCOUNT_ID][REGION].email_identities
    identities["backups@example.com"].verified_for_sending_status = True
    around.aws.client("secretsmanager").create_secret(Name="heartbeat", SecretString="https://example.com/ping")
    return {
        "REPORT_BUCKET": "reports",
        "DELIVERY_TABLE": "deliveries",
        "EMAIL_FROM": "backups@example.com",
        "EMAIL_TO": "team@example.com",
        "EVENT_BUS_NAME": "default",
        "HEARTBEAT_URL_SECRET": "heartbeat",
    }


def test_a_good_set_up_is_healthy_and_nothing_is_published(around: World) -> None:
    answer = around.invoke(DOCTOR, 60.0, **full(around))
    assert ailing(answer) == set()
    assert answer["healthy"] is True
    assert {check["result"] for check in answer["checks"]} <= {"ok", "warning"}
    assert around.slack.messages == []
    assert around.notifications() == []
    assert API_KEY not in json.dumps(answer)


@pytest.mark.parametrize(
    ("environ", "name", "found", "mend"),
    [
        ({"NOTIFY": "shout"}, "settings", "NOTIFY: 'shout'", "stack's parameters"),
        ({"PALETTE_API_KEY_SECRET": "gone"}, "key", "ResourceNotFound", "Put the API key into the secret"),
        ({"PALETTE_API_URL": "http://127.0.0.1:9"}, "projects", "could not be reached", "Check PALETTE_API_URL"),
        ({"PALETTE_PROJECT_UIDS": "elsewhere"}, "workspaces", "elsewhere", "PALETTE_PROJECT_UIDS"),
        ({"PALETTE_WORKSPACE_UIDS": "nowhere"}, "workspaces", "nowhere", "Correct PALETTE_WORKSPACE_UIDS"),
        (
            {"SNS_TOPIC_ARN": "arn:aws:sns:eu-central-1:123456789012:missing"},
            "sns",
            "NotFound",
            "Check SNS_TOPIC_ARN",
        ),
        ({"SLACK_WEBHOOK_SECRET": "gone"}, "slack", "ResourceNotFound", "SLACK_WEBHOOK_SECRET"),
        (
            {"EMAIL_FROM": "a@nobody.example", "EMAIL_TO": "b@example.com"},
            "email",
            "nobody.example",
            "Verify one of them",
        ),
        ({"EVENT_BUS_NAME": "missing"}, "eventbridge", "missing", "EVENT_BUS_NAME"),
        ({"REPORT_BUCKET": "no-such-bucket"}, "bucket", "NoSuchBucket", "REPORT_BUCKET"),
        ({"DELIVERY_TABLE": "no-such-table"}, "table", "ResourceNotFound", "DELIVERY_TABLE"),
        ({"HEARTBEAT_URL_SECRET": "gone"}, "heartbeat", "ResourceNotFound", "HEARTBEAT_URL_SECRET"),
    ],
)
def test_what_is_set_up_wrong_is_named_with_its_mend(
    around: World, environ: dict[str, str], name: str, found: str, mend: str
) -> None:
    answer = around.invoke(DOCTOR, 60.0, **environ)
    assert answer["healthy"] is False
    assert ailing(answer) == {name}
    check = checks(answer)[name]
    assert found in check["found"]
    assert mend in check["mend"]


def test_a_key_that_palette_refuses(around: World) -> None:
    around.palette.api_key = "another"
    check = checks(around.invoke(DOCTOR))["projects"]
    assert check["result"] == "failed"
    assert "HTTP 401" in check["found"]
    assert "Make a new API key" in check["mend"]


def test_a_key_that_is_no_key(around: World) -> None:
    around.aws.client("secretsmanager").put_secret_value(SecretId="palette-api-key", SecretString="two words")
    answer = around.invoke(DOCTOR)
    assert ailing(answer) == {"key"}
    assert checks(answer)["projects"]["result"] == "off"


def test_a_key_that_sees_nothing(around: World) -> None:
    around.palette.fleet = a_fleet({}, {})
    assert "project.list" in checks(around.invoke(DOCTOR))["projects"]["mend"]


def test_a_key_that_may_not_read_backups_names_the_permission(around: World) -> None:
    around.palette.fleet = a_fleet(
        {"open": a_result(a_run(NOW)), "closed": Failure(403, "Forbidden", "workspace.backup is missing")},
        {PROJECT: [an_item("open")], OTHER_PROJECT: [an_item("closed")]},
    )
    check = checks(around.invoke(DOCTOR))["backup results"]
    assert check["result"] == "failed"
    assert "readable in 1 of 2 projects, not in project-2" in check["found"]
    assert "workspace.backup" in check["mend"]


def test_more_than_palette_allows_is_a_warning(around: World) -> None:
    answer = around.invoke(DOCTOR, PALETTE_REQUESTS_PER_SECOND="50")
    assert checks(answer)["rate"]["result"] == "warning"
    assert answer["healthy"] is True


def test_a_topic_without_subscribers(around: World) -> None:
    topic = around.aws.client("sns").create_topic(Name="lonely")["TopicArn"]
    check = checks(around.invoke(DOCTOR, SNS_TOPIC_ARN=topic))["sns"]
    assert check["result"] == "failed"
    assert "0 confirmed subscriptions" in check["found"]


def test_a_webhook_that_was_removed(around: World) -> None:
    around.slack.fault = lambda _: webhook_error("no_service")
    check = checks(around.invoke(DOCTOR))["slack"]
    assert check["result"] == "failed"
    assert "no_service" in check["found"]
    assert "make a new one" in check["mend"]


def test_a_table_with_another_key(around: World) -> None:
    around.aws.client("dynamodb").create_table(
        TableName="other",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    assert "partition key id" in checks(around.invoke(DOCTOR, DELIVERY_TABLE="other"))["table"]["mend"]


def test_at_the_keyboard_it_is_the_same_doctor(around: World) -> None:
    env = {**environment(), **around.environment, "COLUMNS": "100"}
    done = run("doctor", env=env)
    assert done.returncode == 0
    assert "Nothing to mend." in done.stdout
    around.palette.api_key = "another"
    done = run("doctor", "--json", env=env)
    assert done.returncode == 1
    assert ailing(json.loads(done.stdout)) == {"projects"}
    assert around.slack.messages == []
    lines = run("doctor", env=env).stdout.splitlines()
    assert any("→ Make a new API key" in line for line in lines)
    assert max(map(len, lines)) <= 100


def test_at_the_keyboard_missing_settings_are_findings_too() -> None:
    done = run("doctor", env=environment())
    assert done.returncode == 1
    assert "PALETTE_API_KEY: not set" in done.stdout
    assert "Traceback" not in done.stderr
