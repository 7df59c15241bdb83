"""A tenant with clusters beyond its workspaces, and what a report says of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from backup_reporter.demo.documents import (
    Fleet,
    Json,
    cluster_backup,
    cluster_backup_result,
    cluster_item,
    cluster_run,
    location_item,
    uid_of,
)
from backup_reporter.demo.local_server import Request
from support.local_server import Answer
from support.lookalike import LookAlike
from support.world import PROJECT, World, a_fleet, a_result, a_run

NOW = datetime.now(UTC).replace(microsecond=0)
CREATED = NOW - timedelta(days=90)
SEARCH = "/v1/dashboard/spectroclusters/search"
FORBIDDEN = Answer(403, b'{"code": "ResourceAccessDenied", "message": "no", "ref": "r"}')


def cluster(name: str, **options: Any) -> Json:
    return cluster_item("project-1", name, project_uid=PROJECT, created=CREATED, **options)


def uid(name: str) -> str:
    return uid_of("cluster", "project-1", name)


def own_backups(name: str, state: str = "Completed", **options: Any) -> Json:
    """A cluster's own daily policy, with ten nights of backups, the last of them in this ``state``."""
    item = cluster(name)
    ref = {"uid": uid(name), "name": name}
    last = NOW - timedelta(hours=2)
    runs = []
    for night in range(10):
        at = last - timedelta(days=night)
        of_night = state if night == 0 else "Completed"
        backup = cluster_backup(ref, f"{name}-{night}", state=of_night, at=at, expires=at + timedelta(days=30))
        runs.append(cluster_run(f"{name}-{night}", state=of_night, backups=[backup]))
    schedule = f"{last.minute} {last.hour} * * *"
    return cluster_backup_result(
        item, schedule=schedule, retention_hours=720, runs=runs, policy_created=CREATED, **options
    )


def fleet() -> Fleet:
    """A workspace whose policy covers c1; clusters with and without a policy of their own, and some set apart."""
    in_workspace = {**cluster("eu-1"), "metadata": {**cluster("eu-1")["metadata"], "uid": "c1"}}
    return replace(
        a_fleet({"shop": a_result(a_run(NOW - timedelta(hours=2)))}),
        clusters=[
            in_workspace,
            cluster("own-good"),
            cluster("own-failed"),
            cluster("lonely"),
            cluster("virtual", cloud="nested"),
            cluster("leaving", state="Deleting"),
            cluster("coming", state="Provisioning"),
            cluster("guest", imported=True),
        ],
        cluster_backups={
            uid("own-good"): own_backups("own-good"),
            uid("own-failed"): own_backups("own-failed", "Failed"),
        },
        locations=[location_item("backups-s3", CREATED)],
    )


def report(around: World, include: str = "yes", **environment: str) -> dict[str, Any]:
    return around.invoke({"notify": "never"}, 60.0, INCLUDE_CLUSTERS=include, **environment)


def codes(answer: Mapping[str, Any], name: str) -> set[str]:
    (workspace,) = [workspace for workspace in answer["workspaces"] if workspace["name"] == name]
    return {finding["code"] for finding in workspace["findings"]}


def asked(palette: LookAlike, part: str) -> list[Request]:
    return [request for request in palette.requests if part in request.path]


def muted(name: str, codes: str = "") -> Json:
    item = cluster(name)
    item["metadata"]["labels"] = {"backup-reporter.mute": f"{NOW + timedelta(days=30):%Y-%m-%d}"}
    if codes:
        item["metadata"]["labels"]["backup-reporter.mute-codes"] = codes
    return item


def striking(part: str, answer: Answer) -> Callable[[Request], Answer | None]:
    return lambda request: answer if part in request.path else None


def the_workspaces_are_right(answer: Mapping[str, Any]) -> None:
    (shop,) = [workspace for workspace in answer["workspaces"] if workspace["kind"] == "workspace"]
    assert (shop["status"], shop["findings"]) == ("OK", [])
    assert answer["problems"] == []
