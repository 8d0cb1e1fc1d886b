"""Triage in words: the policy passage is quoted, a reply says only what customers may read, a summary can be acted on."""

from __future__ import annotations

import pytest

from connector.action import CreateTask, Message
from connector.context.context import Audience
from connector.decision.agent import Abstention, Proposals
from connector.decision.agents.ticket_triage import TicketTriage
from tests.support.questions import Shelf, WordLearner, knowledge, policy, question

REFUND = "A double charge is refunded within five business days."
MAY = """
  update:
    category: {}
    priority: {options: [low, normal, high]}
  create_task: {subject: Look at this ticket, due: 2 business days}
  draft_email: {to: [contact]}
"""
SHELF = Shelf({"category": WordLearner({"charged": "billing"}), "priority": WordLearner({"charged": "high"})})


def answer(*passages, reason="{tier: offline}", shelf=SHELF):
    [reading] = TicketTriage().decide_offline([question(under=policy(MAY, reason=reason), passages=passages)], shelf)
    return reading


def actions(reading, kind):
    return [one for one in reading.actions if isinstance(one.action, kind)]


def test_the_reply_quotes_the_policy_for_customers_and_cites_it():
    reading = answer(knowledge(REFUND))
    [draft] = actions(reading, Message)
    assert REFUND in draft.action.body
    assert draft.action.to == ("eve@example.com",)
    assert [citation.source for citation in draft.citations] == ["knowledge/refunds.md"]


def test_what_is_internal_is_told_to_the_person_and_never_to_the_customer():
    reading = answer(knowledge(REFUND, audience=Audience.INTERNAL))
    assert actions(reading, Message) == []
    [task] = actions(reading, CreateTask)
    assert REFUND in task.action.description
    assert REFUND in reading.rationale


def test_without_knowledge_nothing_is_promised():
    assert actions(answer(), Message) == []


def test_where_a_model_may_be_asked_the_words_are_left_to_it():
    reading = answer(knowledge(REFUND), reason="{cascade: [{tier: offline}, {tier: fast}], usd_per_day: 1}")
    assert actions(reading, Message) == []


def test_the_summary_says_what_who_and_what_next():
    [task] = actions(answer(knowledge(REFUND)), CreateTask)
    for part in ("category billing", "Who: Eve", "My card was charged twice.", REFUND, "Next:"):
        assert part in task.action.description


@pytest.mark.parametrize("passages", [(), (knowledge(REFUND),)], ids=["no passage", "a passage"])
def test_a_ticket_about_something_new_goes_to_a_person_with_the_best_guesses(passages):
    shelf = Shelf({"category": WordLearner({"broken": "repair"}), "priority": WordLearner({"broken": "high"})})
    reading = answer(*passages, shelf=shelf)
    assert isinstance(reading, Abstention)
    assert any("unlike any earlier ticket" in text for text in reading.missing)
    assert reading.guesses


def test_a_clear_ticket_is_proposed():
    assert isinstance(answer(), Proposals)
