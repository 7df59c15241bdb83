"""The truth: clusters, policies, Velero's queue, and what people and accidents do to them, hour by hour."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Literal
from zoneinfo import ZoneInfo

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
START = datetime(2026, 3, 1, tzinfo=UTC)
CALM_DAYS = 35
"""Nothing goes wrong for so long: every schedule has run, and there are copies."""

Outcome = Literal["succeeded", "partial", "failed"]
Fate = Literal["kept", "deleted", "deletion-failed", "stolen", "unlinked"]


@dataclass(frozen=True)
class Schedule:
    """When backups are due, on the wall clock of ``World.zone``."""

    cron: str
    hours: tuple[int, ...]
    minute: int
    weekday: int | None = None
    day: int | None = None

    def due_times(self, zone: ZoneInfo, after: datetime, until: datetime) -> Iterator[datetime]:
        """The due times in ``(after, until]``, in order."""
        date = after.astimezone(zone).date()
        while date <= until.astimezone(zone).date():
            if self.weekday in (None, date.isoweekday() % 7) and self.day in (None, date.day):
                for hour in self.hours:
                    due = datetime.combine(date, time(hour, self.minute), zone).astimezone(UTC)
                    if after < due <= until:
                        yield due
            date += DAY

    @property
    def longest_pause(self) -> timedelta:
        if self.day:
            return 31 * DAY
        return 7 * DAY if self.weekday is not None else DAY / len(self.hours)


def _schedule(random: Random) -> Schedule:
    minute, hour = random.choice((0, 0, 30)), random.choice((0, 1, 2, 3, 5, 12, 22))
    kind = random.choices(("daily", "twice", "weekly", "monthly"), (70, 10, 15, 5))[0]
    if kind == "weekly":
        weekday = random.randrange(7)
        return Schedule(f"{minute} {hour} * * {weekday}", (hour,), minute, weekday=weekday)
    if kind == "monthly":
        day = random.randint(1, 28)
        return Schedule(f"{minute} {hour} {day} * *", (hour,), minute, day=day)
    hours = (hour % 12, hour % 12 + 12) if kind == "twice" else (hour,)
    return Schedule(f"{minute} {','.join(map(str, hours))} * * *", hours, minute)


@dataclass(frozen=True, kw_only=True)
class Policy:
    """A policy as a user saved it. ``named`` is ``None`` if it includes all clusters."""

    created: datetime
    modified: datetime
    schedule: Schedule | None
    retention: timedelta
    named: frozenset[str] | None

    def covers(self, cluster: Cluster) -> bool:
        return self.named is None or cluster.uid in self.named


@dataclass(eq=False)
class Cluster:
    """A cluster of the workspace, and until when something is wrong with it."""

    uid: str
    name: str
    added: datetime
    backup_takes: timedelta
    free_at: datetime = START
    """When Velero has worked through its queue."""
    unhealthy_until: datetime = START
    failing_until: datetime = START
    losing_parts_until: datetime = START
    hanging_until: datetime = START
    clock: timedelta = timedelta(0)
    clock_wrong_until: datetime = START


@dataclass(eq=False)
class Part:
    """One cluster's part in a run. ``began`` may lie ahead (Velero's queue); ``None`` if the cluster was skipped."""

    cluster: Cluster
    began: datetime | None
    ended: datetime
    outcome: Outcome
    clock: timedelta
    """How far the cluster's clock was ahead."""
    expires: datetime
    forgotten: datetime
    """When Palette stops listing it."""
    fate: Fate = "kept"
    fate_at: datetime = START

    def is_finished(self, now: datetime) -> bool:
        return self.began is not None and self.ended <= now

    def is_copy(self, now: datetime) -> bool:
        """Whether something can be restored from it."""
        return self.is_finished(now) and self.outcome == "succeeded" and self.is_there and now < self.expires

    @property
    def is_there(self) -> bool:
        return self.fate in ("kept", "deletion-failed")

    @property
    def shown_at(self) -> datetime | None:
        return self.began + self.clock if self.began else None


@dataclass(eq=False)
class Run:
    """One backup request."""

    uid: str
    requested: datetime
    retention: timedelta
    parts: list[Part]

    def is_finished(self, now: datetime) -> bool:
        return all(part.began is None or part.ended <= now for part in self.parts)


@dataclass(frozen=True)
class DueTime:
    """A due time as it passed, and which clusters the policy covered then."""

    at: datetime
    policy: Policy
    clusters: tuple[Cluster, ...]


