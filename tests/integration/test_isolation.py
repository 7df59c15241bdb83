"""What one workspace's owner can write changes nothing about any other workspace in the report."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
import urllib3
from hypothesis import given, settings
from hypothesis import strategies as st

from backup_reporter.config.request import Request
from backup_reporter.config.settings import Settings, Tenant
from backup_reporter.demo.documents import Json
from backup_reporter.demo.fleet import instructive
from backup_reporter.palette.client import PaletteClient
from backup_reporter.palette.rate_limit import RateLimiter
from backup_reporter.report.model import Report
from backup_reporter.run.make_plan import Palette
from backup_reporter.run.pipeline import Dependencies, run
from backup_reporter.run.publish import Destinations
from support.local_server import Answer
from support.local_server import Request as HttpRequest
from support.lookalike import API_KEY, LookAlike

pytestmark = pytest.mark.slow

NOW = datetime.now(UTC)
FLEET = instructive(NOW)
HOSTILE = "search"
OWN_TEXTS = st.sampled_from(
    [
        *(
            "",
            "payments",
            "\u202e\u2066",
            "a\nb\rc",
            "x" * 5000,
            "<script>",
            "=1+1",
            "{{ 7*7 }}",
            "%s%n",
            "\ud800",
            "null",
        ),
        *("(a?){40}a{40}", "backup-reporter.mute", "9999-12-31", "2026-12-31", "../../x", "@channel"),
    ]
)
ANYTHING: st.SearchStrategy[Any] = OWN_TEXTS | st.sampled_from(
    [None, 0, -1, 1e308, True, [], {}, [[]], ["a"] * 50, {"a": {"b": {}}}]
)


def project_of(name: str) -> str:
    return next(
        project
        for project, items in FLEET.workspaces.items()
        if any(item["metadata"]["name"] == name for item in items)
    )


PROJECT = project_of(HOSTILE)
ITEM = next(item for item in FLEET.workspaces[PROJECT] if item["metadata"]["name"] == HOSTILE)
UID = ITEM["metadata"]["uid"]


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    for key in node if isinstance(node, dict) else range(len(node)):
        yield node, key
        if isinstance(node[key], dict | list):
            yield from places(node[key])


def changed(draw: st.DrawFn, document: Json) -> Json:
    """The document with up to four places changed."""
    mine = copy.deepcopy(document)
    everywhere = list(places(mine))
    for number in draw(st.lists(st.integers(0, len(everywhere) - 1), max_size=4)):
        node, key = everywhere[number]
        node[key] = draw(ANYTHING)
    return mine


@st.composite
def hostile_answers(draw: st.DrawFn) -> dict[str, bytes]:
    """The project's list and the backup result, by path, with what one workspace's owner may write in them."""
    item = {**ITEM, "spec": changed(draw, {"spec": ITEM["spec"]})["spec"]}
    item["metadata"] = {
        **ITEM["metadata"],
        "name": draw(ANYTHING),
        "creationTimestamp": draw(ANYTHING),
        "labels": draw(ANYTHING | st.dictionaries(OWN_TEXTS, ANYTHING, max_size=3)),
        "annotations": draw(ANYTHING | st.dictionaries(OWN_TEXTS, ANYTHING, max_size=3)),
    }
    items = [item if other is ITEM else other for other in FLEET.workspaces[PROJECT]]
    document = FLEET.backups[UID]
    assert isinstance(document, dict)
    return {
        "/v1/dashboard/workspaces": json.dumps({"items": items}).encode(),
        f"/v1/workspaces/{UID}/backup": json.dumps(changed(draw, document)).encode(),
    }


@pytest.fixture(scope="module")
def palette() -> Iterator[LookAlike]:
    with LookAlike(FLEET, rate_limit=False) as palette:
        yield palette


def make_report(palette: LookAlike) -> Report:
    client = PaletteClient(
        urllib3.PoolManager(maxsize=16),
        palette.url,
        lambda: API_KEY,
        RateLimiter(1000, 1000),
        lambda: 600.0,
        sleep=lambda _: None,
    )
    dependencies = Dependencies(
        palettes=[Palette(tenant=Tenant(api_url=palette.url), client=client)],
        destinations=lambda: Destinations(channels=()),
        clock=lambda: NOW,
        seconds_left=lambda: 600.0,
        invocation_id="test",
    )
    return run(Request(), Settings(), dependencies, NOW)


def others(report: Report) -> dict[str, Any]:
    return {workspace.uid: msgspec.to_builtins(workspace) for workspace in report.workspaces if workspace.uid != UID}


@pytest.fixture(scope="module")
def expected(palette: LookAlike) -> dict[str, Any]:
    palette.fleet = FLEET
    return others(make_report(palette))


@settings(max_examples=20, deadline=None)
@given(answers=hostile_answers())
def test_no_workspace_changes_the_verdict_or_the_presence_of_another(
    palette: LookAlike, expected: dict[str, Any], answers: dict[str, bytes]
) -> None:
    def answer(request: HttpRequest) -> Answer | None:
        body = answers.get(request.path.partition("?")[0])
        is_ours = request.headers.get("projectuid") == PROJECT
        return Answer(200, body, {"Content-Type": "application/json"}) if body is not None and is_ours else None

    palette.fault = answer
    report = make_report(palette)
    assert others(report) == expected, report.problems
    assert report.status == "CRITICAL"
