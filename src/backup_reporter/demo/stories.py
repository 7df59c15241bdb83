"""The backup history of a made-up workspace: when its backups ran, and the outcome of each."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from backup_reporter.demo.documents import (
    Failure,
    Json,
    backup_result,
    cluster_backup,
    cluster_refs,
    run,
    workspace_item,
)
from backup_reporter.demo.restore_documents import RestoreTest, workspace_restores

DAYS_IN_CRON = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


@dataclass(frozen=True)
class Part:
    """The outcome of one run for one cluster."""

    state: str | None = "Completed"
    message: str = ""
    lacks: tuple[str, ...] = ()
    delete_state: str = ""


Outcome = Callable[[int, str], Part | None]
"""Returns the outcome for a cluster (by name) in a run (0 is the latest); ``None`` if it was left out."""


def all_well(_runs_ago: int, _cluster: str) -> Part:
    """Every backup completed."""
    return Part()


@dataclass(frozen=True)
class Rhythm:
    """A cron schedule, when it was last due, and the time between two runs."""

    cron: str
    last_due: datetime
    pause: timedelta

    def due_times(self, days: int) -> Iterator[datetime]:
        """Newest first, over so many days before the last one."""
        for count in range(int(timedelta(days=days) / self.pause)):
            yield self.last_due - count * self.pause


def daily(now: datetime, *, hours_ago: int = 6) -> Rhythm:
    """Once a day on the hour, last between ``hours_ago`` and one hour more before ``now``."""
    due = _full_hour(now) - timedelta(hours=hours_ago)
    return Rhythm(f"0 {due.hour} * * *", due, timedelta(days=1))


def weekly(now: datetime, *, days_ago: int) -> Rhythm:
    """Once a week on the hour, last so many days and six hours (and up to one hour more) before ``now``."""
    due = _full_hour(now) - timedelta(days=days_ago, hours=6)
    return Rhythm(f"0 {due.hour} * * {DAYS_IN_CRON[due.weekday()]}", due, timedelta(weeks=1))


def _full_hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


@dataclass(frozen=True, kw_only=True)
class Story:
    """One workspace. ``skipped_runs`` is the number of latest due times without a run.

    ``schedule`` stands in the policy instead of the rhythm's own cron text; ``None`` there: no schedule.
    ``forgotten_clusters`` and ``forgotten_namespaces`` are the workspace's, and the policy does not name them;
    ``former_clusters`` it names, although the workspace has them no more. ``seen_at`` leaves out what happened later.
    """

    project: str
    name: str
    clusters: tuple[str, ...]
    rhythm: Rhythm
    namespaces: tuple[str, ...]
    days: int = 30
    retention_hours: int = 720
    outcome: Outcome = all_well
    skipped_runs: int = 0
    schedule: str | None = ""
    actor: str = "system"
    include_all_disks: bool = True
    forgotten_clusters: tuple[str, ...] = ()
    forgotten_namespaces: tuple[str, ...] = ()
    former_clusters: tuple[str, ...] = ()
    restore_tests: tuple[RestoreTest, ...] = (RestoreTest(days_ago=40),)
    seen_at: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)

    def item(self, now: datetime) -> Json:
        """The workspace as its project lists it; it is a good deal older than its history."""
        return workspace_item(
            self.project,
            self.name,
            clusters=(*self.clusters, *self.forgotten_clusters),
            namespaces=(*self.namespaces, *self.forgotten_namespaces),
            created=now - timedelta(days=self.days + 200),
            labels=self.labels,
            annotations=self.annotations,
        )

    def result(self, now: datetime) -> Json:
        """Its backup result, with the runs in random order because Palette promises no order."""
        chance = random.Random(self.name)
        seen_at = self.seen_at or now
        all_runs = [(due, self._run(ago, due, seen_at, chance)) for ago, due in enumerate(self._answered())]
        runs = [run for due, run in all_runs if due <= seen_at]
        chance.shuffle(runs)
        named = (*self.clusters, *self.former_clusters)
        names_clusters = self.forgotten_clusters or self.former_clusters
        return backup_result(
            self.item(now),
            schedule=self.rhythm.cron if self.schedule == "" else self.schedule,
            retention_hours=self.retention_hours,
            runs=runs,
            namespaces=self.namespaces,
            policy_created=now - timedelta(days=self.days + 120),
            cluster_uids=[ref["uid"] for ref in cluster_refs(self.project, named)] if names_clusters else (),
            include_all_disks=self.include_all_disks,
        )

    def restores(self, now: datetime) -> Json | Failure:
        """The answer about its restores."""
        if self.restore_tests:
            return workspace_restores(self.item(now), self.restore_tests, now)
        return Failure(404, "ResourceNotFound", "No restore was found")

    def _answered(self) -> list[datetime]:
        return list(self.rhythm.due_times(self.days))[self.skipped_runs :]

    def _run(self, ago: int, due: datetime, now: datetime, chance: random.Random) -> Json:
        requested = due + timedelta(seconds=chance.uniform(4, 50))
        name = f"{self.name}-{requested:%Y%m%d%H%M%S}"
        clusters = cluster_refs(self.project, (*self.clusters, *self.former_clusters))
        told = [(cluster, self.outcome(ago, cluster["name"])) for cluster in clusters]
        parts = [(cluster, part) for cluster, part in told if part]
        return run(
            name,
            state=_state_of_run([part for _, part in parts]),
            requested=requested,
            retention_hours=self.retention_hours,
            namespaces=self.namespaces,
            actor=self.actor,
            cluster_backups=[self._cluster(cluster, name, part, requested, now, chance) for cluster, part in parts],
        )

    def _cluster(
        self, cluster: Json, name: str, part: Part, requested: datetime, now: datetime, chance: random.Random
    ) -> Json:
        at = requested + timedelta(seconds=chance.uniform(5, 90))
        expires = at + timedelta(hours=self.retention_hours)
        has_copy = (part.state or "").casefold() in ("completed", "partiallyfailed")
        # Velero deletes expired backups, unless the story says otherwise.
        gone = "Deleted" if has_copy and expires < now and not part.delete_state else part.delete_state
        return cluster_backup(
            cluster,
            name,
            state=part.state,
            at=at,
            expires=expires if has_copy else None,
            namespaces=[namespace for namespace in self.namespaces if namespace not in part.lacks] if has_copy else (),
            message=part.message,
            delete_state="" if gone == "kept" else gone,
        )


def _state_of_run(parts: list[Part]) -> str:
    states = {(part.state or "").casefold() for part in parts}
    if states == {"failed"}:
        return "Failed"
    if "inprogress" in states:
        return "InProgress"
    return "PartiallyFailed" if states & {"failed", "partiallyfailed"} else "Completed"
