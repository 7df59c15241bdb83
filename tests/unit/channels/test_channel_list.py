"""A channel is a module and one line of a list: everything else about it follows from these two."""

from __future__ import annotations

from typing import Any

import pytest
import urllib3

from backup_reporter.channels.channel import channel_module
from backup_reporter.config.settings import (
    CHANNEL_NAMES,
    CHANNELS,
    ChannelName,
    Settings,
    variable_names,
    without_destinations,
)


class NoConnections:
    http = urllib3.PoolManager()
    function_name = "reporter"

    def aws(self, service: str, resource: str | None = None) -> Any:
        return None

    def secret(self, setting: str, name: str | None) -> str:
        raise AssertionError("a secret is read when a channel is used, not when it is built")


def settings_with(*names: str) -> Settings:
    values: dict[str, Any] = {name: ("a@example.com",) if name == "email_to" else "set" for name in names}
    return Settings(**values)


@pytest.mark.parametrize("name", CHANNEL_NAMES)
def test_each_channel_is_built_from_its_settings(name: ChannelName) -> None:
    module = channel_module(name)
    channel = module.from_settings(settings_with(*CHANNELS[name]), NoConnections())

    assert channel.name == name
    assert module.CHECK
    assert callable(channel.check)


@pytest.mark.parametrize("name", CHANNEL_NAMES)
def test_a_channel_is_on_if_all_its_settings_are_set(name: ChannelName) -> None:
    settings = CHANNELS[name]

    assert settings_with(*settings).channels == (name,)
    for setting in settings:
        assert settings_with(*(other for other in settings if other != setting)).channels == ()


def test_without_destinations_no_channel_is_on() -> None:
    everything = settings_with(*(setting for settings in CHANNELS.values() for setting in settings), "report_bucket")

    assert everything.channels == CHANNEL_NAMES
    assert without_destinations(everything) == Settings()


def test_the_variables_of_a_channel_are_named_as_in_the_environment() -> None:
    assert variable_names("email") == "EMAIL_FROM and EMAIL_TO"
    assert variable_names("slack") == "SLACK_WEBHOOK_SECRET"
