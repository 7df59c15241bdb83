"""The rules about one cluster: what is left to restore."""

from __future__ import annotations

from datetime import datetime

from backup_reporter.health.attempts import Attempt
from backup_reporter.health.context import Context, evidence_of, finding
from backup_reporter.health.findings import Finding
from backup_reporter.health.phases import UNDER_WAY
from backup_reporter.health.rules.rule import Rule, each_cluster
from backup_reporter.health.timeline import Subject
from backup_reporter.wording import duration, quote_state, timestamp


def newest_restore_point(subject: Subject, now: datetime) -> Attempt | None:
    """The newest copy that can be restored at ``now``."""
    return next((attempt for attempt in reversed(subject.attempts) if attempt.is_restore_point(now)), None)


def backup_expired(context: Context, subject: Subject) -> Finding | None:
    """Critical: no restore point is left, and the newest copy that there was has expired."""
    if not subject.in_scope or newest_restore_point(subject, context.now):
        return None
    copies = [attempt for attempt in subject.attempts if attempt.is_copy and attempt.expires_at]
    if not copies:
        return None
    expired_at = max(copy.expires_at for copy in copies if copy.expires_at)
    return finding(
        "backup-expired",
        f"Nothing can be restored: the last copy expired on {context.day(expired_at)}.",
        cluster=subject.cluster,
        since=expired_at,
        **evidence_of(copies[-1]),
    )


def awaiting_first_backup(context: Context, subject: Subject) -> Finding | None:
    """Info: there is no restore point and never was one, and the first run is not due yet."""
    due = context.first_due_still_awaited
    made = context.due_times.not_before if context.due_times else None
    if due is None or made is None or not _awaits_first_backup(context, subject):
        return None
    message = f"The policy is new (since {context.day(made)}); its first backup is due {context.moment(due)}."
    return finding("awaiting-first-backup", message, cluster=subject.cluster, dueAt=timestamp(due))


def never_backed_up(context: Context, subject: Subject) -> Finding | None:
    """Critical: there is no restore point and never was one."""
    if not subject.in_scope or any(attempt.is_copy for attempt in subject.attempts):
        return None
    if _awaits_first_backup(context, subject):
        return None
    return finding(
        "never-backed-up",
        f"Nothing can be restored: {_why_never(subject)}.",
        cluster=subject.cluster,
        attempts=len(subject.attempts),
    )


def _awaits_first_backup(context: Context, subject: Subject) -> bool:
    return subject.in_scope and not subject.attempts and context.first_due_still_awaited is not None


def _why_never(subject: Subject) -> str:
    if any(attempt.phase == "succeeded" and attempt.speaks_for_all for attempt in subject.attempts):
        return "a run says it succeeded but names no cluster backup"
    if any(attempt.phase in ("succeeded", "deleting") for attempt in subject.attempts):
        return "every copy there was has been deleted, or is being deleted"
    if subject.attempts and all(attempt.phase in UNDER_WAY for attempt in subject.attempts):
        return "its first backup is still running"
    return "no backup has ever succeeded" if subject.attempts else "it has never been backed up"


def run_left_no_copy(context: Context, subject: Subject) -> Finding | None:
    """Critical, of a run that is judged alone: it succeeded, and left nothing that could be restored."""
    if not subject.in_scope or any(attempt.is_copy for attempt in subject.attempts):
        return None
    last = subject.attempts[-1] if subject.attempts else None
    if last is None or last.phase not in ("succeeded", "deleting"):
        return None
    why = "it names no cluster backup" if last.speaks_for_all else "its copy has been deleted, or is being deleted"
    return finding(
        "never-backed-up",
        f"Nothing can be restored from this run: {why}.",
        cluster=subject.cluster,
        **evidence_of(last),
    )


