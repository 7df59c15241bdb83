"""The look into the past: the history as it stood then, and what of then is not known today."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import msgspec

from backup_reporter.health.hindsight import accuse_of_nothing_unknown, until
from backup_reporter.health.judge import judge
from backup_reporter.health.model import BackupResult, Restore
from backup_reporter.health.thresholds import Thresholds
from backup_reporter.health.workspace_report import WorkspaceReport
from support.builders import NOTHING, Json, at, backup, copy, decoded, label, listed, nightly, only, run


def past(*runs: Json, moment: str = "11-22 07:00", **policy: object) -> tuple[BackupResult, BackupResult]:
    """A history, and the same as it stood at a moment."""
    _, result = decoded(listed(), backup(*runs, **policy))  # type: ignore[arg-type]
    return result, until(result, at(moment))


def test_what_began_after_the_moment_of_the_report_is_left_out() -> None:
    now, then = past(run("11-21 01:00"), run("11-22 07:00"), run("11-22 07:00:01"), run(None, refs=[]))
    assert then.runs == (now.runs[0], now.runs[1], now.runs[3])


def test_a_clusters_part_that_began_after_the_moment_of_the_report_was_still_to_come() -> None:
    late = run(
        "11-22 06:00",
        eu1=copy(at="11-22 07:00"),
        us2=copy("Failed", at="11-22 07:00:01", name="n", expires="12-01 00:00"),
    )
    now, then = past(late, run("11-21 01:00"))
    (first, second) = then.runs[0].cluster_backups

    assert first is now.runs[0].cluster_backups[0]
    assert (second.cluster, second.state) == (now.runs[0].cluster_backups[1].cluster, "InProgress")
    assert (second.at, second.backup_name, second.expires_at) == (None, None, None)
    assert msgspec.structs.replace(then.runs[0], cluster_backups=()) == msgspec.structs.replace(
        now.runs[0], cluster_backups=()
    )
    assert then.runs[1] is now.runs[1]


def test_a_policy_that_was_made_after_the_moment_of_the_report_had_no_schedule() -> None:
    assert past(created="11-22 07:00")[1].policy.schedule == "0 1 * * *"
    assert past(created=None)[1].policy.schedule == "0 1 * * *"
    now, then = past(created="11-22 07:00:01")
    assert then.policy == msgspec.structs.replace(now.policy, schedule=None)


def test_a_restore_that_began_after_the_moment_of_the_report_is_left_out() -> None:
    restores = (Restore(at=at("11-22 07:00"), state="Completed"), Restore(at=at("11-22 07:00:01")), Restore(at=None))
    assert until(BackupResult(restores=restores), at("11-22 07:00")).restores == (restores[0], restores[2])
    assert until(BackupResult(), at("11-22 07:00")).restores is None


TOKYO = Thresholds(time_zone=ZoneInfo("Asia/Tokyo"))


def looked_back(
    *runs: Json, workspace: Json | None = None, **policy: object
) -> tuple[WorkspaceReport, WorkspaceReport]:
    """The report on a history as it stood at 07:00 of the 20th, and the same without what is not known of then."""
    moment = at("11-20 07:00")
    the_workspace, result = decoded(workspace or listed(), backup(*runs, **policy))  # type: ignore[arg-type]
    report = judge(the_workspace, until(result, moment), TOKYO, moment).report
    return report, accuse_of_nothing_unknown(report, result, TOKYO, moment)


def labels(report: WorkspaceReport) -> list[str]:
    return [label(finding) for finding in report.findings]


def test_a_history_that_begins_later_says_nothing_of_then() -> None:
    report, known = looked_back(*nightly("11-21"), includeAllDisks=False)

    assert labels(report) == ["backup-overdue", "never-backed-up eu1", "never-backed-up us2", "disks-not-included"]
    assert (labels(known), known.status) == (["unreadable", "disks-not-included"], "UNKNOWN")
    assert known.findings[0].message == (
        "What Palette lists of the workspace begins after 2026-11-20 16:00 JST: what there was then is not known."
    )


def test_a_cluster_whose_history_begins_later_is_accused_of_nothing() -> None:
    runs = [*nightly(last="11-19", us2=NOTHING), run("11-20 01:00", eu1="Failed", us2=NOTHING), *nightly("11-21")]
    report, known = looked_back(*runs)

    assert labels(report) == ["backup-failed eu1", "cluster-not-backed-up us2", "never-backed-up us2"]
    assert (labels(known), known.status) == (["unreadable", "backup-failed eu1"], "CRITICAL")
    assert known.findings[0].message.startswith("What Palette lists of 1 cluster begins after")


def test_clusters_whose_histories_begin_later_are_counted() -> None:
    three = listed(["eu1", "us2", "ap3"])
    _, known = looked_back(
        *nightly(last="11-20", us2=NOTHING), *nightly("11-21"), only("ap3", "11-22 12:00"), workspace=three
    )
    assert "lists of 2 clusters begins" in known.findings[0].message


def test_clusters_without_a_uid_are_known_by_their_names() -> None:
    def without_uid(entry: Json) -> Json:
        for part in entry["workspaceBackupConfig"]["clusterBackupRefs"]:
            del part["clusterUid"]
        return entry

    workspace = listed(["eu1", "us2", "ap3"])
    for ref in workspace["spec"]["clusterRefs"]:
        del ref["uid"]
    runs = [*nightly(last="11-20", us2=NOTHING), *nightly("11-21"), only("ap3", "11-22 12:00")]
    _, known = looked_back(*map(without_uid, runs), workspace=workspace)
    assert labels(known) == ["unreadable"]
    assert "lists of 2 clusters begins" in known.findings[0].message


def test_a_cluster_that_never_was_in_a_backup_is_accused() -> None:
    report, known = looked_back(*nightly(us2=NOTHING))
    assert "never-backed-up us2" in labels(report)
    assert known is report


def test_what_is_known_of_then_stays_as_it_is() -> None:
    report, known = looked_back(*nightly(last="11-19"), run("11-20 01:00", "Failed"))
    assert labels(report) == ["backup-failed eu1", "backup-failed us2"]
    assert known is report


def test_a_workspace_without_any_run_is_accused() -> None:
    report, known = looked_back()
    assert "backup-overdue" in labels(report)
    assert known is report


def test_a_workspace_without_a_policy_then_had_no_backup() -> None:
    report, known = looked_back(*nightly("11-21"), created="11-20 12:00")
    assert labels(report) == ["not-protected"]
    assert known is report


def test_what_is_muted_accuses_nobody() -> None:
    muted = listed(labels={"backup-reporter.mute": "2026-12-31"})
    report, known = looked_back(*nightly("11-21"), workspace=muted)
    assert "backup-overdue muted" in labels(report)
    assert known is report
