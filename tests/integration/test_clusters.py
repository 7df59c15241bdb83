"""Clusters beyond the workspaces, over the wire: which are in a policy, and how their own policies fare."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from backup_reporter.demo.documents import (
    api_key_item,
    cluster_item,
    rfc3339,
)
from backup_reporter.demo.local_server import Request
from support.clusters import (
    CREATED,
    FORBIDDEN,
    NOW,
    SEARCH,
    asked,
    cluster,
    codes,
    fleet,
    muted,
    own_backups,
    report,
    striking,
    the_workspaces_are_right,
    uid,
)
from support.local_server import Answer
from support.lookalike import LookAlike
from support.world import PROJECT, World, an_item


@pytest.fixture
def palette() -> Iterator[LookAlike]:
    with LookAlike(fleet(), rate_limit=False) as palette:
        yield palette


def test_without_the_setting_no_cluster_is_asked_about(around: World) -> None:
    answer = around.invoke({"notify": "never"})

    assert (answer["coverage"], answer["findings"]) == (None, [])
    assert [workspace["kind"] for workspace in answer["workspaces"]] == ["workspace"]
    assert asked(around.palette, "spectroclusters") == asked(around.palette, "assets") == []


def test_clusters_are_counted_by_their_policies(around: World) -> None:
    answer = report(around)

    assert answer["coverage"] == {
        "clusters": 4,
        "inWorkspacePolicy": 1,
        "inOwnPolicy": 2,
        "inNone": 1,
        "unknown": 0,
        "setApart": 4,
        "isWhole": True,
        "areLocationsKnown": True,
    }
    (finding,) = answer["findings"]
    assert (finding["code"], finding["severity"]) == ("cluster-unprotected", "info")
    assert finding["message"] == "1 cluster is in no backup policy: project-1 / lonely."
    assert finding["evidence"]["clusters"] == [
        {"tenant": None, "uid": uid("lonely"), "name": "lonely", "projectName": "project-1"}
    ]


def test_a_clusters_own_policy_is_judged_by_the_same_rules(around: World) -> None:
    answer = report(around)

    kinds = {workspace["name"]: (workspace["kind"], workspace["status"]) for workspace in answer["workspaces"]}
    assert kinds == {
        "shop": ("workspace", "OK"),
        "own-good": ("cluster", "OK"),
        "own-failed": ("cluster", "CRITICAL"),
    }
    assert codes(answer, "own-failed") == {"backup-failed"}
    assert answer["status"] == "CRITICAL"
    assert (answer["summary"]["workspaces"], answer["summary"]["clusterPolicies"]) == (3, 2)


def test_an_unprotected_cluster_is_a_warning_if_the_setting_says_so(around: World, palette: LookAlike) -> None:
    palette.fleet = replace(palette.fleet, cluster_backups={})

    assert report(around)["status"] == "OK"
    warned = report(around, "warn")

    assert warned["status"] == "WARNING"
    assert [finding["severity"] for finding in warned["findings"]] == ["warning"]


def test_a_cluster_that_needs_no_backup_can_be_muted(around: World, palette: LookAlike) -> None:
    others = [item for item in palette.fleet.clusters if item["metadata"]["name"] != "lonely"]
    palette.fleet = replace(palette.fleet, clusters=[*others, muted("lonely")], cluster_backups={})
    beside = report(around, "warn")
    palette.fleet = replace(palette.fleet, clusters=[muted("lonely"), muted("quiet", "cluster-unprotected")])
    alone = report(around, "warn")

    (finding,) = beside["findings"]
    assert (beside["status"], finding["muted"], beside["coverage"]["inNone"]) == ("WARNING", False, 3)
    assert finding["message"] == (
        "2 clusters are in no backup policy: project-1 / own-failed, project-1 / own-good. 1 more is muted."
    )
    (finding,) = alone["findings"]
    assert (alone["status"], finding["muted"], alone["coverage"]["inNone"]) == ("OK", True, 2)
    assert finding["message"] == (
        "2 clusters are in no backup policy, and muted: project-1 / lonely, project-1 / quiet."
    )


def test_a_mute_of_something_else_does_not_hide_that_a_cluster_is_unprotected(
    around: World, palette: LookAlike
) -> None:
    palette.fleet = replace(palette.fleet, clusters=[muted("lonely", "backup-failed")])

    assert report(around, "warn")["status"] == "WARNING"


def test_a_cluster_is_not_missed_at_a_time_before_it_was_made(around: World, palette: LookAlike) -> None:
    young = cluster_item("project-1", "young", project_uid=PROJECT, created=NOW - timedelta(days=1))
    palette.fleet = replace(palette.fleet, clusters=[cluster("lonely"), young])
    event = {"notify": "never", "asOf": rfc3339(NOW - timedelta(days=3))}

    then = around.invoke(event, 60.0, INCLUDE_CLUSTERS="warn")

    assert [finding["message"] for finding in then["findings"]] == [
        "1 cluster is in no backup policy: project-1 / lonely."
    ]
    assert (then["coverage"]["clusters"], then["coverage"]["setApart"]) == (1, 1)
    assert report(around)["coverage"]["inNone"] == 2


def test_a_cluster_in_both_kinds_of_policy_is_counted_once(around: World, palette: LookAlike) -> None:
    both = own_backups("eu-1")
    both["spec"]["clusterUid"] = "c1"
    palette.fleet = replace(palette.fleet, cluster_backups={**palette.fleet.cluster_backups, "c1": both})

    answer = report(around)

    assert (answer["summary"]["workspaces"], answer["summary"]["clusters"]) == (4, 3)
    assert (answer["coverage"]["clusters"], answer["coverage"]["inWorkspacePolicy"]) == (4, 1)
    assert answer["coverage"]["inOwnPolicy"] == 2


def test_a_report_about_some_workspaces_says_that_it_looks_at_no_cluster(around: World) -> None:
    answer = report(around, "warn", PALETTE_WORKSPACE_UIDS="shop")

    assert (answer["status"], answer["coverage"]) == ("OK", None)
    assert answer["notes"] == [
        "Clusters are not looked at, although INCLUDE_CLUSTERS is set: this report is about some workspaces only."
    ]
    assert around.invoke({"notify": "never"}, PALETTE_WORKSPACE_UIDS="shop")["notes"] == []


def test_a_cluster_is_asked_about_in_its_project(around: World, palette: LookAlike) -> None:
    report(around)

    assert {request.headers.get("projectuid") for request in asked(palette, "features/backup")} == {PROJECT}
    (search,) = asked(palette, SEARCH)
    assert (search.method, search.headers.get("projectuid"), search.body) == ("POST", None, b"{}")


def test_every_page_of_clusters_is_read(around: World, palette: LookAlike) -> None:
    many = [cluster(f"cluster-{number:03}") for number in range(170)]
    palette.fleet = replace(palette.fleet, clusters=many, cluster_backups={})

    answer = report(around)

    assert answer["coverage"]["inNone"] == 170
    assert next(request.query.get("offset") for request in asked(palette, SEARCH)) is None
    assert {request.query.get("offset") for request in asked(palette, SEARCH)} == {None, "50", "100", "150"}


def test_where_offsets_mean_nothing_to_palette_the_tokens_are_followed(around: World, palette: LookAlike) -> None:
    many = [cluster(f"cluster-{number:03}") for number in range(170)]
    palette.fleet = replace(palette.fleet, clusters=many, cluster_backups={})

    def fault(request: Request) -> Answer | None:
        if request.path != SEARCH:
            return None
        start = int(request.query.get("continue") or 0)
        more = str(start + 50) if start + 50 < 170 else ""
        body = {"items": many[start : start + 50], "listmeta": {"count": 170, "continue": more}}
        return Answer(200, msgspec.json.encode(body))

    palette.fault = fault

    assert report(around)["coverage"]["inNone"] == 170


def test_a_cluster_that_palette_cannot_reach_is_said_where_copies_exist(around: World, palette: LookAlike) -> None:
    sick = [
        cluster(name, health="UnHealthy") if name in ("own-good", "own-failed") else item
        for item in palette.fleet.clusters
        for name in [item["metadata"]["name"]]
    ]
    palette.fleet = replace(palette.fleet, clusters=sick)

    answer = report(around)

    assert codes(answer, "own-good") == {"cluster-unreachable"}
    (failed,) = [workspace for workspace in answer["workspaces"] if workspace["name"] == "own-failed"]
    (critical,) = [finding for finding in failed["findings"] if finding["severity"] == "critical"]
    assert critical["message"].endswith("Palette does not see the cluster healthy, so it cannot restore it now.")


def test_a_policy_whose_location_is_gone_is_a_warning(around: World, palette: LookAlike) -> None:
    palette.fleet = replace(
        palette.fleet, cluster_backups={uid("own-good"): own_backups("own-good", location_uid="gone")}
    )

    answer = report(around)

    assert codes(answer, "own-good") == {"location-missing"}


def test_a_location_of_a_project_without_a_workspace_is_not_missing(around: World, palette: LookAlike) -> None:
    edge = cluster_item("edge", "own-good", project_uid="p-edge", created=CREATED)
    backups = {edge["metadata"]["uid"]: own_backups("own-good", location_uid="edge-s3")}
    backups[edge["metadata"]["uid"]]["spec"]["clusterUid"] = edge["metadata"]["uid"]
    palette.fleet = replace(
        palette.fleet,
        projects={**palette.fleet.projects, "p-edge": "edge"},
        workspaces={**palette.fleet.workspaces, "p-edge": []},
        clusters=[edge],
        cluster_backups=backups,
    )
    location = Answer(200, b'{"items": [{"metadata": {"uid": "edge-s3"}}]}')
    palette.fault = lambda request: (
        location if "locations" in request.path and request.headers.get("projectuid") == "p-edge" else None
    )

    assert codes(report(around), "own-good") == set()


def test_every_reader_is_told_of_the_clusters(around: World) -> None:
    around.invoke({"notify": "always"}, 60.0, INCLUDE_CLUSTERS="warn")

    (notified,) = around.notifications()
    (posted,) = around.slack.messages
    assert "Checked 1 of 1 workspace and 4 clusters: 3 in a policy, 1 in none" in str(posted)
    for message in (notified["Message"], str(posted)):
        assert "1 cluster is in no backup policy: project-1 / lonely." in message


def check_of(around: World, name: str, include: str = "yes") -> dict[str, Any]:
    answer = around.invoke({"doctor": True}, 60.0, INCLUDE_CLUSTERS=include)
    (check,) = [check for check in answer["checks"] if check["name"] == name]
    found: dict[str, Any] = check
    return found


def test_the_doctor_says_what_may_not_be_listed_and_which_permission_it_takes(
    around: World, palette: LookAlike
) -> None:
    check = check_of(around, "clusters")
    assert check["detail"] == "5 clusters, and 3 that are set apart; the backup locations can be listed"

    palette.fault = striking(SEARCH, FORBIDDEN)
    check = check_of(around, "clusters")
    assert (check["result"], "cluster.list" in check["detail"]) == ("warning", True)


def test_without_the_setting_the_doctor_names_it_and_the_clusters_that_no_workspace_has(
    around: World, palette: LookAlike
) -> None:
    check = check_of(around, "clusters", include="no")
    assert check["result"] == "passed"
    assert check["detail"] == (
        "4 clusters in no workspace: guest, lonely, own-failed, own-good; INCLUDE_CLUSTERS reports on them"
    )

    palette.fault = striking(SEARCH, FORBIDDEN)
    check = check_of(around, "clusters", include="no")
    assert (check["result"], check["detail"]) == ("skipped", "not looked at (INCLUDE_CLUSTERS)")


def test_the_doctor_says_when_the_key_ends(around: World, palette: LookAlike) -> None:
    palette.fleet = replace(palette.fleet, api_keys=[api_key_item("reporter", NOW + timedelta(days=5, hours=12))])
    check = check_of(around, "key's end")
    assert (check["result"], check["detail"].startswith("The reporter's API key expires in 5 days")) == (
        "warning",
        True,
    )

    palette.fault = striking("/apiKeys", FORBIDDEN)
    assert check_of(around, "key's end")["detail"].startswith("Palette does not say")


# What goes wrong


@pytest.mark.parametrize(
    ("answer", "note"),
    [
        (FORBIDDEN, "The clusters cannot be listed: the API key's user lacks the permission cluster.list."),
        (Answer(200, b"{}"), "The clusters could not be listed: Object missing required field `items`"),
        (Answer(200, b"<html>"), "The clusters could not be listed: not the JSON"),
        (Answer(200, b'{"items": [{"metadata": {"uid": 5}}]}'), "An entry in the list of clusters could not be"),
        (Answer(500), "The clusters could not be listed: Palette answered with an error: HTTP 500"),
    ],
)
def test_a_list_of_clusters_that_cannot_be_read_is_a_note_and_changes_no_verdict(
    around: World, palette: LookAlike, answer: Answer, note: str
) -> None:
    palette.fault = striking(SEARCH, answer)

    found = report(around, "warn")

    the_workspaces_are_right(found)
    assert found["status"] == "OK"
    assert found["coverage"]["isWhole"] is False
    assert any(said.startswith(note) for said in found["notes"]), found["notes"]


def test_that_clusters_were_not_checked_is_said_in_the_first_lines(around: World, palette: LookAlike) -> None:
    palette.fault = striking("spectroclusters", FORBIDDEN)
    around.invoke({"notify": "always"}, 60.0, INCLUDE_CLUSTERS="warn")

    (notified,) = around.notifications()
    (posted,) = around.slack.messages
    assert notified["Subject"].startswith("OK Palette backups: nothing wrong in 1 workspace; clusters not checked")
    assert "Checked 1 of 1 workspace; clusters: not checked." in str(posted)


def test_that_backup_locations_were_not_checked_is_said_where_the_clusters_are_counted(
    around: World, palette: LookAlike
) -> None:
    palette.fault = striking("/assets/locations", FORBIDDEN)
    around.invoke({"notify": "always"}, 60.0, INCLUDE_CLUSTERS="yes")

    (posted,) = around.slack.messages
    assert "3 in a policy, 1 in none; backup locations: not checked." in str(posted)


def test_a_tenant_without_clusters_has_none(around: World, palette: LookAlike) -> None:
    item = an_item("shop")
    item["spec"] = {}
    palette.fleet = replace(palette.fleet, workspaces={PROJECT: [item]})
    palette.fault = striking(SEARCH, Answer(404, b'{"code": "ResourceNotFound"}'))

    found = report(around)

    assert (found["coverage"]["clusters"], found["coverage"]["isWhole"]) == (0, True)


@pytest.mark.parametrize("answer", [Answer(404, b'{"code": "ResourceNotFound"}'), Answer(200, b'{"items": []}')])
def test_an_empty_list_is_not_believed_while_workspaces_have_clusters(
    around: World, palette: LookAlike, answer: Answer
) -> None:
    palette.fault = striking(SEARCH, answer)

    found = report(around)

    assert found["coverage"]["isWhole"] is False
    assert found["notes"] == [
        "Palette lists no cluster, but workspaces have clusters. Which clusters no policy covers is not known."
    ]


def test_a_cluster_without_a_project_may_be_in_scope(around: World, palette: LookAlike) -> None:
    homeless = cluster("homeless")
    del homeless["specSummary"]["projectMeta"]
    palette.fleet = replace(palette.fleet, clusters=[*palette.fleet.clusters, homeless])

    everywhere, of_a_project = report(around), report(around, PALETTE_PROJECT_UIDS=PROJECT)

    assert (everywhere["coverage"]["inNone"], everywhere["coverage"]["isWhole"]) == (2, True)
    assert (of_a_project["coverage"]["inNone"], of_a_project["coverage"]["isWhole"]) == (1, False)
    assert of_a_project["notes"] == [
        "1 cluster is listed without a project and may be in scope. Which clusters no policy covers is not known."
    ]


def test_a_cluster_whose_project_has_a_uid_that_cannot_be_one_is_said_to_be_not_understood(
    around: World, palette: LookAlike
) -> None:
    odd = cluster("odd")
    odd["specSummary"]["projectMeta"]["uid"] = "p\r\nApiKey: x"
    palette.fleet = replace(palette.fleet, clusters=[*palette.fleet.clusters, odd])

    found = report(around)

    the_workspaces_are_right(found)
    assert (found["coverage"]["clusters"], found["coverage"]["isWhole"]) == (4, False)
    assert found["coverage"]["areLocationsKnown"]
    (note,) = found["notes"]
    assert note.startswith(
        "An entry in the list of clusters could not be understood: a project with the uid 'p ApiKey: x'"
    )


def test_a_cluster_whose_health_changes_between_two_pages_is_one_cluster(around: World, palette: LookAlike) -> None:
    clusters = palette.fleet.clusters
    again = [cluster("own-good", health="UnHealthy"), cluster("own-failed", state="Deleting")]
    pages = {"0": clusters[:-1], "1": [*again, clusters[-1]]}

    def fault(request: Request) -> Answer | None:
        page = "1" if request.query.get("continue") or request.query.get("offset") else "0"
        meta = {"count": len(clusters), "continue": "" if page == "1" else "more"}
        body = {"items": pages[page], "listmeta": meta}
        return Answer(200, msgspec.json.encode(body)) if request.path == SEARCH else None

    palette.fault = fault
    found = report(around)

    the_workspaces_are_right(found)
    assert (found["coverage"]["clusters"], found["coverage"]["inNone"], found["coverage"]["isWhole"]) == (4, 1, True)
    assert codes(found, "own-good") == {"cluster-unreachable"}
    assert codes(found, "own-failed") == {"backup-failed"}


def test_a_cluster_that_is_listed_twice_stands_for_no_other(around: World, palette: LookAlike) -> None:
    many = [cluster(f"cluster-{number:03}") for number in range(99)]
    second = [cluster("cluster-000", health="UnHealthy"), *many[50:]]

    def fault(request: Request) -> Answer | None:
        is_second = request.query.get("offset") or request.query.get("continue")
        meta = {"count": 100, "continue": "" if is_second else "more"}
        body = {"items": second if is_second else many[:50], "listmeta": meta}
        return Answer(200, msgspec.json.encode(body)) if request.path == SEARCH else None

    palette.fault = fault
    found = report(around)

    assert (found["coverage"]["clusters"], found["coverage"]["isWhole"]) == (99, False)
    (note,) = found["notes"]
    assert note.startswith("Palette's answer on the list of clusters is not whole: 99 of 100 clusters are listed.")


def test_a_page_that_fails_makes_the_coverage_unknown_and_not_smaller(around: World, palette: LookAlike) -> None:
    palette.fleet = replace(palette.fleet, clusters=[cluster(f"cluster-{number:03}") for number in range(120)])

    def fault(request: Request) -> Answer | None:
        later = request.query.get("offset") == "100" or request.query.get("continue") == "100"
        return FORBIDDEN if request.path == SEARCH and later else None

    palette.fault = fault
    found = report(around)

    the_workspaces_are_right(found)
    assert found["coverage"]["isWhole"] is False
    assert any("Which clusters no policy covers is not known." in note for note in found["notes"])


def test_locations_that_may_not_be_listed_are_a_note(around: World, palette: LookAlike) -> None:
    palette.fault = striking("/assets/locations", FORBIDDEN)

    found = report(around)

    the_workspaces_are_right(found)
    assert (
        "The backup locations cannot be listed: the API key's user lacks the permission location.list."
        in found["notes"]
    )
    assert codes(found, "own-good") == set()


def test_own_policies_that_may_not_be_read_are_a_note(around: World, palette: LookAlike) -> None:
    palette.fault = striking("/features/backup", FORBIDDEN)

    found = report(around, "warn")

    the_workspaces_are_right(found)
    assert (found["status"], found["findings"]) == ("OK", [])
    assert found["coverage"]["unknown"] == 4
    assert (
        "The own backup policies of 5 clusters may not be read: the API key's user lacks the permission cluster.get."
        in found["notes"]
    )


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, b"{}"),
        Answer(200, b"<html>sign in</html>"),
        Answer(200, b'{"spec": {"clusterUid": "another"}}'),
        Answer(200, b'{"status": {"clusterBackupStatuses": 5}}'),
        Answer(500),
    ],
)
def test_an_own_policy_that_cannot_be_read_is_unknown_for_that_cluster(
    around: World, palette: LookAlike, answer: Answer
) -> None:
    palette.fault = striking(uid("own-good"), answer)

    found = report(around)

    the_workspaces_are_right(found)
    assert codes(found, "own-good") == {"unreadable"}
    assert found["coverage"]["unknown"] == 1


@pytest.mark.parametrize(
    "answer",
    [
        Answer(404, b'{"code": "ResourceNotFound"}'),
        Answer(500, b'{"code": "BackupNotConfigured"}'),
        Answer(200, b'{"metadata": {}, "spec": {}, "status": {}}'),
        Answer(200, b'{"spec": null, "status": {"clusterBackupStatuses": null}}'),
    ],
)
def test_there_are_several_ways_to_have_no_policy(around: World, palette: LookAlike, answer: Answer) -> None:
    palette.fault = striking(uid("own-good"), answer)

    assert report(around)["coverage"]["inNone"] == 2


def test_a_cluster_of_a_workspace_that_cannot_be_read_is_not_accused(around: World, palette: LookAlike) -> None:
    palette.fault = striking("/workspaces/shop/backup", Answer(500))

    found = report(around)

    assert found["coverage"]["unknown"] == 1
    assert found["findings"][0]["evidence"]["count"] == 1


def test_no_cluster_is_accused_while_the_workspaces_cannot_be_listed(around: World, palette: LookAlike) -> None:
    palette.fault = striking("/dashboard/workspaces", FORBIDDEN)

    found = report(around, "warn")

    assert (found["status"], found["findings"]) == ("CRITICAL", [])
    assert (found["coverage"]["inNone"], found["coverage"]["unknown"]) == (0, 2)


def test_a_run_that_is_about_some_workspaces_looks_at_no_cluster(around: World) -> None:
    answer = around.invoke({"notify": "never", "workspaceUids": ["shop"]}, INCLUDE_CLUSTERS="yes")

    assert answer["coverage"] is None
    assert asked(around.palette, "spectroclusters") == []


def test_only_the_clusters_of_the_projects_in_scope_are_looked_at(around: World, palette: LookAlike) -> None:
    elsewhere = cluster_item("other", "far", project_uid="p-other", created=CREATED)
    palette.fleet = replace(palette.fleet, clusters=[*palette.fleet.clusters, elsewhere])

    answer = report(around, PALETTE_PROJECT_UIDS=PROJECT)

    assert answer["coverage"]["clusters"] == 4


def test_the_setting_is_checked(around: World) -> None:
    with pytest.raises(Exception, match="INCLUDE_CLUSTERS: 'maybe' is not valid: should be one of no, yes, warn"):
        report(around, "maybe")
