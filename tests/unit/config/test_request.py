from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backup_reporter.config.request import Request, parse_event
from backup_reporter.config.settings import Settings
from backup_reporter.errors import InvalidRequest

EVENTS = Path(__file__).parents[3] / "events"
FIELDS = [
    "projectUids",
    "workspaceUids",
    "backupRequestUid",
    "notify",
    "channels",
    "asOf",
    "redeliver",
    "doctor",
    "tenants",
]


def test_both_schedules_are_scheduled_requests_with_their_time() -> None:
    seven = datetime(2026, 11, 24, 7, tzinfo=UTC)
    wanted = Request(is_scheduled=True, scheduled_at=seven)
    assert parse_event({"scheduledTime": "2026-11-24T08:00:00+01:00"}, Settings()) == wanted
    classic = {"detail-type": "Scheduled Event", "source": "aws.events", "time": "2026-11-24T07:00:00Z", "detail": {}}
    assert parse_event(classic, Settings()) == wanted


def test_nothing_asked_for_is_a_full_report_on_demand() -> None:
    assert parse_event({}, Settings()) == Request()
    assert parse_event(dict.fromkeys(FIELDS), Settings()) == Request()


def test_several_problems_are_told_at_once() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        parse_event({"foo": 1, "notify": "x", "asOf": 5}, Settings())
    for said in ("'foo' is no field", "; notify: 'x'", "; asOf: 5"):
        assert said in str(refusal.value)


def test_fields_that_are_none_are_named_together_with_the_valid_ones_once() -> None:
    with pytest.raises(InvalidRequest, match=r"^'foo', 'bar' are no fields; valid are projectUids, ") as refusal:
        parse_event({"foo": 1, "bar": 2}, Settings())
    assert str(refusal.value).count("valid are") == 1


def test_what_is_given_is_shown_but_not_all_of_it_when_it_is_long() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        parse_event({"notify": "x" * 1_000_000}, Settings())
    assert len(str(refusal.value)) < 300


@pytest.mark.parametrize(
    ("event", "known", "says"),
    [
        ({"tenants": "acme"}, ["acme"], "should be a list of names"),
        ({"tenants": ["umbrella"]}, ["acme", "globex"], "umbrella is none of them; there are acme, globex"),
        ({"tenants": ["acme"]}, [], "there is only one, without a name (TENANTS is not set)"),
        ({"projectUids": ["p"]}, ["acme", "globex"], "projectUids: needs exactly one tenant"),
        ({"workspaceUids": ["w"], "tenants": ["acme", "globex"]}, ["acme", "globex"], "needs exactly one tenant"),
    ],
)
def test_tenants_have_to_be_known_and_uids_belong_to_one(event: object, known: list[str], says: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        parse_event(event, Settings(), lambda: known)
    assert says in str(refusal.value)


def test_the_only_tenant_need_not_be_named() -> None:
    assert parse_event({"projectUids": ["p"]}, Settings(), lambda: ["acme"]).project_uids == ("p",)


@pytest.mark.parametrize("path", sorted(EVENTS.glob("*.json")), ids=lambda path: path.stem)
def test_every_example_event_is_understood(path: Path) -> None:
    parse_event(json.loads(path.read_text()), Settings(slack_webhook_secret="slack"), lambda: ["acme"])
