"""What a setting may be. Each parser takes a stripped, non-empty text, and raises ValueError with what would be valid."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from backup_reporter.config.settings import (
    INCLUDE_CLUSTERS_SETTINGS,
    NOTIFY_SETTINGS,
    UID_PATTERN,
    IncludeClusters,
    Notify,
)
from backup_reporter.health.phases import KNOWN_STATES, PhaseClass, normalize_state

_Value = TypeVar("_Value")


def parse_api_url(text: str) -> str:
    url = _URL.fullmatch(text)
    is_private = url and url["scheme"].casefold() == "http" and not _LOOPBACK.fullmatch(url["host"])
    if not url or is_private or int(url["port"] or 0) > 65535:
        raise ValueError("should be an https:// URL without user, query or fragment (http:// only for localhost)")
    if url["scheme"].casefold() == "http" and not is_local(url["host"], int(url["port"] or 80)):
        raise ValueError("should not be the address of AWS Lambda's own API")
    # One spelling for each Palette: tenants with the same URL share its rate limit.
    port = "" if url["port"] in (None, {"http": "80", "https": "443"}[url["scheme"].casefold()]) else f":{url['port']}"
    path = text[url.end("port" if url["port"] else "host") :]
    return f"{url['scheme'].casefold()}://{url['host'].casefold()}{port}{path}".rstrip("/")


def may_hold_secret(url: object) -> bool:
    """Whether what was given for a URL may hold a password or a token: it is neither a plain URL nor a host name."""
    plain = r"\s*(https?://[^@?#]*|([a-z0-9-]{1,63}\.)+[a-z]{2,20}(:\d{1,5})?/?\s*)"
    return re.fullmatch(plain, str(url), re.IGNORECASE) is None


def is_local(host: str, port: int) -> bool:
    """Whether plain http may go there: to this machine, but not to AWS Lambda's own API.

    That API hands out the function's next event, and takes its answer, from everyone who asks.
    https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
    """
    own_port = os.environ.get("AWS_LAMBDA_RUNTIME_API", "").rpartition(":")[2]
    return _LOOPBACK.fullmatch(host) is not None and str(port) != own_port


def parse_workspace_link(text: str) -> str:
    """A URL with ``{workspaceUid}`` and, if the address needs it, ``{projectUid}``."""
    address = re.sub(r"\{(workspaceUid|projectUid)\}", "", text)
    if "{workspaceUid}" not in text or not re.fullmatch(r"https://[\w.~%!$&()*+,;=:/?#@-]+", address, re.ASCII):
        raise ValueError("should be an https:// URL with {workspaceUid}, and {projectUid} if the address needs it")
    return text


_LABEL = r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)"
_URL = re.compile(
    rf"(?P<scheme>https?)://(?P<host>{_LABEL}(?:\.{_LABEL})*\.?|\[[0-9A-Fa-f:.]+\])"
    r"(?::(?P<port>\d{1,5}))?(?:/[\w.~%!$&'()*+,;=:-]*)*",
    re.ASCII | re.IGNORECASE,
)
_LOOPBACK = re.compile(r"localhost|\[?::1\]?|127(?:\.\d{1,3}){3}", re.IGNORECASE)


def parse_secret_name(text: str) -> str:
    if not _is_arn(text, "secretsmanager", r"secret:[\w/+=.@!-]{1,520}") and not re.fullmatch(
        r"[\w/+=.@!-]{1,512}", text, re.ASCII
    ):
        raise ValueError("should be the name or ARN of a Secrets Manager secret, not the secret itself")
    return text


def _is_arn(text: str, service: str, resource: str) -> bool:
    """Whether a text is such a resource's ARN. Raises :class:`ValueError` if its region is not in its partition."""
    arn = re.fullmatch(rf"arn:(aws[a-z-]*):{service}:([a-z0-9-]+):\d{{12}}:{resource}", text, re.ASCII)
    if arn and arn[1] != partition_of(arn[2]):
        raise ValueError(f"the region {arn[2]} is in the partition {partition_of(arn[2])}, not in {arn[1]}")
    return arn is not None


