from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from backup_reporter.config import request as requests
from backup_reporter.config.request import Request, is_doctor_event
from backup_reporter.config.settings import Settings, Tenant
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
NOW = datetime(2026, 11, 24, 7, 0, 30, tzinfo=UTC)
LISTED = Settings(tenants_source="ssm:/palette/tenants")
ACME, GLOBEX = Tenant(name="acme", project_uids=("p", "q")), Tenant(name="globex")


def parse_event(event: object, settings: Settings | None = None, *tenants: Tenant) -> Request:
    settings = settings or Settings()
    return requests.parse_event(event, settings, lambda: tenants or (settings.tenant,), NOW)


def refusal_of(event: object, settings: Settings | None = None, *tenants: Tenant) -> str:
    with pytest.raises(InvalidRequest) as refusal:
        parse_event(event, settings, *tenants)
    return str(refusal.value)


def a_rule_event(**more: Any) -> dict[str, Any]:
    return {"detail-type": "Scheduled Event", "source": "aws.events", "detail": {}, **more}


def test_both_schedules_are_scheduled_requests_with_their_time() -> None:
    wanted = Request(is_scheduled=True, scheduled_at=datetime(2026, 11, 24, 7, tzinfo=UTC))
    assert parse_event({"scheduledTime": "2026-11-24T08:00:00+01:00"}) == wanted
    assert parse_event(a_rule_event(time="2026-11-24T07:00:00Z")) == wanted


SAMPLE_TIMES = ("1970-01-01T00:00:00Z", "2015-10-08T16:53:06Z")
"""Of AWS's own sample events."""


@pytest.mark.parametrize("time", [{}, *({"time": time} for time in (None, 7, "soon", *SAMPLE_TIMES))])
def test_a_rules_event_without_a_usable_time_asks_for_a_report_now(time: dict[str, Any]) -> None:
    request = parse_event(a_rule_event(**time))
    assert (request.is_scheduled, request.scheduled_at) == (True, None)
    shown = repr(time["time"]) if isinstance(time.get("time"), str) else json.dumps(time.get("time"))
    assert f"no usable time ({shown})" in (request.note or "")


@pytest.mark.parametrize(("given", "shown"), [(None, "null"), (True, "true"), ({"a": None}, '{"a": null}'), ("", "''")])
def test_what_was_given_is_shown_as_json_has_it(given: object, shown: str) -> None:
    assert refusal_of({"scheduledTime": given}).startswith(f"scheduledTime: {shown} is not valid: ")


def test_spaces_around_a_name_do_not_count() -> None:
    assert parse_event({"workspaceUids": [" payments "]}).workspace_uids == ("payments",)
    assert refusal_of({"workspaceUids": ["  "]}).startswith("workspaceUids: ")


def test_a_placeholder_that_was_not_filled_in_asks_for_a_report_now() -> None:
    request = parse_event({"scheduledTime": "<aws.scheduler.scheduled-time>"})
    assert (request.is_scheduled, request.scheduled_at) == (True, None)
    assert "did not fill in its time" in (request.note or "")


@pytest.mark.parametrize("field", ["time", "scheduledTime"])
def test_a_time_that_is_still_to_come_is_refused(field: str) -> None:
    def event(ahead: timedelta) -> dict[str, Any]:
        time = {field: (NOW + ahead).isoformat()}
        return a_rule_event(**time) if field == "time" else time

    assert refusal_of(event(timedelta(minutes=16))).startswith(f"{field}: ")
    assert "at most 15 minutes ahead" in refusal_of(event(timedelta(days=1)))
    assert parse_event(event(timedelta(minutes=15))).scheduled_at
    assert parse_event(event(timedelta(days=-30))).scheduled_at


@pytest.mark.parametrize("value", [None, 7, "tomorrow", "2026-11-24T07:00:00"])
def test_a_scheduled_time_that_is_no_time_is_refused(value: object) -> None:
    assert refusal_of({"scheduledTime": value}).startswith("scheduledTime: ")


def test_nothing_asked_for_is_a_full_report_on_demand() -> None:
    assert parse_event({}) == Request()
    assert parse_event(dict.fromkeys(FIELDS)) == Request()


def test_several_problems_are_told_at_once() -> None:
    said = refusal_of({"foo": 1, "notify": "x", "asOf": 5})
    for part in ("unknown field 'foo'", "; notify: 'x'", "; asOf: 5"):
        assert part in said


def test_unknown_fields_are_named_together_with_the_valid_ones_once() -> None:
    said = refusal_of({"foo": 1, "bar": 2})
    assert said.startswith("unknown fields 'foo', 'bar'; valid are projectUids, ")
    assert said.count("valid are") == 1


def test_what_is_given_is_shown_but_not_all_of_it_when_it_is_long() -> None:
    assert len(refusal_of({"notify": "x" * 1_000_000})) < 300


@pytest.mark.parametrize(
    ("event", "tenants", "says"),
    [
        ({"tenants": "acme"}, [ACME], "should be a list of names"),
        ({"tenants": ["umbrella"]}, [ACME, GLOBEX], "there is no tenant umbrella; there are acme, globex"),
        ({"projectUids": ["p"]}, [ACME, GLOBEX], "projectUids: needs exactly one tenant"),
        ({"workspaceUids": ["w"], "tenants": ["acme", "globex"]}, [ACME, GLOBEX], "needs exactly one tenant"),
    ],
)
def test_tenants_have_to_be_known_and_uids_belong_to_one(event: object, tenants: list[Tenant], says: str) -> None:
    assert says in refusal_of(event, LISTED, *tenants)


def test_without_a_list_no_tenant_has_a_name() -> None:
    assert "there is only one, without a name (TENANTS is not set)" in refusal_of({"tenants": ["acme"]})


def test_the_only_tenant_need_not_be_named() -> None:
    assert parse_event({"projectUids": ["p"]}, LISTED, ACME).project_uids == ("p",)


@pytest.mark.parametrize("value", [["a name with spaces"], ["66f0a1b2c3d4e5f60718293a"], ["payments", "überall"]])
def test_projects_and_workspaces_are_asked_for_by_uid_or_by_name(value: list[str]) -> None:
    assert parse_event({"workspaceUids": value}).workspace_uids == tuple(value)
    assert parse_event({"projectUids": value}).project_uids == tuple(value)


@pytest.mark.parametrize("value", [[], "payments", [7], [""], ["a\nb"], ["x" * 129]])
def test_what_cannot_be_a_workspace_is_refused(value: object) -> None:
    assert refusal_of({"workspaceUids": value}).startswith("workspaceUids: ")


def test_only_the_exact_event_is_for_the_doctor() -> None:
    assert is_doctor_event({"doctor": True})
    for event in ({"doctor": 1}, {"doctor": "true"}, {"doctor": True, "notify": "never"}, {}, None, ["doctor"]):
        assert not is_doctor_event(event)
    assert "doctor: 1 is not valid: should be true" in refusal_of({"doctor": 1})


@pytest.mark.parametrize("path", sorted(EVENTS.glob("*.json")), ids=lambda path: path.stem)
def test_every_example_event_is_understood(path: Path) -> None:
    event = json.loads(path.read_text())
    assert parse_event(event, Settings(slack_webhook_secret="slack", tenants_source="ssm:/t"), Tenant(name="acme"))
