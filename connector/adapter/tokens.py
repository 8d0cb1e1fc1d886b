"""Access tokens: one refresh at a time, shared through the token store, and never a login loop."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeAlias

from connector.adapter.environment import Token, TokenStore
from connector.adapter.lanes import Lane
from connector.adapter.transport import HttpRequest, HttpResponse, Transport, unechoed
from connector.clock import Clock
from connector.errors import CredentialsError, OutcomeUnknownError, UnavailableError

FetchToken: TypeAlias = Callable[[Token | None], Token]
"""Ask the CRM for a token. Raises GrantRefusedError or CredentialsError when it says no."""

_EARLY = timedelta(seconds=60)  # a token this close to its end is renewed before use
_REREADS = 3


class GrantRefusedError(CredentialsError):
    """The CRM refused the grant (`invalid_grant`); another process may just have used the refresh token."""


class TokenKeeper:
    """Sends requests with a valid token; after a 401 the same request goes out once more with a fresh one.

    `refused` says whether an answer means that the token is no longer good. A fresh token that is refused at once, a
    login that is refused, or more than `refreshes` close the door for `pause` instead of hammering the login.
    """

    def __init__(
        self,
        *,
        store: TokenStore,
        fetch: FetchToken,
        transport: Transport,
        clock: Clock,
        refused: Callable[[HttpResponse], bool] = lambda answer: answer.status == 401,
        refreshes: Lane | None = None,
        pause: timedelta = timedelta(minutes=5),
    ) -> None:
        self._store = store
        self._fetch = fetch
        self._transport = transport
        self._clock = clock
        self._refused = refused
        self._limit = refreshes or Lane(calls=5, window=timedelta(minutes=10))
        self._pause = pause.total_seconds()
        self._lock = threading.Lock()
        self._refreshed: deque[float] = deque()
        self._closed: tuple[float, str] | None = None

    def send(self, request: HttpRequest) -> HttpResponse:
        """The answer to `request` under a valid token; only the Authorization header is ours to change."""
        token = self.token()
        answer = self._send(authorised(request, token))
        if self._refused(answer):
            token = self._renew(token)
            answer = self._send(authorised(request, token))
            if self._refused(answer):
                raise self._close("the CRM refuses the token, even fetched afresh")
        return answer

    def _send(self, request: HttpRequest) -> HttpResponse:
        return unechoed(request, self._transport.send(request))

    def token(self) -> Token:
        """The stored token, renewed first when it is missing or about to end."""
        token = self._store.current()
        return token if token is not None and not self._ending(token) else self._renew(token)

    def _ending(self, token: Token) -> bool:
        return token.expires_at is not None and token.expires_at - _EARLY <= self._clock.now()

    def _renew(self, old: Token | None) -> Token:
        with self._lock:
            stored = self._store.current()
            if stored is not None and _newer(stored, old) and not self._ending(stored):
                return stored
            self._check_open(stored)
            try:
                fetched = self._fetch(stored)
            except GrantRefusedError as error:
                return self._issued_elsewhere(stored, error)
            except CredentialsError as error:
                raise self._close(error.message) from error
            except OutcomeUnknownError as error:
                raise UnavailableError("the login did not answer") from error
            return self._keep(stored, fetched)

    def _keep(self, stored: Token | None, fetched: Token) -> Token:
        fresh = replace(fetched, generation=stored.generation + 1 if stored else 1)
        if self._store.swap(stored, fresh):
            return fresh
        return self._store.current() or fresh

    def _issued_elsewhere(self, stored: Token | None, error: GrantRefusedError) -> Token:
        # With refresh tokens that rotate on use, the loser of a race between processes is told invalid_grant.
        for attempt in range(_REREADS):
            if attempt:
                self._clock.sleep(1.0)
            token = self._store.current()
            if token is not None and _newer(token, stored):
                return token
        raise self._close(error.message) from error

    def _check_open(self, stored: Token | None) -> None:
        now = self._clock.monotonic()
        if self._closed is not None and now < self._closed[0]:
            raise CredentialsError(self._closed[1])
        self._closed = None
        while self._refreshed and self._refreshed[0] <= now - self._limit.window.total_seconds():
            self._refreshed.popleft()
        if len(self._refreshed) >= self._limit.calls:
            raise self._close("the CRM keeps ending our tokens right after it issued them")
        self._refreshed.append(now)

    def _close(self, reason: str) -> CredentialsError:
        self._closed = (self._clock.monotonic() + self._pause, reason)
        return CredentialsError(reason)


def authorised(request: HttpRequest, token: Token) -> HttpRequest:
    """The same request with only its Authorization header set."""
    kept = {name: value for name, value in request.headers.items() if name.lower() != "authorization"}
    return replace(request, headers={**kept, "Authorization": f"Bearer {token.access}"})


def _newer(token: Token, than: Token | None) -> bool:
    return than is None or token.generation > than.generation
