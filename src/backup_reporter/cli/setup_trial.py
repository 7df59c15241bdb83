"""Tries an answer of ``setup`` at once, with the doctor's own checks, before anything is stored."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec
from msgspec import field

from backup_reporter.bootstrap import Reporter
from backup_reporter.channels.channel import channel_module
from backup_reporter.cli.questions import SecretQuestion
from backup_reporter.config.parsers import parse_api_url
from backup_reporter.config.settings import Settings, Tenant
from backup_reporter.doctor.checks import Check, run_check
from backup_reporter.doctor.palette_checks import PaletteChecks
from backup_reporter.errors import PaletteError, UndecodableError, UnreachableError
from backup_reporter.palette.discovery import list_projects
from backup_reporter.time_limit import countdown

_TRIAL_SECONDS = 60.0
_NOT_PALETTE = (404, 405, *range(300, 400))


class _TypedReporter(Reporter, frozen=True):
    """A reporter that takes secrets from what was typed, and reads the others as usual."""

    typed: Mapping[str, str] = field(default_factory=dict)

    def secret(self, setting: str, name: str | None) -> str:
        return self.typed.get(setting) or super().secret(setting, name)


@dataclass(frozen=True, slots=True)
class UrlProblem:
    """Why a URL is not that of a Palette, and how to fix it."""

    text: str
    is_about_the_network: bool = False


def try_url(url: str) -> UrlProblem | None:
    """Asks without a key that is good: a Palette refuses it, and anything else is none."""
    try:
        tenant = Tenant(api_url=parse_api_url(url), ca_bundle=os.environ.get("PALETTE_CA_BUNDLE"))
    except ValueError as error:
        return UrlProblem(str(error))
    reporter = Reporter(Settings(tenant=tenant), "none")
    client = reporter.palette(tenant, countdown(_TRIAL_SECONDS))
    try:
        list_projects(client)
    except UnreachableError as error:
        return UrlProblem(f"{error}. Check the URL, the network and the proxy.", is_about_the_network=True)
    except PaletteError as error:
        if isinstance(error, UndecodableError) or (error.status or 0) in _NOT_PALETTE:
            return UrlProblem("something else answers there: give Palette's own URL, without a path such as /v1")
    return None


def try_palette(settings: Settings, api_key: str | None) -> Iterator[Check]:
    """Tries the API key that was typed, else the one in its secret."""
    reporter = Reporter(settings, api_key)
    (tenant,) = reporter.tenants()
    key = run_check("API key", "read the API key", lambda: reporter.read_api_key(tenant) and "is well-formed", "")
    if key.result == "failed":
        yield key
        return
    yield from PaletteChecks(reporter.palette(tenant, countdown(_TRIAL_SECONDS)), tenant).all()


def try_channel(question: SecretQuestion, secret: str, value: str | None) -> Check:
    """Tries whether the channel would take a report; publishes nothing."""
    assert question.channel  # noqa: S101 - only those are asked about
    name, typed = question.channel, {question.setting: value} if value else {}
    settings = msgspec.structs.replace(Settings(), **{question.setting.lower(): secret})
    reporter = _TypedReporter(settings, typed=typed)
    check = channel_module(name).CHECK
    return run_check(name, check, lambda: reporter.channel(name).check(countdown(_TRIAL_SECONDS)), "")
