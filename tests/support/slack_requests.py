"""The forms in which Slack takes what is sent to it."""

from __future__ import annotations

import email.parser
import email.policy
import json
from typing import Any
from urllib.parse import parse_qs

from support.local_server import Request


def webhook_payload(request: Request) -> dict[str, Any] | None:
    """JSON as the body, or as the form field ``payload``."""
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return _object(parse_qs(request.body.decode("utf-8", "replace")).get("payload", [""])[0])
    return _object(request.body)


def method_arguments(request: Request) -> dict[str, Any] | None:
    """A method's arguments: the query, and a form or JSON. Lists in a form are JSON themselves."""
    if request.headers.get("content-type", "").startswith("application/json"):
        return _object(request.body)
    form = {name: values[0] for name, values in parse_qs(request.body.decode("utf-8", "replace")).items()}
    arguments: dict[str, Any] = {**request.query, **form}
    for name in ("blocks", "files"):
        if name in arguments:
            arguments[name] = _value(arguments[name])
    return arguments


def uploaded_content(request: Request) -> bytes:
    """The file: the body itself, or the first part of a multipart form."""
    content_type = request.headers.get("content-type", "")
    if not content_type.startswith("multipart/form-data"):
        return request.body
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    form = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + request.body)
    content = next(form.iter_parts()).get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _value(text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _object(text: str | bytes) -> dict[str, Any] | None:
    value = _value(text)
    return value if isinstance(value, dict) else None
