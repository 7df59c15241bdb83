"""What the reporter may be told, as one frozen value; :mod:`backup_reporter.config.environment` reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Literal

from backup_reporter.health.thresholds import Thresholds

Notify = Literal["always", "problems", "changes", "never"]
ChannelName = Literal["sns", "slack", "email", "eventbridge"]

DEFAULT_API_URL = "https://api.spectrocloud.com"
CHANNEL_NAMES: tuple[ChannelName, ...] = ("sns", "slack", "email", "eventbridge")
NOTIFY_SETTINGS: tuple[Notify, ...] = ("always", "problems", "changes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting of the reporter. ``None`` or empty means: not set, switched off."""

    api_url: str = DEFAULT_API_URL
    api_key_secret: str | None = field(default=None, repr=False)  # may be the key itself, in the wrong place
    ca_bundle: str | None = None
    project_uids: tuple[str, ...] = ()
    workspace_uids: tuple[str, ...] = ()
    requests_per_second: float = 10.0
    burst: int = 45
    tenants: str | None = None
    """Where the list of tenants is; with it, everything of Palette's above is what a tenant leaves out."""
    sns_topic_arn: str | None = None
    slack_webhook_secret: str | None = field(default=None, repr=False)
    email_from: str | None = None
    email_to: tuple[str, ...] = ()
    event_bus_name: str | None = None
    report_bucket: str | None = None
    report_prefix: str = "reports/"
    delivery_table: str | None = None
    notify: Notify = "always"
    heartbeat_url_secret: str | None = None
    thresholds: Thresholds = field(default_factory=Thresholds)

    @property
    def channels(self) -> tuple[ChannelName, ...]:
        """The channels that are switched on, in the order in which a report lists them."""
        switched_on: dict[ChannelName, bool] = {
            "sns": bool(self.sns_topic_arn),
            "slack": bool(self.slack_webhook_secret),
            "email": bool(self.email_from and self.email_to),
            "eventbridge": bool(self.event_bus_name),
        }
        return tuple(name for name in CHANNEL_NAMES if switched_on[name])


def without_destinations(settings: Settings) -> Settings:
    """The same settings with everything switched off that sends or keeps a report."""
    return replace(
        settings,
        sns_topic_arn=None,
        slack_webhook_secret=None,
        email_from=None,
        email_to=(),
        event_bus_name=None,
        report_bucket=None,
        delivery_table=None,
        heartbeat_url_secret=None,
    )


UID_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
"""What a uid may look like: it becomes part of a path and of a header."""
