"""Whoever gives a case to a person, for whatever reason: owner, due time, what was tried and what is missing are said."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.action import CreateTask
from connector.change.trigger import Visit
from connector.decision.agents import AGENTS
from connector.decision.decision import Decision, Deferred, HandoffReason, NotEnough, Pins, ProposedAction
from connector.gate.handoffs import HandoffState
from connector.pipeline.cases import Case
from connector.pipeline.judge import Bench, judge
from connector.pipeline.unanswered import given_up
from connector.policy import Tier, parse_policy
from connector.record import ActionKind
from tests.support.given import NOW, event, record, ref
from tests.support.questions import question

POLICY = """
schema: 1
policy: work
goal: Cases reach the right person.
when: {{object: {object}, events: [created]}}
agent: {agent}
reason: {{tier: offline}}
may: {{create_task: {{}}}}
handoff: {{to: leads, due: 4h, then: boss}}
"""
NOBODY = Bench(tx=None, book=None, schema=None, owners={}, population=1, now=NOW)  # judging a handoff asks nothing
DECIDED = {HandoffReason.INCOMPLETE, HandoffReason.UNSURE, HandoffReason.STAKES, HandoffReason.APPROVAL}


def handed_off(agent, result, context=None):
    kind = min(AGENTS[agent].objects)
    policy = parse_policy(POLICY.format(agent=agent, object=kind.value), agents=AGENTS)
    subject = record(ref("7", kind))
    visit = Visit(fingerprint="v", number=1)
    case = Case(policy=policy, record=subject, event=event(subject.ref), visit=visit, changed_from={}, run=None)
    return judge(NOBODY, case, context, result).handoff


@pytest.fixture(params=sorted(AGENTS))
def agent(request):
    return request.param


@pytest.mark.parametrize("reason", HandoffReason)
def test_a_person_gets_the_whole_case(agent, reason):
    silent = NotEnough(reason=reason, missing=(), rationale="", pins=Pins(tier=Tier.FAST, model="claude-haiku-5-5"))
    handoff = handed_off(agent, silent)
    assert (handoff.owner, handoff.ladder, handoff.state) == ("leads", ("leads", "boss"), HandoffState.OPEN)
    assert handoff.due_at == NOW + timedelta(hours=4)
    assert handoff.reason == reason
    assert all(text.strip() for text in (handoff.summary, *handoff.tried, *handoff.missing))
    assert agent.replace("_", " ") in handoff.tried[0]
    assert handoff.missing


def test_what_an_agent_said_is_not_replaced(agent):
    task = CreateTask(ref=ref("7", min(AGENTS[agent].objects)), subject="Look", description="")
    guess = ProposedAction(action=task, confidence=0.4)
    said = NotEnough(
        reason=HandoffReason.UNSURE, missing=("the order number",), rationale="two categories fit",
        pins=Pins(tier=Tier.OFFLINE), guesses=(guess,),
    )  # fmt: skip
    handoff = handed_off(agent, said)
    assert handoff.missing == ("the order number",)
    assert handoff.tried == (f"{ActionKind.CREATE_TASK.value} (40%)",)
    assert handoff.summary.endswith("two categories fit")


def test_the_four_reasons_are_told_apart():
    pins = Pins(tier=Tier.OFFLINE)
    silent = [NotEnough(reason=why, missing=(), rationale="x", pins=pins) for why in DECIDED]
    told = {handed_off("ticket_triage", one).summary for one in silent}
    assert len(told) == len(DECIDED) == 4


def test_a_person_gets_what_a_decision_left_undecided_and_no_later_tier_answered(agent):
    pins = Pins(tier=Tier.OFFLINE)
    said = Decision(actions=(), rationale="sure of the rest", pins=pins, undecided=("queue: no learner",))
    waited = Deferred(reason="the model is overloaded", retry_after=timedelta(minutes=1), fallback=said)
    context = question().context
    handoff = handed_off(agent, given_up(waited), context)
    assert handoff.missing == ("queue: no learner",)
    assert "the model is overloaded" in handoff.summary
    assert handed_off(agent, said, context) is None
