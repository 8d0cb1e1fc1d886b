"""Calibration maps never rank two scores the other way round."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.calibration import binned_map, isotonic_map

verdicts = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=80)


@pytest.mark.parametrize("fit", [isotonic_map, binned_map])
@given(rows=verdicts, asked=st.lists(st.floats(-1, 2), min_size=2, max_size=10))
def test_a_map_never_falls_and_stays_a_share(fit, rows, asked):
    mapped = fit([row[0] for row in rows], [row[1] for row in rows])
    shares = [mapped(score) for score in sorted(asked)]
    assert shares == sorted(shares)
    assert all(-1e-9 <= share <= 1 + 1e-9 for share in shares)


def test_the_isotonic_map_pools_what_contradicts_the_order():
    mapped = isotonic_map([0.1, 0.2, 0.3, 0.4], [False, True, False, True])
    assert [mapped(score) for score in (0.1, 0.2, 0.3, 0.4)] == [0.0, 0.5, 0.5, 1.0]


@given(verdicts)
def test_the_isotonic_map_expects_as_many_right_answers_as_there_were(rows):
    mapped = isotonic_map([row[0] for row in rows], [row[1] for row in rows])
    assert sum(mapped(row[0]) for row in rows) == pytest.approx(sum(row[1] for row in rows))


def test_few_rows_are_drawn_towards_the_overall_share():
    mapped = binned_map([n / 40 for n in range(40)], [n >= 20 for n in range(40)], bins=10)
    assert 0.0 < mapped(0.0) < 0.3
    assert 0.7 < mapped(1.0) < 1.0


@pytest.mark.parametrize("fit", [isotonic_map, binned_map])
def test_a_map_of_nothing_is_refused(fit):
    with pytest.raises(ValueError, match="at least one"):
        fit([], [])
