"""The findings about one cluster's backups."""

from __future__ import annotations

from backup_reporter.health.codes import Code

CLUSTER_CODES = (
    Code(
        name="backup-failed",
        severity="critical",
        about="cluster",
        title="Backup failed",
        meaning="The cluster's latest finished backup failed. The message counts how many failed in a row and says when the "
        "last good one was. If a run as a whole says Failed and no cluster in it does, the finding is about the workspace.",
        why="Nothing newer than the last good copy can be restored, and the copies that are left run out one by one. One "
        "cause, such as an expired key of the backup location, often strikes several workspaces on the same night.",
        confirm="Open the workspace's Backups tab and choose the backup that the finding names: its state is Failed, with a "
        "message. Project settings, Backup locations, shows whether the location can be used.",
        action="Check that the backup location can be reached with its credentials, and that Velero runs on the cluster. Then "
        "run a backup by hand.",
    ),
    Code(
        name="backup-partially-failed",
        severity="warning",
        about="cluster",
        title="Backup is incomplete",
        meaning="The cluster's latest finished backup ended as PartiallyFailed, or one that still runs is sure to.",
        why="It can be restored, but something is not in it. Often that is a volume: the part that cannot be made again. It "
        "does not count as a good copy here.",
        confirm="Open the workspace's Backups tab and choose the backup: the cluster's state is PartiallyFailed. What is "
        "missing stands only in Velero's own log on the cluster.",
        action="Read the backup's log on the cluster (velero backup logs NAME) and fix what it names.",
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
        meaning="One of these: a backup has a state that this reporter does not know, or none, and no newer one has finished; "
        "a backup is dated in the future; a run without any time did not succeed; or no copy has come for longer than the "
        "schedule explains, and nothing says why.",
        why="Palette publishes no list of states. What is not understood may be good or bad, and calling it good would be a "
        "guess.",
        confirm="Open the workspace's Backups tab and choose the backup: is it shown as completed, and can Restore be chosen "
        "for it? If copies are gone as soon as they are made, find out who deletes them. If a date is in the future, find "
        "the clock that is wrong.",
        action="Look the backup up in Palette. If its state is a good one, add it to the setting EXTRA_STATES.",
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
        meaning="The policy covers the cluster, and the history knows no good copy of it. Copies that were deleted count as "
        "never made. If one run was asked for, that run left no copy.",
        why="The workspace looks protected, and this part of it is not.",
        confirm="Open the workspace's Backups tab and look for the cluster in the backups. Under Settings, Schedule backups, "
        "see which clusters the policy selects.",
        action="Check that the cluster is healthy and selected in the backup policy, then run a backup by hand.",
    ),
    Code(
        name="only-incomplete-copies",
        severity="critical",
        about="cluster",
        title="No complete copy: only incomplete ones are left",
        meaning="The cluster has no good copy, but at least one backup that ended as PartiallyFailed and is still there.",
        why="A restore brings back a part, and what is missing is often a volume. It is better than nothing, and not a backup "
        "to rely on.",
        confirm="Open the workspace's Backups tab: the cluster's backups are PartiallyFailed. On the cluster, velero backup "
        "describe NAME lists the errors.",
        action="Read the newest backup's log on the cluster (velero backup logs NAME), fix what it names, then run a backup "
        "by hand.",
    ),
    Code(
        name="awaiting-first-backup",
        severity="info",
        about="cluster",
        title="Waiting for its first backup",
        meaning="The policy or the cluster is new, and its first due time plus the grace (SCHEDULE_GRACE_MINUTES) is still to "
        "come; or its first backup is at work.",
        why="There is nothing to restore until then. If no copy comes, this turns into never-backed-up.",
        confirm="Under the workspace's Settings, Schedule backups, see when the first run is due.",
        action="Nothing to do: the first backup is still to come.",
    ),
    Code(
        name="no-copy-yet",
        severity="warning",
        about="cluster",
        title="Still no first copy",
        meaning="The cluster has been waiting for its first backup for more than 7 days: its schedule is that slow, or its "
        "first backup does not end.",
        why="For all that time nothing can be restored.",
        confirm="Under the workspace's Settings, Schedule backups, see when the first run is due. On the cluster, see that "
        "Velero runs.",
        action="Run a backup by hand instead of waiting for the schedule.",
    ),
    Code(
        name="backup-expiring",
        severity="warning",
        about="cluster",
        title="The last copy expires soon",
        meaning="The good copy that lives longest expires within EXPIRY_WARNING_DAYS (3 unless set), and nothing shows that "
        "the next scheduled backup will replace it in time. Ordinary rotation is not reported.",
        why="After that moment there is nothing to restore. A backup by hand still closes the gap now.",
        confirm="Open the workspace's Backups tab and compare the last expiry date of the completed backups with the next "
        "scheduled run.",
        action="Run a backup by hand before the copy expires, and fix the schedule that should replace it.",
    ),
    Code(
        name="restore-point-too-old",
        severity="critical",
        about="cluster",
        title="The last copy is too old",
        meaning="MAX_BACKUP_AGE_HOURS is set, and the newest good copy is older than that or has no date.",
        why="A restore would lose everything that was written since. MAX_BACKUP_AGE_HOURS says that this is too much.",
        confirm="Open the workspace's Backups tab and look at the time of the cluster's newest completed backup.",
        action="Run a backup by hand and check the schedule.",
    ),
    Code(
        name="restore-points-vanished",
        severity="warning",
        about="cluster",
        title="A copy is gone before its time",
        meaning="The last report knew a restore point that was to be kept for longer. It is not in Palette's list any more, "
        "and nothing says that it was deleted. This is said for 7 days.",
        why="Copies that are deleted early are what ransomware, a mistake or a policy made anew look like.",
        confirm="Open the workspace's Backups tab and look for the backup of that day. Look into the backup location whether "
        "its files are still there.",
        action="Ask who deleted it. If it was not deleted on purpose, check who can write to the backup location, and run a "
        "backup by hand.",
    ),
    Code(
        name="cluster-not-backed-up",
        severity="critical",
        about="cluster",
        title="Cluster was left out of the last backup",
        meaning="The policy covers the cluster, and no backup since the latest due time has it, while others were backed up.",
        why="Palette skips clusters that are not healthy, and the run still says Completed: without this finding it would "
        "look green.",
        confirm="Open the workspace's Backups tab and choose the latest backup: the cluster is not among its clusters, or has "
        "no state. Under Clusters in the main menu, see whether it is healthy.",
        action="Check the cluster's health and connection in Palette, then run a backup by hand.",
    ),
    Code(
        name="cluster-not-in-policy",
        severity="warning",
        about="cluster",
        title="Cluster is not in the backup policy",
        meaning="The workspace lists the cluster and its backup policy does not cover it: the policy names other clusters, or "
        "it names none and no backup has ever had this one.",
        why="The cluster is never backed up, and every run is green without it.",
        confirm="Under the workspace's Settings, Schedule backups, see which clusters are selected.",
        action="Select the cluster in the backup policy, or select all clusters.",
    ),
    Code(
        name="namespace-not-backed-up",
        severity="warning",
        about="cluster",
        title="Namespaces are missing from the backup",
        meaning="The latest backup succeeded, but lacks namespaces that it was asked for.",
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
        meaning="Palette tried to delete a backup of the cluster and failed.",
        why="The files stay in the backup location and cost money, and they may be half deleted: a restore from them can "
        "fail. A location that refuses deletions may refuse new backups next.",
        confirm="Open the workspace's Backups tab: the backup is listed with a failed deletion.",
        action="Check that Velero may delete objects in the backup location.",
    ),
    Code(
        name="delete-stuck",
        severity="info",
        about="cluster",
        title="Deletions do not finish",
        meaning="Backups of the cluster have been under deletion for more than 7 days. The message counts them.",
        why="Their files cost money, and Velero may be unable to delete or not running at all.",
        confirm="Open the workspace's Backups tab: the backups are shown as being deleted. On the cluster, kubectl -n "
        "velero get deletebackuprequests lists the deletions.",
        action="Check that Velero runs on the cluster and may delete objects in the backup location.",
    ),
)
