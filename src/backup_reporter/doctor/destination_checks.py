"""Where reports go: topic, Slack, e-mail, event bus, bucket, table, heartbeat. Nothing is published."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from backup_reporter.aws.errors import code_of
from backup_reporter.aws.secrets import parse_heartbeat_url
from backup_reporter.channels.slack.channel import FIXES, WORDS_FOR_NOTHING_TO_SAY, SlackChannel
from backup_reporter.config.settings import Settings
from backup_reporter.doctor.checks import Advice, Check, off, tried
from backup_reporter.wording import count

_PROBE_KEY = "doctor/probe.txt"
_SLACK_SECONDS = 10.0


class DestinationChecks:
    """One check for each outlet; ``client`` makes a client of boto3's, ``slack`` is the channel where it is set up."""

    def __init__(
        self,
        settings: Settings,
        client: Callable[[str], Any],
        slack: SlackChannel | None,
        read_heartbeat: Callable[[], str],
    ) -> None:
        self._settings = settings
        self._client = client
        self._slack_channel = slack
        self._read_heartbeat = read_heartbeat

    def all(self) -> Iterator[Check]:
        """Every check, channels first; ``off`` for what is not set up."""
        settings = self._settings
        yield self._one(
            "sns", "SNS_TOPIC_ARN", settings.sns_topic_arn, "look the topic and its subscriptions up", self._topic
        )
        yield self._one(
            "slack", "SLACK_WEBHOOK_SECRET", settings.slack_webhook_secret, "send Slack an empty message", self._slack
        )
        sender = settings.email_from if settings.email_to else None
        yield self._one("email", "EMAIL_FROM and EMAIL_TO", sender, "look the sender's identity up in SES", self._email)
        yield self._one("eventbridge", "EVENT_BUS_NAME", settings.event_bus_name, "look the event bus up", self._bus)
        yield self._one(
            "bucket", "REPORT_BUCKET", settings.report_bucket, "write and read a small file in the bucket", self._bucket
        )
        yield self._one("table", "DELIVERY_TABLE", settings.delivery_table, "look the table up", self._table)
        yield self._one(
            "heartbeat", "HEARTBEAT_URL_SECRET", settings.heartbeat_url_secret, "read its secret", self._heartbeat
        )
        if not settings.channels:
            yield Check(
                name="channels",
                tried="count the channels that are set up",
                result="warning",
                found="none: nobody would be told",
                fix="Set SNS_TOPIC_ARN, SLACK_WEBHOOK_SECRET, EMAIL_FROM and EMAIL_TO, or EVENT_BUS_NAME.",
            )

    @staticmethod
    def _one(name: str, setting: str, value: str | None, what: str, look: Callable[[], str]) -> Check:
        if not value:
            return off(name, "not tried", f"not set up ({setting})")
        return tried(name, what, look, f"Check {setting}, and that it is in this account and region.")

    def _topic(self) -> str:
        arn = self._settings.sns_topic_arn
        sns = self._client("sns")
        sns.get_topic_attributes(TopicArn=arn)
        pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arn)
        arns = [subscription["SubscriptionArn"] for page in pages for subscription in page["Subscriptions"]]
        confirmed = [one for one in arns if one.startswith("arn:")]
        said = (
            f"{count(len(confirmed), 'confirmed subscription')}, {len(arns) - len(confirmed)} waiting to be confirmed"
        )
        if not confirmed:
            raise Advice(
                f"the topic is there, with {said}: nobody would hear of a report",
                "Subscribe somebody (aws sns subscribe), and follow the link in the mail that comes then.",
            )
        return said

    def _slack(self) -> str:
        assert self._slack_channel is not None  # noqa: S101 - set up, or this would not be called
        word = self._slack_channel.probe(lambda: _SLACK_SECONDS)
        if word in WORDS_FOR_NOTHING_TO_SAY:
            return "it answers, and nothing was posted"
        raise Advice(f"it answers {word}", f"Mend it: {FIXES.get(word, 'check the secret and the app in Slack')}.")

    def _email(self) -> str:
        sender = self._settings.email_from or ""
        ses = self._client("sesv2")
        for identity in _identities(sender):
            try:
                found = ses.get_email_identity(EmailIdentity=identity)
            except ClientError as error:
                if code_of(error) != "NotFoundException":
                    raise
            else:
                if found.get("VerifiedForSendingStatus", True):
                    return f"{identity} is verified"
                raise Advice(
                    f"{identity} is not verified yet",
                    "Follow the link in SES's mail, or publish the DNS records it names.",
                )
        raise Advice(
            f"neither {sender} nor a domain that it belongs to is an identity in SES",
            "Verify one of them in SES, in this region.",
        )

    def _bus(self) -> str:
        name = self._settings.event_bus_name
        self._client("events").describe_event_bus(Name=name)
        return f"{name} is there"

    def _bucket(self) -> str:
        bucket, key = self._settings.report_bucket, self._settings.report_prefix + _PROBE_KEY
        s3 = self._client("s3")
        s3.put_object(Bucket=bucket, Key=key, Body=b"Written by backup-reporter's doctor; it may be deleted.\n")
        s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return f"{key} can be written and read"

    def _table(self) -> str:
        name = self._settings.delivery_table
        try:
            table = self._client("dynamodb").describe_table(TableName=name)["Table"]
        except ClientError as error:
            # Reports only write items, so there may be a table that works and cannot be looked at.
            if code_of(error) == "AccessDeniedException":
                raise Advice(
                    "it may not be looked at from here", "Look at it with rights of your own.", result="warning"
                ) from error
            raise
        keys = [(key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]]
        types = {one["AttributeName"]: one["AttributeType"] for one in table["AttributeDefinitions"]}
        if keys != [("id", "HASH")] or types.get("id") != "S":
            raise Advice(
                "its key is not id, a string", "Make a table with the partition key id (a string), and no sort key."
            )
        return f"{name} is there, with the right key"

    def _heartbeat(self) -> str:
        parse_heartbeat_url(self._read_heartbeat(), self._settings.heartbeat_url_secret or "")
        return "its secret holds a URL, which was not called"


def _identities(sender: str) -> Iterator[str]:
    """What SES may know a sender by, the closest first: a domain stands for its subdomains.

    https://docs.aws.amazon.com/ses/latest/dg/creating-identities.html
    """
    yield sender
    labels = sender.rpartition("@")[2].split(".")
    yield from (".".join(labels[start:]) for start in range(max(1, len(labels) - 1)))
