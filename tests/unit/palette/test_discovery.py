"""Which workspaces there are, and what is said where the lists do not tell."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

import msgspec
import pytest
import urllib3

from backup_reporter.demo.documents import Fleet, Json, workspace_item
from backup_reporter.errors import KeyRefusedError, PaletteError, SecretError, UnreachableError
from backup_reporter.palette.client import PaletteClient
from backup_reporter.palette.discovery import discover
from backup_reporter.palette.rate_limit import RateLimiter
from support.local_server import Answer, Request, Script
from support.lookalike import API_KEY, LookAlike

CREATED = datetime(2026, 1, 1, tzinfo=UTC)
PROJECTS = "/v1/dashboard/projects/metadata"
WORKSPACES = "/v1/dashboard/workspaces"


def item(name: str) -> Json:
    return workspace_item("p", name, clusters=["eu-1"], namespaces=["app"], created=CREATED)


def uid(name: str) -> str:
    found: str = item(name)["metadata"]["uid"]
    return found


def fleet(**projects: list[str]) -> Fleet:
    """A tenant: the names of the workspaces of each project; a project's uid is its name in capitals."""
    return Fleet(
        projects={name.upper(): name for name in projects},
        workspaces={name.upper(): [item(workspace) for workspace in names] for name, names in projects.items()},
        backups={},
    )


@pytest.fixture
def server() -> Iterator[LookAlike]:
    with LookAlike(fleet(prod=["shop", "auth"], dev=["web"]), rate_limit=False) as server:
        yield server


def client(
    server: LookAlike,
    seconds_left: Callable[[], float] = lambda: 60.0,
    read_key: Callable[[], str] = lambda: API_KEY,
) -> PaletteClient:
    http = urllib3.PoolManager(maxsize=16)
    return PaletteClient(http, server.url, read_key, RateLimiter(1000, 1000), seconds_left, sleep=lambda seconds: None)


def in_seconds(seconds: float) -> Callable[[], float]:
    ends_at = time.monotonic() + seconds
    return lambda: ends_at - time.monotonic()


def listed(*items: Json, next_page: str | None = None) -> Answer:
    return Answer(200, msgspec.json.encode({"items": items, "listmeta": {"continue": next_page}}))


def test_every_workspace_of_every_project_is_found_in_order(server: LookAlike) -> None:
    found = discover(client(server))

    assert [(workspace.project_name, workspace.name) for workspace in found.workspaces] == [
        ("dev", "web"), ("prod", "auth"), ("prod", "shop"),
    ]  # fmt: skip
    assert [workspace.project_uid for workspace in found.workspaces] == ["DEV", "PROD", "PROD"]
    assert (found.problems, found.unlisted_workspace_uids) == ((), ())


def test_a_workspace_with_a_cluster_that_names_nobody_is_found_and_said_to_be_incomplete(server: LookAlike) -> None:
    web = item("web")
    clusters = [*web["spec"]["clusterRefs"], {"uid": None}]
    incomplete = {**web, "spec": {**web["spec"], "clusterRefs": clusters}}
    server.fault = lambda request: listed(incomplete) if request.path == WORKSPACES else None
    found = discover(client(server), ["DEV"])

    assert [(workspace.name, len(workspace.clusters)) for workspace in found.workspaces] == [("web", 1)]
    assert "a cluster without uid and name - at `$.items[0].spec.clusterRefs[1]`" in found.problems[0]


def test_only_the_projects_in_scope_are_asked(server: LookAlike) -> None:
    found = discover(client(server), ["DEV"])

    assert [workspace.name for workspace in found.workspaces] == ["web"]
    assert [request.headers.get("projectuid") for request in server.requests] == [None, "DEV"]


def test_a_project_that_is_in_scope_and_not_listed_is_named(server: LookAlike) -> None:
    found = discover(client(server), ["PROD", "TEST"])

    assert [workspace.name for workspace in found.workspaces] == ["auth", "shop"]
    assert found.problems == ("The API key cannot see the project TEST (PALETTE_PROJECT_UIDS or projectUids).",)


def test_only_the_workspaces_in_scope_are_found(server: LookAlike) -> None:
    found = discover(client(server), (), [uid("web"), uid("shop")])

    assert [workspace.name for workspace in found.workspaces] == ["web", "shop"]
    assert found.unlisted_workspace_uids == ()


