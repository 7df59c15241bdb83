"""What a setting may be: each parser takes a stripped, non-empty text, and raises ValueError with what would be valid."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from backup_reporter.config.settings import NOTIFY_SETTINGS, UID_PATTERN, Notify
from backup_reporter.health.phases import KNOWN_STATES, PhaseClass, normalize_state


def given(value: object, *, may_be_secret: bool = False) -> str:
    """What somebody gave for a setting or a field, as an error may show it."""
    if may_be_secret:
        return "the value given (not shown, it may be secret)"
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:99]}…"


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
    """Whether the text is a URL or a host name, without a place for a password or a token."""
    return re.fullmatch(r"\s*(https?://[^@?#]*|([a-z0-9-]{1,63}\.)+[a-z]{2,20}(:\d{1,5})?/?\s*)", url, re.I) is not None


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


def parse_file_path(text: str) -> str:
    try:
        holds_certificate = "-----BEGIN CERTIFICATE-----" in Path(text).read_text(encoding="ascii", errors="ignore")
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror}): should be the path of a PEM file") from None
    if not holds_certificate:
        raise ValueError("should be a PEM file with at least one certificate")
    return text


def parse_uids(text: str) -> tuple[str, ...]:
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


def parse_tenants_source(text: str) -> str:
    in_bucket = re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[A-Za-z0-9!_.*'()/-]{1,900}", text)
    if not in_bucket and not re.fullmatch(r"ssm:(/[A-Za-z0-9_.-]+)+", text):
        raise ValueError("should be ssm:/PARAMETER/NAME or s3://BUCKET/KEY, where the list of tenants is")
    return text


def parse_topic_arn(text: str) -> str:
    if not re.fullmatch(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}", text):
        raise ValueError("should be the ARN of a standard SNS topic, arn:aws:sns:REGION:ACCOUNT:NAME")
    return text


def parse_email_address(text: str) -> str:
    if not re.fullmatch(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[A-Za-z0-9.-]{1,253}", text, re.ASCII):
        raise ValueError("should be an e-mail address such as backups@example.com")
    return text


def parse_email_addresses(text: str) -> tuple[str, ...]:
    addresses = tuple(dict.fromkeys(parse_email_address(part.strip()) for part in text.split(",")))
    if len(addresses) > 50:
        raise ValueError("SES sends a message to at most 50 addresses: give the address of a list")
    return addresses


def parse_event_bus(text: str) -> str:
    if not re.fullmatch(r"(arn:aws[a-z-]*:events:[a-z0-9-]+:\d{12}:event-bus/)?[/A-Za-z0-9._-]{1,256}", text):
        raise ValueError("should be the name or ARN of an EventBridge event bus")
    return text


def parse_bucket(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", text):
        raise ValueError("should be the name of an S3 bucket (no s3://, no path)")
    return text


def parse_prefix(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9!_.*'()-][A-Za-z0-9!_.*'()/-]{0,199}", text) or "//" in text or ".." in text:
        raise ValueError("should be a key prefix such as reports/, without a leading slash")
    return text if text.endswith("/") else f"{text}/"


def parse_table(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.-]{3,255}", text):
        raise ValueError("should be the name of a DynamoDB table")
    return text


def parse_notify(text: str) -> Notify:
    for valid in NOTIFY_SETTINGS:
        if text.casefold() == valid:
            return valid
    raise ValueError("should be one of " + ", ".join(NOTIFY_SETTINGS))


def parse_extra_states(text: str) -> Mapping[str, PhaseClass]:
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


def parse_time_zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise ValueError("should be an IANA time zone such as Europe/Berlin") from None
