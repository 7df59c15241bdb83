"""Every finding code: how severe it is, what it is about, what it means and what to do.

The one source for severities, for the "what to do" of messages and pages, and for the docs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from backup_reporter.health.findings import Severity


@dataclass(frozen=True, slots=True)
class Code:
    """``title`` reads well after a workspace's name; ``action`` is what to do, in one or two sentences."""

    name: str
    severity: Severity
    about: Literal["cluster", "workspace"]
    title: str
    action: str


_ALL = (
    Code(
        "backup-failed",
        "critical",
        "cluster",
        "Backup failed",
        "Open the workspace's Backups tab in Palette, read the failed backup's message, and check the backup location "
        "and Velero on the cluster. Then run a backup by hand.",
    ),
    Code(
        "backup-partially-failed",
        "warning",
        "cluster",
        "Backup is incomplete",
        "Some resources or volumes are not in the backup. Read its log on the cluster (velero backup logs NAME) and "
        "mend what it names.",
    ),
    Code(
        "backup-stuck",
        "warning",
        "cluster",
        "Backup does not finish",
        "Check that Velero and its node agent run on the cluster and that the backup location answers. Restart Velero "
        "if the backup makes no progress.",
    ),
    Code(
        "backup-state-unknown",
        "warning",
        "cluster",
        "Backup state is not understood",
        "Look the backup up in Palette. If the state is a good one, teach it with the setting EXTRA_STATES.",
    ),
    Code(
        "backup-overdue",
        "critical",
        "workspace",
        "Scheduled backup did not start",
        "Check in Palette that the backup policy is still active and that the clusters are healthy and connected. Then "
        "run a backup by hand.",
    ),
    Code(
        "backup-expired",
        "critical",
        "cluster",
        "Nothing left to restore: the last copy has expired",
        "Run a backup by hand now, then find out why newer ones are missing.",
    ),
    Code(
        "never-backed-up",
        "critical",
        "cluster",
        "Never backed up: nothing to restore",
        "Check that the cluster is in the backup policy and healthy, then run a backup by hand.",
    ),
    Code(
        "awaiting-first-backup",
        "info",
        "cluster",
        "Waiting for its first backup",
        "Nothing to do: the policy is new and its first run is not due yet.",
    ),
    Code(
        "backup-expiring",
        "warning",
        "cluster",
        "The last copy expires soon",
        "Run a backup by hand before it expires, or mend the schedule that should replace it.",
    ),
    Code(
        "restore-point-too-old",
        "critical",
        "cluster",
        "The last copy is too old",
        "A restore would lose more than MAX_BACKUP_AGE_HOURS allows. Run a backup by hand and check the schedule.",
    ),
    Code(
        "cluster-not-backed-up",
        "critical",
        "cluster",
        "Cluster was left out of the last backup",
        "Palette skips clusters that are not healthy. Check the cluster's health and connection in Palette, then run "
        "a backup by hand.",
    ),
    Code(
        "namespace-not-backed-up",
        "warning",
        "cluster",
        "Namespaces are missing from the backup",
        "Check that the namespaces exist on the cluster and are spelt alike in the backup policy.",
    ),
    Code(
        "delete-failed",
        "warning",
        "cluster",
        "An old backup could not be deleted",
        "Check that Velero may delete in the backup location; what is left there costs money and may be incomplete.",
    ),
    Code(
        "retention-gap",
        "warning",
        "workspace",
        "Copies expire before the next one is made",
        "Raise the policy's retention above the longest pause of its schedule, or run it more often.",
    ),
    Code(
        "not-protected",
        "warning",
        "workspace",
        "No backup policy",
        "Create a backup policy for the workspace in Palette, or mute it with an end date if that is meant.",
    ),
    Code(
        "not-scheduled",
        "info",
        "workspace",
        "Backups are made by hand only",
        "Give the backup policy a schedule if the workspace should be backed up regularly.",
    ),
    Code(
        "schedule-unreadable",
        "warning",
        "workspace",
        "Backup schedule is not understood",
        "Correct the schedule of the backup policy: five cron fields (minute hour day month weekday), @daily or @every 24h.",
    ),
    Code(
        "disks-not-included",
        "info",
        "workspace",
        "Parts are left out of the backup by its policy",
        "Switch on 'Include all disks' and the cluster resources in the backup policy if they must come back with a restore.",
    ),
    Code(
        "being-deleted",
        "info",
        "workspace",
        "Workspace is being deleted",
        "Nothing to do; deleting a workspace does not delete its backups.",
    ),
    Code(
        "unreadable",
        "unknown",
        "workspace",
        "Could not be looked at",
        "Nothing is known about these backups. Check the error, the API key's permissions and Palette, then run the report again.",
    ),
    Code(
        "mute-unreadable",
        "info",
        "workspace",
        "Mute label is not understood",
        "Set the label backup-reporter.mute to a date such as 2026-12-31, and backup-reporter.mute-codes to known codes "
        "joined by dots.",
    ),
)

CODES: dict[str, Code] = {code.name: code for code in _ALL}
