"""The settings put to work: every client that they call for, each built when it is first used.

Both composition roots, the function's handler and the command line, build this and nothing else. A
channel's module is imported where that channel is set up: a cold start pays for nothing that it does not use.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import boto3
import urllib3
from botocore.config import Config

from backup_reporter.channels.channel import Channel
from backup_reporter.deliver import OnceEach
from backup_reporter.errors import SecretError, SettingsError
from backup_reporter.palette.client import PaletteClient
from backup_reporter.palette.crew import MOST_THREADS
from backup_reporter.palette.pace import Pace
from backup_reporter.pipeline import Progress, Surroundings, nobody_watches, run
from backup_reporter.publish import Outlets, redeliver
from backup_reporter.report.model import Report
from backup_reporter.request import Request
from backup_reporter.secrets import keep_libraries_quiet, parse_api_key, read_secret
from backup_reporter.settings import ChannelName, Settings

if TYPE_CHECKING:
    from backup_reporter.channels.slack import SlackChannel
    from backup_reporter.heartbeat import Heartbeat
    from backup_reporter.store import ReportStore

_HURRIED = {
    "secretsmanager": Config(connect_timeout=2, read_timeout=4, retries={"mode": "standard", "total_max_attempts": 3}),
    "dynamodb": Config(connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 3}),
}
"""Asked before anything can be sent: one that does not answer must not use up the time for sending."""
_DELIVERY_RESERVE_SECONDS = 60.0
"""Kept back of the platform's time for rendering and delivering; at most a third of it."""


