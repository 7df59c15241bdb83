"""A cluster's own backups: read as if the cluster were a workspace of its own, so that the same rules judge them.

Their differences end here: one request can hold several backups, a run has no time of its own, and a backup
without an expiry lasts for the policy's hours.

Every cluster is asked about by itself. Palette also tells which clusters have a policy on a backup location, one request
a location (``GET /v1/spectroclusters/features/backup/locations/{uid}``). That is not asked, because it cannot say that a
cluster has no policy:

- A policy whose location was deleted is in no location's answer. Such a cluster would be accused of having no policy,
  and ``location-missing`` and its last failures would never be said of it.
- The answer has neither a count nor pages, and Palette's lists end at 50. A location with 60 clusters may name 50 of
  them, and nothing shows it.

So each cluster that no location names must still be asked about. Of N clusters on L locations, that is L + N
requests instead of N. One by one, 2,000 clusters take 35 s: 250 at once, then 50 a second. The 500 workspaces beside them
take 45 s (50 at once, then 10 a second), so a run would not end earlier with fewer requests.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from backup_reporter.errors import UndecodableError
from backup_reporter.health.model import BackupResult, Cluster, Run
from backup_reporter.palette import wire_types
from backup_reporter.palette.decode import MAX_NAME, cut, name_of
from backup_reporter.palette.results import (
    MAX_CLUSTER_BACKUPS,
    cluster_backup_of,
    decode_whole_or_in_pieces,
    insist_on_bounds,
    policy_of,
    read_runs,
)
from backup_reporter.wording import quote

_RESULT = msgspec.json.Decoder(wire_types.ClusterResult[wire_types.ClusterRunEntry | None] | None)
_RESULT_IN_PIECES = msgspec.json.Decoder(wire_types.ClusterResult[Raw] | None)
_ENTRY = msgspec.json.Decoder(wire_types.ClusterRunEntry | None)
_RUNS_PATH = "$.status.clusterBackupStatuses"


def decode_cluster_result(data: bytes, cluster: Cluster) -> BackupResult | None:
    """Reads ``/v1/spectroclusters/{uid}/features/backup``; returns ``None`` if the cluster has no policy of its own.

    Raises :class:`UndecodableError` for what cannot be read, and for an answer about another cluster.
    """

    def read(entry: wire_types.ClusterRunEntry | None) -> Run:
        return _run(entry, cluster)

    document: wire_types.ClusterResult[Any]
    document, read_entry = decode_whole_or_in_pieces(data, _RESULT, _RESULT_IN_PIECES, _ENTRY, read)
    spec = document.spec or wire_types.ClusterResultSpec()
    if spec.cluster_uid and spec.cluster_uid != cluster.uid:
        raise UndecodableError(f"an answer about another cluster, '{quote(spec.cluster_uid, 60)}'", "$.spec.clusterUid")
    if spec.config is None:
        return None
    entries = (document.status and document.status.cluster_backup_statuses) or ()
    insist_on_bounds(len(entries), 1)
    runs, unreadable = read_runs(entries, read_entry, _RUNS_PATH)
    policy = policy_of(spec.config, document.metadata, (cluster.uid or "",), include_all_clusters=False)
    return BackupResult(policy=policy, runs=tuple(runs), unreadable_runs=tuple(unreadable))


def _run(entry: wire_types.ClusterRunEntry | None, cluster: Cluster) -> Run:
    entry = entry or wire_types.ClusterRunEntry()
    statuses = entry.backup_status_meta or ()
    if len(statuses) > MAX_CLUSTER_BACKUPS:
        raise UndecodableError(f"more than {MAX_CLUSTER_BACKUPS:,} backups", "$.backupStatusMeta")
    backups = tuple(
        cluster_backup_of(cluster, status, f"backupStatusMeta[{index}]") for index, status in enumerate(statuses)
    )
    return Run(
        request_uid=name_of(entry.backup_request_uid),
        backup_name=backups[0].backup_name if backups else None,
        backup_at=min((backup.at for backup in backups if backup.at), default=None),
        state=cut(entry.state, MAX_NAME),
        cluster_backups=backups,
    )
