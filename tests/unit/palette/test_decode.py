from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from backup_reporter.errors import UndecodableError
from backup_reporter.health.model import BackupResult, Cluster, Policy, Run
from backup_reporter.palette.decode import decode_error
from backup_reporter.palette.lists import Project, decode_projects, decode_workspaces
from backup_reporter.palette.results import decode_backup_result

PROD = Project("p1", "prod")


def result(**document: Any) -> BackupResult:
    return decode_backup_result(json.dumps(document).encode())


def run(**details: Any) -> Run:
    (only,) = result(status={"workspaceBackupStatuses": [{"workspaceBackupConfig": details}]}).runs
    return only


@pytest.mark.parametrize(
    "document",
    [
        b'{"metadata":{}}',
        b'{"metadata":null,"spec":null,"status":{}}',
        b'{"spec":{"config":null},"status":{"workspaceBackupStatuses":null}}',
        b'{"spec":{"config":{"backupConfig":null,"clusterUids":null}},"unheardOf":{"a":[1]}}',
        b'{"spec":{"config":{"backupConfig":{"schedule":null,"namespaces":null,"durationInHours":null}}}}',
    ],
)
def test_everything_may_be_missing_or_null(document: bytes) -> None:
    assert decode_backup_result(document) == BackupResult(policy=Policy())


@pytest.mark.parametrize("document", [b"{}", b"null", b'{"metadata":null,"spec":null,"status":null}', b'{"code":"x"}'])
def test_an_answer_that_says_nothing_is_not_an_answer_without_a_policy(document: bytes) -> None:
    with pytest.raises(UndecodableError, match="an answer without metadata, spec and status"):
        decode_backup_result(document)


UNSET = [
    None,
    "",
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00.000Z",
    "1970-01-01T00:00:00Z",
    "1970-01-01T01:00:00+01:00",
]


@pytest.mark.parametrize("unset", UNSET)
def test_five_ways_to_say_that_a_time_is_not_set(unset: str | None) -> None:
    assert run(requestTime=unset, backupTime=unset).requested_at is None
    item = {"metadata": {"uid": "w", "deletionTimestamp": unset}}
    (workspace,) = decode_workspaces(json.dumps({"items": [item]}).encode(), PROD).items
    assert workspace.deleted_at is None


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("0001-01-02T00:00:00Z", 1000),
        ("0999-12-31T23:59:59Z", 1000),
        ("1969-12-31T23:59:59Z", 1969),
        ("9999-12-31T23:59:59Z", 9990),
        ("9999-12-31T23:59:59-01:00", 9990),
    ],
)
def test_a_time_at_the_ends_of_the_calendar_counts_as_one_that_can_be_reckoned_with(text: str, year: int) -> None:
    requested_at = run(requestTime=text).requested_at
    assert requested_at
    assert requested_at.year == year