def test_a_workspace_that_is_in_scope_and_that_no_project_lists_is_named_once(server: LookAlike) -> None:
    found = discover(client(server), (), ["gone", uid("web"), "gone"])

    assert [workspace.name for workspace in found.workspaces] == ["web"]
    assert found.unlisted_workspace_uids == ("gone",)
    assert found.problems == ()


def test_pages_are_followed_to_the_end() -> None:
    names = [f"workspace-{number:02}" for number in range(23)]
    with LookAlike(fleet(prod=names, **{f"p{n}": [] for n in range(9)}), rate_limit=False, page_size=5) as server:
        found = discover(client(server))

    assert [workspace.name for workspace in found.workspaces] == names
    assert found.problems == ()
    assert [request.query.get("continue") for request in server.requests if request.path == PROJECTS] == [None, "5"]


def many(number: int, name: str = "workspace") -> list[str]:
    return [f"{name}-{index:02}" for index in range(number)]


def pages_by_offset(answers: Mapping[str | None, Answer | None]) -> Callable[[Request], Answer | None]:
    """What the list of workspaces answers, by the offset that is asked for."""

    def fault(request: Request) -> Answer | None:
        return answers[request.query.get("offset")] if request.path == WORKSPACES else None

    return fault


def counted(names: list[str], count: int | None) -> Answer:
    return Answer(200, msgspec.json.encode({"items": [item(name) for name in names], "listmeta": {"count": count}}))


def bare(names: list[str]) -> Answer:
    """A list without a ``listmeta``."""
    return Answer(200, msgspec.json.encode({"items": [item(name) for name in names]}))


def test_where_palette_counts_more_than_came_the_rest_is_asked_for_with_an_offset(server: LookAlike) -> None:
    names = many(70)
    server.fault = pages_by_offset(
        {None: counted(names[:30], 70), "30": counted(names[30:50], 70), "50": counted(names[50:], 70)}
    )

    found = discover(client(server), ["DEV"])

    assert [workspace.name for workspace in found.workspaces] == names
    assert found.problems == ()


@pytest.mark.parametrize(
    "second",
    [counted(many(50), 70), counted([], 70), counted([], None), bare([]), Answer(400), Answer(404), Answer(403)],
)
def test_where_palette_counts_more_than_it_gives_the_report_says_so(server: LookAlike, second: Answer) -> None:
    server.fault = pages_by_offset({None: counted(many(50), 70), "50": second})

    found = discover(client(server), ["DEV"])

    assert len(found.workspaces) == 50
    assert found.problems == (
        "Palette's answer on the workspaces of project dev is not whole: 50 of 70 workspaces are listed.",
    )


def test_an_unreadable_entry_counts_as_listed(server: LookAlike) -> None:
    entries = [item("web"), {"metadata": {"uid": 7}}]
    body = msgspec.json.encode({"items": entries, "listmeta": {"count": 2}})
    server.fault = pages_by_offset({None: Answer(200, body)})

    (problem,) = discover(client(server), ["DEV"]).problems

    assert "could not be understood" in problem


NO_SUCH_PAGE = Answer(400, b'{"code": "InvalidOffset"}')


@pytest.mark.parametrize(
    "second", [bare(many(50)), bare([]), NO_SUCH_PAGE, Answer(404, b'{"code": "ResourceNotFound"}')]
)
def test_a_list_as_long_as_a_page_is_whole_if_palette_has_nothing_after_it(server: LookAlike, second: Answer) -> None:
    server.fault = pages_by_offset({None: bare(many(50)), "50": second})

    found = discover(client(server), ["DEV"])

    assert (len(found.workspaces), found.problems) == (50, ())
    assert [request.query.get("offset") for request in server.requests if request.path == WORKSPACES] == [None, "50"]


def test_what_comes_after_a_list_as_long_as_a_page_is_found(server: LookAlike) -> None:
    names = sorted(many(120))
    pages = {None: bare(names[:50]), "50": bare(names[50:100]), "100": bare(names[100:])}
    server.fault = pages_by_offset(pages)

    found = discover(client(server), ["DEV"])

    assert [workspace.name for workspace in found.workspaces] == names
    assert found.problems == ()


