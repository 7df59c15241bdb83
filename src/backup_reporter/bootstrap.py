"""Builds what the settings call for: channels, tenants and clients, each when it is first used.

The function's handler and the command line both build a :class:`Reporter` and nothing else. A channel's module is
imported only if that channel is set up: a cold start pays for nothing that it does not use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import urllib3
from msgspec import field

from backup_reporter.aws.clients import Clients
from backup_reporter.aws.secrets import parse_api_key, read_secret
from backup_reporter.aws.tenant_document import read_tenants
from backup_reporter.channels.channel import CheckedChannel, channel_module
from backup_reporter.config.request import Request, parse_event
from backup_reporter.config.settings import ChannelName, Settings, Tenant
from backup_reporter.config.tenants import parse_tenants
from backup_reporter.errors import SecretError, SettingsError, StoreError, reason_of
from backup_reporter.palette.client import PaletteClient
from backup_reporter.palette.rate_limit import RateLimiter
from backup_reporter.palette.recording import ignore_answers
from backup_reporter.records import Discreet
from backup_reporter.report.model import Report
from backup_reporter.run.check_shards import Progress, ignore_progress
from backup_reporter.run.deliver import DeliveryLog
from backup_reporter.run.make_plan import Palette
from backup_reporter.run.pipeline import Dependencies, run
from backup_reporter.run.publish import Destinations, redeliver
from backup_reporter.time_limit import countdown, start

if TYPE_CHECKING:
    from backup_reporter.aws.report_store import ReportStore
    from backup_reporter.channels.heartbeat import Heartbeat
    from backup_reporter.run.evidence import EvidenceWriter

_RESERVE_SECONDS = 60.0
"""Reserved of the platform's time for what comes after asking; at most a third of it."""


