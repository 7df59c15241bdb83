"""Everything that talks to the world outside, built when it is first used."""

from __future__ import annotations

import ssl
import threading
from functools import cached_property
from typing import Any

import boto3
import urllib3
from botocore.config import Config

from backup_reporter.aws.secrets import keep_libraries_quiet
from backup_reporter.config.limits import MAX_POOLS, MAX_THREADS
from backup_reporter.errors import SettingsError

_CONFIG = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 4})
_CONFIGS = {
    # Links to what a KMS key encrypts have to be signed in the newer way, which is not boto3's default for links.
    "s3": _CONFIG.merge(Config(signature_version="s3v4")),
    # Asked before anything can be sent: one that does not answer must not use up the time for sending.
    **dict.fromkeys(
        ("secretsmanager", "ssm"),
        Config(connect_timeout=2, read_timeout=4, retries={"mode": "standard", "total_max_attempts": 3}),
    ),
    "dynamodb": Config(connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 3}),
}
_MAX_HOSTS = MAX_POOLS + 2
"""Whose connections are kept: every Palette that is asked at the same time, Slack, and the heartbeat's."""


class Clients:
    """The same client for whoever asks for it, for as long as the process lives. Safe for threads."""

    def __init__(self) -> None:
        keep_libraries_quiet()
        self._lock = threading.Lock()
        self._aws: dict[str, Any] = {}
        self._http: dict[str | None, urllib3.PoolManager] = {}

    @cached_property
    def _session(self) -> boto3.Session:
        return boto3.Session()

    def aws(self, service: str) -> Any:
        """A client of boto3's, which is safe for threads, unlike the making of one."""
        with self._lock:
            if service not in self._aws:
                self._aws[service] = self._session.client(service, config=_CONFIGS.get(service, _CONFIG))
            return self._aws[service]

    def http(self, ca_bundle: str | None) -> urllib3.PoolManager:
        """Connections that trust a private CA besides the public ones. Raises :class:`SettingsError` for a file without one."""
        with self._lock:
            if ca_bundle not in self._http:
                # One TLS context for all connections: by default each would load the trust store anew.
                context = ssl.create_default_context()
                if ca_bundle:
                    _trust(context, ca_bundle)
                self._http[ca_bundle] = urllib3.PoolManager(_MAX_HOSTS, maxsize=MAX_THREADS, ssl_context=context)
            return self._http[ca_bundle]


def _trust(context: ssl.SSLContext, ca_bundle: str) -> None:
    """Trusts a private CA, as text or in a file. Raises :class:`SettingsError` where the file holds none."""
    try:
        if "-----BEGIN" in ca_bundle:
            context.load_verify_locations(cadata=ca_bundle)
        else:
            context.load_verify_locations(ca_bundle)
    except (OSError, ssl.SSLError) as error:
        problem = f"PALETTE_CA_BUNDLE: {ca_bundle!r} holds no certificate in PEM form"
        raise SettingsError([problem]) from error
