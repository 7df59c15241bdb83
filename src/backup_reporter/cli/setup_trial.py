"""Tries an answer of ``setup`` at once, with the doctor's own checks, before anything is stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from backup_reporter.bootstrap import Reporter
from backup_reporter.channels.channel import channel_module
from backup_reporter.cli.questions import SecretQuestion
from backup_reporter.config.settings import Settings
from backup_reporter.doctor.checks import Check, run_check
from backup_reporter.doctor.palette_checks import PaletteChecks
from backup_reporter.time_limit import countdown

_TRIAL_SECONDS = 60.0


@dataclass(frozen=True)
class _TypedReporter(Reporter):
    """A reporter that takes secrets from what was typed, and reads the others as usual."""

    typed: Mapping[str, str] = field(default_factory=dict, repr=False)

    def secret(self, setting: str, name: str | None) -> str:
        return self.typed.get(setting) or super().secret(setting, name)


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
    settings = replace(Settings(), **{question.setting.lower(): secret})  # type: ignore[arg-type]
    reporter = _TypedReporter(settings, typed=typed)
    check = channel_module(name).CHECK
    return run_check(name, check, lambda: reporter.channel(name).check(countdown(_TRIAL_SECONDS)), "Check the value.")