@dataclass
class World:
    """One workspace."""

    random: Random
    zone: ZoneInfo
    now: datetime = START
    clusters: list[Cluster] = field(default_factory=list)
    policies: list[Policy] = field(default_factory=list)
    """Every version, the one in force last."""
    runs: list[Run] = field(default_factory=list)
    due_times: list[DueTime] = field(default_factory=list)
    asleep_until: datetime = START
    """Palette begins no scheduled run."""
    later: list[tuple[datetime, Callable[[], None]]] = field(default_factory=list)
    forgets_after: Callable[[], timedelta] = lambda: timedelta(0)
    made: int = 0

    @property
    def policy(self) -> Policy:
        return self.policies[-1]

    def number(self) -> int:
        self.made += 1
        return self.made

    def step(self) -> None:
        """An hour passes."""
        before, self.now = self.now, self.now + HOUR
        for at, act in [item for item in self.later if item[0] <= self.now]:
            self.later = [item for item in self.later if item[0] != at]
            act()
        for cluster in self.clusters:
            if cluster.clock_wrong_until <= self.now:
                cluster.clock = timedelta(0)
        if self.policy.schedule:
            for due in self.policy.schedule.due_times(self.zone, before, self.now):
                if due > self.policy.modified:
                    self._fall_due(due)
        if self.now > START + CALM_DAYS * DAY:
            self._perhaps_something_happens()

    def _fall_due(self, due: datetime) -> None:
        covered = tuple(cluster for cluster in self.clusters if self.policy.covers(cluster))
        self.due_times.append(DueTime(due, self.policy, covered))
        if covered and self.asleep_until <= due:
            self.begin_run(due + timedelta(seconds=self.random.randint(1, 90)), covered, self.policy.retention)

    def begin_run(self, requested: datetime, clusters: tuple[Cluster, ...], retention: timedelta) -> None:
        parts = [self._part(cluster, requested, retention) for cluster in clusters]
        self.runs.append(Run(f"request-{self.number()}", requested, retention, parts))

    def _part(self, cluster: Cluster, requested: datetime, retention: timedelta) -> Part:
        if cluster.unhealthy_until > requested:
            forgotten = requested + retention + self.forgets_after()
            return Part(cluster, None, requested, "failed", cluster.clock, requested + retention, forgotten)
        began = max(requested + timedelta(seconds=self.random.randint(5, 120)), cluster.free_at)
        ended = began + cluster.backup_takes * self.random.uniform(0.8, 1.3)
        if cluster.hanging_until > began:
            ended = max(ended, cluster.hanging_until)
        outcome: Outcome = "succeeded"
        if cluster.losing_parts_until > ended:
            outcome = "partial"
        if cluster.failing_until > ended:
            outcome, ended = "failed", began + timedelta(minutes=self.random.randint(1, 20))
        cluster.free_at = ended
        expires = began + cluster.clock + retention
        return Part(cluster, began, ended, outcome, cluster.clock, expires, expires + self.forgets_after())

    def save_policy(self, **changes: object) -> None:
        # Not at the very second at which backups may be due.
        modified = self.now + timedelta(seconds=self.random.randint(1, 4))
        self.policies.append(replace(self.policy, modified=modified, **changes))  # type: ignore[arg-type]

    def add_cluster(self, name: str | None = None) -> Cluster:
        number = self.number()
        takes = timedelta(minutes=self.random.choice((15, 20, 30, 60, 90, 180)))
        cluster = Cluster(f"cluster-{number}", name or f"eu-{number}", self.now, takes)
        self.clusters.append(cluster)
        return cluster

    def copies(self, cluster: Cluster) -> list[Part]:
        """What can be restored of a cluster, oldest first."""
        parts = (part for run in self.runs for part in run.parts)
        return [part for part in parts if part.cluster is cluster and part.is_copy(self.now)]

    def _perhaps_something_happens(self) -> None:
        if self.clusters and self.random.random() < _EVENTS_PER_HOUR:
            event = self.random.choices(tuple(EVENTS), tuple(EVENTS.values()))[0]
            event(self)

    def any_cluster(self) -> Cluster:
        return self.random.choice(self.clusters)

    def hours(self, least: int, most: int) -> timedelta:
        return self.random.randint(least, most) * HOUR

    def after(self, pause: timedelta, act: Callable[[], None]) -> None:
        self.later.append((self.now + pause + timedelta(microseconds=self.number()), act))


def new_world(seed: int) -> World:
    """A workspace on its first day."""
    random = Random(seed)
    zone = random.choices(("UTC", "Asia/Kolkata", "Europe/Berlin", "America/New_York"), (88, 4, 4, 4))[0]
    pause = random.choice((timedelta(0), HOUR, 20 * HOUR))
    world = World(random, ZoneInfo(zone), forgets_after=lambda: pause * random.random())
    for _ in range(random.choice((1, 2, 2, 3, 4))):
        world.add_cluster()
    schedule = _schedule(random)
    named = frozenset(cluster.uid for cluster in world.clusters) if random.random() < 0.5 else None
    world.policies.append(
        Policy(created=START, modified=START, schedule=schedule, retention=_retention(world, schedule), named=named)
    )
    return world


def _retention(world: World, schedule: Schedule | None) -> timedelta:
    pause = schedule.longest_pause if schedule else DAY
    return max(3 * DAY, pause * world.random.choice((3, 4, 7, 14)))


def cluster_is_unhealthy(world: World) -> None:
    world.any_cluster().unhealthy_until = world.now + world.hours(6, 72)


def backups_fail(world: World) -> None:
    for cluster in world.random.choice((world.clusters, [world.any_cluster()])):
        cluster.failing_until = world.now + world.hours(12, 96)


