"""Reliability: confidence against what came true."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.calibration import expected_calibration_error, reliability_table


def test_the_error_is_the_mean_gap_weighted_by_rows():
    error = expected_calibration_error([0.9, 0.9, 0.9, 0.1], [True, True, False, False])
    assert error == pytest.approx((abs(0.9 - 2 / 3) * 3 + 0.1) / 4)


def test_without_rows_the_error_is_undefined():
    assert expected_calibration_error([], []) is None


def test_an_edge_belongs_to_the_bin_below_and_the_ends_are_inside():
    counts = [row.count for row in reliability_table([0.0, 0.5, 1.0], [True] * 3, bins=2)]
    assert counts == [2, 1]


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_every_row_is_in_exactly_one_bin_that_holds_its_confidence(rows):
    sure, right = [row[0] for row in rows], [row[1] for row in rows]
    table = reliability_table(sure, right)
    assert sum(row.count for row in table) == len(rows)
    for row in table:
        if row.mean_confidence is not None:
            assert row.low - 1e-9 <= row.mean_confidence <= row.high + 1e-9
    error = expected_calibration_error(sure, right)
    assert error is not None
    assert 0 <= error <= 1


def test_a_confidence_beyond_certainty_is_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        reliability_table([1.2], [True])
