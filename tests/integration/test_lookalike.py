"""The Palette look-alike over the wire: that it answers, refuses and limits as Palette's API is described to."""

from __future__ import annotations

import gzip
import json
import os
import ssl
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import urllib3

from backup_reporter.demo.documents import Failure
from backup_reporter.demo.fleet import instructive
from support.local_server import Answer, Script
from support.lookalike import API_KEY, LookAlike

FLEET = instructive(datetime(2026, 11, 23, 7, tzinfo=UTC))
PROJECTS = "/v1/dashboard/projects/metadata"
WORKSPACES = "/v1/dashboard/workspaces"
SEARCH = "/v1/dashboard/spectroclusters/search"
PROD, STAGING, *_ = FLEET.projects


def workspace_named(name: str) -> tuple[str, str]:
    """A workspace's project and uid."""
    found = [(project, uid) for uid, (project, item) in FLEET.located.items() if item["metadata"]["name"] == name]
    return found[0]


class Client:
    """Asks over one pool, as the reporter does."""

    def __init__(self, server: LookAlike) -> None:
        self.url = server.url
        self.pool = urllib3.PoolManager(maxsize=16, retries=False)

    def raw(self, path: str, headers: Mapping[str, str], method: str = "GET") -> urllib3.BaseHTTPResponse:
        return self.pool.request(method, self.url + path, headers=dict(headers))

    def get(self, path: str, project: str | None = None, **headers: str) -> tuple[int, Any]:
        project_header = {} if project is None else {"ProjectUid": project}
        response = self.raw(path, {"ApiKey": API_KEY, **project_header, **headers})
        return response.status, response.json()


@pytest.fixture
def server() -> Iterator[LookAlike]:
    with LookAlike(FLEET, rate_limit=False) as server:
        yield server


@pytest.fixture
def client(server: LookAlike) -> Client:
    return Client(server)


@pytest.fixture(scope="module")
def api_description() -> dict[str, Any]:
    """The vendor's description of its API, where it lies beside the checkout or where PALETTE_OPENAPI says."""
    beside = Path(__file__).resolve().parents[3].glob("*/palette-openapi.json")
    paths = [Path(os.environ["PALETTE_OPENAPI"])] if os.environ.get("PALETTE_OPENAPI") else list(beside)
    if not paths:
        pytest.skip("NOT CHECKED against Palette's API description: no palette-openapi.json in a directory beside the "
                    "checkout; set PALETTE_OPENAPI to its path")  # fmt: skip
    document: dict[str, Any] = json.loads(paths[0].read_text(encoding="utf-8"))
    return document


FORMATS = jsonschema.FormatChecker(formats=())


