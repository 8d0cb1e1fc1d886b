"""The real transport against a loopback server that behaves well, badly, and not at all."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from connector.adapter.http import HttpTransport
from connector.adapter.transport import HttpRequest, NoAnswerError, NotSentError
from connector.errors import SettingsError, UnsafeReferenceError

Answer = Callable[[socket.socket, bytes], None]


@contextmanager
def server(answer: Answer) -> Iterator[tuple[str, list[bytes]]]:
    """A loopback server that hands each request's bytes to `answer` and then closes the connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    received: list[bytes] = []

    def serve() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with peer:
                peer.settimeout(5)
                received.append(whole_request(peer))
                answer(peer, received[-1])

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", received
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def whole_request(peer: socket.socket) -> bytes:
    """Head and body; they may come in several pieces."""
    read = b""
    while piece := peer.recv(65_536):
        read += piece
        head, ended, body = read.partition(b"\r\n\r\n")
        lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        if ended and len(body) >= int(lengths[0] if lengths else 0):
            break
    return read


def says(text: str) -> Answer:
    return lambda peer, _: peer.sendall(text.replace("\n", "\r\n").encode())


def get(base: str, *, read: float = 2.0, largest: int = 1_000_000) -> bytes:
    transport = HttpTransport([base], largest=largest)
    try:
        return transport.send(HttpRequest(method="GET", url=f"{base}/x", connect=2.0, read=read)).body
    finally:
        transport.close()


def test_an_answer_comes_back_with_its_status_headers_and_body() -> None:
    with server(says("HTTP/1.1 201 Created\nX-One: a\nContent-Length: 4\nConnection: close\n\nbody")) as (base, received):
        transport = HttpTransport([base])
        answer = transport.send(HttpRequest(method="PATCH", url=f"{base}/x?q=1", headers={"If-Match": "z"}, body=b"{}"))
        transport.close()
    assert (answer.status, answer.header("x-one"), answer.body) == (201, "a", b"body")
    assert received[0].startswith(b"PATCH /x?q=1 HTTP/1.1\r\n")
    assert b"If-Match: z\r\n" in received[0]
    assert received[0].endswith(b"\r\n\r\n{}")


def test_a_redirect_is_handed_back_and_not_followed() -> None:
    with server(says("HTTP/1.1 302 Found\nLocation: http://127.0.0.1:1/\nContent-Length: 0\nConnection: close\n\n")) as (
        base,
        seen,
    ):
        transport = HttpTransport([base])
        assert transport.send(HttpRequest(method="GET", url=f"{base}/x")).status == 302
        transport.close()
    assert len(seen) == 1


def test_a_refused_connection_was_certainly_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        base = f"http://127.0.0.1:{unused.getsockname()[1]}"
    with pytest.raises(NotSentError):
        get(base)


def test_a_failed_tls_handshake_was_certainly_not_sent() -> None:
    with server(says("HTTP/1.1 200 OK\nContent-Length: 0\n\n")) as (base, _):
        secure = base.replace("http://", "https://")
        with pytest.raises(NotSentError):
            get(secure)


def test_a_name_that_does_not_resolve_was_certainly_not_sent() -> None:
    with pytest.raises(NotSentError):
        get("https://nobody.invalid")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(lambda peer, _: None, id="closed without an answer"),
        pytest.param(says("HTTP/1.1 200 OK\nContent-Length: 100\n\ncut"), id="body shorter than promised"),
        pytest.param(says("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5\nabc"), id="cut inside a chunk"),
        pytest.param(says("HTT"), id="cut inside the status line"),
    ],
)
def test_a_request_without_a_whole_answer_may_have_arrived(answer: Answer) -> None:
    with server(answer) as (base, _), pytest.raises(NoAnswerError):
        get(base)


def test_a_silent_server_ends_in_a_time_out_that_counts_as_maybe_arrived() -> None:
    release = threading.Event()
    with server(lambda peer, _: bool(release.wait(5)) and None) as (base, _):
        with pytest.raises(NoAnswerError):
            get(base, read=0.2)
        release.set()


def test_an_answer_larger_than_the_cap_is_given_up() -> None:
    body = "x" * 5_000
    with server(says(f"HTTP/1.1 200 OK\nContent-Length: 5000\n\n{body}")) as (base, _), pytest.raises(NoAnswerError):
        get(base, largest=1_000)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/x",
        "https://org.my.salesforce.com.evil.example/x",
        "http://org.my.salesforce.com/x",
        "https://org.my.salesforce.com:8443/x",
        "https://org.my.salesforce.com@evil.example/x",
        "https://org.my.salesforce.com\\@evil.example/x",
        "https://my.salesforce.com/x",
        "//evil.example/x",
        "file:///etc/passwd",
        "https://org.my.salesforce.com/a\r\nHost: evil.example",
        "https://org.my.salesforce.com:port/x",
    ],
)
def test_a_host_outside_the_list_is_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(UnsafeReferenceError):
        HttpTransport(["https://*.my.salesforce.com"]).send(HttpRequest(method="GET", url=url))


def test_plain_http_is_for_this_machine_only() -> None:
    with pytest.raises(SettingsError, match="https"):
        HttpTransport(["http://crm.example"])
    HttpTransport(["http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:2"])
