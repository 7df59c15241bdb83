"""The template's state machine, executed by moto's interpreter, with the real handler behind its Lambda tasks."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from moto.awslambda_simple.models import LambdaSimpleBackend
from moto.core.config import default_user_config

from backup_reporter.handler import lambda_handler
from support.deployed_template import ACCOUNT, REGION, Deployed
from support.world import Context, LocalAws, World, environment_of

FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:BackupReporter"
_SECONDS = 120.0

Disturbance = Callable[[Mapping[str, Any]], None]
"""Called with each step before the handler is; what it raises is what the function then fails with."""


@dataclass
class Execution:
    """What became of an execution."""

    status: str
    output: Any
    error: str | None


@dataclass
class StateMachine:
    """The state machine of the template, in a local AWS."""

    aws: LocalAws
    failures_url: str
    arn: str = ""
    steps: list[dict[str, Any]] = field(default_factory=list)
    disturb: Disturbance = lambda step: None

    def run(self, event: object) -> Execution:
        """Starts an execution and waits for its end."""
        client = self.aws.client("stepfunctions")
        arn = client.start_execution(stateMachineArn=self.arn, name=uuid4().hex, input=json.dumps(event))[
            "executionArn"
        ]
        ends_at = time.monotonic() + _SECONDS
        while not _is_over(found := client.describe_execution(executionArn=arn)):
            assert time.monotonic() < ends_at, "the execution comes to no end"
            time.sleep(0.05)
        output = json.loads(found["output"]) if "output" in found else None
        return Execution(found["status"], output, found.get("error"))

    def kept_failures(self) -> list[dict[str, Any]]:
        received = self.aws.client("sqs").receive_message(QueueUrl=self.failures_url, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in received.get("Messages", ())]

    def invoke(self, body: str, headers: dict[str, str]) -> bytes:
        """Lambda's part: the handler with the step, and its error as the platform reports one."""
        step = json.loads(body)
        self.steps.append(step)
        try:
            self.disturb(step)
            return json.dumps(lambda_handler(step, Context(aws_request_id=str(uuid4())))).encode()
        except Exception as error:  # noqa: BLE001 - whatever it is, the platform reports it
            headers["x-amz-function-error"] = "Unhandled"
            return json.dumps({"errorType": type(error).__name__, "errorMessage": str(error)}).encode()


def _is_over(execution: Mapping[str, Any]) -> bool:
    """moto says that an execution has ended a moment before it says with what."""
    return "error" in execution or execution.get("output", "null") != "null"


@contextmanager
def state_machine(around: World, bucket: str, **environment: str) -> Iterator[StateMachine]:
    """The template with ``Distributed=yes``, in the environment of ``around`` and more."""
    queue = around.aws.client("sqs").create_queue(QueueName="failed-reports")["QueueUrl"]
    names = {"BackupReporter.Arn": FUNCTION, "Reports": bucket, "FailedReports": queue}
    properties = Deployed({"Distributed": "yes"}, names).resources("AWS::StepFunctions::StateMachine")["StateMachine"]
    machine = StateMachine(around.aws, queue)
    # The interpreter finds moto's other services by this variable.
    port = around.aws.url.rpartition(":")[2]
    with (
        _interpreted(machine),
        environment_of({**around.environment, **environment, "REPORT_BUCKET": bucket, "MOTO_PORT": port}),
    ):
        machine.arn = around.aws.client("stepfunctions").create_state_machine(
            name="distributed", definition=_definition(properties), roleArn=f"arn:aws:iam::{ACCOUNT}:role/distributed"
        )["stateMachineArn"]
        yield machine


def _definition(properties: Mapping[str, Any]) -> str:
    """The definition with its substitutions; what waits before it tries again waits a second."""
    text = json.dumps(properties["Definition"])
    for name, value in properties["DefinitionSubstitutions"].items():
        text = text.replace("${" + name + "}", value)
    assert "${" not in text
    # The interpreter reads a percentage only with a decimal point.
    text = text.replace('"ToleratedFailurePercentage": 100', '"ToleratedFailurePercentage": 100.0')
    return re.sub(
        r'"IntervalSeconds": \d+(, "MaxAttempts": \d+), "BackoffRate": 2',
        r'"IntervalSeconds": 1\1, "BackoffRate": 1.0',
        text,
    )


@contextmanager
def _interpreted(machine: StateMachine) -> Iterator[None]:
    """moto runs state machines, and asks the handler where it would start a container."""

    def invoke(
        backend: object, function_name: str, qualifier: str | None, body: Any, headers: Any, response_headers: Any
    ) -> bytes:
        assert function_name == FUNCTION
        return machine.invoke(body, response_headers)

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(default_user_config["stepfunctions"], "execute_state_machine", True)
        patch.setitem(default_user_config["lambda"], "use_docker", False)
        patch.setattr(LambdaSimpleBackend, "invoke", invoke)
        yield
