"""The end of the API key is said in time, and asking for it costs nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backup_reporter.demo.documents import Json, api_key_item
from support.local_server import Answer, Script
from support.lookalike import LookAlike
from support.world import World, a_fleet, a_result, a_run

NOW = datetime.now(UTC)
KEYS = "/v1/apiKeys"


@pytest.fixture
def palette() -> Iterator[LookAlike]:
    with LookAlike(a_fleet({"shop": a_result(a_run(NOW - timedelta(hours=2)))}), rate_limit=False) as palette:
        yield palette


def report(around: World, *keys: Json) -> dict[str, Any]:
    around.palette.fleet = replace(around.palette.fleet, api_keys=keys)
    return around.invoke({"notify": "never"})


def key(name: str, days: float | None, *, active: bool = True) -> Json:
    return api_key_item(name, None if days is None else NOW + timedelta(days=days, hours=12), active=active)


def test_a_key_that_ends_in_nine_days_is_a_note_and_no_verdict(around: World) -> None:
    answer = report(around, key("reporter", 9))

    end = NOW + timedelta(days=9, hours=12)
    (note,) = answer["notes"]
    assert note.startswith(f"The reporter's API key expires in 9 days (on {end:%Y-%m-%d}, UTC). Create a new one in ")
    assert (answer["status"], answer["problems"]) == ("OK", [])


def test_of_several_keys_the_earliest_end_is_said(around: World) -> None:
    (note,) = report(around, key("one", 12), key("other", 5), key("third", None))["notes"]

    assert note.startswith("An API key of this tenant expires in 5 days")


@pytest.mark.parametrize(
    "keys",
    [
        [],
        [key("reporter", 15)],
        [key("reporter", None)],
        [key("old", -3), key("reporter", 90)],
        [key("retired", 2, active=False), key("reporter", 90)],
    ],
    ids=["none", "in 15 days", "never", "ended already", "not active"],
)
def test_nothing_is_said_of_keys_that_do_not_end_soon(around: World, keys: list[Json]) -> None:
    assert report(around, *keys)["notes"] == []


@pytest.mark.parametrize(
    "answer",
    [
        Answer(403, b'{"code": "OperationForbidden"}'),
        Answer(404),
        Answer(500),
        Answer(429),
        Answer(200, b"<html>"),
        Answer(200, b'{"items": [{"spec": {"expiry": "soon"}}]}'),
        Answer(200, b'{"items": [{"spec": 5}, null, {}]}'),
        Script(reset=True),
    ],
    ids=["refused", "unknown", "broken", "limited", "a page", "no time", "wrong types", "reset"],
)
def test_an_answer_that_tells_nothing_is_silent_and_asked_for_once(around: World, answer: Answer | Script) -> None:
    around.palette.fault = lambda request: answer if request.path == KEYS else None

    told = report(around)

    assert (told["status"], told["notes"], told["problems"]) == ("OK", [], [])
    assert [request.path for request in around.palette.requests].count(KEYS) == 1


def test_a_report_costs_one_request_more_and_the_key_is_asked_about_without_a_project(around: World) -> None:
    report(around, key("reporter", 90))

    paths = sorted(request.path for request in around.palette.requests)
    assert paths == [
        KEYS,
        "/v1/dashboard/projects/metadata",
        "/v1/dashboard/workspaces",
        "/v1/workspaces/shop/backup",
    ]
    (request,) = [request for request in around.palette.requests if request.path == KEYS]
    assert "projectuid" not in request.headers


def test_an_answer_that_never_comes_holds_the_report_up_for_a_second_at_most(around: World) -> None:
    around.palette.fault = lambda request: Script([30.0]) if request.path == KEYS else None
    began = datetime.now(UTC)

    assert report(around)["status"] == "OK"
    assert datetime.now(UTC) - began < timedelta(seconds=10)
