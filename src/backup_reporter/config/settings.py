"""The settings as one frozen value. :mod:`backup_reporter.config.environment` reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import field

from backup_reporter.health.thresholds import Thresholds
from backup_reporter.records import Discreet

CHANNELS: Mapping[str, tuple[str, ...]] = {
    "sns": ("sns_topic_arn",),
    "slack": ("slack_webhook_secret",),
    "email": ("email_from", "email_to"),
    "eventbridge": ("event_bus_name",),
    "teams": ("teams_webhook_secret",),
    "pagerduty": ("pagerduty_secret",),
}
"""Every channel, in the order in which a report lists them, with the settings that switch it on together.

A name is that of a module in :mod:`backup_reporter.channels`, which is imported only if the channel is on.
"""
CHANNEL_NAMES = tuple(CHANNELS)
ChannelName = Annotated[str, msgspec.Meta(extra_json_schema={"enum": sorted(CHANNELS)})]
Notify = Literal["always", "problems", "changes", "never"]

IncludeClusters = Literal["no", "yes", "warn"]

INCLUDE_CLUSTERS_SETTINGS: tuple[IncludeClusters, ...] = ("no", "yes", "warn")
NOTIFY_SETTINGS: tuple[Notify, ...] = ("always", "problems", "changes")


class Tenant(Discreet, frozen=True, kw_only=True):
    """One tenant of a Palette, and how to ask it. ``name`` is ``None`` without a list of tenants."""

    name: str | None = None
    api_url: str = "https://api.spectrocloud.com"
    api_key_secret: str | None = None  # may be the key itself, in the wrong place
    ca_bundle: str | None = None
    """A private CA: certificates as PEM text, or the path of a PEM file."""
    project_uids: tuple[str, ...] = ()
    workspace_uids: tuple[str, ...] = ()
    requests_per_second: float = 10.0
    burst: int = 49
    schedule_time_zone: ZoneInfo | None = None
    """The zone of this tenant's schedules that name none; ``None`` for that of the settings."""


class Settings(Discreet, frozen=True, kw_only=True):
    """Every setting of the reporter. ``None`` or empty means: not set, switched off."""

    tenant: Tenant = field(default_factory=Tenant)
    """The only tenant; with a list of tenants, what each of them leaves out."""
    tenants_source: str | None = None
    """Where the list of tenants is."""
    tenant_api_hosts: tuple[str, ...] = ()
    """Hosts that the list of tenants may name, instead of :data:`backup_reporter.config.tenants.DEFAULT_API_HOSTS`."""
    sns_topic_arn: str | None = None
    slack_webhook_secret: str | None = None
    email_from: str | None = None
    email_to: tuple[str, ...] = ()
    event_bus_name: str | None = None
    teams_webhook_secret: str | None = None
    pagerduty_secret: str | None = None
    report_bucket: str | None = None
    report_prefix: str = "reports/"
    keep_evidence: bool = True
    report_lock: timedelta | None = None
    """How long Object Lock protects each report. The bucket must have Object Lock enabled."""
    delivery_table: str | None = None
    notify: Notify = "always"
    workspace_link: str | None = None
    """A URL with ``{projectUid}`` and ``{workspaceUid}``, to which workspace names link."""
    heartbeat_url_secret: str | None = None
    include_clusters: IncludeClusters = "no"
    """Whether clusters' own backup policies are judged too, and clusters without any policy are counted or warned of."""
    thresholds: Thresholds = field(default_factory=Thresholds)

    @property
    def channels(self) -> tuple[ChannelName, ...]:
        """The channels that are switched on, in the order in which a report lists them."""
        return tuple(name for name, settings in CHANNELS.items() if all(getattr(self, setting) for setting in settings))


def variable_names(channel: ChannelName) -> str:
    """The environment variables that switch a channel on: ``EMAIL_FROM and EMAIL_TO``."""
    return " and ".join(setting.upper() for setting in CHANNELS[channel])


def without_destinations(settings: Settings) -> Settings:
    """Returns the settings with everything switched off that sends or keeps a report."""
    of_channels = {setting for some in CHANNELS.values() for setting in some}
    off = {"report_bucket", "delivery_table", "heartbeat_url_secret", *of_channels}
    defaults: dict[str, Any] = {name: getattr(_NOTHING_SET, name) for name in off}
    return msgspec.structs.replace(settings, **defaults)


_NOTHING_SET = Settings()


UID_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
"""What a uid may look like: it becomes part of a path and of a header."""
