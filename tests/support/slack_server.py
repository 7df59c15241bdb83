"""A local Slack: an incoming webhook, and as much of the Web API as a reporter needs.

Errors are those that Slack documents:
https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
https://docs.slack.dev/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks
https://docs.slack.dev/reference/methods/chat.postMessage
https://docs.slack.dev/reference/methods/files.getUploadURLExternal
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from support.local_server import Answer, Fault, LocalServer, Request
from support.slack_limits import (
    MAX_TEXT,
    MAX_TEXT_OF_BLOCKS,
    block_problems,
    formatting_warnings,
    length_of_blocks,
)
from support.slack_requests import method_arguments, uploaded_content, webhook_payload

WEBHOOK_ERRORS: Mapping[str, int] = {
    "invalid_payload": 400,
    "invalid_blocks": 400,
    "no_text": 400,
    "too_many_attachments": 400,
    "user_not_found": 400,
    "action_prohibited": 403,
    "invalid_token": 403,
    "posting_to_general_channel_denied": 403,
    "channel_not_found": 404,
    "no_service": 404,
    "no_team": 404,
    "channel_is_archived": 410,
    "rollup_error": 500,
}
"""What a webhook answers when it does not take a message, with its HTTP status."""

_WEBHOOK_PATH = "/services/T0DEMO/B0DEMO/"
_WEBHOOK_TOKEN = "XXXXXXXXXXXXXXXXXXXXXXXX"


def webhook_error(word: str) -> Answer:
    """The webhook's answer for one of :data:`WEBHOOK_ERRORS`: for use in a fault."""
    return Answer(WEBHOOK_ERRORS[word], word.encode(), {"Content-Type": "text/html"})


def api_error(word: str, **more: Any) -> Answer:
    """The Web API's answer for an error: HTTP 200, and ``ok`` is false."""
    return _json({"ok": False, "error": word, **more})


def rate_limited(seconds: int) -> Answer:
    """Both answer so when asked too often."""
    return Answer(429, b"rate_limited", {"Content-Type": "text/plain", "Retry-After": str(seconds)})


@dataclass(frozen=True)
class Message:
    """What was posted, and through what. ``warnings``: what Slack would show otherwise than meant."""

    payload: Mapping[str, Any]
    channel: str
    ts: str
    warnings: tuple[str, ...]


@dataclass
class File:
    """An upload: announced with its name and length, then sent, then shared in a channel."""

    file_id: str
    name: str
    length_bytes: int
    content: bytes | None = None
    title: str | None = None
    channel: str | None = None
    thread_ts: str | None = None