@FORMATS.checks("date-time", raises=ValueError)
def is_time_with_zone(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def without_nulls(value: Any) -> Any:
    """Swagger 2.0 cannot say that a field may be ``null``; Palette's may all be, and mean "not set" then."""
    if isinstance(value, dict):
        return {name: without_nulls(item) for name, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


ERROR = {
    "type": "object",
    "required": ["code", "message"],
    "properties": {"code": {"type": "string"}, "message": {"type": "string"}, "ref": {"type": "string"}, "details": {}},
}
"""The error body, for an API description that leaves it out."""


def check_against(description: dict[str, Any], definition: str, document: Any) -> None:
    schema = {"$ref": f"#/definitions/{definition}", "definitions": {"v1Error": ERROR, **description["definitions"]}}
    jsonschema.Draft4Validator(schema, format_checker=FORMATS).validate(without_nulls(document))


def test_the_project_list_is_as_described(client: Client, api_description: dict[str, Any]) -> None:
    check_against(api_description, "v1ProjectsMetadata", client.get(PROJECTS)[1])


def test_the_workspace_lists_are_as_described(client: Client, api_description: dict[str, Any]) -> None:
    for project in FLEET.projects:
        check_against(api_description, "v1DashboardWorkspaces", client.get(WORKSPACES, project)[1])


def test_every_workspace_and_every_backup_result_is_as_described(
    client: Client, api_description: dict[str, Any]
) -> None:
    for uid, (project, _) in FLEET.located.items():
        check_against(api_description, "v1Workspace", client.get(f"/v1/workspaces/{uid}", project)[1])
        status, document = client.get(f"/v1/workspaces/{uid}/backup", project)
        check_against(api_description, "v1WorkspaceBackup" if status == 200 else "v1Error", document)


def test_every_answer_about_clusters_is_as_described(client: Client, api_description: dict[str, Any]) -> None:
    response = client.pool.request("POST", f"{client.url}{SEARCH}", headers={"ApiKey": API_KEY}, body=b"{}")
    page = response.json()
    check_against(api_description, "v1SpectroClustersSummary", page)
    assert page["listmeta"]["count"] == len(FLEET.clusters)
    for cluster in page["items"]:
        project, uid = cluster["specSummary"]["projectMeta"]["uid"], cluster["metadata"]["uid"]
        status, document = client.get(f"/v1/spectroclusters/{uid}/features/backup", project)
        assert status == 200
        check_against(api_description, "v1ClusterBackup", document)
        assert bool(document["spec"].get("config")) == (uid in FLEET.cluster_backups)


def test_locations_and_api_keys_are_as_described(client: Client, api_description: dict[str, Any]) -> None:
    check_against(api_description, "v1UserAssetsLocations", client.get("/v1/users/assets/locations")[1])
    check_against(api_description, "v1ApiKeys", client.get("/v1/apiKeys")[1])


def test_every_answer_about_restores_is_as_described(client: Client, api_description: dict[str, Any]) -> None:
    states = set()
    for uid, (project, _) in FLEET.located.items():
        status, document = client.get(f"/v1/workspaces/{uid}/restore", project)
        if status == 200:
            check_against(api_description, "v1WorkspaceRestore", document)
            states |= {
                entry["workspaceRestoreConfig"]["restoreState"]["state"]
                for entry in document["status"]["workspaceRestoreStatuses"]
            }
    assert states == {"Completed", "Failed"}

    into = [uid for uid in FLEET.restores if uid in FLEET.cluster_uids]
    for uid in into:
        status, document = client.get(f"/v1/spectroclusters/{uid}/features/restore")
        assert status == 200
        check_against(api_description, "v1ClusterRestore", document)
    assert into


def test_a_workspace_that_was_never_restored_is_an_error_as_described(
    client: Client, api_description: dict[str, Any]
) -> None:
    project, uid = workspace_named("analytics")
    status, document = client.get(f"/v1/workspaces/{uid}/restore", project)

    assert status == 404
    check_against(api_description, "v1Error", document)


def test_clusters_have_a_rate_of_their_own() -> None:
    with LookAlike(FLEET) as limited:
        asking = Client(limited)
        uid = FLEET.clusters[0]["metadata"]["uid"]
        statuses = [asking.get(f"/v1/spectroclusters/{uid}/features/backup")[0] for _ in range(200)]

    assert statuses == [200] * 200
    assert limited.refused == 0


def test_the_check_against_the_description_can_fail(api_description: dict[str, Any]) -> None:
    wrong: list[dict[str, Any]] = [
        {"metadata": {"creationTimestamp": "yesterday"}},
        {"status": {"workspaceBackupStatuses": {}}},
    ]
    for document in wrong:
        with pytest.raises(jsonschema.ValidationError):
            check_against(api_description, "v1WorkspaceBackup", document)


def test_every_project_and_every_workspace_is_listed(client: Client) -> None:
    status, document = client.get(PROJECTS)
    assert status == 200
    assert [item["metadata"]["name"] for item in document["items"]] == ["prod", "staging", "shared-services", "edge"]
    status, document = client.get(WORKSPACES, PROD)
    assert status == 200
    assert {item["metadata"]["name"] for item in document["items"]} >= {"payments", "ledger", "identity"}
    assert "listmeta" not in document


def test_projects_can_be_asked_for_by_name(client: Client) -> None:
    assert client.get(f"{PROJECTS}?name=staging")[1]["items"] == [{"metadata": {"uid": STAGING, "name": "staging"}}]


def test_a_backup_result_comes_whole_or_cut_down_to_one_request(client: Client) -> None:
    project, uid = workspace_named("identity")
    _, document = client.get(f"/v1/workspaces/{uid}/backup", project)
    runs = document["status"]["workspaceBackupStatuses"]
    assert len(runs) == 90
    _, one = client.get(f"/v1/workspaces/{uid}/backup?backupRequestUid={runs[7]['requestUid']}", project)
    assert one["status"]["workspaceBackupStatuses"] == [runs[7]]
    _, none = client.get(f"/v1/workspaces/{uid}/backup?backupRequestUid=unheard-of", project)
    assert none["status"]["workspaceBackupStatuses"] == []


@pytest.mark.parametrize("headers", [{}, {"ApiKey": ""}, {"ApiKey": "wrong"}, {"Authorization": API_KEY}])
def test_without_the_right_key_nothing_is_told(client: Client, headers: dict[str, str]) -> None:
    response = client.raw(PROJECTS, headers)
    assert response.status == 401
    assert set(response.json()) == {"code", "message", "ref", "details"}


def test_a_rotated_key_is_accepted_from_then_on_and_the_old_one_is_not(server: LookAlike, client: Client) -> None:
    assert client.get(PROJECTS)[0] == 200
    server.api_key = "another-key"
    assert client.get(PROJECTS)[0] == 401
    assert client.get(PROJECTS, ApiKey="another-key")[0] == 200


@pytest.mark.parametrize("path", [PROJECTS, WORKSPACES, "/v1/workspaces/{uid}", "/v1/workspaces/{uid}/backup"])
@pytest.mark.parametrize("project", ["", "no-such-project"])
def test_a_project_that_does_not_exist_is_refused_on_every_request(client: Client, path: str, project: str) -> None:
    _, uid = workspace_named("payments")
    status, document = client.get(path.format(uid=uid), project)
    assert (status, document["code"]) == (404, "ProjectNotFoundInTenant")


def test_the_tenant_itself_has_no_workspaces(client: Client) -> None:
    assert client.get(WORKSPACES) == (200, {"items": []})


@pytest.mark.parametrize("suffix", ["", "/backup"])
def test_a_workspace_of_another_project_is_out_of_reach(client: Client, suffix: str) -> None:
    _, uid = workspace_named("payments")
    assert client.get(f"/v1/workspaces/{uid}{suffix}", STAGING)[1]["code"] == "ResourceAccessDenied"
    assert client.get(f"/v1/workspaces/{uid}{suffix}")[1]["code"] == "ResourceNotFound"
    assert client.get(f"/v1/workspaces/unknown{suffix}", PROD)[1]["code"] == "ResourceNotFound"


@pytest.mark.parametrize(
    ("name", "status", "code"), [("monitoring", 400, "BackupNotConfigured"), ("gitops", 500, "InternalServerError")]
)
def test_a_failure_in_the_fleet_comes_as_palettes_error(client: Client, name: str, status: int, code: str) -> None:
    project, uid = workspace_named(name)
    assert isinstance(FLEET.backups[uid], Failure)
    answered, document = client.get(f"/v1/workspaces/{uid}/backup", project)
    assert (answered, document["code"]) == (status, code)
    assert client.get(f"/v1/workspaces/{uid}", project)[0] == 200


def test_other_paths_and_methods_are_refused(client: Client) -> None:
    assert client.get("/v1/clusters")[0] == 404
    assert client.raw(PROJECTS, {"ApiKey": API_KEY}, method="POST").status == 405


def test_lists_come_in_pages_where_asked_for() -> None:
    names: list[list[str]] = []
    with LookAlike(FLEET, page_size=4) as server:
        client, path = Client(server), WORKSPACES
        while path:
            _, document = client.get(path, PROD)
            names.append([item["metadata"]["name"] for item in document["items"]])
            token = document["listmeta"]["continue"]
            path = f"{WORKSPACES}?continue={token}" if token else ""
    assert [len(page) for page in names] == [4, 3]
    assert len({name for page in names for name in page}) == 7


def test_after_fifty_requests_at_once_it_refuses_with_429_and_says_nothing_of_when_to_come_back() -> None:
    with LookAlike(FLEET) as server:
        client = Client(server)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: client.raw(PROJECTS, {"ApiKey": API_KEY}), range(80)))
        refused = [answer for answer in answers if answer.status == 429]
        assert 10 <= len(refused) <= 30  # ten a second come free while they are asked
        assert server.refused == len(refused)
        assert refused[0].json()["code"] == "TooManyRequests"
        assert "Retry-After" not in refused[0].headers
        assert client.get("/v1/workspaces/unknown", PROD)[0] == 404  # another resource, counted on its own


