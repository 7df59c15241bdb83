"""Runs: their times, their order, and whom they speak for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backup_reporter.health.thresholds import Thresholds
from support.builders import (
    NOTHING,
    Row,
    at,
    backup,
    both,
    check,
    copy,
    listed,
    nightly,
    only,
    ref,
    row,
    run,
)

UNSET = {"missing": NOTHING, "null": None, "empty": "", "Go's zero time": "0001-01-01T00:00:00.000Z"}
A_DAY = Thresholds(max_backup_age=timedelta(hours=24))

TIMES = [
    row("A healthy fleet has no findings", backup(*nightly()), status="OK"),
    row(
        "A run's time is its requestTime, whatever its backupTime says",
        backup(run("11-23 01:00", backup_time="11-21 01:00")),
    ),
    row(
        "A run's time is its requestTime, even where its backupTime is later",
        backup(run("11-22 01:00", backup_time="11-23 01:00")),
        "backup-overdue",
    ),
    *(
        row(
            f"A run whose requestTime is not set ({how}) has its backupTime",
            backup(*nightly(last="11-22"), run(unset, backup_time="11-23 01:00")),
        )
        for how, unset in UNSET.items()
    ),
    row(
        "A run without requestTime is no newer than its backupTime",
        backup(run(backup_time="11-22 01:00")),
        "backup-overdue",
    ),
    row(
        "A run with neither has the earliest time of its cluster backups",
        backup(run(eu1=copy(at="11-23 02:00"), us2=copy(at="11-23 01:00"))),
    ),
    row(
        "The earliest time of the cluster backups counts, not the latest",
        backup(run(eu1=copy(at="11-23 01:00"), us2=copy(at="11-22 01:00"))),
        "backup-overdue",
    ),
    row(
        "A Go zero time is not the earliest time of a run's cluster backups",
        backup(run("", eu1=copy(at="11-23 01:00"), us2=copy(at="0001-01-01T00:00:00Z"))),
    ),
    row("Times may have nanoseconds and an offset", backup(run("2026-11-23T02:30:00.123456789+01:30"))),
    row(
        "Times with an offset are compared as instants",
        backup(run("2026-11-23T01:00:00+01:00")),
        "backup-overdue",
    ),
    row(
        "Runs come in no promised order: the newest counts, wherever it stands",
        backup(run("11-21 01:00"), run("11-23 01:00", "Failed"), run("11-22 01:00")),
        *both("backup-failed"),
    ),
    row(
        "An old failure that is listed last accuses nobody",
        backup(run("11-23 01:00"), run("11-22 01:00"), run("11-21 01:00", "Failed")),
    ),
    row(
        "A run with no time at all is the oldest, listed first",
        backup(run(), *nightly(last="11-22"), run("11-23 01:00", eu1="Failed")),
        "backup-failed eu1",
    ),
    row(
        "A run with no time at all is the oldest, listed last",
        backup(*nightly(last="11-22"), run("11-23 01:00", eu1="Failed"), run()),
        "backup-failed eu1",
    ),
    *(
        row(
            f"A run with no time at all that did not succeed may be the latest ({state})",
            backup(*nightly(), run(state=state)),
            "backup-state-unknown",
            says={"backup-state-unknown": ["1 run without any time", "whether it is the latest"]},
        )
        for state in ("Failed", "PartiallyFailed", "FinalizingPartiallyFailed", "Sleeping", None)
    ),
    row(
        "A run with no time and no state succeeded if its clusters did",
        backup(*nightly(), run(state=NOTHING, eu1="Completed", us2="Completed")),
    ),
    row(
        "A run with no time at all that succeeded for one cluster alone did not succeed",
        backup(*nightly(), run(eu1="Failed")),
        "backup-state-unknown",
    ),
    row(
        "A run with no time at all is judged where there is no other",
        backup(run(state="Failed"), created="11-23 02:00"),
        *both("backup-failed"),
        *both("never-backed-up"),
        since={"backup-failed eu1": None},
    ),
    row(
        "A run with no time at all does not answer a due time",
        backup(run()),
        "backup-overdue",
        says={"backup-overdue": ["no run has a date"]},
    ),
    row(
        "A cluster backup's time is its own backupTime",
        backup(run("11-23 01:00", eu1=copy(at="11-22 01:30"))),
        "restore-point-too-old eu1",
        thresholds=A_DAY,
    ),
    *(
        row(
            f"A cluster backup whose own time is not set ({how}) has the run's",
            backup(run("11-23 01:00", eu1=copy(at=unset))),
            thresholds=A_DAY,
        )
        for how, unset in UNSET.items()
    ),
    row(
        "A cluster's backups are put in order by their runs: a fast clock brings no old success to the front",
        backup(
            run("11-23 01:00", eu1=copy("Failed", at="11-23 01:00")),
            run("11-23 00:58", eu1=copy("Completed", at="11-23 05:00")),
        ),
        "backup-failed eu1",
        also=lambda verdict: verdict.clusters[0].newest_restore_point_at == at("11-23 00:58"),
    ),
    row(
        "A backup that waited in the queue is dated by itself, and is the latest by its run",
        backup(
            *nightly(last="11-21"),
            run("11-22 01:00", eu1=copy("Completed", at="11-22 23:30")),
            run("11-23 01:00", eu1=copy("Completed", at="11-23 02:30")),
        ),
        also=lambda verdict: verdict.clusters[0].newest_restore_point_at == at("11-23 02:30"),
    ),
]

REFLESS = [
    *(
        row(
            f"A run without cluster backups ({how}) speaks for every cluster, once, about the workspace",
            backup(*nightly(last="11-22"), run("11-23 01:00", "Failed", refs=refs)),
            "backup-failed",
        )
        for how, refs in (("null", None), ("empty", []))
    ),
    row(
        "A run without cluster backups: nothing but a state",
        backup(*nightly(last="11-22"), {"workspaceBackupConfig": {"backupState": {"state": "Failed"}}}),
        "backup-overdue",
        "backup-state-unknown",
    ),
    row(
        "A failed run without cluster backups counts as one failure",
        backup(*nightly(last="11-21"), *nightly("11-22", "11-23", "Failed", refs=[])),
        "backup-failed",
        says={"backup-failed": ["2", "2026-11-21"]},
        since={"backup-failed": "11-22 01:00"},
    ),
    row(
        "A partial run without cluster backups",
        backup(*nightly(last="11-22"), run("11-23 01:00", "PartiallyFailed", refs=[])),
        "backup-partially-failed",
    ),
    row(
        "A partially failing run without cluster backups",
        backup(*nightly(last="11-22"), run("11-23 01:00", "FinalizingPartiallyFailed", refs=[])),
        "backup-partially-failed",
    ),
    row(
        "A run without cluster backups in a state that nobody knows",
        backup(*nightly(last="11-22"), run("11-23 01:00", "Sleeping", refs=[])),
        "backup-state-unknown",
        says={"backup-state-unknown": ["Sleeping"]},
    ),
    row(
        "A run without cluster backups and without a state",
        backup(*nightly(last="11-22"), run("11-23 01:00", None, refs=[])),
        "backup-state-unknown",
    ),
    row(
        "A run without cluster backups that does not finish",
        backup(*nightly(last="11-22"), run("11-23 00:59", "Running", refs=[])),
        "backup-stuck",
    ),
    row(
        "No cluster counts as skipped by a run without cluster backups",
        backup(*nightly(last="11-22"), run("11-23 01:00", refs=[])),
        status="OK",
    ),
    row(
        "A succeeded run without cluster backups names no copy, so it leaves none to restore",
        backup(run("11-23 01:00", refs=[])),
        *both("never-backed-up"),
    ),
    row(
        "A run without cluster backups is behind one cluster's newer success, and still says so",
        backup(
            *nightly(last="11-22"), run("11-23 01:00", "Failed", refs=[]), only("eu1", "11-23 05:00"), schedule=None
        ),
        "backup-failed",
        "not-scheduled",
    ),
    row(
        "A run without cluster backups is forgotten once every cluster has succeeded since",
        backup(*nightly(last="11-22"), run("11-23 01:00", "Failed", refs=[]), run("11-23 05:00")),
        status="OK",
    ),
    row(
        "Without any cluster to name, a run without cluster backups is judged once, about the workspace",
        backup(run("11-23 01:00", "Failed", refs=[])),
        "backup-failed",
        "never-backed-up",
        workspace=listed([]),
    ),
]

LATEST_FINISHED = [
    row(
        "Somebody's failed run of one cluster accuses that cluster alone",
        backup(*nightly(), only("eu1", "11-23 05:00", "Failed")),
        "backup-failed eu1",
    ),
    row(
        "Somebody's good run of one cluster does not hide another's failure",
        backup(*nightly(last="11-22"), run("11-23 01:00", us2="Failed"), only("eu1", "11-23 05:00")),
        "backup-failed us2",
    ),
    row(
        "Somebody's good run of one cluster mends that cluster",
        backup(*nightly(last="11-22"), run("11-23 01:00", eu1="Failed"), only("eu1", "11-23 05:00")),
    ),
    row(
        "A running run hides nothing: the latest finished backup is judged as well",
        backup(*nightly(last="11-22"), run("11-23 01:00", "Failed"), run("11-23 06:30", "InProgress")),
        *both("backup-failed"),
    ),
    row(
        "A running run accuses nobody",
        backup(*nightly(), run("11-23 06:30", "InProgress")),
    ),
    row(
        "A run that is being deleted is not a finished one",
        backup(*nightly(last="11-22", eu1="Failed"), run("11-23 01:00", "Deleting")),
        "backup-failed eu1",
        "never-backed-up eu1",
    ),
    row(
        "A state that nobody knows is not a finished one",
        backup(*nightly(last="11-22"), run("11-23 01:00", eu1="Failed"), run("11-23 03:00", eu1="Sleeping")),
        "backup-failed eu1",
        "backup-state-unknown eu1",
    ),
    row(
        "A cluster backup that names its cluster without uid is that cluster's",
        backup(
            *nightly(last="11-22"),
            run("11-23 01:00", refs=[ref("eu1", "Completed"), {**ref("us2", "Failed"), "clusterUid": None}]),
        ),
        "backup-failed us2",
    ),
    row(
        "A cluster backup that names nobody is nobody's",
        backup(*nightly(last="11-22"), run("11-23 01:00", refs=[ref("eu1", "Completed"), {}])),
        "cluster-not-backed-up us2",
    ),
    row(
        "A cluster backup that names nobody is heard all the same",
        backup(*nightly(), run("11-23 05:00", refs=[{"backupStatusMeta": copy("Failed")}])),
        "backup-failed",
    ),
    row(
        "A renamed cluster is the same one",
        backup(
            *nightly(last="11-22"),
            run("11-23 01:00", refs=[ref("eu1", "Completed"), {**ref("us2", "Failed"), "clusterName": "us-old"}]),
        ),
        "backup-failed us2",
    ),
]


@pytest.mark.parametrize("case", TIMES + REFLESS + LATEST_FINISHED)
def test_runs(case: Row) -> None:
    check(case)
