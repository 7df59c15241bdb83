"""The environment as one frozen, validated value. Every fault is reported at once."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Literal, TypeVar
from zoneinfo import ZoneInfo

from backup_reporter.errors import SettingsError

Notify = Literal["always", "problems", "changes", "never"]
ChannelName = Literal["sns", "slack", "email", "eventbridge"]
PhaseClass = Literal["succeeded", "partial", "failed", "running", "doomed", "deleting", "unknown"]

DEFAULT_API_URL = "https://api.spectrocloud.com"
CHANNEL_NAMES: tuple[ChannelName, ...] = ("sns", "slack", "email", "eventbridge")
NOTIFY_SETTINGS: tuple[Notify, ...] = ("always", "problems", "changes")

KNOWN_STATES: Mapping[str, PhaseClass] = {
    "completed": "succeeded",
    "succeeded": "succeeded",
    "success": "succeeded",
    "partiallyfailed": "partial",
    "failed": "failed",
    "failedvalidation": "failed",
    "error": "failed",
    "new": "running",
    "initiated": "running",
    "queued": "running",
    "readytostart": "running",
    "pending": "running",
    "inprogress": "running",
    "running": "running",
    "waitingforpluginoperations": "running",
    "finalizing": "running",
    "waitingforpluginoperationspartiallyfailed": "doomed",
    "finalizingpartiallyfailed": "doomed",
    "deleting": "deleting",
}
"""Velero's backup phases and Palette's own words for them, normalized by :func:`normalize_state`."""


@lru_cache(maxsize=256)
def normalize_state(state: str) -> str:
    """A state without what does not count in comparing: case, spaces, ``-`` and ``_``."""
    return re.sub(r"[\s_-]+", "", state).casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the judging may be told: thresholds, further state words, and how to show times."""

    expiry_warning: timedelta = timedelta(days=3)
    max_backup_age: timedelta | None = None
    stuck_after: timedelta = timedelta(hours=6)
    grace: timedelta = timedelta(hours=2)
    extra_states: Mapping[str, PhaseClass] = field(default_factory=dict)
    history_days: int = 30
    time_zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))


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
    rules: Rules = field(default_factory=Rules)

    @property
    def channels(self) -> tuple[ChannelName, ...]:
        """The channels that are switched on, in the order in which they are tried."""
        switched_on: dict[ChannelName, bool] = {
            "sns": bool(self.sns_topic_arn),
            "slack": bool(self.slack_webhook_secret),
            "email": bool(self.email_from and self.email_to),
            "eventbridge": bool(self.event_bus_name),
        }
        return tuple(name for name in CHANNEL_NAMES if switched_on[name])


def without_outlets(settings: Settings) -> Settings:
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
            given = repr(text) if show else "the value given (not shown, it may be secret)"
            problems.append(f"{name}: {given} is not valid: {error}")
            return default

    def optional(name: str, parse: Callable[[str], str], *, show: bool = True) -> str | None:
        return read(name, parse, "", show=show) or None

    settings = Settings(
        api_url=read(
            "PALETTE_API_URL", parse_api_url, DEFAULT_API_URL, show=holds_no_secret(environ.get("PALETTE_API_URL", ""))
        ),
        api_key_secret=optional("PALETTE_API_KEY_SECRET", parse_secret_name, show=False),
        ca_bundle=optional("PALETTE_CA_BUNDLE", _file_path),
        project_uids=read("PALETTE_PROJECT_UIDS", _uids, ()),
        workspace_uids=read("PALETTE_WORKSPACE_UIDS", _uids, ()),
        requests_per_second=read("PALETTE_REQUESTS_PER_SECOND", parse_number(0.1, 1000), 10.0),
        burst=read("PALETTE_BURST", parse_whole(1, 1000), 45),
        tenants=optional("TENANTS", _tenants),
        sns_topic_arn=optional("SNS_TOPIC_ARN", _topic_arn),
        slack_webhook_secret=optional("SLACK_WEBHOOK_SECRET", parse_secret_name, show=False),
        email_from=optional("EMAIL_FROM", _email_address),
        email_to=read("EMAIL_TO", _email_addresses, ()),
        event_bus_name=optional("EVENT_BUS_NAME", _event_bus),
        report_bucket=optional("REPORT_BUCKET", _bucket),
        report_prefix=read("REPORT_PREFIX", _prefix, "reports/"),
        delivery_table=optional("DELIVERY_TABLE", _table),
        notify=read("NOTIFY", _notify, "always"),
        heartbeat_url_secret=optional("HEARTBEAT_URL_SECRET", parse_secret_name, show=False),
        rules=Rules(
            expiry_warning=timedelta(days=read("EXPIRY_WARNING_DAYS", parse_number(0, 3650), 3.0)),
            max_backup_age=_hours(read("MAX_BACKUP_AGE_HOURS", parse_number(0.1, 87600), 0.0)),
            stuck_after=timedelta(hours=read("STUCK_AFTER_HOURS", parse_number(0, 8760), 6.0)),
            grace=timedelta(minutes=read("SCHEDULE_GRACE_MINUTES", parse_number(0, 525600), 120.0)),
            extra_states=read("EXTRA_STATES", _extra_states, {}),
            history_days=read("HISTORY_DAYS", parse_whole(1, 366), 30),
            time_zone=read("TIME_ZONE", _time_zone, ZoneInfo("UTC")),
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


# Each parser below takes a stripped, non-empty text and raises ValueError with what would be valid.


def parse_api_url(text: str) -> str:
    url = _URL.fullmatch(text)
    is_private = url and url["scheme"].casefold() == "http" and not _LOOPBACK.fullmatch(url["host"])
    if not url or is_private or int(url["port"] or 0) > 65535:
        raise ValueError("should be an https:// URL without user, query or fragment (http:// only for localhost)")
    return text.rstrip("/")


def holds_no_secret(url: str) -> bool:
    """Whether what was given for a URL is one without any place where a password or a token goes."""
    return re.fullmatch(r"\s*https?://[^@?#]*", url, re.IGNORECASE) is not None


_LABEL = r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)"
_URL = re.compile(
    rf"(?P<scheme>https?)://(?P<host>{_LABEL}(?:\.{_LABEL})*\.?|\[[0-9A-Fa-f:.]+\])"
    r"(?::(?P<port>\d{1,5}))?(?:/[\w.~%!$&'()*+,;=:-]*)*",
    re.ASCII | re.IGNORECASE,
)
_LOOPBACK = re.compile(r"localhost|\[::1\]|127(?:\.\d{1,3}){3}", re.IGNORECASE)


def parse_secret_name(text: str) -> str:
    arn = re.fullmatch(r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@!-]{1,520}", text, re.ASCII)
    if not arn and not re.fullmatch(r"[\w/+=.@!-]{1,512}", text, re.ASCII):
        raise ValueError("should be the name or ARN of a Secrets Manager secret, not the secret itself")
    return text


def _file_path(text: str) -> str:
    try:
        holds_certificate = "-----BEGIN CERTIFICATE-----" in Path(text).read_text(encoding="ascii", errors="ignore")
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror}): should be the path of a PEM file") from None
    if not holds_certificate:
        raise ValueError("should be a PEM file with at least one certificate")
    return text


