"""What a local AWS never says: that something is not allowed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from backup_reporter.aws.clients import Clients
from backup_reporter.bootstrap import Reporter
from backup_reporter.config.environment import load
from backup_reporter.config.settings import Settings
from backup_reporter.doctor.checks import Check
from backup_reporter.doctor.destination_checks import destination_checks

SETTINGS = load(
    {
        "PALETTE_API_KEY_SECRET": "key",
        "REPORT_BUCKET": "reports",
        "DELIVERY_TABLE": "deliveries",
        "EVENT_BUS_NAME": "default",
    }
)


class Refusing:
    """A client of boto3's each call of which AWS answers with this error."""

    def __init__(self, code: str, message: str) -> None:
        self._error = {"Code": code, "Message": message}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**_: Any) -> Any:
            raise ClientError({"Error": self._error}, name)  # type: ignore[typeddict-item]

        return call


class RefusingClients(Clients):
    def __init__(self, code: str, message: str) -> None:
        super().__init__()
        self._refusing = Refusing(code, message)

    def aws(self, service: str, resource: str | None = None) -> Any:
        return self._refusing


def checks(
    code: str, settings: Settings = SETTINGS, message: str = "User: arn:aws:iam::1:user/x is not"
) -> dict[str, Check]:
    reporter = Reporter(settings, clients=RefusingClients(code, message))
    return {check.name: check for check in destination_checks(reporter, lambda: 10.0)}


@pytest.mark.parametrize("name", ["bucket", "eventbridge"])
def test_what_is_not_allowed_says_who_has_to_allow_it(name: str) -> None:
    check = checks("AccessDenied")[name]
    assert check.result == "failed"
    assert "AccessDenied" in check.detail
    assert check.fix is not None
    assert check.fix.startswith("Allow it: template.yaml has the policy")


def test_a_table_that_may_only_be_written_to_is_no_failure() -> None:
    check = checks("AccessDeniedException")["table"]
    assert (check.result, check.detail) == (
        "warning",
        "this role may not describe it; reports need only to write to it",
    )


@pytest.mark.parametrize(
    ("code", "fix"),
    [
        ("ExpiredToken", "Sign in to AWS (aws sso login"),
        ("KMSAccessDeniedException", "Allow kms:Decrypt"),
        ("PermanentRedirect", "another region"),
        ("ThrottlingException", "try again in a minute"),
        ("SomethingElse", "Check REPORT_BUCKET: its value, and that it is in this account and region."),
    ],
)
def test_each_refusal_of_aws_has_its_fix(code: str, fix: str) -> None:
    assert fix in (checks(code)["bucket"].fix or "")


@pytest.mark.parametrize(
    ("reason", "fix"),
    [
        ("with an explicit deny in a resource-based policy", "Remove the Deny from the resource's own policy"),
        ("with an explicit deny in an identity-based policy", "Remove the Deny from the policies of the role"),
        ("with an explicit deny in a service control policy", "Remove the Deny from a service control policy"),
        ("with an explicit deny in a VPC endpoint policy", "Remove the Deny from the policy of the VPC endpoint"),
        ("because no VPC endpoint policy allows the s3:PutObject action", "Allow it in the policy of the VPC endpoint"),
        ("because no permissions boundary allows the s3:PutObject action", "Allow it in the permissions boundary"),
        ("because no resource-based policy allows the s3:PutObject action", "Allow it in the resource's own policy"),
        ("because no identity-based policy allows the s3:PutObject action", "Allow it: template.yaml has the policy"),
    ],
)
def test_a_refusal_names_the_policy_that_has_to_change(reason: str, fix: str) -> None:
    message = (
        f'User: arn:aws:sts::1:assumed-role/x/y is not authorized to perform: s3:PutObject on resource: "z" {reason}'
    )
    assert (checks("AccessDenied", message=message)["bucket"].fix or "").startswith(fix)


def test_what_is_not_set_up_is_not_tried() -> None:
    found = checks("AccessDenied", load({"PALETTE_API_KEY_SECRET": "key"}))
    assert {check.result for name, check in found.items() if name != "channels"} == {"skipped"}
    assert (found["channels"].result, found["channels"].detail) == ("warning", "none: no one would be notified")
