"""A made-up company's messages: five topics that share many words, seeded."""

from __future__ import annotations

import random

import pytest

from connector.decision.learners import Effort, RouteLearner, fit

TOPICS = {
    "delivery": "parcel late courier tracking shipment arrived address driver depot",
    "refund": "refund money returned charged credit statement reimburse amount twice",
    "login": "password account locked sign code reset browser email verification",
    "damage": "broken scratched cracked leaking dented box glass replacement photo",
    "cancel": "cancel subscription stop renewal plan contract terminate notice month",
}
SHARED = ["please", "help", "me", "with", "my", "order", "i", "have", "a", "question", "since", "yesterday", "and", "nobody"]


def messages(count: int, *, seed: int, topics: dict[str, str] | None = None) -> tuple[list[str], list[str]]:
    chance = random.Random(seed)
    texts, values = [], []
    for _ in range(count):
        value = chance.choice(sorted(topics or TOPICS))
        own = chance.choices((topics or TOPICS)[value].split(), k=3)
        words = own + chance.choices(SHARED, k=6) + chance.choices(" ".join(TOPICS.values()).split(), k=1)
        chance.shuffle(words)
        texts.append(" ".join(words))
        values.append(value)
    return texts, values


def taught(texts: list[str], values: list[str], **how: object) -> RouteLearner:
    learner = fit(texts, values, **{"seed": 1, "effort": Effort.QUICK, **how})  # type: ignore[arg-type]
    assert isinstance(learner, RouteLearner)
    return learner


@pytest.fixture(scope="session")
def quick_learner() -> RouteLearner:
    return taught(*messages(400, seed=1))


@pytest.fixture(scope="session")
def full_learner() -> RouteLearner:
    return taught(*messages(300, seed=1), effort=Effort.FULL)


@pytest.fixture(scope="session")
def company():
    return messages


@pytest.fixture(scope="session")
def teach():
    return taught
