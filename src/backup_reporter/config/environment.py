"""Reads the environment as one frozen, validated value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from backup_reporter.config.fields import Field, always, read_fields
from backup_reporter.config.parsers import (
    may_hold_secret,
    parse_api_url,
    parse_bucket,
    parse_email_address,
    parse_email_addresses,
    parse_event_bus,
    parse_extra_states,
    parse_file_path,
    parse_hosts,
    parse_include_clusters,
    parse_length,
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
    parse_workspace_link,
    parse_yes_or_no,
    partition_of,
)
from backup_reporter.config.settings import Settings, Tenant
from backup_reporter.errors import SettingsError
from backup_reporter.health.thresholds import Thresholds

_TENANT = (
    Field("PALETTE_API_URL", "api_url", parse_api_url, may_hold_secret),
    Field("PALETTE_API_KEY_SECRET", "api_key_secret", parse_secret_name, always),
    Field("PALETTE_CA_BUNDLE", "ca_bundle", parse_file_path),
    Field("PALETTE_PROJECT_UIDS", "project_uids", parse_uids),
    Field("PALETTE_WORKSPACE_UIDS", "workspace_uids", parse_uids),
    Field("PALETTE_REQUESTS_PER_SECOND", "requests_per_second", parse_number(0.1, 1000)),
    Field("PALETTE_BURST", "burst", parse_whole(1, 1000)),
)
_SETTINGS = (
    Field("TENANTS", "tenants_source", parse_tenants_source),
    Field("TENANT_API_HOSTS", "tenant_api_hosts", parse_hosts),
    Field("SNS_TOPIC_ARN", "sns_topic_arn", parse_topic_arn),
    Field("SLACK_WEBHOOK_SECRET", "slack_webhook_secret", parse_secret_name, always),
    Field("EMAIL_FROM", "email_from", parse_email_address),
    Field("EMAIL_TO", "email_to", parse_email_addresses),
    Field("EVENT_BUS_NAME", "event_bus_name", parse_event_bus),
    Field("TEAMS_WEBHOOK_SECRET", "teams_webhook_secret", parse_secret_name, always),
    Field("PAGERDUTY_SECRET", "pagerduty_secret", parse_secret_name, always),
    Field("REPORT_BUCKET", "report_bucket", parse_bucket),
    Field("REPORT_PREFIX", "report_prefix", parse_prefix),
    Field("KEEP_EVIDENCE", "keep_evidence", parse_yes_or_no),
    Field("REPORT_LOCK_DAYS", "report_lock", parse_length(1, 36500, "days")),
    Field("DELIVERY_TABLE", "delivery_table", parse_table),
    Field("NOTIFY", "notify", parse_notify),
    Field("WORKSPACE_LINK", "workspace_link", parse_workspace_link),
    Field("HEARTBEAT_URL_SECRET", "heartbeat_url_secret", parse_secret_name, always),
    Field("INCLUDE_CLUSTERS", "include_clusters", parse_include_clusters),
)
_THRESHOLDS = (
    Field("EXPIRY_WARNING_DAYS", "expiry_warning", parse_length(0, 3650, "days")),
    Field("MAX_BACKUP_AGE_HOURS", "max_backup_age", parse_length(0.1, 87600, "hours")),
    Field("RESTORE_TEST_MAX_AGE_DAYS", "restore_test_max_age", parse_length(1, 3650, "days")),
    Field("STUCK_AFTER_HOURS", "stuck_after", parse_length(0, 8760, "hours")),
    Field("SCHEDULE_GRACE_MINUTES", "grace", parse_length(0, 525600, "minutes")),
    Field("SCHEDULE_TIME_ZONE", "schedule_time_zone", parse_time_zone),
    Field("UNSCHEDULED_WARNING_DAYS", "unscheduled_warning", parse_length(0, 3650, "days")),
    Field("EXTRA_STATES", "extra_states", parse_extra_states),
    Field("HISTORY_DAYS", "history_days", parse_whole(1, 366)),
    Field("TIME_ZONE", "time_zone", parse_time_zone),
)
VARIABLES = tuple(field.name for field in (*_TENANT, *_SETTINGS, *_THRESHOLDS))
"""The name of every setting."""

_OTHER_VARIABLES = ("PALETTE_API_KEY",)
"""What only the command line reads, if neither a secret nor a list of tenants has the key."""
_ALIKE = 0.78
"""How close a name must be to a setting's: ``SLACK_WEBHOOK`` is, and ``EMAIL``, which other programs read, is not."""


