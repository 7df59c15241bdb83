"""The history strip: the worst of each day, and the days on which a due run is missing."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from backup_reporter.health.context import Context
from backup_reporter.health.phases import BADNESS
from backup_reporter.health.schedule import EARLY
from backup_reporter.health.timeline import JudgedRun
from backup_reporter.health.workspace_report import Day, DayState
from backup_reporter.wording import quote

_SECOND, _DAY = timedelta(seconds=1), timedelta(days=1)
_NEVER = datetime.max.replace(tzinfo=UTC)


def history(context: Context) -> tuple[Day, ...]:
    """Returns one entry a day (UTC) for ``history_days``, oldest first, today last."""
    today = context.now.astimezone(UTC).date()
    runs = _worst_of_each_day(context)
    days = (today - timedelta(days=back) for back in reversed(range(context.thresholds.history_days)))
    return tuple(_with_run(day, runs[day]) if day in runs else _without_run(context, day) for day in days)


def _worst_of_each_day(context: Context) -> dict[date, JudgedRun]:
    worst: dict[date, JudgedRun] = {}
    for run in context.timeline.runs:
        if run.at:
            day = run.at.date()
            worst[day] = max(worst.get(day, run), run, key=lambda run: BADNESS.index(run.worst_phase))
    return worst


def _with_run(day: date, run: JudgedRun) -> Day:
    names = (run.run.backup_name, *(attempt.backup_name for attempt in run.attempts))
    name = next(filter(None, names), None)
    return Day(date=day, state=run.worst_phase, backup_name=quote(name, 200) if name else None)


def _without_run(context: Context, day: date) -> Day:
    return Day(date=day, state=_absence(context, day))


def _absence(context: Context, day: date) -> DayState:
    """Tells a day on which a due run never came from one on which none was due, and from one where that is not known."""
    if context.schedule_error or _is_before_known_schedule(context, day):
        return "unclear"
    due = _last_due(context, day, context.now)
    while due and _was_answered(context, due):
        # By a run just before the day or after it, which answers none of those in between.
        due = _last_due(context, day, due - _SECOND)
    if due is None:
        return "not-due"
    has_all_runs = not context.result.unreadable_runs and not _may_be_dropped(context, due)
    return (
        "missed" if has_all_runs and _last_due(context, day, context.present - context.thresholds.grace) else "unclear"
    )


def _is_before_known_schedule(context: Context, day: date) -> bool:
    """Whether the schedule of that day is not known, because it was edited later."""
    due_times = context.due_times
    if due_times is None or due_times.edited_at is None:
        return False
    if due_times.before_edit and not due_times.is_edit_seen:
        return False
    is_older = due_times.created_at and day < due_times.created_at.date()
    return day <= due_times.edited_at.date() and not is_older


def _last_due(context: Context, day: date, until: datetime) -> datetime | None:
    """The last due time of a day that is no later than ``until``."""
    start = datetime.combine(day, time(), UTC)
    due = context.due_times.latest(min(start + _DAY - _SECOND, until)) if context.due_times else None
    return due if due and due >= start else None


def _may_be_dropped(context: Context, due: datetime) -> bool:
    """Palette drops old runs: if its history does not reach so far back, nothing is known to be missing.

    It may drop a run once its copies have expired, and any run that is older than the oldest it has.
    """
    oldest = next((run.at for run in context.timeline.runs if run.at), None)
    if oldest is not None and due < oldest:
        return True
    retention = context.shortest_retention
    return retention is not None and context.present - due > retention


def _was_answered(context: Context, due: datetime) -> bool:
    following = (context.due_times and context.due_times.next(due)) or _NEVER
    return any(run.at and due - EARLY <= run.at < following - EARLY for run in context.timeline.runs)