@pytest.mark.parametrize(
    ("text", "microsecond"),
    [
        ("2026-11-24T01:00:00Z", 0),
        ("2026-11-24T01:00:00.123Z", 123000),
        ("2026-11-24T01:00:00.123456789Z", 123457),
        ("2026-11-24T02:00:00.5+01:00", 500000),
    ],
)
def test_times_come_with_milliseconds_nanoseconds_and_offsets(text: str, microsecond: int) -> None:
    assert run(requestTime=text).requested_at == datetime(2026, 11, 24, 1, microsecond=microsecond, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-11-24T01:00:00", "yesterday", "2026-11-24", "2026-13-01T00:00:00Z"])
def test_what_is_no_time_with_a_zone_costs_the_entry_and_is_named(text: str) -> None:
    good: dict[str, Any] = {"workspaceBackupConfig": {}}
    bad = {"workspaceBackupConfig": {"requestTime": text}}
    found = result(status={"workspaceBackupStatuses": [good, bad]})
    assert len(found.runs) == 1
    (said,) = found.unreadable_runs
    assert text in said
    assert "$.status.workspaceBackupStatuses[1].workspaceBackupConfig.requestTime" in said


def test_the_end_of_the_calendar_is_no_error() -> None:
    assert run(requestTime="9999-12-31T23:59:59-12:00").requested_at is not None


def test_retention_may_come_as_a_decimal_number() -> None:
    policy = b'{"spec":{"config":{"backupConfig":{"durationInHours":720.0}}}}'
    assert decode_backup_result(policy).policy.retention_hours == 720


@pytest.mark.parametrize(
    ("document", "path"),
    [
        (b'{"spec":{"config":{"includeAllClusters":"yes"}}}', "$.spec.config.includeAllClusters"),
        (b'{"spec":{"config":{"backupConfig":{"durationInHours":"720"}}}}', "durationInHours"),
        (b'{"status":{"workspaceBackupStatuses":{}}}', "$.status.workspaceBackupStatuses"),
        (b"[]", "$"),
        (b"<html>login</html>", "not the JSON of Palette's API"),
        (b"", "not the JSON of Palette's API"),
        (b'{"status":', "not the JSON of Palette's API"),
        (b'{"x":' + b"[" * 200_000, "not the JSON of Palette's API"),
        (b'{"spec":{"config":{"clusterUids":["\xff"]}}}', "not the JSON of Palette's API"),
    ],
)
def test_what_cannot_be_understood_is_an_error_with_its_path(document: bytes, path: str) -> None:
    with pytest.raises(UndecodableError) as error:
        decode_backup_result(document)
    assert path in str(error.value)


def test_a_wrong_type_in_one_entry_does_not_cost_the_others() -> None:
    good = {"requestUid": "r1"}
    wrong: dict[str, Any] = {
        "workspaceBackupConfig": {"clusterBackupRefs": [{}, {"backupStatusMeta": {"backupState": {"msg": []}}}]}
    }
    found = result(status={"workspaceBackupStatuses": [wrong, good, None]})
    assert [entry.request_uid for entry in found.runs] == ["r1", None]
    (said,) = found.unreadable_runs
    assert "workspaceBackupStatuses[0].workspaceBackupConfig.clusterBackupRefs[1].backupStatusMeta" in said


@pytest.mark.parametrize("refs", [None, [], [None]])
def test_the_deprecated_twins_clusters_count_where_the_spec_has_none(refs: object) -> None:
    item = {"metadata": {"uid": "w"}, "spec": {"clusterRefs": refs}, "meta": {"clusterRefs": [{"uid": "c1"}, {}]}}
    page = decode_workspaces(json.dumps({"items": [item]}).encode(), PROD)
    assert page.items[0].clusters == (Cluster("c1", None),)
    assert page.problems == ("a cluster without uid and name - at `$.items[0].meta.clusterRefs[1]`",)


def test_the_deprecated_twins_clusters_are_no_matter_where_the_spec_has_some() -> None:
    item = {"metadata": {"uid": "w"}, "spec": {"clusterRefs": [{"uid": "c1"}]}, "meta": {"clusterRefs": [{}]}}
    page = decode_workspaces(json.dumps({"items": [item]}).encode(), PROD)
    assert (page.items[0].clusters, page.problems) == ((Cluster("c1", None),), ())


def test_a_cluster_that_names_nobody_is_a_problem_of_the_page_and_costs_nothing_else() -> None:
    refs = [{"uid": "c1"}, None, {"uid": "", "name": None}]
    items = [{"metadata": {"uid": "w"}, "spec": {"clusterRefs": refs}}, {"metadata": {"uid": "v"}}]
    page = decode_workspaces(json.dumps({"items": items}).encode(), PROD)
    assert [(workspace.uid, workspace.clusters) for workspace in page.items] == [
        ("w", (Cluster("c1", None),)),
        ("v", ()),
    ]
    assert page.problems == ("a cluster without uid and name - at `$.items[0].spec.clusterRefs[2]`",)


def test_the_deprecated_twin_stands_in_for_what_is_missing() -> None:
    twin = {
        "uid": "w",
        "name": "payments",
        "clusterRefs": [{"uid": "c1", "name": "eu-1"}],
        "creationTime": "2026-01-01T00:00:00Z",
    }
    (workspace,) = decode_workspaces(json.dumps({"items": [{"meta": twin}]}).encode(), PROD).items
    assert (workspace.uid, workspace.name, workspace.clusters) == ("w", "payments", (Cluster("c1", "eu-1"),))
    assert workspace.created_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert (workspace.project_uid, workspace.project_name) == ("p1", "prod")


def test_labels_win_over_annotations() -> None:
    metadata = {"uid": "w", "labels": {"a": "label", "n": None}, "annotations": {"a": "annotation", "b": "b"}}
    (workspace,) = decode_workspaces(json.dumps({"items": [{"metadata": metadata}]}).encode(), PROD).items
    assert workspace.labels == {"a": "label", "b": "b"}


def test_a_list_without_items_is_no_empty_list() -> None:
    with pytest.raises(UndecodableError, match="items"):
        decode_projects(b'{"code":"TooManyRequests"}')
    assert decode_projects(b'{"items":null}').items == ()


def test_an_item_that_cannot_be_read_is_a_problem_and_not_a_gap() -> None:
    page = decode_projects(
        b'{"items":[{"metadata":{"uid":"a"}},{"metadata":{"uid":7}},{},{"metadata":{"uid":"a\\r\\nX: y"}}]}'
    )
    assert [project.uid for project in page.items] == ["a"]
    assert len(page.problems) == 3
    assert "$.items[1].metadata.uid" in page.problems[0]


def test_the_next_page_is_named_by_its_token() -> None:
    assert decode_projects(b'{"items":[],"listmeta":{"continue":"abc"}}').next_page == "abc"
    assert decode_projects(b'{"items":[],"listmeta":{"continue":""}}').next_page is None


def test_palettes_errors_and_bodies_that_are_none() -> None:
    assert decode_error(b'{"code":"C","message":"m","ref":"r","details":{}}') == ("C", "m", "r")
    for body in (b"", b"<html>", b"[]", b'{"code":5}', b"\xff\xfe"):
        assert decode_error(body) == ("", "", "")


def test_an_error_that_repeats_the_key_is_read_without_it_even_where_it_is_cut() -> None:
    key = "hunter2" * 9
    message = "x" * 480 + f" your key {key} is wrong"
    assert "hunter2" not in str(decode_error(json.dumps({"message": message, "code": key, "ref": key}).encode(), key))


def test_an_answer_about_another_workspace_is_refused() -> None:
    about = json.dumps({"spec": {"workspaceUid": "b"}}).encode()
    assert decode_backup_result(about, "b") == decode_backup_result(b'{"spec": {"workspaceUid": ""}}', "a")
    with pytest.raises(UndecodableError, match=r"about another workspace, 'b' - at `\$\.spec\.workspaceUid`"):
        decode_backup_result(about, "a")


def test_half_a_character_costs_the_name_that_it_stands_in_and_nothing_else() -> None:
    page = decode_projects(
        b'{"items":[{"metadata":{"uid":"a","name":"one\\ud800"}},{"metadata":{"uid":"b","name":"\\\\ud83d \\ud83d\\ude00"}}]}'
    )

    assert [(project.uid, project.name) for project in page.items] == [("a", "one\ufffd"), ("b", "\\ud83d 😀")]
    assert page.problems == ()


def test_half_a_character_in_a_uid_costs_that_entry() -> None:
    page = decode_projects(b'{"items":[{"metadata":{"uid":"a\\udc00"}},{"metadata":{"uid":"b"}}]}')

    assert [project.uid for project in page.items] == ["b"]
    assert "a project with the uid 'a\ufffd' - at `$.items[0]`" in page.problems[0]


def test_every_text_has_an_end() -> None:
    long = "x" * 100_000
    (project,) = decode_projects(json.dumps({"items": [{"metadata": {"uid": "p", "name": long}}]}).encode()).items
    item = {"metadata": {"uid": "w", "name": long, "labels": {long: long}}, "spec": {"clusterRefs": [{"name": long}]}}
    (workspace,) = decode_workspaces(json.dumps({"items": [item]}).encode(), project).items
    state = {"state": long, "deleteState": long, "msg": long}
    status = {"backupName": long, "backupedNamespaces": [long], "backupState": state}
    ref = {"clusterName": long, "backupStatusMeta": status}
    backup_config = {"namespaces": [long], "schedule": {"scheduledRunTime": long}, "includeClusterResourceMode": long}
    found = result(
        spec={"config": {"backupConfig": backup_config}},
        status={
            "workspaceBackupStatuses": [
                {
                    "requestUid": long,
                    "workspaceBackupConfig": {"backupName": long, "backupState": state, "clusterBackupRefs": [ref]},
                }
            ]
        },
    )

    assert len(json.dumps(msgspec.to_builtins((project, workspace, found)))) < 20_000


def test_a_cluster_whose_uid_is_longer_than_any_costs_its_run() -> None:
    refs = [{"clusterUid": "x" * 254}]
    found = result(status={"workspaceBackupStatuses": [{"workspaceBackupConfig": {"clusterBackupRefs": refs}}, {}]})

    assert len(found.runs) == 1
    (problem,) = found.unreadable_runs
    assert problem.startswith("a uid of 254 characters - at `$.status.workspaceBackupStatuses[0]")
    assert problem.endswith(".clusterBackupRefs[0].clusterUid`")


def entries(number: int, entry: object = None) -> list[object]:
    return [{} if entry is None else entry] * number


@pytest.mark.parametrize(
    ("document", "clusters", "reason"),
    [
        ({"status": {"workspaceBackupStatuses": entries(10_001)}}, 0, "a history of more than 10,000 runs"),
        ({"metadata": {}}, 10_001, "a workspace of more than 10,000 clusters"),
        ({"spec": {"config": {"clusterUids": [str(n) for n in range(10_001)]}}}, 0, "more than 10,000 clusters"),
        ({"status": {"workspaceBackupStatuses": entries(1_000)}}, 501, "1,000 runs of 501 clusters, more than 500,000"),
        (
            {
                "status": {
                    "workspaceBackupStatuses": [
                        *entries(800),
                        {"workspaceBackupConfig": {"clusterBackupRefs": [{"clusterUid": str(n)} for n in range(700)]}},
                    ]
                }
            },
            0,
            "801 runs of 700 clusters",
        ),
        (
            {
                "status": {
                    "workspaceBackupStatuses": entries(
                        2, {"workspaceBackupConfig": {"clusterBackupRefs": entries(50_001)}}
                    )
                }
            },
            0,
            "more than 100,000 backups of clusters",
        ),
        ({"metadata": {}, "x": [0] * 1_000_001}, 0, "the answer holds more than 1,000,000 values"),
    ],
    ids=["runs", "listed clusters", "named clusters", "product", "product with clusters of runs", "backups", "values"],
)
def test_what_is_beyond_the_bounds_is_refused_with_that_reason(
    document: dict[str, Any], clusters: int, reason: str
) -> None:
    with pytest.raises(UndecodableError, match=reason):
        decode_backup_result(json.dumps(document).encode(), clusters=clusters)


def test_many_faults_of_one_page_are_counted() -> None:
    page = decode_projects(json.dumps({"items": [{}] * 5_000}).encode())

    assert len(page.problems) == 21
    assert page.problems[-1] == "4,980 more faults"
