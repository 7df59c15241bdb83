"""Reads secrets from AWS Secrets Manager, when they are needed. Never shows them."""

from __future__ import annotations

import json
import logging
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as AwsConnectionError

from backup_reporter.aws.errors import AwsError, code_of
from backup_reporter.config.parsers import is_local
from backup_reporter.errors import SecretError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_TALKATIVE = {"botocore": logging.INFO, "urllib3": logging.ERROR}
"""The lowest level at which they log no secret. At DEBUG, botocore logs the text of a secret and urllib3 the path of a
webhook's URL; urllib3 also does so in a warning about a server's broken headers."""


def keep_libraries_quiet() -> None:
    """Keeps libraries from logging secrets, at any level that is set."""
    for name, level in _TALKATIVE.items():
        logging.getLogger(name).setLevel(level)


def read_secret(client: SecretsManagerClient, name: str, setting: str) -> str:
    """Returns the text of the secret that ``setting`` names. Raises :class:`SecretError`, which says what went wrong.

    A name under which no secret is found is not shown: it may be the secret itself, in the wrong place.
    """
    try:
        text = client.get_secret_value(SecretId=name).get("SecretString")
    except (ClientError, BotoCoreError) as error:
        advice = _advice(error, client.meta.region_name)
        raise SecretError(f"the secret that {setting} names cannot be read: {code_of(error)}{advice}") from error
    text = _clean(text or "")
    if not text:
        raise SecretError(f"the secret {name} is empty (or binary): put its value in as text")
    return text


def _advice(error: AwsError, region: str) -> str:
    if isinstance(error, AwsConnectionError | HTTPClientError):
        return (
            f" (AWS Secrets Manager in {region} did not answer: check the network, for a function in a VPC its NAT "
            "or its endpoint for secretsmanager)"
        )
    return {
        "ResourceNotFoundException": f" (there is no such secret in the region {region}: check the name, or give the ARN)",
        "AccessDeniedException": " (this role may not read it: allow secretsmanager:GetSecretValue)",
    }.get(code_of(error), "")


def _clean(text: str) -> str:
    """Without the byte order mark that some editors put before a text, and without white space around it."""
    return text.strip().removeprefix("\ufeff").strip()


def parse_fields(text: str, source: str) -> dict[str, str] | None:
    """Returns the text fields of a secret that is a JSON object, and ``None`` if it is plain text.

    Raises :class:`SecretError`, which names the ``source``, for a value that is wrapped in something else.
    """
    if not text.startswith("{"):
        _check_is_bare(text, source)
        return None
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise SecretError(f"{source} begins like JSON, but it is not valid JSON") from None
    return {key: value.strip() for key, value in document.items() if isinstance(value, str) and value.strip()}


def _check_is_bare(text: str, source: str) -> None:
    if text.startswith("["):
        raise SecretError(f"{source} is a JSON list: put the value in alone, or as a field of a JSON object")
    if text[:1] in ("'", '"') or text[-1:] in ("'", '"'):
        raise SecretError(f"{source} is in quotes: put the value in without them")
    # A value may end with "=" itself, as Base64 does.
    if re.match(r"(?:export\s+)?[A-Za-z_]\w*\s*=\s*[^=\s]", text, re.ASCII):
        raise SecretError(f"{source} looks like NAME=VALUE: put the value in alone, without the name and the '='")


def parse_api_key(text: str, source: str) -> str:
    """Returns Palette's API key: the whole secret, or the field ``apiKey`` of a JSON object.

    Raises :class:`SecretError`, which names the ``source``.
    """
    text = _clean(text)
    fields = parse_fields(text, source)
    key = text if fields is None else _clean(fields.get("apiKey", ""))
    if not key:
        raise SecretError(f"{source} is JSON without a text in the field apiKey")
    if fields:
        _check_is_bare(key, f"the field apiKey of {source}")
    if not re.fullmatch(r"[\x21-\x7e]+", key):
        raise SecretError(f"{source} does not hold an API key: it has spaces, line breaks or unusual characters")
    return key


def parse_heartbeat_url(text: str, name: str) -> str:
    """Returns the URL to call, which is the whole secret. Raises :class:`SecretError`."""
    _check_is_bare(text, f"the secret {name}")
    if not is_allowed_url(text):
        raise SecretError(
            f"the secret {name} does not hold a heartbeat URL: it should be one https:// URL, as plain text"
        )
    return text


def check_api_url(url: str, name: str, example: str) -> str:
    """Returns a service's API URL from the secret ``name``, without a slash at its end. Raises :class:`SecretError`."""
    if not is_allowed_url(url) or urlsplit(url).query or urlsplit(url).fragment:
        raise SecretError(f"the secret {name} has an apiUrl that is not an https:// URL such as {example}")
    return url.rstrip("/")


def is_allowed_url(url: str) -> bool:
    """Whether something secret may be sent there: https, or a server on this machine."""
    if not re.fullmatch(r"[\x21-\x7e]+", url):
        return False
    try:
        parts = urlsplit(url)
        port = parts.port or 80
    except ValueError:
        return False
    host = parts.hostname or ""
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_local(host, port)))
