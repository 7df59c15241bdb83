"""A small Lambda Runtime API: hands out events to AWS's own runtime interface client and takes its answers.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import json
import os
import queue
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

SOURCE = Path(__file__).parents[2] / "src"


class RuntimeApi(ThreadingHTTPServer):
    """Events go in, answers come out: ``("response" | "error" | "init", document)``."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.events: queue.Queue[tuple[str, object]] = queue.Queue()
        self.answers: queue.Queue[tuple[str, Any]] = queue.Queue()

    def invoke(self, event: object, request_id: str = "22222222-0000-0000-0000-000000000000") -> tuple[str, Any]:
        self.events.put((request_id, event))
        return self.answers.get(timeout=30)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: RuntimeApi

    def setup(self) -> None:
        super().setup()
        # Nagle's algorithm waits 40 ms before it sends the second half of a small answer.
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def do_GET(self) -> None:
        request_id, event = self.server.events.get()
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Trace-Id": "Root=1-00000000-000000000000000000000000",
            "Lambda-Runtime-Aws-Request-Id": request_id,
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + 60) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-central-1:123456789012:function:reporter",
        }
        self._answer(200, json.dumps(event).encode(), headers)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        kind = "init" if "/init/" in self.path else self.path.rpartition("/")[2]
        self._answer(202, b"{}", {})
        self.server.answers.put((kind, json.loads(body or b"null")))

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def runtime(environment: Mapping[str, str], log: Path) -> Iterator[RuntimeApi]:
    """The function's process under AWS's runtime interface client; what it prints goes to ``log``."""
    api = RuntimeApi()
    Thread(target=api.serve_forever, daemon=True).start()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "awslambdaric", "backup_reporter.handler.lambda_handler"],
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(SOURCE),
                "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.server_port}",
                "AWS_LAMBDA_FUNCTION_NAME": "reporter",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
                **environment,
            },
            stdout=output,
            stderr=output,
        )
        try:
            yield api
        finally:
            process.kill()
            process.wait()
            api.shutdown()
