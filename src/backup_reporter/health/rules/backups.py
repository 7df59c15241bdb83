"""The rules about one cluster: what became of the attempts to back it up."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from itertools import takewhile

from backup_reporter.health.attempts import Attempt
from backup_reporter.health.context import Context, about, evidence_of, finding
from backup_reporter.health.findings import Finding
from backup_reporter.health.namespaces import is_unusable, missing
from backup_reporter.health.phases import FINISHED, UNDER_WAY, PhaseClass, is_given
from backup_reporter.health.rules.rule import Rule, each_cluster
from backup_reporter.health.timeline import JudgedRun, Subject
from backup_reporter.wording import count, duration, evidence_text, listed, quote, quote_state, timestamp


def backup_failed(context: Context, subject: Subject) -> Finding | None:
    """Critical: the cluster's latest finished backup failed."""
    row = _row_of(subject.finished, "failed")
    if not row or _ended_before_being_left_out(context, subject, row[0]):
        return None
    times = "The last backup failed" if len(row) == 1 else f"The last {len(row)} backups failed"
    return _outcome("backup-failed", context, subject, row, times)


def backup_partially_failed(context: Context, subject: Subject) -> Finding | None:
    """Warning: the latest finished backup is partial, or one since then can only end so (it still runs)."""
    row = _row_of(subject.finished, "partial")
    failing = next((attempt for attempt in subject.unfinished if attempt.phase == "partially-failing"), None)
    if failing:
        words = "The running backup has lost parts already and can only end incomplete"
        return _outcome("backup-partially-failed", context, subject, (failing, *row), words)
    if not row or _ended_before_being_left_out(context, subject, row[0]):
        return None
    words = "The last backup is incomplete" if len(row) == 1 else f"The last {len(row)} backups are incomplete"
    return _outcome("backup-partially-failed", context, subject, row, words)


def run_failed(context: Context, subject: Subject) -> Finding | None:
    """Critical, about the workspace: a run says that it failed, and no cluster in it or left out of it accounts for it."""
    latest = _latest_of_a_finished_run(subject)
    if latest is None or latest.run_phase != "failed" or context.left_out:
        return None
    if any(attempt.phase == "failed" for attempt in context.run_of(latest).attempts):
        return None
    return _run_as_a_whole("backup-failed", latest, "though no cluster in it failed: it does not say what went wrong")


def run_partially_failed(context: Context, subject: Subject) -> Finding | None:
    """Warning, about the workspace: a run says that it lost parts, and no cluster in it or left out of it says which."""
    latest = _latest_of_a_finished_run(subject)
    if latest is None or latest.run_phase != "partial" or context.left_out:
        return None
    if any(attempt.phase != "succeeded" for attempt in context.run_of(latest).attempts):
        return None
    words = "though every cluster in it succeeded: it does not say which parts are missing"
    return _run_as_a_whole("backup-partially-failed", latest, words)


def _latest_of_a_finished_run(subject: Subject) -> Attempt | None:
    """The latest attempt that has ended, by its own word or by that of its run."""
    ended = (attempt for attempt in reversed(subject.attempts) if attempt.is_finished or attempt.run_phase in FINISHED)
    return next(ended, None)


def _run_as_a_whole(code: str, latest: Attempt, although: str) -> Finding:
    state = latest.run.state
    return finding(
        code,
        f"The last run as a whole says '{quote_state(state or '')}', {although}.",
        since=latest.run_at,
        **evidence_of(latest) | {"runState": evidence_text(state)},
    )


def _row_of(finished: tuple[Attempt, ...], phase: PhaseClass) -> tuple[Attempt, ...]:
    """The unbroken row of attempts that ended in ``phase``, newest first."""
    return tuple(takewhile(lambda attempt: attempt.phase == phase, reversed(finished)))


def _ended_before_being_left_out(context: Context, subject: Subject, attempt: Attempt) -> bool:
    """With cluster-not-backed-up, what the cluster's own older backups ended in is not raised."""
    return context.was_left_out(subject) and not attempt.speaks_for_all


def _outcome(code: str, context: Context, subject: Subject, row: tuple[Attempt, ...], words: str) -> Finding:
    latest, good = row[0], _last_good(subject)
    message = f": {quote(latest.message).rstrip('.')}" if latest.message and quote(latest.message) else ""
    return finding(
        code,
        f"{words}{message}. {_good_sentence(context, good)}",
        cluster=about(latest, subject),
        since=row[-1].at,
        count=len(row),
        lastGoodAt=timestamp(good.at) if good else None,
        **evidence_of(latest),
    )


def _last_good(subject: Subject) -> Attempt | None:
    return next((attempt for attempt in reversed(subject.finished) if attempt.phase == "succeeded"), None)


def _good_sentence(context: Context, good: Attempt | None) -> str:
    if good is None:
        return "No good one is known."
    return f"The last good one was on {context.day(good.at)}." if good.at else "The last good one has no date."


def backup_stuck(context: Context, subject: Subject) -> Finding | None:
    """Warning: a backup since the latest finished one has been running for more than the stuck limit.

    So has a run since the latest that ended, over clusters that have all finished.
    """
    own = [attempt for attempt in subject.unfinished if attempt.phase in UNDER_WAY and _is_past_limit(context, attempt)]
    hanging = own or [
        attempt
        for attempt in subject.unsettled
        if _is_past_limit(context, attempt) and _only_its_run_is_under_way(context, attempt)
    ]
    if not hanging:
        return None
    longest = hanging[-1]
    how_long = (
        f"for {duration(context.present - longest.at)}" if longest.at else "for an unknown time (it has no start time)"
    )
    return finding(
        "backup-stuck",
        f"A backup has been running {how_long}; the limit is {duration(context.thresholds.stuck_after)}.",
        cluster=about(longest, subject) if own else None,
        since=longest.at,
        **evidence_of(longest) | {"runState": evidence_text(longest.run.state)},
    )


