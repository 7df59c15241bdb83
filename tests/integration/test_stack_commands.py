"""The commands for a deployed stack: against a local AWS whose function is the real handler."""

from __future__ import annotations

import contextlib
import io
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from backup_reporter.handler import lambda_handler
from support.command_line import Done, run_command
from support.local_lambda import LocalLambda
from support.slack_server import webhook_error
from support.world import Context, World, environment_of

pytestmark = pytest.mark.slow

STACK = "backups"
RESOURCES = {
    "FailedReports": {"Type": "AWS::SQS::Queue"},
    "MissedSchedules": {"Type": "AWS::SQS::Queue"},
    "Topic": {"Type": "AWS::SNS::Topic"},
}


@dataclass
class Desk:
    directory: Path
    around: World
    function: LocalLambda
    environment: dict[str, str]

    def run(self, *arguments: str, answer: str = "") -> Done:
        return run_command(*arguments, environment=self.environment, directory=self.directory, answer=answer)

    def output(self, name: str) -> str:
        (stack,) = self.around.aws.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        return next(str(output["OutputValue"]) for output in stack["Outputs"] if output["OutputKey"] == name)

    def fail(self, queue: str, body: Mapping[str, Any], **attributes: str) -> None:
        named = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
        url = self.output(queue)
        self.around.aws.client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps(body), MessageAttributes=named)

    def waiting(self, queue: str) -> int:
        sqs = self.around.aws.client("sqs")
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        counted = sqs.get_queue_attributes(QueueUrl=self.output(queue), AttributeNames=names)["Attributes"]
        assert counted[names[1]] == "0", "what is not sent is visible to others at once"
        return int(counted[names[0]])


@pytest.fixture
def desk(around: World, tmp_path: Path) -> Iterator[Desk]:
    around.aws.make_bucket("kept")
    around.aws.make_delivery_table("deliveries")
    around.environment.update(REPORT_BUCKET="kept", DELIVERY_TABLE="deliveries")

    def handler(event: Any, invocation_id: str) -> Mapping[str, Any]:
        # A function's log does not go where the command writes.
        with environment_of(around.environment), contextlib.redirect_stdout(io.StringIO()):
            report: Mapping[str, Any] = lambda_handler(event, Context(invocation_id))
            return report

    with LocalLambda(handler, around.environment) as function:
        outputs = {
            "FunctionName": {"Value": "reporter"},
            "BucketName": {"Value": "kept"},
            "TopicArn": {"Value": {"Ref": "Topic"}},
            "FailedReportsUrl": {"Value": {"Ref": "FailedReports"}},
            "MissedSchedulesUrl": {"Value": {"Ref": "MissedSchedules"}},
        }
        parameters = {name: {"Type": "String", "Default": "palette-api-key"} for name in ("PaletteApiKeySecret",)}
        template = {"Parameters": parameters, "Resources": RESOURCES, "Outputs": outputs}
        around.aws.client("cloudformation").create_stack(StackName=STACK, TemplateBody=json.dumps(template))
        (tmp_path / "samconfig.toml").write_text(
            f'[default.deploy.parameters]\nstack_name = "{STACK}"\nregion = "eu-central-1"\n'
        )
        environment = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "AWS_ENDPOINT_URL": around.aws.url,
            "AWS_ENDPOINT_URL_LAMBDA": function.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }
        yield Desk(tmp_path, around, function, environment)


def test_a_whole_report_is_started_and_the_kept_one_is_waited_for(desk: Desk) -> None:
    done = desk.run("invoke", "report", "--format", "json")
    assert done.returncode == 2, done.stderr
    report = json.loads(done.stdout)
    assert report["status"] == "CRITICAL"
    assert {delivery["channel"]: delivery["status"] for delivery in report["deliveries"]} == {
        "sns": "delivered",
        "slack": "delivered",
    }
    assert desk.function.invocations == [("Event", {})]


def test_a_narrowed_report_is_answered_at_once(desk: Desk) -> None:
    done = desk.run("invoke", "report", "--workspace", "healthy", "--notify", "never")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "healthy" in done.stdout
    assert "failing" not in done.stdout
    assert desk.function.invocations == [("RequestResponse", {"workspaceUids": ["healthy"], "notify": "never"})]


def test_a_project_is_found_by_its_name_and_a_misspelt_one_is_refused(desk: Desk) -> None:
    done = desk.run("invoke", "report", "--project", "project-1", "--notify", "never")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Only what was asked for: 1 project." in done.stdout
    refused = desk.run("invoke", "report", "--project", "projekt-1")
    assert refused.returncode == 3
    assert "no project in scope has the uid or name 'projekt-1'; did you mean the project project-1" in refused.stderr


def test_what_the_function_would_refuse_is_refused_before_lambda_would_try_it_three_times(desk: Desk) -> None:
    done = desk.run("invoke", "report", "--channel", "email")
    assert done.returncode != 0
    assert "channels: email is not set up here" in done.stderr
    assert desk.function.invocations == []


def test_an_error_of_the_function_is_shown_in_its_own_words(desk: Desk) -> None:
    done = desk.run("invoke", "redeliver", "20261124T070000Z-1a2b3c4d")
    assert done.returncode != 0
    assert "InvalidRequest: " in done.stderr
    assert "20261124T070000Z-1a2b3c4d" in done.stderr


def test_the_doctor_inside_the_function_is_shown_as_at_the_keyboard(desk: Desk) -> None:
    done = desk.run("invoke", "doctor")
    assert done.returncode in (0, 1), done.stderr
    assert "All checks passed." in done.stdout


