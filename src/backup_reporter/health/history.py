"""The history strip: the worst of each day, and the days on which a due run is missing."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from backup_reporter.health.case import Case
from backup_reporter.health.phases import BADNESS
from backup_reporter.health.schedule import EARLY
from backup_reporter.health.verdict import Day, DayState
from backup_reporter.settings import PhaseClass


def history(case: Case) -> tuple[Day, ...]:
    """One entry a day (UTC) for ``history_days``, oldest first, today last."""
    today = case.now.astimezone(UTC).date()
    states = _worst_of_each_day(case)
    days = (today - timedelta(days=back) for back in reversed(range(case.rules.history_days)))
    return tuple(Day(date=day, state=states.get(day) or _without_run(case, day)) for day in days)


def _worst_of_each_day(case: Case) -> dict[date, PhaseClass]:
    states: dict[date, PhaseClass] = {}
    for run in case.timeline.runs:
        if run.at:
            day = run.at.date()
            states[day] = max(states.get(day, run.worst_phase), run.worst_phase, key=BADNESS.index)
    return states


def _without_run(case: Case, day: date) -> DayState:
    """Tells a day on which a run was due and never came from one on which none was due."""
    if case.due_times is None:
        return "none"
    start = datetime.combine(day, time(), UTC)
    due = case.due_times.latest(min(start + timedelta(days=1, seconds=-1), case.now - case.rules.grace))
    if due is None or due < start or _is_before_history(case, due) or _was_answered(case, due):
        return "none"
    return "missed"


def _is_before_history(case: Case, due: datetime) -> bool:
    """Palette forgets old runs: where its memory does not reach, nothing is known to be missing."""
    oldest = min((run.at for run in case.timeline.runs if run.at), default=None)
    return oldest is not None and due < oldest - EARLY


def _was_answered(case: Case, due: datetime) -> bool:
    following = case.due_times.next(due) if case.due_times else None
    end = following - EARLY if following else None
    return any(run.at and due - EARLY <= run.at and (end is None or run.at < end) for run in case.timeline.runs)