def test_a_wrong_key_is_counted_by_the_rate_limit_too() -> None:
    with LookAlike(FLEET) as server:
        client = Client(server)
        statuses = {client.raw(PROJECTS, {"ApiKey": "wrong"}).status for _ in range(80)}
    assert statuses == {401, 429}


def test_it_remembers_what_was_asked_and_with_what_headers(server: LookAlike, client: Client) -> None:
    client.get(f"{WORKSPACES}?continue=", PROD)
    (request,) = server.requests
    assert (request.method, request.path, request.query) == ("GET", WORKSPACES, {"continue": ""})
    assert (request.headers["apikey"], request.headers["projectuid"]) == (API_KEY, PROD)


def test_connections_stay_open_and_answers_carry_the_time(server: LookAlike, client: Client) -> None:
    for _ in range(5):
        response = client.raw(PROJECTS, {"ApiKey": API_KEY})
    assert len(client.pool.pools) == 1
    assert client.pool.connection_from_url(server.url).num_connections == 1
    assert abs(parsedate_to_datetime(response.headers["Date"]) - datetime.now(UTC)) < timedelta(seconds=5)


def test_answers_are_zipped_where_asked_for(server: LookAlike) -> None:
    project, uid = workspace_named("identity")
    headers = {"ApiKey": API_KEY, "ProjectUid": project}
    url = f"{server.url}/v1/workspaces/{uid}/backup"
    plain = urllib3.request("GET", url, headers=headers)
    zipped = urllib3.request("GET", url, headers={**headers, "Accept-Encoding": "gzip"}, decode_content=False)
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped.data) == plain.data
    assert len(zipped.data) < len(plain.data) / 4


