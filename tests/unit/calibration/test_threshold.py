"""The walk from strict to loose: it keeps its promise, stops at the first failure, and never guesses."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from connector.calibration import Judged, Threshold, ThresholdGrid, Unearned, find_threshold, lower_bound


def judged(count: int, *, wrong_from: float, seed: int = 0) -> list[Judged]:
    """Verdicts whose surest part is always right; below that, half are wrong."""
    chance = random.Random(seed)
    rows = [1 - place / count for place in range(count)]
    return [Judged(confidence=sure, right=sure > wrong_from or chance.random() < 0.5) for sure in rows]


def test_the_walk_goes_as_far_as_the_promise_is_kept():
    found = find_threshold(judged(1000, wrong_from=0.4), target=0.98)
    assert isinstance(found, Threshold)
    assert 0.35 < found.value <= 0.42
    assert found.evidence.low >= 0.98


def test_the_walk_stops_at_the_first_failure_even_where_later_places_would_pass():
    rows = [Judged(confidence=1 - n / 2000, right=not 300 <= n < 330) for n in range(2000)]
    found = find_threshold(rows, target=0.95, grid=ThresholdGrid(first=0.05, step=0.01, slack=1.0))
    assert isinstance(found, Threshold)
    assert found.value > 0.8
    assert found.steps[-1].low < 0.95
    assert lower_bound(2000 - 30, 2000) > 0.95


def test_too_few_verdicts_earn_nothing_however_right_they_are():
    found = find_threshold(judged(148, wrong_from=-1), target=0.98)
    assert found == Unearned(target=0.98, judged=148, needed=149)
    assert str(found) == "148 judged so far; 0.98 takes at least 149"


def test_the_fewest_possible_verdicts_can_be_enough():
    assert isinstance(find_threshold(judged(149, wrong_from=-1), target=0.98), Threshold)


def test_a_walk_that_fails_at_once_says_where():
    found = find_threshold([Judged(confidence=n / 400, right=n % 5 > 0) for n in range(400)], target=0.98)
    assert isinstance(found, Unearned)
    assert "not enough to promise 0.98" in str(found)


def test_equally_sure_rows_stand_on_the_same_side():
    rows = [Judged(confidence=0.9, right=True)] * 150 + [Judged(confidence=0.9, right=False)] * 50
    assert isinstance(find_threshold(rows, target=0.95), Unearned)


def test_the_promise_is_broken_in_about_one_of_twenty_draws_at_the_edge():
    """Right answers at just under the promised share everywhere: any threshold found is a false promise."""
    broken = 0
    for seed in range(400):
        chance = random.Random(seed)
        rows = [Judged(confidence=chance.random(), right=chance.random() < 0.9499) for _ in range(300)]
        broken += isinstance(find_threshold(rows, target=0.95), Threshold)
    assert broken / 400 < 0.08


@settings(max_examples=50)
@given(
    rows=st.lists(st.tuples(st.integers(0, 20), st.booleans()), max_size=300),
    target=st.sampled_from([0.5, 0.8, 0.95]),
)
def test_whatever_was_judged_a_found_threshold_has_its_evidence(rows, target):
    verdicts = [Judged(confidence=sure / 20, right=right) for sure, right in rows]
    found = find_threshold(verdicts, target=target)
    if isinstance(found, Threshold):
        passing = [row.right for row in verdicts if row.confidence >= found.value]
        assert lower_bound(sum(passing), len(passing)) >= target
