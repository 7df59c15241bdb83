"""The Microsoft Teams channel against a workflow that posts what Teams shows and refuses what Teams refuses."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from zoneinfo import ZoneInfo

import pytest
import urllib3
from msgspec.structs import replace

from backup_reporter.channels.teams import TeamsChannel
from backup_reporter.errors import ChannelError, ChannelUnreachableError, CheckError, SecretError
from backup_reporter.report.model import Report
from backup_reporter.report.teams import MAX_BYTES, MAX_CHARACTERS, MAX_LINES, to_json, visible
from backup_reporter.wording import quote
from support.local_server import Answer, Script
from support.report_builders import a_cluster, a_failing_fleet, a_finding, a_green_report, a_report, a_workspace
from support.teams_server import TeamsServer, rate_limited, workflow_error

UTC = ZoneInfo("UTC")
PROBLEM = replace(
    a_report(a_workspace("payments", a_finding(), clusters=(a_cluster(),))), report_url="https://example.com/r"
)


@pytest.fixture
def teams() -> Iterator[TeamsServer]:
    with TeamsServer() as server:
        yield server


def through(secret: str, sleep: Callable[[float], None] = time.sleep) -> TeamsChannel:
    return TeamsChannel(urllib3.PoolManager(), lambda: secret, "teams-secret", sleep=sleep)


def send(channel: TeamsChannel, report: Report = PROBLEM, seconds: float = 60) -> None:
    ends_at = time.monotonic() + seconds
    channel.send(report, UTC, lambda: ends_at - time.monotonic())


@pytest.mark.parametrize("wrap", [str, lambda url: json.dumps({"webhookUrl": url})], ids=["url", "json"])
def test_a_report_is_posted_as_a_card(wrap: Callable[[str], str], teams: TeamsServer) -> None:
    send(through(wrap(teams.webhook_url)))

    (card,) = teams.cards
    assert visible(card["body"])[0] == "CRITICAL Palette backups: prod/payments/eu-1: backup failed (24 Nov)"
    assert card["actions"] == [
        {"type": "Action.OpenUrl", "title": "Open the whole report", "url": "https://example.com/r"}
    ]


@pytest.mark.parametrize(
    "report",
    [a_green_report(), a_failing_fleet([f"Cause {n} & <more> **x** " * 90 for n in range(2000)], 2000), a_report()],
    ids=["green", "worst night", "empty"],
)
def test_every_report_makes_a_card_that_teams_shows(report: Report, teams: TeamsServer) -> None:
    send(through(teams.webhook_url), report)

    assert teams.failed_runs == []
    (card,) = teams.cards
    lines = visible(card["body"])
    assert len(lines) <= MAX_LINES
    assert sum(map(len, lines)) <= MAX_CHARACTERS


def test_a_long_message_keeps_the_last_good_backup(teams: TeamsServer) -> None:
    last_good = "The last good backup is from Mon 2026-11-23 and expires on Wed 2026-12-23."
    finding = a_finding(message=f"The last backup failed: {quote('<hr>' * 100)}. {last_good}")

    send(through(teams.webhook_url), a_report(a_workspace("payments", finding)))

    assert any(
        line.startswith("The last backup failed: <hr>") and last_good in line
        for line in visible(teams.cards[0]["body"])
    )


@pytest.mark.parametrize("length", [100, 3_000])
def test_long_links_and_four_bytes_a_character_are_within_what_teams_takes(length: int, teams: TeamsServer) -> None:
    name = "\U0001f525" * 63
    lost = a_cluster(name, restore_points=0)
    workspaces = [
        a_workspace(
            f"{number}{name}", a_finding(code, message="\u6f22" * 400), clusters=(lost,), uid=f"{code}-{number}"
        )
        for number in range(9)
        for code in ("backup-failed", "backup-overdue", "backup-expired")
    ]
    link = f"https://palette.example.com/{'x' * length}/{{projectUid}}/{{workspaceUid}}"
    report = replace(a_report(*workspaces), workspace_link=link, report_url=f"https://example.com/{'x' * 3_900}")

    send(through(teams.webhook_url), report)

    assert teams.failed_runs == []
    (card,) = teams.cards
    assert len(to_json(card)) <= MAX_BYTES
    assert "selectAction" in str(card) or length > 300


def test_markup_in_a_message_is_shown_as_it_is(teams: TeamsServer) -> None:
    hostile = "[Palette](https://evil.example) **x** <at>everyone</at>"

    send(through(teams.webhook_url), a_report(a_workspace(hostile, a_finding(message=hostile))))

    (card,) = teams.cards
    runs = [block for block in visible(card["body"]) if hostile in block]
    assert len(runs) >= 2, "text runs know no Markdown"


def test_a_busy_teams_is_asked_again_after_the_time_it_names(teams: TeamsServer) -> None:
    answers = iter([rate_limited(7), Answer(503), Answer(502)])
    teams.fault = lambda _: next(answers, None)
    waits: list[float] = []

    send(through(teams.webhook_url, waits.append))

    assert waits == [7, 2, 4]
    assert len(teams.cards) == 1


def test_a_workflow_that_answers_itself_with_200_is_a_delivery(teams: TeamsServer) -> None:
    teams.fault = lambda _: Answer(200, b'{"posted": true}')

    send(through(teams.webhook_url))


@pytest.mark.parametrize(
    ("answer", "word", "fix"),
    [
        (
            workflow_error(400, "TriggerInputSchemaMismatch"),
            "HTTP 400, TriggerInputSchemaMismatch",
            "its trigger should",
        ),
        (workflow_error(401, "DirectApiAuthorizationRequired"), "HTTP 401, Direct", "the URL is incomplete"),
        (workflow_error(404, "WorkflowNotFound"), "HTTP 404, WorkflowNotFound", "deleted or switched off"),
        (Answer(413), "HTTP 413", "too large"),
        (Answer(200, b"<html>Sign in</html>"), "HTTP 200", "something else answers there"),
        (Answer(302, b"", {"Location": "/elsewhere"}), "HTTP 302", "something else answers there"),
    ],
    ids=["400", "401", "404", "413", "login page", "redirect"],
)
def test_anything_else_is_a_failure_with_its_fix(answer: Answer, word: str, fix: str, teams: TeamsServer) -> None:
    teams.fault = lambda _: answer

    with pytest.raises(ChannelError, match=f"{word}.*{fix}") as refused:
        send(through(teams.webhook_url))

    assert refused.value.permanent
    assert len(teams.requests) == 1


@pytest.mark.parametrize("change", [("/workflows/", "/workflow/"), ("&sig=X", "&sig=Y")], ids=["path", "signature"])
def test_the_workflow_refuses_a_wrong_url(change: tuple[str, str], teams: TeamsServer) -> None:
    with pytest.raises(ChannelError, match=r"HTTP 40[14]"):
        send(through(teams.webhook_url.replace(*change)))


@pytest.mark.parametrize("trouble", [Script(reset=True), Answer(404), Answer(503), Script([9.0])])
def test_no_error_shows_the_url(trouble: Answer | Script, teams: TeamsServer) -> None:
    teams.fault = lambda _: trouble
    channel = through(teams.webhook_url, lambda _: None)

    with pytest.raises(ChannelError) as refused:
        send(channel, seconds=0.5)

    for said in (repr(refused.value), repr(refused.value.__cause__), repr(refused.value.__context__), repr(channel)):
        assert "XXXX" not in said


def test_a_silent_teams_costs_no_more_than_the_time_left(teams: TeamsServer) -> None:
    teams.fault = lambda _: Script([60.0])
    began = time.monotonic()

    with pytest.raises(ChannelUnreachableError):
        send(through(teams.webhook_url), seconds=0.3)

    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("secret", "complaint"),
    [
        ("http://prod-1.logic.azure.com/x", "no URL of a workflow"),
        ("https://prod-1.logic.azure.com/x\ny", "no URL of a workflow"),
        ('{"url": "https://prod-1.logic.azure.com/x"}', "without webhookUrl"),
        ("https://acme.webhook.office.com/webhookb2/1@2/IncomingWebhook/3/4", "an Office 365 connector"),
        ("https://outlook.office.com/webhook/1@2/IncomingWebhook/3/4", "an Office 365 connector"),
    ],
)
def test_an_unusable_secret_is_named_and_not_shown(secret: str, complaint: str, teams: TeamsServer) -> None:
    with pytest.raises(SecretError, match=complaint) as refused:
        send(through(secret))

    assert "teams-secret" in str(refused.value)
    assert "azure.com" not in str(refused.value)
    assert "webhookb2" not in str(refused.value)


def test_the_check_starts_the_workflow_and_posts_nothing(teams: TeamsServer) -> None:
    said = through(teams.webhook_url).check(lambda: 10.0)

    assert said == "the workflow accepts requests, and nothing was posted"
    assert (teams.runs, teams.cards, teams.failed_runs) == (1, [], [])


def test_the_check_says_how_to_fix_what_is_wrong(teams: TeamsServer) -> None:
    teams.fault = lambda _: workflow_error(404, "WorkflowNotFound")

    with pytest.raises(CheckError) as found:
        through(teams.webhook_url).check(lambda: 10.0)

    assert found.value.detail == "it answers HTTP 404, WorkflowNotFound"
    assert found.value.fix.startswith("The workflow was deleted or switched off")
