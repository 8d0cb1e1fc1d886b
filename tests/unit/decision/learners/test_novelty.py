"""Texts of no known value: told from doubtful ones without having seen any, and better where people named some."""

import pytest

from connector.decision.learners import Effort, RouteLearner

TOPICS = {
    f"topic {n}": " ".join(f"{stem}{n}" for stem in ("alpha", "bravo", "carol", "delta", "ember", "frost"))
    for n in range(12)
}
LOGIN = {"login": "password account locked sign code reset browser email verification"}


def test_texts_of_a_value_never_taught_look_newer_than_texts_of_known_values(teach, company):
    known = {name: words for name, words in TOPICS.items() if name not in ("topic 0", "topic 1")}
    learner = teach(*company(300, seed=1, topics=known), effort=Effort.FULL)
    familiar, _ = company(200, seed=2, topics=known)
    strange, _ = company(200, seed=3, topics={name: TOPICS[name] for name in ("topic 0", "topic 1")})
    usual = sorted(p.novelty for p in learner.predict(familiar))
    caught = sum(p.novelty > usual[180] for p in learner.predict(strange))
    assert caught > 150


def test_few_known_texts_are_called_novel(full_learner, company):
    texts, _ = company(300, seed=11)
    assert sum(p.novel for p in full_learner.predict(texts)) < 45


@pytest.mark.parametrize("effort", Effort)
def test_strangers_people_named_teach_what_is_strange_and_nothing_else(teach, company, effort):
    """Strange is a login abroad: by all its other words it is a message like those taught."""
    texts, values = company(150, seed=1)
    texts = [f"{text} abroad" if place % 40 == 0 else text for place, text in enumerate(texts)]
    strange = [f"{text} abroad" for text in company(120, seed=4, topics=LOGIN)[0]]
    alone, told = (teach(texts, values, effort=effort, strangers=named) for named in ((), strange[:60]))
    asked, _ = company(100, seed=5)
    assert _newer(told, strange[60:], asked) > max(50, _newer(alone, strange[60:], asked) + 20)
    before, after = alone.predict(asked), told.predict(asked)
    assert [(p.value, p.confidence) for p in before] == [(p.value, p.confidence) for p in after]
    assert alone.version != told.version


def _newer(learner: RouteLearner, strange: list[str], usual: list[str]) -> int:
    """How many strange texts look newer than nine in ten usual ones."""
    ranked = sorted(p.novelty for p in learner.predict(usual))
    return sum(p.novelty > ranked[len(ranked) * 9 // 10] for p in learner.predict(strange))


def test_few_or_known_strangers_teach_nothing(teach, company):
    texts, values = company(60, seed=1)
    few = teach(texts, values, strangers=["weather", "football", "weather ", "", texts[0]] * 20)
    assert few.version == teach(texts, values).version
    assert few.taught.novelty.acquaintance is None