def backup_expiring(context: Context, subject: Subject) -> Finding | None:
    """Warning: the newest restore point expires within the window, and rotation will not replace it in time."""
    newest = newest_restore_point(subject, context.now)
    if not subject.in_scope or newest is None or newest.expires_at is None:
        return None
    if newest.expires_at - context.now > context.thresholds.expiry_warning or _rotation_comes_in_time(
        context, subject, newest
    ):
        return None
    left = duration(newest.expires_at - context.now)
    return finding(
        "backup-expiring",
        f"The last copy expires on {context.day(newest.expires_at)}, in {left}, and nothing shows that a new one "
        "will be there by then.",
        cluster=subject.cluster,
        nextDueAt=timestamp(context.next_due),
        **evidence_of(newest),
    )


def _rotation_comes_in_time(context: Context, subject: Subject, newest: Attempt) -> bool:
    latest_finished, due = subject.finished[-1], context.due_of_replacement(newest)
    return (
        latest_finished.is_copy
        and not context.missed_due_times
        and due is not None
        and newest.expires_at is not None
        and newest.expires_at - due > context.thresholds.grace
    )


def restore_point_too_old(context: Context, subject: Subject) -> Finding | None:
    """Critical: a maximum age is set, and the newest restore point is older, or of unknown age."""
    limit, newest = context.thresholds.max_backup_age, newest_restore_point(subject, context.now)
    if not subject.in_scope or limit is None or newest is None or (newest.at and context.now - newest.at <= limit):
        return None
    age = f"is of {context.day(newest.at)}" if newest.at else "has no date"
    return finding(
        "restore-point-too-old",
        f"The last copy {age}; it should be no older than {duration(limit)}.",
        cluster=subject.cluster,
        since=newest.at + limit if newest.at else None,
        **evidence_of(newest),
    )


def copies_stopped_coming(context: Context, subject: Subject) -> Finding | None:
    """Warning: a due time is long past, and no copy is as new as that: the net under all other rules."""
    newest, due = newest_restore_point(subject, context.now), context.due_long_ago
    if not subject.in_scope or newest is None or due is None or context.is_since(newest, due):
        return None
    since = f"since {context.day(newest.at)}" if newest.at else "for nobody knows how long (the last one has no date)"
    made = context.due_times and context.due_times.not_before
    although = (
        f"although its policy was made anew on {context.day(made)}, which excuses no longer pause"
        if made and due < made
        else "although backups began, and nothing says why"
    )
    return finding(
        "backup-state-unknown",
        f"No copy has come {since}, {although}: {_what_came(subject, newest)}.",
        cluster=subject.cluster,
        since=newest.at,
        **evidence_of(subject.attempts[-1]),
    )


def _what_came(subject: Subject, newest: Attempt) -> str:
    latest = subject.attempts[-1]
    if latest is newest:
        return "no later one is of this cluster"
    if latest.speaks_for_all:
        return "the latest one names no cluster backup"
    if latest.is_copy:
        return "the latest one has expired already"
    return "the latest one " + (
        "has been deleted, or is being deleted" if latest.is_gone else f"says '{quote_state(latest.state or '')}'"
    )


RULES = (
    Rule(
        code="backup-expired",
        check=each_cluster(backup_expired),
        needs_whole_history=True,
        explains_missing_copy=True,
    ),
    Rule(
        code="awaiting-first-backup",
        check=each_cluster(awaiting_first_backup),
        needs_whole_history=True,
        applies_to="history",
        explains_missing_copy=True,
    ),
    Rule(
        code="never-backed-up",
        check=each_cluster(never_backed_up),
        needs_whole_history=True,
        applies_to="history",
        explains_missing_copy=True,
    ),
    Rule(
        code="never-backed-up",
        check=each_cluster(run_left_no_copy),
        applies_to="one run",
        explains_missing_copy=True,
    ),
    Rule(
        code="backup-expiring",
        check=each_cluster(backup_expiring),
        needs_whole_history=True,
        applies_to="history",
    ),
    Rule(
        code="restore-point-too-old",
        check=each_cluster(restore_point_too_old),
        needs_whole_history=True,
        applies_to="history",
    ),
    Rule(
        code="backup-state-unknown",
        check=each_cluster(copies_stopped_coming),
        needs_whole_history=True,
        applies_to="history",
        only_unexplained=True,
    ),
)
