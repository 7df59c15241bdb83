from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

import backup_reporter
from backup_reporter.aws.errors import channel_errors, code_of, is_temporary, message_of, translate_errors
from backup_reporter.errors import ChannelError, StoreError


def a_refusal(code: str = "AccessDenied", message: str = "not you", status: int = 400) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "PutObject")


NO_ANSWER = EndpointConnectionError(endpoint_url="https://s3.example.com")


def test_a_refusal_has_the_code_and_message_of_aws() -> None:
    assert (code_of(a_refusal()), message_of(a_refusal())) == ("AccessDenied", "not you")


def test_a_missing_answer_has_the_kind_of_the_error() -> None:
    assert code_of(NO_ANSWER) == "EndpointConnectionError"
    assert "https://s3.example.com" in message_of(NO_ANSWER)


def test_a_refusal_without_details_says_so() -> None:
    assert code_of(ClientError({}, "PutObject")) == "unknown error"


@pytest.mark.parametrize(
    ("error", "temporary"),
    [
        (a_refusal(), False),
        (a_refusal("Throttling"), True),
        (a_refusal("Anything", status=503), True),
        (a_refusal("Anything", status=429), True),
        (NO_ANSWER, True),
    ],
)
def test_what_may_pass_is_told_from_what_may_not(error: ClientError, temporary: bool) -> None:
    assert is_temporary(error) is temporary
    with pytest.raises(ChannelError) as refusal, channel_errors("the topic did not take it"):
        raise error
    assert refusal.value.permanent is not temporary


def test_an_error_is_translated_with_its_code_and_without_its_message() -> None:
    with (
        pytest.raises(StoreError, match=r"^the bucket refused: AccessDenied$") as refusal,
        translate_errors(StoreError, "the bucket refused"),
    ):
        raise a_refusal()
    assert isinstance(refusal.value.__cause__, ClientError)


def test_only_one_module_reads_what_is_inside_an_error_of_the_sdk() -> None:
    package = Path(backup_reporter.__file__).parent
    readers = [path for path in package.rglob("*.py") if "error.response" in path.read_text(encoding="utf-8")]
    assert [path.name for path in readers] == ["errors.py"]
    assert readers[0].parent.name == "aws"
