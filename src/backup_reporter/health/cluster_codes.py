"""The findings about one cluster's backups."""

from __future__ import annotations

from backup_reporter.health.codes import Code

CLUSTER_CODES = (
    Code(
        name="backup-failed",
        severity="critical",
        about="cluster",
        title="Backup failed",
        meaning="The cluster's latest finished backup failed, by its own word or by that of the whole run. The message "
        "counts how many failed in a row and says when the last good one was.",
        why="Nothing newer than that last good copy can be restored, and the copies that are left run out one by one. One "
        "cause, such as an expired key of the backup location, often strikes several workspaces on the same night.",
        confirm="Open the workspace's Backups tab and choose the backup that the finding names: the cluster's state is "
        "Failed, with a message. Project settings, Backup locations, shows whether the location can be used.",
        action="Open the workspace's Backups tab in Palette, read the failed backup's message, and check the backup location "
        "and Velero on the cluster. Then run a backup by hand.",
    ),
    Code(
        name="backup-partially-failed",
        severity="warning",
        about="cluster",
        title="Backup is incomplete",
        meaning="The cluster's latest finished backup ended as PartiallyFailed, or one that still runs is sure to.",
        why="It can be restored, but something is not in it, and often that is a volume: the part that nobody can make "
        "again. It does not count as a good copy here.",
        confirm="Open the workspace's Backups tab and choose the backup: the cluster's state is PartiallyFailed. What is "
        "missing stands only in Velero's own log on the cluster.",
        action="Some resources or volumes are not in the backup. Read its log on the cluster (velero backup logs NAME) and "
        "mend what it names.",
    ),
    Code(
        name="backup-stuck",
        severity="warning",
        about="cluster",
        title="Backup does not finish",
        meaning="A backup of the cluster has been running for longer than STUCK_AFTER_HOURS (6 unless set), and no newer one "
        "has finished.",
        why="A backup takes from a quarter of an hour to some hours. One that hangs makes no copy, and the next ones wait "
        "behind it: Velero does one at a time unless told otherwise.",
        confirm="Open the workspace's Backups tab: the backup is still in progress. On the cluster, velero backup describe "
        "NAME shows whether its progress moves.",
        action="Check that Velero and its node agent run on the cluster and that the backup location answers. Restart Velero "
        "if the backup makes no progress.",
    ),
    Code(
        name="backup-state-unknown",
        severity="warning",
        about="cluster",
        title="Backup state is not understood",
        meaning="A backup has a state that this reporter does not know, or none at all, and no newer one has finished; the "
        "message quotes it. Or no copy of the cluster has come for longer than the schedule explains, and nothing says why. "
        "Or something is dated in the future.",
        why="Palette publishes no list of states. What is not understood may be good or bad, and calling it good would be a "
        "guess.",
        confirm="Open the workspace's Backups tab and choose the backup: is it shown as completed, and can Restore be chosen "
        "for it? Where copies are gone as soon as they are made, find out who deletes them; where the policy is made anew "
        "before each backup is due, find out by whom; where a date is in the future, see whose clock is wrong.",
        action="Look the backup up in Palette. If the state is a good one, teach it with the setting EXTRA_STATES.",
    ),
    Code(
        name="backup-expired",
        severity="critical",
        about="cluster",
        title="Nothing left to restore: the last copy has expired",
        meaning="The cluster had a good copy, its expiry has passed, and no newer one succeeded.",
        why="If the cluster were lost now, nothing would bring its workloads back. Palette deletes the files of expired "
        "copies by itself.",
        confirm="Open the workspace's Backups tab: every completed backup of the cluster has an expiry date in the past, or "
        "is gone from the list.",
        action="Run a backup by hand now, then find out why newer ones are missing.",
    ),
    Code(
        name="never-backed-up",
        severity="critical",
        about="cluster",
        title="Never backed up: nothing to restore",
        meaning="The cluster is in the policy's scope, and the history knows no good copy of it. Copies that were deleted "
        "count as never made. Where one run was asked for, that run left no copy.",
        why="Everybody believes that the workspace is protected, and this part of it is not.",
        confirm="Open the workspace's Backups tab and look for the cluster in the backups. Under Settings, Schedule backups, "
        "see which clusters the policy selects.",
        action="Check that the cluster is in the backup policy and healthy, then run a backup by hand.",
    ),
    Code(
        name="awaiting-first-backup",
        severity="info",
        about="cluster",
        title="Waiting for its first backup",
        meaning="The policy is younger than its first due time plus the grace (SCHEDULE_GRACE_MINUTES), and no backup of the "
        "cluster has begun: there is nothing yet that could have been missed.",
        why="There is nothing to restore until then. If the first run does not come, this turns into never-backed-up.",
        confirm="Under the workspace's Settings, Schedule backups, see when the first run is due.",
        action="Nothing to do: the policy is new and its first run is not due yet.",
    ),
    Code(
        name="backup-expiring",
        severity="warning",
        about="cluster",
        title="The last copy expires soon",
        meaning="The newest good copy expires within EXPIRY_WARNING_DAYS (3 unless set), and nothing shows that the next "
        "scheduled backup will replace it in time. Ordinary rotation is not reported.",
        why="After that moment there is nothing to restore. Now is the time when a backup by hand still closes the gap.",
        confirm="Open the workspace's Backups tab and compare the newest completed backup's expiry date with the next "
        "scheduled run.",
        action="Run a backup by hand before it expires, or mend the schedule that should replace it.",
    ),
    Code(
        name="restore-point-too-old",
        severity="critical",
        about="cluster",
        title="The last copy is too old",
        meaning="MAX_BACKUP_AGE_HOURS is set, and the newest good copy is older than that, or nobody knows how old it is.",
        why="It can be restored, but everything that was written since would be lost, and somebody has decided that this "
        "would be too much.",
        confirm="Open the workspace's Backups tab and look at the time of the cluster's newest completed backup.",
        action="A restore would lose more than MAX_BACKUP_AGE_HOURS allows. Run a backup by hand and check the schedule.",
    ),
    Code(
        name="cluster-not-backed-up",
        severity="critical",
        about="cluster",
        title="Cluster was left out of the last backup",
        meaning="The latest finished run, and every other since the same due time, has no backup of a cluster that the "
        "policy covers.",
        why="Palette skips clusters that are not healthy, and the run still says Completed: without this finding it would "
        "look green.",
        confirm="Open the workspace's Backups tab and choose the latest backup: the cluster is not among its clusters. Under "
        "Clusters in the main menu, see whether it is healthy.",
        action="Palette skips clusters that are not healthy. Check the cluster's health and connection in Palette, then run "
        "a backup by hand.",
    ),
    Code(
        name="namespace-not-backed-up",
        severity="warning",
        about="cluster",
        title="Namespaces are missing from the backup",
        meaning="The latest backup succeeded, but lacks namespaces that the policy names.",
        why="The backup is green, and what runs in these namespaces would not come back.",
        confirm="Open the workspace's Backups tab, choose the backup, and compare its namespaces with those under Settings, "
        "Schedule backups.",
        action="Check that the namespaces exist on the cluster and are spelt alike in the backup policy.",
    ),
    Code(
        name="delete-failed",
        severity="warning",
        about="cluster",
        title="An old backup could not be deleted",
        meaning="Palette tried to delete a backup of the cluster, and could not.",
        why="The files stay in the backup location and cost money, and they may be half deleted: a restore from them can "
        "fail. Where the location refuses deletions it may refuse new backups next.",
        confirm="Open the workspace's Backups tab: the backup is listed with a failed deletion.",
        action="Check that Velero may delete in the backup location; what is left there costs money and may be incomplete.",
    ),
)