class Reporter(Discreet, frozen=True, dict=True):
    """The settings, and everything that is built from them."""

    settings: Settings
    api_key: str | None = None
    """Given on a user's machine. Otherwise each report reads the key from its secret."""
    function_name: str = "local"
    """In whose name deliveries are logged."""
    clients: Clients = field(default_factory=Clients)
    clock: Callable[[], datetime] = field(default_factory=lambda: utc_now)
    # As long as the process lives: two reports in a row share what Palette allows, and so do the tenants of one Palette.
    _rate_limiters: dict[tuple[str, float, int], RateLimiter] = field(default_factory=dict)

    @cached_property
    def destinations(self) -> Destinations:
        """The channels, delivery log, bucket and heartbeat that are set up."""
        return Destinations(
            channels=tuple(self.channel(name) for name in self.settings.channels),
            delivery_log=self._delivery_log(),
            store=self._store(),
            heartbeat=self.heartbeat(),
        )

    def channel(self, name: ChannelName) -> CheckedChannel:
        """A channel that is switched on in the settings."""
        return channel_module(name).from_settings(self.settings, self)

    def _delivery_log(self) -> Callable[[], DeliveryLog] | None:
        table = self.settings.delivery_table
        if not table:
            return None
        from backup_reporter.aws.delivery_log import DynamoDbDeliveryLog  # noqa: PLC0415 - see above

        return partial(DynamoDbDeliveryLog, self.clients.aws("dynamodb", table), table, self.function_name)

    def _store(self) -> ReportStore | None:
        bucket = self.settings.report_bucket
        if not bucket:
            return None
        from backup_reporter.aws.report_store import ReportStore  # noqa: PLC0415 - see above

        return ReportStore(self.clients.aws("s3"), bucket, self.settings.report_prefix, self.settings.report_lock)

    def heartbeat(self) -> Heartbeat | None:
        """The dead-man's switch, whose secret is read when it is called."""
        name = self.settings.heartbeat_url_secret
        if not name:
            return None
        from backup_reporter.channels.heartbeat import Heartbeat  # noqa: PLC0415 - see above

        return Heartbeat(self.http, partial(self.secret, "HEARTBEAT_URL_SECRET", name), name)

    @property
    def http(self) -> urllib3.PoolManager:
        """Connections to anything that is neither AWS nor a tenant with a CA of its own."""
        return self.clients.http(self.settings.tenant.ca_bundle)

    def aws(self, service: str, resource: str | None = None) -> Any:
        """Returns boto3's client for a service, in the region of a ``resource`` that is given by its ARN."""
        return self.clients.aws(service, resource)

    def secret(self, setting: str, name: str | None) -> str:
        """Returns a secret's text. Raises :class:`SecretError`, which names the setting or the secret."""
        if not name:
            raise SecretError(f"{setting} is not set")
        return read_secret(self.clients.aws("secretsmanager", name), name, setting)

    def tenants(self, names: Sequence[str] = ()) -> tuple[Tenant, ...]:
        """Reads the tenants of these names, or all. Raises :class:`StoreError` and :class:`SettingsError`."""
        source = self.settings.tenants_source
        tenants = (
            parse_tenants(read_tenants(self.clients.aws, source), self.settings) if source else (self.settings.tenant,)
        )
        return tuple(tenant for tenant in tenants if not names or tenant.name in names)

    def parse_event(self, event: object) -> Request:
        """Returns an event as a request. Raises :class:`InvalidRequest`, and what :meth:`tenants` raises."""
        return parse_event(event, self.settings, self.tenants, self.clock())

    def read_api_key(self, tenant: Tenant) -> str:
        """Reads a tenant's API key. Raises :class:`SecretError`."""
        if self.api_key and tenant.name is None:
            return parse_api_key(self.api_key, "PALETTE_API_KEY")
        setting = f"apiKeySecret of {tenant.name}" if tenant.name else "PALETTE_API_KEY_SECRET"
        return parse_api_key(self.secret(setting, tenant.api_key_secret), f"the secret {tenant.api_key_secret}")

    def palette(
        self,
        tenant: Tenant,
        seconds_left: Callable[[], float],
        burst: int | None = None,
        evidence: EvidenceWriter | None = None,
    ) -> PaletteClient:
        """Returns a client that asks about a tenant while ``seconds_left``, with another ``burst`` than the tenant's if given."""
        rate = (tenant.api_url, tenant.requests_per_second, burst or tenant.burst)
        rate_limiter = self._rate_limiters.setdefault(rate, RateLimiter(*rate[1:]))
        http = self.clients.http(tenant.ca_bundle)
        return PaletteClient(
            http,
            tenant.api_url,
            partial(self.read_api_key, tenant),
            rate_limiter,
            seconds_left,
            record=evidence.for_tenant(tenant.name) if evidence else ignore_answers,
        )

    def evidence(self, part: str = "") -> EvidenceWriter | None:
        """Returns a writer of evidence, if the settings say so; a ``part`` is one of several files of a report."""
        if not (self.settings.report_bucket and self.settings.keep_evidence):
            return None
        from backup_reporter.run.evidence import EvidenceWriter  # noqa: PLC0415 - see above

        def save(report_id: str, pieces: Iterable[bytes]) -> str:
            store = self.destinations.store
            if store is None:
                raise StoreError("REPORT_BUCKET is not set")
            return store.save_file(report_id, f"evidence{part}.jsonl.gz", pieces)

        return EvidenceWriter(save)

    def palettes(
        self, names: Sequence[str], seconds_left: Callable[[], float], evidence: EvidenceWriter | None
    ) -> tuple[tuple[Palette, ...], tuple[str, ...]]:
        """Returns each tenant of these names, or of all, with its client, and a sentence if the list cannot be read.

        Raises :class:`SettingsError` for a list that can be read and is not valid.
        """
        try:
            tenants = self.tenants(names)
        except SettingsError:
            raise
        except Exception as error:  # noqa: BLE001 - no error may keep the report from being made
            return (), (f"The list of tenants could not be read: {reason_of(error)}.",)
        return tuple(
            Palette(tenant=tenant, client=self.palette(tenant, seconds_left, evidence=evidence)) for tenant in tenants
        ), ()

    def report(
        self, request: Request, invocation_id: str, seconds: float, on_progress: Progress = ignore_progress
    ) -> Report:
        """Makes and delivers one report within ``seconds``, or delivers an archived one again."""
        seconds_left = countdown(seconds)
        if request.redeliver:
            return redeliver(request.redeliver, request, self.settings, self.destinations, seconds_left)
        evidence = self.evidence()
        palettes, problems = self.palettes(request.tenants, countdown(asking_seconds(seconds)), evidence)
        dependencies = Dependencies(
            palettes=palettes,
            problems=problems,
            destinations=self._start_building_destinations(),
            clock=self.clock,
            seconds_left=seconds_left,
            invocation_id=invocation_id,
            on_progress=on_progress,
            evidence=evidence,
        )
        return run(request, self.settings, dependencies, self.clock())

    def _start_building_destinations(self) -> Callable[[], Destinations]:
        """Builds the destinations while Palette is asked. Returns a function that waits for them."""

        def build() -> Destinations:
            if not self.api_key:
                self.clients.aws(
                    "secretsmanager", self.settings.tenant.api_key_secret
                )  # first, because the Palette client waits for it
            return self.destinations

        return start(build, "destinations").result


def asking_seconds(seconds: float) -> float:
    """Returns how much of a run's or step's time asking Palette may take. The rest is for writing and delivering."""
    return seconds - min(_RESERVE_SECONDS, seconds / 3)


def utc_now() -> datetime:
    """Returns the current time."""
    return datetime.now(UTC)
