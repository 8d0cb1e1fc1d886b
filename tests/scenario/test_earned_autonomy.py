"""Autonomy on the road: earned by verdicts, audited blind, lost by itself, and left where a person corrected the agent."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.gate import CellState, approvals, audits, cells, labels
from connector.gate.approval import ApprovalState
from connector.gate.audits import AuditState
from connector.gate.autonomy import Look, review
from connector.gate.cells import Cell
from connector.gate.handoffs import HandoffState
from connector.gate.labels import Label, LabelSource
from connector.journal import EntryKind, walk
from connector.pipeline.autonomy import Autonomy
from connector.writeback import OutboxState
from tests.support.given import policy

EARN = policy(
    gate="{supervised: until_earned, target: 90%, audit: 100%}", may="{update: {category: {}}}",
    limits="{writes_per_record_per_day: 20, records_per_hour: 1000, share_of_object: 100%, error_budget: 5%}",
)  # fmt: skip


@pytest.fixture
def road(build):
    return build(under=EARN)


def autonomy(road) -> Autonomy:
    return Autonomy(store=road.store, journal=road.pipeline.journal, clock=road.clock)


def earn(road) -> tuple[Cell, str]:
    """Let the cell of `category` act alone: verdicts enough, all of them right."""
    ticket = road.ticket("Charged twice")
    road.rounds()
    [question] = road.approvals(ticket)
    cell = Cell.parse(question.cell)
    now = road.clock.now()
    with road.store.transaction("test: verdicts") as tx:
        labels.add(
            tx, cell, question.pins,
            [
                Label(
                    content=f"text {place}", proposed="billing", actual=None, agreed=True, confidence=question.confidence,
                    source=LabelSource.VERDICT, at=now,
                )
                for place in range(200)
            ],
        )
        review(tx, road.pipeline.journal, cell, question.pins, target=0.9, now=now, look=Look.SCHEDULED)
    assert standing(road, cell).state is CellState.AUTONOMOUS
    return cell, question.pins


def standing(road, cell):
    with road.store.snapshot() as tx:
        return cells.standing(tx, cell)


def waiting(road):
    with road.store.snapshot() as tx:
        return audits.listed(tx)


def kinds(road):
    with road.store.snapshot() as tx:
        return [stored.entry.kind for stored in walk(tx)]


def written(road, count):
    """New tickets that the agent writes alone."""
    tickets = [road.ticket(f"Charged twice, bill {place}") for place in range(count)]
    road.rounds()
    assert {road.category(ticket) for ticket in tickets} == {"billing"}
    return tickets


def test_what_was_written_without_asking_is_judged_blind(road):
    earn(road)
    [ticket] = written(road, 1)
    [audit] = waiting(road)
    assert (audit.ref, audit.proposed, audit.owner) == (ticket, "billing", "leads")

    autonomy(road).judge_audit(audit.id, "repair", by="ada")

    with road.store.snapshot() as tx:
        [label] = [one for one in labels.of_cell(tx, Cell.parse(audit.cell), audit.pins, road.clock.now()) if one.blind]
        again = audits.find(tx, audit.id)
    assert (label.source, label.agreed, label.actual) == (LabelSource.AUDIT, False, "repair")
    assert (again.state, again.given, again.judged_by) == (AuditState.JUDGED, "repair", "ada")
    assert road.category(ticket) == "billing", "an audit judges; it writes nothing"
    [told] = road.entries(ticket, EntryKind.AUDITED)
    assert told.actor == "ada"


def test_every_cell_is_audited_at_least_once_a_day(build):
    road = build(under=policy(gate="{supervised: until_earned, target: 90%, audit: 0.1%}", may="{update: {category: {}}}"))
    earn(road)
    written(road, 3)
    first = len(waiting(road))
    assert first >= 1
    road.clock.advance(timedelta(days=1, hours=1))
    written(road, 1)
    assert len(waiting(road)) > first


def test_an_audit_nobody_judges_is_no_label(road):
    cell, pins = earn(road)
    written(road, 1)
    road.clock.advance(timedelta(days=30))
    autonomy(road).review(road.pipeline.policies)
    assert waiting(road) == []
    with road.store.snapshot() as tx:
        assert not [one for one in labels.of_cell(tx, cell, pins, road.clock.now()) if one.source is LabelSource.AUDIT]


def test_audits_that_break_the_promise_end_autonomy_and_tell_one_person(road):
    cell, _ = earn(road)
    tickets = written(road, 12)
    for place, audit in enumerate(waiting(road)):
        autonomy(road).judge_audit(audit.id, "repair" if place < 6 else "billing", by="ada")

    assert autonomy(road).review(road.pipeline.policies) == 1
    assert autonomy(road).review(road.pipeline.policies) == 0

    after = standing(road, cell)
    assert after.state is CellState.SUPERVISED
    assert "6 of 12 were right" in after.evidence["why"]
    cases = [case for ticket in tickets for case in road.handoffs(ticket)]
    assert [(case.owner, case.state) for case in cases] == [("leads", HandoffState.OPEN)]
    assert kinds(road).count(EntryKind.DEMOTED) == 1
    next_ticket = road.ticket("Charged once more")
    road.rounds()
    assert road.category(next_ticket) is None
    assert road.approvals(next_ticket)[0].state is ApprovalState.PENDING


def test_what_was_cleared_and_not_sent_becomes_a_question(road):
    cell, _ = earn(road)
    ticket = road.ticket("Charged twice")
    road.capture()
    road.decide()
    [ready] = road.writes(ticket)
    assert ready.state is OutboxState.READY

    assert autonomy(road).demote(cell, by="ada", remark="the queues change today") == 1
    road.rounds()

    assert road.category(ticket) is None
    assert [row.state for row in road.writes(ticket)] == [OutboxState.CANCELLED]
    asked = [one for one in road.approvals(ticket) if one.state is ApprovalState.PENDING]
    assert len(asked) == 1
    road.pipeline.people.approve(asked[0].id, by="bob")
    road.rounds()
    assert road.category(ticket) == "billing"
    assert len(road.agent_lines(ticket)) == 1


def test_a_person_can_give_back_what_a_person_took(road):
    cell, _ = earn(road)
    autonomy(road).demote(cell, by="ada")
    autonomy(road).promote(cell, road.pipeline.policies, by="ada")
    assert standing(road, cell).state is CellState.AUTONOMOUS
    written(road, 1)


def test_a_corrected_field_is_left_to_people_for_a_time(road):
    earn(road)
    [ticket] = written(road, 1)
    road.desk.edit(ticket, {"category": "repair"})
    road.rounds()
    [corrected] = road.entries(ticket, EntryKind.CORRECTED)
    assert corrected.body["field"] == "category"

    road.desk.edit(ticket, {"subject": "Charged twice, still"})
    road.rounds()
    newest = road.approvals(ticket)[-1]
    assert newest.state is ApprovalState.PENDING
    assert [reason.code.value for reason in newest.reasons] == ["hands_off"]
    assert road.category(ticket) == "repair"

    road.clock.advance(timedelta(days=91))
    road.desk.edit(ticket, {"subject": "Charged twice, again"})
    road.rounds()
    assert all(reason.code.value != "hands_off" for reason in road.approvals(ticket)[-1].reasons)


def test_a_blind_verdict_writes_what_the_person_says(road):
    ticket = road.ticket("Charged twice")
    road.rounds()
    [question] = road.approvals(ticket)
    road.pipeline.people.judge(question.id, "repair", by="ada")
    road.rounds()
    assert road.category(ticket) == "repair"
    with road.store.snapshot() as tx:
        [label] = labels.of_cell(tx, Cell.parse(question.cell), question.pins, road.clock.now())
        settled = approvals.by_id(tx, question.id)
    assert (label.blind, label.agreed, label.actual) == (True, False, "repair")
    assert settled.settled_by == "ada"


def test_a_blind_verdict_that_agrees_is_an_approval(road):
    ticket = road.ticket("Charged twice")
    road.rounds()
    [question] = road.approvals(ticket)
    road.pipeline.people.judge(question.id, "billing", by="ada")
    road.rounds()
    assert road.category(ticket) == "billing"
    with road.store.snapshot() as tx:
        [label] = labels.of_cell(tx, Cell.parse(question.cell), question.pins, road.clock.now())
    assert (label.blind, label.agreed) == (True, True)
