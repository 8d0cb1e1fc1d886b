"""Anybody can send the public door what is no HTTP: it is answered, and fills no log."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from contextlib import contextmanager, suppress
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from connector.settings import WebSettings
from connector.web.hooks.app import hooks_app
from connector.web.patience import Punctual
from connector.web.serving import bound, served
from tests.support.door import FREE, door_of
from tests.support.road import DESKS, Road
from tests.support.visitor import Kept

HOST = b" HTTP/1.1\r\nHost: crm.example\r\n"
CHUNKED = HOST + b"Transfer-Encoding: chunked\r\n\r\n"
HERE, NOT_HERE = b"POST /hooks/crm", b"POST /hooks/nobody"
STRANGE = {
    "no HTTP": (b"\x00\x01CANARY\r\n\r\n",),
    "a header without end": (HERE + HOST + b"X-CANARY: " + b"a" * 70_000,),
    "two lengths": (HERE + HOST + b"Content-Length: 6\r\nContent-Length: 7\r\n\r\nCANARY",),
    "a chunk that is none": (HERE + CHUNKED + b"5\r\nabcdeCANARY\r\n",),
    "a chunk that is none, already refused": (NOT_HERE + CHUNKED + b"5\r\nabcdeCANARY\r\n",),
    "a chunk that comes after the refusal": (NOT_HERE + CHUNKED, b"CANARY\r\nabc\r\n"),
    "a chunk's length without end": (HERE + CHUNKED + b"1" * 70_000,),
    "a length without end after the refusal": (NOT_HERE + CHUNKED, b"1" * 70_000),
    "another protocol": (b"GET /" + HOST + b"Upgrade: websocket\r\nConnection: upgrade\r\n\r\n",),
}


@pytest.fixture
def road(tmp_path):
    made = Road(DESKS["hubspot"](), tmp_path, under=FREE)
    made.activate()
    yield made
    made.store.close()


@contextmanager
def opened(app, log, clock):
    settings = WebSettings(port=0)
    door = bound(settings)
    with served(app, settings, door, log, clock):
        yield door.getsockname()[1]


def answered(port, parts):
    """The first answer to what is sent part by part; what the server does not want to hear any more is not sent."""
    first = b""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        for place, part in enumerate(parts):
            try:
                line.sendall(part)
                first = first or line.recv(200)
                if place == len(parts) - 1:
                    line.shutdown(socket.SHUT_WR)
                    while line.recv(4096):
                        pass
            except OSError:  # the server has had enough
                break
    return first


def lines(log):
    return [fields for event, fields in log.lines if event == "malformed_requests"]


@pytest.mark.parametrize("strange", STRANGE)
def test_what_is_no_http_is_one_quiet_line_however_often_it_comes(road, caplog, strange):
    log = Kept()
    with caplog.at_level(logging.INFO), opened(hooks_app(door_of(road, log)), log, road.clock) as port:
        for _ in range(5):
            assert answered(port, STRANGE[strange]).startswith(b"HTTP/1.1 4")
        assert len(lines(log)) == 1
        road.clock.advance(timedelta(seconds=61))
        answered(port, STRANGE[strange])
    told = lines(log)
    assert len(told) == 2
    assert told[1]["lines"] >= 5
    assert "CANARY" not in str(log.lines)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


UNENDED = {
    "nothing at all": (),
    "half a header": (HERE + b" HTTP/1.1\r\nHo",),
    "half a body": (HERE + HOST + b"Content-Length: 500\r\n\r\n{",),
    "half a chunk": (HERE + CHUNKED + b"50\r\n{",),
    "half of a second request": (b"GET /hooks/crm" + HOST + b"\r\n", HERE + b" HT"),
}


@pytest.mark.parametrize("begun", UNENDED)
def test_a_request_that_never_ends_is_cut_off_and_makes_room(road, monkeypatch, begun):
    monkeypatch.setattr(Punctual, "PATIENCE", 0.3)
    log = Kept()
    with opened(hooks_app(door_of(road, log)), log, road.clock) as port:
        with socket.create_connection(("127.0.0.1", port), timeout=60) as line, suppress(ConnectionError):
            for place, part in enumerate(UNENDED[begun]):
                assert place == 0 or line.recv(4096).startswith(b"HTTP/1.1 4")
                line.sendall(part)
            while line.recv(4096):
                pass
        assert answered(port, [b"GET /nowhere" + HOST + b"Connection: close\r\n\r\n"]).startswith(b"HTTP/1.1 404")


def test_a_byte_now_and_then_is_no_end_either(road, monkeypatch):
    monkeypatch.setattr(Punctual, "PATIENCE", 0.3)
    log = Kept()
    with (
        opened(hooks_app(door_of(road, log)), log, road.clock) as port,
        socket.create_connection(("127.0.0.1", port), timeout=60) as line,
        suppress(ConnectionError),
    ):
        line.sendall(HERE + HOST + b"Content-Length: 1000000\r\n\r\n")
        line.settimeout(0.05)
        for _ in range(10_000):  # it would take minutes, were nobody to end it
            line.sendall(b"x")
            with suppress(TimeoutError):
                if not line.recv(1):
                    break
        else:
            pytest.fail("it was still listened to")


def test_an_answer_may_take_longer_than_a_request(road, monkeypatch):
    monkeypatch.setattr(Punctual, "PATIENCE", 0.2)

    goes_on = threading.Event()

    async def slow(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.to_thread(goes_on.wait)
        await send({"type": "http.response.body", "body": b"done"})

    log = Kept()
    with opened(slow, log, road.clock) as port, socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        line.sendall(b"GET /" + HOST + b"Connection: close\r\n\r\n")
        told = line.recv(4096)
        with socket.create_connection(("127.0.0.1", port), timeout=60) as idle, suppress(ConnectionError):
            idle.recv(1)  # cut off: more than that time has passed
        goes_on.set()
        while part := line.recv(4096):
            told += part
    assert told.endswith(b"done\r\n0\r\n\r\n")


def test_a_mistake_of_our_own_keeps_its_traceback(road, caplog):
    async def broken(scope, receive, send):
        raise ZeroDivisionError

    log = Kept()
    with opened(broken, log, road.clock) as port:
        assert answered(port, [b"GET /" + HOST + b"Connection: close\r\n\r\n"]).startswith(b"HTTP/1.1 500")
    assert lines(log) == []
    [record] = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.exc_info[0] is ZeroDivisionError


def test_the_server_speaks_as_ever_once_it_has_stopped(road):
    log = Kept()
    with opened(hooks_app(door_of(road, log)), log, road.clock):
        pass
    assert all(not logging.getLogger(name).filters for name in ("uvicorn.error", "asyncio"))


def test_forged_deliveries_are_told_of_once_a_minute_and_counted(road):
    log = Kept()
    with TestClient(hooks_app(door_of(road, log))) as client:
        for _ in range(50):
            assert client.post("/hooks/crm", content=b"[]").status_code == 401
        road.wait(timedelta(minutes=1))
        client.post("/hooks/crm", content=b"[]")
    told = [(fields["source"], fields["times"]) for event, fields in log.lines if event == "hook_refused"]
    assert told == [("crm", 1), ("crm", 50)]
