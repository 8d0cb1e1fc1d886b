"""`evaluate routing`: figures anyone can compute again from the rows, and promises that are kept."""

import random

import pytest

from connector.calibration import lower_bound
from connector.decision.learners import Effort, NothingToLearn, fit
from connector.evaluation.routing import LabelledText, RoutingEvaluation, RoutingTrial, evaluate_routing

WORDS = {
    "delivery": "parcel late courier tracking shipment depot",
    "refund": "refund money returned charged credit amount",
    "login": "password account locked sign code browser",
    "damage": "broken scratched cracked leaking dented glass",
}
STRANGE = {"weather": "sunshine rain thunder cloud forecast storm"}
SHARED = ["please", "help", "me", "with", "my", "thing", "since", "yesterday", "nobody", "answers", "and", "now"]
TRIAL = RoutingTrial(target=0.9, effort=Effort.QUICK, redraws=8)


def rows(count: int, *, seed: int, words: dict[str, str] = WORDS, unclear: float = 0.2) -> list[LabelledText]:
    """Messages of which a known share says nothing about its value."""
    chance = random.Random(seed)
    made = []
    for _ in range(count):
        value = chance.choice(sorted(words))
        own = [] if chance.random() < unclear else chance.choices(words[value].split(), k=3)
        made.append(LabelledText(" ".join([*own, *chance.choices(SHARED, k=5)]), value))
    return made


@pytest.fixture(scope="module")
def company():
    return {"train": rows(400, seed=1), "verdicts": rows(300, seed=2), "test": rows(500, seed=3)}


@pytest.fixture(scope="module")
def evaluation(company) -> RoutingEvaluation:
    found = evaluate_routing(TRIAL, **company, out_of_scope=rows(100, seed=4, words=STRANGE, unclear=0))
    assert isinstance(found, RoutingEvaluation)
    return found


def test_the_figures_can_be_computed_again_from_the_rows(company, evaluation):
    pairs = list(zip(evaluation.rows, company["test"], strict=True))
    automated = [(row, asked) for row, asked in pairs if row.automated]
    assert evaluation.figures.accuracy == sum(row.value == asked.value for row, asked in pairs) / 500
    assert evaluation.figures.coverage == len(automated) / 500
    assert evaluation.figures.precision == sum(r.value == a.value for r, a in automated) / len(automated)
    assert evaluation.figures.in_scope_escalated == sum(row.flagged for row, _ in pairs) / 500


def test_the_promise_is_kept_while_most_clear_messages_are_automated(evaluation):
    assert evaluation.figures.precision >= 0.9
    assert 0.6 < evaluation.figures.coverage < 0.95
    assert evaluation.figures.broke_promise <= 2
    assert evaluation.figures.coverage_low <= evaluation.figures.coverage_mean


def test_messages_of_no_known_value_are_flagged_more_than_known_ones(evaluation):
    assert evaluation.figures.oos_recall > evaluation.figures.in_scope_escalated
    assert evaluation.figures.in_scope_escalated < 0.2


def test_the_same_trial_gives_the_same_figures(company, evaluation):
    again = evaluate_routing(TRIAL, **company, out_of_scope=rows(100, seed=4, words=STRANGE, unclear=0))
    assert isinstance(again, RoutingEvaluation)
    assert again.figures == evaluation.figures


def test_a_verdict_repeated_many_times_earns_nothing_more(company):
    few = company["verdicts"][:25]
    found = evaluate_routing(TRIAL, train=company["train"], verdicts=few * 40, test=company["test"])
    assert isinstance(found, RoutingEvaluation)
    assert lower_bound(25, 25) < 0.9
    assert found.figures.coverage == 0
    assert found.figures.precision is None
    assert found.figures.threshold is None


def test_labels_that_cannot_be_learned_are_escalated_not_automated():
    chance = random.Random(5)
    noise = [LabelledText(row.text, chance.choice(["a", "b"])) for row in rows(500, seed=6)]
    found = evaluate_routing(TRIAL, train=noise[:200], verdicts=noise[200:350], test=noise[350:])
    assert isinstance(found, RoutingEvaluation)
    assert found.figures.coverage == 0
    assert found.figures.ece < 0.2


def test_test_rows_without_labels_are_decided_and_their_figures_undefined(company):
    unlabelled = [LabelledText(row.text) for row in company["test"][:50]]
    found = evaluate_routing(TRIAL, train=company["train"], verdicts=company["verdicts"], test=unlabelled)
    assert isinstance(found, RoutingEvaluation)
    assert len(found.rows) == 50
    assert found.figures.accuracy is None
    assert found.figures.precision is None
    assert found.figures.oos_recall is None


def test_a_blank_test_row_is_flagged_and_left_to_people(company):
    found = evaluate_routing(
        TRIAL, train=company["train"], verdicts=company["verdicts"], test=[LabelledText(" ", "refund")]
    )
    assert isinstance(found, RoutingEvaluation)
    assert [(row.flagged, row.automated) for row in found.rows] == [(True, False)]


def test_nothing_to_learn_is_said(company):
    found = evaluate_routing(TRIAL, train=[LabelledText("a", "x")], verdicts=[], test=company["test"])
    assert isinstance(found, NothingToLearn)


def test_without_verdicts_nothing_is_automated_and_nothing_flagged(company):
    found = evaluate_routing(TRIAL, train=company["train"], verdicts=[], test=company["test"])
    assert isinstance(found, RoutingEvaluation)
    assert found.figures.coverage == 0
    assert found.figures.coverage_mean is None
    assert found.figures.broke_promise is None


def test_the_flag_leaves_room_for_what_chance_adds_later(company, monkeypatch):
    """Set on 150 known texts, it catches no more of later ones than it may; the share itself would, every other time."""
    known = [*company["verdicts"], *company["test"]]
    learner = fit([r.text for r in company["train"]], [r.value for r in company["train"]], seed=0, effort=Effort.QUICK)
    monkeypatch.setattr("connector.evaluation.routing.fit", lambda *_, **__: learner)  # taught once for all draws
    over = 0
    for draw in range(12):
        order = random.Random(draw).sample(known, len(known))
        trial = RoutingTrial(target=0.9, effort=Effort.QUICK, redraws=0, oos_rate=0.1)
        found = evaluate_routing(trial, train=company["train"], verdicts=order[:150], test=order[150:])
        assert isinstance(found, RoutingEvaluation)
        over += found.figures.in_scope_escalated > 0.1
    assert over <= 4