def partition_of(region: str) -> str:
    """Returns the part of AWS that a region is in. Credentials of one partition are worth nothing in another.

    https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
    """
    prefixes = {"cn-": "aws-cn", "us-gov-": "aws-us-gov", "us-iso-": "aws-iso", "us-isob-": "aws-iso-b"}
    return next((partition for prefix, partition in prefixes.items() if region.startswith(prefix)), "aws")


def parse_file_path(text: str) -> str:
    try:
        holds_certificate = "-----BEGIN CERTIFICATE-----" in Path(text).read_text(encoding="ascii", errors="ignore")
    except (OSError, ValueError) as error:
        raise ValueError(
            f"cannot be read ({getattr(error, 'strerror', error)}): should be the path of a PEM file"
        ) from None
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


def parse_length(low: float, high: float, unit: Literal["days", "hours", "minutes"]) -> Callable[[str], timedelta]:
    parse = parse_number(low, high)
    return lambda text: timedelta(**{unit: parse(text)})


def parse_tenants_source(text: str) -> str:
    in_bucket = re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[A-Za-z0-9!_.*'()/-]{1,900}", text)
    if not in_bucket and not re.fullmatch(r"ssm:(/[A-Za-z0-9_.-]+)+", text):
        raise ValueError("should be ssm:/PARAMETER/NAME or s3://BUCKET/KEY, where the list of tenants is")
    return text


def parse_topic_arn(text: str) -> str:
    if not _is_arn(text, "sns", "[A-Za-z0-9_-]{1,256}"):
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
    name = "[/A-Za-z0-9._-]{1,256}"
    if not _is_arn(text, "events", f"event-bus/{name}") and not re.fullmatch(name, text):
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
    name = "[A-Za-z0-9_.-]{3,255}"
    if not _is_arn(text, "dynamodb", f"table/{name}") and not re.fullmatch(name, text):
        raise ValueError("should be the name or ARN of a DynamoDB table")
    return text


def parse_include_clusters(text: str) -> IncludeClusters:
    for valid in INCLUDE_CLUSTERS_SETTINGS:
        if text.casefold() == valid:
            return valid
    raise ValueError("should be one of " + ", ".join(INCLUDE_CLUSTERS_SETTINGS))


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


def parse_hosts(text: str) -> tuple[str, ...]:
    hosts = [part.strip().casefold() for part in text.split(",")]
    if not all(re.fullmatch(_HOST_PATTERN, host, re.ASCII) for host in hosts):
        raise ValueError("should be host names joined by commas; *.example.com stands for every host below example.com")
    return tuple(dict.fromkeys(hosts))


_HOST_PATTERN = rf"(?:\*\.)?{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]+\]"


# Parsers of JSON values: each takes any value, and raises ValueError like those above.


def json_text(parse: Callable[[str], _Value]) -> Callable[[object], _Value]:
    def parse_text(value: object) -> _Value:
        if not isinstance(value, str):
            raise ValueError("should be a text")  # noqa: TRY004 - every parser here raises the same
        return parse(value.strip())

    return parse_text


def json_number(parse: Callable[[str], _Value]) -> Callable[[object], _Value]:
    def parse_numeric(value: object) -> _Value:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return parse(str(value) if is_number else "")

    return parse_numeric


def json_uids(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(uid, str) and UID_PATTERN.fullmatch(uid) for uid in value):
        raise ValueError('should be a list of uids, such as ["66f0a1b2c3d4e5f60718293a"]')
    return tuple(dict.fromkeys(value))


def json_time(value: object) -> datetime:
    wanted = "should be an RFC 3339 time with a zone, such as 2026-12-04T07:00:00Z"
    if not isinstance(value, str):
        raise ValueError(wanted)  # noqa: TRY004 - every parser here raises the same
    try:
        at: datetime = msgspec.convert(value, Annotated[datetime, msgspec.Meta(tz=True)]).astimezone(UTC)
    except (msgspec.ValidationError, OverflowError):
        raise ValueError(wanted) from None
    if not 2000 <= at.year <= 2200:
        raise ValueError(f"{wanted}, between the years 2000 and 2200")
    return at


def parse_yes_or_no(text: str) -> bool:
    """Returns whether the text says ``yes``. Raises ValueError for anything but ``yes`` and ``no``."""
    if text.casefold() not in ("yes", "no"):
        raise ValueError("should be yes or no")
    return text.casefold() == "yes"
