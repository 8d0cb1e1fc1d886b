"""Which failed calls are sent again, how often, and after which wait."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.adapter.retry import Operation, Retries, may_repeat
from connector.adapter.transport import NoAnswerError, NotSentError
from connector.clock import HeldClock
from connector.errors import (
    ConnectorError,
    InvalidResponseError,
    LockedRowError,
    RateLimitedError,
    RejectedError,
    UnavailableError,
)

START = datetime(2026, 3, 1, tzinfo=UTC)


class Failing:
    """Fails with each error in turn, then answers."""

    def __init__(self, *errors: ConnectorError) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


def retries(clock: HeldClock, **options: object) -> Retries:
    return Retries(clock, random.Random(7), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("error", [NotSentError("x"), NoAnswerError("x"), UnavailableError("x"), InvalidResponseError("x")])
def test_a_read_is_repeated_after_any_passing_failure(error: ConnectorError) -> None:
    work = Failing(error, error)
    assert retries(HeldClock(START)).call(Operation.READ, work) == "answer"
    assert work.calls == 3


@pytest.mark.parametrize(
    "error",
    [NoAnswerError("x"), UnavailableError("x"), InvalidResponseError("x"), RateLimitedError("x"), LockedRowError("x")],
)
def test_a_create_is_never_repeated_once_anything_may_have_arrived(error: ConnectorError) -> None:
    work = Failing(error)
    with pytest.raises(type(error)):
        retries(HeldClock(START)).call(Operation.CREATE, work)
    assert work.calls == 1


def test_a_create_whose_connection_was_never_made_is_repeated() -> None:
    assert retries(HeldClock(START)).call(Operation.CREATE, Failing(NotSentError("x"))) == "answer"


@pytest.mark.parametrize("error", [NoAnswerError("x"), InvalidResponseError("x"), UnavailableError("x")])
def test_a_guarded_update_of_unknown_outcome_is_not_repeated(error: ConnectorError) -> None:
    assert not may_repeat(Operation.GUARDED, error)


@pytest.mark.parametrize("operation", list(Operation))
def test_a_daily_limit_and_a_refusal_are_never_waited_out(operation: Operation) -> None:
    assert not may_repeat(operation, RateLimitedError("spent", daily=True))
    assert not may_repeat(operation, RejectedError("no", code="X"))
    assert not may_repeat(operation, ValueError("a bug"))


def test_the_servers_own_waiting_time_is_not_shortened() -> None:
    clock = HeldClock(START)
    retries(clock).call(Operation.READ, Failing(RateLimitedError("x", retry_after=timedelta(seconds=42))))
    assert timedelta(seconds=42) <= clock.now() - START < timedelta(seconds=43)


def test_a_waiting_time_past_the_deadline_ends_the_tries_at_once() -> None:
    clock = HeldClock(START)
    with pytest.raises(RateLimitedError):
        retries(clock, deadline=timedelta(seconds=30)).call(
            Operation.READ, Failing(RateLimitedError("x", retry_after=timedelta(minutes=10)))
        )
    assert clock.now() == START


@given(attempts=st.integers(1, 8), deadline=st.integers(1, 60), seed=st.integers(0, 1000))
def test_tries_are_bounded_by_number_and_by_time(attempts: int, deadline: int, seed: int) -> None:
    clock = HeldClock(START)
    bounded = Retries(clock, random.Random(seed), attempts=attempts, deadline=timedelta(seconds=deadline))
    work = Failing(*[UnavailableError("down")] * 100)
    with pytest.raises(UnavailableError):
        bounded.call(Operation.READ, work)
    assert 1 <= work.calls <= attempts
    assert clock.now() - START <= timedelta(seconds=deadline)


def test_the_same_seed_waits_the_same_time() -> None:
    def waited() -> timedelta:
        clock = HeldClock(START)
        retries(clock).call(Operation.READ, Failing(*[UnavailableError("x")] * 3))
        return clock.now() - START

    assert waited() == waited() > timedelta(0)
