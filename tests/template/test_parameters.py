"""What the template makes of its parameters: none, rules, patterns, and what each of them changes."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

import pytest

from support.deployed_template import REPOSITORY, Deployed, translated
from support.parameter_sets import MINIMAL, PARTITIONS, parameter_sets, takes_none
from support.setting_examples import SETTING_EXAMPLES, Example

PARAMETERS: dict[str, dict[str, Any]] = translated()["Parameters"]
OPTIONAL = [name for name, parameter in PARAMETERS.items() if takes_none(parameter)]
CHANNEL = {"SlackWebhookSecret": "slack-webhook"}


def accepts(parameter: str, value: str) -> bool:
    """Returns whether CloudFormation takes a value for a parameter."""
    constraints = PARAMETERS[parameter]
    if "AllowedValues" in constraints:
        return value in map(str, constraints["AllowedValues"])
    if constraints["Type"] == "Number":
        is_number = re.fullmatch(r"-?\d+(\.\d+)?", value)
        return bool(is_number and constraints["MinValue"] <= float(value) <= constraints["MaxValue"])
    return len(value) <= int(constraints.get("MaxLength", 4096)) and bool(
        re.fullmatch(constraints["AllowedPattern"], value)
    )


def everything(deployed: Deployed) -> str:
    """All that the stack would be, as text."""
    kinds = sorted({resource["Type"] for resource in translated()["Resources"].values()})
    return json.dumps([{kind: deployed.resources(kind) for kind in kinds}, deployed.outputs()], sort_keys=True)


def parameter_of(variable: str) -> str:
    """Returns the parameter whose value a variable of the function gets."""
    function = translated()["Resources"]["BackupReporter"]["Properties"]
    value = json.dumps(function["Environment"]["Variables"][variable])
    (name,) = {str(ref) for ref in re.findall(r'"Ref": "(\w+)"', value)} & set(PARAMETERS)
    return name


@pytest.mark.parametrize("example", SETTING_EXAMPLES, ids=lambda example: f"{example.variable}={example.text[:40]}")
def test_the_template_and_the_function_agree_on_what_a_setting_may_be(example: Example) -> None:
    assert accepts(parameter_of(example.variable), example.text) == example.is_valid


@pytest.mark.parametrize("name", OPTIONAL)
def test_none_and_the_empty_text_both_mean_not_set(name: str) -> None:
    others = {**MINIMAL, **CHANNEL} if name != "SlackWebhookSecret" else MINIMAL
    stacks = [Deployed({**others, name: value}) for value in ("none", "")]

    assert accepts(name, "none")
    assert accepts(name, "")
    assert everything(stacks[0]) == everything(stacks[1])
    assert [stack.broken_rules() for stack in stacks] == [[], []]
    assert "none" not in stacks[0].environment().values()


def test_every_parameter_with_an_empty_default_can_be_set_to_none() -> None:
    empty = {name for name, parameter in PARAMETERS.items() if parameter.get("Default") == ""}

    assert empty <= set(OPTIONAL)
    assert {"SnsTopicArn", "AlarmTopicArn", "ReportBucket", "DeliveryTable", "ReservedConcurrency"} <= set(OPTIONAL)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"VpcSubnetIds": "subnet-0123456789abcdef0"}, "go together"),
        ({"EmailFrom": "a@example.com"}, "go together"),
        ({"EmailTo": "a@example.com", "EmailFrom": "none"}, "go together"),
        ({"SnsTopicArn": "none"}, "Every channel is off"),
        ({"SubscriberEmail": "a@example.com", "SnsTopicArn": "arn:aws:sns:eu-central-1:1:t"}, "SubscriberEmail works"),
        ({"AlarmEmail": "a@example.com", "AlarmTopicArn": "none"}, "AlarmEmail works"),
        ({"Tenants": "ssm:/tenants", "PaletteProjectUids": "5e0"}, "Each tenant in the list"),
        ({"Tenants": "ssm:/tenants", "PaletteWorkspaceUids": "5e0"}, "Each tenant in the list"),
        ({"Distributed": "yes", "ReportBucket": "none"}, "needs a ReportBucket"),
        ({"ReportLockDays": "365", "ReportBucket": "none"}, "needs a ReportBucket"),
    ],
)
def test_parameters_that_do_not_fit_together_are_refused_before_anything_is_made(
    parameters: dict[str, str], message: str
) -> None:
    (broken,) = Deployed({**MINIMAL, **parameters}).broken_rules()

    assert message in broken


def test_every_set_of_parameters_that_people_use_is_accepted() -> None:
    for region in PARTITIONS:
        for name, parameters in parameter_sets(region, PARAMETERS).items():
            assert Deployed(parameters).broken_rules() == [], name
            assert [key for key, value in parameters.items() if not accepts(key, value)] == [], name


def test_the_set_of_everything_sets_every_optional_parameter_that_can_be_set_with_the_others() -> None:
    everything_set = parameter_sets("eu-central-1", PARAMETERS)["everything"]
    # These have a default that makes something, and tenants name their own scope.
    others = {"SnsTopicArn", "AlarmTopicArn", "ReportBucket", "DeliveryTable", "Dashboard"}
    scope = {"PaletteProjectUids", "PaletteWorkspaceUids"}

    assert set(OPTIONAL) - set(everything_set) == others | scope


def test_the_parameters_come_in_the_order_in_which_a_person_needs_them() -> None:
    asked = list(PARAMETERS)
    first = ["PaletteApiKeySecret", "PaletteApiUrl", "SubscriberEmail", "SlackWebhookSecret"]

    assert asked[: len(first)] == first
    needed = ["EmailTo", "SnsTopicArn", "AlarmEmail", "ScheduleExpression", "TimeZone", "PaletteProjectUids"]
    assert sorted(needed, key=asked.index) == needed


def test_a_full_list_of_uids_fits_into_the_functions_environment_of_4_kilobytes() -> None:
    # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: measured as JSON.
    uids = ",".join(["5e0000000000000000000001"] * 32)
    parameters = parameter_sets("eu-central-1", {})["everything"]
    long = {
        "Tenants": "none",
        "PaletteApiUrl": "https://palette.department.company.example",
        "PaletteApiKeySecret": f"arn:aws:secretsmanager:ap-southeast-1:123456789012:secret:palette/{'k' * 30}-a1B2c3",
        "EmailTo": ",".join(["first.last@department.example.com"] * 10),
    }
    environment = Deployed(
        {**parameters, **long, "PaletteProjectUids": uids, "PaletteWorkspaceUids": uids}
    ).environment()

    assert accepts("PaletteProjectUids", uids)
    assert not accepts("PaletteProjectUids", f"{uids},{uids[:24]}")
    assert len(json.dumps(environment).encode()) <= 4096


def test_every_role_has_the_permissions_boundary_that_was_asked_for() -> None:
    boundary = "arn:aws:iam::123456789012:policy/boundary"
    with_it = Deployed({**MINIMAL, "Distributed": "yes", "PermissionsBoundaryArn": boundary})
    roles = with_it.resources("AWS::IAM::Role")

    assert len(roles) == 3
    assert {role["PermissionsBoundary"] for role in roles.values()} == {boundary}
    assert not any("PermissionsBoundary" in role for role in Deployed(MINIMAL).resources("AWS::IAM::Role").values())


def test_the_function_uses_fips_endpoints_if_asked_to() -> None:
    asked = {answer: Deployed({**MINIMAL, "UseFipsEndpoints": answer}).environment() for answer in ("yes", "no")}

    assert {answer: environment["AWS_USE_FIPS_ENDPOINT"] for answer, environment in asked.items()} == {
        "yes": "true",
        "no": "false",
    }


@pytest.mark.parametrize(
    ("region", "url"),
    [
        ("eu-central-1", "https://console.aws.amazon.com/cloudwatch/home?region=eu-central-1#dashboards:"),
        ("us-gov-west-1", "https://console.amazonaws-us-gov.com/cloudwatch/home?region=us-gov-west-1#"),
        ("cn-north-1", "https://console.amazonaws.cn/cloudwatch/home?region=cn-north-1#dashboards:name="),
    ],
)
def test_the_dashboards_address_is_the_partitions_own(region: str, url: str) -> None:
    outputs = Deployed(MINIMAL, region=region, partition=PARTITIONS[region]).outputs()

    assert outputs["DashboardUrl"].startswith(url)


@pytest.mark.parametrize(("hours", "minutes"), [("26", 1560), ("74", 2880), ("3", 2880)])
def test_the_alarm_for_missing_reports_gives_a_new_stack_time_to_report(hours: str, minutes: int) -> None:
    alarm = Deployed({**MINIMAL, "SilenceHours": hours}).resources("AWS::CloudWatch::Alarm")["NoReport"]

    assert alarm["WarmUpConfiguration"] == {"WarmUpPeriodDurationInMinutes": minutes}
    assert alarm["EvaluationPeriods"] == hours


def test_queues_and_topics_refuse_what_does_not_come_over_tls() -> None:
    deployed = Deployed(MINIMAL)
    policies = {
        kind: [properties["PolicyDocument"] for properties in deployed.resources(kind).values()]
        for kind in ("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy", "AWS::S3::BucketPolicy")
    }

    for documents in policies.values():
        for document in documents:
            refused = [statement for statement in document["Statement"] if statement["Effect"] == "Deny"]
            assert [statement["Condition"] for statement in refused] == [{"Bool": {"aws:SecureTransport": "false"}}]
    assert {kind: len(documents) for kind, documents in policies.items()} == {
        "AWS::SQS::QueuePolicy": 1,
        "AWS::SNS::TopicPolicy": 2,
        "AWS::S3::BucketPolicy": 1,
    }


def test_the_example_of_a_samconfig_gives_the_template_valid_parameters() -> None:
    reading = (
        "import json, tomllib; from samcli.cli.types import CfnParameterOverridesType as Type; "
        "deploy = tomllib.load(open('samconfig.example.toml', 'rb'))['default']['deploy']['parameters']; "
        "print(json.dumps(Type().convert(tuple(deploy['parameter_overrides']), None, None)))"
    )
    command = [str(REPOSITORY / ".venv-sam/bin/python"), "-c", reading]
    printed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    parameters: dict[str, str] = json.loads(printed)

    assert parameters["ScheduleExpression"] == "cron(0 7 * * ? *)"
    assert [name for name, value in parameters.items() if not accepts(name, value)] == []
    assert Deployed(parameters).broken_rules() == []


def test_only_a_bucket_that_locks_reports_is_created_with_object_lock() -> None:
    buckets = [
        Deployed({**MINIMAL, "ReportLockDays": days}).resources("AWS::S3::Bucket")["Reports"] for days in ("30", "none")
    ]

    assert [bucket.get("ObjectLockEnabled", False) for bucket in buckets] == [True, False]
