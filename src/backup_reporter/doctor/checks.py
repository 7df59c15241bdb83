"""One thing tried: what, with which result, and how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from botocore.exceptions import BotoCoreError, ClientError

from backup_reporter.doctor.aws_errors import fix_of, said_of
from backup_reporter.errors import SettingsError, reason_of
from backup_reporter.records import Record

Result = Literal["ok", "warning", "failed", "off"]
"""``warning``: it works, and somebody should look. ``off``: not set up, or not tried because of something else."""


class Check(Record, frozen=True, kw_only=True):
    """What was tried and what was found. ``mend`` is what to do, where there is something to do."""

    name: str
    tried: str
    result: Result
    found: str
    fix: str | None = None


class Diagnosis(Record, frozen=True, kw_only=True):
    """All checks. ``healthy`` where none of them failed."""

    healthy: bool
    checks: tuple[Check, ...]


class Advice(Exception):
    """Something that a check found, with its mend. Raised by what :func:`tried` calls."""

    def __init__(self, found: str, fix: str, *, result: Result = "failed") -> None:
        self.found = found
        self.fix = fix
        self.result = result
        super().__init__(found)


def tried(name: str, what: str, look: Callable[[], str], fix: str) -> Check:
    """The result of ``look``, which says what it found or raises; ``mend`` is for what has no better one."""
    try:
        return Check(name=name, tried=what, result="ok", found=look())
    except Advice as ailment:
        return Check(name=name, tried=what, result=ailment.result, found=ailment.found, fix=ailment.fix)
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not cost the other checks their turn
        return Check(name=name, tried=what, result="failed", found=_found(error), fix=_fix(error, fix))


def off(name: str, what: str, why: str) -> Check:
    """Something that was not tried."""
    return Check(name=name, tried=what, result="off", found=why)


def diagnosis(checks: Sequence[Check]) -> Diagnosis:
    """All the checks, and whether there is anything to mend."""
    return Diagnosis(healthy=not any(check.result == "failed" for check in checks), checks=tuple(checks))


def settings_checks(error: SettingsError) -> list[Check]:
    """Settings that cannot be used: one check for each of them, and nothing else is tried."""
    checks = [
        Check(
            name="settings",
            tried="read the environment",
            result="failed",
            found=problem,
            fix="Set it right: in the stack's parameters for the function, in the shell at the keyboard.",
        )
        for problem in error.problems
    ]
    return [*checks, off("everything else", "not tried", "the settings have to be mended first")]


def _found(error: Exception) -> str:
    return said_of(error) if isinstance(error, ClientError | BotoCoreError) else reason_of(error)


def _fix(error: Exception, fix: str) -> str:
    # Our own error may stand for one of the SDK's.
    for cause in (error, error.__cause__):
        if isinstance(cause, ClientError | BotoCoreError):
            return fix_of(cause) or fix
    return fix
