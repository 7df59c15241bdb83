"""The Slack channel against a server that takes what Slack takes and refuses what Slack refuses."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from zoneinfo import ZoneInfo

import pytest
import urllib3

from backup_reporter.channels.slack.channel import SlackChannel
from backup_reporter.channels.slack.secret import Bot, parse_slack_secret
from backup_reporter.errors import ChannelError, SecretError
from backup_reporter.report.csv import csv_attachment, render_csv
from backup_reporter.report.model import Report
from support.local_server import Answer, Fault, Request, Script
from support.report_builders import a_cluster, a_failing_fleet, a_finding, a_green_report, a_report, a_workspace
from support.slack_server import WEBHOOK_ERRORS, SlackServer, api_error, rate_limited, webhook_error

UTC = ZoneInfo("UTC")
PROBLEM = a_report(a_workspace("payments", a_finding(), clusters=(a_cluster(),)))


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer() as server:
        yield server


class Waits(list[float]):
    """A sleep that takes no time, and remembers for how long it was asked."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def through(secret: str, sleep: Callable[[float], None] = time.sleep) -> SlackChannel:
    return SlackChannel(urllib3.PoolManager(), lambda: secret, secret_name="slack-secret", sleep=sleep)


def bot(slack: SlackServer, **more: str) -> str:
    return json.dumps({"botToken": slack.bot_token, "channel": slack.channel, "apiUrl": slack.api_url, **more})


def send(channel: SlackChannel, report: Report = PROBLEM, seconds: float = 60) -> str | None:
    ends_at = time.monotonic() + seconds
    return channel.send(report, UTC, lambda: ends_at - time.monotonic())


def first(*answers: Answer | Script) -> Fault:
    """Answers so, one after the other; then Slack is itself again."""
    left = iter(answers)
    return lambda _: next(left, None)


def always(answer: Answer | Script) -> Fault:
    return lambda _: answer


@pytest.mark.parametrize("wrap", [str, lambda url: json.dumps({"webhookUrl": url})], ids=["url", "json"])
def test_a_report_arrives_through_the_webhook_as_it_was_meant(wrap: Callable[[str], str], slack: SlackServer) -> None:
    send(through(wrap(slack.webhook_url)))

    (message,) = slack.messages
    assert message.warnings == ()
    assert (
        message.payload["blocks"][0]["text"]["text"]
        == "🔴 CRITICAL Palette backups: prod/payments/eu-1: backup failed (24 Nov)"
    )


def test_the_worst_night_arrives_too(slack: SlackServer) -> None:
    send(through(slack.webhook_url), a_failing_fleet([f"Cause {n} & <more> " * 90 for n in range(2000)], 2000))

    assert len(slack.messages) == 1


def test_slack_is_asked_again_after_the_time_it_names(slack: SlackServer) -> None:
    slack.fault, waits = first(rate_limited(7), rate_limited(3)), Waits()

    send(through(slack.webhook_url, waits))

    assert waits == [7, 3]
    assert len(slack.messages) == 1


def test_a_wait_longer_than_the_time_left_is_not_begun(slack: SlackServer) -> None:
    slack.fault, waits = always(rate_limited(61)), Waits()

    with pytest.raises(ChannelError, match="HTTP 429") as refused:
        send(through(slack.webhook_url, waits))

    assert not refused.value.permanent
    assert waits == []


