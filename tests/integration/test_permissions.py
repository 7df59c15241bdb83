"""Least privilege, proven: what real runs call, against what the template's policies allow. Neither has more than the other."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from typing import Any

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends
from test_heartbeat import DeadMansSwitch

from backup_reporter.errors import DeliveryFailed
from backup_reporter.handler import _reporter_of
from support.deployed_template import ABOUT_THE_ACCOUNT, ACCOUNT, REGION, Deployed, Statement
from support.lookalike import API_KEY
from support.pagerduty_server import PagerDutyServer
from support.slack_server import webhook_error
from support.teams_server import TeamsServer
from support.world import World, environment_of

FUNCTION, SCHEDULE, STATE_MACHINE = "BackupReporterRole", "ScheduleRole", "StateMachineRole"
MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:distributed"
LANES = "palette/backups/distributed/RUN/lanes.json"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0b7f5a1e-0000-0000-0000-000000000000"


Context = tuple[tuple[str, tuple[str, ...]], ...]
"""The condition keys of a request, each with its values."""


@dataclass(frozen=True)
class Need:
    """A call that a role makes, as IAM sees it."""

    role: str
    action: str
    resource: str
    context: Context = ()


@dataclass
class Calls:
    """What the SDK was asked for, turned into what IAM is asked for.

    https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
    """

    secret_arns: Mapping[str, str]
    identity: str
    key: str | None
    made: set[Need] = field(default_factory=set)

    def called(self, event_name: str, params: Mapping[str, Any], **_: Any) -> None:
        service, operation = event_name.split(".")[1:]
        for need in self._needs(operation, params):
            self.made.add(Need(FUNCTION, *need))
        for action in _BY_THE_KEY.get(operation, ()) if self.key else ():
            self.made.add(Need(FUNCTION, action, str(self.key), via(service.replace("-", ""))))

    def missed(self, http_response: Any, context: Mapping[str, Any], **_: Any) -> None:
        # Without s3:ListBucket S3 says "denied" of an object that is missing.
        if http_response.status_code == 404:
            bucket = re.sub(r".*//[^/]+/([^/?]+).*", r"\1", http_response.url)
            self.made.add(Need(FUNCTION, "s3:ListBucket", f"arn:aws:s3:::{bucket}"))

    def _needs(self, operation: str, params: Mapping[str, Any]) -> Iterator[tuple[str, str] | tuple[str, str, Context]]:
        match operation:
            case "GetSecretValue":
                name = params["SecretId"]
                yield "secretsmanager:GetSecretValue", self.secret_arns.get(name, name)
            case "Publish" | "GetTopicAttributes" | "ListSubscriptionsByTopic":
                yield f"sns:{operation}", params["TopicArn"]
            case operation if operation in _OF_AN_OBJECT:
                yield _OF_AN_OBJECT[operation], f"arn:aws:s3:::{params['Bucket']}/{params['Key']}"
                if "ObjectLockMode" in params:
                    yield "s3:PutObjectRetention", f"arn:aws:s3:::{params['Bucket']}/{params['Key']}"
            case "PutItem" | "DescribeTable":
                context = leading_key(params["Item"]["id"]["S"]) if operation == "PutItem" else ()
                yield f"dynamodb:{operation}", _table(params["TableName"]), context
            case "SendEmail":
                yield from self._of_an_e_mail(params)
            case operation if operation in _OF_ONE_THING:
                action, resource_of = _OF_ONE_THING[operation]
                yield action, resource_of(params)
            case "PutEvents":
                (entry,) = params["Entries"]
                yield "events:PutEvents", _bus(entry["EventBusName"]), (("events:source", (entry["Source"],)),)
            case _:
                raise AssertionError(f"say here what {operation} needs")

    def _of_an_e_mail(self, params: Mapping[str, Any]) -> Iterator[tuple[str, str, Context]]:
        # SES asks IAM under both names for a raw message: about the sender's identity, about the identity's default
        # configuration set, and in the sandbox about each recipient's identity.
        assert "Raw" in params["Content"]
        message = message_from_bytes(params["Content"]["Raw"]["Data"])
        context = e_mail(params["FromEmailAddress"], *message["To"].split(", "))
        by_default = f"arn:aws:ses:{REGION}:{ACCOUNT}:configuration-set/of-the-identity"
        for resource in (_identity(self.identity), by_default, _identity("team@example.com")):
            yield "ses:SendEmail", resource, context
            yield "ses:SendRawEmail", resource, context


_OF_ONE_THING: dict[str, tuple[str, Callable[[Mapping[str, Any]], str]]] = {
    "GetParameter": ("ssm:GetParameter", lambda params: f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{params['Name']}"),
    "GetEmailIdentity": ("ses:GetEmailIdentity", lambda params: _identity(params["EmailIdentity"])),
    "DescribeEventBus": ("events:DescribeEventBus", lambda params: _bus(params["Name"])),
    "GetAccount": ("ses:GetAccount", lambda _: "*"),
    "GetSMSSandboxAccountStatus": ("sns:GetSMSSandboxAccountStatus", lambda _: "*"),
}
_OF_AN_OBJECT = {
    "GetObject": "s3:GetObject",
    **dict.fromkeys(("PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"), "s3:PutObject"),
    "AbortMultipartUpload": "s3:AbortMultipartUpload",
}
_BY_THE_KEY: dict[str, tuple[str, ...]] = {
    "GetSecretValue": ("kms:Decrypt",),
    "Publish": ("kms:Decrypt", "kms:GenerateDataKey"),
    "GetObject": ("kms:Decrypt",),
    "PutObject": ("kms:GenerateDataKey",),
    "UploadPart": ("kms:Decrypt", "kms:GenerateDataKey"),
    "PutItem": ("kms:Decrypt",),
}
"""What a service does with a key of the account's in the caller's name."""


def via(service: str) -> Context:
    """Of a request to KMS that a service makes for its caller."""
    return (("kms:ViaService", (f"{service}.{REGION}.amazonaws.com",)),)


def leading_key(key: str) -> Context:
    return (("dynamodb:LeadingKeys", (key,)),)


def e_mail(sender: str, *recipients: str) -> Context:
    return (("ses:FromAddress", (sender,)), ("ses:Recipients", recipients))


def _identity(identity: str) -> str:
    return f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/{identity}"


def _table(name: str) -> str:
    return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}"


def _bus(name: str) -> str:
    return f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{name}"


def of_the_platform(deployed: Deployed) -> set[Need]:
    """What Lambda, the scheduler and Step Functions do in the roles' names, which no run can be seen to do."""
    log = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{deployed.worked_out({'Ref': 'BackupReporterLog'})}"
    arn = {name: deployed.worked_out({"Fn::GetAtt": [name, "Arn"]}) for name in ("FailedReports", "MissedSchedules")}
    needs = {
        Need(FUNCTION, "logs:CreateLogStream", f"{log}:log-stream:2026/11/24/[$LATEST]1a2b"),
        Need(FUNCTION, "logs:PutLogEvents", f"{log}:log-stream:2026/11/24/[$LATEST]1a2b"),
        Need(FUNCTION, "sqs:SendMessage", arn["FailedReports"]),
        Need(SCHEDULE, "sqs:SendMessage", arn["MissedSchedules"]),
    }
    (schedule,) = deployed.resources("AWS::Scheduler::Schedule").values()
    starting = "states:StartExecution" if schedule["Target"]["Arn"] == MACHINE else "lambda:InvokeFunction"
    needs.add(Need(SCHEDULE, starting, schedule["Target"]["Arn"]))
    for machine in deployed.resources("AWS::StepFunctions::StateMachine").values():
        needs |= {Need(STATE_MACHINE, *need) for need in of_a_state_machine(machine)}
    if key := deployed.parameters.get("KmsKeyArn"):
        users = [(FUNCTION, "sqs"), (SCHEDULE, "sqs")]
        if deployed.parameters.get("Distributed") == "yes":
            users += [(STATE_MACHINE, "sqs"), (STATE_MACHINE, "s3")]
        for role, service in users:
            needs |= {Need(role, action, key, via(service)) for action in ("kms:Decrypt", "kms:GenerateDataKey")}
    return needs


