"""The real handler between a Palette look-alike, a local Slack and moto's AWS."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from backup_reporter.demo.fleet import Failure, instructive
from backup_reporter.errors import DeliveryFailed, InvalidRequest, SettingsError
from support.local_server import Answer, Request
from support.world import OTHER_PROJECT, PROJECT, World, a_fleet, a_result, a_run, an_item

SCHEDULED = {"scheduledTime": "2026-11-24T07:00:00Z"}
SCHEMA = json.loads((Path(__file__).parents[2] / "docs/report.schema.json").read_text())
NOW = datetime.now(UTC)


def by_uid(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {workspace["uid"]: workspace for workspace in report["workspaces"]}


def codes(workspace: dict[str, Any]) -> set[str]:
    return {finding["code"] for finding in workspace["findings"]}


def statuses(report: dict[str, Any]) -> dict[str, str]:
    return {delivery["channel"]: delivery["status"] for delivery in report["deliveries"]}


# The schedule


def test_a_scheduled_event_makes_the_full_report_and_tells_every_channel(around: World) -> None:
    report = around.invoke(SCHEDULED)
    jsonschema.validate(report, SCHEMA, format_checker=jsonschema.FormatChecker())
    assert report["status"] == "CRITICAL"
    assert statuses(report) == {"sns": "delivered", "slack": "delivered"}
    (notification,) = around.notifications()
    assert notification["Subject"].startswith("CRITICAL Palette backups: ")
    attributes = notification["MessageAttributes"]
    assert {name: attributes[name]["Value"] for name in ("status", "critical", "warning", "unknown")} == {
        "status": "CRITICAL",
        "critical": "1",
        "warning": "0",
        "unknown": "0",
    }
    (posted,) = around.slack.messages
    assert posted.payload["text"]
    assert posted.payload["blocks"]
    assert not posted.warnings


def test_a_message_links_workspaces_into_palette_if_their_address_is_set(around: World) -> None:
    around.invoke({}, WORKSPACE_LINK="https://palette.example.com/{projectUid}/{workspaceUid}")

    (posted,) = around.slack.messages
    assert "<https://palette.example.com/" in json.dumps(posted.payload)
    assert "/failing|" in json.dumps(posted.payload)


def test_a_classic_rule_event_makes_the_same_report(around: World) -> None:
    event = json.loads((Path(__file__).parents[2] / "events/classic-rule.json").read_text())
    report = around.invoke(event)
    assert (report["status"], report["summary"]["workspaces"]) == ("CRITICAL", 2)


def test_a_scheduler_that_leaves_its_placeholder_in_place_gets_its_report(around: World) -> None:
    assert around.invoke({"scheduledTime": "<aws.scheduler.scheduled-time>"})["summary"]["workspaces"] == 2


def test_the_report_of_one_scheduled_time_always_has_the_same_id(around: World) -> None:
    first, second = around.invoke(SCHEDULED), around.invoke(SCHEDULED)
    assert first["reportId"] == second["reportId"]
    assert first["reportId"].startswith("20261124T070000Z-")
    assert around.invoke({})["reportId"] != first["reportId"]


def test_a_scheduled_report_that_misses_a_channel_raises_after_trying_all(around: World) -> None:
    with pytest.raises(DeliveryFailed, match=r"sns: .*NotFound") as failure:
        around.invoke(SCHEDULED, SNS_TOPIC_ARN="arn:aws:sns:eu-central-1:123456789012:missing")
    assert len(around.slack.messages) == 1
    assert "slack" not in str(failure.value)


def test_on_demand_nothing_is_raised_and_the_answer_says_what_failed(around: World) -> None:
    report = around.invoke({}, SNS_TOPIC_ARN="arn:aws:sns:eu-central-1:123456789012:missing")
    assert statuses(report) == {"sns": "failed", "slack": "delivered"}
    assert "NotFound" in next(d["error"] for d in report["deliveries"] if d["channel"] == "sns")


# What it says


def test_the_summary_adds_up_on_an_instructive_fleet(around: World) -> None:
    around.palette.fleet = instructive(NOW)
    report = around.invoke({})
    jsonschema.validate(report, SCHEMA, format_checker=jsonschema.FormatChecker())
    summary, workspaces = report["summary"], report["workspaces"]
    assert summary["workspaces"] == len(workspaces) == 18
    assert sum(summary[status] for status in ("ok", "warning", "critical", "unknown")) == len(workspaces)
    assert summary["findings"] == sum(len(workspace["findings"]) for workspace in workspaces)
    assert summary["clusters"] == sum(len(workspace["clusters"]) for workspace in workspaces)
    assert summary["muted"] == sum(finding["muted"] for w in workspaces for finding in w["findings"]) > 0
    assert summary["unreadable"] == sum("unreadable" in codes(workspace) for workspace in workspaces) > 0
    for workspace in workspaces:
        assert summary[workspace["status"].lower()] > 0


def test_every_name_of_the_public_contract_is_in_the_report(around: World) -> None:
    report = around.invoke(SCHEDULED)
    assert {
        "schemaVersion", "reportId", "generatedAt", "asOf", "status", "summary", "workspaces", "changes", "deliveries",
        "reportUrl", "truncated",
    } <= report.keys()  # fmt: skip
    workspace = by_uid(report)["failing"]
    assert {
        "uid", "name", "projectUid", "projectName", "status", "schedule", "nextRunAt", "survivesFailures", "latestRun",
        "clusters", "findings", "history",
    } <= workspace.keys()  # fmt: skip
    assert {"requestUid", "backupName", "at", "state"} <= workspace["latestRun"].keys()
    assert {"uid", "name", "newestRestorePointAt", "expiresAt", "restorePoints"} <= workspace["clusters"][0].keys()
    assert {
        "code", "severity", "clusterUid", "clusterName", "message", "since", "muted", "evidence"
    } <= workspace["findings"][0].keys()  # fmt: skip
    assert workspace["survivesFailures"] == 29
    assert len(workspace["history"]) == 30
    assert workspace["history"][-1]["state"] == "failed"
    assert {"new", "ongoing", "resolved"} <= report["changes"].keys()
    assert (report["schemaVersion"], report["truncated"]) == (1, False)


# On demand


def test_a_request_narrows_to_workspaces_and_projects(around: World) -> None:
    around.palette.fleet = a_fleet(
        {"a": a_result(a_run(NOW)), "b": a_result(a_run(NOW))},
        {PROJECT: [an_item("a")], OTHER_PROJECT: [an_item("b")]},
    )
    assert set(by_uid(around.invoke({"workspaceUids": ["b"]}))) == {"b"}
    assert set(by_uid(around.invoke({"projectUids": [PROJECT]}))) == {"a"}
    by_name = around.invoke({"projectUids": ["project-2"]})
    assert set(by_uid(by_name)) == {"b"}
    assert by_name["scope"]["projectUids"] == [OTHER_PROJECT]
    assert set(by_uid(around.invoke({}, PALETTE_PROJECT_UIDS=OTHER_PROJECT))) == {"b"}


def test_a_narrowed_report_says_so_although_palette_cannot_be_asked(around: World) -> None:
    around.palette.fault = lambda request: Answer(401, b"{}")
    report = around.invoke({"projectUids": ["project-1"], "notify": "never"})
    assert (report["status"], report["scope"]["projectUids"]) == ("UNKNOWN", ["project-1"])


def test_a_request_cannot_reach_outside_the_settings(around: World) -> None:
    with pytest.raises(InvalidRequest, match="no workspace in scope has the uid or name 'failing'"):
        around.invoke({"workspaceUids": ["failing"]}, PALETTE_WORKSPACE_UIDS="healthy")
    with pytest.raises(InvalidRequest, match="projectUids: no project in scope has the uid or name 'other'"):
        around.invoke({"projectUids": ["other"]}, PALETTE_PROJECT_UIDS="mine")
    assert not around.slack.messages
    assert not around.notifications()


def test_a_workspace_of_the_settings_that_no_project_lists_is_unreadable(around: World) -> None:
    report = around.invoke({"scheduledTime": "2026-11-24T07:00:00Z"}, PALETTE_WORKSPACE_UIDS="nowhere")
    assert report["status"] == "UNKNOWN"
    assert codes(by_uid(report)["nowhere"]) == {"unreadable"}


def test_a_workspace_that_an_event_names_and_no_project_lists_is_refused_with_the_nearest_name(around: World) -> None:
    with pytest.raises(
        InvalidRequest, match=r"the uid or name 'failin'; did you mean the workspace failing, uid failing"
    ):
        around.invoke({"workspaceUids": ["failin"]})
    assert not around.slack.messages
    assert not around.notifications()


def test_one_backup_request_is_judged_alone(around: World) -> None:
    good = (NOW - timedelta(days=5)).strftime("run-%Y%m%d")
    report = around.invoke({"workspaceUids": ["failing"], "backupRequestUid": good})
    assert report["status"] == "OK"
    assert by_uid(report)["failing"]["latestRun"]["requestUid"] == good
    bad = NOW.strftime("run-%Y%m%d")
    report = around.invoke({"workspaceUids": ["failing"], "backupRequestUid": bad})
    assert codes(by_uid(report)["failing"]) == {"backup-failed"}


def test_a_backup_request_that_palette_does_not_know_is_unreadable(around: World) -> None:
    report = around.invoke({"workspaceUids": ["failing"], "backupRequestUid": "never-heard-of"})
    assert report["status"] == "UNKNOWN"
    assert "never-heard-of" in by_uid(report)["failing"]["findings"][0]["message"]


@pytest.mark.parametrize(
    ("event", "notify", "told"),
    [
        ({}, "always", True),
        ({}, "problems", True),
        ({"workspaceUids": ["healthy"]}, "problems", False),
        ({"workspaceUids": ["healthy"], "notify": "always"}, "problems", True),
        ({"notify": "never"}, "always", False),
        ({"asOf": "2026-11-30T00:00:00Z"}, "always", False),
        ({"asOf": "2026-11-30T00:00:00Z", "notify": "always"}, "always", True),
    ],
)
def test_notify_decides_who_is_told(around: World, event: dict[str, Any], notify: str, told: bool) -> None:
    report = around.invoke(event, NOTIFY=notify)
    assert set(statuses(report).values()) == {"delivered" if told else "skipped"}
    assert bool(around.slack.messages) is told
    assert bool(around.notifications()) is told


def test_only_the_channels_asked_for_are_told(around: World) -> None:
    report = around.invoke({"channels": ["slack"]})
    assert statuses(report) == {"slack": "delivered"}
    assert around.notifications() == []


def test_as_of_a_later_time_judges_as_if_it_were_then(around: World) -> None:
    later = (datetime.now(UTC) + timedelta(days=29)).strftime("%Y-%m-%dT%H:%M:%SZ")
    report = around.invoke({"asOf": later})
    assert report["asOf"] == later
    # Runs that had no chance to begin are not missed, and no further backup is assumed.
    assert codes(by_uid(report)["healthy"]) == {"backup-expiring"}
    assert "backup-expired" in codes(by_uid(report)["failing"])


def test_as_of_an_earlier_time_leaves_out_what_came_later(around: World) -> None:
    earlier = (datetime.now(UTC) - timedelta(days=4)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert by_uid(around.invoke({"asOf": earlier}))["failing"]["status"] == "OK"


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({"workspaces": ["a"]}, "unknown field 'workspaces'; valid are projectUids, workspaceUids"),
        ({"workspaceUids": "a"}, "workspaceUids: 'a' is not valid: should be a list of uids or names"),
        ({"workspaceUids": ["a\nb"]}, "workspaceUids"),
        ({"notify": "loudly"}, "notify: 'loudly' is not valid: should be one of always, problems, changes, never"),
        ({"channels": ["email"]}, "channels: email is not set up here; set up: sns, slack"),
        ({"channels": ["pager"]}, "should be a list out of sns, slack, email, eventbridge"),
        ({"asOf": "tomorrow"}, "asOf: 'tomorrow' is not valid: should be an RFC 3339 time"),
        ({"asOf": "2026-11-24T07:00:00"}, "with a zone"),
        ({"backupRequestUid": "r"}, "needs exactly one workspace"),
        ({"backupRequestUid": "r", "workspaceUids": ["a", "b"]}, "not 2"),
        ({"redeliver": "x", "asOf": "2026-11-24T07:00:00Z"}, "redeliver: can only be used with channels"),
        ({"doctor": True, "notify": "never"}, "doctor: cannot be used with any other field"),
        ({"doctor": "yes"}, "doctor: 'yes' is not valid: should be true"),
        ({"scheduledTime": "soon"}, "scheduledTime: 'soon' is not valid"),
        (
            {"scheduledTime": "2026-11-24T07:00:00Z", "notify": "never"},
            "scheduledTime: cannot be used with any other field",
        ),
        ([], "should be a JSON object, not a list"),
        (None, "not null"),
        ("report", "not a text"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused_by_name(around: World, event: object, message: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        around.invoke(event)
    assert message in str(refusal.value)
    assert around.is_untouched()


def test_invalid_settings_stop_the_run_before_anything_is_fetched(around: World) -> None:
    with pytest.raises(SettingsError) as refusal:
        around.invoke(SCHEDULED, NOTIFY="shout", HISTORY_DAYS="0", TIME_ZONE="Mars/Olympus")
    for part in ("NOTIFY: 'shout'", "HISTORY_DAYS: '0'", "TIME_ZONE: 'Mars/Olympus'"):
        assert part in str(refusal.value)
    assert around.is_untouched()


# Palette in trouble: silence is never the answer


def check_unknown_and_delivered(around: World, report: dict[str, Any], *parts: str) -> None:
    assert report["status"] == "UNKNOWN"
    said = " ".join(report["problems"])
    for part in parts:
        assert part in said
    assert set(statuses(report).values()) == {"delivered"}
    assert "UNKNOWN" in around.notifications()[0]["Subject"]
    assert parts[0].split()[0] in json.dumps(around.slack.messages[0].payload)


def test_a_key_that_is_refused_makes_an_unknown_report_that_says_so(around: World) -> None:
    around.palette.api_key = "another"
    check_unknown_and_delivered(around, around.invoke(SCHEDULED), "Palette refused the API key", "HTTP 401")


def test_a_secret_that_is_missing_makes_an_unknown_report_that_says_so(around: World) -> None:
    report = around.invoke(SCHEDULED, PALETTE_API_KEY_SECRET="no-such-secret")
    said = "the secret that PALETTE_API_KEY_SECRET names cannot be read: ResourceNotFoundException"
    check_unknown_and_delivered(around, report, "Palette could not be asked", said)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"SecretString": "  "}, "is empty (or binary): put its value in as text"),
        ({"SecretBinary": b"hunter2"}, "is empty (or binary): put its value in as text"),
        ({"SecretString": '{"apikey": "hunter2"}'}, "is JSON without a text in the field apiKey"),
        ({"SecretString": "Bearer hunter2"}, "does not hold an API key: it has spaces"),
    ],
)
def test_a_secret_that_holds_no_key_makes_an_unknown_report_that_says_so(
    around: World, content: dict[str, Any], says: str
) -> None:
    around.aws.client("secretsmanager").create_secret(Name="odd", **content)
    report = around.invoke(SCHEDULED, PALETTE_API_KEY_SECRET="odd")
    check_unknown_and_delivered(around, report, "Palette could not be asked", f"the secret odd {says}")
    assert "hunter2" not in str(report)
    assert around.palette.requests == []


def test_a_secrets_manager_that_is_away_makes_an_unknown_report(around: World) -> None:
    report = around.invoke({}, AWS_ENDPOINT_URL_SECRETS_MANAGER="http://127.0.0.1:9")
    assert report["status"] == "UNKNOWN"
    assert "PALETTE_API_KEY_SECRET names cannot be read: EndpointConnectionError" in report["problems"][0]
    assert statuses(report) == {"sns": "delivered", "slack": "failed"}


def test_a_secret_that_stands_where_its_name_should_is_told_to_nobody(
    around: World, caplog: pytest.LogCaptureFixture
) -> None:
    report = around.invoke({}, PALETTE_API_KEY_SECRET="hunter2", SLACK_WEBHOOK_SECRET="xoxb-hunter2")
    error = next(delivery["error"] for delivery in report["deliveries"] if delivery["channel"] == "slack")
    assert error.startswith("the secret that SLACK_WEBHOOK_SECRET names cannot be read: ResourceNotFoundException (")
    log = [vars(record) for record in caplog.records]
    assert "not delivered" in str(log)
    assert "hunter2" not in f"{report} {around.notifications()} {log}"


def test_a_host_that_is_down_makes_an_unknown_report_that_says_so(around: World) -> None:
    report = around.invoke(SCHEDULED, 4.0, PALETTE_API_URL="http://127.0.0.1:9")
    check_unknown_and_delivered(around, report, "Palette could not be reached")


def test_no_project_is_unknown_and_says_what_to_check(around: World) -> None:
    around.palette.fleet = a_fleet({}, {})
    check_unknown_and_delivered(around, around.invoke(SCHEDULED), "sees no project", "project.list")


def test_no_workspace_is_unknown_and_says_what_to_check(around: World) -> None:
    around.palette.fleet = a_fleet({}, {PROJECT: []})
    check_unknown_and_delivered(around, around.invoke(SCHEDULED), "no workspace in 1 project", "workspace.list")


def test_a_project_that_cannot_be_listed_never_leaves_the_report_green(around: World) -> None:
    items = {PROJECT: [an_item("healthy")], OTHER_PROJECT: [an_item("lost")]}
    around.palette.fleet = a_fleet({**around.palette.fleet.backups, "lost": a_result()}, items)

    def fault(request: Request) -> Answer | None:
        if request.headers.get("projectuid") == OTHER_PROJECT:
            return Answer(403, b'{"code":"ResourceAccessDenied","message":"no"}')
        return None

    around.palette.fault = fault
    report = around.invoke({})
    assert report["status"] == "UNKNOWN"
    assert by_uid(report)["healthy"]["status"] == "OK"
    assert "project-2" in report["problems"][0]
    assert "ResourceAccessDenied" in report["problems"][0]


def test_a_rotated_key_is_read_again_and_the_run_goes_on(around: World) -> None:
    around.palette.api_key = "rotated"
    secrets = around.aws.client("secretsmanager")
    answered: list[Request] = []

    def rotate(request: Request) -> None:
        # The first request still carries the old key; by the time it is refused, the new one is in place.
        if not answered:
            secrets.put_secret_value(SecretId="palette-api-key", SecretString="rotated")
        answered.append(request)

    around.palette.fault = rotate
    report = around.invoke({})
    assert report["summary"]["workspaces"] == 2
    assert report["problems"] == []


def test_errors_of_one_workspace_are_told_with_what_palette_said(around: World) -> None:
    around.palette.fleet = a_fleet(
        {
            "broken": Failure(500, "InternalError", "database is away"),
            "unprotected": Failure(400, "BackupNotConfigured", "no policy"),
            "absent": Failure(404, "ResourceNotFound", "none"),
            "vanished": Failure(404, "ProjectNotFoundInTenant", "no such project"),
        }
    )
    found = by_uid(around.invoke({}))
    assert codes(found["broken"]) == {"unreadable"}
    assert "HTTP 500, InternalError, database is away" in found["broken"]["findings"][0]["message"]
    assert codes(found["unprotected"]) == codes(found["absent"]) == {"not-protected"}
    assert codes(found["vanished"]) == {"unreadable"}


def test_a_wrong_type_is_named_with_its_path(around: World) -> None:
    broken = a_run(NOW)
    broken["workspaceBackupConfig"]["backupState"]["state"] = 7
    around.palette.fleet = a_fleet({"odd": a_result(a_run(NOW - timedelta(days=1)), broken)})
    workspace = by_uid(around.invoke({}))["odd"]
    assert (workspace["status"], codes(workspace)) == ("UNKNOWN", {"unreadable"})
    path = "$.status.workspaceBackupStatuses[1].workspaceBackupConfig.backupState.state"
    assert path in workspace["findings"][0]["message"]
