"""Blind against shown agreement: a clear gap is seen, chance is not taken for one."""

import pytest

from connector.calibration import Agreement, clearly_below, compare_agreement
from connector.calibration.agreement import certain_gap


def test_people_who_agree_with_whatever_they_are_shown_are_noticed():
    blind, shown = Agreement(agreed=40, total=60), Agreement(agreed=235, total=240)
    assert clearly_below(blind=blind, shown=shown)
    assert certain_gap(blind=blind, shown=shown) > 0.1


def test_alike_shares_are_not_clearly_below():
    assert not clearly_below(blind=Agreement(agreed=57, total=60), shown=Agreement(agreed=230, total=240))


def test_a_better_blind_share_is_never_below():
    assert not clearly_below(blind=Agreement(agreed=60, total=60), shown=Agreement(agreed=100, total=240))


def test_a_difference_too_small_to_matter_is_forgiven():
    blind, shown = Agreement(agreed=9_700, total=10_000), Agreement(agreed=9_800, total=10_000)
    assert clearly_below(blind=blind, shown=shown)
    assert not clearly_below(blind=blind, shown=shown, margin=0.02)


def test_without_verdicts_there_is_nothing_to_compare():
    none = Agreement(agreed=0, total=0)
    assert none.share is None
    assert compare_agreement(blind=none, shown=Agreement(agreed=1, total=1)) is None
    assert not clearly_below(blind=none, shown=Agreement(agreed=1, total=1))


def test_the_chance_is_fishers():
    chance = compare_agreement(blind=Agreement(agreed=1, total=4), shown=Agreement(agreed=3, total=4))
    assert chance == pytest.approx(17 / 70)
