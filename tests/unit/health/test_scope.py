"""Which clusters should be in the backups, and which were left out."""

from __future__ import annotations

import pytest

from support.builders import NOTHING, Row, backup, both, check, copy, listed, nightly, only, row, run

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
        "cluster-not-in-policy us2",
        also=lambda verdict: [cluster.uid for cluster in verdict.clusters] == ["eu1"],
    ),
    row(
        "A cluster that the policy names and the workspace does not list any more is one warning",
        backup(*nightly(), all_clusters=False, uids=["eu1", "us2", "ap3"]),
        "policy-names-missing-cluster",
        says={"policy-names-missing-cluster": ["1 cluster", "ap3"]},
        status="WARNING",
    ),
    row(
        "A cluster that the policy names is in scope if the workspace lists none",
        backup(*nightly(), all_clusters=False, uids=["eu1", "us2", "ap3"]),
        "cluster-not-backed-up ap3",
        "never-backed-up ap3",
        workspace=listed([]),
    ),
    row(
        "A policy whose clusters are all gone is judged by what it fails to cover",
        backup(only("ap3", "11-16 01:00"), all_clusters=False, uids=["ap3"]),
        "policy-names-missing-cluster",
        *both("cluster-not-in-policy"),
    ),
    row(
        "A cluster that the policy does not name is a warning",
        backup(*nightly(us2=NOTHING), all_clusters=False, uids=["eu1"]),
        "cluster-not-in-policy us2",
        status="WARNING",
    ),
    row(
        "A policy that names no cluster, over a cluster that no run has",
        backup(*nightly(us2=NOTHING), all_clusters=False),
        "cluster-not-in-policy us2",
        says={"cluster-not-in-policy us2": ["names no cluster"]},
    ),
    row(
        "A policy that names no cluster, and no run that does: every listed cluster is in scope",
        backup(*nightly(refs=[]), all_clusters=False),
        *both("never-backed-up"),
    ),
    row(
        "While an entry cannot be read, a policy that names no cluster accuses none of being left out",
        backup({"workspaceBackupConfig": {"requestTime": 5}}, *nightly(us2=NOTHING), all_clusters=False),
        "unreadable",
    ),
    row(
        "While an entry cannot be read, a policy that names clusters still does",
        backup({"workspaceBackupConfig": {"requestTime": 5}}, *nightly(us2=NOTHING), all_clusters=False, uids=["eu1"]),
        "unreadable",
        "cluster-not-in-policy us2",
    ),
    *(
        row(
            f"If neither is known ({flag}, {uids}), the clusters seen in any run that the workspace still lists",
            backup(*nightly(us2="Failed"), only("ap3", "11-16 01:00"), all_clusters=flag, uids=uids),
            "backup-failed us2",
            "never-backed-up us2",
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
        "A cluster that is out of scope is accused of nothing that became of its backups",
        backup(
            *nightly("11-16", "11-19", us2=copy(namespaces=[])),
            run("11-20 01:00", us2="Sleeping"),
            run("11-21 01:00", us2="FinalizingPartiallyFailed"),
            *nightly("11-22", us2=NOTHING),
            all_clusters=False,
            uids=["eu1"],
            namespaces=["shop"],
        ),
        "cluster-not-in-policy us2",
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
        "A run whose state nobody knows has finished once its clusters have, and left out who is not among them",
        backup(*nightly(last="11-22"), run("11-23 01:00", "Sleeping", eu1="Completed", us2=NOTHING)),
        "cluster-not-backed-up us2",
        "backup-state-unknown",
    ),
    row(
        "cluster-not-backed-up: in scope, and in no run of the latest finished run's period",
        backup(*nightly(last="11-22"), run("11-23 01:00", us2=NOTHING)),
        "cluster-not-backed-up us2",
        says={"cluster-not-backed-up us2": ["2026-11-22"]},
        status="CRITICAL",
    ),
    row(
        "The message says when the cluster itself was last backed up, whatever spoke for every cluster since",
        backup(
            run(us2=copy("Completed")),
            *nightly("11-16", "11-20"),
            *nightly("11-21", "11-22", refs=[]),
            run("11-23 01:00", us2=NOTHING),
        ),
        "cluster-not-backed-up us2",
        says={"cluster-not-backed-up us2": ["2026-11-20"]},
        since={"cluster-not-backed-up us2": "11-23 01:00"},
    ),
    row(
        "A cluster that never was in a backup has been left out since the first",
        backup(*nightly(us2=NOTHING)),
        "cluster-not-backed-up us2",
        "never-backed-up us2",
        says={
            "cluster-not-backed-up us2": ["no backup of its own"],
            "never-backed-up us2": ["there is no backup of it"],
        },
        since={"cluster-not-backed-up us2": "11-16 01:00"},
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


@pytest.mark.parametrize("case", ALL + SKIPPED)
def test_scope(case: Row) -> None:
    check(case)
