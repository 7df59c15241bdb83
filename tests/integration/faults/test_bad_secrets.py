"""Secrets that cannot be used, in the whole function: refused by the name of the secret, and not shown."""

from __future__ import annotations

import json

import pytest
from test_canaries import TOKEN, a_stage, sung

from support.stage import CHANNELS, SCHEDULED
from support.world import LocalAws

BAD_SLACK_SECRETS = {
    "no host": "https:///services/T0DEMO/canary",
    "a host that is not there": "https://hooks.invalid/services/T0DEMO/canary",
    "a host with a label that is too long": f"https://{'a' * 70}.invalid/services/T0DEMO/canary",
    "a port that is none": "https://hooks.invalid:canary/services/T0DEMO",
    "http": "http://hooks.invalid/services/T0DEMO/canary",
    "two lines": "https://hooks.invalid/\nservices/T0DEMO/canary",
    "JSON without the field": '{"url": "https://hooks.invalid/services/T0DEMO/canary"}',
    "JSON that is cut": '{"webhookUrl": "https://hooks.invalid/services/T0DEMO/canary',
    "a token of two lines": json.dumps({"botToken": f"{TOKEN}\r\nX: 1", "channel": "C1"}),
    "a token without a channel": json.dumps({"botToken": TOKEN}),
    "white space": " \n ",
}


BAD_TEAMS_SECRETS = {
    "http": "http://prod.invalid/workflows/canary?sig=canary",
    "a host that is not there": "https://prod.invalid/workflows/1?sig=canary",
    "a connector": "https://acme.webhook.office.com/webhookb2/canary",
    "JSON without the field": '{"url": "https://prod.invalid/canary"}',
}
BAD_PAGERDUTY_SECRETS = {
    "a short key": "canary",
    "two lines": "canary\r\nX: 1",
    "JSON without the field": '{"routing_key": "canary"}',
    "a host that is not there": '{"routingKey": "canarycanarycanarycanarycanary12", "apiUrl": "https://events.invalid"}',
}
BAD_SECRETS = [
    pytest.param(channel, name, secret, id=f"{channel}: {what}")
    for channel, name, some in (
        ("slack", "slack_webhook", BAD_SLACK_SECRETS),
        ("teams", "teams_webhook", BAD_TEAMS_SECRETS),
        ("pagerduty", "pagerduty", BAD_PAGERDUTY_SECRETS),
    )
    for what, secret in some.items()
]


@pytest.mark.parametrize(("channel", "name", "secret"), BAD_SECRETS)
def test_a_bad_secret_of_a_channel_is_refused_by_name_and_not_shown(
    aws: LocalAws, channel: str, name: str, secret: str
) -> None:
    with a_stage(aws, **{name: secret}) as on:
        outcome = on.invoke(SCHEDULED, 8.0)
        assert outcome.delivered == set(CHANNELS) - {channel}
        assert channel in str(outcome.raised)
        assert sung(on.left_the_process(outcome)) == []


BAD_KEYS = {
    "two lines": "canary\r\nX-Evil: 1",
    "an umlaut": "canäry-canary",
    "JSON without the field": '{"key": "canary"}',
    "JSON that is cut": '{"apiKey": "canary',
    "a number": '{"apiKey": 5, "other": "canary"}',
    "white space": " \n ",
}


@pytest.mark.parametrize("secret", BAD_KEYS.values(), ids=BAD_KEYS.keys())
def test_a_bad_key_is_refused_by_the_name_of_its_secret_and_not_shown(aws: LocalAws, secret: str) -> None:
    with a_stage(aws, palette_api_key=secret) as on:
        outcome = on.invoke(SCHEDULED, 8.0)
        assert "palette-api-key" in str(outcome.report["problems"])
        assert on.palette.requests == []
        assert sung(on.left_the_process(outcome)) == []
