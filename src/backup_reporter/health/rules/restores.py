"""The rules about restores: whether one was tried, and how the last one ended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from backup_reporter.health.context import Context, finding
from backup_reporter.health.findings import Finding
from backup_reporter.health.model import Restore
from backup_reporter.health.phases import FINISHED, phase_of
from backup_reporter.health.rules.rule import Rule
from backup_reporter.wording import quote, quote_state, timestamp

_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


def newest(restores: tuple[Restore, ...]) -> Restore | None:
    """Returns the restore that began last; one without a time counts as the oldest."""
    return max(restores, key=lambda restore: restore.at or _LONG_AGO, default=None)


def restore_untested(context: Context) -> Iterator[Finding]:
    """Warning: no restore succeeded within the time that RESTORE_TEST_MAX_AGE_DAYS allows.

    Before the first backup there is nothing to try it with, and a new workspace has as much time for its first restore.
    """
    allowed = context.thresholds.restore_test_max_age
    if allowed is None or not any(attempt.phase in ("succeeded", "partial") for attempt in context.timeline.attempts):
        return
    if context.result.restores is None:
        why = context.result.restores_error or "they were not asked for"
        yield finding(
            "restore-untested", f"Whether a restore was tried is not known: the restores cannot be read ({why})."
        )
        return
    last = context.restored_at
    if last and last >= context.now - allowed:
        return
    is_undated = any(_phase(context, restore) == "succeeded" for restore in context.result.restores)
    made = context.workspace.created_at
    if not last and made and context.now - allowed < made <= context.present:
        return
    days = f"{allowed.total_seconds() / 86400:g} days"
    if last:
        message = f"The last successful restore was on {context.day(last)}; one is expected every {days}."
    elif is_undated:
        message = f"The last successful restore has no date; one is expected every {days}."
    else:
        message = f"No successful restore is known; one is expected every {days}."
    yield finding("restore-untested", message, lastRestoreAt=timestamp(last))


def restore_failed(context: Context) -> Iterator[Finding]:
    """Warning: the last restore that is finished failed, in whole or in part."""
    finished = tuple(restore for restore in context.result.restores or () if _phase(context, restore) in FINISHED)
    last = newest(finished)
    if last is None or _phase(context, last) == "succeeded":
        return
    when = f" on {context.day(last.at)}" if last.at else ""
    says = f": {quote(last.message).rstrip('.')}" if last.message else f" (state '{quote_state(last.state)}')"
    yield finding(
        "restore-failed",
        f"The last restore{when} failed{says}.",
        since=last.at,
        state=quote_state(last.state, 200),
    )


def _phase(context: Context, restore: Restore) -> str:
    return phase_of(restore.state, context.thresholds.extra_states)


RULES = (
    Rule(code="restore-untested", check=restore_untested, applies_to="history"),
    Rule(code="restore-failed", check=restore_failed, applies_to="history"),
)
