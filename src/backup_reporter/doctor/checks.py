"""One check of the doctor's: what was tried, with which result, and how to fix it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from botocore.exceptions import BotoCoreError, ClientError

from backup_reporter.doctor.aws_errors import describe, fix_for
from backup_reporter.errors import ChannelError, ChannelUnreachableError, CheckError, SettingsError, reason_of
from backup_reporter.records import Record
from backup_reporter.wording import count

Result = Literal["passed", "failed", "warning", "skipped"]
"""``warning``: it works, and needs a look. ``skipped``: not set up, or another check has to pass first."""

_NOT_TRIED = "not tried"
_NETWORK_FIX = (
    "Check the network from here: name resolution, proxy, firewall, and for a function in a VPC its NAT gateway. "
    "For an SSLError, put the CA of the proxy into PALETTE_CA_BUNDLE."
)


class Check(Record, frozen=True, kw_only=True):
    """What was tried (``check``), and what was found (``detail``). ``fix`` is what to do, if there is something to do."""

    name: str
    result: Result
    check: str
    detail: str
    fix: str | None = None


class Diagnosis(Record, frozen=True, kw_only=True):
    """All checks. ``healthy`` if none of them failed."""

    healthy: bool
    checks: tuple[Check, ...]


def run_check(name: str, check: str, look: Callable[[], str], fix: str) -> Check:
    """The result of ``look``, which returns what it found or raises. ``fix`` is for errors without a fix of their own."""
    try:
        return Check(name=name, result="passed", check=check, detail=look())
    except CheckError as error:
        return Check(name=name, result=error.result, check=check, detail=error.detail, fix=error.fix)
    except Exception as error:  # noqa: BLE001 - no error of one check may keep the others from running
        return Check(name=name, result="failed", check=check, detail=_detail(error), fix=_fix(error) or fix)


def skipped(name: str, why: str) -> Check:
    """A check that was not tried."""
    return Check(name=name, result="skipped", check=_NOT_TRIED, detail=why)


def diagnosis(checks: Sequence[Check]) -> Diagnosis:
    """All the checks, and whether none of them failed."""
    return Diagnosis(healthy=not any(check.result == "failed" for check in checks), checks=tuple(checks))


def summarize(found: Diagnosis) -> str:
    """``All checks passed, 1 warning`` or ``2 checks failed, 1 warning``."""
    failed, warnings = (sum(check.result == result for check in found.checks) for result in ("failed", "warning"))
    verdict = f"{count(failed, 'check')} failed" if failed else "All checks passed"
    return f"{verdict}, {count(warnings, 'warning')}" if warnings else verdict


def settings_checks(error: SettingsError) -> list[Check]:
    """Settings that cannot be used: one check for each of them, and nothing else is tried."""
    checks = [
        Check(
            name="settings",
            result="failed",
            check="read the environment",
            detail=problem,
            fix="Correct it in your shell; for a deployed function, in the stack's parameters (samconfig.toml).",
        )
        for problem in error.problems
    ]
    return [*checks, skipped("everything else", "not tried: correct the settings first")]


def _detail(error: Exception) -> str:
    return describe(error) if isinstance(error, ClientError | BotoCoreError) else reason_of(error)


def _fix(error: Exception) -> str | None:
    if isinstance(error, ChannelUnreachableError):
        return _NETWORK_FIX
    if isinstance(error, ChannelError) and not error.permanent:
        return "Try again later: the service itself has trouble."
    # Our own error may stand for one of the SDK's.
    for cause in (error, error.__cause__):
        if isinstance(cause, ClientError | BotoCoreError):
            return fix_for(cause)
    return None
