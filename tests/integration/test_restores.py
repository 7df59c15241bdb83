"""Whether a restore was ever tried, over the wire."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backup_reporter.demo.documents import Failure, Json, location_item, rfc3339
from support.clusters import cluster, own_backups, uid
from support.local_server import Answer
from support.lookalike import LookAlike
from support.world import PROJECT, World, a_fleet, a_result, a_run

NOW = datetime.now(UTC)


def days_ago(days: float) -> str:
    return rfc3339(NOW - timedelta(days=days))


def restored(*entries: tuple[float, str], uid: str = "shop", message: str = "") -> Json:
    """A workspace's restores: how many days ago, and the state."""
    return {
        "spec": {"workspaceUid": uid},
        "status": {
            "workspaceRestoreStatuses": [
                {
                    "requestUid": f"restore-{index}",
                    "workspaceRestoreConfig": {
                        "backupName": "nightly",
                        "restoreTime": days_ago(days),
                        "restoreState": {"state": state},
                        "clusterRestoreRefs": [
                            {"clusterUid": "c1", "restoreStatusMeta": {"state": state, "msg": message}}
                        ],
                    },
                }
                for index, (days, state) in enumerate(entries)
            ]
        },
    }


def restored_into(destination: str, source: str, **status: Any) -> Json:
    """One restore into a cluster, of a backup of another one."""
    entry = {
        "restoreRequestUid": "r",
        "sourceClusterRef": {"uid": uid(source), "name": source},
        "state": status.pop("state", "Completed"),
        "restoreStatusMeta": {"restoreTime": days_ago(3), **status},
    }
    return {"spec": {"clusterUid": uid(destination)}, "status": {"clusterRestoreStatuses": [entry]}}


@pytest.fixture
def palette() -> Iterator[LookAlike]:
    with LookAlike(a_fleet({"shop": a_result(a_run(NOW - timedelta(hours=2)))}), rate_limit=False) as palette:
        yield palette


def shop(around: World, restores: Json | Failure | None = None, days: str = "90") -> dict[str, Any]:
    if restores is not None:
        around.palette.fleet = replace(around.palette.fleet, restores={"shop": restores})
    answer = around.invoke({"notify": "never"}, 60.0, RESTORE_TEST_MAX_AGE_DAYS=days)
    assert answer["problems"] == []
    assert answer["restoreTestMaxAgeDays"] == float(days)
    found: dict[str, Any] = answer["workspaces"][0]
    return found


def codes(workspace: dict[str, Any]) -> set[str]:
    return {finding["code"] for finding in workspace["findings"]}


def message(workspace: dict[str, Any]) -> str:
    (finding,) = workspace["findings"]
    text: str = finding["message"]
    return text


def test_without_the_setting_no_restore_is_asked_for(around: World) -> None:
    answer = around.invoke({"notify": "never"})

    assert answer["restoreTestMaxAgeDays"] is None
    assert (answer["workspaces"][0]["lastRestore"], answer["workspaces"][0]["restoresKnown"]) == (None, None)
    assert not [request for request in around.palette.requests if "restore" in request.path]


def test_a_restore_in_time_is_fine_and_in_the_report(around: World) -> None:
    found = shop(around, restored((200, "Failed"), (20, "Completed")))

    assert (found["status"], codes(found)) == ("OK", set())
    assert found["lastRestore"]["state"] == "Completed"
    assert found["restoresKnown"] is True
    (request,) = [request for request in around.palette.requests if "restore" in request.path]
    assert (request.path, request.headers["projectuid"]) == ("/v1/workspaces/shop/restore", PROJECT)


def test_a_restore_too_long_ago_is_a_warning(around: World) -> None:
    found = shop(around, restored((91, "Completed"), (95, "Failed")))

    assert (found["status"], codes(found)) == ("WARNING", {"restore-untested"})
    assert message(found).startswith("The last successful restore was on ")
    assert message(found).endswith("; one is expected every 90 days.")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(404, b'{"code": "ResourceNotFound"}'),
        Answer(400, b'{"code": "BackupNotConfigured"}'),
        Answer(200, b"{}"),
        Answer(200, b"null"),
        Answer(200, b'{"status": {"workspaceRestoreStatuses": null}}'),
    ],
)
def test_there_are_several_ways_to_say_that_nothing_was_ever_restored(around: World, answer: Answer) -> None:
    around.palette.fault = lambda request: answer if request.path.endswith("/restore") else None

    found = shop(around)
    assert message(found) == "No successful restore is known; one is expected every 90 days."
    assert (found["lastRestore"], found["restoresKnown"]) == (None, True)


def test_the_last_restore_that_failed_is_a_warning_with_palettes_words(around: World) -> None:
    found = shop(around, restored((5, "Failed"), (50, "Completed"), message="PVC data-0 is missing"))

    assert codes(found) == {"restore-failed"}
    assert message(found).endswith("failed: PVC data-0 is missing.")


@pytest.mark.parametrize("state", ["InProgress", "", "Odd"])
def test_a_restore_that_is_not_finished_is_neither_a_success_nor_a_failure(around: World, state: str) -> None:
    assert codes(shop(around, restored((0.1, state), (50, "Completed")))) == set()
    assert codes(shop(around, restored((0.1, state)))) == {"restore-untested"}


