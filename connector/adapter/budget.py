"""One rate budget per CRM account: burst lanes, a daily allowance, and a reserve that is left for people's own tools."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import date, timedelta

from connector.adapter.lanes import Allowed, Lane, LaneUse
from connector.clock import Clock
from connector.errors import RateLimitedError

_SHORTEST_WAIT = 0.001  # seconds


class RateBudget:
    """Waits for short limits, refuses for long ones. Shared by every thread that talks to the account.

    `reserve` is the share of the daily allowance that background work never touches.
    """

    def __init__(
        self, clock: Clock, lanes: Mapping[str, Lane], *, daily: int | None = None, reserve: float = 0.2
    ) -> None:
        self._clock = clock
        self._lanes = {name: LaneUse(lane) for name, lane in lanes.items()}
        self._closed_until: dict[str, float] = {}  # of lanes without a limit of ours
        self._daily = daily
        self._used = 0
        self._reserve = reserve
        self._day: date | None = None
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
                        if lane in self._lanes:
                            self._lanes[lane].take(now)
                    self._used += 1
                    return
            # A wait shorter than a clock's finest step would never end on a clock that is moved by sleeping.
            self._clock.sleep(max(wait, _SHORTEST_WAIT))

    def close(self, lane: str, wait: timedelta) -> None:
        """The server said that this lane is full: nobody uses it before `wait` has passed."""
        with self._lock:
            now = self._clock.monotonic()
            until = now + wait.total_seconds()
            if lane in self._lanes:
                self._lanes[lane].close(until, now)
            else:
                self._closed_until[lane] = max(until, self._closed_until.get(lane, 0.0))

    def observe(self, lane: str, allowed: Allowed) -> None:
        """What an answer said of a lane: others use it too, and the account may be allowed more than we thought."""
        with self._lock:
            if lane in self._lanes:
                self._lanes[lane].learn(allowed, self._clock.monotonic())

    def observe_daily(self, *, used: int, allowed: int) -> None:
        """What the server's own counter says; it may run backwards, so the larger of both counts is kept."""
        with self._lock:
            self._turn_day()
            self._daily = allowed
            self._used = max(self._used, used) if used >= self._used // 2 else used

    def _turn_day(self) -> None:
        today = self._clock.now().date()
        if self._day is None or today > self._day:
            self._day, self._used = today, 0

    def _wait(self, lane: str, now: float) -> float:
        known = self._lanes.get(lane)
        return known.wait(now) if known is not None else self._closed_until.get(lane, 0.0) - now
