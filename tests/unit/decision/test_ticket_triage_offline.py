"""What the offline tier makes of tickets."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connector.action import CreateTask, UpdateField
from connector.decision.agents import AGENTS
from connector.decision.decision import Decision, DecisionResult, HandoffReason, NotEnough
from connector.decision.reasoners.offline import OfflineReasoner
from connector.policy import Tier
from connector.record import FieldName, Origin
from tests.support.questions import TICKET, Shelf, WordLearner, policy, question, ticket, ticket_schema

CATEGORY = WordLearner({"charged": "billing", "broken": "repair"}, version="category@1")
PRIORITY = WordLearner({"charged": "high", "broken": "low"}, version="priority@1")
QUEUE = WordLearner({"charged": "q1", "broken": "q2"}, version="queue@1")
ALL = {"category": CATEGORY, "priority": PRIORITY, "queue": QUEUE}


def decide(*asked, shelf: Shelf | None = None) -> list[DecisionResult]:
    return list(OfflineReasoner(AGENTS, shelf or Shelf(ALL)).decide(asked))


def updates(result: DecisionResult) -> dict[str, object]:
    assert isinstance(result, Decision)
    return {step.action.field: step.action.value for step in result.actions if isinstance(step.action, UpdateField)}


def test_every_field_of_the_policy_gets_the_value_its_learner_predicts():
    [result] = decide(question())
    assert updates(result) == {"category": "billing", "priority": "high", "queue": "q1"}
    assert isinstance(result, Decision)
    assert result.undecided == ()
    assert result.pins.tier is Tier.OFFLINE
    assert all(step.confidence == 0.97 for step in result.actions)


def test_a_field_that_holds_the_value_already_is_not_written():
    [result] = decide(question(ticket(category="billing", priority="normal", queue="q1")))
    assert updates(result) == {"priority": "high"}


def test_nothing_is_proposed_when_the_whole_ticket_is_right_already():
    [result] = decide(question(ticket(category="billing", priority="high", queue="q1")))
    assert isinstance(result, Decision)
    assert result.actions == ()


def test_a_ticket_raised_to_the_highest_priority_the_policy_allows_gets_a_task_that_waits_for_the_update():
    [result] = decide(question())
    assert isinstance(result, Decision)
    [task] = [step for step in result.actions if isinstance(step.action, CreateTask)]
    assert task.after == 1
    assert isinstance(task.action, CreateTask)
    assert task.action.subject == "Look at this ticket: Charged twice"
    assert task.action.due == datetime(2026, 11, 24, 9, 0, tzinfo=UTC)  # two business days after a Friday
    assert "My card was charged twice." in task.action.description


def test_no_task_is_proposed_where_the_policy_does_not_grant_one():
    [result] = decide(question(under=policy("\n  update: {priority: {}}\n")))
    assert isinstance(result, Decision)
    assert [type(step.action) for step in result.actions] == [UpdateField]


def test_evidence_quotes_the_tickets_own_words_with_their_origin():
    [result] = decide(question())
    assert isinstance(result, Decision)
    quoted = {(citation.quote, citation.origin) for citation in result.actions[0].citations}
    assert quoted == {("Charged twice", Origin.OUTSIDER), ("My card was charged twice.", Origin.OUTSIDER)}


def test_an_empty_ticket_goes_to_a_person_as_incomplete():
    [result] = decide(question(ticket(subject="  ", description=None)))
    assert isinstance(result, NotEnough)
    assert result.reason is HandoffReason.INCOMPLETE
    assert result.missing == ("subject", "description")


def test_a_ticket_unlike_any_earlier_one_goes_to_a_person_with_guesses():
    [result] = decide(question(ticket("Hello", "Do you sponsor football clubs?")))
    assert isinstance(result, NotEnough)
    assert result.reason is HandoffReason.UNSURE
    assert {step.action.field for step in result.guesses if isinstance(step.action, UpdateField)} >= {"category"}


def test_without_any_learner_the_tier_says_how_many_examples_it_has_and_needs():
    [result] = decide(question(), shelf=Shelf())
    assert isinstance(result, NotEnough)
    assert result.reason is HandoffReason.UNSURE
    assert "category: 3 examples so far, 40 needed" in result.missing


def test_one_field_without_a_learner_is_left_open_and_named():
    [result] = decide(question(), shelf=Shelf({"category": CATEGORY}))
    assert updates(result) == {"category": "billing"}
    assert isinstance(result, Decision)
    assert result.undecided == ("priority: 3 examples so far, 40 needed", "queue: 3 examples so far, 40 needed")


@pytest.mark.parametrize("value", ["retired", "urgent-ish", "BILLING"])
def test_a_prediction_that_is_no_active_option_is_not_proposed(value):
    [result] = decide(question(), shelf=Shelf({"category": WordLearner({"charged": value}), "priority": PRIORITY}))
    assert "category" not in updates(result)
    assert isinstance(result, Decision)
    assert any(left.startswith("category: ") for left in result.undecided)


def test_an_option_the_policy_does_not_list_is_not_proposed():
    [result] = decide(question(), shelf=Shelf({"category": CATEGORY, "priority": WordLearner({"charged": "urgent"})}))
    assert updates(result) == {"category": "billing"}


def test_a_queue_that_is_gone_is_not_proposed():
    [result] = decide(question(owners=()))
    assert set(updates(result)) == {"category", "priority"}


def test_a_field_the_crm_hides_from_our_user_is_named_and_keeps_no_tier_busy():
    schema = ticket_schema()
    fields = {name: known for name, known in schema.fields.items() if name != "queue"}
    hidden = type(schema)(object=schema.object, native=schema.native, fields=fields, fingerprint="f2")
    [result] = decide(question(schema=hidden))
    assert isinstance(result, Decision)
    assert "queue: our user cannot write it in this CRM" in result.rationale
    assert result.undecided == ()


def test_each_actions_evidence_is_pinned_to_its_own_learner_only():
    [result] = decide(question())
    assert isinstance(result, Decision)
    assert result.pins.learner == "category@1 priority@1 queue@1"
    assert [step.learner for step in result.actions] == ["category@1", "priority@1", "queue@1", "priority@1"]
    [same] = decide(question(ticket(category="billing")))
    assert isinstance(same, Decision)
    assert same.pins == result.pins


def test_answers_come_in_the_order_of_the_questions():
    asked = [question(ticket("It is broken", str(place)) if place % 2 else ticket()) for place in range(6)]
    found = [updates(result).get("category") for result in decide(*asked)]
    assert found == ["billing", "repair"] * 3


def test_every_proposal_is_about_the_ticket_itself():
    [result] = decide(question())
    assert isinstance(result, Decision)
    assert {step.action.ref for step in result.actions} == {TICKET}


def test_free_text_fields_are_left_to_other_tiers():
    [result] = decide(question(under=policy("\n  update: {category: {}, subject: {}}\n")))
    assert isinstance(result, Decision)
    assert result.undecided == ("subject: is written, not chosen: no learner",)


def test_the_triage_agent_learns_fields_of_few_values_only():
    agent = AGENTS["ticket_triage"]
    assert agent.learns(policy("\n  update: {category: {}, description: {}, queue: {}}\n")) == ("category", "queue")
    assert FieldName("category") in agent.learns(policy())
