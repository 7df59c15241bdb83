"""Clusters beyond the workspaces over several reports: what is remembered, missed, and no longer judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from test_evidence import copy_bucket, verified

from backup_reporter.demo.local_server import Request
from support.clusters import (
    FORBIDDEN,
    NOW,
    SEARCH,
    cluster,
    codes,
    fleet,
    own_backups,
    striking,
    the_workspaces_are_right,
    uid,
)
from support.local_server import Answer
from support.lookalike import LookAlike
from support.world import PROJECT, LocalAws, World


@pytest.fixture
def palette() -> Iterator[LookAlike]:
    with LookAlike(fleet(), rate_limit=False) as palette:
        yield palette


@pytest.fixture
def kept(around: World, aws: LocalAws) -> World:
    """A world with a bucket, after a first scheduled report."""
    aws.make_bucket("reports")
    around.environment |= {"REPORT_BUCKET": "reports", "INCLUDE_CLUSTERS": "yes"}
    scheduled(around, 1)
    return around


def scheduled(around: World, minutes: int) -> dict[str, Any]:
    """The report of one of several scheduled times: each is compared with the one before it."""
    return around.invoke({"scheduledTime": f"{NOW - timedelta(minutes=60 - minutes):%Y-%m-%dT%H:%M:%SZ}"})


def missed(answer: Mapping[str, Any]) -> list[str]:
    return [note.split(".")[0] for note in answer["notes"] if note.startswith("No longer listed")]


def workspaces_of(answer: Mapping[str, Any], kind: str) -> list[tuple[str, str]]:
    return [(change["workspaceName"], change["code"]) for change in answer["changes"][kind]]


def test_clusters_that_cannot_be_listed_for_days_are_looked_at_each_day(kept: World) -> None:
    seen = scheduled(kept, 2)
    kept.palette.fault = striking(SEARCH, FORBIDDEN)
    blind = [scheduled(kept, minutes) for minutes in (3, 4, 5)]
    kept.palette.fault = None
    again = scheduled(kept, 6)

    for found in blind:
        the_workspaces_are_right(found)
        assert found["notes"][0].endswith("5 clusters of the last report were looked at instead.")
        assert found["coverage"]["clusters"] == seen["coverage"]["clusters"]
        assert (found["changes"]["new"], found["changes"]["resolved"]) == ([], [])
    assert (again["coverage"], again["changes"]["new"]) == (seen["coverage"], [])


def test_a_cluster_without_a_policy_is_not_missed_day_after_day(kept: World) -> None:
    assert missed(scheduled(kept, 2)) == []


def test_a_cluster_without_a_policy_may_go(kept: World, palette: LookAlike) -> None:
    clusters = [item for item in palette.fleet.clusters if item["metadata"]["name"] != "lonely"]
    palette.fleet = replace(palette.fleet, clusters=clusters)

    assert missed(scheduled(kept, 2)) == []


def statuses(answer: Mapping[str, Any]) -> dict[str, str]:
    return {workspace["name"]: workspace["status"] for workspace in answer["workspaces"]}


def test_an_own_policy_that_may_no_longer_be_read_is_unknown_and_ongoing_later(kept: World, palette: LookAlike) -> None:
    palette.fault = striking("/features/backup", FORBIDDEN)

    blind = scheduled(kept, 2)

    assert statuses(blind) == {"shop": "OK", "own-good": "UNKNOWN", "own-failed": "UNKNOWN"}
    assert missed(blind) == []
    assert workspaces_of(blind, "noLongerJudged") == workspaces_of(blind, "resolved") == []
    palette.fault = None
    assert ("own-failed", "backup-failed") in workspaces_of(scheduled(kept, 3), "ongoing")


BLIND = [Answer(500), FORBIDDEN, Answer(200, b"<html>"), Answer(200, b'{"items": [{"metadata": {"uid": 5}}]}')]


@pytest.mark.parametrize("answer", BLIND, ids=["an error", "refused", "a page", "a wrong type"])
def test_the_clusters_of_the_last_report_are_looked_at_if_they_cannot_be_listed(
    kept: World, palette: LookAlike, answer: Answer
) -> None:
    palette.fault = striking(SEARCH, answer)

    blind = scheduled(kept, 2)

    assert statuses(blind) == {"shop": "OK", "own-good": "OK", "own-failed": "CRITICAL"}
    assert [finding["message"] for finding in blind["findings"]] == [
        "1 cluster is in no backup policy: project-1 / lonely."
    ]
    assert (blind["coverage"]["isWhole"], blind["coverage"]["clusters"]) == (False, 4)
    assert any(note.endswith("5 clusters of the last report were looked at instead.") for note in blind["notes"])
    assert missed(blind) == []
    assert workspaces_of(blind, "new") == workspaces_of(blind, "resolved") == []
    assert workspaces_of(blind, "ongoing") == [("own-failed", "backup-failed"), ("lonely", "cluster-unprotected")]


def test_a_report_on_clusters_that_could_not_be_listed_can_be_recomputed(
    kept: World, aws: LocalAws, palette: LookAlike, tmp_path: Path
) -> None:
    gone_location(palette)
    scheduled(kept, 2)
    palette.fault = lambda request: Answer(500) if request.path in (SEARCH, "/v1/users/assets/locations") else None
    blind = scheduled(kept, 3)
    copy_bucket(aws, tmp_path)

    found = verified(blind["reportId"], tmp_path)

    assert codes(blind, "own-good") == {"location-missing"}
    assert (found.problems, found.differences) == ((), ())


def test_the_clusters_that_a_cut_list_lacks_are_looked_at_too(kept: World, palette: LookAlike) -> None:
    kept.palette.fault = None
    body = {"items": palette.fleet.clusters[:2], "listmeta": {"count": 8, "continue": "next"}}

    def fault(request: Request) -> Answer | None:
        if request.path != SEARCH:
            return None
        return FORBIDDEN if request.query.keys() & {"continue", "offset"} else Answer(200, msgspec.json.encode(body))

    palette.fault = fault

    assert statuses(scheduled(kept, 2)) == {"shop": "OK", "own-good": "OK", "own-failed": "CRITICAL"}


def test_a_cluster_of_no_project_is_looked_at_too(kept: World, palette: LookAlike) -> None:
    for item in palette.fleet.clusters:
        del item["specSummary"]["projectMeta"]
    scheduled(kept, 2)
    palette.fault = striking(SEARCH, Answer(500))

    blind = scheduled(kept, 3)

    assert statuses(blind)["own-failed"] == "CRITICAL"
    assert missed(blind) == []


def test_a_cluster_that_cannot_be_listed_keeps_its_mute(kept: World, palette: LookAlike) -> None:
    for item in palette.fleet.clusters:
        item["metadata"]["labels"] = {"backup-reporter.mute": f"{NOW + timedelta(days=2):%Y-%m-%d}"}
    scheduled(kept, 2)
    palette.fault = striking(SEARCH, Answer(500))

    assert statuses(scheduled(kept, 3)) == {"shop": "OK", "own-good": "OK", "own-failed": "OK"}


def test_a_cluster_that_may_be_gone_is_not_accused(kept: World, palette: LookAlike) -> None:
    gone = Answer(404, b'{"code": "ResourceNotFound"}')
    palette.fault = lambda request: (
        Answer(500) if request.path == SEARCH else gone if uid("lonely") in request.path else None
    )

    blind = scheduled(kept, 2)

    assert (blind["findings"], blind["coverage"]["unknown"]) == ([], 1)
    assert workspaces_of(blind, "resolved") == workspaces_of(blind, "noLongerJudged") == []


def gone_location(palette: LookAlike) -> None:
    backups = {uid("own-good"): own_backups("own-good", location_uid="gone")}
    palette.fleet = replace(palette.fleet, cluster_backups=backups)


def test_a_missing_location_is_missing_until_the_locations_can_be_listed(kept: World, palette: LookAlike) -> None:
    gone_location(palette)
    assert codes(scheduled(kept, 2), "own-good") == {"location-missing"}
    palette.fault = striking("/assets/locations", FORBIDDEN)

    for minute in (3, 4):
        blind = scheduled(kept, minute)
        (own,) = [workspace for workspace in blind["workspaces"] if workspace["name"] == "own-good"]
        (finding,) = own["findings"]
        assert (own["status"], finding["code"]) == ("WARNING", "location-missing")
        assert finding["message"].startswith("In an earlier report the policy's backup location")
        assert workspaces_of(blind, "resolved") == []

    palette.fault = None
    palette.fleet = replace(palette.fleet, cluster_backups={uid("own-good"): own_backups("own-good")})
    assert workspaces_of(scheduled(kept, 5), "resolved") == [("own-good", "location-missing")]


def sick(palette: LookAlike, health: str) -> None:
    clusters = [
        cluster("own-good", health=health) if item["metadata"]["name"] == "own-good" else item
        for item in palette.fleet.clusters
    ]
    palette.fleet = replace(palette.fleet, clusters=clusters)


def test_a_cluster_is_out_of_reach_until_palette_sees_it_healthy(kept: World, palette: LookAlike) -> None:
    sick(palette, "UnHealthy")
    assert codes(scheduled(kept, 2), "own-good") == {"cluster-unreachable"}

    palette.fault = striking(SEARCH, Answer(500))
    blind = scheduled(kept, 3)
    palette.fault = None
    sick(palette, "")
    silent = scheduled(kept, 4)
    sick(palette, "Healthy")
    seen = scheduled(kept, 5)

    for answer in (blind, silent):
        assert codes(answer, "own-good") == {"cluster-unreachable"}
        assert ("own-good", "cluster-unreachable") not in workspaces_of(answer, "resolved")
    assert workspaces_of(seen, "resolved") == [("own-good", "cluster-unreachable")]


def test_what_is_not_looked_at_any_more_is_not_resolved(kept: World, palette: LookAlike) -> None:
    config = palette.fleet.backups["shop"]["spec"]["config"]["backupConfig"]  # type: ignore[index]
    config["backupLocationUid"] = "gone"
    assert codes(scheduled(kept, 2), "shop") == {"location-missing"}
    kept.environment["INCLUDE_CLUSTERS"] = "no"

    changes = scheduled(kept, 3)["changes"]

    assert changes["resolved"] == []
    reasons = {change["code"]: change["reason"] for change in changes["noLongerJudged"]}
    assert reasons["location-missing"] == "clusters are not looked at any more"
    assert reasons["cluster-unprotected"] == "clusters are not looked at any more"


def test_a_cluster_that_has_lost_its_own_policy_is_no_longer_judged(kept: World, palette: LookAlike) -> None:
    palette.fleet = replace(palette.fleet, cluster_backups={uid("own-good"): own_backups("own-good")})

    changes = scheduled(kept, 2)["changes"]

    assert [(change["code"], change["reason"]) for change in changes["noLongerJudged"]] == [
        ("backup-failed", "the workspace has no backup policy any more")
    ]


def test_a_cluster_with_a_policy_of_its_own_is_missed_once(kept: World, palette: LookAlike) -> None:
    palette.fleet = replace(palette.fleet, clusters=palette.fleet.clusters[:2])

    assert missed(scheduled(kept, 2)) == ["No longer listed since the last report: project-1 / own-failed"]
    assert missed(scheduled(kept, 3)) == []


# Clusters in no policy, from one report to the next


@pytest.fixture
def watched(kept: World) -> World:
    """A world in which only changes are told."""
    kept.environment["NOTIFY"] = "changes"
    scheduled(kept, 2)
    told(kept)
    return kept


def told(around: World) -> list[str]:
    """What every channel was sent since the last look: all of them get the same reports."""
    posted = [str(message) for message in around.slack.messages]
    assert len(around.notifications()) == len(posted)
    around.slack.messages.clear()
    return posted


def without(palette: LookAlike, name: str) -> None:
    clusters = [item for item in palette.fleet.clusters if item["metadata"]["name"] != name]
    palette.fleet = replace(palette.fleet, clusters=clusters)


def test_the_same_clusters_without_a_policy_are_no_change(watched: World) -> None:
    scheduled(watched, 3)

    assert told(watched) == []


def test_another_cluster_without_a_policy_is_a_change(watched: World, palette: LookAlike) -> None:
    palette.fleet = replace(palette.fleet, clusters=[*palette.fleet.clusters, cluster("stray")])
    answer = scheduled(watched, 3)

    assert workspaces_of(answer, "new") == [("stray", "cluster-unprotected")]
    (message,) = told(watched)
    assert "New info: In no backup policy: project-1 / stray" in message


def test_a_cluster_that_gets_a_policy_of_its_own_is_a_change(watched: World, palette: LookAlike) -> None:
    own = {**palette.fleet.cluster_backups, uid("lonely"): own_backups("lonely")}
    palette.fleet = replace(palette.fleet, cluster_backups=own)
    answer = scheduled(watched, 3)

    assert workspaces_of(answer, "resolved") == [("lonely", "cluster-unprotected")]
    (message,) = told(watched)
    assert "Resolved info: In no backup policy: project-1 / lonely" in message


def test_a_cluster_that_gets_into_a_workspaces_policy_is_a_change(watched: World, palette: LookAlike) -> None:
    config = palette.fleet.backups["shop"]["spec"]["config"]  # type: ignore[index]
    config["clusterUids"] = ["c1", uid("lonely")]
    palette.fleet.workspaces[PROJECT][0]["spec"]["clusterRefs"].append({"uid": uid("lonely"), "name": "lonely"})
    answer = scheduled(watched, 3)

    assert ("lonely", "cluster-unprotected") in workspaces_of(answer, "resolved")
    assert len(told(watched)) == 1


def test_a_cluster_that_takes_the_place_of_another_is_a_change(watched: World, palette: LookAlike) -> None:
    without(palette, "lonely")
    palette.fleet = replace(palette.fleet, clusters=[*palette.fleet.clusters, cluster("stray")])
    answer = scheduled(watched, 3)

    assert workspaces_of(answer, "new") == [("stray", "cluster-unprotected")]
    assert workspaces_of(answer, "noLongerJudged") == [("lonely", "cluster-unprotected")]
    assert len(told(watched)) == 1


def test_a_cluster_without_a_policy_that_becomes_a_warning_is_news(watched: World) -> None:
    watched.environment["INCLUDE_CLUSTERS"] = "warn"

    assert workspaces_of(scheduled(watched, 3), "new") == [("lonely", "cluster-unprotected")]


@pytest.mark.parametrize("part", [SEARCH, f"{uid('lonely')}/features/backup", "/workspaces/shop/backup"])
def test_a_cluster_of_which_nothing_can_be_said_is_not_resolved(watched: World, palette: LookAlike, part: str) -> None:
    item = palette.fleet.workspaces[PROJECT][0]
    item["spec"]["clusterRefs"].append({"uid": uid("lonely"), "name": "lonely"})
    palette.fault = striking(part, Answer(404, b'{"code": "ProjectNotFoundInTenant"}'))
    answer = scheduled(watched, 3)

    kinds = {kind: workspaces_of(answer, kind) for kind in ("resolved", "noLongerJudged")}
    assert [change for changes in kinds.values() for change in changes if change[0] == "lonely"] == []
    palette.fault = None
    assert ("lonely", "cluster-unprotected") in workspaces_of(scheduled(watched, 4), "ongoing")
