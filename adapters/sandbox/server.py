"""Serves a face over loopback HTTP, with keep-alive, and with the cuts and stalls its faults ask for."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

from adapters.sandbox.wire import ConnectionCut, Face, Headers, Stall, WireRequest, WireResponse

_PIECE = 256
_MOST_BODY = 50 * 1024 * 1024


class SandboxServer(ThreadingHTTPServer):
    """A server bound to 127.0.0.1; each connection has a thread."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, face: Face, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Exchange)
        self.face = face
        self.stopping = threading.Event()
        self.defects: list[BaseException] = []
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def stop(self) -> None:
        """Stop accepting, wake stalled calls, close every connection."""
        self.stopping.set()
        self.shutdown()
        with self._guard:
            connections = list(self._open)
        for connection in connections:
            _close(connection)
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Remember a defect of the face; a client that went away is none."""
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, OSError):
            self.defects.append(error)


class _Exchange(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Two small writes on one connection wait for the peer's delayed ACK (about 45 ms): one write, no delay.
    disable_nagle_algorithm = True
    wbufsize = 0

    def _answer(self) -> None:
        server = cast(SandboxServer, self.server)
        try:
            response = server.face.respond(self._request())
        except ConnectionCut:
            self._hang_up()
        except Stall:
            server.stopping.wait()
            self._hang_up()
        else:
            self._send(response, server.stopping)

    def _request(self) -> WireRequest:
        length = min(int(self.headers.get("Content-Length") or 0), _MOST_BODY)
        path, _, query = self.path.partition("?")
        return WireRequest(
            method=self.command,
            path=path,
            query=query,
            headers=Headers(dict(self.headers.items())),
            body=self.rfile.read(length) if length else b"",
        )

    def _send(self, response: WireResponse, stopping: threading.Event) -> None:
        message = _head(response) + response.body
        if response.cut_after is not None:
            self.wfile.write(message[: len(message) - len(response.body) + response.cut_after])
            self._hang_up()
        elif response.drip_seconds:
            for start in range(0, len(message), _PIECE):
                self.wfile.write(message[start : start + _PIECE])
                stopping.wait(response.drip_seconds)
        else:
            self.wfile.write(message)

    def _hang_up(self) -> None:
        self.close_connection = True
        _close(self.connection)

    def log_message(self, format: str, *args: Any) -> None:
        """The org's own log says what happened; nothing goes to stderr."""

    def __getattr__(self, name: str) -> Callable[[], None]:
        """The standard library looks for `do_<METHOD>`: every method is answered alike."""
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)


def _head(response: WireResponse) -> bytes:
    phrase = HTTPStatus(response.status).phrase if response.status in set(HTTPStatus) else "Unknown"
    lines = [f"HTTP/1.1 {response.status} {phrase}"]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    if response.status not in (204, 304):
        lines.append(f"Content-Length: {len(response.body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _close(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the peer was faster


@contextmanager
def serve(face: Face, *, port: int = 0) -> Iterator[str]:
    """Serve a face until the block ends; gives the base URL. Port 0 takes a free one.

    A defect of the face closes the connection that met it, and is raised when the block ends.
    """
    server = SandboxServer(face, port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="sandbox-crm")
    thread.start()
    try:
        yield server.url
    finally:
        server.stop()
        thread.join()
    if server.defects:
        raise server.defects[0]
