"""What is pressed on the page is what happens in the CRM: once, as it was shown, and journaled with the person."""

from __future__ import annotations

from datetime import timedelta

from connector.gate.approval import ApprovalState
from connector.gate.persons import Role
from connector.journal import EntryKind
from tests.support.visitor import Visitor, journaled

APPROVE, REJECT, EDIT, HAND = (("verdict", word) for word in ("approve", "reject", "edit", "hand"))


def test_a_question_is_shown_with_all_it_takes_to_judge_it(ada, asked):
    _, question = asked
    text = ada.read("/")
    for said in ("Charged twice", "category", "billing", "(empty)", "ticket.subject", "97%", "no cost", "lapses in"):
        assert said in text, said
    assert "nobody has judged this agent here yet" in text
    assert "nothing is written when nobody answers within" in text.lower()
    card = ada.read(f"/approvals/{question.id}")
    assert "unchanged since the decision" in card


def test_approved_on_the_page_it_is_written_and_the_card_stays_until_that_is_proven(ada, road, asked):
    ticket, _ = asked
    assert ada.press("/", APPROVE).headers["location"] == "/"
    assert "waits to be written" in ada.read("/")
    assert road.category(ticket) is None
    road.write()
    assert road.category(ticket) == "billing"
    assert "written, and the CRM confirmed it" in ada.read("/")
    [approved] = road.entries(ticket, EntryKind.APPROVED)
    assert approved.actor == "ada"


def test_pressed_twice_and_by_two_people_and_after_a_restart_it_is_one_write(ada, road, house, asked):
    ticket, _ = asked
    bob = Visitor(house, "bob")
    mine, theirs = ada.form("/", APPROVE), bob.form("/", APPROVE)
    posted = {**mine.fields, "verdict": "approve"}
    assert [ada.send(mine.action, posted).status_code for _ in range(2)] == [303, 303]
    late = bob.send(theirs.action, {**theirs.fields, "verdict": "approve"})
    assert late.status_code == 409
    assert "approved already (by ada)" in late.text
    road.rounds()
    road.restart()
    assert ada.send(mine.action, posted).status_code == 303
    road.rounds()
    assert road.agent_lines(ticket) == [(road.desk.natives["category"], "billing")]
    assert len(road.entries(ticket, EntryKind.APPROVED)) == 1


def test_another_value_is_typed_in_as_the_field_takes_it(ada, road, asked):
    ticket, question = asked
    at = f"/approvals/{question.id}"
    assert '<option value="repair">' in ada.read(at)
    wrong = ada.press(at, EDIT, value="no such option")
    assert wrong.status_code == 400
    assert "is not one of" in wrong.text
    assert ada.press(at, EDIT, value="repair").status_code == 303
    road.rounds()
    assert road.category(ticket) == "repair"


def test_another_value_from_a_tab_left_open_is_not_swallowed_as_a_second_click(ada, road, asked):
    ticket, question = asked
    at = f"/approvals/{question.id}"
    form = ada.form(at, EDIT)
    assert ada.send(form.action, {**form.fields, "verdict": "edit", "value": "repair"}).status_code == 303
    assert ada.send(form.action, {**form.fields, "verdict": "edit", "value": "repair"}).status_code == 303
    for late in ({"verdict": "edit", "value": "other"}, {"verdict": "approve"}):
        told = ada.send(form.action, {**form.fields, **late})
        assert told.status_code == 409
        assert "is approved already (by ada)" in told.text
    road.rounds()
    assert road.agent_lines(ticket) == [(road.desk.natives["category"], "repair")]


def test_rejected_with_a_reason_nothing_is_written(ada, road, asked):
    ticket, _ = asked
    ada.press("/", REJECT, remark="not about money")
    road.rounds()
    assert road.category(ticket) is None
    [rejected] = road.entries(ticket, EntryKind.REJECTED)
    assert (rejected.actor, rejected.body["remark"]) == ("ada", "not about money")


def test_put_off_it_is_gone_for_one_and_not_for_others(ada, house, asked):
    bob = Visitor(house, "bob")
    assert ada.press("/", ("for", "4h")).status_code == 303
    assert "Nothing waits for you" in ada.read("/")
    assert "1 question waits" in bob.read("/")
    house.clock.advance(timedelta(hours=4))
    assert "1 question waits" in ada.read("/")
    [entry] = [one for one in journaled(house) if one.kind is EntryKind.APPROVAL_CHANGED]
    assert entry.actor == "ada"


def test_handed_to_somebody_it_has_another_owner(ada, road, house, asked):
    ticket, _ = asked
    Visitor(house, "bob")
    Visitor(house, "eve", Role.VIEWER)
    assert ada.press("/", HAND, to="eve").status_code == 400  # who may not answer is handed nothing
    assert ada.press("/", HAND, to="bob", remark="your customer").status_code == 303
    assert road.approvals(ticket)[0].owner == "bob"
    assert "1 question waits" in ada.read("/?owner=bob")
    assert ada.press("/", HAND, to="mallory").status_code == 400


def test_a_record_that_moved_is_asked_again_and_not_written(ada, road, asked):
    ticket, question = asked
    posted = ada.form("/", APPROVE)
    road.desk.edit(ticket, {"category": "other"})
    assert "category changed since the decision" in ada.read(f"/approvals/{question.id}")
    ada.send(posted.action, {**posted.fields, "verdict": "approve"})
    road.rounds()
    assert road.category(ticket) == "other"
    states = [one.state for one in road.approvals(ticket)]
    assert states == [ApprovalState.STALE, ApprovalState.PENDING]
    text = ada.read("/")
    assert "it is asked again" in text
    assert "Asked again: category went from (empty) to other" in text
    assert "Asked again here." in ada.read(f"/approvals/{question.id}")


def test_a_viewer_reads_and_presses_nothing(house, road, asked):
    ticket, question = asked
    eve = Visitor(house, "eve", Role.VIEWER)
    assert 'name="verdict"' not in eve.read("/")
    answer = eve.send(f"/approvals/{question.id}", {"verdict": "approve", "shown": question.seal, "csrf": eve.csrf})
    assert answer.status_code == 403
    assert road.approvals(ticket)[0].state is ApprovalState.PENDING


def test_what_was_judged_and_is_done_leaves_the_next_question_in_sight(ada, road):
    for number in range(6):
        road.ticket(f"Charged twice {number}")
    road.rounds()
    for _ in range(5):
        ada.press("/", ("verdict", "approve"))
    assert ada.read("/").count("waits to be written") == 5  # nothing under way is folded away
    road.write()
    told = ada.read("/")
    assert "3 more that you judged lately are done" in told
    assert told.index("more that you judged lately are done") < told.index('value="approve"')


def test_a_question_that_was_settled_warns_of_nothing_any_more(ada, road, asked):
    ticket, question = asked
    assert "unchanged since the decision" in ada.read(f"/approvals/{question.id}")
    ada.press("/", ("verdict", "approve"))
    road.write()
    assert road.category(ticket) == "billing"
    told = ada.read(f"/approvals/{question.id}")
    assert "<b>billing</b>" in told
    assert "asked again" not in told
    assert "since the decision" not in told
