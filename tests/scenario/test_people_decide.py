"""Supervised: the question waits, and what a person says is what happens, once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.gate.approval import ApprovalError, ApprovalState
from connector.gate.handoffs import HandoffState
from connector.journal import EntryKind
from tests.support.given import policy

ASK = policy(gate="{supervised: until_earned}", may="{update: {category: {}}}")


@pytest.fixture
def asked(build):
    road = build(under=ASK)
    ticket = road.ticket("Charged twice")
    road.rounds()
    [question] = road.approvals(ticket)
    assert question.state is ApprovalState.PENDING
    assert road.category(ticket) is None
    return road, ticket, question


def test_approved_it_is_written(asked):
    road, ticket, question = asked
    road.pipeline.people.approve(question.id, by="ada", remark="yes")
    road.rounds()
    assert road.category(ticket) == "billing"
    [approved] = road.entries(ticket, EntryKind.APPROVED)
    assert (approved.actor, approved.body["remark"]) == ("ada", "yes")


def test_approved_twice_it_is_written_once(asked):
    road, ticket, question = asked
    road.pipeline.people.approve(question.id, by="ada")
    with pytest.raises(ApprovalError, match=r"approved already \(by ada\)"):
        road.pipeline.people.approve(question.id, by="bob")
    road.rounds()
    with pytest.raises(ApprovalError, match="approved already"):
        road.pipeline.people.reject(question.id, by="bob")
    road.rounds()
    assert len(road.agent_lines(ticket)) == 1


def test_approved_survives_a_restart(asked):
    road, ticket, question = asked
    road.pipeline.people.approve(question.id, by="ada")
    road.restart()
    road.rounds()
    assert road.category(ticket) == "billing"
    assert len(road.agent_lines(ticket)) == 1


def test_edited_the_other_value_is_written(asked):
    road, ticket, question = asked
    road.pipeline.people.edit(question.id, "repair", by="ada")
    road.rounds()
    assert road.category(ticket) == "repair"


def test_an_edit_to_something_the_crm_does_not_know_is_refused_and_said(asked):
    road, ticket, question = asked
    road.pipeline.people.edit(question.id, "no such option", by="ada")
    road.rounds()
    assert road.category(ticket) is None
    [refused] = road.entries(ticket, EntryKind.REFUSED)
    assert "not an active option" in refused.body["why"]


def test_rejected_nothing_is_written(asked):
    road, ticket, question = asked
    road.pipeline.people.reject(question.id, by="ada", remark="wrong")
    road.rounds()
    assert road.category(ticket) is None
    assert EntryKind.REJECTED in road.story(ticket)


def test_unanswered_it_expires_and_nothing_is_written(asked):
    road, ticket, question = asked
    road.wait(timedelta(days=7))
    road.rounds()
    [expired] = road.approvals(ticket)
    assert expired.state is ApprovalState.EXPIRED
    with pytest.raises(ApprovalError, match="expired already"):
        road.pipeline.people.approve(question.id, by="ada")
    road.rounds()
    assert road.category(ticket) is None


def test_a_record_that_changes_meanwhile_takes_its_question_back(asked):
    """The text it was decided on is another now: the old question closes, a new decision asks anew."""
    road, ticket, question = asked
    road.desk.edit(ticket, {"subject": "The door is broken"})
    road.rounds()
    with pytest.raises(ApprovalError, match="superseded already"):
        road.pipeline.people.approve(question.id, by="ada")
    [new] = [one for one in road.approvals(ticket) if one.state is ApprovalState.PENDING]
    road.pipeline.people.approve(new.id, by="ada")
    road.rounds()
    assert road.category(ticket) == "repair"


def test_a_change_of_another_field_leaves_the_question_open(asked):
    road, ticket, question = asked
    road.desk.edit(ticket, {"priority": "high"})
    road.rounds()
    road.pipeline.people.approve(question.id, by="ada")
    road.rounds()
    assert road.category(ticket) == "billing"


def test_a_case_nobody_takes_climbs_and_ends_without_a_write(build):
    road = build(under=ASK)
    ticket = road.ticket("Quo vadis")
    road.rounds()
    road.wait(timedelta(hours=5))
    road.rounds()
    [handoff] = road.handoffs(ticket)
    assert (handoff.owner, handoff.state) == ("boss", HandoffState.OPEN)
    road.wait(timedelta(hours=5))
    road.rounds()
    [handoff] = road.handoffs(ticket)
    assert handoff.state is HandoffState.DENIED
    assert road.category(ticket) is None


def test_a_case_given_back_is_decided_once_more(build):
    road = build(under=ASK)
    ticket = road.ticket("Quo vadis")
    road.rounds()
    [handoff] = road.handoffs(ticket)
    road.pipeline.people.claim(handoff.id, by="ada")
    road.pipeline.people.give_back(handoff.id, by="ada", remark="look again")
    road.rounds()
    assert road.story(ticket).count(EntryKind.NOT_ENOUGH) == 2
    assert [one.state for one in road.handoffs(ticket)].count(HandoffState.OPEN) == 1
