"""A lane lets through what the server allows us: beside others' calls, after refusals, and never nothing at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from connector.adapter import Allowed, Lane, RateBudget
from connector.clock import HeldClock

TEN = timedelta(seconds=10)


def budget_of(lane: Lane) -> tuple[RateBudget, HeldClock]:
    clock = HeldClock(datetime(2026, 9, 1, tzinfo=UTC))
    return RateBudget(clock, {"calls": lane}), clock


def sent_within(budget: RateBudget, clock: HeldClock, seconds: float) -> int:
    """How many calls get through in a time, each taken as soon as there is room."""
    end, calls = clock.monotonic() + seconds, 0
    while True:
        budget.acquire("calls")
        if clock.monotonic() >= end:
            return calls
        calls += 1


def said(calls: int, left: int) -> Allowed:
    return Allowed(calls=calls, left=left, window=TEN)


def test_the_first_quarter_goes_at_once_and_the_rest_is_spread_over_the_window():
    budget, clock = budget_of(Lane(calls=12, window=TEN))
    for _ in range(3):
        budget.acquire("calls")
    assert clock.monotonic() == 0
    budget.acquire("calls")
    assert clock.monotonic() == 1  # nine are left, and the tenth from here comes when the window ends


def test_a_busy_lane_never_stands_still_and_uses_all_it_has():
    budget, clock = budget_of(Lane(calls=90, window=TEN))
    moments = []
    for _ in range(1800):
        budget.acquire("calls")
        moments.append(clock.monotonic())
    assert max(later - earlier for earlier, later in pairwise(moments)) < 0.2
    assert moments[-1] < 210  # 200 without a single pause


def test_no_window_holds_more_than_the_lane_allows():
    budget, clock = budget_of(Lane(calls=10, window=TEN))
    moments = []
    for _ in range(60):
        budget.acquire("calls")
        moments.append(clock.monotonic())
    assert all(sum(start <= other < start + 10 for other in moments) <= 10 for start in moments)
    assert moments[-1] < 60  # and none is wasted


def test_calls_of_others_leave_us_the_rest_but_for_a_spare_twentieth():
    budget, clock = budget_of(Lane(calls=90, window=TEN))
    budget.acquire("calls")
    budget.observe("calls", said(100, 59))  # one is ours, forty are not
    assert sent_within(budget, clock, 9.9) == 57 - 1


def test_an_account_that_is_allowed_more_gets_more_unless_the_settings_fixed_it():
    for lane, expected in ((Lane(calls=90, window=TEN), 180), (Lane(calls=90, window=TEN, fixed=True), 90)):
        budget, clock = budget_of(lane)
        budget.acquire("calls")
        budget.observe("calls", said(190, 189))
        assert sent_within(budget, clock, 9.95) == expected - 1


def test_where_others_use_everything_one_call_a_window_asks_again():
    budget, clock = budget_of(Lane(calls=90, window=TEN))
    budget.acquire("calls")
    budget.observe("calls", said(100, 0))
    budget.acquire("calls")
    assert clock.monotonic() == 10


def test_what_an_answer_said_of_others_is_forgotten_after_one_window():
    budget, clock = budget_of(Lane(calls=90, window=TEN))
    budget.acquire("calls")
    budget.observe("calls", said(100, 0))
    clock.advance(TEN)
    assert sent_within(budget, clock, 9.9) == 90


def test_a_refusal_that_says_nothing_slows_the_lane_for_a_while():
    budget, clock = budget_of(Lane(calls=5, window=timedelta(seconds=1)))
    budget.close("calls", timedelta(seconds=1))
    budget.acquire("calls")
    assert clock.monotonic() == 1
    assert sent_within(budget, clock, 11) in (49, 50, 51)  # not 55: the window is a tenth longer
    clock.advance(timedelta(seconds=60))
    assert sent_within(budget, clock, 11) in (54, 55, 56, 57)


def test_refusals_that_never_end_leave_a_slow_lane_not_a_closed_one():
    budget, clock = budget_of(Lane(calls=5, window=timedelta(seconds=1)))
    for _ in range(1000):
        budget.close("calls", timedelta(seconds=1))
    budget.acquire("calls")
    assert sent_within(budget, clock, 20) >= 40
