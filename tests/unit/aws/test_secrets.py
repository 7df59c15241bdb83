from __future__ import annotations

from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError

from backup_reporter.aws.secrets import is_allowed_url, parse_api_key, read_secret
from backup_reporter.errors import SecretError


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "hunter2"}}, "GetSecretValue")


@pytest.mark.parametrize("text", ["hunter2", '{"apiKey": "hunter2"}', '{"apiKey": " hunter2 ", "other": 5}'])
def test_the_key_is_the_whole_secret_or_its_field(text: str) -> None:
    assert parse_api_key(text, "palette") == "hunter2"


def test_a_byte_order_mark_is_stripped() -> None:
    assert parse_api_key("\ufeffhunter2\n", "palette") == "hunter2"
    assert parse_api_key('\ufeff{"apiKey": "hunter2"}', "palette") == "hunter2"


@pytest.mark.parametrize("key", ["aHVudGVyMg==", "ab=", "a-b=c", "hunter2/+="])
def test_a_key_may_have_equals_signs_of_its_own(key: str) -> None:
    assert parse_api_key(key, "palette") == key


@pytest.mark.parametrize("address", ["127.0.0.1:9001", "169.254.100.1:9001"])
def test_no_secret_leads_to_the_api_of_lambda(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("AWS_LAMBDA_RUNTIME_API", address)
    for host in ("localhost", "127.0.0.1", "127.0.0.2", "[::1]"):
        assert not is_allowed_url(f"http://{host}:9001/2018-06-01/runtime/invocation/next")
        assert is_allowed_url(f"http://{host}:9002/")


class AwsWithout(NamedTuple):
    """Secrets Manager's client in one region, which raises one error."""

    error: Exception
    meta: Any = SimpleNamespace(region_name="eu-west-1")

    def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803 - AWS's name
        raise self.error


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (refused("ResourceNotFoundException"), "there is no such secret in the region eu-west-1"),
        (refused("AccessDeniedException"), "allow secretsmanager:GetSecretValue"),
        (EndpointConnectionError(endpoint_url="https://x"), "AWS Secrets Manager in eu-west-1 did not answer"),
        (ConnectTimeoutError(endpoint_url="https://x"), "for a function in a VPC its NAT"),
    ],
)
def test_what_keeps_a_secret_from_being_read_has_its_own_advice(error: Exception, says: str) -> None:
    client: Any = AwsWithout(error)
    with pytest.raises(SecretError) as refusal:
        read_secret(client, "hunter2", "PALETTE_API_KEY_SECRET")
    assert says in str(refusal.value)
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"apikey": "hunter2"}', "JSON without a text in the field apiKey"),
        ('{"apiKey": ""}', "JSON without a text in the field apiKey"),
        ('{"apiKey": 7}', "JSON without a text in the field apiKey"),
        ('{"apiKey": "hunter2"', "begins like JSON, but it is not valid JSON"),
        ("hunter2\r\nX-Evil: 1", "has spaces, line breaks"),
        ('"hunter2"', "is in quotes"),
        ("'hunter2'", "is in quotes"),
        ("PALETTE_API_KEY=hunter2", "looks like NAME=VALUE"),
        ("export apiKey = hunter2", "looks like NAME=VALUE"),
        ('["hunter2"]', "is a JSON list"),
        ('{"apiKey": "\'hunter2\'"}', "the field apiKey of palette is in quotes"),
        ('{"apiKey": "PALETTE_API_KEY=hunter2"}', "the field apiKey of palette looks like NAME=VALUE"),
        ("hunter 2", "has spaces, line breaks"),
        ("hünter2", "unusual characters"),
        ('{"apiKey": "hunter2\\nX: y"}', "has spaces, line breaks"),
        ('{"a":' * 100_000, "begins like JSON, but it is not valid JSON"),
    ],
)
def test_a_secret_that_holds_no_key_is_refused_by_name_and_not_shown(text: str, says: str) -> None:
    with pytest.raises(SecretError) as refusal:
        parse_api_key(text, "palette")
    assert "palette" in str(refusal.value)
    assert says in str(refusal.value)
    assert "nter2" not in str(refusal.value)


def test_a_byte_order_mark_before_a_key_in_json_does_not_count() -> None:
    assert parse_api_key('{"apiKey": "\ufeffhunter2"}', "palette") == "hunter2"
