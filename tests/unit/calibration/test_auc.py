"""Signal or none: the area under the curve and the bound that decides whether to abstain."""

import random

import pytest

from connector.calibration import area_under_curve


def test_the_area_is_the_chance_that_a_positive_ranks_above_a_negative():
    found = area_under_curve([0.1, 0.4, 0.35, 0.8], [False, False, True, True])
    assert found is not None
    assert found.area == pytest.approx(0.75)


def test_ties_count_half():
    found = area_under_curve([0.5, 0.5, 0.5, 0.5], [False, True, False, True])
    assert found is not None
    assert found.area == 0.5


def test_one_outcome_alone_has_no_area():
    assert area_under_curve([0.1, 0.2], [True, True]) is None


def test_noise_shows_no_signal_and_signal_does():
    chance = random.Random(3)
    happened = [chance.random() < 0.5 for _ in range(800)]
    noise = area_under_curve([chance.random() for _ in happened], happened)
    signal = area_under_curve([hit + chance.gauss(0, 1.5) for hit in happened], happened)
    assert noise is not None
    assert signal is not None
    assert not noise.shows_signal()
    assert signal.shows_signal()


def test_the_bound_fails_in_about_one_of_twenty_draws():
    missed = 0
    for seed in range(300):
        chance = random.Random(seed)
        happened = [chance.random() < 0.4 for _ in range(200)]
        found = area_under_curve([chance.random() for _ in happened], happened)
        missed += found is not None and found.low > 0.5
    assert 0.01 < missed / 300 < 0.1


def test_a_single_positive_gives_a_wide_bound_and_no_crash():
    found = area_under_curve([0.9, 0.1, 0.2], [True, False, False])
    assert found is not None
    assert found.low < 0.3
