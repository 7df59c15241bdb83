"""The real handler with everything that a deployed function may have around it, each piece open to faults.

Palette, Slack, Teams and PagerDuty misbehave by their ``fault``; every AWS service stands behind a gate that can be told to.
"""

from __future__ import annotations

import io
import json
import logging
import re
import ssl
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

import urllib3

from backup_reporter.demo.fleet import Fleet
from backup_reporter.errors import DeliveryFailed
from backup_reporter.handler import lambda_handler
from support.local_server import Answer, LocalServer, Request
from support.lookalike import LookAlike
from support.pagerduty_server import PagerDutyServer
from support.slack_server import SlackServer
from support.teams_server import TeamsServer
from support.world import (
    OTHER_PROJECT,
    PROJECT,
    REGION,
    Context,
    LocalAws,
    a_fleet,
    a_result,
    a_run,
    an_item,
    environment_of,
)

CHANNELS = ("sns", "slack", "email", "eventbridge", "teams", "pagerduty")
HEALTHY = ("shop", "search", "payments", "mail", "blog")
IN_TROUBLE = {"ledger": "backup-failed", "crm": "backup-overdue"}
WORKSPACES = (*HEALTHY, *IN_TROUBLE)
"""Their uids, and the finding that is true of those in trouble."""
SENDER = "backups@example.com"

SCHEDULED = {"scheduledTime": "2026-11-24T07:00:00Z"}

_SERVICE_OF_CHANNEL = {"sns": "sns", "email": "ses", "eventbridge": "events"}
_HOP_BY_HOP = {"connection", "content-length", "date", "server", "transfer-encoding"}


class Gate(LocalServer):
    """Hands on to ``upstream`` what its fault lets through; ``taken`` are the services that said yes, a call each."""

    def __init__(self, upstream: str) -> None:
        super().__init__()
        self.taken: list[str] = []
        self._upstream = upstream
        self._http = urllib3.PoolManager(maxsize=16)

    def answer(self, request: Request) -> Answer:
        query = f"?{urlencode(request.query)}" if request.query else ""
        answer = self._http.request(
            request.method,
            f"{self._upstream}{request.path}{query}",
            body=request.body,
            headers={name: value for name, value in request.headers.items() if name not in ("host", "expect")},
            retries=False,
        )
        if answer.status < 300:
            self.taken.append(service_of(request))
        headers = {name: value for name, value in answer.headers.items() if name.lower() not in _HOP_BY_HOP}
        return Answer(answer.status, answer.data, headers)


def service_of(request: Request) -> str:
    """The AWS service that a signed request is meant for, such as ``s3`` or ``ses``."""
    scope = re.search(r"/([a-z0-9-]+)/aws4_request", request.headers.get("authorization", ""))
    return scope[1] if scope else ""


def nightly_fleet(now: datetime) -> Fleet:
    """Two projects: five healthy workspaces, one whose backups fail, one whose backups have stopped."""
    nights = [now - timedelta(days=back) for back in range(10)]
    # The runs are on time, at any hour of the day.
    result = partial(a_result, schedule=f"{now.minute} {now.hour} * * *")
    backups = {uid: result(*(a_run(at) for at in nights)) for uid in HEALTHY}
    backups["ledger"] = result(*(a_run(at, "Failed" if back < 3 else "Completed") for back, at in enumerate(nights)))
    backups["crm"] = result(*(a_run(at) for at in nights[4:]))
    items = {PROJECT: [an_item(uid) for uid in WORKSPACES[:4]], OTHER_PROJECT: [an_item(uid) for uid in WORKSPACES[4:]]}
    return a_fleet(backups, items)


@dataclass(frozen=True)
class Outcome:
    """What came of one invocation: ``report`` is what readers got, ``delivered`` are the channels that took it."""

    report: Mapping[str, Any]
    delivered: frozenset[str]
    raised: Exception | None
    seconds: float

    @property
    def verdicts(self) -> dict[str, str]:
        return {
            workspace["uid"]: workspace["status"]
            for workspace in self.report["workspaces"]
            if workspace["kind"] == "workspace"
        }

    @property
    def unread(self) -> set[str]:
        """The workspaces that the report says it could not look at, or does not have at all."""
        read = {workspace["uid"] for workspace in self.report["workspaces"] if "unreadable" not in _codes(workspace)}
        return set(WORKSPACES) - read

    def codes(self, uid: str) -> set[str]:
        return next(_codes(workspace) for workspace in self.report["workspaces"] if workspace["uid"] == uid)

    @property
    def said(self) -> str:
        """Everything that the report says in sentences."""
        findings = [finding["message"] for workspace in self.report["workspaces"] for finding in workspace["findings"]]
        deliveries = [delivery["error"] or "" for delivery in self.report["deliveries"]]
        compared = self.report["changes"]["note"] or ""
        return "\n".join(
            [*self.report["problems"], *self.report["notes"], compared, *findings, *deliveries, str(self.raised)]
        )


def _codes(workspace: Mapping[str, Any]) -> set[str]:
    return {finding["code"] for finding in workspace["findings"]}