def of_a_state_machine(machine: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What its own definition has Step Functions do."""
    text = json.dumps(machine["Definition"])
    for name, value in machine["DefinitionSubstitutions"].items():
        text = text.replace("${" + name + "}", value)
    for state in every_state(json.loads(text)["States"]):
        match state.get("Resource", "").removeprefix("arn:aws:states:::"):
            case "lambda:invoke":
                yield "lambda:InvokeFunction", state["Parameters"]["FunctionName"]
            case "sqs:sendMessage":
                yield "sqs:SendMessage", f"arn:aws:sqs:{REGION}:{ACCOUNT}:{state['Parameters']['QueueUrl']}"
            case other:
                assert other == "", f"say here what {other} needs"
        if "ItemReader" in state:
            yield from of_a_distributed_map(state["ItemReader"], state["ResultWriter"]["Parameters"])


def of_a_distributed_map(reader: Mapping[str, Any], results: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Its children are executions of the same state machine.

    https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-distributed-map.html
    """
    yield "states:StartExecution", MACHINE
    for execution in ("distributed:4f0c", "distributed/Collect:4f0c"):
        for action in ("DescribeExecution", "StopExecution"):
            yield f"states:{action}", f"arn:aws:states:{REGION}:{ACCOUNT}:execution:{execution}"
    assert reader["Resource"] == "arn:aws:states:::s3:getObject"
    yield "s3:GetObject", f"arn:aws:s3:::{reader['Parameters']['Bucket']}/{LANES}"
    for action in ("PutObject", "GetObject", "ListMultipartUploadParts", "AbortMultipartUpload"):
        yield f"s3:{action}", f"arn:aws:s3:::{results['Bucket']}/{results['Prefix']}/4f0c/manifest.json"


def every_state(states: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """States, and those within their maps."""
    for state in states.values():
        yield state
        yield from every_state(state.get("ItemProcessor", {}).get("States", {}))


def matches(pattern: str, text: str) -> bool:
    """IAM's patterns: ``*`` is any characters, ``?`` is one."""
    parts = re.split(r"([*?])", pattern)
    wanted = "".join({"*": ".*", "?": "."}.get(part, re.escape(part)) for part in parts)
    return re.fullmatch(wanted, text) is not None


def holds(condition: Mapping[str, Any], context: Mapping[str, tuple[str, ...]]) -> bool:
    """Returns whether a request meets a condition.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    """
    for operator, tests in condition.items():
        quantifier, _, comparison = operator.rpartition(":")
        for key, wanted in tests.items():
            patterns = wanted if isinstance(wanted, list) else [wanted]
            values = context.get(key, ())
            met = [
                any(matches(one, value) if comparison == "StringLike" else one == value for one in patterns)
                for value in values
            ]
            # ForAllValues is also true of a request without the key.
            assert quantifier in ("", "ForAllValues")
            assert comparison in ("StringEquals", "StringLike")
            if not all(met) or not (values or quantifier):
                return False
    return True


def grants(statement: Statement, need: Need) -> list[tuple[str, str, int, str, int]]:
    """By which parts of a statement, if any, a call is allowed."""
    if (statement.role, statement.effect) != (need.role, "Allow") or need.action not in statement.actions:
        return []
    if not holds(statement.condition, dict(need.context)):
        return []
    return [
        (statement.role, statement.policy, statement.number, need.action, position)
        for position, resource in enumerate(statement.resources)
        if matches(resource, need.resource)
    ]


@contextmanager
def deployed_in(around: World, parameters: dict[str, str], identity: str) -> Iterator[tuple[Deployed, Calls]]:
    """The template's function in its environment, with everything that the parameters call for, and an ear on its SDK."""
    with DeadMansSwitch() as switch, TeamsServer() as teams, PagerDutyServer() as pagerduty:
        secrets = around.aws.client("secretsmanager")
        secrets.create_secret(Name="heartbeat", SecretString=switch.url)
        secrets.create_secret(Name="palette-tenants/acme", SecretString=API_KEY)
        routing = json.dumps({"routingKey": pagerduty.routing_key, "apiUrl": pagerduty.url})
        for name, text in {"teams-webhook": teams.webhook_url, "pagerduty": routing}.items():
            secrets.create_secret(Name=name, SecretString=text)
        set_up_tenants(around, parameters.get("Tenants", ""))
        arns = {secret["Name"]: secret["ARN"] for secret in secrets.list_secrets()["SecretList"]}
        # A parameter that begins with "ARN of" gets what that secret is called by Secrets Manager.
        given = {name: arns.get(value.removeprefix("ARN of "), value) if value.startswith("ARN of ") else value
                 for name, value in parameters.items()}  # fmt: skip
        topic = around.environment["SNS_TOPIC_ARN"]
        names = {
            **NAMES,
            "BackupReporter": "local",
            "ReportTopic": topic,
            "Reports": "made-bucket",
            "Deliveries": "made-table",
        }
        deployed = Deployed({"PaletteApiUrl": around.palette.url, **given}, names)
        environment = deployed.environment()
        set_up(around, environment, identity)
        aws = {name: value for name, value in around.environment.items() if name.startswith("AWS_")}
        around.environment = {**environment, **aws}
        calls = Calls(arns, identity, parameters.get("KmsKeyArn"))
        with environment_of(around.environment):
            events = _reporter_of(os.environ).clients._session.events
        events.register("before-parameter-build.*.*", calls.called)
        events.register("after-call.s3.GetObject", calls.missed)
        yield deployed, calls


def set_up(around: World, environment: Mapping[str, str], identity: str) -> None:
    around.aws.make_bucket(environment["REPORT_BUCKET"], locks_objects=True)
    around.aws.make_delivery_table(environment["DELIVERY_TABLE"])
    around.aws.client("sns").subscribe(TopicArn=environment["SNS_TOPIC_ARN"], Protocol="sms", Endpoint="+491700000000")
    around.aws.client("sesv2").create_email_identity(EmailIdentity=identity)
    # moto leaves every identity unverified, and has no call to follow the link in SES's mail.
    ses_backends[DEFAULT_ACCOUNT_ID][REGION].email_identities[identity].verified_for_sending_status = True


def set_up_tenants(around: World, source: str) -> None:
    """Two tenants of one Palette: one with a key of its own, one with everybody's."""
    tenants = json.dumps([{"name": "acme", "apiKeySecret": "palette-tenants/acme"}, {"name": "globex"}])
    if source.startswith("ssm:"):
        around.aws.client("ssm").put_parameter(Name=source.removeprefix("ssm:"), Value=tenants, Type="String")
    elif source:
        bucket, _, key = source.removeprefix("s3://").partition("/")
        around.aws.make_bucket(bucket)
        around.aws.client("s3").put_object(Bucket=bucket, Key=key, Body=tenants.encode())


def run_everything(around: World) -> None:
    """A scheduled run that fails on one channel, its retry, one more of the same event, and everything on demand."""
    scheduled = {"scheduledTime": "2026-11-24T07:00:00Z"}
    around.slack.fault = lambda _: webhook_error("no_service")
    with pytest.raises(DeliveryFailed):
        around.invoke(scheduled)
    around.slack.fault = None
    report = around.invoke(scheduled)
    assert {one["status"] for one in report["deliveries"]} == {"delivered", "duplicate"}
    assert {one["status"] for one in around.invoke(scheduled)["deliveries"]} == {"duplicate"}
    assert (report["problems"], report["notes"]) == ([], []), "nothing was left out"
    for event in (
        {},
        {"workspaceUids": ["failing"], "backupRequestUid": "none"},
        {"asOf": "2026-12-04T07:00:00Z"},
        {"redeliver": report["reportId"]},
        {"doctor": True},
    ):
        around.invoke(event)
    keep_something_large(around)


def keep_something_large(around: World) -> None:
    """In parts, as large reports are; and one that fails in the middle, whose parts are given up."""
    with environment_of(around.environment):
        store = _reporter_of(os.environ).destinations.store
    assert store
    store.save_file("20261124T070000Z-1a2b3c4d", "csv", (b" " * 1_000_000 for _ in range(6)))
    with environment_of(around.environment), pytest.raises(ZeroDivisionError):
        store.save_file("20261124T070000Z-1a2b3c4d", "csv", (b" " * (1_000_000 // (20 - n)) * 20 for n in range(21)))


def run_distributed(around: World) -> None:
    """The steps as the state machine takes them, and the doctor."""
    event = {"scheduledTime": "2026-11-24T07:00:00Z"}
    planned = around.invoke({"step": "plan", "event": event, "execution": "4f0c"})
    assert re.sub("distributed/[^/]+", "distributed/RUN", planned["lanes"]) == LANES
    bucket = around.environment["REPORT_BUCKET"]
    lanes = json.loads(around.aws.client("s3").get_object(Bucket=bucket, Key=planned["lanes"])["Body"].read())
    for shard in (shard for lane in lanes for shard in lane["shards"]):
        around.invoke({"step": "collect", "shard": shard})
    report = around.invoke({"step": "publish", "run": planned["run"]})
    assert [(one["name"], one["status"]) for one in report["tenants"]] == [("acme", "CRITICAL"), ("globex", "CRITICAL")]
    assert {one["status"] for one in report["deliveries"]} == {"delivered"}
    around.invoke({"doctor": True})


def run_once(around: World) -> None:
    assert around.invoke({"scheduledTime": "2026-11-24T07:00:00Z"})["problems"] == []


MADE = {
    "PaletteApiKeySecret": "palette-api-key",
    "ReportLockDays": "365",
    "SlackWebhookSecret": "slack-webhook",
    "TeamsWebhookSecret": "teams-webhook",
    "PagerDutySecret": "pagerduty",
    "HeartbeatUrlSecret": "heartbeat",
    "EmailFrom": "backups@example.com",
    "EmailTo": "team@example.com",
    "EventBusName": "default",
}
GIVEN = {
    **MADE,
    "PaletteApiKeySecret": "ARN of palette-api-key",
    "SlackWebhookSecret": "ARN of slack-webhook",
    "TeamsWebhookSecret": "ARN of teams-webhook",
    "PagerDutySecret": "ARN of pagerduty",
    "HeartbeatUrlSecret": "ARN of heartbeat",
    "SnsTopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:backups",
    "ReportBucket": "own-bucket",
    "ReportPrefix": "palette/backups/",
    "DeliveryTable": "own-table",
    "KmsKeyArn": KEY,
}
OF_A_DISTRIBUTED_RUN = {**GIVEN, "Distributed": "yes", "Tenants": "s3://lists/palette/tenants.json"}
OF_TENANTS = {
    **MADE,
    "ReportBucket": "another-bucket",
    "DeliveryTable": "another-table",
    "Tenants": "ssm:/palette/tenants",
}
DEPLOYMENTS: list[tuple[dict[str, str], str]] = [
    (MADE, "backups@example.com"),
    (OF_A_DISTRIBUTED_RUN, "example.com"),
    (OF_TENANTS, "backups@example.com"),
]
NAMES = {
    "StateMachine": MACHINE,
    "StateMachine.Name": "distributed",
    "FailedReports.Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:FailedReports",
}


def test_whatever_a_run_calls_is_allowed_and_whatever_is_allowed_some_run_calls(
    around: World,
) -> None:
    used: set[tuple[str, str, int, str, int]] = set()
    allowed: set[tuple[str, str, int, str, int]] = set()
    given = dict(around.environment)
    for (parameters, identity), run in zip(DEPLOYMENTS, (run_everything, run_distributed, run_once), strict=True):
        around.environment = dict(given)
        with deployed_in(around, parameters, identity) as (deployed, calls):
            run(around)
            statements = list(deployed.statements())
            for need in calls.made | of_the_platform(deployed):
                by = [grant for statement in statements for grant in grants(statement, need)]
                assert by, f"{need} is not allowed"
                used.update(by)
        for name in ("heartbeat", "palette-tenants/acme", "teams-webhook", "pagerduty"):
            around.aws.client("secretsmanager").delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
        around.aws.client("sesv2").delete_email_identity(EmailIdentity=identity)
        allowed |= {
            (one.role, one.policy, one.number, action, position)
            for one in statements
            for action in one.actions
            for position in range(len(one.resources))
        }
    assert allowed - used == set(), "nobody needs these"
    assert len(used) > 40


_NAMES_NOTHING = re.compile(r"\*|arn:aws:[a-z0-9]+:[a-z0-9-]*:\d*:([a-z-]+[:/])?[*?].*")
"""Everything, or everything of one kind."""
_SENDER_AND_RECIPIENTS = {
    "StringEquals": {"ses:FromAddress": "backups@example.com"},
    "ForAllValues:StringEquals": {"ses:Recipients": ["team@example.com"]},
}
_OF_SES = {f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/*", f"arn:aws:ses:{REGION}:{ACCOUNT}:configuration-set/*"}
"""Which of them SES asks about is up to SES. The conditions name the sender and the recipients."""


@pytest.mark.parametrize(("parameters", "identity"), DEPLOYMENTS)
def test_nothing_is_allowed_on_everything(parameters: dict[str, str], identity: str) -> None:
    network = {"VpcSubnetIds": "subnet-0123456789abcdef0", "VpcSecurityGroupIds": "sg-0123456789abcdef0"}
    deployed = Deployed({**parameters, **network}, NAMES)
    statements = list(deployed.statements())
    for statement in statements:
        if statement.effect == "Allow":
            assert not [action for action in statement.actions if "*" in action]
            if not set(statement.actions) <= ABOUT_THE_ACCOUNT:
                assert not [one for one in statement.resources if _NAMES_NOTHING.fullmatch(one) and one not in _OF_SES]
    sending = [statement for statement in statements if "ses:SendEmail" in statement.actions]
    assert [statement.condition for statement in sending] == [_SENDER_AND_RECIPIENTS] * 2
    (denied,) = [statement for statement in statements if statement.effect == "Deny"]
    assert (denied.role, denied.actions) == (FUNCTION, ("ec2:*",))


def test_the_conditions_keep_each_permission_to_its_purpose() -> None:
    names = {**NAMES, "BackupReporter": "mine"}
    statements = list(Deployed({**MADE, "KmsKeyArn": KEY, "DeliveryTable": "shared"}, names).statements())
    identity = f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/example.com"
    for action, resource, allowed, refused in (
        ("dynamodb:PutItem", _table("shared"), leading_key("mine/2026"), leading_key("mine-too/2026")),
        (
            "ses:SendEmail",
            identity,
            e_mail("backups@example.com", "team@example.com"),
            e_mail("backups@example.com", "team@example.com", "stranger@example.com"),
        ),
        ("ses:SendEmail", identity, e_mail("backups@example.com"), e_mail("boss@example.com", "team@example.com")),
        (
            "events:PutEvents",
            _bus("default"),
            (("events:source", ("backup-reporter",)),),
            (("events:source", ("aws.health",)),),
        ),
        ("kms:Decrypt", KEY, via("s3"), ()),
        ("kms:Decrypt", KEY, via("s3"), via("ec2")),
    ):
        for context, is_allowed in ((allowed, True), (refused, False)):
            need = Need(FUNCTION, action, resource, context)
            assert any(grants(statement, need) for statement in statements) == is_allowed, need


def test_a_neighbours_things_are_out_of_reach() -> None:
    statements = list(Deployed(MADE).statements())
    for action, resource in (
        (
            "secretsmanager:GetSecretValue",
            f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:palette-api-key-of-others-a1B2c3",
        ),
        ("s3:GetObject", "arn:aws:s3:::Reports/other/x.json"),
        ("s3:DeleteObject", "arn:aws:s3:::Reports/reports/x.json"),
        ("sns:Publish", f"arn:aws:sns:{REGION}:{ACCOUNT}:other"),
        ("dynamodb:PutItem", f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/other"),
    ):
        assert not [grant for one in statements for grant in grants(one, Need(FUNCTION, action, resource))], action
    distributed = list(Deployed(OF_A_DISTRIBUTED_RUN, NAMES).statements())
    for role, action, resource in (
        (FUNCTION, "secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:palette-a1B2c3"),
        (FUNCTION, "s3:GetObject", "arn:aws:s3:::lists/palette/others.json"),
        (FUNCTION, "states:StartExecution", MACHINE),
        (STATE_MACHINE, "s3:GetObject", "arn:aws:s3:::own-bucket/palette/backups/2026/11/24/x.json"),
        (
            STATE_MACHINE,
            "states:StopExecution",
            f"arn:aws:states:{REGION}:{ACCOUNT}:execution:distributed-of-others:4f0c",
        ),
    ):
        assert not [grant for one in distributed for grant in grants(one, Need(role, action, resource))], action
