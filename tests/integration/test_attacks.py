"""What an invoker, a writer of the tenants' list, of a secret or of the report prefix tries, on the whole function."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backup_reporter.errors import InvalidRequest, SettingsError
from support.local_server import Answer, LocalServer, Request
from support.lookalike import API_KEY, LookAlike
from support.slack_server import SlackServer
from support.world import LocalAws, World, a_fleet, a_result, a_run, an_item, world

NOW = datetime.now(UTC)
TENANTS = "ssm:/palette/tenants"


class Anything(LocalServer):
    """A server of the attacker's: it takes any request, and remembers it."""

    def answer(self, request: Request) -> Answer:
        return Answer(200, b"{}")


@pytest.fixture
def deployed(aws: LocalAws) -> Iterator[World]:
    """The function with a bucket, a table, and two projects with a workspace each; the second one fails."""
    aws.make_bucket("kept")
    aws.make_delivery_table("deliveries")
    nights = [NOW - timedelta(days=back) for back in range(5)]
    backups = {
        "w-1": a_result(*(a_run(night) for night in nights)),
        "w-2": a_result(*(a_run(night, "Failed") for night in nights)),
    }
    fleet = a_fleet(backups, {"mine": [an_item("w-1", "payments")], "theirs": [an_item("w-2", "ledger")]})
    with LookAlike(fleet, rate_limit=False) as palette, SlackServer() as slack, world(aws, palette, slack) as around:
        around.environment |= {"REPORT_BUCKET": "kept", "DELIVERY_TABLE": "deliveries"}
        yield around


def statuses(report: dict[str, Any]) -> set[str]:
    return {delivery["status"] for delivery in report["deliveries"]}


def check_nothing_was_sent(around: World) -> None:
    assert not around.slack.messages
    assert not around.notifications()


# An invoker


@pytest.mark.parametrize("days", [1, 400])
def test_tomorrows_report_cannot_be_claimed_today(deployed: World, days: int) -> None:
    at = f"{NOW + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"
    for event in ({"scheduledTime": at}, {"detail-type": "Scheduled Event", "time": at}):
        with pytest.raises(InvalidRequest, match="should be at most 15 minutes ahead of now"):
            deployed.invoke(event)
    check_nothing_was_sent(deployed)
    assert deployed.aws.client("dynamodb").scan(TableName="deliveries")["Items"] == []
    assert statuses(deployed.invoke({"scheduledTime": f"{NOW:%Y-%m-%dT%H:%M:%SZ}"})) == {"delivered"}


def test_an_event_cannot_leave_the_scope_of_the_settings(deployed: World) -> None:
    for project in ("theirs", "project-2"):
        with pytest.raises(InvalidRequest, match=f"projectUids: no project in scope has the uid or name '{project}'"):
            deployed.invoke({"projectUids": ["mine", project]}, PALETTE_PROJECT_UIDS="mine")
    for name in ("w-2", "ledger"):
        with pytest.raises(InvalidRequest, match="no workspace in scope has the uid or name"):
            deployed.invoke({"workspaceUids": [name]}, PALETTE_PROJECT_UIDS="mine")
        with pytest.raises(InvalidRequest, match="no workspace in scope has the uid or name"):
            deployed.invoke({"workspaceUids": [name]}, PALETTE_WORKSPACE_UIDS="w-1")
    check_nothing_was_sent(deployed)


def test_an_event_cannot_leave_the_scope_of_a_tenant(deployed: World) -> None:
    entry = {"name": "acme", "projectUids": ["mine"]}
    with tenants(deployed, entry, {"name": "globex", "projectUids": ["theirs"]}):
        with pytest.raises(InvalidRequest, match="projectUids: no project in scope has the uid or name 'theirs'"):
            deployed.invoke({"tenants": ["acme"], "projectUids": ["theirs"]})
        with pytest.raises(InvalidRequest, match="no workspace in scope has the uid or name 'ledger'"):
            deployed.invoke({"tenants": ["acme"], "workspaceUids": ["ledger"]})
        check_nothing_was_sent(deployed)
        report = deployed.invoke({"tenants": ["acme"], "notify": "never"})
    assert [workspace["uid"] for workspace in report["workspaces"]] == ["w-1"]


# A writer of the tenants' list