@dataclass
class Stage:
    """A Palette, a Slack, a Teams, a PagerDuty, an AWS behind a gate, and the function's environment."""

    palette: LookAlike
    slack: SlackServer
    teams: TeamsServer
    pagerduty: PagerDutyServer
    gate: Gate
    aws: LocalAws
    queue_url: str
    environment: dict[str, str] = field(default_factory=dict)
    log: io.StringIO = field(default_factory=io.StringIO)

    def invoke(self, event: object, seconds: float) -> Outcome:
        """Runs the handler as the platform does, with so much time; never raises for a report that was not delivered."""
        began = time.monotonic()
        raised: Exception | None = None
        answer: Mapping[str, Any] | None = None
        with environment_of(self.environment), everything_logged(self.log):
            try:
                answer = lambda_handler(event, Context(seconds=seconds))
            except DeliveryFailed as error:
                raised = error
                self.log.write("".join(traceback.format_exception(error)))
        took = time.monotonic() - began
        report = answer or self._told() or self._posted_on_the_bus()
        return Outcome(report, self._delivered(), raised, took)

    def left_the_process(self, outcome: Outcome) -> str:
        """Everything that somebody could have read: logs at DEBUG, metrics, the answer, requests without their secrets."""
        asked = [f"{request.path} {request.query} {_without_the_key(request)}" for request in self.palette.requests]
        handed_on = [
            f"{request.path} {request.query} {request.body!r}"
            for request in self.gate.requests
            if service_of(request) != "secretsmanager"  # it is asked for whatever was given as the secret's name
        ]
        posted = [f"{request.body!r}" for request in (*self.slack.requests, *self.teams.requests)]
        posted += [repr(request.body).replace(self.pagerduty.routing_key, "") for request in self.pagerduty.requests]
        return "\n".join([self.log.getvalue(), repr(outcome), *asked, *handed_on, *posted])

    def _delivered(self) -> frozenset[str]:
        taken = set(self.gate.taken)
        delivered = {channel for channel, service in _SERVICE_OF_CHANNEL.items() if service in taken}
        posted = {"slack": self.slack.messages, "teams": self.teams.cards, "pagerduty": self.pagerduty.alerts}
        return frozenset(delivered | {channel for channel, messages in posted.items() if messages})

    def _told(self) -> Mapping[str, Any] | None:
        """The report as the topic's subscriber got it."""
        messages = self.aws.client("sqs").receive_message(QueueUrl=self.queue_url).get("Messages")
        report: Mapping[str, Any] | None = json.loads(json.loads(messages[0]["Body"])["Message"]) if messages else None
        return report

    def _posted_on_the_bus(self) -> Mapping[str, Any]:
        puts = [request for request in self.gate.requests if service_of(request) == "events"]
        report: Mapping[str, Any] = json.loads(json.loads(puts[-1].body)["Entries"][0]["Detail"])
        return {"deliveries": [], **report}


def _without_the_key(request: Request) -> Mapping[str, str]:
    return {name: value for name, value in request.headers.items() if name != "apikey"}


class _Everything(logging.Handler):
    """Writes down all of a record, whatever a formatter would leave out."""

    def __init__(self, log: io.StringIO) -> None:
        super().__init__(logging.DEBUG)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        error = "".join(traceback.format_exception(record.exc_info[1])) if record.exc_info else ""
        self._log.write(f"{record.getMessage()} {vars(record)} {error}\n")


@contextmanager
def everything_logged(log: io.StringIO) -> Iterator[None]:
    """Log levels as low as somebody who looks for a fault would set them; ``log`` gets all, and standard output."""
    handler, loggers = _Everything(log), [logging.getLogger(name) for name in ("", "boto3", "botocore", "urllib3")]
    levels = [logger.level for logger in loggers]
    loggers[0].addHandler(handler)
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    try:
        with redirect_stdout(log):
            yield
    finally:
        loggers[0].removeHandler(handler)
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextmanager
def stage(
    aws: LocalAws, secrets: Mapping[str, str] | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[Stage]:
    """Everything set up, nothing wrong. ``secrets`` replaces what they hold; with ``tls`` Palette speaks it."""
    fleet = nightly_fleet(datetime.now(UTC))
    with (
        LookAlike(fleet, rate_limit=False, ssl_context=tls) as palette,
        SlackServer() as slack,
        TeamsServer() as teams,
        PagerDutyServer() as pagerduty,
        Gate(aws.url) as gate,
    ):
        texts = {
            "palette-api-key": palette.api_key,
            "slack-webhook": slack.webhook_url,
            "teams-webhook": teams.webhook_url,
            "pagerduty": json.dumps({"routingKey": pagerduty.routing_key, "apiUrl": pagerduty.url}),
            **(secrets or {}),
        }
        yield Stage(palette, slack, teams, pagerduty, gate, aws, *_set_up(aws, palette, gate, texts))


def _set_up(aws: LocalAws, palette: LookAlike, gate: Gate, secrets: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    sns, sqs = aws.client("sns"), aws.client("sqs")
    topic = sns.create_topic(Name="backups")["TopicArn"]
    queue_url = sqs.create_queue(QueueName="subscriber")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    for name, text in secrets.items():
        aws.client("secretsmanager").create_secret(Name=name, SecretString=text)
    aws.make_bucket("kept")
    aws.make_delivery_table("stage-deliveries")
    aws.client("sesv2").create_email_identity(EmailIdentity=SENDER)
    return queue_url, {
        "AWS_ENDPOINT_URL": gate.url,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "PALETTE_API_URL": palette.url,
        "PALETTE_API_KEY_SECRET": "palette-api-key",
        "SLACK_WEBHOOK_SECRET": "slack-webhook",
        "TEAMS_WEBHOOK_SECRET": "teams-webhook",
        "PAGERDUTY_SECRET": "pagerduty",
        "SNS_TOPIC_ARN": topic,
        "EMAIL_FROM": SENDER,
        "EMAIL_TO": "ops@example.com",
        "EVENT_BUS_NAME": "default",
        "REPORT_BUCKET": "kept",
        "DELIVERY_TABLE": "stage-deliveries",
    }
