"""The rules about one cluster: what is left to restore."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from backup_reporter.health.attempts import Attempt
from backup_reporter.health.context import Context, evidence_of, finding
from backup_reporter.health.findings import Finding
from backup_reporter.health.phases import UNDER_WAY
from backup_reporter.health.remembered import RememberedRestorePoint
from backup_reporter.health.rules.rule import Rule, each_cluster
from backup_reporter.health.timeline import Subject
from backup_reporter.wording import duration, evidence_text, quote_state, timestamp

_AWAITING_FOR_AT_MOST = timedelta(days=7)
_WITHOUT_END = datetime.max.replace(tzinfo=UTC)


def newest_restore_point(subject: Subject, now: datetime) -> Attempt | None:
    """The newest copy that can be restored at ``now``."""
    return next(reversed(subject.restore_points(now)), None)


def newest_incomplete_copy(subject: Subject, now: datetime) -> Attempt | None:
    """The newest copy that lacks parts, if there is no restore point."""
    if newest_restore_point(subject, now):
        return None
    return next((attempt for attempt in reversed(subject.attempts) if attempt.is_incomplete_copy(now)), None)


def backup_expired(context: Context, subject: Subject) -> Finding | None:
    """Critical: no restore point is left, and the last copy that there was has expired."""
    if not _has_nothing(context, subject):
        return None
    copies = [attempt for attempt in subject.attempts if attempt.is_copy and attempt.expires_at]
    if not copies:
        return None
    expired_at = max(copy.expires_at for copy in copies if copy.expires_at)
    return finding(
        "backup-expired",
        f"Nothing can be restored: the last copy expired on {context.day(expired_at)}.{_what_vanished(context, subject)}",
        cluster=subject.cluster,
        since=expired_at,
        **evidence_of(copies[-1]),
    )


def never_backed_up(context: Context, subject: Subject) -> Finding | None:
    """Critical: there is no restore point and never was one."""
    if not _has_never_had_a_copy(context, subject) or _awaited(context, subject):
        return None
    return finding(
        "never-backed-up",
        f"Nothing can be restored: {_why_never(subject)}.{_what_vanished(context, subject)}",
        cluster=subject.cluster,
        attempts=len(subject.attempts),
    )


def only_incomplete_copies(context: Context, subject: Subject) -> Finding | None:
    """Critical: there is no restore point, but a copy that lacks parts."""
    incomplete = newest_incomplete_copy(subject, context.now) if subject.in_scope else None
    if incomplete is None:
        return None
    made = f"is of {context.day(incomplete.at)}" if incomplete.at else "has no date"
    ends = f" and expires on {context.day(incomplete.expires_at)}" if incomplete.expires_at else ""
    return finding(
        "only-incomplete-copies",
        f"No complete copy can be restored: there are only incomplete ones. The newest {made}{ends}."
        f"{_what_vanished(context, subject)}",
        cluster=subject.cluster,
        **evidence_of(incomplete),
    )


def awaiting_first_backup(context: Context, subject: Subject) -> Finding | None:
    """Info: there is no copy yet, because the first run is not due yet or still at work."""
    awaited = _awaited(context, subject)
    if awaited is None or _is_overlong(context, awaited):
        return None
    made = context.due_times.created_at if context.due_times else None
    is_new = awaited.since is not None and awaited.due is not None
    what = "The policy" if awaited.since == made else "The cluster"
    new = f"{what} is new (since {context.day(awaited.since)})" if awaited.since and is_new else "There is no copy yet"
    return finding(
        "awaiting-first-backup",
        f"{new}: {awaited.what}.",
        cluster=subject.cluster,
        dueAt=timestamp(awaited.due),
    )


def no_copy_yet(context: Context, subject: Subject) -> Finding | None:
    """Warning: the wait for the first backup has been long."""
    awaited = _awaited(context, subject)
    if awaited is None or awaited.since is None or not _is_overlong(context, awaited):
        return None
    return finding(
        "no-copy-yet",
        f"Nothing can be restored for {duration(context.present - awaited.since)} now: {awaited.what}.",
        cluster=subject.cluster,
        since=awaited.since,
        dueAt=timestamp(awaited.due),
    )


class _Awaited(NamedTuple):
    """A first backup that is still to come: since when it has been awaited, what is awaited, and when it is due."""

    since: datetime | None
    what: str
    due: datetime | None


def _awaited(context: Context, subject: Subject) -> _Awaited | None:
    if not subject.in_scope or context.vanished_from(subject) or not _is_all_at_work(context, subject):
        return None
    due, since = context.first_due_awaited_by(subject), _waiting_since(context, subject)
    if subject.attempts:
        began = min(attempt.at for attempt in subject.attempts if attempt.at)
        words = f"its first backup has been running for {duration(context.present - began)}"
        first = context.first_due_of(subject)
        waits_since_then = first is not None and began <= first + context.thresholds.grace
        return _Awaited(since if waits_since_then else began, words, due)
    return _Awaited(since, f"its first backup is due {context.moment(due)}", due) if due else None


def _waiting_since(context: Context, subject: Subject) -> datetime | None:
    """Since when a cluster waits. A policy that is made anew, again and again, does not begin the wait anew."""
    times = (context.in_scope_since(subject), context.no_copy_seen_since(subject))
    return min((at for at in times if at), default=None)


def _is_all_at_work(context: Context, subject: Subject) -> bool:
    """Whether every attempt there has been is at work, within the stuck limit."""
    limit = context.present - context.thresholds.stuck_after
    return all(attempt.phase in UNDER_WAY and attempt.at and attempt.at >= limit for attempt in subject.attempts)


def _is_overlong(context: Context, awaited: _Awaited) -> bool:
    return awaited.since is not None and context.present - awaited.since > _AWAITING_FOR_AT_MOST


def _has_nothing(context: Context, subject: Subject) -> bool:
    if not subject.in_scope or newest_restore_point(subject, context.now):
        return False
    return newest_incomplete_copy(subject, context.now) is None


def _has_never_had_a_copy(context: Context, subject: Subject) -> bool:
    return _has_nothing(context, subject) and not any(attempt.is_copy for attempt in subject.attempts)


def _why_never(subject: Subject) -> str:
    if any(attempt.phase == "succeeded" and attempt.speaks_for_all for attempt in subject.attempts):
        return "a run says it succeeded but names no cluster backup"
    if any(attempt.phase in ("succeeded", "deleting") for attempt in subject.attempts):
        return "every copy there was has been deleted, or is being deleted"
    if subject.attempts and all(attempt.phase in UNDER_WAY for attempt in subject.attempts):
        return "its first backup is still running"
    return "no backup has ever succeeded" if subject.attempts else "there is no backup of it"


def restore_points_vanished(context: Context, subject: Subject) -> Finding | None:
    """Warning: a restore point that the last report knew, and that was to live on, is not there any more."""
    vanished = context.vanished_from(subject)
    if vanished is None:
        return None
    point = vanished.restore_point
    return finding(
        "restore-points-vanished",
        f"The restore point of {_date_of(context, point)} is gone. It was to be kept until "
        f"{context.day(point.expires_at)}, and nothing says that it was deleted on purpose.",
        cluster=subject.cluster,
        since=vanished.since,
        at=timestamp(point.at),
        expiresAt=timestamp(point.expires_at),
        requestUid=evidence_text(point.request_uid),
    )


def _date_of(context: Context, point: RememberedRestorePoint) -> str:
    return context.day(point.at) if point.at else "an unknown day"


def _what_vanished(context: Context, subject: Subject) -> str:
    """A sentence about the restore point that is gone."""
    vanished = context.vanished_from(subject)
    if vanished is None:
        return ""
    return f" The restore point of {_date_of(context, vanished.restore_point)}, which an earlier report knew, is gone."


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
    """Warning: the restore point that lives longest expires soon, and rotation will not replace it in time."""
    living = subject.restore_points(context.now)
    if not subject.in_scope or not living:
        return None
    last = _longest_living(living)
    if last.expires_at is None:
        return None
    left = last.expires_at - context.now
    if left > context.thresholds.expiry_warning or _is_replaced_by(context, subject, living[-1], last.expires_at):
        return None
    return finding(
        "backup-expiring",
        f"The last copy expires on {context.day(last.expires_at)}, in {duration(left)}, and nothing shows that a new one "
        "will be there by then.",
        cluster=subject.cluster,
        nextDueAt=timestamp(context.next_due),
        **evidence_of(last),
    )


def _longest_living(living: Sequence[Attempt]) -> Attempt:
    """A copy by hand that is kept for a day is not the last to go, though it is the newest."""
    return max(living, key=lambda attempt: attempt.expires_at or _WITHOUT_END)


def _is_replaced_by(context: Context, subject: Subject, newest: Attempt, end: datetime) -> bool:
    """Whether rotation brings the next copy before ``end``."""
    latest_finished, due = subject.finished[-1], context.due_of_replacement(newest)
    return (
        latest_finished.is_copy
        and not context.is_what_if
        and not context.missed_due_times(subject)
        and due is not None
        and end - due > context.thresholds.grace
    )


def restore_point_too_old(context: Context, subject: Subject) -> Finding | None:
    """Critical: a maximum age is set, and the newest restore point is older, or of unknown age."""
    limit, newest = context.thresholds.max_backup_age, newest_restore_point(subject, context.present)
    if not subject.in_scope or limit is None or newest is None or (newest.at and context.present - newest.at <= limit):
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
    since = f"since {context.day(newest.at)}" if newest.at else "for an unknown time (the last one has no date)"
    made = context.due_times.not_before if context.due_times else None
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
        "has been deleted, or is being deleted" if latest.is_gone else f"says '{quote_state(latest.state)}'"
    )


RULES = (
    Rule(
        code="backup-expired",
        check=each_cluster(backup_expired),
        needs_whole_history=True,
        explains_missing_copy=True,
    ),
    Rule(
        code="only-incomplete-copies",
        check=each_cluster(only_incomplete_copies),
        needs_whole_history=True,
        applies_to="history",
        explains_missing_copy=True,
    ),
    Rule(
        code="no-copy-yet",
        check=each_cluster(no_copy_yet),
        needs_whole_history=True,
        applies_to="history",
        explains_missing_copy=True,
    ),
    Rule(
        code="restore-points-vanished",
        check=each_cluster(restore_points_vanished),
        needs_whole_history=True,
        applies_to="history",
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
