"""The rules about the workspace as a whole: its policy, its schedule, and what could be read."""

from __future__ import annotations

from collections.abc import Iterator

from backup_reporter.health.context import Context, evidence_of, finding
from backup_reporter.health.findings import Finding
from backup_reporter.health.mute import read_mute
from backup_reporter.health.rules.rule import Rule
from backup_reporter.health.schedule import COUNT_LIMIT
from backup_reporter.wording import count, quote, timestamp


def backup_overdue(context: Context) -> Iterator[Finding]:
    """Critical: for the latest due time whose grace has passed, no run began then or later."""
    missed = context.missed_due_times
    if missed:
        knows_first = context.last_run_at or (context.due_times and context.due_times.not_before)
        at_least = "" if knows_first and len(missed) < COUNT_LIMIT else "at least "
        which = f"the latest on {context.day(missed[0])}" if at_least else f"the first on {context.day(missed[-1])}"
        yield finding(
            "backup-overdue",
            f"No backup began for {at_least}{count(len(missed), 'due time')}, {which}; {_last_run(context)}.",
            since=missed[-1] if knows_first else None,
            missed=len(missed),
            latestDueAt=timestamp(missed[0]),
            lastRunAt=timestamp(context.last_run_at),
            schedule=quote(context.policy.schedule or ""),
        )


def _last_run(context: Context) -> str:
    if context.last_run_at:
        return f"the last run was on {context.day(context.last_run_at)}"
    return "no run has a date" if context.timeline.runs else "there is no run at all"


def delete_failed(context: Context) -> Iterator[Finding]:
    """Warning: a deletion failed; about any cluster ever seen, in scope or not."""
    failed = [attempt for attempt in context.timeline.attempts if attempt.deletion_failed]
    for cluster in dict.fromkeys(attempt.cluster for attempt in failed):
        own = [attempt for attempt in failed if attempt.cluster == cluster]
        yield finding(
            "delete-failed",
            f"{count(len(own), 'old backup')} could not be deleted.",
            cluster=cluster,
            since=own[0].at,
            count=len(own),
            **evidence_of(own[-1]),
        )


def retention_gap(context: Context) -> Iterator[Finding]:
    """Warning: copies are kept for less than the longest pause between two due times."""
    hours = context.policy.retention_hours
    if hours is None or context.due_times is None:
        return
    pause_hours = context.due_times.longest_pause.total_seconds() / 3600
    if hours < pause_hours:
        yield finding(
            "retention-gap",
            f"Copies are kept for {hours:g} hours, but up to {pause_hours:g} hours pass between two backups: "
            "in between there is nothing to restore.",
            retentionHours=hours,
            longestPauseHours=pause_hours,
        )


def not_scheduled(context: Context) -> Iterator[Finding]:
    """Info: the workspace has runs but no schedule."""
    if not (context.policy.schedule or "").strip():
        yield finding("not-scheduled", "The policy has no schedule: backups are made by hand only.")


def schedule_unreadable(context: Context) -> Iterator[Finding]:
    """Warning: the schedule cannot be parsed; rules that need due times are skipped."""
    if context.schedule_error:
        schedule = quote(context.policy.schedule or "", 100)
        yield finding(
            "schedule-unreadable",
            f"The schedule '{schedule}' cannot be read: {context.schedule_error}. Late backups go unnoticed until it can.",
            schedule=schedule,
        )


def disks_not_included(context: Context) -> Iterator[Finding]:
    """Info: volumes or cluster resources are left out by the policy; the backup is green all the same."""
    left_out = []
    if context.policy.include_all_disks is False:
        left_out.append("volumes")
    if (context.policy.cluster_resource_mode or "").strip().casefold() == "never":
        left_out.append("cluster resources (and the volumes among them)")
    if left_out:
        yield finding(
            "disks-not-included", f"The policy leaves out {' and '.join(left_out)}: a restore cannot bring them back."
        )


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
    """Warning: runs or cluster backups are dated in the future; nothing is concluded from them."""
    times = context.timeline.dated_ahead
    if times:
        are = "is" if len(times) == 1 else "are"
        yield finding(
            "backup-state-unknown",
            f"{count(len(times), 'backup')} {are} dated in the future ({context.moment(max(times))}): "
            "what cannot have happened yet is not counted.",
            at=timestamp(max(times)),
            count=len(times),
        )


def mute_unreadable(context: Context) -> Iterator[Finding]:
    """Info: a mute label that is no date, or names no known code."""
    problem = read_mute(context.workspace.labels).problem
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
    Rule(code="delete-failed", check=delete_failed),
    Rule(code="retention-gap", check=retention_gap, applies_to="history"),
    Rule(code="not-scheduled", check=not_scheduled, applies_to="history"),
    Rule(code="schedule-unreadable", check=schedule_unreadable, applies_to="history"),
    Rule(code="disks-not-included", check=disks_not_included),
    Rule(code="backup-state-unknown", check=dated_ahead, explains_missing_copy=True),
    Rule(code="unreadable", check=unreadable_runs),
    Rule(code="mute-unreadable", check=mute_unreadable),
)
