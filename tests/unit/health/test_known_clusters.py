"""Which clusters there are, and in which order they are judged."""

from __future__ import annotations

from typing import Any

from backup_reporter.health.clusters import KnownClusters, Scope
from backup_reporter.health.model import BackupResult, Cluster, ClusterBackup, Policy, Run, Workspace

EU, US = Cluster("eu1", "eu-1"), Cluster("us2", "us-2")


def known(listed: tuple[Cluster, ...] = (), seen: tuple[Cluster, ...] = (), **policy: Any) -> KnownClusters:
    workspace = Workspace(uid="ws", name="ws", project_uid="pr", project_name="pr", clusters=listed)
    run = Run(cluster_backups=tuple(ClusterBackup(cluster=cluster) for cluster in seen))
    return KnownClusters(workspace, BackupResult(policy=Policy(**policy), runs=(run,)))


def test_a_cluster_is_known_by_its_uid_else_by_its_name() -> None:
    clusters = known(listed=(EU,))

    assert clusters.find(Cluster("eu1", None)) == EU
    assert clusters.find(Cluster("eu1", "renamed since")) == EU
    assert clusters.find(Cluster(None, "eu-1")) == EU
    assert clusters.find(Cluster(None, "ap-3")) == Cluster(None, "ap-3")
    assert clusters.find(Cluster("ap3", None)) == Cluster("ap3", None)
    assert clusters.find(Cluster(None, None)) is None


def test_a_name_without_a_uid_and_a_uid_without_a_name_say_nothing_of_others() -> None:
    clusters = known(listed=(Cluster("eu1", None), Cluster(None, "eu-1")))

    assert clusters.find(Cluster(None, None)) is None
    assert clusters.find(Cluster("eu1", None)) == Cluster("eu1", None)
    assert clusters.find(Cluster(None, "eu-1")) == Cluster(None, "eu-1")


def test_what_runs_say_of_clusters_completes_what_the_workspace_lists() -> None:
    assert known(listed=(Cluster("eu1", None),), seen=(EU,)).find(Cluster("eu1", None)) == EU


def test_of_two_names_that_runs_give_a_cluster_the_smaller_counts_in_whatever_order_they_come() -> None:
    names = (Cluster("eu1", "eu-1"), Cluster("eu1", "eu-2"))
    for seen in (names, names[::-1]):
        assert known(seen=seen).find(Cluster("eu1", None)) == names[0]


def test_of_two_uids_of_one_name_the_smaller_counts_in_whatever_order_they_come() -> None:
    uids = (Cluster("eu1", "eu"), Cluster("eu2", "eu"))
    for seen in (uids, uids[::-1]):
        assert known(seen=seen).find(Cluster(None, "eu")) == uids[0]


def test_clusters_come_in_order_of_their_names_then_of_their_uids() -> None:
    in_order = (Cluster("x", None), Cluster("z", None), Cluster("b", "A"), Cluster("c", "A"), Cluster("a", "B"))

    assert known(listed=in_order[::-1], include_all_clusters=True).scope().in_scope == in_order
    only_names = (Cluster(None, "A"), Cluster("A", "A"))
    assert known(seen=only_names[::-1], include_all_clusters=True).scope() == Scope(in_scope=only_names[1:])


def test_a_policy_for_all_clusters_covers_those_that_are_listed_else_those_that_runs_have() -> None:
    assert known(listed=(EU,), seen=(US,), include_all_clusters=True).scope() == Scope(in_scope=(EU,))
    assert known(seen=(US,), include_all_clusters=True).scope() == Scope(in_scope=(US,))


def test_a_policy_that_names_clusters_covers_those_that_are_listed_too() -> None:
    assert known(listed=(EU, US), cluster_uids=("us2", "ap3")).scope() == Scope(
        in_scope=(US,), not_in_policy=(EU,), missing=(Cluster("ap3", None),)
    )
    assert known(cluster_uids=("us2", "ap3")).scope() == Scope(in_scope=(Cluster("ap3", None), Cluster("us2", None)))


def test_a_policy_that_names_no_cluster_covers_those_that_runs_have_of_those_that_are_listed() -> None:
    assert known(listed=(EU, US), seen=(US, Cluster("ap3", None))).scope() == Scope(in_scope=(US,), not_in_policy=(EU,))
    assert known(listed=(EU, US), seen=(US,)).scope({"eu1"}) == Scope(in_scope=(EU, US))
    assert known(listed=(EU, US)).scope() == Scope(in_scope=(EU, US))
    assert known(seen=(US,)).scope() == Scope(in_scope=(US,))
