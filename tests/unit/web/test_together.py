"""Many alike in one action: only after a few were looked at, only what was alike, and each of them written once."""

from __future__ import annotations

import pytest

from connector.gate import labels
from connector.gate.approval import ApprovalState
from connector.gate.cells import Cell
from connector.journal import EntryKind
from tests.support.road import DESKS
from tests.support.visitor import Visitor, forms_in

APPROVE, REJECT = ("verdict", "approve"), ("verdict", "reject")
MANY = 60


@pytest.fixture
def desk():
    return DESKS["hubspot"]()


@pytest.fixture
def alike(road):
    tickets = [road.ticket(f"Charged twice for order {number}") for number in range(MANY)]
    road.rounds()
    return tickets


@pytest.fixture
def begun(ada, road, alike):
    """A bulk over all of them: its address."""
    pattern = road.approvals(alike[0])[0].pattern
    return ada.send("/bulks", {"pattern": pattern, "csrf": ada.csrf}).headers["location"]


def sample(ada, begun):
    forms = forms_in(ada.read(begun))
    return sorted({form.action for form in forms if APPROVE in form.buttons and form.action != begun})


def test_sixty_are_judged_in_one_action_after_five_were_looked_at(ada, road, house, alike, begun):
    drawn = sample(ada, begun)
    assert len(drawn) == 5
    early = ada.send(begun, {"verdict": "approve", "csrf": ada.csrf})
    assert early.status_code == 409
    assert "wait to be looked at singly" in early.text
    for action in drawn:
        assert "Approve the other" not in ada.read(begun)
        ada.press(begun, APPROVE, on=action)
    assert "Approve the other 55" in ada.read(begun)
    ada.press(begun, APPROVE, on=begun)
    assert "The rest was approved together" in ada.read(begun)
    road.rounds()
    assert [road.category(ticket) for ticket in alike] == ["billing"] * MANY
    assert all(len(road.agent_lines(ticket)) == 1 for ticket in alike)
    assert ada.send(begun, {"verdict": "approve", "csrf": ada.csrf}).status_code == 409
    told = [road.entries(ticket, EntryKind.APPROVED)[0].body["remark"] for ticket in alike]
    assert told.count("judged with 59 alike, 5 of them looked at singly") == 55
    asked = road.approvals(alike[0])[0]
    with house.store.snapshot() as tx:
        assert labels.count(tx, Cell.parse(asked.cell), asked.pins, house.clock.now()) == 5


def test_one_wrong_one_in_the_sample_and_the_rest_is_looked_at_singly(ada, road, alike, begun):
    first, *others = sample(ada, begun)
    ada.press(begun, REJECT, on=first, remark="not this one")
    for action in others:
        ada.press(begun, APPROVE, on=action)
    assert "not all judged alike" in ada.read(begun)
    for verdict in ("approve", "reject"):
        assert ada.send(begun, {"verdict": verdict, "csrf": ada.csrf}).status_code == 409
    road.rounds()
    assert sum(road.category(ticket) == "billing" for ticket in alike) == 4


def test_an_edited_one_is_no_agreement(ada, road, alike, begun):
    first, *others = sample(ada, begun)
    ada.press(first, ("verdict", "edit"), value="repair")
    for action in others:
        ada.press(begun, APPROVE, on=action)
    assert ada.send(begun, {"verdict": "approve", "csrf": ada.csrf}).status_code == 409
    assert "not all judged alike" in ada.read(begun)


def test_what_somebody_else_judged_of_the_sample_is_no_look_of_mine(ada, road, house, alike, begun):
    drawn = sample(ada, begun)
    Visitor(house, "bob").press(drawn[0], APPROVE)
    for action in drawn[1:]:
        ada.press(begun, APPROVE, on=action)
    assert ada.send(begun, {"verdict": "approve", "csrf": ada.csrf}).status_code == 409


def test_all_wrong_they_are_rejected_together(ada, road, alike, begun):
    for action in sample(ada, begun):
        ada.press(begun, REJECT, on=action)
    assert ada.send(begun, {"verdict": "approve", "csrf": ada.csrf}).status_code == 409
    ada.press(begun, REJECT, on=begun)
    road.rounds()
    assert {road.approvals(ticket)[0].state for ticket in alike} == {ApprovalState.REJECTED}
    assert not [ticket for ticket in alike if road.category(ticket)]


def test_what_changed_after_the_bulk_was_fixed_is_left_out(ada, road, alike, begun):
    drawn = {action.rsplit("/", 1)[1] for action in sample(ada, begun)}
    moved = next(ticket for ticket in alike if road.approvals(ticket)[0].id not in drawn)
    road.desk.edit(moved, {"subject": "The door is broken"})
    road.rounds()
    for action in sample(ada, begun):
        ada.press(begun, APPROVE, on=action)
    late = road.ticket("Charged twice, much later")
    road.rounds()
    ada.press(begun, APPROVE, on=begun)
    road.rounds()
    assert road.category(moved) is None
    assert road.category(late) is None
    assert sum(road.category(ticket) == "billing" for ticket in alike) == MANY - 1


def test_a_bulk_of_somebody_else_and_a_small_one_are_not_judged(ada, road, house, begun):
    bob = Visitor(house, "bob")
    assert bob.get(begun).status_code == 409
    assert bob.send(begun, {"verdict": "approve", "csrf": bob.csrf}).status_code == 409
    lone = road.ticket("The door is broken")
    road.rounds()
    few = ada.send("/bulks", {"pattern": road.approvals(lone)[0].pattern, "csrf": ada.csrf})
    assert few.status_code == 409
    assert "too few for a bulk" in few.text
