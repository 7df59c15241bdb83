"""The findings about clusters beyond the workspaces, about backup locations and restores."""

from __future__ import annotations

from backup_reporter.health.codes import Code

COVERAGE_CODES = (
    Code(
        name="cluster-unprotected",
        severity="info",
        about="cluster",
        title="In no backup policy",
        meaning="Clusters are in no workspace's backup policy and have none of their own. Reported once for all of them, and only "
        "with INCLUDE_CLUSTERS; a warning with INCLUDE_CLUSTERS=warn. Virtual and imported clusters, and those that are "
        "being deleted or not running yet, do not count.",
        why="Nothing of these clusters can be restored, however green the workspaces are.",
        confirm="Open the cluster in Palette: its Backups tab is empty, and no workspace whose policy covers it lists it.",
        action="Give the cluster a backup policy of its own, or add it to a workspace whose policy covers it. If it needs no "
        "backup, mute it with an end date by the cluster's tag backup-reporter.mute: it stays counted, and is no warning.",
    ),
    Code(
        name="cluster-unreachable",
        severity="info",
        about="cluster",
        title="Not healthy in Palette: no restore from it now",
        meaning="The cluster has copies that can be restored, but Palette does not see the cluster healthy. Reported with "
        "INCLUDE_CLUSTERS only. It stays until Palette shows the cluster healthy.",
        why="Palette restores a backup only while it sees the source cluster available and healthy. Otherwise a restore is a "
        "case for the vendor's support.",
        confirm="Open the cluster in Palette: its health is not Healthy, or its last heartbeat is old.",
        action="Bring the cluster back into Palette (its agent, its network). If it is lost, contact the vendor's support before "
        "the copies expire.",
    ),
    Code(
        name="location-missing",
        severity="warning",
        about="workspace",
        title="Backup location does not exist any more",
        meaning="The policy uses a backup location that is not in Palette's list of locations. Reported with INCLUDE_CLUSTERS only. "
        "It stays while the locations cannot be listed.",
        why="The next backup has nowhere to go, and what lies in the old location cannot be restored through Palette.",
        confirm="In Palette, under Settings, Backup Locations (of the tenant and of the project), the location is missing.",
        action="Create the location again, or choose another one in the backup policy, and run a backup by hand.",
    ),
    Code(
        name="restore-untested",
        severity="warning",
        about="workspace",
        title="No restore was tried in time",
        meaning="No restore of the workspace succeeded within RESTORE_TEST_MAX_AGE_DAYS, or none ever did, or the restores cannot "
        "be read. Reported only if that setting is set, and not before there was a backup to try it with. A new workspace has as "
        "much time for its first restore.",
        why="A backup that was never restored is a hope. Missing volumes, secrets and images show only when it is tried.",
        confirm="Open the workspace's (or the cluster's) Restores tab in Palette: the last completed restore is too long ago.",
        action="Restore the newest backup into a test cluster, and check that the application works there.",
    ),
    Code(
        name="restore-failed",
        severity="warning",
        about="workspace",
        title="Last restore failed",
        meaning="The restore that was finished last failed, in whole or in part. Reported only with RESTORE_TEST_MAX_AGE_DAYS.",
        why="The next restore may be the one that counts, and it is likely to fail for the same reason.",
        confirm="Open the restore in Palette: its message says why it failed.",
        action="Fix the cause that Palette names, and try the restore again into a test cluster.",
    ),
    Code(
        name="restore-in-place-only",
        severity="info",
        about="workspace",
        title="Restores only onto the original cluster",
        meaning="The policy backs up all cluster resources (includeClusterResourceMode Always).",
        why="Palette restores such a backup only onto the cluster it came from. If that cluster is lost, the backup does not "
        "bring it back elsewhere.",
        confirm="In the backup policy, Include all cluster resources is set to Always. Terraform's older argument "
        "include_cluster_resources has the same effect.",
        action="Choose the mode Auto if you want to be able to restore onto another cluster.",
    ),
)
