"""Tokens: one refresh for all, the same request again, and no login loop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connector.adapter import HttpRequest, HttpResponse, NoAnswerError, Token
from connector.adapter.tokens import FetchToken, GrantRefusedError, TokenKeeper
from connector.clock import HeldClock
from connector.errors import CredentialsError, UnavailableError

START = datetime(2026, 3, 1, tzinfo=UTC)
REQUEST = HttpRequest(
    method="PATCH",
    url="https://crm.example/1",
    body=b'{"a":1}',
    headers={"If-Unmodified-Since": "Sun, 01 Mar 2026 00:00:00 GMT", "Sforce-Auto-Assign": "FALSE"},
)


class Shelf:
    """A token store shared by several keepers, as processes share a table."""

    def __init__(self, token: Token | None = None) -> None:
        self.token = token

    def current(self) -> Token | None:
        return self.token

    def swap(self, old: Token | None, new: Token) -> bool:
        if self.token != old:
            return False
        self.token = new
        return True


class Crm:
    """Answers 200 to the tokens it knows and 401 to all others."""

    def __init__(self, *valid: str) -> None:
        self.valid = set(valid)
        self.requests: list[HttpRequest] = []
        self.logins = 0

    def send(self, request: HttpRequest) -> HttpResponse:
        self.requests.append(request)
        known = request.headers["Authorization"].removeprefix("Bearer ") in self.valid
        return HttpResponse(status=200 if known else 401, headers=(), body=b"")

    def login(self, old: Token | None) -> Token:
        self.logins += 1
        access = f"issued-{self.logins}"
        self.valid.add(access)
        return Token(access=access)


def keeper(crm: Crm, shelf: Shelf, fetch: FetchToken | None = None, clock: HeldClock | None = None) -> TokenKeeper:
    return TokenKeeper(store=shelf, fetch=fetch or crm.login, transport=crm, clock=clock or HeldClock(START))


def test_an_expired_session_repeats_the_same_request_with_only_the_token_changed() -> None:
    crm, shelf = Crm(), Shelf(Token(access="old", generation=4))
    assert keeper(crm, shelf).send(REQUEST).status == 200
    first, second = crm.requests
    assert first.headers == {**REQUEST.headers, "Authorization": "Bearer old"}
    assert second.headers == {**REQUEST.headers, "Authorization": "Bearer issued-1"}
    assert replace(second, headers={}) == replace(first, headers={})
    assert shelf.token == Token(access="issued-1", generation=5)


def test_a_crm_that_refuses_every_token_sees_one_login_per_pause() -> None:
    crm, clock = Crm(), HeldClock(START)

    def issue_a_dud(old: Token | None) -> Token:
        crm.logins += 1
        return Token(access="dud")

    kept = keeper(crm, Shelf(), issue_a_dud, clock)
    for _ in range(20):
        with pytest.raises(CredentialsError):
            kept.send(REQUEST)
    assert crm.logins <= 2
    clock.advance(timedelta(minutes=6))
    with pytest.raises(CredentialsError):
        kept.send(REQUEST)
    assert crm.logins <= 3


def test_sessions_that_end_again_and_again_do_not_become_a_login_loop() -> None:
    crm = Crm()
    kept = keeper(crm, Shelf())
    failures = 0
    for _ in range(50):
        crm.valid.clear()
        try:
            kept.send(REQUEST)
        except CredentialsError:
            failures += 1
    assert crm.logins == 5
    assert failures == 45


def test_a_refused_login_is_not_tried_again_at_once() -> None:
    calls = 0

    def refuse(old: Token | None) -> Token:
        nonlocal calls
        calls += 1
        raise CredentialsError("invalid_client")

    clock = HeldClock(START)
    kept = keeper(Crm(), Shelf(), refuse, clock)
    for _ in range(10):
        with pytest.raises(CredentialsError, match="invalid_client"):
            kept.token()
    assert calls == 1
    clock.advance(timedelta(minutes=6))
    with pytest.raises(CredentialsError):
        kept.token()
    assert calls == 2


def test_a_token_refreshed_by_another_process_is_used_without_a_login() -> None:
    crm, shelf = Crm("theirs"), Shelf(Token(access="old", generation=1))

    class LateStore(Shelf):
        def current(self) -> Token | None:
            seen = self.token
            self.token = Token(access="theirs", generation=2)
            return seen

    assert keeper(crm, LateStore(shelf.token)).send(REQUEST).status == 200
    assert crm.logins == 0


def test_invalid_grant_is_believed_only_after_reading_the_store_again() -> None:
    crm, shelf = Crm("theirs"), Shelf(Token(access="old", refresh="r1", generation=1))

    def lose_the_race(old: Token | None) -> Token:
        shelf.token = Token(access="theirs", refresh="r2", generation=2)
        raise GrantRefusedError("invalid_grant")

    assert keeper(crm, shelf, lose_the_race).send(REQUEST).status == 200


def test_invalid_grant_without_a_newer_token_means_bad_credentials() -> None:
    def refuse(old: Token | None) -> Token:
        raise GrantRefusedError("invalid_grant")

    with pytest.raises(CredentialsError, match="invalid_grant"):
        keeper(Crm(), Shelf(), refuse).token()


def test_a_login_without_an_answer_is_not_a_write_of_unknown_outcome() -> None:
    def lose(old: Token | None) -> Token:
        raise NoAnswerError("reset")

    with pytest.raises(UnavailableError):
        keeper(Crm(), Shelf(), lose).token()


def test_a_token_about_to_end_is_renewed_before_use() -> None:
    crm, clock = Crm("old"), HeldClock(START)
    shelf = Shelf(Token(access="old", expires_at=START + timedelta(seconds=30)))
    assert keeper(crm, shelf, clock=clock).token().access == "issued-1"
    shelf.token = Token(access="old", expires_at=START + timedelta(hours=1))
    assert keeper(crm, shelf, clock=clock).token().access == "old"


def test_many_threads_with_one_expired_token_log_in_once() -> None:
    crm, shelf = Crm(), Shelf(Token(access="old"))
    kept = keeper(crm, shelf)
    gate = threading.Barrier(8)
    statuses: list[int] = []

    def send() -> None:
        gate.wait(5)
        statuses.append(kept.send(REQUEST).status)

    threads: list[threading.Thread] = [threading.Thread(target=send) for _ in range(8)]
    run: Callable[[threading.Thread], None] = threading.Thread.start
    for thread in threads:
        run(thread)
    for thread in threads:
        thread.join(10)
    assert statuses == [200] * 8
    assert crm.logins == 1


def test_a_token_never_shows_in_its_own_text() -> None:
    assert "secret" not in repr(Token(access="secret-a", refresh="secret-r"))
