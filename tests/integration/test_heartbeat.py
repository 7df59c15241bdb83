"""The dead-man's switch: called when everybody has the report, and never at the report's cost."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from backup_reporter.channels.heartbeat import Heartbeat
from backup_reporter.errors import DeliveryFailed, HeartbeatError, SecretError, TimedOutError
from support.local_server import Answer, LocalServer, Request, Script
from support.world import World, a_fleet

SCHEDULED = {"scheduledTime": "2026-11-24T07:00:00Z"}
NO_TOPIC = "arn:aws:sns:eu-central-1:123456789012:missing"
TOKEN = "0b7f5a1e-canary"


class DeadMansSwitch(LocalServer):
    """A service that waits for heartbeats."""

    def answer(self, request: Request) -> Answer:
        return Answer(200, b"OK")

    def calls(self) -> list[str]:
        return [f"{request.method} {request.path}" for request in self.requests]


@pytest.fixture
def switch(around: World) -> Iterator[DeadMansSwitch]:
    with DeadMansSwitch() as switch:
        around.aws.client("secretsmanager").create_secret(Name="heartbeat", SecretString=f"{switch.url}/{TOKEN}\n")
        around.environment["HEARTBEAT_URL_SECRET"] = "heartbeat"
        yield switch


@pytest.fixture
def kept(around: World) -> World:
    around.aws.make_bucket("reports")
    around.environment["REPORT_BUCKET"] = "reports"
    return around


def heal(around: World) -> None:
    healthy = around.palette.fleet.backups["healthy"]
    around.palette.fleet = a_fleet({"healthy": healthy})


def test_a_critical_report_that_reached_every_channel_beats_and_so_does_one_that_could_ask_nobody(
    around: World, switch: DeadMansSwitch
) -> None:
    report = around.invoke(SCHEDULED)
    assert (report["status"], report["notes"]) == ("CRITICAL", [])
    assert switch.calls() == [f"GET /{TOKEN}"]
    around.palette.fault = lambda _: Answer(401, b"{}")
    assert around.invoke(SCHEDULED)["status"] == "UNKNOWN"
    assert len(switch.calls()) == 2


def test_a_report_that_one_channel_lacks_does_not_call_it_until_a_retry_reaches_that_one(
    around: World, switch: DeadMansSwitch
) -> None:
    with pytest.raises(DeliveryFailed):
        around.invoke(SCHEDULED, SNS_TOPIC_ARN=NO_TOPIC)
    assert switch.calls() == []
    around.invoke(SCHEDULED)
    assert len(switch.calls()) == 1


def test_a_quiet_healthy_night_beats_though_nobody_is_told(around: World, switch: DeadMansSwitch) -> None:
    heal(around)
    report = around.invoke(SCHEDULED, NOTIFY="problems")
    assert {delivery["status"] for delivery in report["deliveries"]} == {"skipped"}
    assert len(switch.calls()) == 1


def test_the_full_report_on_demand_beats_and_what_somebody_asked_for_besides_does_not(
    kept: World, switch: DeadMansSwitch
) -> None:
    report_id = kept.invoke({})["reportId"]
    assert len(switch.calls()) == 1
    for narrower in (
        {"workspaceUids": ["healthy"]},
        {"channels": ["slack"]},
        {"notify": "never"},
        {"asOf": "2026-12-04T07:00:00Z"},
        {"asOf": "2026-12-04T07:00:00Z", "notify": "always"},
        {"redeliver": report_id},
        {"doctor": True},
    ):
        kept.invoke(narrower)
    assert len(switch.calls()) == 1


def test_without_any_channel_a_report_beats_where_it_is_kept(kept: World, switch: DeadMansSwitch) -> None:
    silent: dict[str, Any] = {"SNS_TOPIC_ARN": None, "SLACK_WEBHOOK_SECRET": None}
    kept.invoke(SCHEDULED, 60.0, **silent)
    assert len(switch.calls()) == 1
    kept.invoke(SCHEDULED, 60.0, **silent, REPORT_BUCKET="no-such-bucket")
    kept.invoke(SCHEDULED, 60.0, **silent, REPORT_BUCKET=None)
    assert len(switch.calls()) == 1


def test_a_heartbeat_that_fails_is_noted_and_kept_and_costs_nobody_the_report(
    kept: World, switch: DeadMansSwitch
) -> None:
    switch.fault = lambda _: Answer(404)
    report = kept.invoke(SCHEDULED)
    assert {delivery["status"] for delivery in report["deliveries"]} == {"delivered"}
    assert report["notes"] == ["The heartbeat URL could not be called: HTTP 404."]
    assert TOKEN not in json.dumps(report)
    s3 = kept.aws.client("s3")
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket="reports")["Contents"]]
    (key,) = [key for key in keys if key.endswith(f"{report['reportId']}.json")]
    assert json.loads(s3.get_object(Bucket="reports", Key=key)["Body"].read())["notes"] == report["notes"]


def test_a_secret_that_holds_no_url_is_named_and_not_shown_by_the_report_and_the_doctor(
    around: World, switch: DeadMansSwitch
) -> None:
    around.aws.client("secretsmanager").put_secret_value(SecretId="heartbeat", SecretString=f"http://h.example/{TOKEN}")
    report, examined = around.invoke(SCHEDULED), around.invoke({"doctor": True})
    assert {delivery["status"] for delivery in report["deliveries"]} == {"delivered"}
    assert "the secret heartbeat does not hold a heartbeat URL" in report["notes"][0]
    check = next(check for check in examined["checks"] if check["name"] == "heartbeat")
    assert (check["result"], "does not hold a heartbeat URL" in check["detail"]) == ("failed", True)
    assert TOKEN not in json.dumps([report, examined])


# The call itself


def a_heartbeat(url: str) -> Heartbeat:
    return Heartbeat(urllib3.PoolManager(), lambda: url, "heartbeat", sleep=lambda _: None)


@pytest.mark.parametrize(
    ("fault", "said", "calls"),
    [
        (lambda _: Answer(404), "HTTP 404", 1),
        (lambda _: Answer(302, headers={"Location": "/login"}), "HTTP 302, and redirects are not followed", 1),
        (lambda _: Answer(503), "HTTP 503", 3),
        (lambda _: Answer(429), "HTTP 429", 3),
        (lambda _: Script((), reset=True), "ProtocolError", 3),
        (lambda _: Script([b"no HTTP at all"]), "ProtocolError", 3),
    ],
)
def test_what_may_pass_is_tried_again_and_no_error_shows_the_url(
    fault: Callable[[Request], Answer | Script], said: str, calls: int
) -> None:
    with DeadMansSwitch(fault=fault) as switch:
        with pytest.raises(HeartbeatError) as failure:
            a_heartbeat(f"{switch.url}/{TOKEN}").beat(30)
        assert str(failure.value) == said
        assert switch.calls() == [f"GET /{TOKEN}"] * calls


def test_one_failed_call_is_mended_by_the_next() -> None:
    with DeadMansSwitch() as switch:
        switch.fault = lambda _: Answer(500) if len(switch.requests) == 1 else None
        a_heartbeat(switch.url).beat(30)
        assert len(switch.requests) == 2


def test_a_server_that_drips_its_answer_is_left_behind_when_the_time_is_up() -> None:
    dripping: list[bytes | float] = [0.2, b"x"] * 600
    with DeadMansSwitch(fault=lambda _: Script(dripping)) as switch:
        with pytest.raises(TimedOutError, match=r"timed out after 0\.5 s"):
            a_heartbeat(switch.url).beat(0.5)
        with pytest.raises(TimedOutError, match="no time was left"):
            a_heartbeat(switch.url).beat(0)
        assert len(switch.requests) == 1


@pytest.mark.parametrize(
    "url", ["http://h.example/x", "ftp://h.example/x", "no url", '{"url": "https://h.example"}', "https:///x"]
)
def test_only_an_https_url_is_called(url: str) -> None:
    with pytest.raises(SecretError, match="the secret heartbeat does not hold a heartbeat URL") as failure:
        a_heartbeat(url).beat(30)
    assert url not in str(failure.value)


def test_a_certificate_that_nobody_signed_is_refused(certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with DeadMansSwitch(ssl_context=context) as switch:
        with pytest.raises(HeartbeatError, match="SSLError"):
            a_heartbeat(switch.url).beat(30)
        assert switch.requests == []
