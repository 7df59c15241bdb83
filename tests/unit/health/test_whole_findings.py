"""Each finding in full: every word of its message, since when it holds, and all of its evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from backup_reporter.health.judge import judge
from backup_reporter.health.model import Restore, Surroundings
from backup_reporter.health.remembered import RememberedWorkspace
from backup_reporter.health.thresholds import Thresholds
from backup_reporter.health.workspace_report import WorkspaceReport
from support.builders import (
    DAILY,
    NOTHING,
    Json,
    at,
    backup,
    copy,
    decoded,
    label,
    listed,
    nightly,
    only,
    ref,
    run,
)

OBJECT_EXPECTED = (
    "Expected `object | null`, got `int` - at `$.status.workspaceBackupStatuses[{}].workspaceBackupConfig`"
)
NUMBERED = [f"shop-{number}" for number in range(100)]
TESTED = Thresholds(restore_test_max_age=timedelta(days=31))


def report_on(
    answer: Json,
    *,
    workspace: Json | None = None,
    thresholds: Thresholds | None = None,
    now: str = "11-23 07:00",
    last: tuple[Json, str] | None = None,
    restores: Sequence[Restore] | None = None,
    restores_error: str | None = None,
    single_run: bool = False,
    surroundings: Surroundings | None = None,
) -> WorkspaceReport:
    """The report on an answer; ``last`` is what Palette answered to the report before, and when."""
    the_workspace, result = decoded(workspace or listed(), answer)
    if surroundings:
        the_workspace = msgspec.structs.replace(the_workspace, surroundings=surroundings)
    result = msgspec.structs.replace(
        result, restores=None if restores is None else tuple(restores), restores_error=restores_error
    )
    return judge(
        the_workspace,
        result,
        thresholds or Thresholds(),
        at(now),
        single_run=single_run,
        remembered=remembered_of(*last) if last else None,
    ).report


def remembered_of(answer: Json, now: str) -> RememberedWorkspace | None:
    return judge(*decoded(listed(), answer), Thresholds(), at(now)).remembered


def has_namespaces(*names: str) -> Json:
    workspace = listed()
    workspace["spec"]["namespaces"] = list(names)
    return workspace


@dataclass(frozen=True, kw_only=True)
class Whole:
    """One finding of a report, in full. ``how`` is passed on to :func:`report_on`."""

    answer: Json
    label: str
    message: str
    since: str | None
    evidence: dict[str, Any]
    how: dict[str, Any]


def whole(
    sentence: str,
    answer: Json,
    label: str,
    message: str,
    *,
    since: str | None = None,
    evidence: dict[str, Any] | None = None,
    **how: Any,
) -> Any:
    """A sentence about a case, and the one finding of it that is looked at."""
    case = Whole(answer=answer, label=label, message=message, since=since, evidence=evidence or {}, how=how)
    return pytest.param(case, id=sentence)


WHAT_BECAME_OF_BACKUPS = [
    whole(
        "A failed backup, with what Palette says about it",
        backup(*nightly(last="11-22"), run("11-23 01:00", eu1=copy("Failed", msg="No space left. ", name="nightly-7"))),
        "backup-failed eu1",
        "The last backup failed: No space left. The last good one was on Sun 2026-11-22.",
        since="11-23 01:00",
        evidence={
            "count": 1,
            "lastGoodAt": "2026-11-22T01:00:00Z",
            "backupName": "nightly-7",
            "at": "2026-11-23T01:00:00Z",
            "state": "Failed",
            "palette": "No space left.",
            "expiresAt": "2026-12-23T01:00:00Z",
        },
    ),
    whole(
        "A row of failures, of which Palette says nothing, and none before them was good",
        backup(*nightly("11-21", eu1=copy("Failed", at="11-21 01:04"))),
        "backup-failed eu1",
        "The last 3 backups failed. No good one is known.",
        since="11-21 01:04",
        evidence={"count": 3, "at": "2026-11-23T01:00:00Z", "state": "Failed", "expiresAt": "2026-12-23T01:00:00Z"},
    ),
    whole(
        "The last good one has no date",
        backup(run(None), run("11-23 01:00", "Failed")),
        "backup-failed eu1",
        "The last backup failed. The last good one has no date.",
        since="11-23 01:00",
        evidence={"count": 1, "at": "2026-11-23T01:00:00Z", "state": "Failed", "expiresAt": "2026-12-23T01:00:00Z"},
    ),
    whole(
        "Every cluster failed with a run that names none",
        backup(*nightly(last="11-22"), run("11-23 01:00", "Failed", refs=[], name="nightly")),
        "backup-failed",
        "The last backup failed. The last good one was on Sun 2026-11-22.",
        since="11-23 01:00",
        evidence={
            "count": 1,
            "lastGoodAt": "2026-11-22T01:00:00Z",
            "backupName": "nightly",
            "at": "2026-11-23T01:00:00Z",
            "state": "Failed",
            "expiresAt": "2026-12-23T01:00:00Z",
        },
    ),
    whole(
        "An incomplete backup",
        backup(*nightly(last="11-22"), run("11-23 01:00", eu1=copy("PartiallyFailed", msg="2 errors"))),
        "backup-partially-failed eu1",
        "The last backup is incomplete: 2 errors. The last good one was on Sun 2026-11-22.",
        since="11-23 01:00",
        evidence={
            "count": 1,
            "lastGoodAt": "2026-11-22T01:00:00Z",
            "at": "2026-11-23T01:00:00Z",
            "state": "PartiallyFailed",
            "palette": "2 errors",
            "expiresAt": "2026-12-23T01:00:00Z",
        },
    ),
    whole(
        "A row of incomplete backups",
        backup(*nightly(last="11-21"), *nightly("11-22", state="PartiallyFailed")),
        "backup-partially-failed eu1",
        "The last 2 backups are incomplete. The last good one was on Sat 2026-11-21.",
        since="11-22 01:00",
        evidence={
            "count": 2,
            "lastGoodAt": "2026-11-21T01:00:00Z",
            "at": "2026-11-23T01:00:00Z",
            "state": "PartiallyFailed",
            "expiresAt": "2026-12-23T01:00:00Z",
        },
    ),
    whole(
        "A running backup that can only end incomplete, after one that did",
        backup(
            *nightly(last="11-22"),
            run("11-23 01:00", "PartiallyFailed"),
            run("11-23 06:00", "FinalizingPartiallyFailed"),
        ),
        "backup-partially-failed eu1",
        "The running backup has lost parts already and can only end incomplete. The last good one "
        "was on Sun 2026-11-22.",
        since="11-23 01:00",
        evidence={
            "count": 2,
            "lastGoodAt": "2026-11-22T01:00:00Z",
            "at": "2026-11-23T06:00:00Z",
            "state": "FinalizingPartiallyFailed",
            "expiresAt": "2026-12-23T06:00:00Z",
        },
    ),
    whole(
        "A run failed, and no cluster in it did",
        backup(*nightly(last="11-22"), run("11-23 01:00", "Failed", eu1="Completed", us2="Completed", name="nightly")),
        "backup-failed",
        "The last run as a whole says 'Failed', though no cluster in it failed: it does not say what went wrong.",
        since="11-23 01:00",
        evidence={
            "backupName": "nightly",
            "at": "2026-11-23T01:00:00Z",
            "state": "Completed",
            "expiresAt": "2026-12-23T01:00:00Z",
            "runState": "Failed",
        },
    ),
    whole(
        "A run is incomplete, and no cluster in it is",
        backup(*nightly(last="11-22"), run("11-23 01:00", "PartiallyFailed", eu1="Completed", us2="Completed")),
        "backup-partially-failed",
        "The last run as a whole says 'PartiallyFailed', though every cluster in it succeeded: it "
        "does not say which parts are missing.",
        since="11-23 01:00",
        evidence={
            "at": "2026-11-23T01:00:00Z",
            "state": "Completed",
            "expiresAt": "2026-12-23T01:00:00Z",
            "runState": "PartiallyFailed",
        },
    ),
    whole(
        "A backup is stuck",
        backup(*nightly(last="11-21"), run("11-22 01:00", "Completed", eu1="InProgress")),
        "backup-stuck eu1",
        "A backup has been running for 30 hours; the limit is 6 hours.",
        since="11-22 01:00",
        evidence={
            "at": "2026-11-22T01:00:00Z",
            "state": "InProgress",
            "expiresAt": "2026-12-22T01:00:00Z",
            "runState": "Completed",
        },
    ),
    whole(
        "A backup is stuck, and has no start time",
        backup(run(None, "InProgress")),
        "backup-stuck eu1",
        "A backup has been running for an unknown time (it has no start time); the limit is 6 hours.",
        evidence={"state": "InProgress", "runState": "InProgress"},
    ),
    whole(
        "A run is stuck, and its clusters have finished",
        backup(*nightly(last="11-21"), run("11-22 01:00", "InProgress", eu1="Completed", us2="Completed")),
        "backup-stuck",
        "A backup has been running for 30 hours; the limit is 6 hours.",
        since="11-22 01:00",
        evidence={
            "at": "2026-11-22T01:00:00Z",
            "state": "Completed",
            "expiresAt": "2026-12-22T01:00:00Z",
            "runState": "InProgress",
        },
    ),
    whole(
        "The latest backup has a state that nobody knows",
        backup(*nightly(last="11-22"), run("11-23 01:00", eu1="Sleeping")),
        "backup-state-unknown eu1",
        "The latest backup says 'Sleeping', which is no known state: it cannot be counted as good.",
        since="11-23 01:00",
        evidence={"at": "2026-11-23T01:00:00Z", "state": "Sleeping", "expiresAt": "2026-12-23T01:00:00Z"},
    ),
    whole(
        "A backup that is not the latest has a state that nobody knows",
        backup(*nightly(last="11-22"), run("11-23 01:00", eu1="Sleeping"), run("11-23 06:00", "InProgress")),
        "backup-state-unknown eu1",
        "A backup says 'Sleeping', which is no known state: it cannot be counted as good.",
        since="11-23 01:00",
        evidence={"at": "2026-11-23T01:00:00Z", "state": "Sleeping", "expiresAt": "2026-12-23T01:00:00Z"},
    ),
    whole(
        "A backup gives no state",
        backup(*nightly(last="11-22"), run("11-23 01:00", None)),
        "backup-state-unknown eu1",
        "The latest backup gives no state: it cannot be counted as good.",
        since="11-23 01:00",
        evidence={"at": "2026-11-23T01:00:00Z", "expiresAt": "2026-12-23T01:00:00Z"},
    ),
    whole(
        "The state of a backup is blank",
        backup(*nightly(last="11-22"), run("11-23 01:00", " - ")),
        "backup-state-unknown eu1",
        "The latest backup gives no state: it cannot be counted as good.",
        since="11-23 01:00",
        evidence={"at": "2026-11-23T01:00:00Z", "state": "-", "expiresAt": "2026-12-23T01:00:00Z"},
    ),
    whole(
        "A run has a state that nobody knows, and its clusters have finished",
        backup(*nightly(last="11-22"), run("11-23 01:00", "Sleeping", eu1="Completed", us2="Completed")),
        "backup-state-unknown",
        "The latest run as a whole says 'Sleeping', which is no known state: it cannot be counted as good.",
        since="11-23 01:00",
        evidence={"at": "2026-11-23T01:00:00Z", "state": "Sleeping", "expiresAt": "2026-12-23T01:00:00Z"},
    ),
    whole(
        "The last backup left a cluster out that was in those before",
        backup(
            *nightly(last="11-21"), run("11-22 01:00", us2=NOTHING), run("11-23 01:00", us2=NOTHING, name="nightly")
        ),
        "cluster-not-backed-up us2",
        "The last backup left this cluster out. Its own last backup was on Sat 2026-11-21.",
        since="11-22 01:00",
        evidence={"backupName": "nightly", "at": "2026-11-23T01:00:00Z"},
    ),
    whole(
        "The last backup left a cluster out that no run ever had",
        backup(*nightly("11-22", us2=NOTHING)),
        "cluster-not-backed-up us2",
        "The last backup left this cluster out. It has no backup of its own at all.",
        since="11-22 01:00",
        evidence={"at": "2026-11-23T01:00:00Z"},
    ),
    whole(
        "A cluster missed due times that others did not miss",
        backup(*nightly(last="11-21"), only("eu1", "11-23 04:00", "InProgress")),
        "cluster-not-backed-up us2",
        "No backup of this cluster began for 2 due times, the first on Sun 2026-11-22, though others "
        "were backed up. Its own last backup was on Sat 2026-11-21.",
        since="11-22 01:00",
        evidence={"missed": 2, "lastRunAt": "2026-11-21T01:00:00Z"},
    ),
    whole(
        "A backup lacks namespaces of the policy",
        backup(
            *nightly(last="11-21", eu1=copy(namespaces=["web", "shop"])),
            *nightly("11-22", eu1=copy(namespaces=["web"])),
            namespaces=["web", "shop", "(web"],
        ),
        "namespace-not-backed-up eu1",
        "The last backup lacks 2 namespaces of the policy: shop, (web. The pattern (web cannot be checked.",
        since="11-16 01:00",
        evidence={
            "namespaces": ["shop", "(web"],
            "at": "2026-11-23T01:00:00Z",
            "state": "Completed",
            "expiresAt": "2026-12-23T01:00:00Z",
        },
    ),
    whole(
        "A backup lacks more namespaces than evidence names",
        backup(*nightly(eu1=copy(namespaces=["web"])), namespaces=[*NUMBERED, "(web"]),
        "namespace-not-backed-up eu1",
        "The last backup lacks 101 namespaces of the policy: shop-0, shop-1, shop-2, shop-3, shop-4 and 96 more.",
        since="11-16 01:00",
        evidence={
            "namespaces": NUMBERED,
            "at": "2026-11-23T01:00:00Z",
            "state": "Completed",
            "expiresAt": "2026-12-23T01:00:00Z",
        },
    ),
    whole(
        "A backup lacks one namespace",
        backup(*nightly(eu1=copy(namespaces=["web"])), namespaces=["web", "shop"]),
        "namespace-not-backed-up eu1",
        "The last backup lacks 1 namespace of the policy: shop.",
        since="11-16 01:00",
        evidence={
            "namespaces": ["shop"],
            "at": "2026-11-23T01:00:00Z",
            "state": "Completed",
            "expiresAt": "2026-12-23T01:00:00Z",
        },
    ),
]

WHAT_IS_LEFT = [
    whole(
        "Every copy has expired",
        backup(*nightly(last="11-20"), *nightly("11-21", state="Failed"), hours=48),
        "backup-expired eu1",
        "Nothing can be restored: the last copy expired on Sun 2026-11-22.",
        since="11-22 01:00",
        evidence={"at": "2026-11-20T01:00:00Z", "state": "Completed", "expiresAt": "2026-11-22T01:00:00Z"},
    ),
    whole(
        "No run ever had the cluster",
        backup(*nightly()),
        "never-backed-up ap3",
        "Nothing can be restored: there is no backup of it.",
        evidence={"attempts": 0},
        workspace=listed(["eu1", "us2", "ap3"]),
    ),
    whole(
        "No backup of the cluster ever succeeded",
        backup(*nightly(eu1="Failed")),
        "never-backed-up eu1",
        "Nothing can be restored: no backup has ever succeeded.",
        evidence={"attempts": 8},
    ),
    whole(
        "Every copy was deleted",
        backup(*nightly(eu1=copy(deleted="Deleted"))),
        "never-backed-up eu1",
        "Nothing can be restored: every copy there was has been deleted, or is being deleted.",
        evidence={"attempts": 8},
    ),
    whole(
        "The first backup is still running",
        backup(run("11-23 00:59", "InProgress"), created="11-22 12:00"),
        "never-backed-up eu1",
        "Nothing can be restored: its first backup is still running.",
        evidence={"attempts": 1},
    ),
    whole(
        "A run succeeded and names no cluster backup",
        backup(run("11-22 01:00", "Failed"), run("11-23 01:00", refs=[])),
        "never-backed-up eu1",
        "Nothing can be restored: a run says it succeeded but names no cluster backup.",
        evidence={"attempts": 2},
    ),
    whole(
        "There are only incomplete copies",
        backup(*nightly(eu1="PartiallyFailed")),
        "only-incomplete-copies eu1",
        "No complete copy can be restored: there are only incomplete ones. The newest is of Mon "
        "2026-11-23 and expires on Wed 2026-12-23.",
        evidence={"at": "2026-11-23T01:00:00Z", "state": "PartiallyFailed", "expiresAt": "2026-12-23T01:00:00Z"},
    ),
    whole(
        "There is only an incomplete copy without a date",
        backup(run(None, "PartiallyFailed")),
        "only-incomplete-copies eu1",
        "No complete copy can be restored: there are only incomplete ones. The newest has no date.",
        evidence={"state": "PartiallyFailed"},
    ),
    whole(
        "A young policy has had no run",
        backup(created="11-23 02:00"),
        "awaiting-first-backup eu1",
        "The policy is new (since Mon 2026-11-23): its first backup is due 2026-11-24 01:00 UTC.",
        evidence={"dueAt": "2026-11-24T01:00:00Z"},
    ),
    whole(
        "The first backup is at work",
        backup(run("11-23 01:00", "InProgress"), created="11-22 12:00"),
        "awaiting-first-backup eu1",
        "There is no copy yet: its first backup has been running for 6 hours.",
    ),
    whole(
        "The first backup is at work, and the policy's age is not known",
        backup(run("11-23 01:00", "InProgress"), created=None),
        "awaiting-first-backup eu1",
        "There is no copy yet: its first backup has been running for 6 hours.",
        workspace=listed(created=None),
    ),
    whole(
        "The first backup is due in more than a week",
        backup(schedule="0 1 1 * *", hours=1000, created="11-15 06:59"),
        "no-copy-yet eu1",
        "Nothing can be restored for 8 days now: its first backup is due 2026-12-01 01:00 UTC.",
        since="11-15 06:59",
        evidence={"dueAt": "2026-12-01T01:00:00Z"},
    ),
    whole(
        "The first backup is at work after more than a week",
        backup(run("11-23 01:00", "InProgress"), schedule="0 1 23 * *", hours=1000, created="11-10 07:00"),
        "no-copy-yet eu1",
        "Nothing can be restored for 13 days now: its first backup has been running for 6 hours.",
        since="11-10 07:00",
    ),
    whole(
        "The last copy expires soon",
        backup(*nightly(last="11-22"), run("11-23 01:00", eu1="Failed"), hours=48),
        "backup-expiring eu1",
        "The last copy expires on Tue 2026-11-24, in 18 hours, and nothing shows that a new one will be there by then.",
        evidence={
            "nextDueAt": "2026-11-24T01:00:00Z",
            "at": "2026-11-22T01:00:00Z",
            "state": "Completed",
            "expiresAt": "2026-11-24T01:00:00Z",
        },
    ),
    whole(
        "The last copy is too old",
        backup(*nightly(last="11-20"), *nightly("11-21", eu1="Failed")),
        "restore-point-too-old eu1",
        "The last copy is of Fri 2026-11-20; it should be no older than 2 days.",
        since="11-22 01:00",
        evidence={"at": "2026-11-20T01:00:00Z", "state": "Completed", "expiresAt": "2026-12-20T01:00:00Z"},
        thresholds=Thresholds(max_backup_age=timedelta(days=2)),
    ),
    whole(
        "The last copy has no date",
        backup(run(None)),
        "restore-point-too-old eu1",
        "The last copy has no date; it should be no older than 2 days.",
        evidence={"state": "Completed"},
        thresholds=Thresholds(max_backup_age=timedelta(days=2)),
    ),
    whole(
        "No copy comes, for the latest has been deleted",
        backup(*nightly(last="11-20"), *nightly("11-21", eu1=copy(deleted="Deleted"))),
        "backup-state-unknown eu1",
        "No copy has come since Fri 2026-11-20, although backups began, and nothing says why: the "
        "latest one has been deleted, or is being deleted.",
        since="11-20 01:00",
        evidence={"at": "2026-11-23T01:00:00Z", "state": "Completed", "expiresAt": "2026-12-23T01:00:00Z"},
    ),
    whole(
        "No copy comes, for the latest has expired",
        backup(*nightly(last="11-20"), *nightly("11-21", eu1=copy(expires="11-23 05:00"))),
        "backup-state-unknown eu1",
        "No copy has come since Fri 2026-11-20, although backups began, and nothing says why: the "
        "latest one has expired already.",
        since="11-20 01:00",
        evidence={"at": "2026-11-23T01:00:00Z", "state": "Completed", "expiresAt": "2026-11-23T05:00:00Z"},
    ),
    whole(
        "No copy comes, for the latest is being deleted by its own word",
        backup(*nightly(last="11-20"), *nightly("11-21", eu1="Deleting")),
        "backup-state-unknown eu1",
        "No copy has come since Fri 2026-11-20, although backups began, and nothing says why: the "
        "latest one says 'Deleting'.",
        since="11-20 01:00",
        evidence={"at": "2026-11-23T01:00:00Z", "state": "Deleting", "expiresAt": "2026-12-23T01:00:00Z"},
    ),
    whole(
        "No copy comes, for the latest run names no cluster backup",
        backup(*nightly(last="11-20"), *nightly("11-21", refs=[])),
        "backup-state-unknown eu1",
        "No copy has come since Fri 2026-11-20, although backups began, and nothing says why: the "
        "latest one names no cluster backup.",
        since="11-20 01:00",
        evidence={"at": "2026-11-23T01:00:00Z", "state": "Completed", "expiresAt": "2026-12-23T01:00:00Z"},
    ),
    whole(
        "No copy comes under a policy that is made anew again and again",
        backup(*nightly("11-09", "11-10"), created="11-23 06:00"),
        "backup-state-unknown eu1",
        "No copy has come since Tue 2026-11-10, although its policy was made anew on Mon 2026-11-23, "
        "which excuses no longer pause: no later one is of this cluster.",
        since="11-10 01:00",
        evidence={"at": "2026-11-10T01:00:00Z", "state": "Completed", "expiresAt": "2026-12-10T01:00:00Z"},
    ),
    whole(
        "No copy comes, and the last one has no date",
        backup(run(None), *nightly("11-21", eu1=copy(deleted="Deleted"))),
        "backup-state-unknown eu1",
        "No copy has come for an unknown time (the last one has no date), although backups began, "
        "and nothing says why: the latest one has been deleted, or is being deleted.",
        evidence={"at": "2026-11-23T01:00:00Z", "state": "Completed", "expiresAt": "2026-12-23T01:00:00Z"},
    ),
    whole(
        "One backup could not be deleted",
        backup(*nightly(last="11-22"), run("11-23 01:00", eu1=copy(deleted="Failed"))),
        "delete-failed eu1",
        "1 old backup could not be deleted.",
        since="11-23 01:00",
        evidence={"count": 1, "at": "2026-11-23T01:00:00Z", "state": "Completed", "expiresAt": "2026-12-23T01:00:00Z"},
    ),
    whole(
        "Several backups could not be deleted",
        backup(*nightly(last="11-22", deleted="Failed"), run("11-23 01:00")),
        "delete-failed eu1",
        "7 old backups could not be deleted.",
        since="11-16 01:00",
        evidence={"count": 7, "at": "2026-11-22T01:00:00Z", "state": "Completed", "expiresAt": "2026-12-22T01:00:00Z"},
    ),
    whole(
        "A deletion takes for ever",
        backup(run("11-10 01:00", hours=24, eu1=copy(deleted="InProgress")), *nightly()),
        "delete-stuck eu1",
        "1 old backup has been under deletion for more than 7 days.",
        since="11-11 01:00",
        evidence={"count": 1, "at": "2026-11-10T01:00:00Z", "state": "Completed", "expiresAt": "2026-11-11T01:00:00Z"},
    ),
    whole(
        "Several deletions take for ever",
        backup(*nightly("11-10", "11-12", hours=24, deleted="InProgress"), *nightly()),
        "delete-stuck eu1",
        "3 old backups have been under deletion for more than 7 days.",
        since="11-11 01:00",
        evidence={"count": 3, "at": "2026-11-10T01:00:00Z", "state": "Completed", "expiresAt": "2026-11-11T01:00:00Z"},
    ),
    whole(
        "A run that is asked for alone left no copy",
        backup(run("11-23 01:00", eu1=copy(deleted="Deleted"))),
        "never-backed-up eu1",
        "Nothing can be restored from this run: its copy has been deleted, or is being deleted.",
        evidence={"at": "2026-11-23T01:00:00Z", "state": "Completed", "expiresAt": "2026-12-23T01:00:00Z"},
        single_run=True,
    ),
    whole(
        "A run that is asked for alone names no cluster backup",
        backup(run("11-23 01:00", refs=[])),
        "never-backed-up eu1",
        "Nothing can be restored from this run: it names no cluster backup.",
        evidence={"at": "2026-11-23T01:00:00Z", "state": "Completed", "expiresAt": "2026-12-23T01:00:00Z"},
        single_run=True,
    ),
    whole(
        "A restore point has vanished, and others are left",
        backup(*nightly("11-23")),
        "restore-points-vanished eu1",
        "The restore point of Sun 2026-11-22 is gone. It was to be kept until Tue 2026-12-22, and "
        "nothing says that it was deleted on purpose.",
        since="11-23 07:00",
        evidence={"at": "2026-11-22T01:00:00Z", "expiresAt": "2026-12-22T01:00:00Z", "requestUid": "req-11-22 01:00"},
        last=(backup(*nightly(last="11-22")), "11-22 07:00"),
    ),
    whole(
        "The restore point that has vanished has no date",
        backup(*nightly("11-23")),
        "restore-points-vanished eu1",
        "The restore point of an unknown day is gone. It was to be kept until Thu 2026-12-24, and "
        "nothing says that it was deleted on purpose.",
        since="11-23 07:00",
        evidence={"expiresAt": "2026-12-24T01:00:00Z", "requestUid": "req-None"},
        last=(backup(run(None, refs=[ref("eu1", copy(expires="12-24 01:00"))])), "11-22 07:00"),
    ),
    whole(
        "The last restore point has vanished",
        backup(),
        "never-backed-up eu1",
        "Nothing can be restored: there is no backup of it. The restore point of Sun 2026-11-22, "
        "which an earlier report knew, is gone.",
        evidence={"attempts": 0},
        last=(backup(*nightly(last="11-22")), "11-22 07:00"),
    ),
    whole(
        "The last restore point has vanished, and an older one has expired",
        backup(run("11-16 01:00", hours=24)),
        "backup-expired eu1",
        "Nothing can be restored: the last copy expired on Tue 2026-11-17. The restore point of Sun "
        "2026-11-22, which an earlier report knew, is gone.",
        since="11-17 01:00",
        evidence={"at": "2026-11-16T01:00:00Z", "state": "Completed", "expiresAt": "2026-11-17T01:00:00Z"},
        last=(backup(*nightly(last="11-22")), "11-22 07:00"),
    ),
    whole(
        "The last restore point has vanished, and an incomplete copy is left",
        backup(run("11-23 01:00", "PartiallyFailed")),
        "only-incomplete-copies eu1",
        "No complete copy can be restored: there are only incomplete ones. The newest is of Mon "
        "2026-11-23 and expires on Wed 2026-12-23. The restore point of Sun 2026-11-22, which an "
        "earlier report knew, is gone.",
        evidence={"at": "2026-11-23T01:00:00Z", "state": "PartiallyFailed", "expiresAt": "2026-12-23T01:00:00Z"},
        last=(backup(*nightly(last="11-22")), "11-22 07:00"),
    ),
    whole(
        "A cluster was added",
        backup(*nightly()),
        "awaiting-first-backup ap3",
        "The cluster is new (since Mon 2026-11-23): its first backup is due 2026-11-24 01:00 UTC.",
        evidence={"dueAt": "2026-11-24T01:00:00Z"},
        workspace=listed(["eu1", "us2", "ap3"]),
        last=(backup(*nightly(last="11-22")), "11-22 07:00"),
    ),
    whole(
        "A deletion that never ends began before the first report that saw it",
        backup(run("11-10 01:00", eu1=copy(deleted="InProgress")), *nightly()),
        "delete-stuck eu1",
        "1 old backup has been under deletion for more than 7 days.",
        since="11-14 07:00",
        evidence={"count": 1, "at": "2026-11-10T01:00:00Z", "state": "Completed", "expiresAt": "2026-12-10T01:00:00Z"},
        last=(backup(run("11-10 01:00", eu1=copy(deleted="InProgress"))), "11-14 07:00"),
    ),
    whole(
        "The first backup is at work while the grace of its due time lasts",
        backup(run("11-23 01:00", "InProgress"), created="11-22 12:00"),
        "awaiting-first-backup eu1",
        "The policy is new (since Sun 2026-11-22): its first backup has been running for 60 minutes.",
        evidence={"dueAt": "2026-11-23T01:00:00Z"},
        now="11-23 02:00",
    ),
]

POLICY_AND_SCHEDULE = [
    whole(
        "Copies are kept for less than the longest pause",
        backup(*nightly(), hours=23.5),
        "retention-gap",
        "Copies are kept for 23.5 hours, but up to 24 hours pass between two backups: in between "
        "there is nothing to restore.",
        evidence={"retentionHours": 23.5, "longestPauseHours": 24.0},
    ),
    whole(
        "There is no schedule",
        backup(*nightly(), schedule=None),
        "not-scheduled",
        "The policy has no schedule: backups run only on demand.",
    ),
    whole(
        "There is no schedule, and no run for long",
        backup(*nightly("11-09", "11-10"), schedule=None),
        "backups-stopped",
        "The policy has no schedule, and no backup has begun for 13 days, since Tue 2026-11-10.",
        since="11-10 01:00",
        evidence={"lastRunAt": "2026-11-10T01:00:00Z"},
    ),
    whole(
        "There is no schedule, and no run of one cluster for long",
        backup(*nightly("11-10", "11-10"), only("us2", "11-23 01:00"), schedule=None),
        "backups-stopped eu1",
        "The policy has no schedule, and no backup of this cluster has begun for 13 days, since Tue 2026-11-10.",
        since="11-10 01:00",
        evidence={"lastRunAt": "2026-11-10T01:00:00Z"},
    ),
    whole(
        "There is no schedule, and no run has a date",
        backup(run(None), schedule=None),
        "backups-stopped",
        "The policy has no schedule, and no backup has begun at any known time.",
    ),
    whole(
        "The schedule cannot be read",
        backup(*nightly(), schedule="every day"),
        "schedule-unreadable",
        "The schedule 'every day' cannot be read: it has 2 fields, not five (minute hour day month "
        "weekday). Late backups go unnoticed until it can.",
        evidence={"schedule": "every day"},
    ),
    whole(
        "The policy leaves out volumes",
        backup(*nightly(), includeAllDisks=False),
        "disks-not-included",
        "The policy leaves out volumes: a restore cannot bring them back.",
    ),
    whole(
        "The policy leaves out volumes and cluster resources",
        backup(*nightly(), includeAllDisks=False, includeClusterResourceMode=" NEVER"),
        "disks-not-included",
        "The policy leaves out volumes and cluster resources (and the volumes among them): a restore "
        "cannot bring them back.",
    ),
    whole(
        "The runs begin in another time zone",
        backup(*(run(f"11-{day} 19:30") for day in range(16, 23)), created="11-10 01:00"),
        "schedule-shifted",
        "Backups begin 5 hours 30 minutes earlier than the schedule says in UTC: due times are moved "
        "by that. If the schedule is in another time zone, name it in the setting "
        "SCHEDULE_TIME_ZONE.",
        evidence={"shiftMinutes": -330, "schedule": "0 1 * * *"},
    ),
    whole(
        "The runs begin earlier, in another time zone",
        backup(*(run(f"11-{day} 00:00") for day in range(16, 24)), schedule="0 1 * * *", created="11-10 01:00"),
        "schedule-shifted",
        "Backups begin 1 hour earlier than the schedule says in UTC: due times are moved by that. If "
        "the schedule is in another time zone, name it in the setting SCHEDULE_TIME_ZONE.",
        evidence={"shiftMinutes": -60, "schedule": "0 1 * * *"},
    ),
    whole(
        "The policy does not name a cluster",
        backup(*nightly(us2=NOTHING), all_clusters=False, uids=["eu1"]),
        "cluster-not-in-policy us2",
        "The workspace has this cluster, and its backup policy does not name it.",
    ),
    whole(
        "The policy names no cluster, and no run has one",
        backup(*nightly(us2=NOTHING), all_clusters=None),
        "cluster-not-in-policy us2",
        "The workspace has this cluster, and its backup policy names no cluster, and no backup has ever had it.",
    ),
    whole(
        "The policy names a cluster that is gone",
        backup(*nightly(), all_clusters=False, uids=["eu1", "us2", "ap3"]),
        "policy-names-missing-cluster",
        "The policy names 1 cluster that the workspace does not have: ap3.",
        evidence={"clusters": ["ap3"]},
    ),
    whole(
        "The runs begin later, in another time zone",
        backup(*(run(f"11-{day} 09:01") for day in range(16, 23)), created="11-10 01:00"),
        "schedule-shifted",
        "Backups begin 8 hours 1 minute later than the schedule says in UTC: due times are moved by "
        "that. If the schedule is in another time zone, name it in the setting SCHEDULE_TIME_ZONE.",
        evidence={"shiftMinutes": 481, "schedule": "0 1 * * *"},
        now="11-22 12:00",
    ),
    whole(
        "The workspace has namespaces that the policy does not name",
        backup(*nightly(eu1=copy(namespaces=["web"]), us2=copy(namespaces=["web"])), namespaces=["web"]),
        "namespaces-not-in-policy",
        "The policy leaves out 1 namespace of the workspace: shop.",
        evidence={"namespaces": ["shop"]},
        workspace=has_namespaces("web", "shop"),
    ),
    whole(
        "The runs begin some minutes early",
        backup(*(run(f"11-{day} 00:40") for day in range(16, 24)), created="11-10 01:00"),
        "schedule-shifted",
        "Backups begin 20 minutes earlier than the schedule says in UTC: due times are moved by "
        "that. If the schedule is in another time zone, name it in the setting SCHEDULE_TIME_ZONE.",
        evidence={"shiftMinutes": -20, "schedule": "0 1 * * *"},
    ),
]

RESTORES = [
    whole(
        "No restore is known",
        backup(*nightly()),
        "restore-untested",
        "No successful restore is known; one is expected every 31 days.",
        thresholds=TESTED,
        restores=[],
    ),
    whole(
        "The restores cannot be read",
        backup(*nightly()),
        "restore-untested",
        "Whether a restore was tried is not known: the restores cannot be read (HTTP 403).",
        thresholds=TESTED,
        restores=None,
        restores_error="HTTP 403",
    ),
    whole(
        "The restores were not asked for",
        backup(*nightly()),
        "restore-untested",
        "Whether a restore was tried is not known: the restores cannot be read (they were not asked for).",
        thresholds=TESTED,
        restores=None,
    ),
    whole(
        "The last restore that succeeded is too long ago",
        backup(*nightly()),
        "restore-untested",
        "The last successful restore was on Fri 2026-10-23; one is expected every 31 days.",
        evidence={"lastRestoreAt": "2026-10-23T06:59:00Z"},
        thresholds=TESTED,
        restores=[Restore(at=at("10-23 06:59"), state="Completed")],
    ),
    whole(
        "The last restore that succeeded has no date",
        backup(*nightly()),
        "restore-untested",
        "The last successful restore has no date; one is expected every 31 days.",
        thresholds=TESTED,
        restores=[Restore(state="Completed")],
    ),
    whole(
        "The last restore failed, and says why",
        backup(*nightly()),
        "restore-failed",
        "The last restore on Sun 2026-11-22 failed: No node is ready in FLEX.",
        since="11-22 06:00",
        evidence={"state": "Failed"},
        thresholds=TESTED,
        restores=[Restore(at=at("11-22 06:00"), state="Failed", message="No node is ready in FLEX. ")],
    ),
    whole(
        "The last restore failed, and has neither a date nor a reason",
        backup(*nightly()),
        "restore-failed",
        "The last restore failed (state 'PartiallyFailed').",
        evidence={"state": "PartiallyFailed"},
        thresholds=TESTED,
        restores=[Restore(state="PartiallyFailed")],
    ),
]

WORKSPACE = [
    whole(
        "No backup began",
        backup(*nightly(last="11-20")),
        "backup-overdue",
        "No backup began for 3 due times, the first on Sat 2026-11-21; the last run was on Fri 2026-11-20.",
        since="11-21 01:00",
        evidence={
            "missed": 3,
            "latestDueAt": "2026-11-23T01:00:00Z",
            "lastRunAt": "2026-11-20T01:00:00Z",
            "schedule": "0 1 * * *",
        },
    ),
    whole(
        "No backup began, and nobody knows since when",
        backup(schedule=DAILY, created=None),
        "backup-overdue",
        "No backup began for at least 1 due time, the latest on Mon 01:00; there is no run at all.",
        evidence={"missed": 1, "latestDueAt": "2026-11-23T01:00:00Z", "schedule": "0 1 * * *"},
        workspace=listed(created=None),
    ),
    whole(
        "No backup began, and no run has a date",
        backup(run(None, refs=[ref("eu1", "Completed")]), created="11-21 07:00"),
        "backup-overdue",
        "No backup began for 2 due times, the first on Sun 2026-11-22; no run has a date.",
        since="11-22 01:00",
        evidence={"missed": 2, "latestDueAt": "2026-11-23T01:00:00Z", "schedule": "0 1 * * *"},
    ),
    whole(
        "An entry of the history cannot be read",
        backup(*nightly(), {"workspaceBackupConfig": {"requestTime": 5}}),
        "unreadable",
        "1 entry of the backup history could not be understood: Expected `str | null`, got `int` - "
        "at `$.status.workspaceBackupStatuses[8].workspaceBackupConfig.requestTime`",
        evidence={
            "errors": [
                "Expected `str | null`, got `int` - at `$.status.workspaceBackupStatuses[8].workspaceBackupConfig.requestTime`"
            ]
        },
    ),
    whole(
        "Entries of the history cannot be read",
        backup(*nightly(), {"workspaceBackupConfig": 1}, {"workspaceBackupConfig": 2}),
        "unreadable",
        "2 entries of the backup history could not be understood: Expected `object | null`, got "
        "`int` - at `$.status.workspaceBackupStatuses[8].workspaceBackupConfig`",
        evidence={
            "errors": [
                "Expected `object | null`, got `int` - at `$.status.workspaceBackupStatuses[8].workspaceBackupConfig`",
                "Expected `object | null`, got `int` - at `$.status.workspaceBackupStatuses[9].workspaceBackupConfig`",
            ]
        },
    ),
    whole(
        "A run is dated in the future",
        backup(*nightly(), run("11-23 09:00")),
        "backup-state-unknown",
        "1 backup is dated in the future (2026-11-23 09:00 UTC): what cannot have happened yet is not counted.",
        evidence={"at": "2026-11-23T09:00:00Z", "count": 1},
    ),
    whole(
        "Copies are dated in the future",
        backup(*nightly(last="11-22"), run("11-23 01:00", eu1=copy(at="11-23 09:00"), us2=copy(at="11-23 09:30"))),
        "backup-state-unknown",
        "2 backups are dated in the future (2026-11-23 09:30 UTC): a clock is wrong, and the time of "
        "the run is taken instead.",
        evidence={"at": "2026-11-23T09:30:00Z", "count": 2},
    ),
    whole(
        "A run without any time did not succeed",
        backup(run(None, "Failed", name="nightly"), *nightly()),
        "backup-state-unknown",
        "1 run without any time did not succeed (state 'Failed'): it cannot be told whether it is the latest.",
        evidence={"count": 1, "state": "Failed", "backupName": "nightly"},
    ),
    whole(
        "A run without any time and without a state did not succeed",
        backup(run(None, None), *nightly()),
        "backup-state-unknown",
        "1 run without any time did not succeed (state ''): it cannot be told whether it is the latest.",
        evidence={"count": 1, "state": ""},
    ),
    whole(
        "Runs without any time did not succeed",
        backup(run(None, "Failed"), run(None, "PartiallyFailed"), *nightly()),
        "backup-state-unknown",
        "2 runs without any time did not succeed (state 'Failed'): it cannot be told whether it is the latest.",
        evidence={"count": 2, "state": "Failed"},
    ),
    whole(
        "A mute label is no date",
        backup(*nightly()),
        "mute-unreadable",
        "Nothing is muted: backup-reporter.mute should be a date such as 2026-12-31, not 'soon'.",
        workspace=listed(labels={"backup-reporter.mute": "soon"}),
    ),
    whole(
        "A mute is too long",
        backup(*nightly()),
        "mute-unreadable",
        "Nothing is muted: backup-reporter.mute is 2031-01-01: a mute may end 366 days ahead at most.",
        workspace=listed(labels={"backup-reporter.mute": "2031-01-01"}),
    ),
    whole(
        "A mute has no end",
        backup(*nightly()),
        "mute-unreadable",
        "Nothing is muted: backup-reporter.mute-codes is set without backup-reporter.mute: every mute needs an end.",
        workspace=listed(labels={"backup-reporter.mute-codes": "backup-failed"}),
    ),
    whole(
        "A mute names unknown codes",
        backup(*nightly()),
        "mute-unreadable",
        "Nothing is muted: backup-reporter.mute-codes should be known codes, not 'one two'.",
        workspace=listed(
            labels={"backup-reporter.mute": "2026-12-31", "backup-reporter.mute-codes": "two.backup-failed.One"}
        ),
    ),
    whole(
        "A workspace is being deleted",
        backup(*nightly()),
        "being-deleted",
        "The workspace is being deleted.",
        since="11-23 06:00",
        workspace=listed(deleted="11-23 06:00"),
    ),
    whole(
        "A workspace has no policy",
        backup(schedule=" "),
        "not-protected",
        "The workspace has no backup policy: it has neither a schedule nor a backup.",
    ),
    whole(
        "No backup began for more due times than are counted",
        backup(run("10-01 01:00"), schedule="* * * * *", hours=9000),
        "backup-overdue",
        "No backup began for at least 1000 due times, the latest on Mon 05:00; the last run was on Thu 2026-10-01.",
        since="11-22 12:21",
        evidence={
            "missed": 1000,
            "latestDueAt": "2026-11-23T05:00:00Z",
            "lastRunAt": "2026-10-01T01:00:00Z",
            "schedule": "* * * * *",
        },
    ),
    whole(
        "More entries of the history cannot be read than evidence names",
        backup(*nightly(), *({"workspaceBackupConfig": 1} for _ in range(21))),
        "unreadable",
        "21 entries of the backup history could not be understood: Expected `object | null`, got "
        "`int` - at `$.status.workspaceBackupStatuses[8].workspaceBackupConfig`",
        evidence={"errors": [OBJECT_EXPECTED.format(place) for place in range(8, 28)]},
    ),
]

SURROUNDINGS = [
    whole(
        "The policy's backup location is gone",
        backup(*nightly(), backupLocationUid="loc-1", backupLocationName="bucket-a"),
        "location-missing",
        "The policy's backup location 'bucket-a' does not exist any more: no backup can be written to it.",
        evidence={"backupLocationUid": "loc-1", "backupLocationName": "bucket-a"},
        surroundings=Surroundings(location_uids=frozenset(["loc-2"])),
    ),
    whole(
        "The policy's backup location is gone, and has no name",
        backup(*nightly(), backupLocationUid="loc-1"),
        "location-missing",
        "The policy's backup location does not exist any more: no backup can be written to it.",
        evidence={"backupLocationUid": "loc-1"},
        surroundings=Surroundings(location_uids=frozenset(["loc-2"])),
    ),
    whole(
        "The mode is Always",
        backup(*nightly(), includeClusterResourceMode=" ALWAYS "),
        "restore-in-place-only",
        "The policy backs up all cluster resources (mode Always): Palette restores such a backup "
        "only onto the cluster it came from.",
    ),
    whole(
        "Palette does not see a cluster healthy that has restore points",
        backup(*nightly()),
        "cluster-unreachable eu1",
        "Palette does not see the cluster healthy, and restores a backup only while it does.",
        surroundings=Surroundings(unreachable_cluster_uids=frozenset(["eu1"])),
    ),
    whole(
        "A critical finding about a cluster that Palette does not see healthy",
        backup(*nightly(last="11-22"), run("11-23 01:00", eu1="Failed")),
        "backup-failed eu1",
        "The last backup failed. The last good one was on Sun 2026-11-22. Palette does not see the "
        "cluster healthy, so it cannot restore it now.",
        since="11-23 01:00",
        evidence={
            "count": 1,
            "lastGoodAt": "2026-11-22T01:00:00Z",
            "at": "2026-11-23T01:00:00Z",
            "state": "Failed",
            "expiresAt": "2026-12-23T01:00:00Z",
        },
        surroundings=Surroundings(unreachable_cluster_uids=frozenset(["eu1"])),
    ),
]


@pytest.mark.parametrize(
    "case", [*WHAT_BECAME_OF_BACKUPS, *WHAT_IS_LEFT, *POLICY_AND_SCHEDULE, *RESTORES, *WORKSPACE, *SURROUNDINGS]
)
def test_a_finding_says_all_of_this_and_no_more(case: Whole) -> None:
    findings = report_on(case.answer, **case.how).findings
    found = {label(finding): finding for finding in findings}[case.label]

    assert found.message == case.message
    assert (found.since, found.evidence) == (at(case.since) if case.since else None, case.evidence)


def cut(text: str, length: int) -> str:
    """A text without spaces, as it is quoted in so many characters."""
    return text[: length - 1] + "…"


X = "x" * 3000
TAGS, ESCAPED = "\U000e0001" * 250, r"\U000e0001" * 250
"""Invisible characters, and how they are shown."""
HOURS = "0 " + "1," * 200 + "1 * * *"

LONG_TEXTS: dict[str, tuple[str, Json, dict[str, Any], str, dict[str, Any]]] = {
    "a backup's state": (
        "backup-state-unknown eu1",
        backup(*nightly(last="11-22"), run("11-23 01:00", eu1=TAGS)),
        {},
        cut(ESCAPED, 100),
        {"state": cut(ESCAPED, 2000)},
    ),
    "a run's state": (
        "backup-failed",
        backup(*nightly(last="11-22"), run("11-23 01:00", X[:250], eu1="Completed", us2="Completed")),
        {"thresholds": Thresholds(extra_states={X[:250]: "failed"})},
        cut(X, 100),
        {"runState": X[:250]},
    ),
    "a pattern": (
        "namespace-not-backed-up eu1",
        backup(*nightly(eu1=copy(namespaces=["web"])), namespaces=["(" + X[:400]]),
        {},
        f"The pattern {cut('(' + X, 63)} cannot",
        {"namespaces": [cut("(" + X, 300)]},
    ),
    "a schedule that cannot be read": (
        "schedule-unreadable",
        backup(*nightly(), schedule=X[:101]),
        {},
        f"'{cut(X, 100)}' cannot be read: it has 1 field, not five",
        {"schedule": cut(X, 100)},
    ),
    "a schedule in another time zone": (
        "schedule-shifted",
        backup(*(run(f"11-{day} 19:30") for day in range(16, 23)), schedule=HOURS, created="11-10 01:00"),
        {},
        "5 hours 30 minutes earlier",
        {"schedule": cut(HOURS, 100)},
    ),
    "a schedule that was not kept": (
        "backup-overdue",
        backup(*nightly(last="11-22"), schedule=HOURS),
        {},
        "1 due time",
        {"schedule": cut(HOURS, 300)},
    ),
    "a namespace": (
        "namespaces-not-in-policy",
        backup(*nightly(), namespaces=["web"]),
        {"workspace": has_namespaces(X[:101])},
        cut(X, 63),
        {"namespaces": [cut(X, 100)]},
    ),
    "a cluster that is gone": (
        "policy-names-missing-cluster",
        backup(*nightly(), all_clusters=False, uids=["eu1", "us2", X[:101]]),
        {},
        cut(X, 63),
        {"clusters": [cut(X, 100)]},
    ),
    "a backup location": (
        "location-missing",
        backup(*nightly(), backupLocationUid="loc-1", backupLocationName=X[:201]),
        {"surroundings": Surroundings(location_uids=frozenset())},
        f"'{cut(X, 63)}'",
        {"backupLocationName": cut(X, 200)},
    ),
    "a restore's state": (
        "restore-failed",
        backup(*nightly()),
        {"thresholds": Thresholds(extra_states={X: "failed"}), "restores": [Restore(state=X)]},
        cut(X, 100),
        {"state": cut(X, 200)},
    ),
    "a mute's date": (
        "mute-unreadable",
        backup(*nightly()),
        {"workspace": listed(labels={"backup-reporter.mute": X})},
        f"'{cut(X, 60)}'",
        {},
    ),
    "a mute's codes": (
        "mute-unreadable",
        backup(*nightly()),
        {"workspace": listed(labels={"backup-reporter.mute": "2026-12-31", "backup-reporter.mute-codes": X})},
        f"'{cut(X, 60)}'",
        {},
    ),
    "a backup's message": (
        "backup-failed eu1",
        backup(*nightly(last="11-22"), run("11-23 01:00", eu1=copy("Failed", msg=X))),
        {},
        f": {cut(X, 300)}.",
        {"palette": cut(X, 2000)},
    ),
}


@pytest.mark.parametrize(("name", "answer", "how", "part", "evidence"), LONG_TEXTS.values(), ids=LONG_TEXTS.keys())
def test_long_texts_are_cut(name: str, answer: Json, how: dict[str, Any], part: str, evidence: dict[str, Any]) -> None:
    findings = report_on(answer, **how).findings
    found = {label(finding): finding for finding in findings}[name]

    assert part in found.message
    assert {key: found.evidence.get(key) for key in evidence} == evidence
