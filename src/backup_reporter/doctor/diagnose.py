"""The whole diagnosis: the same at the keyboard and in the deployed function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import msgspec

from backup_reporter.bootstrap import Reporter
from backup_reporter.config.environment import find_misspelt
from backup_reporter.config.settings import Tenant
from backup_reporter.doctor.checks import Check, Diagnosis, diagnosis, run_check, settings_checks, skipped
from backup_reporter.doctor.destination_checks import destination_checks
from backup_reporter.doctor.palette_checks import PaletteChecks
from backup_reporter.errors import SettingsError
from backup_reporter.wording import count, listed

_AFTER_THE_KEY = ("projects", "workspaces", "backup results", "rate", "clock")
_DESTINATIONS_SECONDS = 30.0
"""Kept for the checks of channels if Palette hangs; at most a third of the time."""
_TENANTS_FIX = (
    "Check TENANTS and the document it names; the role needs ssm:GetParameter or s3:GetObject on it (docs/scale.md)."
)
_KEY_FIX = (
    "Put the API key into the secret, alone or as apiKey in JSON. The role needs secretsmanager:GetSecretValue on it. "
    "At the keyboard the key may be in PALETTE_API_KEY instead."
)


def diagnose(
    load_reporter: Callable[[], Reporter], seconds_left: Callable[[], float], environ: Mapping[str, str]
) -> Diagnosis:
    """Tries everything that is set up. Publishes nothing, and never raises.

    Variables of ``environ`` that look like a misspelt setting are a warning. ``load_reporter`` may raise :class:`SettingsError`: each of its problems becomes a failed check.
    """
    try:
        reporter = load_reporter()
    except SettingsError as error:
        return diagnosis([*settings_checks(error), *_misspelt_checks(environ)])
    reserve_seconds = min(_DESTINATIONS_SECONDS, seconds_left() / 3)
    checks = [
        _settings_check(reporter),
        *_misspelt_checks(environ),
        *_tenant_checks(reporter, lambda: seconds_left() - reserve_seconds),
        *destination_checks(reporter, seconds_left),
    ]
    return diagnosis(checks)


def _settings_check(reporter: Reporter) -> Check:
    settings = reporter.settings
    channels = ", ".join(settings.channels) or "no channel"
    detail = f"all valid; {settings.tenants_source or settings.tenant.api_url}; {channels}; times in {settings.thresholds.time_zone}"
    return Check(name="settings", result="passed", check="read the environment", detail=detail)


def _misspelt_checks(environ: Mapping[str, str]) -> Iterator[Check]:
    for sentence in find_misspelt(environ):
        yield Check(
            name="settings",
            result="warning",
            check="look for misspelt names",
            detail=sentence,
            fix="Rename or remove the variable.",
        )


def _tenant_checks(reporter: Reporter, seconds_left: Callable[[], float]) -> Iterator[Check]:
    """The one Palette of the settings, or each tenant in turn: then its name precedes that of the check."""
    tenants: list[Tenant] = []
    if reporter.settings.tenants_source:
        yield run_check("tenants", "read the list of tenants", lambda: _read_tenants(reporter, tenants), _TENANTS_FIX)
    else:
        tenants += reporter.tenants()
    for number, tenant in enumerate(tenants, 1):
        for check in _palette_checks(reporter, tenant, _share_of_time(seconds_left, len(tenants) - number)):
            yield msgspec.structs.replace(check, name=f"{tenant.name}: {check.name}") if tenant.name else check


def _share_of_time(seconds_left: Callable[[], float], others: int) -> Callable[[], float]:
    """An equal share of the time that is left: one tenant that hangs must not take that of the others."""
    reserved_seconds = seconds_left() * others / (others + 1)
    return lambda: seconds_left() - reserved_seconds


def _read_tenants(reporter: Reporter, tenants: list[Tenant]) -> str:
    tenants += reporter.tenants()
    return f"{count(len(tenants), 'tenant')}: {listed([str(tenant.name) for tenant in tenants])}"


def _palette_checks(reporter: Reporter, tenant: Tenant, seconds_left: Callable[[], float]) -> Iterator[Check]:
    key = run_check("key", "read the API key", lambda: _describe_key(reporter.read_api_key(tenant)), _KEY_FIX)
    yield key
    if key.result == "failed":
        yield from (skipped(name, "the API key has to be readable first") for name in _AFTER_THE_KEY)
        return
    yield from PaletteChecks(
        reporter.palette(tenant, seconds_left),
        tenant,
        looks_at_clusters=reporter.settings.include_clusters != "no",
        reads_restores=reporter.settings.thresholds.restore_test_max_age is not None,
    ).all()


def _describe_key(key: str) -> str:
    """Says something about a key without showing any of it."""
    return f"it is well-formed ({len(key)} characters)"
