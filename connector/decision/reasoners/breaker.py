"""A breaker: after failures in a row nobody calls for a while, then one call tries whether the other side is back."""

from __future__ import annotations

import threading
from datetime import timedelta

from connector.clock import Clock


class Breaker:
    """Shared by all threads that call one endpoint."""

    def __init__(
        self, clock: Clock, *, failures: int = 5, first: timedelta = timedelta(seconds=30),
        longest: timedelta = timedelta(minutes=15),
    ) -> None:
        self._clock = clock
        self._allowed = failures
        self._first = first.total_seconds()
        self._longest = longest.total_seconds()
        self._failures = 0
        self._open_until: float | None = None
        self._lock = threading.Lock()

    def wait(self) -> timedelta | None:
        """How long nobody may call; None lets this one call through, which decides for the others."""
        with self._lock:
            if self._open_until is None:
                return None
            left = self._open_until - self._clock.monotonic()
            if left > 0:
                return timedelta(seconds=left)
            self._open_until = self._clock.monotonic() + self._first  # the others wait for the one that tries
            return None

    def failed(self) -> None:
        with self._lock:
            self._failures += 1
            beyond = self._failures - self._allowed
            if beyond >= 0:
                pause = min(self._longest, self._first * 2.0 ** min(beyond, 16))
                self._open_until = self._clock.monotonic() + pause

    def succeeded(self) -> None:
        with self._lock:
            self._failures = 0
            self._open_until = None
