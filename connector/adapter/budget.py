"""One rate budget per CRM account: burst lanes, a daily allowance, and a reserve that is left for people's own tools."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.clock import Clock
from connector.errors import RateLimitedError

_SHORTEST_WAIT = 0.001  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """At most `calls` calls in any `window`."""

    calls: int
    window: timedelta


class RateBudget:
    """Waits for short limits, refuses for long ones. Shared by every thread that talks to the account.

    `reserve` is the share of the daily allowance that background work never touches.
    """

    def __init__(
        self, clock: Clock, lanes: Mapping[str, Lane], *, daily: int | None = None, reserve: float = 0.2
    ) -> None:
        self._clock = clock
        self._lanes = dict(lanes)
        self._sent: dict[str, deque[float]] = {name: deque() for name in lanes}
        self._closed_until: dict[str, float] = {}
        self._daily = daily
        self._used = 0
        self._reserve = reserve
        self._day: datetime | None = None
        self._lock = threading.Lock()

    @property
    def used_today(self) -> int:
        return self._used

    @property
    def daily(self) -> int | None:
        return self._daily

    def acquire(self, *lanes: str) -> None:
        """Take one call from each lane, sleeping until there is room; raises RateLimitedError when the day is spent."""
        while True:
            with self._lock:
                self._turn_day()
                if self._daily is not None and self._used >= self._daily * (1 - self._reserve):
                    raise RateLimitedError("the daily call allowance left for this service is used up", daily=True)
                now = self._clock.monotonic()
                wait = max((self._wait(lane, now) for lane in lanes), default=0.0)
                if wait <= 0:
                    for lane in lanes:
                        if lane in self._sent:
                            self._sent[lane].append(now)
                    self._used += 1
                    return
            # A wait shorter than a clock's finest step would never end on a clock that is moved by sleeping.
            self._clock.sleep(max(wait, _SHORTEST_WAIT))

    def close(self, lane: str, wait: timedelta) -> None:
        """The server said that this lane is full: nobody uses it before `wait` has passed."""
        with self._lock:
            until = self._clock.monotonic() + wait.total_seconds()
            self._closed_until[lane] = max(until, self._closed_until.get(lane, 0.0))

    def observe_daily(self, *, used: int, allowed: int) -> None:
        """What the server's own counter says; it may run backwards, so the larger of both counts is kept."""
        with self._lock:
            self._turn_day()
            self._daily = allowed
            self._used = max(self._used, used) if used >= self._used // 2 else used

    def _turn_day(self) -> None:
        today = self._clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        if self._day is None or today > self._day:
            self._day, self._used = today, 0

    def _wait(self, lane: str, now: float) -> float:
        closed = self._closed_until.get(lane, 0.0) - now
        limit = self._lanes.get(lane)
        if limit is None:
            return closed
        sent, window = self._sent[lane], limit.window.total_seconds()
        while sent and sent[0] <= now - window:
            sent.popleft()
        full = sent[0] + window - now if len(sent) >= limit.calls else 0.0
        return max(closed, full)
