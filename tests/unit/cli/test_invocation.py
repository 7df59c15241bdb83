"""Waiting for what comes of an invocation, with AWS as plain objects."""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import BytesIO
from typing import Any, cast

import boto3
import pytest

from backup_reporter.cli.invocation import InvocationError, make_report, send_again
from backup_reporter.cli.stack import Stack
from backup_reporter.report.model import to_json
from support.report_builders import a_green_report

REPORT = a_green_report(3)


class Session:
    """Stands for boto3's session: hands out these clients."""

    region_name = "eu-central-1"

    def __init__(self, outputs: Mapping[str, str], **clients: Any) -> None:
        self._clients = {"cloudformation": Stacks(outputs), **clients}

    def client(self, service: str, config: object) -> Any:
        return self._clients[service]


class Stacks:
    def __init__(self, outputs: Mapping[str, str]) -> None:
        self._outputs = [{"OutputKey": name, "OutputValue": value} for name, value in outputs.items()]

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803 - boto3's
        return {"Stacks": [{"Outputs": self._outputs}]}


class Machine:
    """Step Functions with one execution that has ended."""

    def __init__(self, **execution: Any) -> None:
        self.inputs: list[Any] = []
        self._execution = execution

    def start_execution(self, **arguments: str) -> dict[str, str]:
        self.inputs.append(json.loads(arguments["input"]))
        return {"executionArn": "arn:execution"}

    def describe_execution(self, **_arguments: str) -> dict[str, Any]:
        return self._execution


class Function:
    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def get_function_configuration(self, **_arguments: str) -> dict[str, Any]:
        return {}

    def invoke(self, **_arguments: Any) -> dict[str, Any]:
        body = BytesIO(json.dumps(self._answer).encode())
        return {"Payload": body, "ResponseMetadata": {"RequestId": "the-id"}}


class EmptyBucket:
    def get_paginator(self, _operation: str) -> EmptyBucket:
        return self

    def paginate(self, **_arguments: str) -> list[dict[str, Any]]:
        return [{}]


class Log:
    def __init__(self, *lines: str) -> None:
        self._lines = lines

    def filter_log_events(self, **arguments: Any) -> dict[str, Any]:
        assert arguments["filterPattern"] == '"the-id"'
        return {"events": [{"message": line} for line in self._lines]}


def stack(session: Session) -> Stack:
    return Stack("backups", cast("boto3.Session", session))


DISTRIBUTED = {"FunctionName": "f", "StateMachineArn": "arn:machine"}


def test_a_distributed_run_answers_with_its_report() -> None:
    machine = Machine(status="SUCCEEDED", output=to_json(REPORT).decode())
    report = make_report(stack(Session(DISTRIBUTED, stepfunctions=machine)), {"notify": "never"})
    assert report.report_id == REPORT.report_id
    assert machine.inputs == [{"notify": "never"}]


def test_a_distributed_run_that_failed_says_why() -> None:
    machine = Machine(status="FAILED", error="RunFailed", cause="a step failed")
    with pytest.raises(InvocationError, match="the run arn:execution FAILED: a step failed"):
        make_report(stack(Session(DISTRIBUTED, stepfunctions=machine)), {})


def test_an_event_of_a_distributed_run_is_sent_to_the_machine_again() -> None:
    machine = Machine(status="SUCCEEDED", output=to_json(REPORT).decode())
    answer = send_again(stack(Session(DISTRIBUTED, stepfunctions=machine)), {"scheduledTime": "2026-11-24T07:00:00Z"})
    assert answer["reportId"] == REPORT.report_id


def test_without_a_bucket_the_function_itself_answers() -> None:
    function = Function(json.loads(to_json(REPORT)))
    report = make_report(stack(Session({"FunctionName": "f"}, **{"lambda": function})), {})
    assert report.report_id == REPORT.report_id


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("[ERROR] SettingsError: TIME_ZONE: 'Mars'\nTraceback …", "SettingsError: TIME_ZONE: 'Mars'"),
        ("2026-11-24T07:00:00Z the-id Task timed out after 900.00 seconds", "it was stopped after 15 minutes"),
    ],
)
def test_a_started_run_that_fails_is_told_by_its_log(line: str, says: str) -> None:
    outputs = {"FunctionName": "f", "BucketName": "kept", "LogGroupName": "log"}
    clients = {"lambda": Function(None), "s3": EmptyBucket(), "logs": Log("START the-id", line)}
    with pytest.raises(InvocationError) as caught:
        make_report(stack(Session(outputs, **clients)), {})
    assert str(caught.value) == f"{says} (Lambda tries it twice more)"
