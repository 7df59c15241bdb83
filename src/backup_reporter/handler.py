"""Lambda's entry, and the composition root: the only place that reads the environment and builds clients."""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache, partial
from typing import Any, Protocol

import boto3
import msgspec
import urllib3
from botocore.config import Config

from backup_reporter.channels.channel import Channel
from backup_reporter.channels.slack import SlackChannel
from backup_reporter.channels.sns import SnsChannel
from backup_reporter.errors import DeliveryFailed, SecretError
from backup_reporter.observe import Observer
from backup_reporter.palette.client import PaletteClient
from backup_reporter.palette.pace import Pace
from backup_reporter.pipeline import THREADS, Surroundings, run
from backup_reporter.report.fit import fit
from backup_reporter.report.model import Report
from backup_reporter.request import Request, parse_event
from backup_reporter.secrets import parse_api_key, read_secret
from backup_reporter.settings import Settings, load

_DELIVERY_RESERVE_SECONDS = 60.0
"""Kept back of the platform's time for rendering and delivering; at most a third of it."""


class LambdaContext(Protocol):
    """What this function uses of Lambda's context object."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int: ...


def lambda_handler(event: object, context: LambdaContext) -> dict[str, Any]:
    """Makes one report. Answers with it as JSON (see ``docs/report.schema.json``).

    Raises :class:`~backup_reporter.errors.SettingsError` and
    :class:`~backup_reporter.errors.InvalidRequest` before anything is fetched, and
    :class:`~backup_reporter.errors.DeliveryFailed` after a scheduled report that did not reach every channel.
    """
    observer = Observer(context.aws_request_id)
    with observer.watching():
        reporter = _reporter(tuple(sorted(_relevant(os.environ).items())))
        request = parse_event(event, reporter.settings)
        report = reporter.report(request, context)
        observer.reported(report)
        if request.is_scheduled:
            _insist_on_delivery(report)
    answer: dict[str, Any] = msgspec.to_builtins(fit(report))
    return answer


def _insist_on_delivery(report: Report) -> None:
    failed = [delivery for delivery in report.deliveries if delivery.status == "failed"]
    if failed:
        reasons = "; ".join(f"{delivery.channel}: {delivery.error}" for delivery in failed)
        raise DeliveryFailed(f"report {report.report_id} did not reach every channel: {reasons}")


@dataclass(frozen=True)
class Reporter:
    """The settings, and the clients that they call for, each built when it is first used."""

    settings: Settings

    @cached_property
    def _session(self) -> boto3.Session:
        return boto3.Session()

    @cached_property
    def _config(self) -> Config:
        return Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 4})

    @cached_property
    def _secrets(self) -> Any:
        return self._session.client("secretsmanager", config=self._config)

    @cached_property
    def _http(self) -> urllib3.PoolManager:
        # One TLS context for all connections: by default each would load the trust store anew.
        context = ssl.create_default_context()
        if self.settings.ca_bundle:
            context.load_verify_locations(self.settings.ca_bundle)
        return urllib3.PoolManager(maxsize=THREADS, block=True, ssl_context=context)

    @cached_property
    def channels(self) -> tuple[Channel, ...]:
        build: Mapping[str, Callable[[], Channel]] = {"sns": self._sns, "slack": self._slack}
        return tuple(build[name]() for name in self.settings.channels)

    def _sns(self) -> Channel:
        return SnsChannel(self._session.client("sns", config=self._config), self.settings.sns_topic_arn or "")

    def _slack(self) -> Channel:
        return SlackChannel(self._http, partial(self._secret, self.settings.slack_webhook_secret))

    def _secret(self, name: str | None) -> str:
        if not name:
            raise SecretError("no secret is set up for this")
        return read_secret(self._secrets, name)

    def _api_key(self) -> str:
        name = self.settings.api_key_secret
        return parse_api_key(self._secret(name), name or "")

    def report(self, request: Request, context: LambdaContext) -> Report:
        """Makes and delivers one report within the time that the platform leaves."""
        ends_at = time.monotonic() + context.get_remaining_time_in_millis() / 1000
        seconds_left = partial(_until, ends_at)
        reserve_seconds = min(_DELIVERY_RESERVE_SECONDS, seconds_left() / 3)
        pace = Pace(self.settings.requests_per_second, self.settings.burst)
        around = Surroundings(
            client=PaletteClient(
                self._http, self.settings.api_url, self._api_key, pace, partial(_until, ends_at - reserve_seconds)
            ),
            channels=self.channels,
            clock=_now,
            seconds_left=seconds_left,
            invocation_id=context.aws_request_id,
        )
        return run(request, self.settings, around, _now())


@lru_cache(maxsize=1)
def _reporter(environ: tuple[tuple[str, str], ...]) -> Reporter:
    """Validated and built at the first invocation; anew where somebody changed the environment since."""
    return Reporter(load(dict(environ)))


def _relevant(environ: Mapping[str, str]) -> dict[str, str]:
    # The platform puts a new trace id into the environment for every invocation.
    return {name: value for name, value in environ.items() if not name.startswith("_")}


def _now() -> datetime:
    return datetime.now(UTC)


def _until(monotonic_seconds: float) -> float:
    return monotonic_seconds - time.monotonic()