def test_the_newest_report_is_opened_by_default_and_one_by_its_id(desk: Desk) -> None:
    assert "no report is kept yet" in desk.run("open", "--print").stderr
    assert desk.run("invoke", "report").returncode == 2
    newest = desk.run("open", "--print").stdout
    report_id = newest.partition(".html")[0].rpartition("/")[2]
    assert "X-Amz-Signature=" in newest
    assert desk.run("open", "--print", report_id).stdout.partition("?")[0] == newest.partition("?")[0]
    assert "no report 20200101T000000Z-1a2b3c4d is kept" in desk.run("open", "20200101T000000Z-1a2b3c4d").stderr


def test_the_browser_gets_the_link(desk: Desk) -> None:
    assert desk.run("invoke", "report").returncode == 2
    opened = desk.directory / "opened"
    browser = desk.directory / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    browser.chmod(0o755)
    desk.environment["BROWSER"] = f"{browser} %s"
    done = desk.run("open")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert "X-Amz-Signature=" in opened.read_text()


DELIVERY_FAILED = {"errorType": "DeliveryFailed", "errorMessage": "slack: it was down"}
FAILED = {"requestPayload": {"scheduledTime": "2026-11-02T06:30:00Z"}, "responsePayload": DELIVERY_FAILED}


def test_empty_queues_do_nothing(desk: Desk) -> None:
    done = desk.run("redrive", "--yes")
    assert (done.returncode, done.stdout) == (0, "Both failure queues are empty. There is nothing to send again.\n")
    assert desk.function.invocations == []


def test_nothing_is_sent_again_without_a_yes(desk: Desk) -> None:
    desk.fail("FailedReportsUrl", FAILED)
    done = desk.run("redrive", answer="\n")
    assert done.returncode == 1
    assert "the report of 2026-11-02T06:30:00Z: failed or did not reach every channel" in done.stdout
    assert "DeliveryFailed: slack: it was down" in done.stdout
    assert desk.function.invocations == []
    assert desk.waiting("FailedReportsUrl") == 1


def test_what_succeeds_is_deleted_and_what_fails_stays(desk: Desk) -> None:
    desk.fail("FailedReportsUrl", FAILED)
    desk.fail("FailedReportsUrl", {"requestPayload": {"workspace": "typo"}, "responsePayload": None})
    scheduled = {"SCHEDULED_TIME": "2026-11-03T06:30:00Z", "ERROR_CODE": "AccessDenied"}
    desk.fail("MissedSchedulesUrl", {"FunctionName": "reporter", "Payload": "{}"}, **scheduled)

    done = desk.run("redrive", answer="y\n")

    assert done.returncode == 1, done.stderr
    assert "the report of 2026-11-02T06:30:00Z: sent; sns delivered, slack delivered" in done.stdout
    assert "the report of 2026-11-03T06:30:00Z: sent; sns delivered, slack delivered" in done.stdout
    assert 'a request: {"workspace": "typo"}: failed again' in done.stdout
    assert "Still in the queues: 1 message. Fix the cause" in done.stdout
    assert (desk.waiting("FailedReportsUrl"), desk.waiting("MissedSchedulesUrl")) == (1, 0)
    assert len(desk.around.slack.messages) == 2


def test_a_request_whose_report_misses_a_channel_again_stays_in_the_queue(desk: Desk) -> None:
    desk.fail("FailedReportsUrl", {"requestPayload": {"notify": "always"}, "responsePayload": DELIVERY_FAILED})
    desk.around.slack.fault = lambda request: webhook_error("no_service")
    done = desk.run("redrive", "--yes")
    assert done.returncode == 1
    assert 'a request: {"notify": "always"}: failed again; sns delivered, slack failed' in done.stdout
    assert desk.waiting("FailedReportsUrl") == 1


def test_destroy_asks_for_the_name_and_says_what_stays(desk: Desk) -> None:
    refused = desk.run("destroy", answer="yes\n")
    assert (refused.returncode, "Nothing was deleted." in refused.stdout) == (1, True)
    done = desk.run("destroy", answer=f"{STACK}\n")
    assert done.returncode == 0, done.stderr
    assert "the bucket kept with all kept reports" in done.stdout
    assert "the secret palette-api-key" in done.stdout
    assert "there is no stack backups in eu-central-1" in desk.run("invoke", "doctor").stderr


def test_the_stack_and_its_region_can_be_given_by_flags(desk: Desk) -> None:
    (desk.directory / "samconfig.toml").unlink()
    assert "no AWS region: give --region" in desk.run("invoke", "doctor").stderr
    where = ("--stack", STACK, "--region", "eu-central-1")
    assert "All checks passed." in desk.run("invoke", "doctor", *where).stdout


def test_a_stack_whose_first_changes_were_not_agreed_to_is_not_deployed(desk: Desk) -> None:
    template = json.dumps({"Resources": RESOURCES})
    desk.around.aws.client("cloudformation").create_change_set(
        StackName="new", ChangeSetName="first", ChangeSetType="CREATE", TemplateBody=template
    )
    done = desk.run("invoke", "doctor", "--stack", "new")
    assert "the stack new is not deployed yet" in done.stderr


def test_deploy_says_what_is_missing(desk: Desk) -> None:
    assert "run this in the project's directory" in desk.run("deploy").stderr
    (desk.directory / "template.yaml").write_text("Parameters: {}\n")
    desk.environment["PATH"] = os.defpath
    assert "SAM CLI is not installed" in desk.run("deploy").stderr
    (desk.directory / "samconfig.toml").unlink()
    assert "run backup-reporter setup first" in desk.run("deploy").stderr
