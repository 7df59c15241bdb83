"""Which clusters and namespaces should be in the backups, and what the policy itself leaves open."""

from __future__ import annotations

import pytest
from builders import NOTHING, Row, backup, both, check, copy, listed, nightly, only, ref, row, run

ALL = [
    row(
        "All of the workspace's clusters where includeAllClusters", backup(*nightly(), all_clusters=True, uids=["eu1"])
    ),
    row(
        "A cluster of the workspace that is not in the backups is missed",
        backup(*nightly(us2=NOTHING)),
        "cluster-not-backed-up us2",
        "never-backed-up us2",
    ),
    row(
        "Else the clusters that the policy names: another one's failure is not accused",
        backup(*nightly(us2="Failed"), all_clusters=False, uids=["eu1"]),
        also=lambda verdict: [cluster.uid for cluster in verdict.clusters] == ["eu1"],
    ),
    row(
        "A cluster that the policy names is in scope though the workspace does not list it",
        backup(*nightly(), all_clusters=False, uids=["eu1", "ap3"]),
        "cluster-not-backed-up ap3",
        "never-backed-up ap3",
    ),
    *(
        row(
            f"Where neither is known ({flag}, {uids}), the clusters seen in any run",
            backup(*nightly(us2="Failed"), only("ap3", "11-16 01:00"), all_clusters=flag, uids=uids),
            "backup-failed us2",
            "never-backed-up us2",
            "cluster-not-backed-up ap3",
        )
        for flag, uids in ((None, NOTHING), (False, None), (False, []), (NOTHING, [None]))
    ),
    row(
        "includeAllClusters of a workspace whose clusters are not known: the clusters seen in any run",
        backup(*nightly(us2="Failed")),
        *("backup-failed us2", "never-backed-up us2"),
        workspace=listed([]),
    ),
    row(
        "A cluster that is out of scope is not accused of anything",
        backup(
            *nightly("11-16", "11-19", us2=copy(namespaces=[])),
            run("11-20 01:00", us2="Sleeping"),
            run("11-21 01:00", us2="FinalizingPartiallyFailed"),
            *nightly("11-22", us2=NOTHING),
            all_clusters=False,
            uids=["eu1"],
            namespaces=["shop"],
        ),
        status="OK",
    ),
    row(
        "Without any cluster to judge, the workspace is judged as a whole",
        backup(created="11-20 12:00"),
        "backup-overdue",
        "never-backed-up",
        workspace=listed([]),
        status="CRITICAL",
    ),
    row(
        "A young policy without any cluster to judge waits as a whole",
        backup(created="11-23 02:00"),
        "awaiting-first-backup",
        workspace=listed([]),
        status="OK",
    ),
]

SKIPPED = [
    row(
        "cluster-not-backed-up: in scope, and in no run of the latest finished run's period",
        backup(*nightly(last="11-22"), run("11-23 01:00", us2=NOTHING)),
        "cluster-not-backed-up us2",
        says={"cluster-not-backed-up us2": ["2026-11-22"]},
        status="CRITICAL",
    ),
    row(
        "Not cluster-not-backed-up: another run of the period has it",
        backup(*nightly(last="11-22"), run("11-23 01:00", us2=NOTHING), only("us2", "11-23 05:00", "Failed")),
        "backup-failed us2",
    ),
    row(
        "A run that skips a cluster does so whatever became of it",
        backup(*nightly(last="11-22"), run("11-23 01:00", "Failed", us2=NOTHING)),
        "backup-failed eu1",
        "cluster-not-backed-up us2",
    ),
    row(
        "A run that still runs skips nobody yet",
        backup(*nightly(last="11-22"), run("11-23 01:00", "InProgress", us2=NOTHING)),
    ),
    row(
        "With cluster-not-backed-up, the failure of an older backup is not raised",
        backup(*nightly(last="11-21"), run("11-22 01:00", us2="Failed"), run("11-23 01:00", us2=NOTHING)),
        "cluster-not-backed-up us2",
    ),
    row(
        "With cluster-not-backed-up, the loss of parts of an older backup is not raised",
        backup(*nightly(last="11-21"), run("11-22 01:00", us2="PartiallyFailed"), run("11-23 01:00", us2=NOTHING)),
        "cluster-not-backed-up us2",
    ),
    row(
        "With cluster-not-backed-up, an older backup's missing namespaces are not raised",
        backup(
            *nightly(last="11-22", us2=copy(namespaces=["web"])),
            run("11-23 01:00", us2=NOTHING),
            namespaces=["web", "shop"],
        ),
        "cluster-not-backed-up us2",
    ),
    row(
        "A cluster that was skipped before and is back is fine",
        backup(*nightly(last="11-22", us2=NOTHING), run("11-23 01:00")),
    ),
    row(
        "What a skipped cluster has left to restore is judged all the same",
        backup(*nightly(last="11-18", hours=96), *nightly("11-19", us2=NOTHING)),
        "cluster-not-backed-up us2",
        "backup-expired us2",
    ),
]

POLICY = {"namespaces": ["web", "shop"]}

