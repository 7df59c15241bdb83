"""E-mail through Amazon SES: plain text and HTML, the CSV attached.

https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from email.message import EmailMessage
from email.policy import SMTP
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from backup_reporter.aws.errors import channel_errors
from backup_reporter.config.settings import ChannelName
from backup_reporter.report.attachment import Attachment, csv_attachment
from backup_reporter.report.email_html import render_email
from backup_reporter.report.model import Report
from backup_reporter.report.text import subject, text

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

_TEXT_BYTES = 100_000


class EmailChannel:
    """Sends one message to all recipients."""

    name: ChannelName = "email"

    def __init__(self, client: SESV2Client, sender: str, recipients: Sequence[str]) -> None:
        self._client = client
        self._sender = sender
        self._recipients = list(recipients)

    def send(self, report: Report, zone: ZoneInfo, seconds_left: Callable[[], float]) -> str | None:
        """Sends the report. Timeouts and retries are those of the client."""
        file = csv_attachment(report)
        with channel_errors(f"SES did not send the report from {self._sender}"):
            self._client.send_email(
                FromEmailAddress=self._sender,
                Content={"Raw": {"Data": payload(report, zone, self._sender, self._recipients, file)}},
            )
        return file.remark


def payload(report: Report, zone: ZoneInfo, sender: str, recipients: Sequence[str], file: Attachment) -> bytes:
    """The message as it goes over the wire; the file is left out where it is too large."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = ", ".join(recipients)
    message["Subject"] = subject(report)
    # Nobody's out-of-office should answer a report. https://www.rfc-editor.org/rfc/rfc3834
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text(report, zone, _TEXT_BYTES), cte="quoted-printable")
    message.add_alternative(render_email(report, zone), subtype="html", cte="quoted-printable")
    if not file.remark:
        message.add_attachment(file.content, maintype="text", subtype="csv", filename=file.name)
    return message.as_bytes()
