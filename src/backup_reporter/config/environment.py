"""The environment as one frozen, validated value. Every fault is reported at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from backup_reporter.config.parsers import (
    given,
    holds_no_secret,
    parse_api_url,
    parse_bucket,
    parse_email_address,
    parse_email_addresses,
    parse_event_bus,
    parse_extra_states,
    parse_file_path,
    parse_notify,
    parse_number,
    parse_prefix,
    parse_secret_name,
    parse_table,
    parse_tenants_source,
    parse_time_zone,
    parse_topic_arn,
    parse_uids,
    parse_whole,
)
from backup_reporter.config.settings import DEFAULT_API_URL, Settings
from backup_reporter.errors import SettingsError
from backup_reporter.health.thresholds import Thresholds

_Value = TypeVar("_Value")


def load(environ: Mapping[str, str], *, key_required: bool = True) -> Settings:
    """Reads and validates the settings.

    ``key_required`` is false where the API key comes from elsewhere (a person's shell).
    Raises :class:`SettingsError` naming every variable that cannot be used, what was given
    (never for a variable that belongs to a secret) and what would be valid.
    """
    problems: list[str] = []

    def read(name: str, parse: Callable[[str], _Value], default: _Value, *, show: bool = True) -> _Value:
        text = environ.get(name, "").strip()
        if not text:
            return default
        try:
            return parse(text)
        except ValueError as error:
            problems.append(f"{name}: {given(text, may_be_secret=not show)} is not valid: {error}")
            return default

    def optional(name: str, parse: Callable[[str], str], *, show: bool = True) -> str | None:
        return read(name, parse, "", show=show) or None

    settings = Settings(
        api_url=read(
            "PALETTE_API_URL", parse_api_url, DEFAULT_API_URL, show=holds_no_secret(environ.get("PALETTE_API_URL", ""))
        ),
        api_key_secret=optional("PALETTE_API_KEY_SECRET", parse_secret_name, show=False),
        ca_bundle=optional("PALETTE_CA_BUNDLE", parse_file_path),
        project_uids=read("PALETTE_PROJECT_UIDS", parse_uids, ()),
        workspace_uids=read("PALETTE_WORKSPACE_UIDS", parse_uids, ()),
        requests_per_second=read("PALETTE_REQUESTS_PER_SECOND", parse_number(0.1, 1000), 10.0),
        burst=read("PALETTE_BURST", parse_whole(1, 1000), 49),
        tenants=optional("TENANTS", parse_tenants_source),
        sns_topic_arn=optional("SNS_TOPIC_ARN", parse_topic_arn),
        slack_webhook_secret=optional("SLACK_WEBHOOK_SECRET", parse_secret_name, show=False),
        email_from=optional("EMAIL_FROM", parse_email_address),
        email_to=read("EMAIL_TO", parse_email_addresses, ()),
        event_bus_name=optional("EVENT_BUS_NAME", parse_event_bus),
        report_bucket=optional("REPORT_BUCKET", parse_bucket),
        report_prefix=read("REPORT_PREFIX", parse_prefix, "reports/"),
        delivery_table=optional("DELIVERY_TABLE", parse_table),
        notify=read("NOTIFY", parse_notify, "always"),
        heartbeat_url_secret=optional("HEARTBEAT_URL_SECRET", parse_secret_name, show=False),
        thresholds=Thresholds(
            expiry_warning=timedelta(days=read("EXPIRY_WARNING_DAYS", parse_number(0, 3650), 3.0)),
            max_backup_age=_hours(read("MAX_BACKUP_AGE_HOURS", parse_number(0.1, 87600), 0.0)),
            stuck_after=timedelta(hours=read("STUCK_AFTER_HOURS", parse_number(0, 8760), 6.0)),
            grace=timedelta(minutes=read("SCHEDULE_GRACE_MINUTES", parse_number(0, 525600), 120.0)),
            extra_states=read("EXTRA_STATES", parse_extra_states, {}),
            history_days=read("HISTORY_DAYS", parse_whole(1, 366), 30),
            time_zone=read("TIME_ZONE", parse_time_zone, ZoneInfo("UTC")),
        ),
    )
    if settings.tenants and (settings.project_uids or settings.workspace_uids):
        problems.append(
            "PALETTE_PROJECT_UIDS, PALETTE_WORKSPACE_UIDS: go without TENANTS: each tenant there has its own "
            "projectUids and workspaceUids"
        )
    if (
        key_required
        and not settings.tenants
        and not settings.api_key_secret
        and "PALETTE_API_KEY_SECRET" not in str(problems)
    ):
        problems.append(
            "PALETTE_API_KEY_SECRET: not set: give the name or ARN of the secret that holds the Palette API key"
        )
    if bool(environ.get("EMAIL_FROM", "").strip()) != bool(environ.get("EMAIL_TO", "").strip()):
        problems.append("EMAIL_FROM, EMAIL_TO: only one of them is set: the e-mail channel needs both (or neither)")
    if problems:
        raise SettingsError(problems)
    return settings


def _hours(hours: float) -> timedelta | None:
    return timedelta(hours=hours) if hours else None
