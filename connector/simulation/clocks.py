"""Two clocks over one course of time: the CRM's, which is right, and the daemon's, which may be set wrong."""

from __future__ import annotations

from datetime import datetime, timedelta

from connector.clock import HeldClock


class MachineClock:
    """The daemon machine's clock: it runs with the world's but may show another time."""

    def __init__(self, world: HeldClock) -> None:
        self._world = world
        self.skew = timedelta(0)

    def now(self) -> datetime:
        return self._world.now() + self.skew

    def monotonic(self) -> float:
        return self._world.monotonic()

    def sleep(self, seconds: float) -> None:
        self._world.sleep(max(0.0, seconds))