def load(environ: Mapping[str, str], *, key_required: bool = True) -> Settings:
    """Reads and validates the settings. What is empty or blank is not set.

    ``key_required`` is false if the API key comes from elsewhere (a person's shell).
    Raises :class:`SettingsError` with a sentence for each variable that cannot be used: what was given
    (never if it may be a secret) and what would be valid.
    """
    given = {name: text for name in VARIABLES if (text := environ.get(name, "").strip())}
    problems: list[str] = []
    settings = Settings(
        tenant=Tenant(**read_fields(_TENANT, given, problems)),
        **read_fields(_SETTINGS, given, problems),
        thresholds=Thresholds(**read_fields(_THRESHOLDS, given, problems)),
    )
    problems += _missing_or_contradicting(given, key_required=key_required)
    if own_region := environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION"):
        problems += _other_partitions(given, own_region)
    if problems:
        raise SettingsError(problems)
    return settings


def _missing_or_contradicting(given: Mapping[str, str], *, key_required: bool) -> Iterator[str]:
    if "TENANTS" in given and ("PALETTE_PROJECT_UIDS" in given or "PALETTE_WORKSPACE_UIDS" in given):
        yield (
            "PALETTE_PROJECT_UIDS, PALETTE_WORKSPACE_UIDS: cannot be used with TENANTS: "
            "give each tenant there its own projectUids and workspaceUids"
        )
    if key_required and "TENANTS" not in given and "PALETTE_API_KEY_SECRET" not in given:
        yield "PALETTE_API_KEY_SECRET: not set: give the name or ARN of the secret that holds the Palette API key"
    if ("EMAIL_FROM" in given) != ("EMAIL_TO" in given):
        yield "EMAIL_FROM, EMAIL_TO: only one of them is set: the e-mail channel needs both (or neither)"
    if "REPORT_LOCK_DAYS" in given and "REPORT_BUCKET" not in given:
        yield "REPORT_LOCK_DAYS: cannot be used without REPORT_BUCKET: there is no report to lock"


def _other_partitions(given: Mapping[str, str], own_region: str) -> Iterator[str]:
    """A sentence for each resource that the function's credentials cannot reach, with any permission."""
    for name, text in given.items():
        arn = re.fullmatch(r"arn:(aws[a-z-]*):[a-z]+:([a-z0-9-]+):.*", text)
        if arn and arn[1] != partition_of(own_region):
            yield (
                f"{name}: the region {arn[2]} cannot be reached from {own_region}: they are in different partitions "
                "of AWS. Use a resource in your own partition"
            )


def find_misspelt(environ: Mapping[str, str]) -> Iterator[str]:
    """Yields a sentence for each variable that is no setting, but has a name close to one that is not set."""
    from difflib import get_close_matches  # noqa: PLC0415 - no report needs it

    has_key = any(environ.get(name, "").strip() for name in ("PALETTE_API_KEY_SECRET", "TENANTS"))
    wanted = VARIABLES if has_key else (*VARIABLES, *_OTHER_VARIABLES)
    unset = [name for name in wanted if not environ.get(name, "").strip()]
    for name in sorted(environ.keys() - {*VARIABLES, *_OTHER_VARIABLES}):
        for meant in get_close_matches(name.upper(), unset, n=1, cutoff=_ALIKE):
            yield f"{name} is not a setting and is ignored; did you mean {meant}?"
