"""A deployment from the first question to its end, with the commands that a person types."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backup_reporter.demo.instructive import instructive
from support.lookalike import API_KEY, LookAlike
from support.slack_server import SlackServer
from support.stack import REPOSITORY, LocalAws, local_aws

STACK = "palette-backup-reporter"


@dataclass
class Desk:
    """A directory with the project, and an environment, as a new user has them."""

    directory: Path
    aws: LocalAws
    palette: LookAlike
    slack: SlackServer
    environment: dict[str, str]

    def run(self, *arguments: str, answer: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "backup_reporter", *arguments],
            cwd=self.directory,
            env={**self.environment, **environment},
            input=answer,
            capture_output=True,
            text=True,
            timeout=150,
            check=False,
        )

    def output(self, name: str) -> str:
        (stack,) = self.aws.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        return next(str(output["OutputValue"]) for output in stack["Outputs"] if output["OutputKey"] == name)


def copy_project(directory: Path) -> None:
    """What `git clone` would bring, without the tests and documents."""
    listed = subprocess.run(
        ["git", "ls-files", "--", ".", ":!tests", ":!docs", ":!bench"],
        cwd=REPOSITORY, capture_output=True, text=True, check=True
    )  # fmt: skip
    for name in listed.stdout.splitlines():
        if (REPOSITORY / name).is_file():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, directory / name)
    # The local AWS speaks no TLS, on which topics, queues and the bucket insist.
    template = directory / "template.yaml"
    only_tls = '"aws:SecureTransport": "false"'
    template.write_text(template.read_text().replace(only_tls, '"aws:SecureTransport": "neither"'))


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    directory = tmp_path_factory.mktemp("project")
    copy_project(directory)
    with (
        LookAlike(instructive(datetime.now(UTC)), rate_limit=False) as palette,
        SlackServer() as slack,
        local_aws(tmp_path_factory.mktemp("aws")) as aws,
    ):
        place = {"LocationConstraint": "eu-central-1"}
        aws.client("s3").create_bucket(Bucket="deployments", CreateBucketConfiguration=place)
        (directory / "samconfig.toml").write_text(
            'version = 0.1\n\n# of the local AWS\n[default.deploy.parameters]\ns3_bucket = "deployments"\n'
        )
        version, machine = aws.function_platform()
        environment = {
            **aws.environment,
            "PATH": f"{REPOSITORY / '.venv-sam/bin'}:{os.environ['PATH']}",
            "HOME": os.environ.get("HOME", "/"),
            "PYTHONPATH": str(directory / "src"),
            "PYTHON_VERSION": version,
            "ARCHITECTURE": machine,
            "LANG": "C.UTF-8",
            "COLUMNS": "120",
        }
        yield Desk(directory, aws, palette, slack, environment)


def test_setup_and_deploy_lead_to_a_message_in_slack(desk: Desk) -> None:
    flags = ("--yes", "--palette-url", desk.palette.url, "--email", "ops@example.com", "--schedule", "06:30")
    began = time.monotonic()
    prepared = desk.run("setup", *flags, PALETTE_API_KEY=API_KEY, SLACK_WEBHOOK_URL=desk.slack.webhook_url)
    assert prepared.returncode == 0, prepared.stderr
    assert "18 workspaces" in prepared.stdout

    deployed = desk.run("deploy")

    assert deployed.returncode == 0, deployed.stdout[-3000:] + deployed.stderr[-3000:]
    print(f"from setup to the first Slack message: {time.monotonic() - began:.0f} s")
    assert len(desk.slack.messages) == 1
    assert "slack: delivered" in deployed.stdout
    assert "CRITICAL" in deployed.stdout
    for said in (prepared.stdout, prepared.stderr, deployed.stdout, deployed.stderr):
        assert API_KEY not in said
        assert "/services/" not in said


def test_an_upgrade_tells_no_channel(desk: Desk) -> None:
    before = len(desk.slack.messages)
    again = desk.run("deploy")
    assert again.returncode == 0, again.stdout[-3000:] + again.stderr[-3000:]
    assert "A report, which no channel gets:" in again.stdout
    assert "slack: skipped" in again.stdout
    assert len(desk.slack.messages) == before


def test_the_function_looks_into_the_future(desk: Desk) -> None:
    done = desk.run("invoke", "report", "--as-of", "2026-12-24", "--format", "json")
    assert done.returncode in (0, 1, 2, 3), done.stderr
    report = json.loads(done.stdout)
    assert report["asOf"].startswith("2026-12-24")
    assert report["summary"]["workspaces"] == 18
    assert {delivery["status"] for delivery in report["deliveries"]} == {"skipped"}


def test_a_refused_request_says_why(desk: Desk) -> None:
    done = desk.run("invoke", "report", "--channel", "email")
    assert done.returncode == 3
    assert "channels: email is not set up here" in done.stderr


def test_the_doctor_runs_inside(desk: Desk) -> None:
    done = desk.run("invoke", "doctor", "--json")
    checks = {check["name"]: check["result"] for check in json.loads(done.stdout)["checks"]}
    assert checks["key"] == checks["slack"] == checks["bucket"] == "passed"


def test_a_kept_report_is_opened_and_sent_again(desk: Desk) -> None:
    link = desk.run("open", "--print")
    assert link.returncode == 0, link.stderr
    report_id = link.stdout.partition("?")[0].rpartition("/")[2].removesuffix(".html\n").removesuffix(".html")
    before = len(desk.slack.messages)
    done = desk.run("invoke", "redeliver", report_id, "--channel", "slack")
    assert (done.returncode, done.stdout) == (0, "  slack: delivered\n"), done.stderr
    assert len(desk.slack.messages) == before + 1


def test_what_failed_is_sent_again_once_and_only_after_a_yes(desk: Desk) -> None:
    sqs, queue = desk.aws.client("sqs"), desk.output("FailedReportsUrl")
    body = {
        "requestPayload": {"scheduledTime": "2026-11-02T06:30:00Z"},
        "responsePayload": {"errorType": "DeliveryFailed", "errorMessage": "slack: it was down"},
    }
    sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(body))

    refused = desk.run("redrive", answer="n\n")
    assert refused.returncode == 1
    assert "DeliveryFailed: slack: it was down" in refused.stdout

    before = len(desk.slack.messages)
    sent = desk.run("redrive", answer="y\n")
    assert sent.returncode == 0, sent.stdout + sent.stderr
    assert "the report of 2026-11-02T06:30:00Z: sent; " in sent.stdout
    assert len(desk.slack.messages) == before + 1

    again = desk.run("redrive", "--yes")
    assert again.stdout == "Both failure queues are empty. There is nothing to send again.\n"
    assert len(desk.slack.messages) == before + 1


def test_destroy_says_what_stays(desk: Desk) -> None:
    kept = desk.run("destroy", answer="\n")
    assert kept.returncode == 1
    assert "Nothing was deleted." in kept.stdout
    gone = desk.run("destroy", "--yes")
    assert gone.returncode == 0, gone.stderr
    assert " with all kept reports" in gone.stdout
    assert "the secret palette-api-key" in gone.stdout
    after = desk.run("invoke", "doctor")
    assert "there is no stack palette-backup-reporter in eu-central-1" in after.stderr
