"""Runs that begin and leave no copy: what hides nothing, and the net under all other rules."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backup_reporter.health.thresholds import Thresholds
from support.builders import NOTHING, Row, backup, both, check, copy, nightly, only, row, run

NO_COPY = both("backup-state-unknown")
DELETED = copy(deleted="Deleted")
LATE = copy("New", at="11-23 03:30")

HIDDEN = [
    row(
        "A policy that is made anew excuses a pause of two weeks under a weekly schedule, and no longer one",
        backup(run("11-08 01:00"), schedule="0 1 * * SUN", created="11-23 06:00"),
        *both("backup-state-unknown"),
    ),
    row(
        "Not backup-state-unknown: the copy is younger than two weeks",
        backup(run("11-09 01:00"), schedule="0 1 * * SUN", created="11-23 06:00"),
    ),
    row(
        "A newer backup that still runs hides none that does not finish",
        backup(*nightly(last="11-20"), *nightly("11-21", state="InProgress")),
        *both("backup-stuck"),
        says={"backup-stuck eu1": ["2 days"]},
        since={"backup-stuck eu1": "11-21 01:00"},
    ),
    row(
        "A backup that does not finish is past once a newer one has finished, however that ended",
        backup(*nightly(last="11-21"), run("11-22 01:00", "InProgress"), run("11-23 01:00", "Failed")),
        *both("backup-failed"),
    ),
    row(
        "What is being deleted has not finished: it hides none that does not finish",
        backup(*nightly(last="11-21"), run("11-22 01:00", "InProgress"), run("11-23 01:00", "Deleting")),
        *both("backup-stuck"),
    ),
    row(
        "A newer run that still runs hides none that goes on over clusters that have finished",
        backup(*nightly(last="11-21"), *nightly("11-22", state="InProgress", eu1="Completed", us2="Completed")),
        "backup-stuck",
        since={"backup-stuck": "11-22 01:00"},
    ),
    row(
        "A run that goes on over clusters that have finished is past once a newer one has come to its end",
        backup(run("11-22 01:00", "InProgress", eu1="Completed", us2="Completed"), run("11-23 01:00")),
    ),
    row(
        "A newer backup that still runs hides no partially failing one",
        backup(*nightly(last="11-22"), run("11-23 02:00", "FinalizingPartiallyFailed"), run("11-23 06:00", "New")),
        *both("backup-partially-failed"),
        since={"backup-partially-failed eu1": "11-23 02:00"},
    ),
    row(
        "A newer backup that still runs hides none in a state that nobody knows",
        backup(*nightly(last="11-20"), *nightly("11-21", "11-22", eu1="Sleeping"), run("11-23 06:00", "InProgress")),
        "backup-state-unknown eu1",
        says={"backup-state-unknown eu1": ["Sleeping", "A backup"]},
        since={"backup-state-unknown eu1": "11-21 01:00"},
    ),
    row(
        "A newer run that still runs hides none whose own state nobody knows",
        backup(run("11-22 01:00", "Sleeping", eu1="Completed", us2="Completed"), run("11-23 01:00", "InProgress")),
        "backup-state-unknown",
        says={"backup-state-unknown": ["Sleeping", "A run as a whole"]},
        since={"backup-state-unknown": "11-22 01:00"},
    ),
    row(
        "A succeeded run without cluster backups hides no failure before it",
        backup(*nightly(last="11-22"), run("11-23 01:00", "Failed"), run("11-23 02:00", refs=[])),
        *both("backup-failed"),
        says={"backup-failed eu1": ["2026-11-22"]},
    ),
    row(
        "A succeeded run without cluster backups does not break a row of failures, and is not the last good one",
        backup(
            *nightly(last="11-19"),
            run("11-20 01:00", "Failed"),
            *nightly("11-21", "11-22", refs=[]),
            run("11-23 01:00", "Failed"),
        ),
        *both("backup-failed"),
        says={"backup-failed eu1": ["last 2 backups failed", "2026-11-19"]},
    ),
    row(
        "A succeeded run without cluster backups is no sign that rotation works",
        backup(run("11-20 01:00", hours=96), *nightly("11-21", refs=[])),
        *both("backup-expiring"),
        *NO_COPY,
    ),
    row(
        "Rotation cannot be relied on after a copy that was deleted",
        backup(*nightly(last="11-22"), run("11-23 01:00", eu1=DELETED), hours=60),
        "backup-expiring eu1",
    ),
    row(
        "A run says that it lost parts, and the clusters that it does not name are in another run of the period",
        backup(*nightly(), run("11-23 03:00", "PartiallyFailed", eu1="Completed", us2=NOTHING)),
        "backup-partially-failed",
        says={"backup-partially-failed": ["does not say which parts"]},
    ),
]

NET = [
    row(
        "backup-state-unknown: every copy of ten days has been deleted, and no other rule says so",
        backup(*nightly("11-10", "11-13"), *nightly("11-14", eu1=DELETED)),
        "backup-state-unknown eu1",
        says={"backup-state-unknown eu1": ["No copy has come since Fri 2026-11-13", "deleted"]},
        since={"backup-state-unknown eu1": "11-13 01:00"},
        status="WARNING",
    ),
    row(
        "backup-state-unknown: every backup of ten days is being deleted",
        backup(*nightly("11-10", "11-13"), *nightly("11-14", eu1="Deleting", us2="Completed")),
        "backup-state-unknown eu1",
        says={"backup-state-unknown eu1": ["'Deleting'"]},
    ),
    row(
        "backup-state-unknown: the runs of ten days succeeded and name no cluster backup",
        backup(*nightly("11-10", "11-13"), *nightly("11-14", refs=[])),
        *NO_COPY,
        says={"backup-state-unknown us2": ["names no cluster backup"]},
    ),
    row(
        "backup-state-unknown: what was made since has expired before an older copy",
        backup(run("11-10 01:00", hours=720), *nightly("11-11", hours=5)),
        *NO_COPY,
        says={"backup-state-unknown eu1": ["expired"]},
    ),
    row(
        "cluster-not-backed-up: no later run has the cluster, and none has finished that could have left it out",
        backup(*nightly("11-10", "11-13"), *nightly("11-14", state="Deleting", us2=NOTHING)),
        "backup-state-unknown eu1",
        "cluster-not-backed-up us2",
        says={"cluster-not-backed-up us2": ["10 due times", "2026-11-14", "Its own last backup was on Fri 2026-11-13"]},
        since={"cluster-not-backed-up us2": "11-14 01:00"},
    ),
    row(
        "backup-state-unknown: nobody knows how old the only copy is",
        backup(run(), *nightly("11-20", state="Deleting")),
        *NO_COPY,
        says={"backup-state-unknown eu1": ["has no date"]},
        since={"backup-state-unknown eu1": None},
    ),
    row(
        "Not while the grace and the stuck limit of the first due time without a copy last",
        backup(*nightly(last="11-22"), run("11-23 01:00", "Deleting")),
        now="11-23 08:59:59",
    ),
    row(
        "As soon as the grace and the stuck limit are over",
        backup(*nightly(last="11-22"), run("11-23 01:00", "Deleting")),
        *NO_COPY,
        now="11-23 09:00",
    ),
    row(
        "Both limits are settings",
        backup(*nightly(last="11-22"), run("11-23 01:00", "Deleting")),
        *NO_COPY,
        thresholds=Thresholds(grace=timedelta(hours=1), stuck_after=timedelta(hours=5)),
    ),
    *(
        row(
            f"Not while a late backup of that due time still runs, within its limit: {how}",
            backup(*nightly(last="11-22"), late),
            now="11-23 09:10",
        )
        for how, late in (
            ("run and clusters", run("11-23 02:59", "InProgress", eu1=LATE, us2=LATE)),
            ("the clusters alone", run("11-23 02:59", "Completed", eu1=LATE, us2=LATE)),
            (
                "the run alone, which does not name all clusters yet",
                run("11-23 02:59", "InProgress", eu1=copy(at="11-23 03:30"), us2=NOTHING),
            ),
        )
    ),
    row(
        "A backup that still runs excuses no due time before its own, if that is long past as well",
        backup(*nightly(last="11-21"), run("11-22 01:00", "Deleting"), run("11-23 01:00", "InProgress")),
        *NO_COPY,
    ),
    row(
        "A late backup that still runs excuses no due time but its own",
        backup(*nightly(last="11-20"), *nightly("11-21", "11-22", "Deleting"), run("11-23 03:30", "InProgress")),
        *NO_COPY,
        now="11-23 09:10",
    ),
    row(
        "Not on routine rotation: each copy takes the place of the one before",
        backup(*nightly(hours=36)),
        now="11-23 23:00",
    ),
    row("A copy that was made 5 minutes early is the due time's", backup(run("11-23 00:55")), now="11-23 23:00"),
    row(
        "Not where the schedule has long pauses",
        backup(run("11-15 00:00"), schedule="0 0 * * SUN"),
        now="11-22 01:00",
    ),
    row(
        "Not where another finding says what became of the backups",
        backup(*nightly("11-10", "11-13"), *nightly("11-14", state="Failed")),
        *both("backup-failed"),
    ),
    row(
        "Not where nothing began: backup-overdue says it",
        backup(*nightly("11-10", "11-13")),
        "backup-overdue",
    ),
    row(
        "Not where there is no copy at all: never-backed-up and backup-expired say it",
        backup(
            *nightly("11-10", "11-13", hours=24), *nightly("11-14", state="Deleting", eu1="Deleting", us2="Deleting")
        ),
        *both("backup-expired"),
    ),
    row(
        "Not of a cluster that is out of scope",
        backup(*nightly("11-10", "11-13"), *nightly("11-14", us2="Deleting"), all_clusters=False, uids=["eu1"]),
        "cluster-not-in-policy us2",
    ),
    row(
        "Not without a schedule: nothing is due",
        backup(*nightly("11-10", "11-13"), *nightly("11-14", state="Deleting"), schedule=None),
        "not-scheduled",
    ),
    row(
        "A policy that was made anew excuses a copy that is missing for a week",
        backup(*nightly("11-10", "11-16"), *nightly("11-17", state="Deleting"), created="11-23 02:00"),
        now="11-23 09:05",
    ),
    row(
        "It excuses no copy that is missing for longer, else one that is made anew each day would be green for ever",
        backup(*nightly("11-10", "11-16"), created="11-23 02:00"),
        *NO_COPY,
        says={"backup-state-unknown eu1": ["since Mon 2026-11-16", "policy was made anew on Mon 2026-11-23"]},
        since={"backup-state-unknown eu1": "11-16 01:00"},
        now="11-23 09:06",
    ),
    row(
        "The same of a policy with an interval, which never comes to its first due time",
        backup(run("11-15 22:00"), schedule="@every 24h", created="11-23 02:00"),
        *NO_COPY,
    ),
    row(
        "The same while the policy has its own first copies deleted",
        backup(*nightly("11-10", "11-13"), *nightly("11-14", state="Deleting"), created="11-22 12:00"),
        *NO_COPY,
        now="11-23 08:00",
    ),
    row(
        "A policy whose schedule is sparser excuses two of its longest pauses",
        backup(*nightly("11-10", "11-12"), schedule="0 1 * * SUN", created="11-23 02:00"),
    ),
    row(
        "Not where an entry of the history cannot be read: it may be the copy",
        backup("nonsense", *nightly("11-10", "11-13"), *nightly("11-14", state="Deleting")),
        "unreadable",
    ),
    row(
        "Not of a run that is judged alone",
        backup(run("11-10 01:00")),
        single_run=True,
        now="11-23 23:00",
    ),
    row(
        "What is muted explains as well: the net brings nothing back that somebody has silenced",
        backup(*nightly("11-10", "11-13"), *nightly("11-14", state="Failed")),
        "backup-failed eu1 muted",
        "backup-failed us2 muted",
        workspace={
            "metadata": {
                "uid": "ws-1",
                "labels": {"backup-reporter.mute": "2026-12-31", "backup-reporter.mute-codes": "backup-failed"},
            },
            "spec": {"clusterRefs": [{"uid": "eu1", "name": "eu-1"}, {"uid": "us2", "name": "us-2"}]},
        },
        status="OK",
    ),
    row(
        "What says nothing of new copies explains nothing",
        backup(
            *nightly("11-10", "11-13", eu1=copy(namespaces=["web"])),
            *nightly("11-14", state="Deleting"),
            namespaces=["web", "shop"],
        ),
        "namespace-not-backed-up eu1",
        *NO_COPY,
    ),
    row(
        "One cluster's explanation is not another's",
        backup(*nightly("11-10", "11-13"), *nightly("11-14", eu1="Failed", us2=DELETED)),
        "backup-failed eu1",
        "backup-state-unknown us2",
    ),
    row(
        "Somebody's run of one cluster does not hide that the others get no copies",
        backup(*nightly("11-10", "11-13"), *nightly("11-14", state="Deleting"), only("eu1", "11-22 12:00", "Deleting")),
        *NO_COPY,
    ),
]


@pytest.mark.parametrize("case", HIDDEN + NET)
def test_missing_copies(case: Row) -> None:
    check(case)