@contextmanager
def tenants(around: World, *entries: dict[str, Any]) -> Iterator[None]:
    around.aws.client("ssm").put_parameter(
        Name="/palette/tenants", Value=json.dumps(entries), Type="String", Overwrite=True
    )
    before = dict(around.environment)
    around.environment |= {"TENANTS": TENANTS}
    try:
        yield
    finally:
        around.environment.clear()
        around.environment.update(before)


@pytest.mark.parametrize(
    "url", ["https://evil.example", "https://api.spectrocloud.com.evil.example", "https://evilspectrocloud.com"]
)
def test_no_key_goes_to_a_host_that_is_not_allowed(deployed: World, url: str) -> None:
    with tenants(deployed, {"name": "acme", "apiUrl": url}), pytest.raises(SettingsError, match="may not be asked"):
        deployed.invoke({})
    assert deployed.palette.requests == []
    check_nothing_was_sent(deployed)


def test_a_loopback_server_gets_no_key_unless_its_host_is_allowed(deployed: World) -> None:
    with (
        Anything() as theirs,
        tenants(deployed, {"name": "acme", "apiUrl": theirs.url.replace("127.0.0.1", "localhost")}),
    ):
        with pytest.raises(SettingsError, match="'localhost' may not be asked"):
            deployed.invoke({})
        assert theirs.requests == []


def test_the_secret_of_a_channel_is_no_api_key(deployed: World) -> None:
    slack = deployed.environment["SLACK_WEBHOOK_SECRET"]
    arn = deployed.aws.client("secretsmanager").describe_secret(SecretId=slack)["ARN"]
    for name in (slack, arn, arn.rpartition("-")[0]):
        with (
            tenants(deployed, {"name": "acme", "apiKeySecret": name}),
            pytest.raises(SettingsError, match="apiKeySecret: names the secret of a channel or of the heartbeat"),
        ):
            deployed.invoke({})
    assert deployed.palette.requests == []


# A writer of a secret, or of the settings


def test_no_request_reaches_the_api_of_lambda(deployed: World) -> None:
    taken: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as runtime:
        threading.Thread(target=lambda: taken.append(runtime.accept()[0]), daemon=True).start()
        own = f"127.0.0.1:{runtime.getsockname()[1]}"
        secrets = deployed.aws.client("secretsmanager")
        secrets.create_secret(Name="heartbeat", SecretString=f"http://{own}/2018-06-01/runtime/invocation/next")
        secrets.create_secret(Name="hook", SecretString=f"http://{own}/2018-06-01/runtime/init/error")
        variables: Any = {
            "AWS_LAMBDA_RUNTIME_API": own,
            "HEARTBEAT_URL_SECRET": "heartbeat",
            "SLACK_WEBHOOK_SECRET": "hook",
        }

        report = deployed.invoke({}, **variables)
        with pytest.raises(SettingsError, match="AWS Lambda's own API"):
            deployed.invoke({}, AWS_LAMBDA_RUNTIME_API=own, PALETTE_API_URL=f"http://{own}")

        assert taken == []
    slack = next(delivery for delivery in report["deliveries"] if delivery["channel"] == "slack")
    assert slack["status"] == "failed"


def test_a_key_that_sees_less_changes_the_report_and_says_so(deployed: World) -> None:
    deployed.aws.client("secretsmanager").create_secret(Name="other", SecretString=f"{API_KEY}-of-another-user")
    report = deployed.invoke({}, PALETTE_API_KEY_SECRET="other")
    assert report["status"] == "UNKNOWN"
    assert "Palette refused the API key" in report["problems"][0]


# A writer of the report prefix


def test_the_list_of_reports_links_to_no_other_place(deployed: World) -> None:
    deployed.invoke({})
    s3 = deployed.aws.client("s3")
    entries = json.loads(s3.get_object(Bucket="kept", Key="reports/index.json")["Body"].read())
    forged = [{**entries[0], "path": path} for path in ("javascript:alert(1)", "//evil.example/x", "../../other/x")]
    s3.put_object(Bucket="kept", Key="reports/index.json", Body=json.dumps([*forged, *entries]).encode())

    deployed.invoke({})

    page = s3.get_object(Bucket="kept", Key="reports/index.html")["Body"].read().decode()
    for path in ("javascript:", "evil.example", "../"):
        assert path not in page
