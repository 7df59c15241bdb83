"""The findings about a workspace as a whole."""

from __future__ import annotations

from backup_reporter.health.codes import Code

WORKSPACE_CODES = (
    Code(
        name="backup-overdue",
        severity="critical",
        about="workspace",
        title="Scheduled backup did not start",
        meaning="A backup was due, its grace (SCHEDULE_GRACE_MINUTES, two hours unless set) has passed, and no run has begun "
        "since. A run that failed did begin: that is backup-failed.",
        why="A backup that never started leaves no error anywhere. The last copy grows older and runs out, and nothing "
        "else would tell.",
        confirm="Open the workspace's Backups tab: there is no backup at or after the due time. Under Settings, Schedule "
        "backups, see that the schedule is the one you expect, and in which time zone it is meant. If that is not the zone of "
        "SCHEDULE_TIME_ZONE, set it: the report learns another zone only from three runs.",
        action="Check in Palette that the backup policy is active and that the clusters are healthy and connected. Then run a "
        "backup by hand.",
    ),
    Code(
        name="retention-gap",
        severity="warning",
        about="workspace",
        title="Copies expire before the next one is made",
        meaning="The policy keeps its copies for a shorter time than the longest pause between two due times.",
        why="Even if every backup succeeds, there are hours or days in each round with nothing to restore.",
        confirm="Under the workspace's Settings, Schedule backups, compare the expiry with the schedule.",
        action="Raise the policy's retention above the longest pause of its schedule, or run it more often.",
    ),
    Code(
        name="not-protected",
        severity="warning",
        about="workspace",
        title="No backup policy",
        meaning="Palette answers that no backup is configured for the workspace, or knows neither a schedule nor a run.",
        why="Nothing of it can be restored. Often it was created in a hurry and the policy was to follow.",
        confirm="Open the workspace's Backups tab: it is empty. Under Settings, Schedule backups, nothing is filled in.",
        action="Create a backup policy for the workspace in Palette. If it needs none, mute it with an end date.",
    ),
    Code(
        name="not-scheduled",
        severity="info",
        about="workspace",
        title="No schedule: backups run only on demand",
        meaning="The workspace has runs, but its policy has no schedule.",
        why="A copy is there only if a person thinks of it. Nothing can be overdue here. After UNSCHEDULED_WARNING_DAYS (7 "
        "unless set) without a run, this turns into backups-stopped.",
        confirm="Under the workspace's Settings, Schedule backups, the schedule is empty.",
        action="Give the backup policy a schedule if the workspace should be backed up regularly.",
    ),
    Code(
        name="backups-stopped",
        severity="warning",
        about="workspace",
        title="Backups have stopped",
        meaning="The policy has no schedule, and no run has begun for more than UNSCHEDULED_WARNING_DAYS (7 unless set). If "
        "some clusters still have runs, it is about each of the others.",
        why="Palette cannot remove a policy, only empty its schedule: this is what a backup looks like that was switched off. "
        "The copies that are left are good until they expire, and then there is nothing.",
        confirm="Under the workspace's Settings, Schedule backups, the schedule is empty. The newest entry of the Backups tab "
        "is old.",
        action="Give the backup policy a schedule again, or run a backup by hand. If the workspace needs no backups, mute it "
        "with an end date.",
    ),
    Code(
        name="schedule-unreadable",
        severity="warning",
        about="workspace",
        title="Backup schedule is not understood",
        meaning="Velero would not run the policy's schedule: it does not have five cron fields, a value is out of range, or "
        "its date never comes, such as 30 February.",
        why="Velero makes no backup for it. Without due times, nothing can be found overdue or about to be replaced.",
        confirm="Under the workspace's Settings, Schedule backups, read the schedule; the finding quotes it as received.",
        action="Correct the schedule of the backup policy: five cron fields (minute hour day month weekday), @daily or @every 24h.",
    ),
    Code(
        name="schedule-shifted",
        severity="info",
        about="workspace",
        title="Backups begin at another time than the schedule says",
        meaning="The last runs all began at one distance from the schedule's due times: the schedule is in another time zone, "
        "or the runs wait. Due times are moved by that distance, and a missing run is still missed.",
        why="Palette does not document the time zone of its schedules. Without the shift, every morning would be overdue.",
        confirm="Compare the times on the workspace's Backups tab with its schedule.",
        action="Set SCHEDULE_TIME_ZONE to the time zone of your schedules, such as Asia/Kolkata.",
    ),
    Code(
        name="policy-names-missing-cluster",
        severity="warning",
        about="workspace",
        title="The policy names clusters that are gone",
        meaning="The backup policy names clusters that the workspace does not list any more. They are not judged.",
        why="If such a cluster was replaced by a new one, the new one is not backed up. If it was removed, the policy is out "
        "of date.",
        confirm="Under the workspace's Settings, Schedule backups, compare the selected clusters with the workspace's clusters.",
        action="Take the clusters out of the backup policy, or add them to the workspace again.",
    ),
    Code(
        name="namespaces-not-in-policy",
        severity="info",
        about="workspace",
        title="Namespaces are left out by the policy",
        meaning="The backup policy names namespaces, and the workspace has others beside them.",
        why="Every backup is green, and what runs in these namespaces would not come back.",
        confirm="Under the workspace's Settings, Schedule backups, compare the namespaces with those of the workspace.",
        action="Add the namespaces to the backup policy if they must come back with a restore.",
    ),
    Code(
        name="disks-not-included",
        severity="info",
        about="workspace",
        title="Parts are left out of the backup by its policy",
        meaning="The policy leaves the disks out, or all cluster-wide resources and with them the persistent volumes.",
        why="Every backup is green, and a restore brings back workloads without their data. That is right if the data "
        "lives elsewhere, and a bad surprise if it does not.",
        confirm="Under the workspace's Settings, Schedule backups, look at Include all disks and at Include cluster-wide "
        "resources.",
        action="Switch on 'Include all disks' and the cluster resources in the backup policy if they must come back with a restore.",
    ),
    Code(
        name="being-deleted",
        severity="info",
        about="workspace",
        title="Workspace is being deleted",
        meaning="The workspace has a deletion time. Nothing else is judged.",
        why="It will be gone from the next reports. Its backups stay in the backup location until they expire.",
        confirm="Under Workspaces in the main menu it is shown as being deleted, or is no longer there.",
        action="Nothing to do: deleting a workspace does not delete its backups.",
    ),
    Code(
        name="unreadable",
        severity="unknown",
        about="workspace",
        title="Could not be looked at",
        meaning="The workspace's backups are not known: Palette refused or did not answer, the answer was not what its API "
        "describes, the time for the run was over, or no project lists a workspace that was asked for. The message has "
        "Palette's own words, and its ref for a support case.",
        why="The backups may be in order, and they may be gone: that is why it is never counted as OK.",
        confirm="Sign in as the user of the API key and open the workspace's Backups tab. If it opens, the trouble lies on "
        "the way: run backup-reporter doctor.",
        action="Check the error, the API key's permissions and Palette, then run the report again.",
    ),
    Code(
        name="mute-unreadable",
        severity="info",
        about="workspace",
        title="Mute label is not understood",
        meaning="A mute label or annotation of the workspace is not a date, is more than 366 days ahead, names a code that does "
        "not exist, or names codes without a date. It mutes nothing.",
        why="Silence was wanted, and there is none. A mute without an end is refused on purpose: it would be forgotten.",
        confirm="Open the workspace and look at its labels and annotations that begin with backup-reporter.",
        action="Set the label backup-reporter.mute to a date such as 2026-12-31, and backup-reporter.mute-codes to known codes "
        "joined by dots.",
    ),
)
