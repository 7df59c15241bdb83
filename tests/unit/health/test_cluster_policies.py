"""A cluster's own policy is judged like a workspace of one cluster: the same history, in both forms, has the same findings."""

from __future__ import annotations

import json
from typing import Any

import pytest

from backup_reporter.health.judge import judge
from backup_reporter.health.model import Cluster, Workspace
from backup_reporter.health.thresholds import Thresholds
from backup_reporter.palette.cluster_results import decode_cluster_result
from support.builders import NOW, Json, backup, judged, label, listed, nightly, run

CASES: dict[str, Json] = {
    "all is well": backup(*nightly()),
    "the last backup failed": backup(*nightly(last="11-22"), run("11-23 01:00", "Failed")),
    "the last backup is incomplete": backup(*nightly(last="11-22"), run("11-23 01:00", "PartiallyFailed")),
    "the last backup is at work": backup(*nightly(last="11-22"), run("11-23 06:30", "InProgress")),
    "the last backup is stuck": backup(*nightly(last="11-21"), run("11-22 01:00", "InProgress")),
    "no backup began": backup(*nightly(last="11-19")),
    "nothing was ever backed up": backup(run("11-22 01:00", "Failed"), run("11-23 01:00", "Failed")),
    "a state that no one knows": backup(*nightly(last="11-22"), run("11-23 01:00", "Sideways")),
    "everything has expired": backup(*nightly(last="11-10"), hours=24),
    "the schedule cannot be read": backup(*nightly(), schedule="every day"),
    "there is no schedule": backup(*nightly(last="11-22"), schedule=None),
    "copies are kept for too short a time": backup(*nightly(), hours=12),
    "the mode is Always": backup(*nightly(), includeClusterResourceMode="Always"),
    "volumes are left out": backup(*nightly(), includeAllDisks=False),
}


def of_one_cluster(answer: Json) -> Json:
    """The answer about a workspace that has this one cluster."""
    document: Json = json.loads(json.dumps(answer))
    document["spec"]["config"] |= {"clusterUids": ["eu1"], "includeAllClusters": False}
    for entry in document["status"]["workspaceBackupStatuses"]:
        details = entry["workspaceBackupConfig"]
        details["clusterBackupRefs"] = [ref for ref in details["clusterBackupRefs"] if ref["clusterUid"] == "eu1"]
    return document


def as_cluster_answer(answer: Json) -> Json:
    """The same history in the form of a cluster's own backups, which have the only times there are."""
    entries = []
    for entry in answer["status"]["workspaceBackupStatuses"]:
        details = entry["workspaceBackupConfig"]
        at = details.get("backupTime") or details.get("requestTime")
        statuses = [ref["backupStatusMeta"] for ref in details["clusterBackupRefs"]]
        dated = [{**status, "backupState": {"backupTime": at, **status["backupState"]}} for status in statuses]
        state = details["backupState"].get("state")
        entries.append({"backupRequestUid": entry.get("requestUid"), "state": state, "backupStatusMeta": dated})
    return {
        "metadata": answer["metadata"],
        "spec": {"clusterUid": "eu1", "config": answer["spec"]["config"]["backupConfig"]},
        "status": {"clusterBackupStatuses": entries},
    }


def codes(report: Any) -> list[str]:
    return sorted(label(finding) for finding in report.findings)


@pytest.mark.parametrize("answer", CASES.values(), ids=CASES.keys())
def test_both_forms_of_a_history_have_the_same_findings(answer: Json) -> None:
    document = of_one_cluster(answer)
    cluster = Cluster("eu1", "eu-1")
    result = decode_cluster_result(json.dumps(as_cluster_answer(document)).encode(), cluster)
    own = Workspace(
        kind="cluster", uid="eu1", name="eu-1", project_uid="pr-1", project_name="prod", clusters=(cluster,)
    )
    assert result

    of_cluster = judge(own, result, Thresholds(), NOW).report
    of_workspace = judged(document, listed(["eu1"]))

    assert (of_cluster.kind, of_workspace.kind) == ("cluster", "workspace")
    assert codes(of_cluster) == codes(of_workspace)
    assert (of_cluster.status, of_cluster.clusters) == (of_workspace.status, of_workspace.clusters)


def test_one_request_may_hold_several_backups_and_the_worst_counts() -> None:
    answer = as_cluster_answer(of_one_cluster(backup(*nightly(last="11-22"), run("11-23 01:00"))))
    last = answer["status"]["clusterBackupStatuses"][-1]
    good = last["backupStatusMeta"][0]
    bad = {**good, "backupName": "second", "backupState": {**good["backupState"], "state": "Failed"}}
    last["backupStatusMeta"] = [bad, good]
    cluster = Cluster("eu1", "eu-1")
    result = decode_cluster_result(json.dumps(answer).encode(), cluster)
    own = Workspace(kind="cluster", uid="eu1", name="eu-1", project_uid="p", project_name="p", clusters=(cluster,))
    assert result

    assert [len(entry.cluster_backups) for entry in result.runs][-1] == 2
    assert "backup-failed" in " ".join(codes(judge(own, result, Thresholds(), NOW).report))