NAMESPACES = [
    row(
        "namespace-not-backed-up: the backup lacks a namespace that the policy names",
        backup(*nightly(eu1=copy(namespaces=["web"])), **POLICY),
        "namespace-not-backed-up eu1",
        says={"namespace-not-backed-up eu1": ["shop"]},
        since={"namespace-not-backed-up eu1": "11-16 01:00"},
        status="WARNING",
    ),
    row(
        "Not namespace-not-backed-up: all are there, and more",
        backup(*nightly(eu1=copy(namespaces=["more", "shop", "web"])), **POLICY),
    ),
    *(
        row(
            f"Not namespace-not-backed-up: the backup does not name its namespaces ({names})",
            backup(*nightly(eu1=copy(namespaces=names)), **POLICY),
        )
        for names in (None, [], [None])
    ),
    *(
        row(
            f"Not namespace-not-backed-up: the policy means every namespace ({names})",
            backup(*nightly(eu1=copy(namespaces=["web"])), namespaces=names),
        )
        for names in (None, [], ["*"])
    ),
    row(
        "Not namespace-not-backed-up: the latest succeeded with all of them",
        backup(
            *nightly(last="11-22", eu1=copy(namespaces=["web"])),
            run("11-23 01:00", eu1=copy(namespaces=["web", "shop"])),
            **POLICY,
        ),
    ),
    row(
        "A failed backup is not asked for its namespaces",
        backup(*nightly(last="11-22"), run("11-23 01:00", eu1=copy("Failed", namespaces=["web"])), **POLICY),
        "backup-failed eu1",
    ),
    row(
        "The policy may name namespaces by a pattern",
        backup(*nightly(eu1=copy(namespaces=["team-a", "team-b"])), namespaces=["team-.*"]),
    ),
    row(
        "A pattern that nothing in the backup fits is a namespace that is missing",
        backup(*nightly(eu1=copy(namespaces=["web"])), namespaces=["web", "team-.*"]),
        "namespace-not-backed-up eu1",
        says={"namespace-not-backed-up eu1": ["team-.*"]},
    ),
]

CONFIGURED = [
    *(
        row(f"not-protected: {how}", answer, "not-protected", status="WARNING")
        for how, answer in {
            "neither schedule nor runs": backup(schedule=None),
            "a blank schedule and no runs": backup(schedule=" "),
            "an empty object": {},
            "null": None,
            "nulls at every level": {
                "metadata": None,
                "spec": {"config": {"backupConfig": None}},
                "status": {"workspaceBackupStatuses": None},
            },
        }.items()
    ),
    row(
        "With not-protected, nothing else is judged",
        backup(schedule=None, includeAllDisks=False, hours=1),
        "not-protected",
    ),
    row(
        "not-scheduled: runs, but no schedule", backup(run("11-20 01:00"), schedule=None), "not-scheduled", status="OK"
    ),
    row(
        "Not not-scheduled: a schedule, and no runs yet", backup(created="11-23 02:00"), *both("awaiting-first-backup")
    ),
    row(
        "disks-not-included: includeAllDisks is false",
        backup(*nightly(), includeAllDisks=False),
        "disks-not-included",
        status="OK",
    ),
    row(
        "disks-not-included: cluster resources, and with them the volumes, are never included",
        backup(*nightly(), includeClusterResourceMode="Never"),
        "disks-not-included",
        status="OK",
    ),
    row(
        "disks-not-included is said once",
        backup(*nightly(), includeAllDisks=False, includeClusterResourceMode="Never"),
        "disks-not-included",
    ),
    *(
        row(
            f"Not disks-not-included: includeAllDisks {disks}, mode {mode}",
            backup(*nightly(), includeAllDisks=disks, includeClusterResourceMode=mode),
        )
        for disks, mode in ((True, "Always"), (True, "Auto"), (None, None), (NOTHING, NOTHING))
    ),
    row(
        "being-deleted: the workspace has a deletion time; nothing else is judged",
        backup(*nightly(last="11-20", state="Failed"), hours=1),
        "being-deleted",
        workspace=listed(deleted="11-23 06:00"),
        since={"being-deleted": "11-23 06:00"},
        status="OK",
    ),
    *(
        row(
            f"Not being-deleted: the deletion time is not set ({unset!r})",
            backup(*nightly(last="11-22"), run("11-23 01:00", eu1="Failed")),
            "backup-failed eu1",
            workspace=listed(deleted=unset),
        )
        for unset in (None, "", "0001-01-01T00:00:00.000Z")
    ),
]

ONE_RUN = [
    row(
        "A run that was asked for is judged alone: what is due is not",
        backup(run("11-10 01:00", eu1="Failed")),
        "backup-failed eu1",
        single_run=True,
    ),
    row(
        "A run that was asked for is judged alone: a cluster that it skipped",
        backup(only("eu1", "11-22 01:00")),
        "cluster-not-backed-up us2",
        single_run=True,
    ),
    row("A good run that was asked for is good", backup(run("11-10 01:00")), single_run=True, status="OK"),
    row(
        "A run that was asked for, in a state that nobody knows, is not good",
        backup(run("11-22 01:00", refs=[ref("eu1", "Sleeping"), ref("us2", None)], state="Completed")),
        "backup-state-unknown eu1",
        single_run=True,
    ),
]


@pytest.mark.parametrize("case", ALL + SKIPPED + NAMESPACES + CONFIGURED + ONE_RUN)
def test_scope_and_policy(case: Row) -> None:
    check(case)