@pytest.mark.parametrize("second", [Answer(503), Answer(404, b"<html>no such page</html>"), Answer(200, b"{}")])
def test_where_it_cannot_be_told_whether_a_list_is_whole_the_report_says_so(server: LookAlike, second: Answer) -> None:
    server.fault = pages_by_offset({None: bare(many(50)), "50": second})

    (problem,) = discover(client(server), ["DEV"]).problems

    assert problem.startswith(
        "The workspaces of project dev may have more than 50 entries: a request for more failed ("
    )


def test_a_list_that_says_that_it_is_whole_is_asked_for_once(server: LookAlike) -> None:
    for answer in (counted(many(50), 50), bare(many(49)), bare(many(51)), listed(*map(item, many(50)))):
        server.fault = pages_by_offset({None: answer})
        assert discover(client(server), ["DEV"]).problems == ()


def test_fifty_projects_are_asked_for_once_more(server: LookAlike) -> None:
    server.fleet = fleet(**{name: [f"of-{name}"] for name in many(50, "p")})

    found = discover(client(server))

    assert (len(found.workspaces), found.problems) == (50, ())
    assert [request.query.get("offset") for request in server.requests if request.path == PROJECTS] == [None, "50"]


def test_a_workspace_that_two_projects_list_is_a_problem_and_keeps_both_entries(server: LookAlike) -> None:
    server.fleet = fleet(prod=["shop"], dev=["shop"])

    found = discover(client(server))

    (shop,) = found.workspaces
    assert [entry.project_name for entry in (shop, *shop.also_listed)] == ["prod", "dev"]
    (problem,) = found.problems
    assert problem.startswith(f"The workspace shop (uid {shop.uid}) is listed 2 times, in prod, dev.")


def test_a_workspace_that_one_project_lists_twice_is_a_problem_unless_both_entries_say_the_same(
    server: LookAlike,
) -> None:
    muted = {**item("web"), "metadata": {**item("web")["metadata"], "labels": {"backup-reporter.mute": "2099-01-01"}}}
    server.fault = lambda request: listed(item("web"), item("web")) if request.path == WORKSPACES else None
    assert discover(client(server), ["DEV"]).problems == ()

    server.fault = lambda request: listed(item("web"), muted) if request.path == WORKSPACES else None
    found = discover(client(server), ["DEV"])

    assert [len(workspace.also_listed) for workspace in found.workspaces] == [1]
    assert "is listed 2 times, in dev." in found.problems[0]


def test_pages_that_go_round_in_a_circle_are_read_once_and_said(server: LookAlike) -> None:
    def fault(request: Request) -> Answer | None:
        if request.headers.get("projectuid") != "DEV":
            return None
        after = {None: "a", "a": "b", "b": "a"}[request.query.get("continue")]
        return listed(item(f"workspace-{after}"), next_page=after)

    server.fault = fault
    found = discover(client(server), ["DEV"])

    assert [workspace.name for workspace in found.workspaces] == ["workspace-a", "workspace-b"]
    assert found.problems == ("There is no end to the workspaces of project dev: 3 pages were read.",)


def test_where_a_later_page_cannot_be_had_the_earlier_ones_count_and_the_rest_is_said(server: LookAlike) -> None:
    def fault(request: Request) -> Answer | None:
        if request.path != WORKSPACES:
            return None
        return Answer(403) if "continue" in request.query else listed(item("web"), next_page="2")

    server.fault = fault
    found = discover(client(server), ["DEV"])

    assert [workspace.name for workspace in found.workspaces] == ["web"]
    (problem,) = found.problems
    assert problem.startswith("Only 1 page(s) of the workspaces of project dev could be read: ")
    assert "HTTP 403" in problem


def test_an_entry_that_makes_no_sense_is_said_and_costs_no_other(server: LookAlike) -> None:
    broken: Json = {"metadata": {"uid": 5}}
    server.fault = lambda request: listed(broken, item("web"), {}) if request.path == WORKSPACES else None

    found = discover(client(server), ["DEV"])

    assert [workspace.name for workspace in found.workspaces] == ["web"]
    assert len(found.problems) == 2
    assert "$.items[0].metadata.uid" in found.problems[0]
    assert "without a uid" in found.problems[1]


