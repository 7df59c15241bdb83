"""The environment as one frozen, validated value. Every fault is reported at once."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from backup_reporter.errors import SettingsError
from backup_reporter.settings import (
    DEFAULT_API_URL,
    KNOWN_STATES,
    NOTIFY_SETTINGS,
    UID_PATTERN,
    Notify,
    PhaseClass,
    Rules,
    Settings,
    normalize_state,
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
            shown = text if len(text) <= 80 else f"{text[:79]}…"
            given = repr(shown) if show else "the value given (not shown, it may be secret)"
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
    # As everybody else spells it: whoever asks the same Palette has to be seen to.
    port = "" if url["port"] in (None, {"http": "80", "https": "443"}[url["scheme"].casefold()]) else f":{url['port']}"
    path = text[url.end("port" if url["port"] else "host") :]
    return f"{url['scheme'].casefold()}://{url['host'].casefold()}{port}{path}".rstrip("/")


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
    addresses = tuple(dict.fromkeys(_email_address(part.strip()) for part in text.split(",")))
    if len(addresses) > 50:
        raise ValueError("SES sends a message to at most 50 addresses: give the address of a list")
    return addresses


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