def _is_past_limit(context: Context, attempt: Attempt) -> bool:
    return attempt.at is None or context.present - attempt.at > context.thresholds.stuck_after


def _only_its_run_is_under_way(context: Context, attempt: Attempt) -> bool:
    """Whether the run goes on although every cluster in it has finished; else the cluster says it for itself."""
    if attempt.run_phase not in UNDER_WAY:
        return False
    return not any(other.phase in UNDER_WAY for other in context.run_of(attempt).attempts)


def backup_state_unknown(context: Context, subject: Subject) -> Finding | None:
    """Warning: a backup since the latest finished one has a state that is not known, or none at all.

    So has a run since the latest that ended, no matter what its clusters say.
    """
    own = [attempt for attempt in subject.unfinished if attempt.phase == "unknown"]
    unknown = own or [attempt for attempt in subject.unsettled if attempt.run_phase == "unknown"]
    if not unknown:
        return None
    latest = unknown[0]
    state = latest.state if own else latest.run.state
    which = "The latest" if latest is subject.attempts[-1] else "A"
    of_whom = f"{which} {'backup' if own else 'run as a whole'}"
    says = f"says '{quote_state(state)}', which is no known state" if state and is_given(state) else "gives no state"
    return finding(
        "backup-state-unknown",
        f"{of_whom} {says}: it cannot be counted as good.",
        cluster=about(latest, subject) if own else None,
        since=unknown[-1].at,
        **evidence_of(latest) | {"state": quote_state(state, 2000) if state else None},
    )


def cluster_not_backed_up(context: Context, subject: Subject) -> Finding | None:
    """Critical: a cluster in scope is in no run of the latest finished run's period, or missed a due time alone."""
    if (run := context.latest_finished_run) and context.was_left_out(subject):
        return _left_out(context, subject, run)
    missed = context.missed_due_times(subject)
    if not missed or context.missed_by_all:
        return None
    return finding(
        "cluster-not-backed-up",
        f"No backup of this cluster began for {count(len(missed), 'due time')}, the first on "
        f"{context.due_time(missed[-1])}, though others were backed up. {_own_last_backup(context, subject.last_run_at)}",
        cluster=subject.cluster,
        since=missed[-1],
        missed=len(missed),
        lastRunAt=timestamp(subject.last_run_at),
    )


def _left_out(context: Context, subject: Subject, run: JudgedRun) -> Finding:
    own = [attempt.run_at for attempt in subject.attempts if attempt.run_at and not attempt.speaks_for_all]
    last = max(own, default=None)
    naming = (other.at for other in context.timeline.runs if other.names_clusters)
    later = (at for at in naming if at and (not last or at > last))
    return finding(
        "cluster-not-backed-up",
        f"The last backup left this cluster out. {_own_last_backup(context, last)}",
        cluster=subject.cluster,
        since=min(later, default=None),
        backupName=evidence_text(run.run.backup_name),
        at=timestamp(run.at),
    )


def _own_last_backup(context: Context, last: datetime | None) -> str:
    return f"Its own last backup was on {context.day(last)}." if last else "It has no backup of its own at all."


def namespace_not_backed_up(context: Context, subject: Subject) -> Finding | None:
    """Warning: the latest finished backup succeeded, says which namespaces it holds, and lacks some that were asked for."""
    latest = subject.finished[-1] if subject.finished else None
    if latest is None or latest.phase != "succeeded" or latest.namespaces is None:
        return None
    lacking = _lacking(context, latest)
    if not lacking or _ended_before_being_left_out(context, subject, latest):
        return None
    told = (
        attempt
        for attempt in reversed(subject.finished)
        if attempt.phase == "succeeded" and attempt.namespaces is not None
    )
    row = tuple(takewhile(partial(_lacking, context), told))
    unusable = [name for name in lacking[:100] if is_unusable(name)]
    pattern = f" The pattern {quote(unusable[0], 63)} cannot be checked." if unusable else ""
    return finding(
        "namespace-not-backed-up",
        f"The last backup lacks {count(len(lacking), 'namespace')} of the policy: {listed(lacking)}.{pattern}",
        cluster=about(latest, subject),
        since=row[-1].at,
        namespaces=[quote(name) for name in lacking[:100]],
        **evidence_of(latest),
    )


def _lacking(context: Context, attempt: Attempt) -> tuple[str, ...]:
    """What a backup lacks of what its run was asked for: a namespace that the policy named later is not missing yet."""
    return missing(attempt.run.namespaces or context.policy.namespaces, attempt.namespaces or ())


RULES = (
    Rule(code="backup-failed", check=each_cluster(backup_failed), explains_missing_copy=True),
    Rule(code="backup-partially-failed", check=each_cluster(backup_partially_failed), explains_missing_copy=True),
    Rule(code="backup-failed", check=each_cluster(run_failed), explains_missing_copy=True),
    Rule(code="backup-partially-failed", check=each_cluster(run_partially_failed), explains_missing_copy=True),
    Rule(code="backup-stuck", check=each_cluster(backup_stuck), explains_missing_copy=True),
    Rule(code="backup-state-unknown", check=each_cluster(backup_state_unknown), explains_missing_copy=True),
    Rule(
        code="cluster-not-backed-up",
        check=each_cluster(cluster_not_backed_up),
        needs_whole_history=True,
        explains_missing_copy=True,
    ),
    Rule(code="namespace-not-backed-up", check=each_cluster(namespace_not_backed_up)),
)
