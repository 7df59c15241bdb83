"""A threaded HTTP/1.1 server on loopback that the stand-ins share: keep-alive, no Nagle, gzip where asked.

It can also misbehave on purpose: instead of an :class:`Answer`, a :class:`Script` says byte for byte what
goes over the wire, with pauses, and how the connection ends.
"""

from __future__ import annotations

import contextlib
import gzip
import http
import socket
import socketserver
import ssl
import struct
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

_MIN_WORTH_ZIPPING_BYTES = 1024


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


@dataclass(frozen=True)
class Answer:
    """An ordinary answer. Its ``headers`` replace those the server would send by itself, ``Date`` included."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0


@dataclass(frozen=True)
class Script:
    """What to do with the connection instead of answering: bytes are sent, numbers are pauses in seconds.

    Afterwards the connection is closed; with ``reset`` the client sees "connection reset by peer".
    """

    steps: Sequence[bytes | float] = ()
    reset: bool = False


Fault = Callable[[Request], Answer | Script | None]
"""Asked before anything else is looked at; what it returns goes out instead, ``None`` leaves things as they are."""


class LocalServer(ABC):
    """A context manager that serves :meth:`answer` on ``url`` until it is left.

    ``port`` 0 takes a free one. With an ``ssl_context`` it speaks TLS. Leaving it cuts every connection.
    ``requests`` are all that came in; ``fault`` may be set and changed while it runs.
    """

    def __init__(self, *, fault: Fault | None = None, port: int = 0, ssl_context: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self.fault = fault
        self._tcp = _ThreadedServer(("127.0.0.1", port), self, ssl_context)
        scheme = "https" if ssl_context else "http"
        self.url = f"{scheme}://127.0.0.1:{self._tcp.server_address[1]}"

    @abstractmethod
    def answer(self, request: Request) -> Answer | Script:
        """Answers one request; called in a thread of its own for each connection."""

    def respond(self, request: Request) -> Answer | Script:
        """Records the request and answers it, faultily if so told."""
        self.requests.append(request)
        return (self.fault and self.fault(request)) or self.answer(request)

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

    def __init__(self, address: tuple[str, int], owner: LocalServer, ssl_context: ssl.SSLContext | None) -> None:
        self.owner = owner
        self.ssl_context = ssl_context
        self.stopped = threading.Event()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(address, _Connection)

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
        """A client that hangs up is nothing to tell anybody about."""


def _cut(connection: socket.socket) -> None:
    # The other side may have been quicker.
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _ThreadedServer

    def setup(self) -> None:
        if self.server.ssl_context:
            # Here rather than where connections are accepted: one slow handshake must not hold up the others.
            self.request = self.server.ssl_context.wrap_socket(self.request, server_side=True)
        super().setup()
        self.server.opened(self.connection)

    def finish(self) -> None:
        self.server.closed(self.connection)
        super().finish()

    def _serve(self) -> None:
        answer = self.server.owner.respond(self._read())
        if isinstance(answer, Script):
            self._follow(answer)
        else:
            self._send(answer)

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

    def _send(self, answer: Answer) -> None:
        if answer.delay_seconds:
            self.server.stopped.wait(answer.delay_seconds)
        body = answer.body
        headers = {"Date": self.date_time_string(), "Content-Type": "application/json"}
        if len(body) >= _MIN_WORTH_ZIPPING_BYTES and "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, compresslevel=1, mtime=0)
            headers["Content-Encoding"] = "gzip"
        headers |= {"Content-Length": str(len(body)), **answer.headers}
        head = [f"HTTP/1.1 {answer.status} {_phrase(answer.status)}", *(f"{k}: {v}" for k, v in headers.items())]
        # One write: head and body in two would wait for the other side's delayed acknowledgement.
        self.wfile.write("\r\n".join([*head, "", ""]).encode("latin-1") + (b"" if self.command == "HEAD" else body))

    def _follow(self, script: Script) -> None:
        self.close_connection = True
        for step in script.steps:
            if isinstance(step, bytes):
                self.wfile.write(step)
            elif self.server.stopped.wait(step):
                return
        if script.reset:
            # Closing with unsent data forbidden to linger sends RST instead of FIN.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: what came in is recorded where it is answered."""


def _phrase(status: int) -> str:
    return http.HTTPStatus(status).phrase if status in http.HTTPStatus._value2member_map_ else "Unknown"
