"""Fleets of any size, for measuring. Each backup result is built on demand and not kept."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from backup_reporter.demo.documents import Failure, Fleet, Json, uid_of
from backup_reporter.demo.stories import Outcome, Part, Story, all_well, daily

WORKSPACES_IN_A_PROJECT = 40

_TROUBLES: tuple[Outcome | Failure, ...] = (
    lambda ago, cluster: Part("Failed", "backup storage location is unavailable") if ago < 3 else Part(),
    lambda ago, cluster: Part("PartiallyFailed", "1 of 90 items failed") if ago < 1 else Part(),
    lambda ago, cluster: None if ago < 2 and cluster == "cluster-0" else Part(),
    lambda ago, cluster: Part("BackupArchived") if ago < 1 else Part(),
    Failure(400, "BackupNotConfigured", "Backup is not configured for the workspace"),
    Failure(500, "InternalServerError", "failed to list backups: context deadline exceeded"),
)


@dataclass(frozen=True, slots=True)
class _Backups(Mapping[str, Json | Failure]):
    """Backup results by workspace uid, made on demand."""

    numbers: Mapping[str, int]
    stories: _Stories

    def __getitem__(self, uid: str) -> Json | Failure:
        number = self.numbers[uid]
        trouble = self.stories.trouble(number)
        return trouble if isinstance(trouble, Failure) else self.stories.story(number).result(self.stories.now)

    def __iter__(self) -> Iterator[str]:
        return iter(self.numbers)

    def __len__(self) -> int:
        return len(self.numbers)


@dataclass(frozen=True, slots=True)
class _Stories:
    """The history of the workspace with a given number; depends only on the seed and the number."""

    days: int
    clusters: int
    seed: int
    now: datetime
    healthy_share: float

    def trouble(self, number: int) -> Outcome | Failure:
        chance = random.Random(f"{self.seed}/{number}")
        return all_well if chance.random() < self.healthy_share else chance.choice(_TROUBLES)

    def story(self, number: int) -> Story:
        trouble = self.trouble(number)
        return Story(
            project=_project_name(number),
            name=f"workspace-{number:05}",
            clusters=tuple(f"cluster-{index}" for index in range(self.clusters)),
            rhythm=daily(self.now, hours_ago=3 + number % 20),
            namespaces=("app", "data"),
            days=self.days,
            outcome=all_well if isinstance(trouble, Failure) else trouble,
        )


def synthetic(
    workspaces: int, days: int, clusters: int, seed: int, now: datetime, healthy_share: float = 0.95
) -> Fleet:
    """Builds workspaces, each with a daily backup of its clusters on the days before ``now`` (aware).

    The same arguments build the same fleet, in any order of access. One document has about
    ``430 * days * clusters`` bytes.
    """
    stories = _Stories(days, clusters, seed, now, healthy_share)
    items: dict[str, list[Json]] = {}
    numbers: dict[str, int] = {}
    for number in range(workspaces):
        item = stories.story(number).item(now)
        items.setdefault(_project_name(number), []).append(item)
        numbers[item["metadata"]["uid"]] = number
    return Fleet(
        projects={uid_of("project", name): name for name in items},
        workspaces={uid_of("project", name): rows for name, rows in items.items()},
        backups=_Backups(numbers, stories),
    )


def _project_name(number: int) -> str:
    return f"project-{number // WORKSPACES_IN_A_PROJECT:03}"
