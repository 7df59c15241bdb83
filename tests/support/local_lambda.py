"""Lambda's API on loopback, as much as invoking takes: each invocation runs the real handler in this process."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from support.local_server import Answer, LocalServer, Request

Handler = Callable[[Any, str], Mapping[str, Any]]
"""Takes the event and the invocation's id."""


class LocalLambda(LocalServer):
    """Invokes ``handler``. ``invocations`` are the types and events in order."""

    def __init__(self, handler: Handler, environment: Mapping[str, str]) -> None:
        super().__init__()
        self.invocations: list[tuple[str, Any]] = []
        self._handler = handler
        self._environment = environment

    def answer(self, request: Request) -> Answer:
        if request.path.endswith("/configuration"):
            return _json(200, {"Environment": {"Variables": dict(self._environment)}})
        kind = request.headers.get("x-amz-invocation-type", "RequestResponse")
        event, invocation_id = json.loads(request.body or b"null"), str(uuid4())
        self.invocations.append((kind, event))
        headers = {"x-amzn-RequestId": invocation_id}
        try:
            result: Any = self._handler(event, invocation_id)
        except Exception as error:  # noqa: BLE001 - whatever a function raises is an answer
            result = {"errorType": type(error).__name__, "errorMessage": str(error)}
            headers["X-Amz-Function-Error"] = "Unhandled"
        if kind == "Event":
            return Answer(202, b"", {"x-amzn-RequestId": invocation_id})
        return _json(200, result, headers)


def _json(status: int, document: Any, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, json.dumps(document).encode(), headers or {})
