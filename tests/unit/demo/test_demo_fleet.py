"""The made-up fleets: what they teach, and that they are the same each time."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from backup_reporter.demo.fleet import Failure, Fleet, instructive, synthetic
from backup_reporter.health.catalog import CODES
from backup_reporter.health.judge import judge, judge_being_deleted, judge_not_protected, judge_unreadable
from backup_reporter.health.model import Surroundings, Workspace
from backup_reporter.health.thresholds import Thresholds
from backup_reporter.health.workspace_report import WorkspaceReport
from backup_reporter.palette.cluster_results import decode_cluster_result
from backup_reporter.palette.clusters import as_workspace, decode_clusters
from backup_reporter.palette.lists import Project, decode_workspaces
from backup_reporter.palette.results import decode_backup_result
from backup_reporter.report.model import Report
from support.sample import sample_report

NOW = datetime(2026, 11, 23, 7, 0, 4, tzinfo=UTC)
RULES = Thresholds(max_backup_age=timedelta(days=10))


def verdicts(fleet: Fleet, now: datetime = NOW) -> Iterator[WorkspaceReport]:
    for uid, name in fleet.projects.items():
        page = decode_workspaces(msgspec.json.encode({"items": fleet.workspaces[uid]}), Project(uid, name))
        assert page.problems == ()
        for workspace in page.items:
            yield verdict(workspace, fleet.backups[workspace.uid], now)


def verdict(workspace: Workspace, backup: object, now: datetime) -> WorkspaceReport:
    if workspace.deleted_at:
        return judge_being_deleted(workspace, RULES, now)
    if isinstance(backup, Failure):
        judged = judge_not_protected if backup.code == "BackupNotConfigured" else judge_unreadable
        return judged(workspace, backup.message, RULES, now)
    return judge(workspace, decode_backup_result(msgspec.json.encode(backup)), RULES, now).report


def cluster_verdicts(fleet: Fleet, now: datetime = NOW) -> Iterator[WorkspaceReport]:
    """The verdicts on the clusters with a policy of their own."""
    for listed in decode_clusters(msgspec.json.encode({"items": fleet.clusters})).items:
        if listed.uid in fleet.cluster_backups:
            surroundings = Surroundings(
                location_uids=frozenset(location["metadata"]["uid"] for location in fleet.locations),
                unreachable_cluster_uids=frozenset([listed.uid] if listed.is_healthy is False else []),
            )
            cluster = msgspec.structs.replace(as_workspace(listed), surroundings=surroundings)
            result = decode_cluster_result(msgspec.json.encode(fleet.cluster_backups[listed.uid]), cluster.clusters[0])
            assert result
            yield judge(cluster, result, RULES, now).report


def findings(fleet: Fleet, now: datetime = NOW) -> list[tuple[str, str, str, str | None, bool]]:
    return [
        (report.status, report.name, finding.code, finding.cluster_name, finding.muted)
        for report in verdicts(fleet, now)
        for finding in report.findings
    ]


@pytest.fixture(scope="module")
def report() -> Report:
    return sample_report(instructive(NOW), NOW, before=instructive(NOW, before=True))


def test_the_instructive_fleet_shows_every_finding_that_there_is(report: Report) -> None:
    shown = {finding.code for workspace in report.workspaces for finding in workspace.findings}
    assert shown | {finding.code for finding in report.findings} == CODES.keys()


def test_the_instructive_fleet_shows_each_finding_about_clusters_and_restores_once(report: Report) -> None:
    shown = Counter(finding.code for workspace in report.workspaces for finding in workspace.findings)
    once = ("cluster-unreachable", "location-missing", "restore-in-place-only", "restore-untested", "restore-failed")
    assert [shown[code] for code in once] == [1] * len(once)
    (unprotected,) = report.findings
    assert unprotected.message == "2 clusters are in no backup policy: edge / edge-kiosk, prod / us-3."


def test_the_report_before_was_made_a_day_earlier_and_knew_less(report: Report) -> None:
    changed = {kind: {(change.workspace_name, change.code) for change in changes}
               for kind, changes in (("new", report.changes.new), ("resolved", report.changes.resolved))}  # fmt: skip
    assert changed["resolved"] == {("profiles", "backup-failed")}
    assert changed["new"] == {
        ("search", "backup-partially-failed"),
        ("search", "backup-state-unknown"),
        ("search", "backup-stuck"),
        ("search", "namespace-not-backed-up"),
        ("registry", "restore-points-vanished"),
        ("edge-sites", "awaiting-first-backup"),
        ("edge-sites", "mute-unreadable"),
    }
    assert (report.changes.note, report.problems, report.notes) == (None, (), ())


def test_most_of_the_instructive_fleet_is_well() -> None:
    statuses = Counter(report.status for report in verdicts(instructive(NOW)))
    assert statuses == {"OK": 9, "CRITICAL": 4, "WARNING": 4, "UNKNOWN": 1}
    assert Counter(report.status for report in cluster_verdicts(instructive(NOW))) == {
        "OK": 1, "WARNING": 2}  # fmt: skip


@pytest.mark.parametrize("name", ["identity", "checkout", "orders", "profiles", "vault"])
def test_a_healthy_workspace_of_the_instructive_fleet_has_no_finding(name: str) -> None:
    (report,) = [report for report in verdicts(instructive(NOW)) if report.name == name]
    assert report.findings == ()
    assert all(cluster.restore_points for cluster in report.clusters)


def test_the_instructive_fleet_has_one_cause_that_hit_two_clusters_of_one_workspace_and_one_of_another() -> None:
    failed = [finding for report in verdicts(instructive(NOW)) for finding in report.findings if not finding.muted]
    messages = Counter(finding.message for finding in failed if finding.code == "backup-failed")
    assert list(messages.values()) == [3]


def test_what_is_muted_in_the_instructive_fleet_counts_for_nothing() -> None:
    assert ("OK", "sandbox", "only-incomplete-copies", "eu-8", True) in findings(instructive(NOW))


@pytest.fixture(scope="module")
def taught() -> list[tuple[str, str, str, str | None, bool]]:
    return findings(instructive(NOW))


@pytest.mark.parametrize("hours", range(0, 24 * 8, 11))
def test_the_instructive_fleet_teaches_the_same_at_any_time_of_any_day(
    hours: int, taught: list[tuple[str, str, str, str | None, bool]]
) -> None:
    now = NOW + timedelta(hours=hours, minutes=hours * 7 % 60)
    assert findings(instructive(now), now) == taught


def test_the_instructive_fleet_is_the_same_each_time() -> None:
    assert instructive(NOW) == instructive(NOW)


def test_the_instructive_fleet_has_the_quirks_of_real_data() -> None:
    fleet = instructive(NOW)
    text = msgspec.json.encode({uid: fleet.backups[uid] for uid in fleet.backups if fleet.located[uid]}).decode()
    for quirk in ("+02:00", "0001-01-01T00:00:00.000Z", "null", '"COMPLETED"', '"completed"', '"Completed"'):
        assert quirk in text


def test_a_synthetic_fleet_depends_on_its_arguments_alone() -> None:
    fleet, again = (synthetic(40, days=5, clusters=2, seed=7, now=NOW) for _ in range(2))
    uids = list(fleet.backups)
    assert [fleet.backups[uid] for uid in uids] == [again.backups[uid] for uid in reversed(uids)][::-1]


def test_a_synthetic_fleet_with_another_seed_has_other_troubles() -> None:
    one, other = (findings(synthetic(100, 5, 1, seed, NOW, healthy_share=0.5)) for seed in (1, 2))
    assert one != other


def test_a_synthetic_fleet_is_as_large_as_asked_for() -> None:
    fleet = synthetic(120, days=9, clusters=4, seed=1, now=NOW)
    assert sum(len(items) for items in fleet.workspaces.values()) == len(fleet.backups) == len(fleet.located) == 120
    assert len(fleet.projects) == 3
    backup = next(document for document in map(fleet.backups.get, fleet.backups) if isinstance(document, dict))
    runs = backup["status"]["workspaceBackupStatuses"]
    assert len(runs) == 9
    assert len(runs[0]["workspaceBackupConfig"]["clusterBackupRefs"]) == 4


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_as_many_workspaces_of_a_synthetic_fleet_are_well_as_asked_for(share: float) -> None:
    reports = list(verdicts(synthetic(200, days=8, clusters=2, seed=1, now=NOW, healthy_share=share)))
    assert abs(sum(report.status == "OK" for report in reports) - 200 * share) <= 20


def test_a_synthetic_fleet_keeps_none_of_its_documents_in_memory() -> None:
    fleet = synthetic(30, days=60, clusters=5, seed=1, now=NOW, healthy_share=1.0)
    made_bytes = 0
    tracemalloc.start()
    for uid in fleet.backups:
        made_bytes += len(msgspec.json.encode(fleet.backups[uid]))
    kept_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert made_bytes > 3_000_000
    assert kept_bytes < 300_000