def backups_lose_parts(world: World) -> None:
    world.any_cluster().losing_parts_until = world.now + world.hours(12, 96)


def backup_hangs(world: World) -> None:
    world.any_cluster().hanging_until = world.now + world.hours(12, 72)


def palette_sleeps(world: World) -> None:
    world.asleep_until = world.now + world.hours(12, 72)


def schedule_is_edited(world: World) -> None:
    if world.policy.schedule:
        schedule = _schedule(world.random)
        pause = schedule.longest_pause
        retention = world.policy.retention if world.policy.retention > 2 * pause else _retention(world, schedule)
        world.save_policy(schedule=schedule, retention=retention)


def schedule_is_switched_off(world: World) -> None:
    schedule = world.policy.schedule
    if schedule:
        world.save_policy(schedule=None)
        world.after(world.hours(24, 600), lambda: world.save_policy(schedule=schedule))


def retention_is_changed(world: World) -> None:
    gap = world.random.random() < 0.1 and world.policy.schedule
    retention = gap.longest_pause / 2 if gap else _retention(world, world.policy.schedule)
    before = world.policy.retention
    world.save_policy(retention=retention)
    if gap:
        world.after(world.hours(24, 96), lambda: world.save_policy(retention=before))


def _cover(world: World, *, added: Cluster | None = None, removed: Cluster | None = None) -> None:
    """The policy that names clusters is adapted, at once or some days later."""
    if world.policy.named is None:
        return

    def save() -> None:
        named = world.policy.named
        if named is not None:
            world.save_policy(named=(named | ({added.uid} if added else set())) - ({removed.uid} if removed else set()))

    if world.random.random() < 0.8:
        save()
    else:
        world.after(world.hours(12, 200), save)


def cluster_is_added(world: World) -> None:
    if len(world.clusters) < 6:
        _cover(world, added=world.add_cluster())


def cluster_is_removed(world: World) -> None:
    if len(world.clusters) > 1:
        cluster = world.any_cluster()
        world.clusters.remove(cluster)
        _cover(world, removed=cluster)


def cluster_is_rebuilt(world: World) -> None:
    old = world.any_cluster()
    world.clusters.remove(old)
    _cover(world, added=world.add_cluster(old.name), removed=old)


def policy_is_made_anew(world: World) -> None:
    if world.random.random() < 0.4:
        for run in world.runs:
            for part in run.parts:
                _meet(part, "unlinked", world.now)
    world.policies.append(replace(world.policy, created=world.now, modified=world.now))


def backup_by_hand(world: World) -> None:
    covered = [cluster for cluster in world.clusters if world.policy.covers(cluster)]
    if covered:
        clusters = world.random.choice((covered, [world.random.choice(covered)]))
        retention = world.random.choice((world.policy.retention, DAY, 90 * DAY))
        world.begin_run(world.now, tuple(clusters), retention)


def copies_are_stolen(world: World) -> None:
    """Ransomware, or a mistake: copies are gone, and nothing says so."""
    for cluster in world.random.choice((world.clusters, [world.any_cluster()])):
        copies = world.copies(cluster)
        for part in copies[-world.random.choice((len(copies), len(copies), 1, 3)) :]:
            _meet(part, "stolen", world.now)


def copies_are_deleted(world: World) -> None:
    """A user deletes copies in Palette, on purpose."""
    copies = world.copies(world.any_cluster())
    for part in world.random.choice((copies[:1], copies[-1:], copies)):
        _meet(part, "deleted", world.now)


def deletion_fails(world: World) -> None:
    copies = world.copies(world.any_cluster())
    if len(copies) > 1:
        _meet(copies[0], "deletion-failed", world.now)
        world.after(world.hours(12, 96), lambda: _meet(copies[0], "deleted", world.now))


def clock_goes_wrong(world: World) -> None:
    cluster, minutes = world.any_cluster(), world.random.choice((3, -3, 20, -20, 180, -180, 1500, -3000))
    cluster.clock, cluster.clock_wrong_until = timedelta(minutes=minutes), world.now + world.hours(24, 240)


def _meet(part: Part, fate: Fate, at: datetime) -> None:
    if part.fate in ("kept", "deletion-failed"):
        part.fate, part.fate_at = fate, at


EVENTS: dict[Callable[[World], None], float] = {
    cluster_is_unhealthy: 6,
    backups_fail: 6,
    backups_lose_parts: 3,
    backup_hangs: 3,
    palette_sleeps: 4,
    schedule_is_edited: 4,
    schedule_is_switched_off: 1.5,
    retention_is_changed: 2,
    cluster_is_added: 4,
    cluster_is_removed: 2,
    cluster_is_rebuilt: 2,
    policy_is_made_anew: 1,
    backup_by_hand: 12,
    copies_are_stolen: 1.5,
    copies_are_deleted: 3,
    deletion_fails: 0.7,
    clock_goes_wrong: 4,
}
"""How often each happens to a workspace in a year."""

_EVENTS_PER_HOUR = sum(EVENTS.values()) / (365.25 * 24)
