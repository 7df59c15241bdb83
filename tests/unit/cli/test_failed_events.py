"""The messages of the failure queues, in every shape in which they come."""

import json
from typing import Any

import pytest

from backup_reporter.cli.failed_events import parse_message

EVENT = {"scheduledTime": "2026-11-24T07:00:00Z"}


def message(body: Any, **attributes: str) -> dict[str, Any]:
    text = body if isinstance(body, str) else json.dumps(body)
    return {
        "ReceiptHandle": "receipt",
        "Body": text,
        "MessageAttributes": {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()},
    }


def test_lambda_keeps_the_event_and_the_error() -> None:
    body = {
        "requestContext": {"condition": "RetriesExhausted"},
        "requestPayload": EVENT,
        "responsePayload": {"errorType": "DeliveryFailed", "errorMessage": "slack: down", "stackTrace": []},
    }
    failed = parse_message(message(body))
    assert failed.event == EVENT
    assert failed.reason == "DeliveryFailed: slack: down"
    assert failed.title == "the report of 2026-11-24T07:00:00Z"


def test_lambda_without_an_answer_names_the_condition() -> None:
    body = {"requestContext": {"condition": "EventAgeExceeded"}, "requestPayload": {}, "responsePayload": None}
    failed = parse_message(message(body))
    assert failed.event == {}
    assert failed.reason == "EventAgeExceeded"


def test_the_state_machine_keeps_error_and_cause() -> None:
    body = {"requestPayload": EVENT, "responsePayload": {"Error": "States.Timeout", "Cause": "too long"}}
    assert parse_message(message(body)).reason == "States.Timeout: too long"


@pytest.mark.parametrize(
    "body",
    [
        {"scheduledTime": "<aws.scheduler.scheduled-time>"},
        {"FunctionName": "arn:…", "InvocationType": "Event", "Payload": json.dumps(EVENT)},
        {"FunctionName": "arn:…", "Payload": {"scheduledTime": "<aws.scheduler.scheduled-time>"}},
        "not JSON",
    ],
)
def test_the_scheduler_names_the_time_in_an_attribute(body: Any) -> None:
    attributes = {"SCHEDULED_TIME": EVENT["scheduledTime"], "ERROR_CODE": "AccessDenied", "ERROR_MESSAGE": "no"}
    failed = parse_message(message(body, **attributes))
    assert failed.event == EVENT
    assert failed.reason == "AccessDenied: no"


@pytest.mark.parametrize("body", [EVENT, {"FunctionName": "f", "Payload": json.dumps(EVENT)}, {"input": EVENT}])
def test_without_the_attribute_the_event_is_in_the_body(body: Any) -> None:
    assert parse_message(message(body)).event == EVENT


@pytest.mark.parametrize("body", ["not JSON", "[1]", "{}"])
def test_a_message_without_an_event_cannot_be_sent(body: str) -> None:
    failed = parse_message(message(body))
    assert failed.event is None
    assert failed.title == "a message without an event"


def test_a_request_on_demand_is_shown_as_it_is() -> None:
    assert parse_message(message({"requestPayload": {"notify": "always"}})).title == 'a request: {"notify": "always"}'
