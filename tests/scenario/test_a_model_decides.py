"""A model behind the real client: what it answers well is written, everything else ends with a person."""

from __future__ import annotations

import random

import pytest

from connector.adapter import NoAnswerError, NotSentError
from connector.decision.agents import AGENTS
from connector.decision.budget import SpendingLedger
from connector.decision.reasoners.anthropic import reasoner
from connector.decision.reasoners.endpoint import ModelSettings
from connector.decision.reasoners.prices import price_of
from connector.journal import EntryKind
from connector.policy import Tier
from tests.support.given import policy
from tests.support.messages_server import FakeMessages, failure, message
from tests.support.road import FREE

QUOTE = [{"passage": 0, "quote": "Charged twice"}]
GOOD = {
    "rationale": "A double charge.",
    "enough": True,
    "out_of_scope": False,
    "missing": [],
    "values": {"category": {"value": "billing", "confidence": 0.95, "citations": QUOTE}},
}
ONLY_CATEGORY = "{update: {category: {}}}"
SETTINGS = ModelSettings(tier=Tier.FAST, model="claude-haiku-5-5", price=price_of("claude-haiku-5-5"), parallel=1)


@pytest.fixture
def ask(build):
    """A new ticket, decided by a model that answers from a script."""

    def asked(*script, reason="{tier: fast, usd_per_day: 5}"):
        server = FakeMessages(*script)

        def models(store, clock):
            made = reasoner(
                SETTINGS,
                AGENTS,
                transport=server,
                key="sk-test-CANARY",
                clock=clock,
                chance=random.Random(1),
                budget=SpendingLedger(store, clock),
            )
            return {Tier.FAST: made}

        road = build(under=policy(gate=FREE, may=ONLY_CATEGORY, reason=reason), models=models)
        ticket = road.ticket("Charged twice")
        road.rounds(most=60)
        return road, ticket

    return asked


def test_a_good_answer_is_written_with_its_evidence_and_cost(ask):
    road, ticket = ask(message(GOOD))
    assert road.category(ticket) == "billing"
    [decided] = road.entries(ticket, EntryKind.DECIDED)
    assert decided.body["pins"]["model"] == "claude-haiku-5-5"
    assert decided.body["usage"]["usd"] != "0"
    [allowed] = road.entries(ticket, EntryKind.ALLOWED)
    assert [citation["quote"] for citation in allowed.body["citations"]] == ["Charged twice"]


BAD = {
    "refusal": message("", "refusal"),
    "cut off": message('{"rationale": "A double', "max_tokens"),
    "not JSON": message("I would say billing."),
    "another shape": message({"category": "billing"}),
    "invented quote": message(
        GOOD
        | {"values": {"category": {"value": "billing", "confidence": 0.95, "citations": [{"passage": 0, "quote": "gold"}]}}}
    ),
    "unknown option": message(GOOD | {"values": {"category": {"value": "weapons", "confidence": 0.95, "citations": QUOTE}}}),
    "another field": message(GOOD | {"values": {"owner": {"value": "mallory", "confidence": 1.0, "citations": QUOTE}}}),
}


@pytest.mark.parametrize("bad", BAD)
def test_an_answer_that_cannot_be_used_goes_to_a_person(ask, bad):
    road, ticket = ask(*[BAD[bad]] * 6)
    assert road.category(ticket) is None
    assert [handoff.owner for handoff in road.handoffs(ticket)] == ["leads"]
    assert road.agent_lines(ticket) == []
    assert road.verified() == ()


def test_a_model_that_abstains_goes_to_a_person_with_what_is_missing(ask):
    road, ticket = ask(message(GOOD | {"enough": False, "missing": ["the order number"], "values": {}}))
    [handoff] = road.handoffs(ticket)
    assert "the order number" in handoff.missing


@pytest.mark.parametrize(
    "trouble",
    [failure(529, "overloaded_error"), failure(500), NotSentError("no route"), NoAnswerError("silence")],
    ids=["overloaded", "broken", "not reached", "silent"],
)
def test_a_model_that_is_away_is_asked_again_later(ask, trouble):
    road, ticket = ask(*[trouble] * 3, *[message(GOOD)] * 3)
    assert road.category(ticket) == "billing"
    assert road.handoffs(ticket) == []


def test_a_key_that_is_not_accepted_hands_on_to_a_person(ask):
    road, ticket = ask(*[failure(401, "authentication_error")] * 6)
    assert road.category(ticket) is None
    [handoff] = road.handoffs(ticket)
    assert "CANARY" not in str(handoff)


def test_a_tier_without_credentials_hands_on_to_the_next(build):
    """`fast` has no key here: the cascade's offline tier answers."""
    road = build(
        under=policy(gate=FREE, may=ONLY_CATEGORY, reason="{cascade: [{tier: fast}, {tier: offline}], usd_per_day: 1}")
    )
    ticket = road.ticket("Charged twice")
    road.rounds()
    assert road.category(ticket) == "billing"