@pytest.mark.parametrize(
    "trouble",
    [
        Answer(500, b"rollup_error"),
        Answer(502),
        Answer(503, b"<html>upstream</html>"),
        Answer(504),
        Script(reset=True),
        Script([b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\no"]),
        Script([b"nonsense\r\n\r\n"]),
    ],
    ids=["500", "502", "503", "504", "reset", "cut", "no HTTP"],
)
def test_what_may_pass_is_tried_again(trouble: Answer | Script, slack: SlackServer) -> None:
    slack.fault, waits = first(trouble, trouble), Waits()

    send(through(slack.webhook_url, waits))

    assert waits == [1, 2]
    assert len(slack.messages) == 1


def test_a_slack_that_does_not_come_back_is_given_up_in_the_end(slack: SlackServer) -> None:
    slack.fault, waits = always(Answer(503)), Waits()

    with pytest.raises(ChannelError, match="Slack is unavailable: HTTP 503"):
        send(through(slack.webhook_url, waits))

    assert len(slack.requests) == 4


@pytest.mark.parametrize(
    "silence",
    [
        Script([60.0]),
        Script([b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", 60.0]),
        Script((b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", *(b"o", 0.1) * 600)),
    ],
    ids=["before the answer", "in the answer", "drop by drop"],
)
def test_a_silent_slack_costs_no_more_than_the_time_left(silence: Script, slack: SlackServer) -> None:
    slack.fault = always(silence)
    began = time.monotonic()

    with pytest.raises(ChannelError):
        send(through(slack.webhook_url), seconds=0.3)

    assert time.monotonic() - began < 2


def test_an_endless_answer_is_not_read_to_its_end(slack: SlackServer) -> None:
    slack.fault = always(Script([b"HTTP/1.1 200 OK\r\n\r\n", *[b"x" * 65536] * 1000]))

    with pytest.raises(ChannelError, match="HTTP 200"):
        send(through(slack.webhook_url))


@pytest.mark.parametrize("word", sorted(WEBHOOK_ERRORS.keys() - {"rollup_error", "invalid_blocks", "invalid_payload"}))
def test_a_permanent_answer_is_named_and_not_tried_again(word: str, slack: SlackServer) -> None:
    slack.fault = always(webhook_error(word))

    with pytest.raises(ChannelError, match=f"Slack refused: {word}") as refused:
        send(through(slack.webhook_url))

    assert refused.value.permanent
    assert len(slack.requests) == 1


@pytest.mark.parametrize("word", ["no_service", "channel_is_archived", "invalid_token", "channel_not_found"])
def test_the_usual_permanent_answers_say_what_to_fix(word: str, slack: SlackServer) -> None:
    slack.fault = always(webhook_error(word))

    with pytest.raises(ChannelError, match=rf"{word} \(.+\)"):
        send(through(slack.webhook_url))


def test_blocks_that_slack_does_not_like_are_sent_once_more_as_plain_text(slack: SlackServer) -> None:
    slack.fault = first(webhook_error("invalid_blocks"))

    send(through(slack.webhook_url))

    (message,) = slack.messages
    assert "blocks" not in message.payload
    assert "prod / payments: eu-1" in message.payload["text"]


def test_plain_text_that_slack_does_not_like_either_is_refused(slack: SlackServer) -> None:
    slack.fault = always(webhook_error("invalid_blocks"))

    with pytest.raises(ChannelError, match="invalid_blocks"):
        send(through(slack.webhook_url))

    assert len(slack.requests) == 2


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, b"<html>Please log in</html>"),
        Answer(302, b"ok", {"Location": "/services/T0DEMO/B0DEMO/other"}),
        Answer(201, b"ok"),
        Answer(403, b"ok"),
        Answer(404, b"ok"),
        Answer(200, b'{"ok":false,"error":"ok"}'),
        Answer(200, b'{"ok":"true"}'),
    ],
    ids=["a login page", "a redirect", "created", "forbidden", "not found", "error ok", "ok as text"],
)
@pytest.mark.parametrize("mode", ["webhook", "bot"])
def test_only_status_200_with_slacks_own_ok_is_a_delivery(mode: str, answer: Answer, slack: SlackServer) -> None:
    slack.fault = always(answer)

    with pytest.raises(ChannelError, match=f"refused: HTTP {answer.status} .*something else answers there"):
        send(through(slack.webhook_url if mode == "webhook" else bot(slack)))

    assert len(slack.requests) == 1


def test_each_kind_of_ok_counts_only_where_slack_says_it_so(slack: SlackServer) -> None:
    slack.fault = always(Answer(200, b"ok"))
    with pytest.raises(ChannelError, match="HTTP 200"):
        send(through(bot(slack)))

    slack.fault = always(Answer(200, b'{"ok":true}'))
    with pytest.raises(ChannelError, match="HTTP 200"):
        send(through(slack.webhook_url))


@pytest.mark.parametrize(
    "trouble",
    [Script(reset=True), Answer(404, b"no_service"), Answer(503), Script([9.0])],
    ids=["reset", "404", "503", "silent"],
)
@pytest.mark.parametrize("mode", ["webhook", "bot"])
def test_neither_url_nor_token_is_in_what_is_said_of_a_failure(mode: str, trouble: Answer, slack: SlackServer) -> None:
    slack.fault = always(trouble)
    secret = slack.webhook_url if mode == "webhook" else bot(slack)
    channel = through(secret, Waits())

    with pytest.raises(ChannelError) as refused:
        send(channel, seconds=0.5)

    for said in (repr(refused.value), repr(refused.value.__cause__), repr(refused.value.__context__), repr(channel)):
        assert "XXXX" not in said
        assert slack.bot_token not in said


def test_nobody_listening_is_said_without_the_url() -> None:
    with SlackServer() as gone:
        pass

    with pytest.raises(ChannelError, match="could not be reached: NewConnectionError") as refused:
        send(through(gone.webhook_url, Waits()))

    assert refused.value.__context__ is None


@pytest.mark.parametrize(
    ("secret", "complaint"),
    [
        ("ftp://hooks.slack.example/x", "holds no webhook URL"),
        ("http://hooks.slack.example/x", "holds no webhook URL"),
        ("https://", "holds no webhook URL"),
        ("https://hooks.slack.example/x\ny", "holds no webhook URL"),
        ("https://hooks.slack.example:99999999/x", "holds no webhook URL"),
        ("{", "begins like JSON"),
        ('{"url": "https://hooks.slack.example/x"}', "without webhookUrl"),
        ('{"webhookUrl": 7}', "without webhookUrl"),
        ('{"webhookUrl": "hooks"}', "holds no webhook URL"),
        (
            "https://hooks.slack.com/triggers/T1/2/x",
            "a Slack workflow, which does not post reports: create an incoming",
        ),
        ("https://hooks.slack.com/workflows/T1/A2/3/x", "a Slack workflow"),
        ('{"webhookUrl": "https://hooks.slack-gov.com/triggers/T1/2/x"}', "a Slack workflow"),
        ('{"botToken": "xoxb-1", "channel": "C1", "apiUrl": "http://slack-gov.com/api"}', "an apiUrl that is not"),
        ('{"botToken": "xoxb-1", "channel": "C1", "apiUrl": "https://slack-gov.com/api?x=1"}', "an apiUrl that is not"),
        ('{"botToken": "xoxb-1"}', "no channel"),
        ('{"botToken": "xoxb 1", "channel": "C1"}', "holds no bot token"),
        ('{"botToken": "xoxb-1\\r\\nX: y", "channel": "C1"}', "holds no bot token"),
    ],
)
def test_an_unusable_secret_is_named_and_not_shown(secret: str, complaint: str, slack: SlackServer) -> None:
    with pytest.raises(SecretError, match=complaint) as refused:
        send(through(secret))

    assert "slack-secret" in str(refused.value)
    assert "hooks.slack" not in str(refused.value)
    assert "xoxb" not in str(refused.value)
    assert slack.requests == []


def test_a_bot_posts_the_verdict_and_puts_the_details_under_it(slack: SlackServer) -> None:
    fleet = a_failing_fleet([f"Cause {'x' * number} " + "word " * 80 for number in range(40)], 40)

    assert send(through(bot(slack)), fleet) is None

    verdict, *details = slack.messages
    assert "thread_ts" not in verdict.payload
    assert len(details) > 1
    assert {message.payload["thread_ts"] for message in details} == {verdict.ts}
    assert all(message.warnings == () for message in slack.messages)


def test_a_green_report_of_a_bot_has_no_thread(slack: SlackServer) -> None:
    send(through(bot(slack)), a_green_report())

    assert len(slack.messages) == 1


def test_a_bot_calls_the_api_that_its_secret_names() -> None:
    government, commercial = (
        parse_slack_secret(json.dumps({"botToken": "xoxb-1", "channel": "C1", **more}), "slack-secret")
        for more in ({"apiUrl": "https://slack-gov.com/api/"}, {})
    )

    assert isinstance(government, Bot)
    assert isinstance(commercial, Bot)
    assert (government.api_url, commercial.api_url) == ("https://slack-gov.com/api", "https://slack.com/api")


def test_the_token_wins_where_the_secret_has_a_webhook_too(slack: SlackServer) -> None:
    send(through(bot(slack, webhookUrl="https://hooks.slack.example/x")))

    assert {request.path for request in slack.requests} >= {"/api/chat.postMessage"}


def test_a_wrong_token_is_said_to_be_wrong(slack: SlackServer) -> None:
    with pytest.raises(ChannelError, match=r"invalid_auth \(the bot token is wrong") as refused:
        send(through(bot(slack, botToken="xoxb-wrong")))

    assert refused.value.permanent


def test_a_bot_tries_again_what_may_pass(slack: SlackServer) -> None:
    slack.fault, waits = first(api_error("internal_error"), rate_limited(5), api_error("ratelimited")), Waits()

    send(through(bot(slack), waits), a_green_report())

    assert waits == [1, 5, 4]
    assert len(slack.messages) == 1


def test_details_that_slack_does_not_take_cost_nobody_the_verdict(slack: SlackServer) -> None:
    def no_threads(request: Request) -> Answer | None:
        return api_error("restricted_action_thread_locked") if b"thread_ts" in request.body else None

    slack.fault = no_threads

    remark = send(through(bot(slack)))

    assert (
        remark == "the verdict was posted, but not all of the details: Slack refused: restricted_action_thread_locked"
    )
    assert len(slack.messages) == 1


def test_a_bot_attaches_the_csv_in_the_thread(slack: SlackServer) -> None:
    send(through(bot(slack)))

    (file,) = slack.files.values()
    assert file.name == "20261124T070000Z-1a2b3c4d.csv"
    assert file.content == render_csv(PROBLEM).encode("utf-8-sig")
    assert (file.channel, file.thread_ts) == (slack.channel, slack.messages[0].ts)


@pytest.mark.parametrize(
    ("step", "trouble", "said"),
    [
        ("/api/files.getUploadURLExternal", api_error("missing_scope"), "Slack refused: missing_scope .*files:write"),
        (
            "/api/files.getUploadURLExternal",
            api_error("unused", ok=True, upload_url="http://elsewhere.example/", file_id="F1"),
            "did not say where to upload",
        ),
        ("/upload/", Answer(400, b"size mismatch"), "did not take the CSV: HTTP 400"),
        ("/api/files.completeUploadExternal", api_error("file_not_found"), "Slack refused: file_not_found"),
    ],
    ids=["not allowed", "to a strange place", "not taken", "not shared"],
)
def test_a_csv_that_cannot_be_attached_is_a_remark(step: str, trouble: Answer, said: str, slack: SlackServer) -> None:
    slack.fault = lambda request: trouble if request.path.startswith(step) else None

    remark = send(through(bot(slack)))

    assert remark
    assert re.search(said, remark)
    assert len(slack.messages) == 2


def test_the_token_is_sent_to_the_api_only(slack: SlackServer) -> None:
    send(through(bot(slack)))

    for request in slack.requests:
        assert ("authorization" in request.headers) == request.path.startswith("/api/")


def test_a_csv_that_is_too_large_is_a_remark(slack: SlackServer) -> None:
    fleet = a_failing_fleet(["word " * 700], 2000)

    remark = send(through(bot(slack)), fleet)

    assert remark == csv_attachment(fleet).remark == "the CSV of more than 5 MB is too large to be attached"
    assert slack.files == {}
