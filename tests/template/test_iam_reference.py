"""Every IAM action, resource and condition key of the template, against AWS's own published table."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from support.deployed_template import ACCOUNT, REPOSITORY, Deployed, Statement, translated
from support.parameter_sets import PARTITIONS, parameter_sets

SERVICES = ("dynamodb", "events", "kms", "lambda", "logs", "s3", "secretsmanager", "ses", "sns", "sqs", "ssm", "states")
GLOBAL_KEYS = {"aws:SecureTransport", "aws:SourceAccount", "aws:SourceArn"}
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html"""


@cache
def reference() -> dict[str, Any]:
    """The table, for the services that the template uses."""
    command = [str(REPOSITORY / ".venv-sam/bin/python"), "tools/iam_reference.py", *SERVICES]
    printed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    services: dict[str, Any] = json.loads(printed)
    return services


def faults(action: str, resources: list[str], keys: set[str]) -> Iterator[str]:
    """What the table says against an action with these resources and condition keys."""
    service, _, name = action.partition(":")
    privilege = reference()[service]["privileges"].get(name)
    if privilege is None:
        yield f"{action} does not exist"
        return
    types = privilege["resource_types"]
    forms = [reference()[service]["resources"][one]["arn"] for one in types if one]
    for resource in resources:
        is_about_the_account = resource == "*" and not forms
        if not is_about_the_account and not any(has_form(resource, form) for form in forms):
            yield f"{action} takes no {resource}, but {forms}"
    known = {key for one in types.values() for key in one["condition_keys"]} | GLOBAL_KEYS
    known |= {key for one in types if one for key in reference()[service]["resources"][one]["condition_keys"]}
    yield from (f"{action} does not know the condition key {key}" for key in keys - known)


def has_form(resource: str, form: str) -> bool:
    """Returns whether an ARN, which may have wildcards, is of a published form such as ``arn:${Partition}:…``."""
    given, published = resource.split(":"), form.split(":")
    if resource.endswith(":*"):
        resource = ":".join([*given[:-1], *published[len(given) - 1 :]])
    wanted = "".join("[^:]*" if part.startswith("${") else re.escape(part) for part in re.split(r"(\$\{\w+\})", form))
    # The last variable of a form may hold anything: the name of a secret has slashes, that of a log stream colons.
    return re.fullmatch(wanted.removesuffix("[^:]*") + ".*", resource) is not None


def statements_of(region: str) -> Iterator[Statement]:
    partition = PARTITIONS[region]
    names = {
        name: f"arn:{partition}:{resource.format(f'{region}:{ACCOUNT}')}"
        for name, resource in (
            ("BackupReporter.Arn", "lambda:{}:function:BackupReporter"),
            ("FailedReports.Arn", "sqs:{}:FailedReports"),
            ("MissedSchedules.Arn", "sqs:{}:MissedSchedules"),
            ("ReportTopic", "sns:{}:ReportTopic"),
            ("StateMachine", "states:{}:stateMachine:StateMachine"),
        )
    }
    for parameters in parameter_sets(region, translated()["Parameters"]).values():
        yield from Deployed(parameters, names, partition=partition).statements()


@pytest.mark.parametrize("region", ["eu-central-1", "us-gov-west-1", "cn-north-1"])
def test_every_action_of_a_role_exists_and_takes_its_resource_and_condition_keys(region: str) -> None:
    statements = {repr(statement): statement for statement in statements_of(region) if statement.effect == "Allow"}
    found = {
        fault
        for statement in statements.values()
        for action in statement.actions
        for fault in faults(
            action, list(statement.resources), {key for test in statement.condition.values() for key in test}
        )
    }

    assert len(statements) > 30
    assert found == set()


def test_every_action_of_a_resources_policy_exists() -> None:
    deployed = Deployed(parameter_sets("eu-central-1", {})["everything"])
    policies = [
        properties["PolicyDocument"]
        for kind in ("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy", "AWS::S3::BucketPolicy")
        for properties in deployed.resources(kind).values()
    ]
    actions = [
        action
        for policy in policies
        for statement in policy["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    ]

    assert [fault for action in actions if "*" not in action for fault in faults(action, [], set())] == []


@pytest.mark.parametrize(
    ("action", "resource", "key", "expected"),
    [
        ("s3:GetObjekt", "arn:aws:s3:::bucket/key", "s3:prefix", "does not exist"),
        ("s3:ListBucket", "arn:aws:sqs:eu-central-1:123456789012:queue", "s3:prefix", "takes no"),
        ("dynamodb:PutItem", "arn:aws:dynamodb:eu-central-1:123456789012:table/t", "dynamodb:LeadingKey", "condition"),
    ],
)
def test_a_fault_is_found(action: str, resource: str, key: str, expected: str) -> None:
    assert expected in " ".join(faults(action, [resource], {key}))
