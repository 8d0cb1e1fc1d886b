"""What a learner is taught: bounded, repeats kept together, no value lost."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.decision.learners.effort import FULL, QUICK, MemberName, affordable
from connector.decision.learners.examples import folds, gather


def test_more_rows_than_affordable_are_thinned_without_losing_a_value():
    values = ["common"] * 500 + ["rare"] * 3 + ["usual"] * 200
    examples = gather([f"text {n}" for n in range(703)], values, recipe=replace(QUICK, rows=100), seed=1)
    counts = dict(zip(examples.values, np.bincount(examples.labels), strict=True))
    assert len(examples) == 100
    assert counts["rare"] >= 2
    assert counts["common"] > counts["usual"] > 20


def test_long_texts_are_read_less_far_the_more_of_them_there_are():
    few = gather(["x" * 9_000] * 4, ["a", "b"] * 2, recipe=QUICK, seed=0)
    many = gather(["x" * 9_000] * 400, ["a", "b"] * 200, recipe=replace(QUICK, characters=600_000), seed=0)
    assert few.reach == 8_000
    assert many.reach == 1_000


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from(["x", "y", "z"])), min_size=2, max_size=60))
def test_equal_contents_are_never_on_both_sides_of_a_held_back_part(rows):
    examples = gather([text for text, _ in rows], [value for _, value in rows], recipe=QUICK, seed=3)
    fold = folds(examples, 3, seed=3)
    sides: dict[int, set[int]] = {}
    for group, part in zip(examples.groups, fold, strict=True):
        sides.setdefault(int(group), set()).add(int(part))
    assert all(len(parts) == 1 for parts in sides.values())


def test_each_value_is_spread_evenly_over_the_parts():
    examples = gather([f"t{n}" for n in range(60)], ["a", "b", "c"] * 20, recipe=QUICK, seed=0)
    fold = folds(examples, 5, seed=0)
    for label in range(3):
        assert np.bincount(fold[examples.labels == label], minlength=5).tolist() == [4] * 5


def test_thousands_of_values_leave_out_members_that_would_need_gigabytes():
    lean = affordable(FULL, columns=200_000, values=5_000)
    assert lean.members == (MemberName.NEIGHBOURS, MemberName.NETWORKS)
    assert affordable(QUICK, columns=200_000, values=5_000).members == (MemberName.NEIGHBOURS,)
    assert affordable(FULL, columns=40_000, values=80) == FULL


def test_two_contents_are_held_back_in_turn_whatever_values_they_have():
    values = ["a", "b", "c", "d"]  # the first row of each content starts with a value of the same part
    examples = gather(["one", "two", *["one"] * 2], [values[0], values[3], values[1], values[2]], recipe=QUICK, seed=0)
    assert {len(set(folds(examples, 3, seed=seed).tolist())) for seed in range(20)} == {2}
