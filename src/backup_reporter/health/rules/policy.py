"""The rules about the policy: its schedule, and what it covers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from backup_reporter.health.context import Context, finding
from backup_reporter.health.findings import Finding
from backup_reporter.health.memory import plain_schedule
from backup_reporter.health.namespaces import not_covered
from backup_reporter.health.rules.rule import Rule
from backup_reporter.health.timeline import Subject
from backup_reporter.wording import count, duration, listed, quote, timestamp

_NAMES_IN_EVIDENCE = 100


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
    """Info: the policy has no schedule, and backups have not stopped for all clusters."""
    if plain_schedule(context.policy) is None and not (context.history_is_whole and _has_stopped_for_all(context)):
        yield finding("not-scheduled", "The policy has no schedule: backups run only on demand.")


def backups_stopped(context: Context) -> Iterator[Finding]:
    """Warning: there is no schedule, and no run has begun for a long time; about a cluster if others still have runs."""
    if plain_schedule(context.policy) is not None:
        return
    if _has_stopped_for_all(context):
        yield _stopped(context, None)
        return
    for subject in context.subjects_in_scope:
        if subject.attempts and _has_stopped(context, subject):
            yield _stopped(context, subject)


def _has_stopped_for_all(context: Context) -> bool:
    subjects = context.subjects_in_scope
    return bool(subjects) and all(_has_stopped(context, subject) for subject in subjects)


def _has_stopped(context: Context, subject: Subject) -> bool:
    began = subject.last_run_at or context.policy_made_at
    return began is None or context.present - began > context.thresholds.unscheduled_warning


def _stopped(context: Context, subject: Subject | None) -> Finding:
    last = subject.last_run_at if subject else context.last_run_at
    ago = f"for {duration(context.present - last)}, since {context.day(last)}" if last else "at any known time"
    whose = "of this cluster " if subject else ""
    return finding(
        "backups-stopped",
        f"The policy has no schedule, and no backup {whose}has begun {ago}.",
        cluster=subject.cluster if subject else None,
        since=last,
        lastRunAt=timestamp(last),
    )


def schedule_unreadable(context: Context) -> Iterator[Finding]:
    """Warning: the schedule cannot be parsed; rules that need due times are skipped."""
    if context.schedule_error:
        schedule = quote(context.policy.schedule, 100)
        yield finding(
            "schedule-unreadable",
            f"The schedule '{schedule}' cannot be read: {context.schedule_error}. Late backups go unnoticed until it can.",
            schedule=schedule,
        )


def disks_not_included(context: Context) -> Iterator[Finding]:
    """Info: the policy leaves out volumes or cluster resources; the backup is green anyway."""
    left_out = []
    if context.policy.include_all_disks is False:
        left_out.append("volumes")
    if (context.policy.cluster_resource_mode or "").strip().casefold() == "never":
        left_out.append("cluster resources (and the volumes among them)")
    if left_out:
        yield finding(
            "disks-not-included", f"The policy leaves out {' and '.join(left_out)}: a restore cannot bring them back."
        )


def schedule_shifted(context: Context) -> Iterator[Finding]:
    """Info: the runs begin at another time than the schedule says, all at one distance: its zone is another one."""
    if context.shift:
        late = context.shift > timedelta()
        yield finding(
            "schedule-shifted",
            f"Backups begin {_hours_and_minutes(abs(context.shift))} {'later' if late else 'earlier'} than the schedule "
            f"says in {quote(str(context.thresholds.schedule_time_zone), 60)}: due times are moved by that. "
            "If the schedule is in another time zone, name it in the setting SCHEDULE_TIME_ZONE.",
            shiftMinutes=round(context.shift.total_seconds() / 60),
            schedule=quote(context.policy.schedule, 100),
        )


def _hours_and_minutes(length: timedelta) -> str:
    hours, minutes = divmod(round(length.total_seconds() / 60), 60)
    parts = (count(hours, "hour") if hours else "", count(minutes, "minute") if minutes else "")
    return " ".join(filter(None, parts))


def cluster_not_in_policy(context: Context) -> Iterator[Finding]:
    """Warning: the workspace lists a cluster that its policy does not cover."""
    names_clusters = bool(context.policy.cluster_uids)
    if not (names_clusters or context.history_is_whole):
        return
    why = "does not name it" if names_clusters else "names no cluster, and no backup has ever had it"
    for cluster in context.scope.not_in_policy:
        yield finding(
            "cluster-not-in-policy", f"The workspace has this cluster, and its backup policy {why}.", cluster=cluster
        )


def policy_names_missing_cluster(context: Context) -> Iterator[Finding]:
    """Warning: the policy names clusters that the workspace does not list any more."""
    absent = [cluster.name or cluster.uid or "" for cluster in context.scope.missing]
    if absent:
        yield finding(
            "policy-names-missing-cluster",
            f"The policy names {count(len(absent), 'cluster')} that the workspace does not have: {listed(absent)}.",
            clusters=[quote(name, 100) for name in absent[:_NAMES_IN_EVIDENCE]],
        )


def namespaces_not_in_policy(context: Context) -> Iterator[Finding]:
    """Info: the policy names namespaces, and the workspace has others beside them."""
    if not context.policy.namespaces:
        return
    others = not_covered(context.workspace.namespaces, context.policy.namespaces)
    if others:
        yield finding(
            "namespaces-not-in-policy",
            f"The policy leaves out {count(len(others), 'namespace')} of the workspace: {listed(others)}.",
            namespaces=[quote(name, 100) for name in others[:_NAMES_IN_EVIDENCE]],
        )


RULES = (
    Rule(code="backups-stopped", check=backups_stopped, needs_whole_history=True, applies_to="history"),
    Rule(code="not-scheduled", check=not_scheduled, applies_to="history"),
    Rule(code="schedule-unreadable", check=schedule_unreadable, applies_to="history"),
    Rule(code="schedule-shifted", check=schedule_shifted, needs_whole_history=True, applies_to="history"),
    Rule(code="retention-gap", check=retention_gap, applies_to="history"),
    Rule(code="cluster-not-in-policy", check=cluster_not_in_policy, applies_to="history"),
    Rule(code="policy-names-missing-cluster", check=policy_names_missing_cluster, applies_to="history"),
    Rule(code="namespaces-not-in-policy", check=namespaces_not_in_policy, applies_to="history"),
    Rule(code="disks-not-included", check=disks_not_included),
)
