"""Everything that leaves the machine is counted where it leaves."""

from __future__ import annotations

import socket
import threading
from datetime import UTC, date, datetime

import pytest

from connector.adapter import (
    Departure,
    Dial,
    HttpRequest,
    HttpResponse,
    Metered,
    NoAnswerError,
    NotSentError,
    Purpose,
    Tally,
    session_counter,
)
from connector.clock import HeldClock

CLOCK = HeldClock(datetime(2026, 9, 1, 23, 30, tzinfo=UTC))
DAY = date(2026, 9, 1)


class Answering:
    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    def send(self, request: HttpRequest) -> HttpResponse:
        if self.error is not None:
            raise self.error
        return HttpResponse(status=500, headers=(), body=b"12345")


def post(body: bytes = b"abc", url: str = "https://api.example.com/v1/secret-path?token=x") -> HttpRequest:
    return HttpRequest(method="POST", url=url, body=body, purpose=Purpose.MODEL)


def departure(**counts: int) -> Departure:
    return Departure(day=DAY, host="api.example.com", purpose=Purpose.MODEL, on_behalf="tier fast", **counts)


def test_requests_and_bytes_of_one_host_purpose_and_cause_add_up():
    tally = Tally()
    metered = Metered(Answering(), tally, CLOCK, on_behalf="tier fast")
    metered.send(post())
    metered.send(post(b"1234"))
    assert list(tally.take()) == [departure(requests=2, sent=7, received=10)]
    assert list(tally.take()) == []


def test_what_got_no_answer_counts_and_what_never_left_does_not():
    tally = Tally()
    with pytest.raises(NoAnswerError):
        Metered(Answering(NoAnswerError("cut")), tally, CLOCK, on_behalf="tier fast").send(post())
    with pytest.raises(NotSentError):
        Metered(Answering(NotSentError("refused")), tally, CLOCK, on_behalf="tier fast").send(post())
    assert list(tally.take()) == [departure(requests=1, sent=3)]


def test_a_count_holds_no_path_query_or_content():
    tally = Tally()
    Metered(Answering(), tally, CLOCK, on_behalf="tier fast").send(post())
    assert "secret" not in str(tally.take())


def test_threads_lose_no_count():
    tally = Tally()
    metered = Metered(Answering(), tally, CLOCK, on_behalf="tier fast")
    threads = [threading.Thread(target=lambda: [metered.send(post()) for _ in range(200)]) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert [one.requests for one in tally.take()] == [800]


def test_sessions_of_other_protocols_count_by_their_host():
    tally = Tally()
    dial = Dial(opened=session_counter(tally, CLOCK, Purpose.CHANNEL, "channels.mail"))
    with socket.create_server(("127.0.0.1", 0)) as server:
        dial.connect("localhost", server.getsockname()[1], 5).close()
        dial.addresses("127.0.0.1", 5432)
    assert {(one.host, one.purpose, one.on_behalf, one.requests) for one in tally.take()} == {
        ("localhost", Purpose.CHANNEL, "channels.mail", 1),
        ("127.0.0.1", Purpose.CHANNEL, "channels.mail", 1),
    }
