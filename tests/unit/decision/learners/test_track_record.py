"""The track record: answers that came out worse than promised on rows held back are doubted when they come again."""

import numpy as np
import pytest

from connector.decision.learners.evidence import Evidence
from connector.decision.learners.track_record import CAUTION, keep_record


def promised(*rows):
    """Evidence for rows of (answer, runner-up): 0.9 sure of the answer, among four values."""
    probabilities = np.full((len(rows), 4), 0.01)
    for place, (answer, runner_up) in enumerate(rows):
        probabilities[place, answer], probabilities[place, runner_up] = 0.9, 0.08
    return Evidence(
        probabilities=probabilities, answers=np.array([answer for answer, _ in rows]), columns=np.zeros((len(rows), 1))
    )


HELD_BACK = promised(*[(0, 1)] * 40, *[(0, 2)] * 40, *[(3, 2)] * 40)
RIGHT = np.array([place % 2 == 0 for place in range(40)] + [True] * 80)


def test_a_pair_that_was_mixed_up_is_told_from_one_that_was_not():
    record, _ = keep_record(HELD_BACK, RIGHT)
    mixed_up, kept_apart = record.columns(promised((0, 1), (0, 2)))
    _, by_answer, by_pair, by_either_order = mixed_up
    assert by_pair == pytest.approx((20 - 36) / (40 + CAUTION))
    assert by_pair == by_either_order < kept_apart[2]
    assert by_answer == kept_apart[1]


def test_a_pair_counts_whichever_of_the_two_was_answered():
    record, _ = keep_record(HELD_BACK, RIGHT)
    [row] = record.columns(promised((1, 0)))
    assert row[2] == 0.0
    assert row[3] == pytest.approx((20 - 36) / (40 + CAUTION))


def test_what_was_never_answered_has_no_record():
    record, _ = keep_record(HELD_BACK, RIGHT)
    assert record.columns(promised((2, 1), (1, 3)))[:, 1:].tolist() == [[0.0] * 3] * 2


def test_a_row_held_back_is_not_judged_by_itself():
    _, own = keep_record(promised((0, 1), (2, 3)), np.array([False, True]))
    assert own[:, 1:] == pytest.approx(np.zeros((2, 3)))


def test_a_single_row_held_back_says_nothing_about_others():
    record, own = keep_record(promised((0, 1)), np.array([True]))
    assert own.shape == (1, 4)
    assert record.columns(promised((3, 2)))[0, 1:].tolist() == [0.0, 0.0, 0.0]
