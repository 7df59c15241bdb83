"""A threaded HTTP/1.1 server on loopback that the stand-ins share: keep-alive, no Nagle, gzip on request."""

from __future__ import annotations

import contextlib
import gzip
import http
import socket
import socketserver
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Protocol, Self
from urllib.parse import parse_qs, urlsplit

_MIN_ZIPPED_BYTES = 1024


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request as it came in. Header names are in lower case; ``at`` is monotonic, in seconds."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    source_ip: str
    at: float


class Reply(Protocol):
    """What :meth:`LocalServer.answer` returns: something that can write itself to the connection."""

    def send(self, connection: Connection) -> None: ...


@dataclass(frozen=True)
class Answer:
    """An ordinary answer. Its ``headers`` replace the server's own, ``Date`` included."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0

    def send(self, connection: Connection) -> None:
        if self.delay_seconds:
            connection.server.stopped.wait(self.delay_seconds)
        body = self.body
        headers = {"Date": connection.date_time_string(), "Content-Type": "application/json"}
        if len(body) >= _MIN_ZIPPED_BYTES and "gzip" in connection.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, compresslevel=1, mtime=0)
            headers["Content-Encoding"] = "gzip"
        headers |= {"Content-Length": str(len(body)), **self.headers}
        head = [f"HTTP/1.1 {self.status} {_phrase(self.status)}", *(f"{k}: {v}" for k, v in headers.items())]
        # One write: head and body in two would wait for the other side's delayed acknowledgement.
        has_body = connection.command != "HEAD"
        connection.wfile.write("\r\n".join([*head, "", ""]).encode("latin-1") + (body if has_body else b""))


class LocalServer(ABC):
    """A context manager that serves :meth:`answer` on ``url`` until it is left.

    ``port`` 0 takes a free one. Leaving it cuts every connection. ``requests`` are all that came in.
    """

    def __init__(self, *, port: int = 0) -> None:
        self.requests: list[Request] = []
        self._tcp = _ThreadedServer(("127.0.0.1", port), self)
        self.url = f"http://127.0.0.1:{self._tcp.server_address[1]}"

    @abstractmethod
    def answer(self, request: Request) -> Reply:
        """Answers one request. Each connection has a thread of its own."""

    def respond(self, request: Request) -> Reply:
        """Records the request and answers it."""
        self.requests.append(request)
        return self.answer(request)

    def wrap(self, connection: socket.socket) -> socket.socket:
        """Returns the connection to talk over; a subclass may speak TLS."""
        return connection

    def __enter__(self) -> Self:
        threading.Thread(target=self._tcp.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tcp.stop()


class _ThreadedServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], owner: LocalServer) -> None:
        self.owner = owner
        self.stopped = threading.Event()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(address, Connection)

    def opened(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.add(connection)

    def closed(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.discard(connection)

    def stop(self) -> None:
        self.stopped.set()
        self.shutdown()
        self.server_close()
        with self._lock:
            for connection in self._open:
                _cut(connection)

    def handle_error(self, request: object, client_address: object) -> None:
        """Says nothing: a client may hang up."""


def _cut(connection: socket.socket) -> None:
    # The other side may have been quicker.
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class Connection(BaseHTTPRequestHandler):
    """One client's connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _ThreadedServer

    def setup(self) -> None:
        self.request = self.server.owner.wrap(self.request)
        super().setup()
        self.server.opened(self.connection)

    def finish(self) -> None:
        self.server.closed(self.connection)
        super().finish()

    def _serve(self) -> None:
        self.server.owner.respond(self._read()).send(self)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _serve

    def _read(self) -> Request:
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        length = int(self.headers.get("Content-Length") or 0)
        return Request(
            method=self.command,
            path=parts.path,
            query=query,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length) if length else b"",
            source_ip=self.client_address[0],
            at=time.monotonic(),
        )

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: :meth:`LocalServer.respond` records what came in."""


def _phrase(status: int) -> str:
    return http.HTTPStatus(status).phrase if status in http.HTTPStatus._value2member_map_ else "Unknown"