UID_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
"""What a uid may look like: it becomes part of a path and of a header."""


def _uids(text: str) -> tuple[str, ...]:
    uids = [part.strip() for part in text.split(",")]
    if not all(UID_PATTERN.fullmatch(uid) for uid in uids):
        raise ValueError("should be uids joined by commas (letters, digits, '-', '_', '.')")
    return tuple(dict.fromkeys(uids))


def parse_number(low: float, high: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise ValueError(f"should be a number from {low:g} to {high:g}")
        return value

    return parse


def parse_whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        value = int(text) if re.fullmatch(r"\d{1,9}", text, re.ASCII) else -1
        if not low <= value <= high:
            raise ValueError(f"should be a whole number from {low} to {high}")
        return value

    return parse


def _hours(hours: float) -> timedelta | None:
    return timedelta(hours=hours) if hours else None


def _tenants(text: str) -> str:
    in_bucket = re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[A-Za-z0-9!_.*'()/-]{1,900}", text)
    if not in_bucket and not re.fullmatch(r"ssm:(/[A-Za-z0-9_.-]+)+", text):
        raise ValueError("should be ssm:/PARAMETER/NAME or s3://BUCKET/KEY, where the list of tenants is")
    return text


def _topic_arn(text: str) -> str:
    if not re.fullmatch(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}", text):
        raise ValueError("should be the ARN of a standard SNS topic, arn:aws:sns:REGION:ACCOUNT:NAME")
    return text


def _email_address(text: str) -> str:
    if not re.fullmatch(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[A-Za-z0-9.-]{1,253}", text, re.ASCII):
        raise ValueError("should be an e-mail address such as backups@example.com")
    return text


def _email_addresses(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_email_address(part.strip()) for part in text.split(",")))


def _event_bus(text: str) -> str:
    if not re.fullmatch(r"(arn:aws[a-z-]*:events:[a-z0-9-]+:\d{12}:event-bus/)?[/A-Za-z0-9._-]{1,256}", text):
        raise ValueError("should be the name or ARN of an EventBridge event bus")
    return text


def _bucket(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", text):
        raise ValueError("should be the name of an S3 bucket (no s3://, no path)")
    return text


def _prefix(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9!_.*'()-][A-Za-z0-9!_.*'()/-]{0,199}", text) or "//" in text or ".." in text:
        raise ValueError("should be a key prefix such as reports/, without a leading slash")
    return text if text.endswith("/") else f"{text}/"


def _table(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.-]{3,255}", text):
        raise ValueError("should be the name of a DynamoDB table")
    return text


def _notify(text: str) -> Notify:
    for valid in NOTIFY_SETTINGS:
        if text.casefold() == valid:
            return valid
    raise ValueError("should be one of " + ", ".join(NOTIFY_SETTINGS))


def _extra_states(text: str) -> Mapping[str, PhaseClass]:
    classes: dict[str, PhaseClass] = {name: name for name in KNOWN_STATES.values()}
    states: dict[str, PhaseClass] = {}
    for group in filter(None, (part.strip() for part in text.split(";"))):
        name, equals, words = group.partition("=")
        phase = classes.get(name.strip().casefold())
        if not phase or not equals:
            raise ValueError(
                f"should look like succeeded=Done,Finished;failed=Aborted, with classes among {', '.join(classes)}"
            )
        for word in (normalize_state(part) for part in words.split(",")):
            if not word:
                raise ValueError(f"has an empty word for {phase}")
            # A word that is known already must not change its meaning: succeeded=Failed would be a false green.
            if KNOWN_STATES.get(word, states.get(word, phase)) != phase:
                raise ValueError(f"gives {word!r} a second meaning")
            states[word] = phase
    return states


def _time_zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise ValueError("should be an IANA time zone such as Europe/Berlin") from None