def test_it_can_be_as_slow_as_a_real_one() -> None:
    with LookAlike(FLEET, latency_seconds=0.15) as server:
        started = time.monotonic()
        assert Client(server).get(PROJECTS)[0] == 200
        assert time.monotonic() - started >= 0.15


def test_a_fault_replaces_an_answer_and_leaves_the_others(server: LookAlike, client: Client) -> None:
    def only_backups(request: Any) -> Answer | None:
        if not request.path.endswith("/backup"):
            return None
        return Answer(502, b"<html>Bad Gateway</html>", {"Content-Type": "text/html"})

    server.fault = only_backups
    project, uid = workspace_named("payments")
    response = client.raw(f"/v1/workspaces/{uid}/backup", {"ApiKey": API_KEY, "ProjectUid": project})
    assert (response.status, response.headers["Content-Type"]) == (502, "text/html")
    assert client.get(f"/v1/workspaces/{uid}", project)[0] == 200
    assert len(server.requests) == 2


def test_a_script_cuts_an_answer_short(server: LookAlike, client: Client) -> None:
    server.fault = lambda request: Script([b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", 0.01, b'{"items":'])
    with pytest.raises(urllib3.exceptions.ProtocolError, match="IncompleteRead"):
        client.get(PROJECTS)


def test_a_script_resets_the_connection(server: LookAlike, client: Client) -> None:
    server.fault = lambda request: Script(reset=True)
    with pytest.raises(urllib3.exceptions.ProtocolError, match="reset"):
        client.get(PROJECTS)


def test_a_stalled_answer_ends_with_the_server() -> None:
    with LookAlike(FLEET, fault=lambda request: Script([600.0])) as server, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(Client(server).get, PROJECTS)
        while not server.requests:
            time.sleep(0.01)
        server.__exit__(None, None, None)
        with pytest.raises(urllib3.exceptions.HTTPError):
            waiting.result(timeout=10)


def test_when_it_is_gone_open_connections_are_gone_too() -> None:
    with LookAlike(FLEET) as server:
        client = Client(server)
        client.get(PROJECTS)
    with pytest.raises(urllib3.exceptions.HTTPError):
        client.get(PROJECTS)


def test_it_speaks_tls_with_a_certificate_of_ones_own(certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with LookAlike(FLEET, ssl_context=context) as server:
        trusting = urllib3.PoolManager(ca_certs=str(certificate), retries=False)
        assert trusting.request("GET", server.url + PROJECTS, headers={"ApiKey": API_KEY}).status == 200
        with pytest.raises(urllib3.exceptions.SSLError):
            urllib3.PoolManager(retries=False).request("GET", server.url + PROJECTS)
