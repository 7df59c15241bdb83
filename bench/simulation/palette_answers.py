"""What Palette answers about a world: the same truth, told with one of several habits."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from bench.simulation.world import Part, Run, World

_WORDS = {"succeeded": "Completed", "partial": "PartiallyFailed", "failed": "Failed"}


@dataclass(frozen=True, kw_only=True)
class Habits:
    """How one Palette tells things."""

    shuffles: bool
    lower_case: bool
    gives_creation: bool
    gives_modification: bool
    gives_expiry: bool
    gives_retention_of_run: bool
    lists_skipped_clusters: bool
    run_of_some_failed: str
    forgets: str
    """What becomes of an expired entry: ``drops`` it, ``marks`` it as deleted, or ``leaves`` it."""
    unset: Any


def habits(seed: int) -> Habits:
    """The habits of the Palette that tells of a world."""
    random = Random(seed + 1_000_000)
    gives_expiry = random.random() < 0.8
    return Habits(
        shuffles=random.random() < 0.5,
        lower_case=random.random() < 0.2,
        gives_creation=random.random() < 0.9,
        gives_modification=random.random() < 0.9,
        gives_expiry=gives_expiry,
        gives_retention_of_run=not gives_expiry or random.random() < 0.5,
        lists_skipped_clusters=random.random() < 0.3,
        run_of_some_failed=random.choice(("Failed", "PartiallyFailed", "Completed")),
        forgets=random.choice(("drops", "drops", "marks", "leaves")),
        unset=random.choice((None, "", "0001-01-01T00:00:00.000Z")),
    )


def listed_workspace(world: World) -> bytes:
    """The page of a project's list that holds the workspace."""
    refs = [{"uid": cluster.uid, "name": cluster.name} for cluster in world.clusters]
    metadata = {"uid": "ws", "name": "payments", "creationTimestamp": _time(world.policies[0].created)}
    return json.dumps({"items": [{"metadata": metadata, "spec": {"clusterRefs": refs}}]}).encode()


def backup_result(world: World, told: Habits) -> bytes:
    """The answer to ``/v1/workspaces/{uid}/backup``."""
    policy = world.policy
    entries = [_run(run, world.now, told) for run in world.runs if _is_listed(run, world.now, told)]
    if told.shuffles:
        Random(len(entries)).shuffle(entries)
    answer = {
        "metadata": {
            "creationTimestamp": _time(policy.created) if told.gives_creation else told.unset,
            "lastModifiedTimestamp": _time(policy.modified) if told.gives_modification else told.unset,
        },
        "spec": {
            "workspaceUid": "ws",
            "config": {
                "includeAllClusters": policy.named is None,
                "clusterUids": sorted(policy.named or ()),
                "backupConfig": {
                    "durationInHours": policy.retention.total_seconds() / 3600,
                    "schedule": {"scheduledRunTime": policy.schedule.cron if policy.schedule else ""},
                },
            },
        },
        "status": {"workspaceBackupStatuses": entries},
    }
    return json.dumps(answer).encode()


def is_listed(part: Part, now: datetime, told: Habits) -> bool:
    """Whether Palette still lists a cluster's part in a run."""
    if part.fate in ("stolen", "unlinked"):
        return False
    return told.forgets != "drops" or now < part.forgotten


def _is_listed(run: Run, now: datetime, told: Habits) -> bool:
    return any(is_listed(part, now, told) for part in run.parts)


def _run(run: Run, now: datetime, told: Habits) -> dict[str, Any]:
    refs = [
        _ref(part, now, told)
        for part in run.parts
        if is_listed(part, now, told) and (part.began or told.lists_skipped_clusters)
    ]
    config: dict[str, Any] = {
        "backupName": f"backup-{run.uid}",
        "requestTime": _time(run.requested),
        "backupState": {"state": _word(_run_state(run, now, told), told)},
        "clusterBackupRefs": refs,
    }
    if told.gives_retention_of_run:
        config["config"] = {"durationInHours": run.retention.total_seconds() / 3600}
    return {"requestUid": run.uid, "workspaceBackupConfig": config}


def _run_state(run: Run, now: datetime, told: Habits) -> str:
    if not run.is_finished(now):
        return "InProgress"
    outcomes = {part.outcome for part in run.parts if part.began}
    if outcomes in (set(), {"failed"}):
        return "Failed"
    return "Completed" if outcomes == {"succeeded"} else told.run_of_some_failed


def _ref(part: Part, now: datetime, told: Habits) -> dict[str, Any]:
    ref: dict[str, Any] = {"clusterUid": part.cluster.uid, "clusterName": part.cluster.name}
    if part.began is None:
        return ref
    has_begun, has_ended = part.began <= now, part.ended <= now
    state = _WORDS[part.outcome] if has_ended else "InProgress" if has_begun else "New"
    ref["backupStatusMeta"] = {
        "backupName": f"backup-of-{part.cluster.uid}" if has_begun else "",
        "expiryDate": _time(part.expires) if has_begun and told.gives_expiry else told.unset,
        "backupState": {
            "state": _word(state, told),
            "backupTime": _time(part.shown_at) if has_begun else told.unset,
            "deleteState": _delete_state(part, now, told),
        },
    }
    return ref


def _delete_state(part: Part, now: datetime, told: Habits) -> str | None:
    if part.fate == "deletion-failed":
        return "Failed"
    if part.fate == "deleted" or (told.forgets == "marks" and part.forgotten <= now):
        return "Deleted"
    return None


def _word(state: str, told: Habits) -> str:
    return state.lower() if told.lower_case else state


def _time(at: datetime | None) -> str | None:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z") if at else None
