"""Undo: what we wrote goes back, what people did since stays, twice is once."""

from __future__ import annotations

import pytest

from connector.journal import EntryKind
from connector.record import ObjectType
from connector.revert import Selection, Stays, WillRemove, WillRestore, plan_revert, revert
from tests.support.given import policy
from tests.support.road import FREE


def undo(road, **what):
    done = revert(
        road.store, road.pipeline.journal, road.clock, road.pipeline.adapters, Selection(**what), by="ada", remark="oops"
    )
    road.rounds()
    return done


@pytest.fixture
def written(road):
    ticket = road.ticket("Charged twice")
    road.rounds()
    assert road.category(ticket) == "billing"
    return road, ticket


def test_the_value_before_is_put_back(written):
    road, ticket = written
    done = undo(road, record=ticket)
    assert [type(one) for one in done.reversals] == [WillRestore]
    assert road.category(ticket) is None
    assert road.story(ticket)[-1] is EntryKind.REVERTED
    assert road.outcomes() == {"reverted": 1, "applied": 1}
    assert road.verified() == ()


def test_a_preview_writes_nothing(written):
    road, ticket = written
    plan = plan_revert(road.store, road.pipeline.adapters, Selection(record=ticket))
    road.rounds()
    assert [type(one) for one in plan.reversals] == [WillRestore]
    assert road.category(ticket) == "billing"


def test_undoing_twice_is_undoing_once(written):
    road, ticket = written
    undo(road, policy="triage")
    lines = road.agent_lines(ticket)
    assert undo(road, policy="triage").reversals == ()
    assert road.agent_lines(ticket) == lines


def test_asking_twice_before_it_is_done_is_one_undo(written):
    road, ticket = written
    for _ in range(2):
        revert(road.store, road.pipeline.journal, road.clock, road.pipeline.adapters, Selection(policy="triage"), by="ada")
    road.rounds()
    assert road.category(ticket) is None
    assert len(road.agent_lines(ticket)) == 2


def test_a_later_edit_by_a_person_stays(written):
    road, ticket = written
    road.desk.edit(ticket, {"category": "other"})
    [stays] = undo(road, record=ticket).reversals
    assert isinstance(stays, Stays)
    assert "somebody changed" in stays.why
    assert road.category(ticket) == "other"


def test_an_edit_between_asking_and_undoing_stays(written):
    road, ticket = written
    revert(road.store, road.pipeline.journal, road.clock, road.pipeline.adapters, Selection(record=ticket), by="ada")
    road.desk.edit(ticket, {"category": "other"})
    road.rounds()
    assert road.category(ticket) == "other"
    assert EntryKind.CONFLICTED in road.story(ticket)


def test_an_undo_that_lost_to_an_edit_can_be_asked_for_again(written):
    """The person takes their edit back: the field holds our value again, and the undo is possible again."""
    road, ticket = written
    revert(road.store, road.pipeline.journal, road.clock, road.pipeline.adapters, Selection(record=ticket), by="ada")
    road.desk.edit(ticket, {"category": "other"})
    road.rounds()
    road.desk.edit(ticket, {"category": "billing"})
    road.rounds()
    [again] = undo(road, record=ticket).reversals
    assert isinstance(again, WillRestore)
    assert road.category(ticket) is None


def test_a_gone_record_stays_gone(written):
    road, ticket = written
    road.desk.delete(ticket)
    [stays] = undo(road, record=ticket).reversals
    assert isinstance(stays, Stays)


def test_a_created_task_is_removed_with_its_update(build):
    road = build(under=policy(gate=FREE))
    ticket = road.ticket("Charged twice, urgent")
    road.rounds()
    assert len(road.desk.hanging(ticket, ObjectType.TASK)) == 1
    done = undo(road, record=ticket)
    assert {type(one) for one in done.reversals} == {WillRestore, WillRemove}
    assert road.desk.hanging(ticket, ObjectType.TASK) == ()
    undo(road, record=ticket)
    assert road.desk.hanging(ticket, ObjectType.TASK) == ()


def test_what_was_undone_is_not_decided_again_by_itself(written):
    road, ticket = written
    undo(road, record=ticket)
    road.rounds()
    assert road.category(ticket) is None
    assert road.story(ticket).count(EntryKind.DECIDED) == 1


def test_later_decisions_on_the_record_are_named(written):
    road, ticket = written
    road.desk.edit(ticket, {"subject": "The door is broken"})
    road.rounds()
    with road.store.snapshot() as tx:
        from connector.decision import decisions

        first, second = decisions.of_record(tx, ticket)
    plan = plan_revert(road.store, road.pipeline.adapters, Selection(decision=first.id))
    assert [reader.id for reader in plan.readers] == [second.id]
