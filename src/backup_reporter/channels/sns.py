"""Amazon SNS: one publish, a text for each kind of subscriber.

https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec
from botocore.exceptions import ClientError

from backup_reporter.aws.errors import channel_errors, code_of
from backup_reporter.channels.channel import Connections
from backup_reporter.config.settings import ChannelName, Settings
from backup_reporter.errors import CheckError
from backup_reporter.records import Record
from backup_reporter.report.model import Report, to_json
from backup_reporter.report.text import sms, subject, text
from backup_reporter.report.truncate import SizeLimit, fit
from backup_reporter.wording import count

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

CHECK = "look up the topic and its subscriptions"
MAX_BYTES = 262_144
"""Of message and attributes together."""
_JSON_BYTES = 150_000


def from_settings(settings: Settings, connections: Connections) -> SnsChannel:
    """Builds the channel for the topic in the settings."""
    return SnsChannel(connections.aws("sns", settings.sns_topic_arn), settings.sns_topic_arn or "")


class SnsChannel:
    """Publishes to one topic."""

    name: ChannelName = "sns"

    def __init__(self, client: SNSClient, topic_arn: str) -> None:
        self._client = client
        self._topic_arn = topic_arn

    def send(self, report: Report, zone: ZoneInfo, seconds_left: Callable[[], float]) -> None:
        """Publishes the report. Timeouts and retries are those of the client."""
        with channel_errors(f"SNS topic {self._topic_arn} did not take the report"):
            self._client.publish(TopicArn=self._topic_arn, **payload(report, zone))

    def check(self, seconds_left: Callable[[], float]) -> str:
        """Looks up the topic and counts its subscriptions."""
        self._client.get_topic_attributes(TopicArn=self._topic_arn)
        pages = self._client.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=self._topic_arn)
        subscriptions = [subscription for page in pages for subscription in page["Subscriptions"]]
        arns = [subscription["SubscriptionArn"] for subscription in subscriptions]
        confirmed = [arn for arn in arns if arn.startswith("arn:")]
        numbers = f"{count(len(confirmed), 'confirmed subscription')}, {len(arns) - len(confirmed)} not confirmed yet"
        if not confirmed:
            raise CheckError(
                f"the topic has no subscribers: no one would be notified ({numbers})",
                "Subscribe an address (aws sns subscribe), and follow the link in the mail that arrives.",
            )
        if any(subscription["Protocol"] == "sms" for subscription in subscriptions):
            self._check_sms_sandbox(numbers)
        return numbers

    def _check_sms_sandbox(self, numbers: str) -> None:
        """https://docs.aws.amazon.com/sns/latest/dg/sns-sms-sandbox.html."""
        try:
            is_in_sandbox = self._client.get_sms_sandbox_account_status()["IsInSandbox"]
        except ClientError as error:
            raise CheckError(
                f"{numbers}; some are for SMS, and whether the account is in the SMS sandbox could not be looked up: "
                f"{code_of(error)}",
                "Allow sns:GetSMSSandboxAccountStatus, or look in SNS, Text messaging (SMS).",
                result="warning",
            ) from error
        if is_in_sandbox:
            raise CheckError(
                f"{numbers}; some are for SMS, and the account is in the SMS sandbox: SMS arrive at verified numbers only",
                "Verify the numbers in SNS, Text messaging (SMS), or leave the sandbox there.",
                result="warning",
            )


def payload(report: Report, zone: ZoneInfo) -> dict[str, Any]:
    """The arguments of ``Publish`` but for the topic.

    E-mail gets the text, SMS 160 characters; every other protocol (SQS, Lambda, HTTP, …) gets the
    report's JSON as ``default``, once, so that as much of it as possible fits into the message.
    """
    document = _document(to_json(fit(report, SizeLimit(_JSON_BYTES, _size_inside_json))))
    email = text(report, zone).replace("\ufffe", " ").replace("\uffff", " ")
    message = {"default": document, "email": email, "sms": sms(report, zone)}
    return {
        "Subject": subject(report, zone),
        "Message": _dump(message),
        "MessageStructure": "json",
        "MessageAttributes": _attributes(report),
    }


def _attributes(report: Report) -> dict[str, dict[str, str]]:
    return {
        "status": {"DataType": "String", "StringValue": report.status},
        "critical": _number(report.summary.critical),
        "warning": _number(report.summary.warning),
        "unknown": _number(report.summary.unknown),
        # Else SNS sends SMS as promotional, the cheaper kind that carriers may hold back.
        # https://docs.aws.amazon.com/sns/latest/dg/sms_publish-to-topic.html
        "AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"},
    }


def _number(value: int) -> dict[str, str]:
    return {"DataType": "Number", "StringValue": str(value)}


def _size_inside_json(record: Record) -> int:
    """How many bytes a record's JSON takes inside a string of another JSON document."""
    return len(_dump(_document(msgspec.json.encode(record))).encode()) - len('""')


def _document(json_: bytes) -> str:
    # SNS hands messages on in XML, which has no place for these two, not even written otherwise.
    return json_.decode().replace("\ufffe", r"\ufffe").replace("\uffff", r"\uffff")


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
