"""The request learner on made-up sentences: it learns what asks, and corrects for how common requests are elsewhere."""

from __future__ import annotations

import random

import pytest

from connector.decision.learners.asks import NothingToAsk, RequestLearner, best_cut, fit_requests, load_requests, rate_among

ASKS = ["could you send {}", "please check {}", "let me know about {} by friday", "shall we move {} on?", "call me about {}"]
TELLS = ["we received {}", "{} went out yesterday", "thanks for {}", "the team likes {}", "i will finish {} myself"]
THINGS = ["the offer", "the contract", "your invoice", "our demo", "the numbers", "the draft", "that report", "the list"]


def sentences(count: int, *, seed: int, rate: float = 0.5) -> tuple[list[str], list[bool]]:
    chance = random.Random(seed)
    asks = [chance.random() < rate for _ in range(count)]
    texts = [
        f"{chance.choice(ASKS if ask else TELLS).format(chance.choice(THINGS))} {chance.randrange(1_000)}" for ask in asks
    ]
    return texts, asks


@pytest.fixture(scope="module")
def learner() -> RequestLearner:
    learned = fit_requests(*sentences(300, seed=1), seed=0)
    assert isinstance(learned, RequestLearner)
    return learned


def test_requests_are_told_from_other_sentences(learner):
    texts, asks = sentences(100, seed=2)
    called = [chance >= learner.cut for chance in learner.chances(texts)]
    assert sum(call == ask for call, ask in zip(called, asks, strict=True)) >= 95


def test_a_blank_or_foreign_text_is_answered_too(learner):
    blank, foreign = learner.chances(["   ", "注文はどこですか"])
    assert blank == 0.0
    assert 0.0 <= foreign <= 1.0


def test_a_long_text_is_read_in_part(learner):
    assert 0.0 <= learner.chances(["please check the offer " * 50_000])[0] <= 1.0


def test_a_mailbox_with_fewer_requests_is_noticed_without_labels():
    chances = [0.9] * 20 + [0.1] * 180
    assert rate_among(chances, 0.5) < 0.25


def test_a_few_texts_say_nothing_about_their_rate(learner):
    assert learner.corrected([0.9, 0.2]) == [0.9, 0.2]


def test_a_rate_never_runs_away():
    assert rate_among([0.3] * 200, 0.5) >= 0.19


def test_the_cut_gives_the_best_f1_to_be_expected():
    assert best_cut([0.95, 0.9, 0.6, 0.1, 0.05]) == pytest.approx(0.35)


def test_sentences_of_two_kinds_that_never_mix_are_all_called():
    _, asks = sentences(80, seed=4)
    told = [f"{'please send' if ask else 'we got'} it {place}" for place, ask in enumerate(asks)]
    learned = fit_requests(told, asks, seed=0)
    assert isinstance(learned, RequestLearner)
    assert [chance >= learned.cut for chance in learned.chances(told)] == asks


@pytest.mark.parametrize(("texts", "asks"), [([], []), (["one"] * 50, [True] * 50), (["a", "b"], [None, True])])
def test_too_little_is_said(texts, asks):
    assert isinstance(fit_requests(texts, asks, seed=0), NothingToAsk)


def test_a_saved_learner_says_the_same(learner, tmp_path):
    texts, _ = sentences(10, seed=3)
    digest = learner.save(tmp_path / "asks")
    assert load_requests(tmp_path / "asks", sha256=digest).chances(texts) == learner.chances(texts)
