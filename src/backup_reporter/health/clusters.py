"""Which clusters there are, and which of them should be backed up."""

from __future__ import annotations

from collections.abc import Iterable

from backup_reporter.health.model import BackupResult, Cluster, Workspace


class KnownClusters:
    """Which clusters there are, and which of them a backup means: by uid, else by name."""

    def __init__(self, workspace: Workspace, result: BackupResult) -> None:
        self._workspace = workspace
        self._policy = result.policy
        seen = {backup.cluster for run in result.runs for backup in run.cluster_backups}
        self._seen = sorted(seen, key=lambda cluster: (cluster.name or "", cluster.uid or ""))
        named = [cluster for cluster in (*workspace.clusters, *self._seen) if cluster.uid]
        self._name_of_uid = _first_of((cluster.uid, cluster.name) for cluster in named)
        self._uid_of_name = _first_of((cluster.name, cluster.uid) for cluster in named)

    def find(self, cluster: Cluster) -> Cluster | None:
        """The cluster with both uid and name as far as known; ``None`` where it has neither."""
        uid = cluster.uid or self._uid_of_name.get(cluster.name)
        name = self._name_of_uid.get(uid) or cluster.name
        return Cluster(uid, name) if uid or name else None

    def scope(self) -> tuple[Cluster, ...]:
        """The clusters that should be backed up; where the policy does not tell, those seen in any run."""
        if self._policy.include_all_clusters and self._workspace.clusters:
            clusters: Iterable[Cluster] = self._workspace.clusters
        elif self._policy.cluster_uids:
            clusters = (Cluster(uid, None) for uid in self._policy.cluster_uids)
        else:
            clusters = self._seen
        found = (self.find(cluster) for cluster in clusters)
        in_scope = dict.fromkeys(cluster for cluster in found if cluster)
        return tuple(sorted(in_scope, key=lambda cluster: (cluster.name or "", cluster.uid or "")))


def _first_of(pairs: Iterable[tuple[str | None, str | None]]) -> dict[str | None, str | None]:
    first: dict[str | None, str | None] = {}
    for key, value in pairs:
        if key and value:
            first.setdefault(key, value)
    return first
