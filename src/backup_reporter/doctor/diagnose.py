"""The whole examination: the same at the keyboard and in the function."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from backup_reporter.bootstrap import Reporter
from backup_reporter.config.tenants import Tenant
from backup_reporter.doctor.checks import Check, Diagnosis, diagnosis, off, settings_checks, tried
from backup_reporter.doctor.destination_checks import DestinationChecks
from backup_reporter.doctor.palette_checks import PaletteChecks
from backup_reporter.errors import SettingsError
from backup_reporter.wording import count, listed

_AFTER_THE_KEY = ("projects", "workspaces", "backup results", "rate", "clock")
_TENANTS_FIX = (
    "Check TENANTS and the document there; the role needs ssm:GetParameter or s3:GetObject on it (docs/scale.md)."
)
_KEY_FIX = (
    "Put the API key into the secret, alone or as apiKey in JSON (the role needs secretsmanager:GetSecretValue on it); at the keyboard it may be "
    "in PALETTE_API_KEY instead."
)


def examine(load_reporter: Callable[[], Reporter], seconds_left: Callable[[], float]) -> Diagnosis:
    """Tries everything that is set up. Publishes nothing, and never raises.

    ``load_reporter`` may raise :class:`SettingsError`: that is a finding as well.
    """
    try:
        reporter = load_reporter()
    except SettingsError as error:
        return diagnosis(settings_checks(error))
    return diagnosis([*_of_the_settings(reporter), *_of_tenants(reporter, seconds_left), *_of_destinations(reporter)])


def _of_the_settings(reporter: Reporter) -> Iterator[Check]:
    settings = reporter.settings
    channels = ", ".join(settings.channels) or "no channel"
    said = f"all valid; {settings.tenants or settings.api_url}; {channels}; times in {settings.thresholds.time_zone}"
    yield Check(name="settings", tried="read the environment", result="ok", found=said)


def _of_tenants(reporter: Reporter, seconds_left: Callable[[], float]) -> Iterator[Check]:
    """The one Palette of the settings, or each tenant in turn: then its name stands before that of the check."""
    found: list[Tenant] = []
    if reporter.settings.tenants:
        yield tried("tenants", "read the list of tenants", lambda: _read(reporter, found), _TENANTS_FIX)
    else:
        found += reporter.tenants()
    for number, tenant in enumerate(found, 1):
        for check in _of_palette(reporter, tenant, _part_of(seconds_left, len(found) - number)):
            yield msgspec.structs.replace(check, name=f"{tenant.name}: {check.name}") if tenant.name else check


def _part_of(seconds_left: Callable[[], float], others: int) -> Callable[[], float]:
    """What is left, but for as much again for each of the others: one that hangs must not take it all."""
    kept_seconds = seconds_left() * others / (others + 1)
    return lambda: seconds_left() - kept_seconds


def _read(reporter: Reporter, found: list[Tenant]) -> str:
    found += reporter.tenants()
    return f"{count(len(found), 'tenant')}: {listed([str(tenant.name) for tenant in found])}"


def _of_palette(reporter: Reporter, tenant: Tenant, seconds_left: Callable[[], float]) -> Iterator[Check]:
    key = tried("key", "read the API key", lambda: _shape_of(reporter.read_api_key(tenant)), _KEY_FIX)
    yield key
    if key.result == "failed":
        yield from (off(name, "not tried", "there has to be an API key first") for name in _AFTER_THE_KEY)
        return
    yield from PaletteChecks(reporter.palette(tenant, seconds_left), tenant).all()


def _of_destinations(reporter: Reporter) -> Iterator[Check]:
    heartbeat = reporter.settings.heartbeat_url_secret
    slack = reporter.slack() if reporter.settings.slack_webhook_secret else None
    yield from DestinationChecks(
        reporter.settings, reporter.clients.aws, slack, lambda: reporter.secret("HEARTBEAT_URL_SECRET", heartbeat)
    ).all()


def _shape_of(key: str) -> str:
    """Something about a key that tells nobody the key."""
    return f"it is well-formed ({len(key)} characters)"
