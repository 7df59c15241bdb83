from __future__ import annotations

import pytest

from backup_reporter.aws.secrets import parse_api_key
from backup_reporter.errors import SecretError


@pytest.mark.parametrize("text", ["hunter2", '{"apiKey": "hunter2"}', '{"apiKey": " hunter2 ", "other": 5}'])
def test_the_key_is_the_whole_secret_or_its_field(text: str) -> None:
    assert parse_api_key(text, "palette") == "hunter2"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"apikey": "hunter2"}', "JSON without the field apiKey"),
        ('{"apiKey": ""}', "JSON without the field apiKey"),
        ('{"apiKey": 7}', "JSON without the field apiKey"),
        ('{"apiKey": "hunter2"', "begins like JSON but is none"),
        ("hunter2\r\nX-Evil: 1", "has spaces, line breaks"),
        ("hunter 2", "has spaces, line breaks"),
        ("hünter2", "unusual characters"),
        ('{"apiKey": "hunter2\\nX: y"}', "has spaces, line breaks"),
        ('{"a":' * 100_000, "begins like JSON but is none"),
    ],
)
def test_a_secret_that_holds_no_key_is_refused_by_name_and_not_shown(text: str, says: str) -> None:
    with pytest.raises(SecretError) as refusal:
        parse_api_key(text, "palette")
    assert "palette" in str(refusal.value)
    assert says in str(refusal.value)
    assert "nter2" not in str(refusal.value)
