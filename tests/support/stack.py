"""The real template, built by sam and deployed into a local AWS that enforces IAM."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

REPOSITORY = Path(__file__).parents[2]
SAM = REPOSITORY / ".venv-sam/bin/sam"
MINISTACK = REPOSITORY / ".venv-ministack/bin"
REGION = "eu-central-1"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def local_aws(directory: Path) -> Iterator[LocalAws]:
    """A ministack of its own, with IAM enforced; stopped in the end."""
    port = free_port()
    environment = {
        **os.environ,
        "AUTH": "true",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "STATE_DIR": str(directory / "state"),
        "AWS_DEFAULT_REGION": REGION,
        "MINISTACK_REGION": REGION,
        "LAMBDA_WARM_TTL_SECONDS": "600",
    }
    with (directory / "ministack.log").open("wb") as log:
        process = subprocess.Popen([MINISTACK / "ministack"], env=environment, stdout=log, stderr=log, cwd=directory)
        try:
            aws = LocalAws(f"http://127.0.0.1:{port}", directory)
            aws.wait_until_up()
            yield aws
        finally:
            process.terminate()
            process.wait(timeout=20)


class LocalAws:
    """Clients with the administrator's rights, and sam's commands, against one endpoint."""

    def __init__(self, url: str, directory: Path) -> None:
        self.url = url
        self.directory = directory
        self.environment = {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "SAM_CLI_TELEMETRY": "0",
        }

    def wait_until_up(self) -> None:
        for _ in range(150):
            try:
                with urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=1):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        raise AssertionError("ministack did not start: see " + str(self.directory / "ministack.log"))

    def client(self, service: str) -> Any:
        session = boto3.Session("test", "test", region_name=REGION)
        return session.client(service, endpoint_url=self.url)

    def sam(self, *arguments: str, **environment: str) -> str:
        finished = subprocess.run(
            [SAM, *arguments],
            cwd=REPOSITORY,
            env={**os.environ, **self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert finished.returncode == 0, finished.stdout[-3000:] + finished.stderr[-3000:]
        return finished.stdout

    def build(self) -> Path:
        """`sam build` of the untouched template; the packages are for the machine that runs ministack."""
        version, machine = self.function_platform()
        directory = self.directory / "build"
        self.sam("build", "--build-dir", str(directory), PYTHON_VERSION=version, ARCHITECTURE=machine)
        return directory / "template.yaml"

    def function_platform(self) -> tuple[str, str]:
        """The Python version and the machine of ministack, which run the function."""
        script = "import sys, platform; print(*sys.version_info[:2], sep='.'); print(platform.machine())"
        done = subprocess.run([MINISTACK / "python", "-c", script], capture_output=True, text=True, check=True)
        version, machine = done.stdout.split()
        return version, machine

    def deploy(self, template: Path, stack: str, parameters: Mapping[str, str]) -> dict[str, str]:
        """`sam deploy`; answers with the stack's outputs."""
        overrides = [f'{name}="{value}"' for name, value in parameters.items()]
        self.sam(
            *("deploy", "--template-file", str(template), "--stack-name", stack, "--s3-bucket", "deployments"),
            *("--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--no-fail-on-empty-changeset"),
            *("--parameter-overrides", *overrides),
        )
        (described,) = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}

    def let_topics_speak_plain_http(self, *topics: str) -> None:
        """Takes the rule "TLS only" from the topics, because this AWS has no TLS."""
        sns = self.client("sns")
        for topic in topics:
            policy = json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])
            policy["Statement"] = [statement for statement in policy["Statement"] if statement["Effect"] == "Allow"]
            sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(policy))
