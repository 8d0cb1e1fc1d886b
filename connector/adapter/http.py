"""The real transport: pinned hosts over urllib3, time-outs always, no redirects, no retries, answers of bounded size.

It tells the one thing that decides about resending a write: whether the request can have left this machine.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from connector.adapter.addresses import Dial, is_loopback
from connector.adapter.transport import HttpRequest, HttpResponse, NoAnswerError, NotSentError
from connector.clock import Clock, SystemClock
from connector.errors import SettingsError, UnsafeReferenceError

_PORTS: Mapping[str, int] = {"https": 443, "http": 80}
_CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class AllowedHost:
    """One scheme, host and port that may be called; a host `*.example.com` stands for every name below example.com."""

    scheme: str
    host: str
    port: int

    @classmethod
    def parse(cls, address: str) -> AllowedHost:
        """`https://org.my.salesforce.com` as a value; plain http is for loopback only."""
        parts = urlsplit(address if "://" in address else f"https://{address}")
        host = (parts.hostname or "").rstrip(".")
        if parts.scheme not in _PORTS or not host or parts.username is not None:
            raise SettingsError([f"{address!r} is not an address such as https://example.com"])
        if parts.scheme == "http" and not is_loopback(host):
            raise SettingsError([f"{address!r} must be https: plain http is allowed for this machine only"])
        return cls(parts.scheme, host, parts.port or _PORTS[parts.scheme])

    def admits(self, scheme: str, host: str, port: int) -> bool:
        if (scheme, port) != (self.scheme, self.port):
            return False
        return host == self.host or (self.host.startswith("*.") and host.endswith(self.host[1:]))


class HttpTransport:
    """Sends requests to the hosts it was built for and to no others; safe to share between threads.

    With a `dial`, the address behind each host is judged as well, at every new connection.
    """

    def __init__(
        self,
        hosts: Collection[str],
        *,
        pool: int = 16,
        largest: int = 64 * 1024 * 1024,
        ca_file: str | None = None,
        clock: Clock | None = None,
        dial: Dial | None = None,
    ) -> None:
        self._hosts = tuple(AllowedHost.parse(host) for host in hosts)
        self._largest = largest
        self._clock = clock or SystemClock()
        self._pools = urllib3.PoolManager(
            num_pools=max(4, len(self._hosts)),
            maxsize=pool,
            block=False,
            retries=False,
            ssl_context=ssl.create_default_context(cafile=ca_file),
        )
        self._pools.pool_classes_by_scheme = _pools_through(dial)

    def send(self, request: HttpRequest) -> HttpResponse:
        self._check(request.url)
        deadline = self._clock.monotonic() + request.connect + request.read
        _progress.written = False
        try:
            answer = self._pools.request(
                request.method,
                request.url,
                body=request.body or None,
                headers=dict(request.headers),
                timeout=urllib3.Timeout(connect=request.connect, read=request.read),
                retries=False,
                redirect=False,
                preload_content=False,
            )
        except (HTTPError, OSError) as error:
            raise _failure(error, request) from error
        return HttpResponse(
            status=answer.status, headers=tuple(answer.headers.items()), body=self._body(answer, request, deadline)
        )

    def close(self) -> None:
        self._pools.clear()

    def _check(self, url: str) -> None:
        parts = _split(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(parts.scheme, 0)
        if not any(allowed.admits(parts.scheme, host, port) for allowed in self._hosts):
            raise UnsafeReferenceError(f"{parts.scheme}://{host}:{port} is not a host this connection may call")

    def _body(self, answer: urllib3.BaseHTTPResponse, request: HttpRequest, deadline: float) -> bytes:
        chunks: list[bytes] = []
        length = 0
        try:
            while chunk := answer.read1(_CHUNK):
                chunks.append(chunk)
                length += len(chunk)
                if length > self._largest:
                    raise NoAnswerError(f"the answer of {_place(request)} is larger than {self._largest} bytes")
                if self._clock.monotonic() > deadline:
                    raise NoAnswerError(f"{_place(request)} did not finish its answer within {request.read:g} s")
        except (HTTPError, OSError) as error:
            answer.close()
            raise NoAnswerError(f"the answer of {_place(request)} was cut off: {type(error).__name__}") from error
        except NoAnswerError:
            answer.close()
            raise
        answer.release_conn()
        return b"".join(chunks)


def _split(url: str) -> SplitResult:
    if any(ord(character) <= 32 or character == "\\" for character in url):
        raise UnsafeReferenceError("an address may not contain blanks, control characters or backslashes")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise UnsafeReferenceError("this is not an address") from error
    if parts.username is not None or parts.fragment:
        raise UnsafeReferenceError("an address may not carry a user name or a fragment")
    return parts


def _place(request: HttpRequest) -> str:
    """Method and host, without path or query: those can hold ids and values."""
    return f"{request.method} {urlsplit(request.url).netloc}"


def _failure(error: Exception, request: HttpRequest) -> Exception:
    name = type(error).__name__
    if _progress.written:
        return NoAnswerError(f"{_place(request)} was sent and no whole answer came back: {name}")
    return NotSentError(f"{_place(request)} could not be reached: {name}")


class _Progress(threading.local):
    """Whether a byte of this thread's current request was handed to the network."""

    written = False


_progress = _Progress()


class _PlainConnection(HTTPConnection):
    dial: Dial | None = None

    def _new_conn(self) -> socket.socket:
        return super()._new_conn() if self.dial is None else _dialled(self, self.dial)

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        _progress.written = True
        super().send(data)


class _SecureConnection(HTTPSConnection):
    dial: Dial | None = None

    def _new_conn(self) -> socket.socket:
        return super()._new_conn() if self.dial is None else _dialled(self, self.dial)

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        _progress.written = True
        super().send(data)


def _dialled(connection: HTTPConnection, dial: Dial) -> socket.socket:
    """A socket to a judged address; the name stays what TLS and the Host header speak of."""
    wait = connection.timeout if isinstance(connection.timeout, int | float) else None
    try:
        return dial.connect(connection.host, connection.port, wait)
    except TimeoutError as error:
        raise ConnectTimeoutError(connection, f"{connection.host} did not answer") from error
    except OSError as error:
        raise NewConnectionError(connection, f"{connection.host} could not be reached") from error


def _pools_through(dial: Dial | None) -> dict[str, type]:
    """Pools whose connections are opened through `dial`."""
    plain = type("_Plain", (_PlainConnection,), {"dial": dial})
    secure = type("_Secure", (_SecureConnection,), {"dial": dial})
    return {
        "http": type("_PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("_SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
    }
