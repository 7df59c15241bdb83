"""Builds the clients for AWS and HTTP, each when it is first used."""

from __future__ import annotations

import threading
from functools import cached_property
from typing import Any

import boto3
import urllib3
from botocore.config import Config

from backup_reporter.aws.proxies import ProxyAwarePools
from backup_reporter.aws.secrets import keep_libraries_quiet
from backup_reporter.aws.tls import build_context
from backup_reporter.config.limits import MAX_POOLS, MAX_THREADS

_CONFIG = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 4})
_CONFIGS = {
    # Links to files that a KMS key encrypts must be signed in the newer way, and for the host of the bucket's own region.
    # By default boto3 does neither, and a region opened since 2019 refuses a link to BUCKET.s3.amazonaws.com.
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
    "s3": _CONFIG.merge(
        Config(signature_version="s3v4", s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"})
    ),
    # Asked before anything can be sent: if they do not answer, time for sending must remain.
    **dict.fromkeys(
        ("secretsmanager", "ssm"),
        Config(connect_timeout=2, read_timeout=4, retries={"mode": "standard", "total_max_attempts": 3}),
    ),
    "dynamodb": Config(connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 3}),
}
_EMULATED_S3 = _CONFIG.merge(Config(signature_version="s3v4"))
"""An emulator's host, such as localhost, often has no names for buckets."""
_MAX_HOSTS = MAX_POOLS + 4
"""Hosts whose connections are pooled: every Palette that is asked at the same time, Slack, Teams, PagerDuty, and the heartbeat's."""


class Clients:
    """Each client is built once, and lives as long as the process. Safe for threads."""

    def __init__(self) -> None:
        keep_libraries_quiet()
        self._lock = threading.Lock()
        self._aws: dict[tuple[str, str | None], Any] = {}
        self._http: dict[str | None, urllib3.PoolManager] = {}

    @cached_property
    def _session(self) -> boto3.Session:
        return boto3.Session()

    def aws(self, service: str, resource: str | None = None) -> Any:
        """Returns boto3's client for a service, in the region of a ``resource`` that is given by its ARN."""
        region = region_of(resource or "")
        # Using a client is safe for threads. Building one is not, and two threads would build two sessions.
        with self._lock:
            key = (service, None if region == self._session.region_name else region)
            if key not in self._aws:
                self._aws[key] = self._build(*key)
            return self._aws[key]

    def _build(self, service: str, region: str | None) -> Any:
        client = self._session.client(service, region_name=region, config=_CONFIGS.get(service, _CONFIG))
        if service == "s3" and ".amazonaws." not in client.meta.endpoint_url:
            return self._session.client(service, region_name=region, config=_EMULATED_S3)
        return client

    def http(self, ca_bundle: str | None) -> urllib3.PoolManager:
        """Connections that trust a private CA besides the public ones. Raises :class:`SettingsError` for a file without one."""
        with self._lock:
            if ca_bundle not in self._http:
                # One TLS context for all connections: by default each would load the trust store anew.
                context = build_context(ca_bundle)
                self._http[ca_bundle] = ProxyAwarePools(_MAX_HOSTS, maxsize=MAX_THREADS, ssl_context=context)
            return self._http[ca_bundle]


def region_of(resource: str) -> str | None:
    """Returns the region in an ARN; ``None`` for a plain name, which is in the function's own region."""
    return resource.split(":")[3] if resource.startswith("arn:") else None
