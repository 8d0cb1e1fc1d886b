"""Drift in standard deviations: quiet weeks stay quiet, a jump is named."""

import math
import random

import pytest

from connector.calibration import drift_of_counts, drift_of_probabilities


def test_what_was_promised_and_came_true_is_no_drift():
    chance = random.Random(7)
    promised = [chance.random() for _ in range(2000)]
    happened = [chance.random() < share for share in promised]
    drift = drift_of_probabilities(promised, happened)
    assert abs(drift.deviations) < 4
    assert not drift.is_alarming()


def test_a_doubled_rate_is_alarming():
    drift = drift_of_counts(200, 1000, was=100, of=1000)
    assert drift.expected == 100
    assert 5 < drift.deviations < 8
    assert drift_of_counts(400, 2000, was=200, of=2000).is_alarming()


def test_fewer_than_expected_is_negative():
    assert drift_of_counts(0, 500, was=250, of=500).deviations < -10


def test_certain_promises_that_fail_are_infinitely_far_off():
    assert drift_of_probabilities([1.0, 1.0], [True, False]).deviations == -math.inf
    assert drift_of_probabilities([1.0], [True]).deviations == 0


@pytest.mark.parametrize(("rows", "of"), [(0, 10), (10, 0)])
def test_nothing_to_compare_is_no_drift(rows, of):
    assert drift_of_counts(0, rows, was=0, of=of).deviations == 0
