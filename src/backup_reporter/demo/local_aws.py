"""AWS on loopback (moto's server) with what the function uses, and a look into the mailboxes."""

from __future__ import annotations

import email
import email.policy
import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.server import ThreadedMotoServer
from moto.ses.models import ses_backends
from moto.sns.models import sns_backends

REGION = "eu-central-1"
SENDER, RECIPIENT = "backups@example.com", "platform-team@example.com"

_BUCKET, _TABLE, _BUS = "backup-reports", "backup-report-deliveries", "backup-reports"


@dataclass(frozen=True)
class Mail:
    """An e-mail as it reaches its reader; ``html`` where it has such a part."""

    sender: str
    recipient: str
    subject: str
    text: str
    html: str | None


class LocalAws:
    """An account with secrets, a topic, a sender's identity, a bucket, a table and a bus."""

    def __init__(self, endpoint_url: str, secrets: Mapping[str, str]) -> None:
        self._endpoint_url = endpoint_url
        self._secret_names = {setting: setting.removesuffix("_SECRET").lower().replace("_", "-") for setting in secrets}
        for setting, value in secrets.items():
            self._client("secretsmanager").create_secret(Name=self._secret_names[setting], SecretString=value)
        self._topic_arn = self._client("sns").create_topic(Name="backup-reports")["TopicArn"]
        self._client("s3").create_bucket(Bucket=_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        self._client("dynamodb").create_table(
            TableName=_TABLE,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        self._client("events").create_event_bus(Name=_BUS)
        self._client("sesv2").create_email_identity(EmailIdentity=SENDER)

    @property
    def environment(self) -> dict[str, str]:
        """What the platform and the template would put into the function's environment."""
        return {
            "AWS_ENDPOINT_URL": self._endpoint_url,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            **self._secret_names,
            "SNS_TOPIC_ARN": self._topic_arn,
            "EMAIL_FROM": SENDER,
            "EMAIL_TO": RECIPIENT,
            "EVENT_BUS_NAME": _BUS,
            "REPORT_BUCKET": _BUCKET,
            "DELIVERY_TABLE": _TABLE,
        }

    def mails(self) -> list[Mail]:
        """What SES has sent, oldest first."""
        return [_mail(sent.raw_data) for sent in ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages]

    def text_messages(self) -> list[str]:
        """What SNS would send by SMS, oldest first."""
        sent = sns_backends[DEFAULT_ACCOUNT_ID][REGION].topics[self._topic_arn].sent_notifications
        return [json.loads(notification[1])["sms"] for notification in sent]

    def download_reports(self, directory: Path) -> list[Path]:
        """Everything in the bucket, by its name there."""
        s3 = self._client("s3")
        paths = []
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=_BUCKET):
            for entry in page.get("Contents", ()):
                path = directory / entry["Key"]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(s3.get_object(Bucket=_BUCKET, Key=entry["Key"])["Body"].read())
                paths.append(path)
        return paths

    def _client(self, service: str) -> Any:
        return boto3.Session("testing", "testing", region_name=REGION).client(service, endpoint_url=self._endpoint_url)


@contextmanager
def local_aws(secrets: Mapping[str, str]) -> Iterator[LocalAws]:
    """Runs moto's server on a free port of loopback, in this process. ``secrets`` are values by the settings' names."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield LocalAws(f"http://{host}:{port}", secrets)
    finally:
        server.stop()


def _mail(raw: str) -> Mail:
    message = email.message_from_string(raw, policy=email.policy.default)
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    return Mail(
        sender=message["From"],
        recipient=message["To"],
        subject=message["Subject"],
        text=text.get_content() if text else "",
        html=html.get_content() if html else None,
    )
