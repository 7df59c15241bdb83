"""The e-mail channel against moto's SES."""

from __future__ import annotations

import email
import email.policy
import re
from email.message import EmailMessage
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from backup_reporter.channels.email import EmailChannel, payload
from backup_reporter.errors import ChannelError
from backup_reporter.report.csv import csv_attachment
from backup_reporter.report.model import Report
from support.report_builders import a_failing_fleet, a_finding, a_green_report, a_report, a_workspace
from support.world import LocalAws

UTC = ZoneInfo("UTC")
FROM, TO = "backups@example.com", ("ops@example.com", "audit@example.org")


def parsed(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part
    content = part.get_content()
    assert isinstance(content, str)
    return content


def test_a_report_goes_to_every_recipient_as_text_and_html(aws: LocalAws) -> None:
    ses = aws.client("sesv2")
    ses.create_email_identity(EmailIdentity=FROM)
    report = a_report(a_workspace("payments", a_finding()))

    EmailChannel(ses, FROM, TO).send(report, UTC, lambda: 60.0)

    (sent,) = aws.sent_emails()
    message = parsed(sent["raw_data"].encode())
    assert sent["destinations"] == list(TO)
    assert message["From"] == FROM
    assert message["Subject"] == "CRITICAL Palette backups: prod/payments/eu-1: backup failed (24 Nov)"
    assert message["Auto-Submitted"] == "auto-generated"
    assert "What to do: Check that the backup location" in body(message, "plain")
    assert "Backup failed" in body(message, "html")
    (file,) = message.iter_attachments()
    assert file.get_filename() == "20261124T070000Z-1a2b3c4d.csv"
    assert file.get_content_type() == "text/csv"
    assert file.get_payload(decode=True) == csv_attachment(report).content


def test_a_sender_that_ses_does_not_know_is_named_as_the_reason(aws: LocalAws) -> None:
    with pytest.raises(ChannelError, match=f"from {FROM}: MessageRejected"):
        EmailChannel(aws.client("sesv2"), FROM, TO).send(a_green_report(), UTC, lambda: 60.0)


@settings(max_examples=40, deadline=None)
@given(name=st.text(), cause=st.text(), problem=st.text())
@example(name="a\r\nBcc: everybody@example.com", cause="\r\n\r\n.\r\n", problem="x\nSubject: gotcha")
@example(name="<script>alert(1)</script>", cause="</pre><b>", problem="&amp;")
def test_whatever_the_report_says_the_headers_are_ours_and_the_markup_too(name: str, cause: str, problem: str) -> None:
    report = a_report(a_workspace(name, a_finding(message=cause, cluster_name=name)), problems=(problem,))

    raw = payload(report, UTC, FROM, TO, csv_attachment(report))

    message = parsed(raw)
    assert set(message.keys()) == {"From", "To", "Subject", "Auto-Submitted", "MIME-Version", "Content-Type"}
    assert message["To"] == ", ".join(TO)
    assert "<script" not in body(message, "html")
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))  # RFC 5321


def test_a_csv_that_is_too_large_is_left_out_and_that_is_said(aws: LocalAws) -> None:
    ses = aws.client("sesv2")
    ses.create_email_identity(EmailIdentity=FROM)
    fleet = a_failing_fleet(["word " * 700], 2000)

    remark = EmailChannel(ses, FROM, TO).send(fleet, UTC, lambda: 60.0)

    assert remark == "the CSV of more than 5 MB is too large to be attached"
    (sent,) = aws.sent_emails()
    assert list(parsed(sent["raw_data"].encode()).iter_attachments()) == []


def test_a_large_fleet_makes_no_large_mail() -> None:
    fleet: Report = a_failing_fleet([f"Cause {n} é🔥 " + "word " * 800 for n in range(2000)], 2000)

    raw = payload(fleet, UTC, FROM, TO, csv_attachment(fleet))

    assert len(raw) < 1_000_000
    assert re.search(r"and \d+ more", body(parsed(raw), "plain"))
