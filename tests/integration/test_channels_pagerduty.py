"""The PagerDuty channel against a service that takes what the Events API takes and refuses what it refuses."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import urllib3
from msgspec.structs import replace

from backup_reporter.channels.pagerduty import (
    MAX_BYTES,
    MAX_DEDUP_KEY,
    PagerDutyChannel,
    parse_pagerduty_secret,
    payload,
    source_of,
)
from backup_reporter.config.settings import Settings, Tenant
from backup_reporter.errors import ChannelError, ChannelUnreachableError, CheckError, SecretError
from backup_reporter.report.model import Coverage, Report, Scope
from support.local_server import Answer, Script
from support.pagerduty_server import PagerDutyServer, invalid_event, rate_limited
from support.report_builders import NOW, a_cluster, a_failing_fleet, a_finding, a_green_report, a_report, a_workspace

UTC = ZoneInfo("UTC")
SOURCE = "reporter/0123456789ab"
CRITICAL = replace(
    a_report(a_workspace("payments", a_finding(), clusters=(a_cluster(),))), report_url="https://example.com/r"
)
WARNING = a_report(a_workspace("payments", a_finding("backup-expiring"), clusters=(a_cluster(),)))
UNKNOWN = a_report(problems=("Palette could not be reached.",))
GREEN = a_green_report()


@pytest.fixture
def pagerduty() -> Iterator[PagerDutyServer]:
    with PagerDutyServer() as server:
        yield server


def through(server: PagerDutyServer, sleep: Callable[[float], None] = time.sleep, **options: Any) -> PagerDutyChannel:
    secret = json.dumps({"routingKey": options.pop("key", server.routing_key), "apiUrl": server.url})
    options = {"source": SOURCE, "clock": lambda: NOW, "sleep": sleep, **options}
    return PagerDutyChannel(urllib3.PoolManager(), lambda: secret, "pagerduty-secret", **options)


def send(channel: PagerDutyChannel, report: Report = CRITICAL, seconds: float = 60) -> str | None:
    ends_at = time.monotonic() + seconds
    return channel.send(report, UTC, lambda: ends_at - time.monotonic())


def test_a_critical_report_triggers_an_alert_with_a_link(pagerduty: PagerDutyServer) -> None:
    send(through(pagerduty))

    (alert,) = pagerduty.open_alerts
    (event,) = alert.events
    assert event["payload"]["severity"] == "critical"
    assert event["payload"]["summary"] == "CRITICAL Palette backups: prod/payments/eu-1: backup failed (24 Nov)"
    assert event["links"] == [{"href": "https://example.com/r", "text": "Open the whole report"}]
    assert "prod / payments: eu-1" in event["payload"]["custom_details"]["1. Backup failed"]


def test_a_report_that_could_not_look_at_everything_triggers_a_warning(pagerduty: PagerDutyServer) -> None:
    send(through(pagerduty), UNKNOWN)

    (alert,) = pagerduty.open_alerts
    assert alert.events[0]["payload"]["severity"] == "warning"


@pytest.mark.parametrize("better", [GREEN, WARNING], ids=["OK", "WARNING"])
def test_the_alert_is_updated_and_then_resolved_by_a_better_report(better: Report, pagerduty: PagerDutyServer) -> None:
    channel = through(pagerduty)

    for report in (CRITICAL, UNKNOWN, CRITICAL, better):
        send(channel, report)

    (alert,) = pagerduty.alerts
    assert not alert.is_open
    assert [event["event_action"] for event in alert.events] == ["trigger"] * 3 + ["resolve"]


def test_a_resolve_without_an_alert_is_dropped(pagerduty: PagerDutyServer) -> None:
    send(through(pagerduty), GREEN)

    assert pagerduty.alerts == []
    assert len(pagerduty.dropped) == 1


def test_each_scope_has_an_alert_of_its_own(pagerduty: PagerDutyServer) -> None:
    channel = through(pagerduty)
    narrow = a_report(a_workspace("payments", a_finding()), scope=Scope(workspace_uids=("payments",)))

    for report in (CRITICAL, narrow, GREEN):
        send(channel, report)

    assert [alert.is_open for alert in pagerduty.alerts] == [False, True]


def test_two_functions_do_not_resolve_each_others_alerts(pagerduty: PagerDutyServer) -> None:
    send(through(pagerduty))
    send(through(pagerduty, source="reporter-of-another-team/0123456789ab"), GREEN)

    assert len(pagerduty.open_alerts) == 1


def test_what_is_watched_tells_two_functions_of_the_same_name_apart() -> None:
    watched = [
        Settings(),
        Settings(tenant=Tenant(api_url="https://other.example")),
        Settings(tenant=Tenant(project_uids=("p",))),
        Settings(tenants_source="ssm:/a"),
    ]

    assert len({source_of(settings, "reporter") for settings in watched}) == len(watched)
    assert source_of(Settings(), "reporter") == source_of(Settings(notify="problems"), "reporter")


def test_a_what_if_does_not_touch_the_alert_of_the_present(pagerduty: PagerDutyServer) -> None:
    channel = through(pagerduty)
    send(channel)

    send(channel, replace(GREEN, what_if=True, as_of=NOW + timedelta(days=3)))

    assert len(pagerduty.open_alerts) == 1


def test_an_old_report_that_is_delivered_again_resolves_nothing(pagerduty: PagerDutyServer) -> None:
    send(through(pagerduty))

    remark = send(through(pagerduty, clock=lambda: NOW + timedelta(hours=2)), GREEN)

    assert remark == "an old report resolves no alert"
    assert len(pagerduty.open_alerts) == 1


@pytest.mark.parametrize("gap", [{"is_whole": False}, {"unknown": 1}], ids=str)
def test_a_report_that_could_not_look_at_every_cluster_resolves_nothing(
    gap: dict[str, Any], pagerduty: PagerDutyServer
) -> None:
    counts = dict.fromkeys(("clusters", "in_workspace_policy", "in_own_policy", "in_none", "unknown", "set_apart"), 0)
    channel = through(pagerduty)
    send(channel)

    remark = send(channel, replace(GREEN, coverage=Coverage(**{**counts, "is_whole": True, **gap})))

    assert remark == "not every cluster could be looked at, so no alert is resolved"
    assert len(pagerduty.open_alerts) == 1


def test_what_is_temporary_is_tried_again(pagerduty: PagerDutyServer) -> None:
    answers: Iterator[Answer | Script] = iter([rate_limited(), Answer(500), Script(reset=True)])
    pagerduty.fault = lambda _: next(answers, None)
    waits: list[float] = []

    send(through(pagerduty, waits.append))

    assert waits == [1, 2, 4]
    assert len(pagerduty.open_alerts) == 1


def test_a_key_that_pagerduty_refuses_is_permanent_and_not_shown(pagerduty: PagerDutyServer) -> None:
    key = "f" * 32

    with pytest.raises(ChannelError, match=r"HTTP 400, Invalid routing key \(copy the integration key") as refused:
        send(through(pagerduty, key=key))

    assert refused.value.permanent
    assert len(pagerduty.requests) == 1
    assert key not in repr(refused.value)


def test_a_refusal_that_repeats_the_key_does_not_show_it(pagerduty: PagerDutyServer) -> None:
    pagerduty.fault = lambda _: invalid_event(f"Unknown routing key {pagerduty.routing_key}")

    with pytest.raises(ChannelError, match="Unknown routing key …"):
        send(through(pagerduty))


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, b'{"status": "success"}'),
        Answer(302, b"", {"Location": "/"}),
        Answer(403, b"<html>no</html>"),
        Answer(404),
    ],
    ids=["200", "302", "403", "404"],
)
def test_only_202_is_a_delivery(answer: Answer, pagerduty: PagerDutyServer) -> None:
    pagerduty.fault = lambda _: answer

    with pytest.raises(ChannelError, match=f"HTTP {answer.status} .*something else answers there"):
        send(through(pagerduty))


def test_a_silent_pagerduty_costs_no_more_than_the_time_left(pagerduty: PagerDutyServer) -> None:
    pagerduty.fault = lambda _: Script([60.0])
    began = time.monotonic()

    with pytest.raises(ChannelUnreachableError) as refused:
        send(through(pagerduty), seconds=0.3)

    assert time.monotonic() - began < 2
    assert pagerduty.routing_key not in repr(refused.value)


def test_the_worst_night_is_within_the_limits(pagerduty: PagerDutyServer) -> None:
    fleet = a_failing_fleet([f"Cause {n} & <more> " * 90 for n in range(2000)], 2000)

    send(through(pagerduty), fleet)

    assert len(pagerduty.requests[0].body) < MAX_BYTES / 10
    longest = payload(fleet, UTC, source_of(Settings(), "f" * 140))["dedup_key"]
    assert len(longest) <= MAX_DEDUP_KEY


@pytest.mark.parametrize(
    ("secret", "complaint"),
    [
        ("0123456789abcdef0123456789abcde", "no routing key"),
        ("e+23rschqsESqk9Q6_-g", "no routing key"),
        ('{"routing_key": "0123456789abcdef0123456789abcdef"}', "JSON without routingKey"),
        ('{"routingKey": "0123456789abcdef0123456789abcdef", "apiUrl": "http://events.eu.pagerduty.com"}', "an apiUrl"),
        ('{"routingKey": "0123456789abcdef0123456789abcdef", "apiUrl": "https://e.example/?k=1"}', "an apiUrl"),
        ("{", "begins like JSON"),
    ],
)
def test_an_unusable_secret_is_named_and_not_shown(secret: str, complaint: str) -> None:
    with pytest.raises(SecretError, match=complaint) as refused:
        parse_pagerduty_secret(secret, "pagerduty-secret")

    assert "pagerduty-secret" in str(refused.value)
    assert "cdef" not in str(refused.value)


@pytest.mark.parametrize("end", ["", "/", "/v2/enqueue"])
def test_the_secret_may_name_the_region(end: str) -> None:
    api_url = f"https://events.eu.pagerduty.com{end}"
    found = parse_pagerduty_secret(json.dumps({"routingKey": "0" * 32, "apiUrl": api_url}), "pagerduty-secret")

    assert found.api_url == "https://events.eu.pagerduty.com"
    assert parse_pagerduty_secret("0" * 32, "pagerduty-secret").api_url == "https://events.pagerduty.com"


def test_the_check_triggers_no_alert(pagerduty: PagerDutyServer) -> None:
    assert through(pagerduty).check(lambda: 10.0) == "it accepts events, and no alert was triggered"
    assert (pagerduty.alerts, len(pagerduty.dropped)) == ([], 1)


def test_the_check_says_how_to_fix_a_wrong_key(pagerduty: PagerDutyServer) -> None:
    with pytest.raises(CheckError) as found:
        through(pagerduty, key="f" * 32).check(lambda: 10.0)

    assert found.value.detail == "it answers HTTP 400, Invalid routing key"
    assert found.value.fix.startswith("Copy the integration key")