class SlackServer(LocalServer):
    """Takes messages at ``webhook_url``, and at ``api_url`` from the bearer of ``bot_token`` for ``channel``.

    ``messages`` and ``files`` are what was taken, in order.
    """

    bot_token = "xoxb-demo-token"
    channel = "C0BACKUPS"

    def __init__(self, *, fault: Fault | None = None, port: int = 0) -> None:
        super().__init__(fault=fault, port=port)
        self.webhook_url = f"{self.url}{_WEBHOOK_PATH}{_WEBHOOK_TOKEN}"
        self.api_url = f"{self.url}/api/"
        self.messages: list[Message] = []
        self.files: dict[str, File] = {}
        self._numbers = count(1)

    def answer(self, request: Request) -> Answer:
        if request.path.startswith("/services/"):
            return self._webhook(request)
        if request.path.startswith("/upload/"):
            return self._upload(request)
        methods = {
            "/api/chat.postMessage": self._post_message,
            "/api/files.getUploadURLExternal": self._get_upload_url,
            "/api/files.completeUploadExternal": self._complete_upload,
        }
        if request.path not in methods:
            return api_error("unknown_method", req_method=request.path.removeprefix("/api/"))
        authorization = request.headers.get("authorization")
        if authorization is None:
            return api_error("not_authed")
        if authorization != f"Bearer {self.bot_token}":
            return api_error("invalid_auth")
        arguments = method_arguments(request)
        return api_error("invalid_json") if arguments is None else methods[request.path](arguments)

    def _webhook(self, request: Request) -> Answer:
        if not request.path.startswith(_WEBHOOK_PATH):
            return webhook_error("no_service")
        if request.path.removeprefix(_WEBHOOK_PATH) != _WEBHOOK_TOKEN:
            return webhook_error("invalid_token")
        if request.method != "POST":
            return Answer(405, b"", {"Allow": "POST"})
        payload = webhook_payload(request)
        if payload is None:
            return webhook_error("invalid_payload")
        error = _error_in(payload)
        if error:
            return Answer(400, error[0].encode(), {"Content-Type": "text/html"})
        self._take(payload, self.channel)
        return Answer(200, b"ok", {"Content-Type": "text/html"})

    def _post_message(self, arguments: dict[str, Any]) -> Answer:
        if arguments.get("channel") != self.channel:
            return api_error("channel_not_found")
        error = _error_in(arguments)
        if error:
            messages = [f"[ERROR] {problem}" for problem in error[1]]
            return api_error(error[0], errors=error[1], response_metadata={"messages": messages})
        taken = self._take(arguments, self.channel)
        return _json({"ok": True, "channel": taken.channel, "ts": taken.ts, "message": {"type": "message"}})

    def _take(self, payload: dict[str, Any], channel: str) -> Message:
        ts = f"1700000000.{next(self._numbers):06}"
        self.messages.append(Message(payload, channel, ts, tuple(formatting_warnings(payload))))
        return self.messages[-1]

    def _get_upload_url(self, arguments: dict[str, Any]) -> Answer:
        length = str(arguments.get("length") or "")
        if not arguments.get("filename") or not length.isdigit() or length == "0":
            return api_error("missing_argument")
        file = File(f"F0DEMO{next(self._numbers):04}", arguments["filename"], int(length))
        self.files[file.file_id] = file
        return _json({"ok": True, "upload_url": f"{self.url}/upload/{file.file_id}", "file_id": file.file_id})

    def _upload(self, request: Request) -> Answer:
        file = self.files.get(request.path.removeprefix("/upload/"))
        if file is None or request.method != "POST":
            return Answer(404, b"not found", {"Content-Type": "text/plain"})
        content = uploaded_content(request)
        if len(content) != file.length_bytes:
            return Answer(400, b"size mismatch", {"Content-Type": "text/plain"})
        file.content = content
        return Answer(200, f"OK - {len(content)}".encode(), {"Content-Type": "text/plain"})

    def _complete_upload(self, arguments: dict[str, Any]) -> Answer:
        wanted = arguments.get("files")
        if not isinstance(wanted, list) or not wanted:
            return api_error("invalid_arguments")
        files = [self.files.get(one.get("id", "")) for one in wanted]
        if not all(file and file.content is not None for file in files):
            return api_error("file_not_found")
        channel = arguments.get("channel_id")
        if channel not in (None, self.channel):
            return api_error("channel_not_found")
        for file, one in zip(files, wanted, strict=True):
            if file:
                file.title, file.channel, file.thread_ts = one.get("title"), channel, arguments.get("thread_ts")
        return _json({"ok": True, "files": [{"id": one["id"], "title": one.get("title")} for one in wanted]})


def _error_in(payload: dict[str, Any]) -> tuple[str, list[str]] | None:
    """Slack's word for what is wrong with a message, and the particulars; ``None`` where it is good."""
    text, blocks = payload.get("text"), payload.get("blocks")
    if blocks is not None:
        problems = block_problems(blocks)
        if problems:
            return "invalid_blocks", problems
        if length_of_blocks(blocks) > MAX_TEXT_OF_BLOCKS:
            return "msg_blocks_too_long", []
    if not text and not blocks:
        return "no_text", []
    if not isinstance(text, str | None):
        return "invalid_payload", []
    return ("msg_too_long", []) if text and len(text) > MAX_TEXT else None


def _json(document: dict[str, Any]) -> Answer:
    return Answer(200, json.dumps(document).encode())
