"""Questions asked blind: the page keeps back what is proposed, asks for the value, and counts what was looked at as seen."""

from __future__ import annotations

from html import unescape

import pytest

from connector.calibration import as_percent
from connector.gate import labels
from connector.gate.approval import ApprovalState
from connector.gate.cells import Cell
from connector.journal import EntryKind
from tests.support.visitor import Visitor, forms_in

JUDGE, REVEAL, APPROVE = (("verdict", word) for word in ("judge", "reveal", "approve"))


@pytest.fixture(autouse=True)
def every_question_is_blind(blind_share):
    blind_share(1.0)


def labelled(house, question):
    with house.store.snapshot() as tx:
        return labels.of_cell(tx, Cell.parse(question.cell), question.pins, house.clock.now())


def test_no_page_tells_what_is_proposed_how_sure_or_why(ada, asked):
    ticket, question = asked
    sure = as_percent(question.confidence)
    for path in ("/", f"/approvals/{question.id}", f"/records/{ticket}", "/history", "/approvals.csv"):
        text = unescape(ada.read(path))
        assert question.rationale not in text, path
        assert sure not in text, path
        without_choices = "".join(line for line in text.splitlines() if "<option" not in line)
        assert "billing" not in without_choices, path
    card = ada.read(f"/approvals/{question.id}")
    assert "asked blind" in card
    assert '<option disabled selected>' in card


def test_what_is_typed_is_written_and_is_a_blind_label(ada, road, house, asked):
    ticket, question = asked
    assert ada.press(f"/approvals/{question.id}", JUDGE, value="billing").status_code == 303
    road.rounds()
    assert road.category(ticket) == "billing"
    [label] = labelled(house, question)
    assert (label.blind, label.agreed) == (True, True)


def test_another_value_is_written_and_speaks_against_the_agent(ada, road, house, asked):
    ticket, question = asked
    ada.press(f"/approvals/{question.id}", JUDGE, value="repair")
    road.rounds()
    assert road.category(ticket) == "repair"
    [label] = labelled(house, question)
    assert (label.blind, label.agreed, label.actual) == (True, False, "repair")


def test_nothing_chosen_is_no_answer(ada, road, asked):
    ticket, question = asked
    form = ada.form(f"/approvals/{question.id}", JUDGE)
    kept = {name: value for name, value in form.fields.items() if name != "value"}
    assert ada.send(form.action, kept | {"verdict": "judge"}).status_code == 400
    assert road.approvals(ticket)[0].state is ApprovalState.PENDING


def test_whoever_looked_first_gives_a_verdict_that_counts_as_shown(ada, road, house, asked):
    ticket, question = asked
    assert ada.press("/", REVEAL).status_code == 303
    assert "billing" in ada.read("/")
    assert question.rationale in unescape(ada.read(f"/approvals/{question.id}"))
    bob = Visitor(house, "bob")
    assert "asked blind" in bob.read("/")
    ada.press("/", APPROVE)
    [label] = labelled(house, question)
    assert (label.blind, label.agreed) == (False, True)
    changes = [one.body["change"] for one in road.entries(ticket, EntryKind.APPROVAL_CHANGED)]
    assert changes == ["looked at what was proposed before answering"]


def test_looking_first_and_answering_in_an_older_window_is_no_blind_verdict(ada, house, asked):
    _, question = asked
    older = ada.form(f"/approvals/{question.id}", JUDGE)
    ada.press("/", REVEAL)
    ada.send(older.action, older.fields | {"value": "billing", "verdict": "judge"})
    [label] = labelled(house, question)
    assert not label.blind


@pytest.mark.parametrize("verdict", ["approve", "edit", "reject"])
def test_a_verdict_on_what_was_not_seen_is_not_taken(ada, road, asked, verdict):
    ticket, _ = asked
    form = ada.form("/", REVEAL)
    answer = ada.send(form.action, form.fields | {"verdict": verdict, "value": "billing"})
    assert answer.status_code == 409
    assert road.approvals(ticket)[0].state is ApprovalState.PENDING


def test_they_stand_in_a_group_of_their_own_that_is_never_judged_together(ada, road, blind_share):
    blind = [road.ticket(f"Charged twice for order {number}") for number in range(11)]
    road.rounds()
    pattern = road.approvals(blind[0])[0].pattern
    text = ada.read(f"/?pattern={pattern}")
    assert "11 questions wait" in text
    assert not [form for form in forms_in(text) if form.action == "/bulks"]
    answer = ada.send("/bulks", {"pattern": pattern, "csrf": ada.csrf})
    assert (answer.status_code, "asked blind" in answer.text) == (409, True)