@dataclass(frozen=True)
class Reporter:
    """The settings, and the clients that they call for, each built when it is first used."""

    settings: Settings
    api_key: str | None = field(default=None, repr=False)
    """Given on a person's machine; otherwise the key is read from its secret, anew for each report."""

    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _clients: dict[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        keep_libraries_quiet()

    @cached_property
    def _session(self) -> boto3.Session:
        return boto3.Session()

    @cached_property
    def _config(self) -> Config:
        return Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 4})

    @cached_property
    def http(self) -> urllib3.PoolManager:
        """One pool for everything that is not AWS."""
        # One TLS context for all connections: by default each would load the trust store anew.
        context = ssl.create_default_context()
        if self.settings.ca_bundle:
            _trust(context, self.settings.ca_bundle)
        return urllib3.PoolManager(maxsize=MOST_THREADS, ssl_context=context)

    @cached_property
    def _pace(self) -> Pace:
        # For as long as the process lives: two reports in a row share what Palette allows.
        return Pace(self.settings.requests_per_second, self.settings.burst)

    @cached_property
    def outlets(self) -> Outlets:
        """Where reports go, as far as it is set up."""
        return Outlets(channels=self._channels(), once=self._once(), store=self._store(), heartbeat=self._heartbeat())

    def _channels(self) -> tuple[Channel, ...]:
        build: Mapping[ChannelName, Callable[[], Channel]] = {
            "sns": self._sns,
            "slack": self.slack,
            "email": self._email,
            "eventbridge": self._eventbridge,
        }
        return tuple(build[name]() for name in self.settings.channels)

    def _once(self) -> OnceEach | None:
        table = self.settings.delivery_table
        if not table:
            return None
        from backup_reporter.once import DeliveryTable  # noqa: PLC0415 - see above

        return DeliveryTable(self.client("dynamodb"), table)

    def _store(self) -> ReportStore | None:
        bucket = self.settings.report_bucket
        if not bucket:
            return None
        from backup_reporter.store import ReportStore  # noqa: PLC0415 - see above

        return ReportStore(self.client("s3"), bucket, self.settings.report_prefix)

    def _heartbeat(self) -> Heartbeat | None:
        name = self.settings.heartbeat_url_secret
        if not name:
            return None
        from backup_reporter.heartbeat import Heartbeat  # noqa: PLC0415 - see above

        return Heartbeat(self.http, partial(self.secret, "HEARTBEAT_URL_SECRET", name), name)

    def client(self, service: str) -> Any:
        """A client of boto3's, the same for everybody. Safe for threads, unlike the making of one."""
        # Links to what a KMS key encrypts have to be signed in the newer way, which is not boto3's default for links.
        config = self._config.merge(Config(signature_version="s3v4")) if service == "s3" else self._config
        config = _HURRIED.get(service, config)
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._session.client(service, config=config)
            return self._clients[service]

    def _sns(self) -> Channel:
        from backup_reporter.channels.sns import SnsChannel  # noqa: PLC0415 - see above

        return SnsChannel(self.client("sns"), self.settings.sns_topic_arn or "")

    def slack(self) -> SlackChannel:
        """The Slack channel, whose secret is read when it is used."""
        from backup_reporter.channels.slack import SlackChannel  # noqa: PLC0415 - see above

        return SlackChannel(
            self.http,
            partial(self.secret, "SLACK_WEBHOOK_SECRET", self.settings.slack_webhook_secret),
            secret_name=self.settings.slack_webhook_secret or "",
        )

    def _email(self) -> Channel:
        from backup_reporter.channels.email import EmailChannel  # noqa: PLC0415 - see above

        return EmailChannel(self.client("sesv2"), self.settings.email_from or "", self.settings.email_to)

    def _eventbridge(self) -> Channel:
        from backup_reporter.channels.eventbridge import EventBridgeChannel  # noqa: PLC0415 - see above

        return EventBridgeChannel(self.client("events"), self.settings.event_bus_name or "")

    def secret(self, setting: str, name: str | None) -> str:
        """A secret's text. Raises :class:`SecretError`, which names the setting or the secret."""
        if not name:
            raise SecretError(f"{setting} is not set")
        return read_secret(self.client("secretsmanager"), name, setting)

    def read_api_key(self) -> str:
        """The API key, read anew. Raises :class:`SecretError`."""
        if self.api_key:
            return parse_api_key(self.api_key, "PALETTE_API_KEY")
        name = self.settings.api_key_secret
        return parse_api_key(self.secret("PALETTE_API_KEY_SECRET", name), name or "")

    def palette(self, seconds_left: Callable[[], float]) -> PaletteClient:
        """Whom to ask, for as long as ``seconds_left``."""
        return PaletteClient(self.http, self.settings.api_url, self.read_api_key, self._pace, seconds_left)

    def report(
        self, request: Request, invocation_id: str, seconds: float, on_progress: Progress = nobody_watches
    ) -> Report:
        """Makes and delivers one report within ``seconds``; or delivers a kept one again."""
        ends_at = time.monotonic() + seconds
        seconds_left = partial(_until, ends_at)
        if request.redeliver:
            return redeliver(request.redeliver, request, self.settings, self.outlets, seconds_left)
        reserve_seconds = min(_DELIVERY_RESERVE_SECONDS, seconds_left() / 3)
        around = Surroundings(
            client=self.palette(partial(_until, ends_at - reserve_seconds)),
            outlets=self._building_outlets(),
            clock=_now,
            seconds_left=seconds_left,
            invocation_id=invocation_id,
            on_progress=on_progress,
        )
        return run(request, self.settings, around, _now())

    def _building_outlets(self) -> Callable[[], Outlets]:
        """Has the outlets built while Palette is asked; answers with what waits for them."""

        def build() -> Outlets:
            if not self.api_key:
                self.client("secretsmanager")  # first, because whoever asks Palette waits for it
            return self.outlets

        pool = ThreadPoolExecutor(1, thread_name_prefix="outlets")
        built = pool.submit(build)
        pool.shutdown(wait=False)
        return built.result


def _trust(context: ssl.SSLContext, ca_bundle: str) -> None:
    """Trusts a private CA besides the public ones. Raises :class:`SettingsError` where the file holds none."""
    try:
        context.load_verify_locations(ca_bundle)
    except (OSError, ssl.SSLError) as error:
        problem = f"PALETTE_CA_BUNDLE: {ca_bundle!r} holds no certificate in PEM form"
        raise SettingsError([problem]) from error


def _now() -> datetime:
    return datetime.now(UTC)


def _until(monotonic_seconds: float) -> float:
    return monotonic_seconds - time.monotonic()
