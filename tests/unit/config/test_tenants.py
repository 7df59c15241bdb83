"""The list of tenants: what is taken, what is refused, and that no refusal shows a secret."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import botocore
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from backup_reporter.config.settings import Settings, Tenant
from backup_reporter.config.tenants import FIELDS, parse_tenants
from backup_reporter.errors import SettingsError

SETTINGS = Settings(
    tenants_source="ssm:/palette/tenants",
    tenant=Tenant(api_url="https://palette.example.com", requests_per_second=5),
    tenant_api_hosts=("*.example.com",),
)


def a_tenant(name: str = "acme", **more: Any) -> dict[str, Any]:
    return {"name": name, "apiKeySecret": f"palette-tenants/{name}", **more}


def parsed(*entries: object) -> tuple[Tenant, ...]:
    return parse_tenants(json.dumps(entries), SETTINGS)


def problems_of(*entries: object) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as refusal:
        parsed(*entries)
    return refusal.value.problems


def test_what_a_tenant_leaves_out_is_as_the_settings_have_it() -> None:
    assert parsed(a_tenant()) == (
        Tenant(
            name="acme",
            api_url="https://palette.example.com",
            api_key_secret="palette-tenants/acme",
            requests_per_second=5,
            burst=49,
        ),
    )


def test_every_field_is_taken_over_and_tenants_are_sorted_by_name() -> None:
    other = a_tenant("zeta", apiUrl="https://eu.example.com/", projectUids=["p"], workspaceUids=["w"])
    pace = {"requestsPerSecond": 2.5, "burst": 9}
    acme, zeta = parsed({**other, **pace, "scheduleTimeZone": "Asia/Kolkata"}, a_tenant())

    assert acme.name == "acme"
    assert (zeta.api_url, zeta.project_uids, zeta.workspace_uids) == ("https://eu.example.com", ("p",), ("w",))
    assert (zeta.requests_per_second, zeta.burst) == (2.5, 9)
    assert (acme.schedule_time_zone, zeta.schedule_time_zone) == (None, ZoneInfo("Asia/Kolkata"))


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("acme", "tenant 1 should be an object"),
        ({"apiKeySecret": "s"}, "tenant 1: name: not set"),
        (a_tenant(name="a/b"), "should be a text of 1 to 63 letters"),
        ({"name": "acme"}, "'acme': apiKeySecret: not set"),
        (a_tenant(apiUrl="http://palette.example.com"), "'acme': apiUrl: 'http://palette.example.com' is not valid"),
        (a_tenant(apiUrl=7), "apiUrl: the value given (not shown, it may be secret) is not valid: should be a text"),
        (a_tenant(projectUids="p"), "should be a list of uids"),
        (a_tenant(scheduleTimeZone="Asia/Nowhere"), "time zone"),
        (a_tenant(requestsPerSecond=0), "should be a number from 0.1 to 1000"),
        (a_tenant(requestsPerSecond=True), "should be a number"),
        (a_tenant(burst=1.5), "should be a whole number from 1 to 1000"),
        (a_tenant(caBundle="/opt/ca.pem"), "the text of a PEM file"),
        (a_tenant(apiurl="x"), "unknown field 'apiurl'; valid are name, apiUrl, apiKeySecret, caBundle"),
    ],
)
def test_what_is_wrong_with_a_tenant_is_said_with_its_name(entry: object, says: str) -> None:
    (problem,) = problems_of(entry)
    assert problem.startswith("TENANTS: ")
    assert says in problem


@pytest.mark.parametrize(
    ("hosts", "url", "allowed"),
    [
        ((), "https://palette.example.com", True),
        ((), "https://acme.spectrocloud.com", True),
        ((), "https://evil.example", False),
        ((), "https://evilspectrocloud.com", False),
        ((), "http://127.0.0.1:9001", False),
        (("*.example.org",), "https://acme.example.org:8443/api", True),
        (("*.example.org",), "https://example.org", False),
        (("*.example.org",), "https://acme.spectrocloud.com", False),
        (("eu.example.org",), "https://EU.example.org", True),
    ],
)
def test_only_hosts_that_are_allowed_may_be_asked(hosts: tuple[str, ...], url: str, allowed: bool) -> None:
    document = json.dumps([a_tenant(apiUrl=url)])
    settings = replace(SETTINGS, tenant_api_hosts=hosts)
    if allowed:
        assert len(parse_tenants(document, settings)) == 1
    else:
        with pytest.raises(SettingsError, match="may not be asked"):
            parse_tenants(document, settings)


@pytest.mark.parametrize(
    ("named", "secret"),
    [
        ("hook", "hook"),
        ("hook", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:hook-AbCdEf"),
        ("arn:aws:secretsmanager:eu-central-1:123456789012:secret:hook-AbCdEf", "hook"),
        ("arn:aws:secretsmanager:eu-central-1:123456789012:secret:hook", "hook"),
    ],
)
def test_the_secret_of_a_channel_is_refused_as_an_api_key(named: str, secret: str) -> None:
    for setting in ("slack_webhook_secret", "heartbeat_url_secret"):
        values: Any = {setting: secret}
        settings = replace(SETTINGS, **values)
        with pytest.raises(SettingsError, match="names the secret of a channel or of the heartbeat"):
            parse_tenants(json.dumps([a_tenant(apiKeySecret=named)]), settings)
        assert len(parse_tenants(json.dumps([a_tenant(apiKeySecret="hook-of-acme")]), settings)) == 1


def test_every_problem_of_every_tenant_is_told_at_once() -> None:
    assert len(problems_of(a_tenant(burst=0, requestsPerSecond="x"), {"name": "b"}, 7)) == 4


def test_a_private_ca_is_pem_text() -> None:
    pem = (
        Path(botocore.__file__)
        .with_name("cacert.pem")
        .read_text(encoding="utf-8")
        .split("-----END CERTIFICATE-----")[0]
        + "-----END CERTIFICATE-----\n"
    )
    (tenant,) = parsed(a_tenant(caBundle=pem))
    assert tenant.ca_bundle == pem


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (a_tenant("ACME", apiKeySecret="other"), "have the same name"),
        (a_tenant("b", apiKeySecret="palette-tenants/acme"), "which would report the same workspaces twice"),
        (a_tenant("b", requestsPerSecond=1), "give them the same requestsPerSecond and burst"),
    ],
)
def test_what_does_not_go_together_is_refused(other: dict[str, Any], says: str) -> None:
    (problem,) = problems_of(a_tenant(), other)
    assert says in problem


@pytest.mark.parametrize(
    "spelling", ["HTTPS://EU.example.com", "https://eu.example.com:443/", "https://eu.example.com"]
)
def test_however_it_is_spelled_a_palette_is_one_and_its_tenants_take_turns(spelling: str) -> None:
    tenants = parsed(a_tenant(apiUrl="https://eu.example.com/"), a_tenant("b", apiKeySecret="other", apiUrl=spelling))
    assert {tenant.api_url for tenant in tenants} == {"https://eu.example.com"}


def test_one_key_may_serve_several_parts_of_a_palette_that_do_not_overlap() -> None:
    one = a_tenant("eu", apiKeySecret="key", projectUids=["p-1"])
    other = a_tenant("us", apiKeySecret="key", projectUids=["p-2"])
    assert len(parsed(one, other)) == 2
    assert problems_of(one, {**other, "projectUids": ["p-1", "p-2"]})


@pytest.mark.parametrize("document", [b"no JSON", b"{}", b"[]", b"null"])
def test_a_document_that_is_no_list_of_tenants_is_refused_by_where_it_is(document: bytes) -> None:
    with pytest.raises(SettingsError, match="TENANTS: ssm:/palette/tenants"):
        parse_tenants(document, SETTINGS)


def test_a_secret_in_the_wrong_place_is_not_shown() -> None:
    said = str(problems_of(a_tenant(apiKeySecret="my key", apiUrl="https://user:password@palette.example.com")))
    assert "my key" not in said
    assert "password" not in said


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from([*(field.name for field in FIELDS), "x"]), st.none() | st.integers() | st.text(max_size=9)
        )
    )
)
def test_any_list_is_taken_or_refused(entries: list[object]) -> None:
    with contextlib.suppress(SettingsError):
        parsed(*entries)