def test_a_list_that_is_none_is_a_problem_and_not_an_empty_one(server: LookAlike) -> None:
    server.fault = lambda request: Answer(200, b"{}") if request.path == WORKSPACES else None

    found = discover(client(server), ["DEV"])

    assert found.workspaces == ()
    assert "Listing the workspaces of project dev failed" in found.problems[0]


def test_a_project_that_cannot_be_looked_into_is_named_and_costs_no_other(server: LookAlike) -> None:
    server.fault = lambda request: Answer(403) if request.headers.get("projectuid") == "DEV" else None

    found = discover(client(server))

    assert [workspace.name for workspace in found.workspaces] == ["auth", "shop"]
    assert found.problems == (
        "Listing the workspaces of project dev failed: Palette answered with an error: HTTP 403.",
    )


def test_a_key_that_may_not_list_projects_is_good_for_those_that_are_named(server: LookAlike) -> None:
    server.fault = lambda request: Answer(403) if request.path == PROJECTS else None

    found = discover(client(server), ["DEV"])

    assert [(workspace.project_name, workspace.name) for workspace in found.workspaces] == [("DEV", "web")]
    assert found.problems == ()
    with pytest.raises(PaletteError, match="403"):
        discover(client(server))


def test_a_key_that_is_refused_is_raised(server: LookAlike) -> None:
    with pytest.raises(KeyRefusedError):
        discover(client(server, read_key=lambda: "wrong"), ["DEV"])


def test_a_key_that_cannot_be_read_is_raised(server: LookAlike) -> None:
    def read_key() -> str:
        raise SecretError("the secret palette-api-key cannot be read")

    with pytest.raises(SecretError, match="palette-api-key"):
        discover(client(server, read_key=read_key))


def test_a_key_that_cannot_be_read_again_is_a_problem_of_the_projects_it_was_for(server: LookAlike) -> None:
    keys = [API_KEY]

    def read_key() -> str:
        if not keys:
            raise SecretError("the secret palette-api-key cannot be read")
        server.fault = lambda request: Answer(401) if request.path == WORKSPACES else None
        return keys.pop()

    found = discover(client(server, read_key=read_key), ["DEV"])

    assert found.problems == (
        "Listing the workspaces of project dev failed: the secret palette-api-key cannot be read.",
    )


def test_a_key_that_sees_no_project_is_a_problem(server: LookAlike) -> None:
    server.fleet = fleet()

    found = discover(client(server))

    assert found.workspaces == ()
    assert "project.list" in found.problems[0]


def test_projects_without_a_workspace_are_a_problem_together(server: LookAlike) -> None:
    server.fleet = fleet(prod=[], dev=[])
    found = discover(client(server))
    assert "There is no workspace in 2 project(s)" in found.problems[0]
    assert "workspace.list" in found.problems[0]

    server.fleet = fleet(prod=[], dev=["web"])
    assert discover(client(server)).problems == ()


HEADERS_THAT_DRIP = Script([b"HTTP/1.1 200 OK\r\n", *(step for _ in range(400) for step in (0.02, b"X"))])


def test_a_project_that_gives_no_answer_in_time_is_named_however_it_hangs(server: LookAlike) -> None:
    server.fault = lambda request: HEADERS_THAT_DRIP if request.headers.get("projectuid") == "PROD" else None
    started = time.monotonic()

    found = discover(client(server, in_seconds(1.5)))

    assert [workspace.name for workspace in found.workspaces] == ["web"]
    assert found.problems == (
        "Listing the workspaces of project prod failed: Palette had not answered when the time for asking was over.",
    )
    assert time.monotonic() - started < 6


def test_a_palette_that_gives_no_answer_at_all_ends_in_time(server: LookAlike) -> None:
    server.fault = lambda request: HEADERS_THAT_DRIP

    with pytest.raises(UnreachableError, match="when the time for asking was over"):
        discover(client(server, in_seconds(0.3)))


def test_projects_are_asked_several_at_a_time() -> None:
    together = threading.Barrier(8)

    def fault(request: Request) -> Answer | None:
        if request.path == WORKSPACES:
            together.wait(10)
        return None

    names = {f"p{number}": [f"workspace-{number}"] for number in range(8)}
    with LookAlike(fleet(**names), rate_limit=False, fault=fault) as server:
        assert len(discover(client(server)).workspaces) == 8
