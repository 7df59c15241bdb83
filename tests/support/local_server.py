"""The demo's local server with what only tests need: faults by script, connections cut in the middle, TLS."""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from backup_reporter.demo import local_server as plain
from backup_reporter.demo.local_server import Answer, Connection, Request

__all__ = ["Answer", "Fault", "LocalServer", "Request", "Script"]


@dataclass(frozen=True)
class Script:
    """What to do with the connection instead of answering: bytes are sent, numbers are pauses in seconds.

    Afterwards the connection is closed; with ``reset`` the client sees "connection reset by peer".
    """

    steps: Sequence[bytes | float] = ()
    reset: bool = False

    def send(self, connection: Connection) -> None:
        connection.close_connection = True
        for step in self.steps:
            if isinstance(step, bytes):
                connection.wfile.write(step)
            elif connection.server.stopped.wait(step):
                return
        if self.reset:
            # Closing with unsent data forbidden to linger sends RST instead of FIN.
            connection.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.connection.close()


Fault = Callable[[Request], Answer | Script | None]
"""Asked before anything else is looked at; what it returns goes out instead, ``None`` leaves things as they are."""


class LocalServer(plain.LocalServer):
    """A local server that misbehaves as ``fault`` says, which may be set and changed while it runs.

    With an ``ssl_context`` it speaks TLS.
    """

    def __init__(
        self, *, fault: Fault | None = None, ssl_context: ssl.SSLContext | None = None, **options: Any
    ) -> None:
        super().__init__(**options)
        self.fault = fault
        self._ssl_context = ssl_context
        if ssl_context:
            self.url = self.url.replace("http:", "https:")

    def respond(self, request: Request) -> plain.Reply:
        self.requests.append(request)
        return (self.fault and self.fault(request)) or self.answer(request)

    def wrap(self, connection: socket.socket) -> socket.socket:
        # Not where connections are accepted: one slow handshake must not hold up the others.
        return self._ssl_context.wrap_socket(connection, server_side=True) if self._ssl_context else connection
