"""Which clusters there are, and which of them should be backed up."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from msgspec import Struct

from backup_reporter.health.model import BackupResult, Cluster, Workspace


class Scope(Struct, frozen=True):
    """The clusters that the policy covers, in order of their names, and where it and the workspace disagree.

    ``not_in_policy``: listed by the workspace and not covered. ``missing``: named by the policy and not listed.
    """

    in_scope: tuple[Cluster, ...]
    not_in_policy: tuple[Cluster, ...] = ()
    missing: tuple[Cluster, ...] = ()


class KnownClusters:
    """Which clusters there are, and which of them a backup means: by uid, else by name."""

    def __init__(self, workspace: Workspace, result: BackupResult) -> None:
        self._listed = workspace.clusters
        self._policy = result.policy
        self._found: dict[Cluster, Cluster | None] = {}
        self._seen = {backup.cluster for run in result.runs for backup in run.cluster_backups}
        # The first counts: what the workspace lists, then in an order that does not depend on Palette's.
        last_first = [*sorted(_named(self._seen), reverse=True), *reversed(_named(workspace.clusters))]
        self._name_of_uid: dict[str | None, str] = {uid: name for name, uid in last_first}
        self._uid_of_name: dict[str | None, str] = dict(last_first)

    def find(self, cluster: Cluster) -> Cluster | None:
        """The cluster with both uid and name as far as known; ``None`` if it has neither."""
        if cluster not in self._found:
            uid = cluster.uid or self._uid_of_name.get(cluster.name)
            name = self._name_of_uid.get(uid) or cluster.name
            self._found[cluster] = Cluster(uid, name) if uid or name else None
        return self._found[cluster]

    def scope(self, remembered: Collection[str | None] = ()) -> Scope:
        """Which clusters should be backed up; ``remembered`` are the keys of those that the last report had in scope."""
        listed = self._all_of(self._listed)
        if self._policy.include_all_clusters:
            return Scope(in_scope=_by_name(listed or self._all_of(self._seen)))
        if self._policy.cluster_uids:
            named = self._all_of(Cluster(uid, None) for uid in self._policy.cluster_uids)
            if not listed:
                return Scope(in_scope=_by_name(named))
            return _split(listed, named, missing=named - listed)
        seen = self._all_of(self._seen)
        if not seen or not listed:
            return Scope(in_scope=_by_name(listed or seen))
        return _split(listed, seen | {cluster for cluster in listed if key_of(cluster) in remembered})

    def _all_of(self, clusters: Iterable[Cluster]) -> set[Cluster]:
        return {cluster for cluster in map(self.find, clusters) if cluster}


def key_of(cluster: Cluster) -> str | None:
    """What a cluster is found again by in the next report: its uid, or its name if it has none."""
    return cluster.uid or cluster.name


def _split(listed: set[Cluster], covered: set[Cluster], missing: Iterable[Cluster] = ()) -> Scope:
    return Scope(
        in_scope=_by_name(listed & covered), not_in_policy=_by_name(listed - covered), missing=_by_name(missing)
    )


def _by_name(clusters: Iterable[Cluster]) -> tuple[Cluster, ...]:
    return tuple(sorted(clusters, key=lambda cluster: (cluster.name or "", cluster.uid or "")))


def _named(clusters: Iterable[Cluster]) -> list[tuple[str, str]]:
    """The name and the uid of each cluster that has both."""
    return [(cluster.name, cluster.uid) for cluster in clusters if cluster.name and cluster.uid]