def test_a_restore_that_completed_without_one_of_its_clusters_failed(around: World) -> None:
    document = restored((5, "Completed"), (50, "Completed"))
    refs = document["status"]["workspaceRestoreStatuses"][0]["workspaceRestoreConfig"]["clusterRestoreRefs"]
    refs.append({"clusterUid": "c2", "restoreStatusMeta": {"state": "Failed", "msg": "no space"}})

    assert codes(shop(around, document)) == {"restore-failed"}


@pytest.mark.parametrize(
    "answer",
    [
        Answer(403, b'{"code": "ResourceAccessDenied"}'),
        Answer(404, b"<html>"),
        Answer(200, b"<html>"),
        Answer(200, b'{"status": {"workspaceRestoreStatuses": 5}}'),
        Answer(200, json.dumps(restored((1, "Completed"), uid="other")).encode()),
        Answer(200, b'{"status": {"workspaceRestoreStatuses": [' + b"{}," * 10_000 + b"{}]}}"),
    ],
    ids=["refused", "a proxy's 404", "a page", "a wrong type", "another workspace", "too many"],
)
def test_restores_that_cannot_be_read_are_a_warning_and_no_false_comfort(around: World, answer: Answer) -> None:
    around.palette.fault = lambda request: answer if request.path.endswith("/restore") else None

    found = shop(around)

    assert (found["status"], codes(found)) == ("WARNING", {"restore-untested"})
    assert (found["lastRestore"], found["restoresKnown"]) == (None, False)
    assert message(found).startswith("Whether a restore was tried is not known: the restores cannot be read (")


# Clusters


def with_clusters(around: World, restores: dict[str, Json | Failure]) -> dict[str, Any]:
    fleet = replace(
        around.palette.fleet,
        clusters=[cluster("own"), cluster("spare")],
        cluster_backups={uid("own"): own_backups("own")},
        locations=[location_item("backups-s3", NOW)],
        restores=restores,
    )
    around.palette.fleet = fleet
    answer = around.invoke({"notify": "never"}, 60.0, RESTORE_TEST_MAX_AGE_DAYS="90", INCLUDE_CLUSTERS="yes")
    (own,) = [workspace for workspace in answer["workspaces"] if workspace["kind"] == "cluster"]
    found: dict[str, Any] = own
    return found


@pytest.mark.parametrize("destination", ["own", "spare"])
def test_a_clusters_backup_counts_as_restored_into_whichever_cluster(around: World, destination: str) -> None:
    found = with_clusters(around, {uid(destination): restored_into(destination, "own", isSucceeded=True)})

    assert codes(found) == set()
    assert found["lastRestore"]["state"] == "Completed"


def test_a_cluster_that_was_only_restored_into_is_not_tested(around: World) -> None:
    assert codes(with_clusters(around, {uid("own"): restored_into("own", "spare", isSucceeded=True)})) == {
        "restore-untested"
    }


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"isSucceeded": True}, set()),
        ({"isSucceeded": True, "state": "Failed"}, {"restore-untested", "restore-failed"}),
        ({"isSucceeded": True, "state": "PartiallyFailed"}, {"restore-untested", "restore-failed"}),
        ({"state": "Completed"}, {"restore-untested", "restore-failed"}),
        ({"state": "InProgress"}, {"restore-untested"}),
        ({"isSucceeded": False, "state": "InProgress"}, {"restore-untested", "restore-failed"}),
        ({"isSucceeded": False, "state": "Failed", "msg": "no"}, {"restore-untested", "restore-failed"}),
    ],
)
def test_a_missing_flag_is_a_failure_only_if_the_restore_is_finished(
    around: World, status: dict[str, Any], expected: set[str]
) -> None:
    assert codes(with_clusters(around, {uid("own"): restored_into("own", "own", **status)})) == expected


def test_where_the_restores_into_some_cluster_cannot_be_read_nothing_is_claimed(around: World) -> None:
    found = with_clusters(around, {uid("spare"): Failure(403, "ResourceAccessDenied", "no")})

    assert message(found).startswith("Whether a restore was tried is not known")


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (["Completed", "Completed"], set()),
        (["Completed", "InProgress"], {"restore-untested"}),
        (["Completed", "Failed"], {"restore-untested", "restore-failed"}),
        ([], {"restore-untested"}),
    ],
)
def test_a_restore_without_a_state_of_its_own_is_what_its_clusters_are(
    around: World, states: list[str], expected: set[str]
) -> None:
    answer = restored((3, ""))
    (entry,) = answer["status"]["workspaceRestoreStatuses"]
    refs = [{"clusterUid": f"c{number}", "restoreStatusMeta": {"state": state}} for number, state in enumerate(states)]
    entry["workspaceRestoreConfig"]["clusterRestoreRefs"] = refs

    assert codes(shop(around, answer)) == expected


def test_before_the_first_backup_no_restore_is_expected(around: World) -> None:
    around.palette.fleet = a_fleet({"shop": a_result(schedule="0 1 * * *")})

    assert "restore-untested" not in codes(shop(around))


def test_an_incomplete_backup_is_one_that_could_have_been_tried(around: World) -> None:
    around.palette.fleet = a_fleet({"shop": a_result(a_run(NOW - timedelta(hours=2), "PartiallyFailed"))})

    assert "restore-untested" in codes(shop(around))
