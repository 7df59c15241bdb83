"""Secrets Manager's secrets: read when needed, never shown."""

from __future__ import annotations

import json
import logging
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from backup_reporter.aws.errors import translate_errors
from backup_reporter.errors import SecretError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_TALKATIVE = {"botocore": logging.INFO, "urllib3": logging.ERROR}
"""What these say below is what they exchange. At DEBUG, botocore writes down a secret's text as it is read and urllib3
the path of a webhook's URL; urllib3 does so in a warning as well where a server's headers are broken."""


def keep_libraries_quiet() -> None:
    """Whatever level somebody has set, libraries do not write secrets into a log."""
    for name, level in _TALKATIVE.items():
        logging.getLogger(name).setLevel(level)


def read_secret(client: SecretsManagerClient, name: str, setting: str) -> str:
    """The text of the secret that ``setting`` names. Raises :class:`SecretError`, which says what went wrong.

    A name under which there is no secret is not shown: it may be the secret itself, in the wrong place.
    """
    with translate_errors(SecretError, f"the secret that {setting} names cannot be read"):
        text = client.get_secret_value(SecretId=name).get("SecretString")
    if not text or not text.strip():
        raise SecretError(f"the secret {name} is empty (or binary): put its value in as text")
    return text.strip()


def parse_fields(text: str, source: str) -> dict[str, str] | None:
    """The text fields of a secret that is a JSON object; ``None`` where it is plain text. ``source``: where it stood."""
    if not text.startswith("{"):
        return None
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise SecretError(f"{source} begins like JSON but is none") from None
    return {key: value.strip() for key, value in document.items() if isinstance(value, str) and value.strip()}


def parse_api_key(text: str, source: str) -> str:
    """Palette's API key: the whole secret, or the field ``apiKey`` of a JSON object. ``source``: where it stood."""
    fields = parse_fields(text, source)
    key = text if fields is None else fields.get("apiKey", "")
    if not key:
        raise SecretError(f"{source} is JSON without the field apiKey")
    if not re.fullmatch(r"[\x21-\x7e]+", key):
        raise SecretError(f"{source} holds no API key: it has spaces, line breaks or unusual characters")
    return key


def parse_heartbeat_url(text: str, name: str) -> str:
    """The URL to call: the whole secret. Raises :class:`SecretError`."""
    if not is_allowed_url(text):
        raise SecretError(f"the secret {name} holds no heartbeat URL: it should be one https:// URL, as plain text")
    return text


def is_allowed_url(url: str) -> bool:
    """Whether something secret may be sent there: https, or a server on this very machine."""
    if not re.fullmatch(r"[\x21-\x7e]+", url):
        return False
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    )
