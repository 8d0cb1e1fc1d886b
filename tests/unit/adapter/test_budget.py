"""A rate budget waits until there is room, and no wait is too short to end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from connector.adapter import Lane, RateBudget
from connector.clock import HeldClock


def test_a_wait_below_the_clocks_finest_step_ends():
    clock = HeldClock(datetime(2026, 9, 1, tzinfo=UTC))
    budget = RateBudget(clock, {"calls": Lane(calls=1, window=timedelta(seconds=1))})
    budget.acquire("calls")
    clock.advance(timedelta(seconds=1))
    budget._lanes["calls"]._sent[0] += 1e-9  # the first call was a billionth of a second later than the clock can tell
    budget.acquire("calls")
    assert clock.monotonic() < 2
