"""The rules about the workspace as a whole: runs that did not come, and what could be read."""

from __future__ import annotations

from collections.abc import Iterator

from backup_reporter.health.context import Context, finding
from backup_reporter.health.findings import Finding
from backup_reporter.health.phases import PhaseClass
from backup_reporter.health.rules.rule import Rule
from backup_reporter.health.schedule import COUNT_LIMIT
from backup_reporter.wording import count, evidence_text, quote, quote_state, timestamp


def backup_overdue(context: Context) -> Iterator[Finding]:
    """Critical: for the latest due time whose grace has passed, no run of any cluster in scope began then or later."""
    missed = context.missed_by_all
    if missed:
        knows_first = context.last_run_at or (context.due_times and context.due_times.not_before)
        at_least = "" if knows_first and len(missed) < COUNT_LIMIT else "at least "
        first, latest = context.due_time(missed[-1]), context.due_time(missed[0])
        which = f"the latest on {latest}" if at_least else f"the first on {first}"
        yield finding(
            "backup-overdue",
            f"No backup began for {at_least}{count(len(missed), 'due time')}, {which}; {_last_run(context)}.",
            since=missed[-1] if knows_first else None,
            missed=len(missed),
            latestDueAt=timestamp(missed[0]),
            lastRunAt=timestamp(context.last_run_at),
            schedule=quote(context.policy.schedule),
        )


def _last_run(context: Context) -> str:
    if context.last_run_at:
        return f"the last run was on {context.due_time(context.last_run_at)}"
    return "no run has a date" if context.timeline.runs else "there is no run at all"


def unreadable_runs(context: Context) -> Iterator[Finding]:
    """Unknown: entries of the history could not be understood; says where."""
    paths = context.result.unreadable_runs
    if paths:
        yield finding(
            "unreadable",
            f"{count(len(paths), 'entry') if len(paths) == 1 else f'{len(paths)} entries'} of the backup history could "
            f"not be understood: {quote(paths[0])}",
            errors=[quote(path) for path in paths[:20]],
        )


def dated_ahead(context: Context) -> Iterator[Finding]:
    """Warning: runs or cluster backups are dated in the future."""
    runs, copies = context.timeline.runs_ahead, context.timeline.copies_ahead
    if runs or copies:
        latest = context.moment(max((*runs, *copies)))
        consequence = (
            "what cannot have happened yet is not counted"
            if runs
            else "a clock is wrong, and the time of the run is taken instead"
        )
        total = len(runs) + len(copies)
        yield finding(
            "backup-state-unknown",
            f"{count(total, 'backup')} {'is' if total == 1 else 'are'} dated in the future ({latest}): {consequence}.",
            at=timestamp(max((*runs, *copies))),
            count=total,
        )


def undated_runs(context: Context) -> Iterator[Finding]:
    """Warning: a run without any time did not succeed, and may be the latest."""
    runs = context.timeline.runs
    undated = [run for run in runs if run.at is None and run.worst_phase in _NOT_GOOD]
    if undated and runs[-1].at:
        state = undated[-1].run.state or ""
        yield finding(
            "backup-state-unknown",
            f"{count(len(undated), 'run')} without any time did not succeed (state '{quote_state(state)}'): "
            "it cannot be told whether it is the latest.",
            count=len(undated),
            state=evidence_text(state),
            backupName=evidence_text(undated[-1].run.backup_name),
        )


_NOT_GOOD: frozenset[PhaseClass] = frozenset({"failed", "partial", "partially-failing", "unknown"})


def mute_unreadable(context: Context) -> Iterator[Finding]:
    """Info: a mute label is not a date, is too far ahead, or names no known code."""
    problem = context.mute.problem
    if problem:
        yield finding("mute-unreadable", f"Nothing is muted: {problem}.")


RULES = (
    Rule(
        code="backup-overdue",
        check=backup_overdue,
        needs_whole_history=True,
        applies_to="history",
        explains_missing_copy=True,
    ),
    Rule(code="backup-state-unknown", check=dated_ahead, explains_missing_copy=True),
    Rule(code="backup-state-unknown", check=undated_runs, applies_to="history", explains_missing_copy=True),
    Rule(code="unreadable", check=unreadable_runs),
    Rule(code="mute-unreadable", check=mute_unreadable),
)
