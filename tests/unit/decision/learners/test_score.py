"""The score learner on made-up leads: it learns, refuses what knows the outcome, abstains, and notices change."""

from __future__ import annotations

import random

import pytest

from connector.decision.learners.score import NothingToScore, ScoreLearner, fit_score, load_score
from connector.decision.learners.score_columns import Kind, kind_of, number_of
from connector.decision.learners.score_leaks import Tell, find_leaks
from connector.decision.learners.score_stream import stream_chances
from connector.errors import StateError

Leads = tuple[dict[str, list[str]], list[bool | None]]


def leads(count: int, *, seed: int, signal: float = 1.5, rate: float = 0.0) -> Leads:
    chance = random.Random(seed)
    cells: dict[str, list[str]] = {"employees": [], "source": [], "came": [], "owner": []}
    outcomes: list[bool | None] = []
    for row in range(count):
        size, source = chance.gauss(0, 1), chance.choice(["referral", "advert", "event"])
        lift = signal * (0.7 * size + (0.8 if source == "referral" else -0.4)) + rate
        cells["employees"].append(str(round(2.718 ** (4 + size))) if chance.random() > 0.1 else "")
        cells["source"].append(source)
        cells["came"].append(f"2025-{1 + row * 12 // count:02}-15")
        cells["owner"].append(f"rep {chance.randrange(4)}")
        outcomes.append(chance.random() < 1 / (1 + 2.718 ** -lift))
    return cells, outcomes


@pytest.fixture(scope="module")
def learner() -> ScoreLearner:
    learned = fit_score(*leads(900, seed=1), seed=0)
    assert isinstance(learned, ScoreLearner)
    return learned


def test_a_better_lead_scores_higher(learner):
    cells = {"employees": ["400", "10"], "source": ["referral", "advert"], "came": ["", ""], "owner": ["rep 1", "rep 1"]}
    good, poor = learner.chances(cells, 2)
    assert good > 0.75
    assert poor < 0.35


def test_history_with_signal_is_shown_and_not_stale(learner):
    assert not learner.abstains
    assert not learner.stale
    assert learner.leaks == ()


def test_without_signal_it_abstains():
    learned = fit_score(*leads(900, seed=2, signal=0.0), seed=0)
    assert isinstance(learned, ScoreLearner)
    assert learned.abstains


def test_a_jump_among_the_newest_rows_makes_it_stale():
    old, new = leads(800, seed=3, rate=-2.0), leads(200, seed=4, rate=2.5)
    cells = {name: old[0][name] + new[0][name] for name in old[0]}
    learned = fit_score(cells, [*old[1], *new[1]], seed=0)
    assert isinstance(learned, ScoreLearner)
    assert learned.stale


def test_columns_that_know_the_outcome_are_named_and_do_not_teach():
    cells, outcomes = leads(600, seed=5)
    outcomes[-60:] = [None] * 60
    cells["won_amount"] = ["950" if outcome else "0" for outcome in outcomes]
    cells["lost_reason"] = ["price" if outcome is False and row % 2 else "" for row, outcome in enumerate(outcomes)]
    cells["closed"] = ["" if outcome is None else f"2026-01-{1 + row % 28:02}" for row, outcome in enumerate(outcomes)]
    assert {leak.column: leak.tell for leak in find_leaks(cells, outcomes)} == {
        "won_amount": Tell.STANDS_FOR_IT, "lost_reason": Tell.FILLED_AFTER, "closed": Tell.FILLED_WHEN_SETTLED,
    }
    learned = fit_score(cells, outcomes, seed=0)
    assert isinstance(learned, ScoreLearner)
    assert {column.name for column in learned.form.columns} == {"employees", "source", "came", "owner"}


def test_a_strong_but_honest_column_is_no_leak():
    assert find_leaks(*leads(900, seed=6, signal=2.5)) == ()


def test_an_id_teaches_nothing():
    cells, outcomes = leads(600, seed=7)
    cells["id"] = [f"lead-{row}-x" for row in range(600)]
    assert kind_of(cells["id"]) is Kind.NAME
    assert find_leaks(cells, outcomes) == ()


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [([], "no record"), ([True] * 80, "ended alike"), ([True, False] * 10, "at least 50"), ([None] * 9, "no")],
)
def test_too_little_history_is_said(outcomes, said):
    nothing = fit_score({"a": ["x"] * len(outcomes)}, outcomes, seed=0)
    assert isinstance(nothing, NothingToScore)
    assert said in str(nothing)


def test_columns_that_all_say_the_same_leave_nothing_to_learn():
    nothing = fit_score({"a": ["x"] * 100}, [True, False] * 50, seed=0)
    assert isinstance(nothing, NothingToScore)


def test_the_same_history_makes_the_same_learner(learner):
    again = fit_score(*leads(900, seed=1), seed=0)
    assert isinstance(again, ScoreLearner)
    cells, _ = leads(20, seed=8)
    assert again.version == learner.version
    assert again.chances(cells, 20) == learner.chances(cells, 20)


def test_absent_columns_count_as_empty(learner):
    assert all(0 <= chance <= 1 for chance in learner.chances({"source": ["advert", "never seen"]}, 2))
    assert learner.chances({}, 0) == []


def test_a_learner_that_was_changed_on_disk_is_not_opened(learner, tmp_path):
    digest = learner.save(tmp_path / "score")
    cells, _ = leads(5, seed=9)
    assert load_score(tmp_path / "score", sha256=digest).chances(cells, 5) == learner.chances(cells, 5)
    (tmp_path / "score").write_bytes(b"something else")
    with pytest.raises(StateError):
        load_score(tmp_path / "score", sha256=digest)


@pytest.mark.parametrize(
    ("cell", "number"), [("1,250.5", 1250.5), ("€ 20", 20.0), ("-3", -3.0), ("12%", 12.0), ("1e3", 1000.0)]
)
def test_numbers_are_read_as_people_write_them(cell, number):
    assert number_of(cell) == number


@pytest.mark.parametrize("cell", ["", "12 rue", "nan", "1,2", "--", "3.4.5", "inf", "1e999"])
def test_what_is_no_number_is_not_read_as_one(cell):
    assert number_of(cell) != number_of(cell)


def test_a_stream_follows_a_rate_that_moves(learner):
    earlier, later = leads(900, seed=1), leads(600, seed=10, rate=2.5)
    done = stream_chances(learner.form, *earlier, *later, batch=100, seed=0)
    happened = [bool(outcome) for outcome in later[1]]
    late = slice(400, 600)
    gap = abs(sum(done.chances[late]) - sum(happened[late])) / 200
    frozen = learner.chances(later[0], 600)
    assert gap < abs(sum(frozen[late]) - sum(happened[late])) / 200
    assert len(done.drifts) == 5


def test_a_stream_never_sees_the_labels_of_its_own_batch_or_the_one_before(learner):
    earlier, later = leads(900, seed=1), leads(400, seed=11)
    turned = [not outcome if row >= 200 else outcome for row, outcome in enumerate(later[1])]
    one = stream_chances(learner.form, *earlier, *later, batch=100, seed=0)
    other = stream_chances(learner.form, *earlier, later[0], turned, batch=100, seed=0)
    assert one.chances.tolist() == other.chances.tolist()
