"""Ten thousand workspaces, all failing, each with a long message of its own: every channel takes the report."""

from __future__ import annotations

import json
import time
import tracemalloc
from functools import partial
from zoneinfo import ZoneInfo

import pytest
import urllib3
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from backup_reporter.channels import eventbridge, sns
from backup_reporter.channels.channel import Channel
from backup_reporter.channels.email import EmailChannel
from backup_reporter.channels.eventbridge import EventBridgeChannel
from backup_reporter.channels.pagerduty import PagerDutyChannel
from backup_reporter.channels.slack.channel import SlackChannel
from backup_reporter.channels.sns import SnsChannel
from backup_reporter.channels.teams import TeamsChannel
from backup_reporter.report import slack
from backup_reporter.report.model import Report, to_json
from backup_reporter.report.truncate import fit
from backup_reporter.run.deliver import deliver
from support.pagerduty_server import PagerDutyServer
from support.report_builders import a_failing_fleet
from support.slack_server import SlackServer
from support.teams_server import TeamsServer
from support.world import LocalAws

pytestmark = pytest.mark.slow

UTC = ZoneInfo("UTC")
WORKSPACES = 10_000
MESSAGE_LENGTH = 2_000


def message(number: int, seed: str) -> str:
    """As long as it must be, and like no other."""
    return (f"{number} {seed} " * MESSAGE_LENGTH)[:MESSAGE_LENGTH]


@given(seeds=st.lists(st.text(min_size=1, max_size=300), min_size=1, max_size=5))
@settings(
    max_examples=1,  # of ten thousand messages
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_every_channel_takes_the_report_of_the_worst_night(aws: LocalAws, seeds: list[str]) -> None:
    fleet = a_failing_fleet([message(n, seeds[n % len(seeds)]) for n in range(WORKSPACES)], WORKSPACES)
    client = aws.client("sesv2")
    client.create_email_identity(EmailIdentity="backups@example.com")
    topic = aws.client("sns").create_topic(Name="backups")["TopicArn"]
    with SlackServer() as slack, TeamsServer() as teams, PagerDutyServer() as service:
        key = json.dumps({"routingKey": service.routing_key, "apiUrl": service.url})
        bot = json.dumps({"botToken": slack.bot_token, "channel": slack.channel, "apiUrl": slack.api_url})
        by_webhook, by_bot = (
            SlackChannel(urllib3.PoolManager(), partial(str, secret), secret_name="slack")
            for secret in (slack.webhook_url, bot)
        )
        channels: list[Channel] = [
            SnsChannel(aws.client("sns"), topic),
            by_webhook,
            by_bot,
            EmailChannel(client, "backups@example.com", ["ops@example.com"]),
            EventBridgeChannel(aws.client("events"), "default"),
            TeamsChannel(urllib3.PoolManager(), partial(str, teams.webhook_url), "teams"),
            PagerDutyChannel(urllib3.PoolManager(), partial(str, key), "pagerduty", source="reporter"),
        ]
        deliveries = deliver(fleet, channels, delivery_log=None, delivery_key=None, zone=UTC, seconds_left=lambda: 60.0)

    assert len(deliveries) == len(channels)
    assert (len(teams.cards), teams.failed_runs, len(service.open_alerts)) == (1, [], 1)
    assert {delivery.status for delivery in deliveries} == {"delivered"}
    for delivery in deliveries:
        assert delivery.error is None or "too large to be attached" in delivery.error
    for posted in slack.messages:
        assert posted.warnings == ()
        for block in Block.parse_all(posted.payload["blocks"]):
            block.validate_json()


def test_the_worst_night_is_rendered_in_seconds() -> None:
    fleet = a_failing_fleet([message(n, "no space left on device") for n in range(WORKSPACES)], WORKSPACES)
    began = time.process_time()

    render(fleet)

    assert time.process_time() - began < 10


def test_the_worst_night_takes_no_more_than_a_few_copies_of_itself_to_render() -> None:
    fleet = a_failing_fleet([message(n, "no space left on device") for n in range(2_000)], 2_000)
    tracemalloc.start()

    render(fleet)

    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 5 * len(to_json(fleet))


def render(fleet: Report) -> None:
    sns.payload(fleet, UTC)
    eventbridge.payload(fleet, "default")
    slack.message(fleet, UTC)
    fit(fleet)
