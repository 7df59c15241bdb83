"""A Palette look-alike in a process of its own, so that it shares no interpreter with its client.

``python -m bench.palette_server '{"workspaces": 60, "latency_seconds": 0.08}'`` prints its URL. When its input
ends, it prints its counts as JSON and stops.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from backup_reporter.demo.documents import (
    Fleet,
    Json,
    cluster_backup,
    cluster_backup_result,
    cluster_item,
    cluster_run,
    location_item,
)
from backup_reporter.demo.lookalike import LookAlike
from backup_reporter.demo.synthetic import synthetic


def with_clusters(fleet: Fleet, number: int, now: datetime) -> Fleet:
    """Returns the fleet with so many clusters; every third has a policy of its own and a week of backups."""
    project_uid, project = next(iter(fleet.projects.items()))
    created = now - timedelta(days=90)
    items = [
        cluster_item(project, f"cluster-{index:05}", project_uid=project_uid, created=created)
        for index in range(number)
    ]
    backups = {item["metadata"]["uid"]: _own_backups(item, now) for item in items[::3]}
    return replace(fleet, clusters=items, cluster_backups=backups, locations=[location_item("backups-s3", created)])


def _own_backups(item: Json, now: datetime) -> Json:
    ref = {"uid": item["metadata"]["uid"], "name": item["metadata"]["name"]}
    runs = []
    for night in range(7):
        at = now - timedelta(days=night, hours=3)
        backup = cluster_backup(ref, f"night-{night}", state="Completed", at=at, expires=at + timedelta(days=30))
        runs.append(cluster_run(f"night-{night}", state="Completed", backups=[backup]))
    at = now - timedelta(hours=3)
    return cluster_backup_result(
        item,
        schedule=f"{at.minute} {at.hour} * * *",
        retention_hours=720,
        runs=runs,
        policy_created=now - timedelta(days=80),
    )


def main(
    workspaces: int,
    days: int = 7,
    clusters: int = 2,
    latency_seconds: float = 0.0,
    rate_limit: bool = False,
    listed_clusters: int = 0,
) -> None:
    now = datetime.now(UTC)
    fleet = synthetic(workspaces, days, clusters, seed=1, now=now, healthy_share=1.0)
    if listed_clusters:
        fleet = with_clusters(fleet, listed_clusters, now)
    with LookAlike(fleet, latency_seconds=latency_seconds, rate_limit=rate_limit) as palette:
        print(palette.url, flush=True)
        sys.stdin.read()
    print(json.dumps({"requests": len(palette.requests), "refused": palette.refused}))


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
