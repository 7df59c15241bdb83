"""The handler under AWS's own runtime interface client, in a process of its own as on Lambda."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from backup_reporter.errors import DeliveryFailed
from support.local_server import Answer, Request
from support.lookalike import API_KEY
from support.runtime_api import runtime
from support.world import World


def lines(log: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.splitlines() if line.startswith("{")]


def metrics_in(log: str) -> dict[str, dict[str, Any]]:
    return {
        metric["Name"]: line
        for line in lines(log)
        if "_aws" in line
        for directive in line["_aws"]["CloudWatchMetrics"]
        for metric in directive["Metrics"]
    }


def test_a_scheduled_and_an_on_demand_event_are_answered_by_one_warm_process(around: World, tmp_path: Path) -> None:
    with runtime(around.environment, tmp_path / "log") as api:
        kind, report = api.invoke({"scheduledTime": "2026-11-24T07:00:00Z"})
        assert (kind, report["status"], len(report["workspaces"])) == ("response", "CRITICAL", 2)
        kind, report = api.invoke({"workspaceUids": ["healthy"]})
        assert (kind, report["status"], len(report["workspaces"])) == ("response", "OK", 1)
    assert len(around.slack.messages) == 2


def test_errors_have_the_names_of_the_contract(around: World, tmp_path: Path) -> None:
    with runtime(around.environment, tmp_path / "log") as api:
        kind, error = api.invoke({"workspace": "payments"})
        assert (kind, error["errorType"]) == ("error", "InvalidRequest")
        assert "unknown field 'workspace'" in error["errorMessage"]
    missing = {"SNS_TOPIC_ARN": "arn:aws:sns:eu-central-1:123456789012:missing"}
    with runtime({**around.environment, **missing}, tmp_path / "log") as api:
        kind, error = api.invoke({"scheduledTime": "2026-11-24T07:00:00Z"})
        assert (kind, error["errorType"]) == ("error", "DeliveryFailed")


def test_invalid_settings_are_an_error_of_the_invocation_that_names_them_all(around: World, tmp_path: Path) -> None:
    with runtime({**around.environment, "NOTIFY": "shout", "HISTORY_DAYS": "x"}, tmp_path / "log") as api:
        kind, error = api.invoke({})
        assert (kind, error["errorType"]) == ("error", "SettingsError")
        assert "NOTIFY: 'shout'" in error["errorMessage"]
        assert "HISTORY_DAYS: 'x'" in error["errorMessage"]


def test_every_line_has_the_invocations_id_and_every_metric_is_there(around: World, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with runtime(around.environment, log) as api:
        api.invoke({"scheduledTime": "2026-11-24T07:00:00Z"}, request_id="33333333-0000-0000-0000-000000000000")
    made = next(line for line in lines(log.read_text()) if line.get("message") == "report made")
    assert made["correlation_id"] == "33333333-0000-0000-0000-000000000000"
    assert (made["status"], made["workspaces"]) == ("CRITICAL", 2)
    found = metrics_in(log.read_text())
    assert found["WorkspacesCritical"]["WorkspacesCritical"] == [1.0]
    assert found["Findings"]["code"] == "backup-failed"
    assert found["ReportsDelivered"]["channel"] == "slack"
    assert {"WorkspacesOk", "WorkspacesUnknown", "WorkspacesWarning", "RunDuration"} <= set(found)
    # Two deployments in one account must not speak for each other.
    assert {line["function"] for line in found.values()} == {"reporter"}


def test_the_metrics_that_alarms_watch_tell_a_report_that_arrived_from_one_that_did_not_or_has_gaps(
    around: World, capsys: pytest.CaptureFixture[str]
) -> None:
    def watched(event: dict[str, Any], **environment: str) -> tuple[Any, Any]:
        capsys.readouterr()
        with suppress(DeliveryFailed):
            around.invoke(event, 60.0, **environment)
        found = metrics_in(capsys.readouterr().out)
        arrived, gaps = (found.get(name, {}).get(name, [None]) for name in ("ReportsArrived", "ReportsWithGaps"))
        return arrived[0], gaps[0]

    scheduled = {"scheduledTime": "2026-11-24T07:00:00Z"}
    assert watched(scheduled) == (1, 0)
    assert watched(scheduled, SNS_TOPIC_ARN="arn:aws:sns:eu-central-1:123456789012:missing") == (0, 0)
    assert watched({"workspaceUids": ["healthy"]}) == (None, None), "what somebody asked for counts toward no alarm"
    around.palette.fault = lambda _: Answer(401, b"{}")
    assert watched(scheduled) == (1, 1), "everybody was told, and nothing could be looked at"


def test_no_secret_leaves_the_process_whatever_goes_wrong_and_however_much_is_logged(
    around: World, tmp_path: Path
) -> None:
    def echo(request: Request) -> Answer:
        body = {"code": "InvalidApiKey", "message": f"The key {request.headers['apikey']} has expired"}
        return Answer(401, json.dumps(body).encode())

    log, answers = tmp_path / "log", []
    # The last two are what Lambda sets where the function's own log level is DEBUG.
    everything = {"POWERTOOLS_LOG_LEVEL": "DEBUG", "AWS_LAMBDA_LOG_LEVEL": "DEBUG", "AWS_LAMBDA_LOG_FORMAT": "JSON"}
    with runtime({**around.environment, **everything}, log) as api:
        answers.append(api.invoke({"scheduledTime": "2026-11-24T07:00:00Z"}))
        around.slack.fault = lambda request: Answer(403, request.path.encode())
        answers.append(api.invoke({"scheduledTime": "2026-11-24T07:00:00Z"}))
        around.slack.fault = None
        around.palette.fault = echo
        answers.append(api.invoke({}))
    assert [kind for kind, _ in answers] == ["response", "error", "response"]
    assert "The key" in answers[2][1]["problems"][0]
    assert "botocore" in log.read_text()
    messages = [message.payload for message in around.slack.messages]
    everything_said = log.read_text() + json.dumps([answers, messages, around.notifications()])
    assert API_KEY not in everything_said
    assert urlsplit(around.slack.webhook_url).path not in everything_said
