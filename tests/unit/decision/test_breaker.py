"""When an endpoint is left alone, and when it is tried again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.clock import HeldClock
from connector.decision.reasoners.breaker import Breaker
from tests.support.questions import NOW


@pytest.fixture
def clock():
    return HeldClock(NOW)


@pytest.fixture
def breaker(clock):
    return Breaker(clock, failures=3, first=timedelta(seconds=10), longest=timedelta(seconds=60))


def fail(breaker, times):
    for _ in range(times):
        breaker.failed()


def test_a_few_failures_do_not_open_it(breaker):
    fail(breaker, 2)
    assert breaker.wait() is None


def test_a_success_in_between_starts_the_count_anew(breaker):
    fail(breaker, 2)
    breaker.succeeded()
    fail(breaker, 2)
    assert breaker.wait() is None


def test_failures_in_a_row_leave_the_endpoint_alone(breaker):
    fail(breaker, 3)
    assert breaker.wait() == timedelta(seconds=10)


def test_after_the_pause_one_call_tries_and_the_others_wait(breaker, clock):
    fail(breaker, 3)
    clock.advance(timedelta(seconds=10))
    assert breaker.wait() is None
    assert breaker.wait() == timedelta(seconds=10)


def test_a_trial_that_succeeds_lets_everybody_call(breaker, clock):
    fail(breaker, 3)
    clock.advance(timedelta(seconds=10))
    breaker.wait()
    breaker.succeeded()
    assert breaker.wait() is None
    assert breaker.wait() is None


@pytest.mark.parametrize(("more", "pause"), [(1, 20), (2, 40), (3, 60), (400, 60)])
def test_pauses_grow_to_a_limit(breaker, more, pause):
    fail(breaker, 3 + more)
    assert breaker.wait() == timedelta(seconds=pause)


def test_a_jump_of_the_wall_clock_changes_nothing(breaker, clock):
    fail(breaker, 3)
    clock.jump(NOW + timedelta(days=400))
    assert breaker.wait() == timedelta(seconds=10)
