"""When a policy's backups are due: its schedule with its time zone, its edits and its age."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from backup_reporter.health.cron import CronError
from backup_reporter.health.memory import plain_schedule, schedule_edit
from backup_reporter.health.model import Policy, Workspace
from backup_reporter.health.remembered import RememberedWorkspace
from backup_reporter.health.schedule import (
    MIN_SHIFTED_RUNS,
    DueTimes,
    Schedule,
    Shifted,
    fits,
    names_no_zone,
    read_schedule,
    shift_of,
)
from backup_reporter.health.thresholds import Thresholds
from backup_reporter.health.timeline import is_ahead

_RUNS_TO_FIT = 100
"""How many runs before an edit are compared with the schedule of today."""


def due_times_of(
    workspace: Workspace,
    policy: Policy,
    run_times: Sequence[datetime],
    thresholds: Thresholds,
    last: RememberedWorkspace | None,
    present: datetime,
) -> tuple[DueTimes | None, timedelta | None]:
    """Returns the due times and the shift that is in them; ``run_times`` are oldest first.

    Raises :class:`~backup_reporter.health.cron.CronError` if the schedule cannot be read.
    """
    text = plain_schedule(policy)
    if text is None:
        return None, None
    created_at = policy_creation(workspace, policy, last, present)
    edit = schedule_edit(last, policy, present)
    modified_at = None if is_ahead(policy.modified_at, present) else policy.modified_at
    unshifted = read_schedule(text, run_times, created_at, thresholds.schedule_time_zone)
    since = edit.at if last else modified_at
    times = [at for at in run_times if since is None or at >= since]
    shift = _shift(text, unshifted, times, thresholds.grace, last)
    schedule = Shifted(unshifted, shift) if shift else unshifted
    edited_at = edit.at if last else _edit_without_memory(schedule, modified_at, run_times, thresholds.grace)
    if edited_at is None or (created_at and edited_at <= created_at):
        return DueTimes(schedule, created_at), shift
    return (
        DueTimes(
            schedule,
            created_at,
            edited_at=edited_at,
            before_edit=_before_edit(edit.previous, run_times, created_at, thresholds, last),
            is_edit_seen=last is not None and edited_at <= last.seen_at,
        ),
        shift,
    )


def _shift(
    text: str, schedule: Schedule, times: Sequence[datetime], grace: timedelta, last: RememberedWorkspace | None
) -> timedelta | None:
    """The shift that the runs since the last edit show; while they are too few, the one that is remembered."""
    if not names_no_zone(text):
        return None
    if len(times) >= MIN_SHIFTED_RUNS or last is None or not last.shift_minutes:
        return shift_of(schedule, times, grace)
    return None if times and fits(schedule, times[-1], grace) else timedelta(minutes=last.shift_minutes)


def _before_edit(
    text: str | None,
    run_times: Sequence[datetime],
    created_at: datetime | None,
    thresholds: Thresholds,
    last: RememberedWorkspace | None,
) -> DueTimes | None:
    """The due times of the schedule before an edit."""
    if text is None:
        return None
    try:
        schedule = read_schedule(text, run_times, created_at, thresholds.schedule_time_zone)
    except CronError:
        return None
    if last and last.shift_minutes and names_no_zone(text):
        schedule = Shifted(schedule, timedelta(minutes=last.shift_minutes))
    return DueTimes(schedule, created_at)


def _edit_without_memory(
    schedule: Schedule, modified_at: datetime | None, run_times: Sequence[datetime], grace: timedelta
) -> datetime | None:
    """When the policy was modified, unless an earlier run fits the schedule of today: then that was there before."""
    if modified_at is None:
        return None
    earlier = (at for at in reversed(run_times[-_RUNS_TO_FIT:]) if at < modified_at)
    return None if any(fits(schedule, at, grace) for at in earlier) else modified_at


def policy_creation(
    workspace: Workspace, policy: Policy, last: RememberedWorkspace | None, present: datetime
) -> datetime | None:
    """When the policy was made, else when a report first saw it, else when the workspace was made.

    A time in the future is not believed.
    """
    first_seen = (last.policy_since if last.has_policy else present) if last else None
    times = (policy.created_at, first_seen, workspace.created_at)
    return next((at for at in times if at and not is_ahead(at, present)), None)
