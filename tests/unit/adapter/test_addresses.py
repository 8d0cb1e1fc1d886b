"""No address inside the house is reached by a name that merely points there: counted at the socket."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from connector.adapter import Dial, HttpRequest, NotSentError, is_public
from connector.adapter.http import HttpTransport
from connector.errors import ConnectorError, SettingsError, UnsafeReferenceError

HOST = "https://shop.example.com"
INSIDE = (
    "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.1", "192.168.0.1",
    "192.168.255.255", "169.254.169.254", "169.254.170.2", "169.254.0.1", "100.64.0.1", "100.127.255.254", "100.100.100.200",
    "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1",
    "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fd12:3456::1", "ff02::1",
    "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "2002:7f00:1::",
    "2002:a9fe:a9fe::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b::a00:1", "not an address",
)  # fmt: skip
BENT = (
    "http://shop.example.com/", "https://shop.example.com:8443/", "https://shop.example.com.evil.net/",
    "https://evil.net/?https://shop.example.com", "https://evil.net#shop.example.com", "https://shop.example.com@evil.net/",
    "https://user:pw@shop.example.com/", "https://shop.example.com\\@evil.net/", "https://shop.example.com\t.evil.net/",
    "https://127.0.0.1/", "https://[::1]/", "https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/",
    "https://127.1/", "https://localhost/", "file:///etc/passwd", "gopher://127.0.0.1:25/", "ftp://shop.example.com/",
    "https://shop.example.com\r\nHost: evil.net/", "//shop.example.com/", "https:///evil.net", "https://SHOP.example.com.:443\\x",
    "https://xn--shp-5qa.example.com/", "https://[::ffff:127.0.0.1]/",
)  # fmt: skip


@pytest.fixture
def reached(monkeypatch):
    """Every address a socket of this process is asked to connect to; none is let through."""
    places: list[object] = []

    class Counted(socket.socket):
        def connect(self, address):
            places.append(address)
            raise ConnectionRefusedError

    monkeypatch.setattr(socket, "socket", Counted)
    return places


def get(url: str, *answers: str, local: tuple[str, ...] = ()):
    """One request over the real transport, with a resolver that gives one answer after another."""
    said = list(answers)

    def resolve(host: str, port: int) -> list[str]:
        return [said.pop(0) if len(said) > 1 else said[0]]

    transport = HttpTransport([HOST], dial=Dial(local, resolve=resolve))
    transport.send(HttpRequest(method="GET", url=url))


def test_the_corpus_is_of_the_promised_size():
    assert len(INSIDE) + len(BENT) >= 60


@pytest.mark.parametrize("address", INSIDE)
def test_a_name_that_points_inside_is_not_followed(reached, address):
    with pytest.raises(UnsafeReferenceError):
        get(f"{HOST}/orders", address)
    assert reached == []


@pytest.mark.parametrize("url", BENT)
def test_an_address_that_only_looks_like_the_listed_one_is_refused(reached, url):
    with pytest.raises(ConnectorError):
        get(url, "93.184.216.34")
    assert reached == []


def test_what_was_judged_is_what_is_connected_to(reached):
    """A resolver that answers well first and badly afterwards (rebinding) is asked once per connection."""
    for _ in range(3):
        with pytest.raises((NotSentError, UnsafeReferenceError)):
            get(f"{HOST}/orders", "93.184.216.34", "127.0.0.1")
    assert reached == [("93.184.216.34", 443)] * 3


def test_one_bad_address_among_good_ones_forbids_the_host(reached):
    transport = HttpTransport([HOST], dial=Dial(resolve=lambda host, port: ["93.184.216.34", "10.0.0.1"]))
    with pytest.raises(UnsafeReferenceError):
        transport.send(HttpRequest(method="GET", url=HOST))
    assert reached == []


def test_a_host_that_people_named_as_theirs_may_stand_inside(reached):
    with pytest.raises(NotSentError):
        get(f"{HOST}/orders", "10.0.0.1", local=("shop.example.com",))
    assert reached == [("10.0.0.1", 443)]


def test_this_machine_by_name_stays_this_machine(reached):
    transport = HttpTransport(["http://localhost:8080"], dial=Dial(resolve=lambda host, port: ["93.184.216.34"]))
    with pytest.raises(UnsafeReferenceError):
        transport.send(HttpRequest(method="GET", url="http://localhost:8080/"))
    assert reached == []


def test_plain_http_is_for_this_machine_only():
    with pytest.raises(SettingsError):
        HttpTransport(["http://shop.example.com"])


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "8.8.8.8", "64:ff9b::808:808"])
def test_the_open_internet_is_public(address):
    assert is_public(address)


REDIRECTS = (
    "http://169.254.169.254/latest/meta-data/", "https://127.0.0.1/", "//evil.net/", "/elsewhere", "file:///etc/passwd",
)  # fmt: skip


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("place", REDIRECTS)
def test_a_redirect_is_an_answer_and_not_a_way(status, place):
    """Over a real socket: one request arrives, whatever the answer points at."""
    asked: list[str] = []

    class Redirecting(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.send_header("Location", place)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Redirecting)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        origin = f"http://127.0.0.1:{server.server_port}"
        transport = HttpTransport([origin], dial=Dial())
        answer = transport.send(HttpRequest(method="GET", url=f"{origin}/orders"))
        transport.close()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert (answer.status, asked) == (status, ["/orders"])
