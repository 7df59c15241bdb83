"""The local Slack over the wire, asked by Slack's own SDK: it takes what Slack takes and refuses what Slack refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from support.local_server import Answer
from support.slack_server import WEBHOOK_ERRORS, SlackServer, api_error, rate_limited, webhook_error

BLOCKS: list[dict[str, Any]] = [{"type": "section", "text": {"type": "mrkdwn", "text": "*All* is well"}}]
TOO_LONG: list[dict[str, Any]] = [{"type": "header", "text": {"type": "plain_text", "text": "h" * 151}}]


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer() as slack:
        yield slack


@pytest.fixture
def webhook(slack: SlackServer) -> WebhookClient:
    return WebhookClient(slack.webhook_url)


@pytest.fixture
def api(slack: SlackServer) -> WebClient:
    return WebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def refused(api: WebClient, **arguments: Any) -> dict[str, Any]:
    with pytest.raises(SlackApiError) as caught:
        api.chat_postMessage(**arguments)
    data: dict[str, Any] = caught.value.response.data
    return data


def test_a_message_through_the_webhook_is_taken(slack: SlackServer, webhook: WebhookClient) -> None:
    response = webhook.send(text="All is well", blocks=BLOCKS)
    assert (response.status_code, response.body) == (200, "ok")
    (message,) = slack.messages
    assert message.payload == {"text": "All is well", "blocks": BLOCKS}
    assert message.warnings == ()


def test_a_webhook_takes_its_payload_as_a_form_too(slack: SlackServer) -> None:
    form = urlencode({"payload": json.dumps({"text": "All is well"})})
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    response = urllib3.request("POST", slack.webhook_url, body=form, headers=headers)
    assert response.status == 200
    assert slack.messages[0].payload == {"text": "All is well"}


@pytest.mark.parametrize(
    ("payload", "word"),
    [
        ({}, "no_text"),
        ({"text": ""}, "no_text"),
        ({"text": 5}, "invalid_payload"),
        ({"text": "t", "blocks": TOO_LONG}, "invalid_blocks"),
        ({"text": "t", "blocks": [{"type": "divider"}] * 51}, "invalid_blocks"),
        ({"text": "t", "blocks": [section("t" * 2900)] * 4}, "msg_blocks_too_long"),
        ({"text": "t" * 40_001}, "msg_too_long"),
        ([], "invalid_payload"),
    ],
)
def test_a_webhook_refuses_what_breaks_a_limit(slack: SlackServer, payload: Any, word: str) -> None:
    response = urllib3.request("POST", slack.webhook_url, json=payload)
    assert (response.status, response.data.decode()) == (400, word)
    assert slack.messages == []


def test_a_webhook_refuses_what_is_no_json(slack: SlackServer) -> None:
    response = urllib3.request("POST", slack.webhook_url, body=b"{", headers={"Content-Type": "application/json"})
    assert (response.status, response.data) == (400, b"invalid_payload")


def test_a_webhook_that_nobody_set_up_is_unknown(slack: SlackServer) -> None:
    response = urllib3.request("POST", f"{slack.url}/services/T1/B1/xyz", json={"text": "t"})
    assert (response.status, response.data) == (404, b"no_service")
    response = urllib3.request("POST", slack.webhook_url + "x", json={"text": "t"})
    assert (response.status, response.data) == (403, b"invalid_token")
    assert urllib3.request("GET", slack.webhook_url).status == 405


@pytest.mark.parametrize("word", WEBHOOK_ERRORS)
def test_a_webhook_answers_every_documented_error_when_told_to(
    slack: SlackServer, webhook: WebhookClient, word: str
) -> None:
    slack.fault = lambda request: webhook_error(word)
    response = webhook.send(text="t")
    assert (response.status_code, response.body) == (WEBHOOK_ERRORS[word], word)
    assert slack.messages == []


def test_too_many_messages_are_told_when_to_come_back(slack: SlackServer, webhook: WebhookClient) -> None:
    slack.fault = lambda request: rate_limited(30)
    response = webhook.send(text="t")
    assert (response.status_code, response.headers["Retry-After"]) == (429, "30")


def test_slack_can_be_down(slack: SlackServer, webhook: WebhookClient) -> None:
    slack.fault = lambda request: Answer(503, b"<html>upstream</html>", {"Content-Type": "text/html"})
    assert webhook.send(text="t").status_code == 503


def test_what_slack_would_show_otherwise_than_meant_is_noted(slack: SlackServer, webhook: WebhookClient) -> None:
    webhook.send(text="a & b", blocks=[section("<!channel> look"), section("fine &amp; well")])
    assert [warning.split()[0] for warning in slack.messages[0].warnings] == ["unescaped", "mentions"]


def test_a_message_through_the_web_api_is_taken(slack: SlackServer, api: WebClient) -> None:
    first, second = (api.chat_postMessage(channel=slack.channel, text=text, blocks=BLOCKS) for text in ("a", "b"))
    assert first["ok"]
    assert first["ts"] != second["ts"]
    assert [message.payload["text"] for message in slack.messages] == ["a", "b"]
    assert slack.messages[1].ts == second["ts"]


def test_the_web_api_names_what_is_wrong_with_the_blocks(slack: SlackServer, api: WebClient) -> None:
    data = refused(api, channel=slack.channel, text="t", blocks=TOO_LONG)
    assert data["error"] == "invalid_blocks"
    assert "less than 151 characters [json-pointer:/blocks/0/text/text]" in data["response_metadata"]["messages"][0]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"channel": "C0ELSEWHERE", "text": "t"}, "channel_not_found"),
        ({"channel": SlackServer.channel, "text": ""}, "no_text"),
        ({"channel": SlackServer.channel, "text": "t" * 40_001}, "msg_too_long"),
        ({"channel": SlackServer.channel, "text": "t", "blocks": [section("t" * 2900)] * 4}, "msg_blocks_too_long"),
    ],
)
@pytest.mark.filterwarnings("ignore:The top-level `text`")
def test_the_web_api_refuses_in_slacks_words(api: WebClient, arguments: dict[str, Any], word: str) -> None:
    assert refused(api, **arguments)["error"] == word


def test_the_web_api_wants_a_token_and_the_right_one(slack: SlackServer) -> None:
    assert refused(WebClient(base_url=slack.api_url), channel="C", text="t")["error"] == "not_authed"
    assert refused(WebClient("xoxb-no", base_url=slack.api_url), channel="C", text="t")["error"] == "invalid_auth"


def test_the_web_api_does_not_know_every_method(slack: SlackServer, api: WebClient) -> None:
    with pytest.raises(SlackApiError, match="unknown_method"):
        api.conversations_list()


@pytest.mark.parametrize("word", ["is_archived", "not_in_channel", "missing_scope", "account_inactive"])
def test_the_web_api_answers_any_error_when_told_to(slack: SlackServer, api: WebClient, word: str) -> None:
    slack.fault = lambda request: api_error(word)
    assert refused(api, channel=slack.channel, text="t")["error"] == word


def test_a_file_is_uploaded_and_shared_in_a_thread(slack: SlackServer, api: WebClient) -> None:
    parent = api.chat_postMessage(channel=slack.channel, text="The report")
    api.files_upload_v2(
        content=b"<html></html>",
        filename="report.html",
        title="The whole report",
        channel=slack.channel,
        thread_ts=parent["ts"],
    )
    (file,) = slack.files.values()
    assert (file.name, file.content, file.title) == ("report.html", b"<html></html>", "The whole report")
    assert (file.channel, file.thread_ts) == (slack.channel, parent["ts"])


def test_a_file_can_be_sent_as_a_form(slack: SlackServer, api: WebClient) -> None:
    announced = api.files_getUploadURLExternal(filename="a.txt", length=3)
    response = urllib3.request("POST", announced["upload_url"], fields={"file": ("a.txt", b"abc")})
    assert response.status == 200
    assert slack.files[announced["file_id"]].content == b"abc"


def test_a_file_must_be_as_long_as_announced(slack: SlackServer, api: WebClient) -> None:
    announced = api.files_getUploadURLExternal(filename="a.txt", length=4)
    assert urllib3.request("POST", announced["upload_url"], body=b"abc").status == 400
    assert urllib3.request("POST", announced["upload_url"] + "x", body=b"abcd").status == 404


def test_a_file_that_was_never_sent_cannot_be_shared(slack: SlackServer, api: WebClient) -> None:
    announced = api.files_getUploadURLExternal(filename="a.txt", length=3)
    with pytest.raises(SlackApiError, match="file_not_found"):
        api.files_completeUploadExternal(files=[{"id": announced["file_id"], "title": "a"}], channel_id=slack.channel)


def test_a_file_needs_a_name_and_a_length(api: WebClient) -> None:
    with pytest.raises(SlackApiError, match="missing_argument"):
        api.files_getUploadURLExternal(filename="a.txt", length=0)


def test_a_file_cannot_be_shared_elsewhere(slack: SlackServer, api: WebClient) -> None:
    with pytest.raises(SlackApiError, match="channel_not_found"):
        api.files_upload_v2(content="abc", filename="a.txt", channel="C0ELSEWHERE")
