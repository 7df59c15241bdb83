"""Palette promises no order: what happened at the same moment is judged alike, in whatever order it comes."""

from __future__ import annotations

from typing import Any

import pytest

from backup_reporter.health.thresholds import Thresholds
from backup_reporter.health.workspace_report import WorkspaceReport
from support.builders import NOTHING, Json, at, backup, copy, judged, label, nightly, ref, run

WORDS = Thresholds(extra_states={"aaa": "failed"})


def either_way(earlier: Json, later: Json, *before: Json, **policy: Any) -> WorkspaceReport:
    """The report on two runs, or two parts of one, of which the second counts as the later."""
    report, other = (
        judged(backup(*before, *pair, **policy), thresholds=WORDS) for pair in ([earlier, later], [later, earlier])
    )
    assert report == other
    return report


def a_run(state: str | None = "Failed", *, uid: str | None = "req", name: str = NOTHING, **parts: Any) -> Json:
    return {**run("11-23 01:00", state, name=name, **parts), "requestUid": uid}


@pytest.mark.parametrize(
    ("earlier", "later", "latest"),
    [
        pytest.param(a_run("Completed", uid="z"), a_run(uid="a"), ("a", None, "Failed"), id="the worse"),
        pytest.param(a_run(uid="a", name="z"), a_run(uid="b", name="a"), ("b", "a", "Failed"), id="the greater uid"),
        pytest.param(a_run(uid=None), a_run(uid="A"), ("A", None, "Failed"), id="the one with a uid"),
        pytest.param(a_run(name="a"), a_run(name="b"), ("req", "b", "Failed"), id="the greater name"),
        pytest.param(a_run(), a_run(name="A"), ("req", "A", "Failed"), id="the one with a name"),
        pytest.param(a_run("Error"), a_run("Failed"), ("req", None, "Failed"), id="the greater state"),
        pytest.param(
            a_run(None, eu1="Failed", us2="Failed"),
            a_run("AAA", eu1="Failed", us2="Failed"),
            ("req", None, "AAA"),
            id="the one with a state",
        ),
    ],
)
def test_of_two_runs_at_one_moment_the_later_is(earlier: Json, later: Json, latest: Any) -> None:
    report = either_way(earlier, later)
    assert report.latest_run
    assert (report.latest_run.request_uid, report.latest_run.backup_name, report.latest_run.state) == latest


def test_of_two_runs_at_one_moment_that_differ_in_a_clusters_part_the_parts_decide() -> None:
    report = either_way(
        a_run(eu1=copy("Failed", msg="a"), us2="Completed"), a_run(eu1=copy("Failed", msg="b"), us2="Completed")
    )
    (failed,) = (finding for finding in report.findings if label(finding) == "backup-failed eu1")
    assert failed.evidence["palette"] == "b"


def part(state: str | None = "Failed", **fields: Any) -> Json:
    return ref("eu1", copy(state, **fields))


@pytest.mark.parametrize(
    ("earlier", "later", "key", "value"),
    [
        pytest.param(part(name="a", msg="z"), part(name="b", msg="a"), "backupName", "b", id="the greater name"),
        pytest.param(part(), part(name="A"), "backupName", "A", id="the one with a name"),
        pytest.param(part(msg="a"), part(msg="b"), "palette", "b", id="the greater message"),
        pytest.param(part(), part(msg="A"), "palette", "A", id="the one with a message"),
        pytest.param(part("Error"), part("Failed"), "state", "Failed", id="the greater state"),
        pytest.param(part(at="11-23 01:02"), part(at="11-23 01:03"), "at", "2026-11-23T01:03:00Z", id="the later copy"),
    ],
)
def test_of_two_parts_of_one_cluster_in_a_run_the_later_is(earlier: Json, later: Json, key: str, value: str) -> None:
    report, other = (judged(backup(a_run(refs=refs))) for refs in ([earlier, later], [later, earlier]))
    assert report == other
    (failed,) = (finding for finding in report.findings if label(finding) == "backup-failed eu1")
    assert failed.evidence[key] == value


def test_a_part_with_a_state_is_later_than_one_without_any() -> None:
    parts = [part(None), part("AAA")]
    for refs in (parts, parts[::-1]):
        (unknown,) = (
            finding
            for finding in judged(backup(*nightly(last="11-22"), a_run(None, refs=refs))).findings
            if label(finding) == "backup-state-unknown eu1"
        )
        assert "'AAA'" in unknown.message


def test_of_two_copies_of_one_cluster_in_a_run_the_later_is_the_one_that_lasts_shorter() -> None:
    copies = [part("Completed", expires="12-24 01:00"), part("Completed", expires="12-23 01:00")]
    for refs in (copies, copies[::-1]):
        cluster = judged(backup(a_run("Completed", refs=refs))).clusters[0]
        assert cluster.expires_at == at("12-23 01:00")


def test_of_two_copies_of_one_cluster_in_a_run_the_later_is_the_one_that_was_deleted() -> None:
    copies = [part("Completed"), part("Completed", deleted="Deleted")]
    for refs in (copies, copies[::-1]):
        report = judged(backup(a_run("Completed", refs=[*refs, ref("us2", "Completed")]), hours=48))
        assert [label(finding) for finding in report.findings] == ["backup-expiring eu1"]


def test_of_two_copies_of_one_cluster_in_a_run_the_later_is_the_one_with_the_greater_namespaces() -> None:
    copies = [part("Completed", namespaces=["db"]), part("Completed", namespaces=["web"])]
    for refs in (copies, copies[::-1]):
        report = judged(backup(a_run("Completed", refs=[*refs, ref("us2", "Completed")]), namespaces=["web"]))
        assert [label(finding) for finding in report.findings] == []
