"""E-mail through Amazon SES: plain text and HTML, the CSV attached.

https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from email.message import EmailMessage
from email.policy import SMTP
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from botocore.exceptions import ClientError

from backup_reporter.aws.errors import channel_errors, code_of
from backup_reporter.channels.channel import Connections
from backup_reporter.config.settings import ChannelName, Settings
from backup_reporter.errors import CheckError
from backup_reporter.report.csv import Attachment, csv_attachment
from backup_reporter.report.email_html import render_email
from backup_reporter.report.model import Report
from backup_reporter.report.text import subject, text
from backup_reporter.wording import listed

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

CHECK = "look up the sender's identity in SES"


def from_settings(settings: Settings, connections: Connections) -> EmailChannel:
    """Builds the channel for the sender and the recipients in the settings."""
    return EmailChannel(connections.aws("sesv2"), settings.email_from or "", settings.email_to)


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

    def check(self, seconds_left: Callable[[], float]) -> str:
        """Looks up the sender among the identities that SES has verified, and whether the account may send."""
        identity, is_verified = self._find_identity(self._sender)
        if not identity:
            raise CheckError(
                f"neither {self._sender} nor a domain it belongs to is an identity in SES",
                "Verify one of them in SES, in this region.",
            )
        if not is_verified:
            raise CheckError(
                f"{identity} is not verified yet",
                "Follow the link in the mail from SES, or publish the DNS records it names.",
            )
        self._check_account(identity)
        # https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dmarc.html
        dmarc = "; if its domain has a DMARC policy, verify the domain instead: receivers may reject the mail"
        return f"{identity} is verified" + (dmarc if "@" in identity else "")

    def _find_identity(self, address: str) -> tuple[str | None, bool]:
        """Returns the closest identity of SES that covers an address, and whether it is verified."""
        for identity in _identities(address):
            try:
                found = self._client.get_email_identity(EmailIdentity=identity)
            except ClientError as error:
                if code_of(error) != "NotFoundException":
                    raise
            else:
                return identity, found.get("VerifiedForSendingStatus", True)
        return None, False

    def _check_account(self, identity: str) -> None:
        """https://docs.aws.amazon.com/ses/latest/dg/request-production-access.html."""
        try:
            account = self._client.get_account()
        except ClientError as error:
            raise CheckError(
                f"{identity} is verified; whether the account is in SES's sandbox could not be looked up: {code_of(error)}",
                "Allow ses:GetAccount, or look at SES's account dashboard.",
                result="warning",
            ) from error
        if not account.get("SendingEnabled", True):
            raise CheckError(
                "SES has paused sending for this account",
                "Open SES's account dashboard: it says why, and how to resume.",
            )
        if not account.get("ProductionAccessEnabled", True):
            raise self._about_sandbox()

    def _about_sandbox(self) -> CheckError:
        refused = [recipient for recipient in self._recipients if not self._find_identity(recipient)[1]]
        if refused:
            return CheckError(
                f"the account is in SES's sandbox, and SES refuses mail to {listed(refused)}, not verified there",
                "Ask for production access on SES's account dashboard, or verify the recipients in SES.",
            )
        return CheckError(
            "the account is in SES's sandbox: it sends to verified recipients only, 200 mails a day",
            "Ask for production access on SES's account dashboard, unless that is enough.",
            result="warning",
        )


def _identities(sender: str) -> Iterator[str]:
    """The identities of SES that cover a sender, the closest first: a domain covers its subdomains.

    https://docs.aws.amazon.com/ses/latest/dg/creating-identities.html
    """
    yield sender
    labels = sender.rpartition("@")[2].split(".")
    yield from (".".join(labels[start:]) for start in range(max(1, len(labels) - 1)))


def payload(report: Report, zone: ZoneInfo, sender: str, recipients: Sequence[str], file: Attachment) -> bytes:
    """The message as it goes over the wire; the file is left out if it is too large."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = ", ".join(recipients)
    message["Subject"] = subject(report, zone)
    # No out-of-office reply to a report, please. https://www.rfc-editor.org/rfc/rfc3834
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text(report, zone), cte="quoted-printable")
    message.add_alternative(render_email(report, zone), subtype="html", cte="quoted-printable")
    if not file.remark:
        message.add_attachment(file.content, maintype="text", subtype="csv", filename=file.name)
    return message.as_bytes()
