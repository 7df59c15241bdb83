"""A real HTTP proxy on loopback, of the kind that companies put between a VPC and the internet."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from base64 import b64encode
from types import TracebackType
from typing import Self


class ConnectProxy:
    """Opens tunnels (``CONNECT``) for those who know the password; ``tunnels`` are the places asked for.

    ``refuses_with`` is a status that every request gets instead.
    """

    def __init__(
        self, user: str = "reporter", password: str = "pr0xy-passw0rd", refuses_with: int | None = None
    ) -> None:
        self.tunnels: list[str] = []
        self.refuses_with = refuses_with
        self._authorization = "Basic " + b64encode(f"{user}:{password}".encode()).decode()
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.url = f"http://{user}:{password}@127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def status_for(self, head: list[str]) -> int:
        """Returns how the proxy answers a request's first lines."""
        if self.refuses_with:
            return self.refuses_with
        return 200 if f"Proxy-Authorization: {self._authorization}" in head else 407

    def _handler(self) -> type[socketserver.BaseRequestHandler]:
        proxy = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                head = []
                while line := self.rfile.readline().decode("latin-1").strip():
                    head.append(line)
                if not head:
                    return
                status = proxy.status_for(head)
                self.wfile.write(f"HTTP/1.1 {status} whatever\r\n\r\n".encode())
                if status == 200:
                    place = head[0].split()[1]
                    proxy.tunnels.append(place)
                    host, _, port = place.rpartition(":")
                    with contextlib.suppress(OSError), socket.create_connection((host, int(port))) as upstream:
                        _connect(self.connection, upstream)

        return Handler


def _connect(one: socket.socket, other: socket.socket) -> None:
    back = threading.Thread(target=_pump, args=(other, one), daemon=True)
    back.start()
    _pump(one, other)
    back.join(5)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
