"""Clusters beyond the workspaces, over the wire: which are in a policy, and how their own policies fare."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from test_evidence import copy_bucket, verified

from backup_reporter.demo.documents import (
    Fleet,
    Json,
    api_key_item,
    cluster_backup,
    cluster_backup_result,
    cluster_item,
    cluster_run,
    location_item,
    rfc3339,
    uid_of,
)
from backup_reporter.demo.local_server import Request
from support.local_server import Answer
from support.lookalike import LookAlike
from support.slack_server import SlackServer
from support.world import PROJECT, LocalAws, World, a_fleet, a_result, a_run, an_item, world

NOW = datetime.now(UTC).replace(microsecond=0)
CREATED = NOW - timedelta(days=90)
SEARCH = "/v1/dashboard/spectroclusters/search"


def cluster(name: str, **options: Any) -> Json:
    return cluster_item("project-1", name, project_uid=PROJECT, created=CREATED, **options)


def uid(name: str) -> str:
    return uid_of("cluster", "project-1", name)


def own_backups(name: str, state: str = "Completed", **options: Any) -> Json:
    """A cluster's own daily policy, with ten nights of backups, the last of them in this ``state``."""
    item = cluster(name)
    ref = {"uid": uid(name), "name": name}
    last = NOW - timedelta(hours=2)
    runs = []
    for night in range(10):
        at = last - timedelta(days=night)
        of_night = state if night == 0 else "Completed"
        backup = cluster_backup(ref, f"{name}-{night}", state=of_night, at=at, expires=at + timedelta(days=30))
        runs.append(cluster_run(f"{name}-{night}", state=of_night, backups=[backup]))
    schedule = f"{last.minute} {last.hour} * * *"
    return cluster_backup_result(
        item, schedule=schedule, retention_hours=720, runs=runs, policy_created=CREATED, **options
    )


def fleet() -> Fleet:
    """A workspace whose policy covers c1; clusters with and without a policy of their own, and some set apart."""
    in_workspace = {**cluster("eu-1"), "metadata": {**cluster("eu-1")["metadata"], "uid": "c1"}}
    return replace(
        a_fleet({"shop": a_result(a_run(NOW - timedelta(hours=2)))}),
        clusters=[
            in_workspace,
            cluster("own-good"),
            cluster("own-failed"),
            cluster("lonely"),
            cluster("virtual", cloud="nested"),
            cluster("leaving", state="Deleting"),
            cluster("coming", state="Provisioning"),
            cluster("guest", imported=True),
        ],
        cluster_backups={
            uid("own-good"): own_backups("own-good"),
            uid("own-failed"): own_backups("own-failed", "Failed"),
        },
        locations=[location_item("backups-s3", CREATED)],
    )


@pytest.fixture
def palette() -> Iterator[LookAlike]:
    with LookAlike(fleet(), rate_limit=False) as palette:
        yield palette


@pytest.fixture
def around(aws: LocalAws, palette: LookAlike) -> Iterator[World]:
    with SlackServer() as slack, world(aws, palette, slack) as around:
        yield around


def report(around: World, include: str = "yes", **environment: str) -> dict[str, Any]:
    return around.invoke({"notify": "never"}, 60.0, INCLUDE_CLUSTERS=include, **environment)


def codes(answer: Mapping[str, Any], name: str) -> set[str]:
    (workspace,) = [workspace for workspace in answer["workspaces"] if workspace["name"] == name]
    return {finding["code"] for finding in workspace["findings"]}


def asked(palette: LookAlike, part: str) -> list[Request]:
    return [request for request in palette.requests if part in request.path]


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


def muted(name: str, codes: str = "") -> Json:
    item = cluster(name)
    item["metadata"]["labels"] = {"backup-reporter.mute": f"{NOW + timedelta(days=30):%Y-%m-%d}"}
    if codes:
        item["metadata"]["labels"]["backup-reporter.mute-codes"] = codes
    return item


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


FORBIDDEN = Answer(403, b'{"code": "ResourceAccessDenied", "message": "no", "ref": "r"}')


def striking(part: str, answer: Answer) -> Callable[[Request], Answer | None]:
    return lambda request: answer if part in request.path else None


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


def the_workspaces_are_right(answer: Mapping[str, Any]) -> None:
    (shop,) = [workspace for workspace in answer["workspaces"] if workspace["kind"] == "workspace"]
    assert (shop["status"], shop["findings"]) == ("OK", [])
    assert answer["problems"] == []


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


# From one report to the next


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
