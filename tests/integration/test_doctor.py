"""The doctor, for each thing that can be wrong; and that it changes nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends
from moto.sns.models import sns_backends
from test_cli import NOW, environment, run

from backup_reporter.demo.documents import cluster_item
from backup_reporter.demo.fleet import Failure
from support.local_server import Answer, Request, Script
from support.lookalike import API_KEY
from support.pagerduty_server import PagerDutyServer, invalid_event
from support.sandboxes import SANDBOXES
from support.slack_server import webhook_error
from support.teams_server import TeamsServer, workflow_error
from support.world import OTHER_PROJECT, PROJECT, REGION, World, a_fleet, a_result, a_run, an_item

DOCTOR = {"doctor": True}


def checks(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in answer["checks"]}


def failed_checks(answer: dict[str, Any]) -> set[str]:
    return {check["name"] for check in answer["checks"] if check["result"] == "failed"}


def verified_in_ses(around: World, identity: str) -> None:
    around.aws.client("sesv2").create_email_identity(EmailIdentity=identity)
    # moto leaves every identity unverified, and has no call to follow the link in SES's mail.
    ses_backends[DEFAULT_ACCOUNT_ID][REGION].email_identities[identity].verified_for_sending_status = True


@pytest.fixture
def teams(around: World) -> Iterator[TeamsServer]:
    with TeamsServer() as server:
        around.aws.client("secretsmanager").create_secret(Name="teams", SecretString=server.webhook_url)
        yield server


@pytest.fixture
def pagerduty(around: World) -> Iterator[PagerDutyServer]:
    with PagerDutyServer() as server:
        routing = json.dumps({"routingKey": server.routing_key, "apiUrl": server.url})
        around.aws.client("secretsmanager").create_secret(Name="pagerduty", SecretString=routing)
        yield server


def full(around: World) -> dict[str, str]:
    """Everything set up as it should be."""
    around.aws.make_bucket("reports")
    around.aws.make_delivery_table("deliveries")
    verified_in_ses(around, "backups@example.com")
    around.aws.client("secretsmanager").create_secret(Name="heartbeat", SecretString="https://example.com/ping")
    return {
        "REPORT_BUCKET": "reports",
        "DELIVERY_TABLE": "deliveries",
        "EMAIL_FROM": "backups@example.com",
        "EMAIL_TO": "team@example.com",
        "EVENT_BUS_NAME": "default",
        "HEARTBEAT_URL_SECRET": "heartbeat",
        "TEAMS_WEBHOOK_SECRET": "teams",
        "PAGERDUTY_SECRET": "pagerduty",
    }


def test_a_field_that_is_null_is_as_good_as_none_beside_it(around: World) -> None:
    answer = around.invoke({**DOCTOR, "channels": None, "notify": None})

    assert "key" in checks(answer)
    assert not around.slack.messages


def test_a_good_set_up_is_healthy_and_nothing_is_published(
    around: World, teams: TeamsServer, pagerduty: PagerDutyServer
) -> None:
    answer = around.invoke(DOCTOR, 60.0, **full(around))
    assert failed_checks(answer) == set()
    assert answer["healthy"] is True
    assert {check["result"] for check in answer["checks"]} <= {"passed", "warning"}
    assert (around.slack.messages, teams.cards, pagerduty.alerts) == ([], [], [])
    assert around.notifications() == []
    assert API_KEY not in json.dumps(answer)


@pytest.mark.parametrize(
    ("environ", "name", "detail", "fix"),
    [
        ({"NOTIFY": "shout"}, "settings", "NOTIFY: 'shout'", "stack's parameters"),
        ({"PALETTE_API_KEY_SECRET": "gone"}, "key", "ResourceNotFound", "Put the API key into the secret"),
        ({"PALETTE_API_URL": "http://127.0.0.1:9"}, "projects", "could not be reached", "Check PALETTE_API_URL"),
        (
            {"PALETTE_PROJECT_UIDS": "elsewhere"},
            "workspaces",
            "The API key cannot see the project elsewhere (PALETTE_PROJECT_UIDS or projectUids).",
            "PALETTE_PROJECT_UIDS",
        ),
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
def test_what_is_set_up_wrong_is_named_with_its_fix(
    around: World, environ: dict[str, str], name: str, detail: str, fix: str
) -> None:
    answer = around.invoke(DOCTOR, 60.0, **environ)
    assert answer["healthy"] is False
    assert failed_checks(answer) == {name}
    check = checks(answer)[name]
    assert detail in check["detail"]
    assert fix in check["fix"]


def test_a_key_that_palette_refuses(around: World) -> None:
    around.palette.api_key = "another"
    check = checks(around.invoke(DOCTOR))["projects"]
    assert check["result"] == "failed"
    assert "HTTP 401" in check["detail"]
    assert "Create a new API key" in check["fix"]


def test_a_key_that_is_no_key(around: World) -> None:
    around.aws.client("secretsmanager").put_secret_value(SecretId="palette-api-key", SecretString="two words")
    answer = around.invoke(DOCTOR)
    assert failed_checks(answer) == {"key"}
    assert checks(answer)["projects"]["result"] == "skipped"


def test_a_key_that_sees_nothing(around: World) -> None:
    around.palette.fleet = a_fleet({}, {})
    assert "project.list" in checks(around.invoke(DOCTOR))["projects"]["fix"]


def test_a_key_that_may_not_read_backups_names_the_permission(around: World) -> None:
    around.palette.fleet = a_fleet(
        {"open": a_result(a_run(NOW)), "closed": Failure(403, "Forbidden", "workspace.backup is missing")},
        {PROJECT: [an_item("open")], OTHER_PROJECT: [an_item("closed")]},
    )
    check = checks(around.invoke(DOCTOR))["backup results"]
    assert check["result"] == "failed"
    assert "readable in 1 of 2 projects, not in project-2" in check["detail"]
    assert "workspace.backup" in check["fix"]


def test_restores_are_read_only_if_they_are_asked_for(around: World) -> None:
    assert "restores" not in checks(around.invoke(DOCTOR))

    check = checks(around.invoke(DOCTOR, RESTORE_TEST_MAX_AGE_DAYS="90"))["restores"]
    assert (check["result"], check["detail"]) == ("passed", "readable in 1 of 1 project")


def test_a_key_that_may_not_read_restores_names_the_permission(around: World) -> None:
    around.palette.fault = lambda request: Answer(403, FORBIDDEN) if request.path.endswith("/restore") else None
    answer = around.invoke(DOCTOR, RESTORE_TEST_MAX_AGE_DAYS="90")
    check = checks(answer)["restores"]
    assert (check["result"], answer["healthy"]) == ("warning", True)
    assert check["detail"].startswith("readable in 0 of 1 project, not in project-1: ")
    assert "workspace.restore" in check["fix"]


def test_a_key_that_may_not_read_restores_into_clusters_names_the_permission(around: World) -> None:
    found = cluster_item("project-1", "eu-1", project_uid=PROJECT, created=NOW)
    around.palette.fleet = replace(around.palette.fleet, clusters=[found])
    around.palette.fault = lambda request: Answer(403, FORBIDDEN) if "/features/restore" in request.path else None
    answer = around.invoke(DOCTOR, RESTORE_TEST_MAX_AGE_DAYS="90", INCLUDE_CLUSTERS="yes")
    check = checks(answer)["restores"]
    assert check["result"] == "warning"
    assert "restores into clusters cannot be read" in check["detail"]
    assert "cluster.get" in check["fix"]


FORBIDDEN = json.dumps({"code": "OperationForbidden", "message": "not for you", "ref": "r-1"}).encode()


def refusing(path: str) -> Callable[[Request], Answer | None]:
    """A Palette whose role lacks the permission for one kind of request."""
    return lambda request: Answer(403, FORBIDDEN) if request.path == path else None


def test_a_key_that_may_not_list_projects(around: World) -> None:
    around.palette.fault = refusing("/v1/dashboard/projects/metadata")
    check = checks(around.invoke(DOCTOR))["projects"]
    assert check["result"] == "failed"
    assert "project.list" in check["fix"]


def test_a_key_that_may_not_list_projects_need_not_where_they_are_named(around: World) -> None:
    around.palette.fault = refusing("/v1/dashboard/projects/metadata")
    answer = around.invoke(DOCTOR, PALETTE_PROJECT_UIDS=PROJECT)
    assert failed_checks(answer) == set()
    assert "need not" in checks(answer)["projects"]["detail"]


def test_a_key_that_may_not_list_workspaces(around: World) -> None:
    around.palette.fault = refusing("/v1/dashboard/workspaces")
    check = checks(around.invoke(DOCTOR))["workspaces"]
    assert check["result"] == "failed"
    assert "project-1" in check["detail"]
    assert "workspace.list" in check["fix"]


def test_a_login_page_instead_of_palette(around: World) -> None:
    around.palette.fault = lambda _: Answer(200, b"<!doctype html><title>Sign in</title>")
    check = checks(around.invoke(DOCTOR))["projects"]
    assert check["result"] == "failed"
    assert "proxy or a login page" in check["fix"]


@pytest.mark.parametrize(
    ("date", "result", "detail"),
    [
        ("Mon, 23 Nov 2020 07:00:00 GMT", "failed", "ahead of Palette's"),
        ("Mon, 23 Nov 2099 07:00:00 GMT", "failed", "behind Palette's"),
        ("half past seven", "warning", "did not say what time it is"),
    ],
)
def test_a_clock_that_is_wrong(around: World, date: str, result: str, detail: str) -> None:
    def dated(request: Request) -> Answer:
        answer = around.palette.answer(request)
        return Answer(answer.status, answer.body, {"Date": date})

    around.palette.fault = dated
    check = checks(around.invoke(DOCTOR))["clock"]
    assert check["result"] == result
    assert detail in check["detail"]


def test_a_fleet_that_takes_longer_than_a_function_may(around: World) -> None:
    healthy = around.palette.fleet.backups["healthy"]
    around.palette.fleet = a_fleet({f"shop-{number}": healthy for number in range(8_500)})
    check = checks(around.invoke(DOCTOR))["rate"]
    assert check["result"] == "warning", "it may be one of a fleet, which has the time"
    assert "8500 workspaces take about 845 s" in check["detail"]
    assert "parameter Distributed" in check["fix"]


def test_a_subscription_that_nobody_has_confirmed_is_none(around: World) -> None:
    sns = around.aws.client("sns")
    topic = sns.create_topic(Name="waiting")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="team@example.com")
    subscription = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"][0]
    if subscription["SubscriptionArn"] != "PendingConfirmation":
        # moto confirms by itself; what AWS says until somebody has followed the link is put in its place.
        sns_backends[DEFAULT_ACCOUNT_ID][REGION].subscriptions[
            subscription["SubscriptionArn"]
        ].arn = "PendingConfirmation"
    check = checks(around.invoke(DOCTOR, SNS_TOPIC_ARN=topic))["sns"]
    assert check["result"] == "failed"
    assert "0 confirmed subscriptions, 1 not confirmed yet" in check["detail"]


def test_a_sender_that_is_not_verified_yet(around: World) -> None:
    around.aws.client("sesv2").create_email_identity(EmailIdentity="backups@example.com")
    check = checks(around.invoke(DOCTOR, EMAIL_FROM="backups@example.com", EMAIL_TO="team@example.com"))["email"]
    assert (check["result"], check["detail"]) == ("failed", "backups@example.com is not verified yet")


@pytest.mark.parametrize("domain", ["mail.example.com", "example.com"])
def test_a_sender_in_a_subdomain_of_a_verified_domain(around: World, domain: str) -> None:
    verified_in_ses(around, domain)
    check = checks(around.invoke(DOCTOR, EMAIL_FROM="backups@mail.example.com", EMAIL_TO="team@example.com"))["email"]
    assert (check["result"], check["detail"]) == ("passed", f"{domain} is verified")


def test_a_sender_that_ses_has_never_heard_of(around: World) -> None:
    verified_in_ses(around, "example.org")
    check = checks(around.invoke(DOCTOR, EMAIL_FROM="backups@mail.example.com", EMAIL_TO="team@example.com"))["email"]
    assert (check["result"], check["fix"]) == ("failed", "Verify one of them in SES, in this region.")


def test_a_sender_that_is_verified_as_an_address_hears_of_dmarc(around: World) -> None:
    verified_in_ses(around, "backups@example.com")
    check = checks(around.invoke(DOCTOR, EMAIL_FROM="backups@example.com", EMAIL_TO="team@example.com"))["email"]
    assert check["result"] == "passed"
    assert "DMARC" in check["detail"]


@pytest.mark.parametrize(
    ("recipients", "result", "detail"),
    [
        ("team@example.com,lead@elsewhere.example", "failed", "refuses mail to lead@elsewhere.example"),
        ("team@example.com", "warning", "it sends to verified recipients only"),
    ],
)
def test_an_account_in_the_sandbox_of_ses(around: World, recipients: str, result: str, detail: str) -> None:
    SANDBOXES.ses = True
    verified_in_ses(around, "example.com")
    check = checks(around.invoke(DOCTOR, EMAIL_FROM="backups@example.com", EMAIL_TO=recipients))["email"]
    assert check["result"] == result
    assert detail in check["detail"]
    assert "Ask for production access" in check["fix"]


def test_an_account_whose_mail_ses_has_paused(around: World) -> None:
    SANDBOXES.is_paused = True
    verified_in_ses(around, "example.com")
    check = checks(around.invoke(DOCTOR, EMAIL_FROM="backups@example.com", EMAIL_TO="team@example.com"))["email"]
    assert (check["result"], check["detail"]) == ("failed", "SES has paused sending for this account")


@pytest.mark.parametrize(("is_in_sandbox", "result"), [(True, "warning"), (False, "passed")])
def test_sms_in_the_sandbox_is_a_warning(around: World, is_in_sandbox: bool, result: str) -> None:
    SANDBOXES.sms = is_in_sandbox
    topic = around.environment["SNS_TOPIC_ARN"]
    around.aws.client("sns").subscribe(TopicArn=topic, Protocol="sms", Endpoint="+491700000000")
    check = checks(around.invoke(DOCTOR))["sns"]
    assert check["result"] == result
    assert ("SMS sandbox" in check["detail"]) == is_in_sandbox


def test_the_sandbox_of_sms_does_not_matter_without_sms(around: World) -> None:
    SANDBOXES.sms = True
    assert checks(around.invoke(DOCTOR))["sns"]["result"] == "passed"


def test_a_path_in_the_url_of_palette_is_named(around: World) -> None:
    check = checks(around.invoke(DOCTOR, PALETTE_API_URL=f"{around.palette.url}/v1"))["projects"]
    assert check["result"] == "failed"
    assert check["fix"] == f"Drop the path /v1 from PALETTE_API_URL: {around.palette.url}"


def test_a_heartbeat_that_is_no_url(around: World) -> None:
    around.aws.client("secretsmanager").create_secret(Name="heartbeat", SecretString="hello there")
    check = checks(around.invoke(DOCTOR, HEARTBEAT_URL_SECRET="heartbeat"))["heartbeat"]
    assert check["result"] == "failed"
    assert "hello" not in json.dumps(check)


def test_a_time_zone_that_nobody_knows(around: World) -> None:
    check = checks(around.invoke(DOCTOR, TIME_ZONE="Mars/Olympus"))["settings"]
    assert check["result"] == "failed"
    assert "TIME_ZONE: 'Mars/Olympus'" in check["detail"]


def test_more_than_palette_allows_is_a_warning(around: World) -> None:
    answer = around.invoke(DOCTOR, PALETTE_REQUESTS_PER_SECOND="50")
    assert checks(answer)["rate"]["result"] == "warning"
    assert answer["healthy"] is True


def test_a_topic_without_subscribers(around: World) -> None:
    topic = around.aws.client("sns").create_topic(Name="lonely")["TopicArn"]
    check = checks(around.invoke(DOCTOR, SNS_TOPIC_ARN=topic))["sns"]
    assert check["result"] == "failed"
    assert "0 confirmed subscriptions" in check["detail"]


def test_a_webhook_that_was_removed(around: World) -> None:
    around.slack.fault = lambda _: webhook_error("no_service")
    check = checks(around.invoke(DOCTOR))["slack"]
    assert check["result"] == "failed"
    assert "no_service" in check["detail"]
    assert "make a new one" in check["fix"]


@pytest.mark.parametrize(
    ("fault", "result", "detail", "fix"),
    [
        (Answer(200, b"ok"), "warning", "it accepts an empty message", "may post nothing"),
        (Answer(200, b"<html>Sign in</html>"), "failed", "it answers HTTP 200", "Something else answers there"),
        (Answer(503), "failed", "Slack is unavailable: HTTP 503", "Try again later"),
        (Script(reset=True), "failed", "could not be reached: ProtocolError", "Check the network from here"),
    ],
    ids=["ok to anything", "login page", "unavailable", "reset"],
)
def test_a_slack_that_is_none_or_cannot_be_reached(
    around: World, fault: Answer | Script, result: str, detail: str, fix: str
) -> None:
    around.slack.fault = lambda _: fault
    check = checks(around.invoke(DOCTOR))["slack"]
    assert check["result"] == result
    assert detail in check["detail"]
    assert fix in check["fix"]
    assert "SLACK_WEBHOOK_SECRET" not in check["fix"], "its secret is not to blame"


def test_a_slack_that_never_ends_its_headers_does_not_keep_the_others_from_their_results(around: World) -> None:
    around.slack.fault = lambda _: Script((b"HTTP/1.1 200 OK\r\n", *(b"X-More: 1\r\n", 0.1) * 80))
    began = time.monotonic()
    found = checks(around.invoke(DOCTOR, 8.0))
    assert time.monotonic() - began < 6
    assert found["slack"]["detail"].startswith("timed out after")
    assert found["sns"]["result"] == "passed"


def test_the_url_of_a_workflow_of_slack_is_named(around: World) -> None:
    secret = "https://hooks.slack.com/triggers/T1/22/33"
    around.aws.client("secretsmanager").create_secret(Name="workflow", SecretString=secret)
    check = checks(around.invoke(DOCTOR, SLACK_WEBHOOK_SECRET="workflow"))["slack"]
    assert check["result"] == "failed"
    assert "a Slack workflow, which does not post reports" in check["detail"]
    assert "T1" not in json.dumps(check)


def test_teams_and_pagerduty_say_how_to_fix_what_is_wrong(
    around: World, teams: TeamsServer, pagerduty: PagerDutyServer
) -> None:
    teams.fault = lambda _: workflow_error(404, "WorkflowNotFound")
    pagerduty.fault = lambda _: invalid_event("Invalid routing key")

    found = checks(around.invoke(DOCTOR, TEAMS_WEBHOOK_SECRET="teams", PAGERDUTY_SECRET="pagerduty"))

    assert found["teams"]["fix"].startswith("The workflow was deleted or switched off")
    assert found["pagerduty"]["detail"] == "it answers HTTP 400, Invalid routing key"
    assert pagerduty.routing_key not in json.dumps(found)


def test_a_table_with_another_key(around: World) -> None:
    around.aws.client("dynamodb").create_table(
        TableName="other",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    assert "partition key id" in checks(around.invoke(DOCTOR, DELIVERY_TABLE="other"))["table"]["fix"]


def test_at_the_keyboard_it_is_the_same_doctor(around: World) -> None:
    env = {**environment(), **around.environment, "COLUMNS": "100"}
    done = run("doctor", env=env)
    assert done.returncode == 0
    assert "All checks passed." in done.stdout
    around.palette.api_key = "another"
    done = run("doctor", "--json", env=env)
    assert done.returncode == 1
    assert failed_checks(json.loads(done.stdout)) == {"projects"}
    assert around.slack.messages == []
    lines = run("doctor", env=env).stdout.splitlines()
    assert any("→ Create a new API key" in line for line in lines)
    assert max(map(len, lines)) <= 100


def test_at_the_keyboard_a_key_that_is_none_is_looked_for_where_it_stands() -> None:
    check = checks(json.loads(run("doctor", "--json", env=environment(PALETTE_API_KEY="two words")).stdout))["key"]
    assert check["detail"].startswith("PALETTE_API_KEY does not hold an API key")
    assert "PALETTE_API_KEY" in check["fix"]


def test_at_the_keyboard_missing_settings_are_findings_too() -> None:
    done = run("doctor", env=environment())
    assert done.returncode == 1
    assert "PALETTE_API_KEY: not set" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("more", "fix"),
    [
        ({"AWS_EC2_METADATA_DISABLED": "true"}, "Sign in to AWS (aws sso login"),
        ({"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "AWS cannot be reached"),
    ],
)  # fmt: skip
def test_at_the_keyboard_aws_that_cannot_be_used_has_a_fix(more: dict[str, str], fix: str) -> None:
    settings = {"PALETTE_API_KEY_SECRET": "palette-api-key", "AWS_DEFAULT_REGION": "eu-central-1"}
    done = run("doctor", "--json", env=environment(**settings, **more))
    check = checks(json.loads(done.stdout))["key"]
    assert done.returncode == 1
    assert check["result"] == "failed"
    assert fix in check["fix"]
