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
        "backups, see that the schedule is the one you expect; it is in UTC.",
        action="Check in Palette that the backup policy is still active and that the clusters are healthy and connected. Then "
        "run a backup by hand.",
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
        action="Create a backup policy for the workspace in Palette, or mute it with an end date if that is meant.",
    ),
    Code(
        name="not-scheduled",
        severity="info",
        about="workspace",
        title="Backups are made by hand only",
        meaning="The workspace has runs, but its policy has no schedule.",
        why="Whether there is a copy depends on somebody thinking of it. Nothing can be overdue here, so nothing will be "
        "reported as overdue.",
        confirm="Under the workspace's Settings, Schedule backups, the schedule is empty.",
        action="Give the backup policy a schedule if the workspace should be backed up regularly.",
    ),
    Code(
        name="schedule-unreadable",
        severity="warning",
        about="workspace",
        title="Backup schedule is not understood",
        meaning="The policy's schedule is none that Velero would run: not five cron fields, a value out of range, or a date "
        "that never comes, such as 30 February.",
        why="Velero makes no backup for it. And without due times nothing can be found overdue or about to be replaced.",
        confirm="Under the workspace's Settings, Schedule backups, read the schedule; the finding quotes it as received.",
        action="Correct the schedule of the backup policy: five cron fields (minute hour day month weekday), @daily or @every 24h.",
    ),
    Code(
        name="disks-not-included",
        severity="info",
        about="workspace",
        title="Parts are left out of the backup by its policy",
        meaning="The policy leaves the disks out, or all cluster-wide resources and with them the persistent volumes.",
        why="Every backup is green, and a restore brings back workloads without their data. That is right where the data "
        "lives elsewhere, and a bad surprise where it does not.",
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
        action="Nothing to do; deleting a workspace does not delete its backups.",
    ),
    Code(
        name="unreadable",
        severity="unknown",
        about="workspace",
        title="Could not be looked at",
        meaning="The backups could not be had or understood: Palette refused or did not answer, the answer was not what its "
        "API describes, the time for the run was over before it, or no project lists a workspace that was asked for. The "
        "message has Palette's own words, and its ref for a support case.",
        why="Nothing is known. The backups may be in order, and they may be gone: that is why it is never counted as OK.",
        confirm="Sign in as the user of the API key and open the workspace's Backups tab. If it opens, the trouble lies on "
        "the way: run backup-reporter doctor.",
        action="Nothing is known about these backups. Check the error, the API key's permissions and Palette, then run the report again.",
    ),
    Code(
        name="mute-unreadable",
        severity="info",
        about="workspace",
        title="Mute label is not understood",
        meaning="A mute label or annotation of the workspace is no date, names a code that does not exist, or names codes "
        "without a date. It mutes nothing.",
        why="Somebody wanted silence and does not get it. A mute without an end is refused on purpose: it would be "
        "forgotten.",
        confirm="Open the workspace and look at its labels and annotations that begin with backup-reporter.",
        action="Set the label backup-reporter.mute to a date such as 2026-12-31, and backup-reporter.mute-codes to known codes "
        "joined by dots.",
    ),
)
