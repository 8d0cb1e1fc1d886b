"""Bounds on a share: exact, one-sided, and never more certain than the trials allow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.calibration.bounds import fewest_trials, lower_bound, upper_bound


def binomial_tail(right: int, total: int, share: float) -> float:
    """The chance of at least so many right answers."""
    from math import comb

    return sum(comb(total, n) * share**n * (1 - share) ** (total - n) for n in range(right, total + 1))


@given(total=st.integers(1, 60), data=st.data())
def test_at_the_lower_bound_so_many_right_answers_have_a_chance_of_one_in_twenty(total, data):
    right = data.draw(st.integers(1, total))
    assert binomial_tail(right, total, lower_bound(right, total)) == pytest.approx(0.05, rel=1e-6)


@given(total=st.integers(1, 500), data=st.data())
def test_bounds_enclose_the_observed_share(total, data):
    right = data.draw(st.integers(0, total))
    assert lower_bound(right, total) <= right / total <= upper_bound(right, total)


def test_nothing_judged_promises_nothing():
    assert lower_bound(0, 0) == 0.0
    assert upper_bound(0, 0) == 1.0


@pytest.mark.parametrize(("target", "trials"), [(0.95, 59), (0.98, 149), (0.99, 299)])
def test_a_promise_takes_a_known_number_of_right_answers_at_least(target, trials):
    assert fewest_trials(target) == trials
    assert lower_bound(trials, trials) >= target > lower_bound(trials - 1, trials - 1)


@pytest.mark.parametrize(("right", "total"), [(3, 2), (-1, 2)])
def test_impossible_counts_are_refused(right, total):
    with pytest.raises(ValueError, match="cannot be"):
        lower_bound(right, total)


@pytest.mark.parametrize("target", [0.0, 1.0, 1.2])
def test_a_target_outside_0_to_1_is_refused(target):
    with pytest.raises(ValueError, match="between 0 and 1"):
        fewest_trials(target)
