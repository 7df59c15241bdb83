"""How much a person has to read: on the demo's fleet, on a fleet in which everything fails, and if all is well."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest

from backup_reporter.demo.instructive import instructive
from backup_reporter.report.model import Report, ReportLink
from backup_reporter.report.slack import message, thread, visible
from backup_reporter.report.text import sms, subject, text
from support.report_builders import a_green_report, everything_fails
from support.sample import sample_report

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 23, 7, tzinfo=UTC)


def with_link(report: Report) -> Report:
    return msgspec.structs.replace(
        report,
        report_url=f"https://bucket.s3.eu-central-1.amazonaws.com/x?{'a' * 1500}",
        link=ReportLink(
            expires_at=NOW + timedelta(hours=12),
            s3_uri="s3://backup-reports-123456789012-eu-central-1/reports/2026/11/23/20261123T070000Z-0a1b2c3d.html",
            console_url="https://eu-central-1.console.aws.amazon.com/s3/object/backup-reports?prefix=reports/2026/11/23",
        ),
    )


@pytest.fixture(scope="module", params=["demo", "everything fails"])
def report(request: pytest.FixtureRequest) -> Report:
    if request.param == "demo":
        return with_link(sample_report(instructive(NOW), NOW, before=instructive(NOW, before=True)))
    return with_link(everything_fails())


def test_a_subject_has_fewer_than_80_characters_and_a_text_message_160(report: Report) -> None:
    assert re.fullmatch(r"CRITICAL Palette backups: [\x20-\x7e]+ \(2[34] Nov\)", subject(report, BERLIN))
    assert len(subject(report, BERLIN)) < 80
    assert len(sms(report, BERLIN)) <= 160
    assert "Palette" in sms(report, BERLIN)


def test_a_mail_has_45_lines_and_its_first_cause_is_within_twelve(report: Report) -> None:
    lines = text(report, BERLIN).splitlines()

    assert len(lines) <= 45
    assert any(line.startswith("CRITICAL ") and "[" in line for line in lines[1:12]), lines[:14]


def test_a_message_in_slack_has_30_lines_and_2500_characters(report: Report) -> None:
    for payload in (message(report, BERLIN), thread(report, BERLIN)[0]):
        shown = visible(payload["blocks"])
        assert len(shown.splitlines()) <= 30
        assert len(shown) <= 2500
        assert "Fix first" in shown
        assert "What to do: " in shown
        assert "Open the whole report" in shown


def test_a_cause_takes_at_most_four_lines(report: Report) -> None:
    sections = [block["text"]["text"] for block in message(report, BERLIN)["blocks"] if block["type"] == "section"]
    causes = [section.removeprefix("*Fix first*\n") for section in sections if "What to do: " in section]

    assert causes
    assert max(len(cause.splitlines()) for cause in causes) <= 4


def test_a_green_report_takes_four_lines() -> None:
    green = with_link(a_green_report())

    assert len(text(green, BERLIN).splitlines()) == 4
    assert len(visible(message(green, BERLIN)["blocks"]).splitlines()) <= 4


def test_the_demo_names_what_is_lost_the_first_cause_and_the_payments_workspace() -> None:
    demo = with_link(sample_report(instructive(NOW), NOW, before=instructive(NOW, before=True)))

    shown = visible(message(demo, BERLIN)["blocks"])

    assert "web-shop: eu-8 since Wed 2026-11-11, eu-9 (never had a copy)" in shown
    assert "payments: eu-1, us-2 (last copy made Wed 2026-11-18, expires Fri 2026-12-18)" in shown
    assert shown.count("eu-9") == 2, "that it was never backed up is said once, and where to begin once"
