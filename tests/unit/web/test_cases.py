"""Cases on the page: taken, closed, returned, climbing by themselves, and judged for whether they were needed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.gate import feedback
from connector.gate.feedback import EscalationQuality
from connector.gate.handoffs import HandoffState
from connector.journal import EntryKind
from tests.support.given import policy
from tests.support.road import Road
from tests.support.visitor import Visitor, house_over

CLAIM, CLOSE, RETURN = (("act", word) for word in ("claim", "close", "return"))


@pytest.fixture
def case(road):
    """A ticket nobody can sort, and its case."""
    ticket = road.ticket("Quo vadis")
    road.rounds()
    [handoff] = road.handoffs(ticket)
    return ticket, handoff


def test_a_case_says_what_was_tried_what_is_missing_and_who_is_next(ada, case):
    text = ada.read("/handoffs")
    for said in ("1 case waits", "Quo vadis", "category = billing (20%)", "unlike any earlier ticket", "leads", "boss"):
        assert said in text, said
    assert "closed without a write" in text


@pytest.mark.parametrize(("hidden", "told"), [("channel", True), ("description", False)])
def test_a_case_quotes_what_was_read_without_what_the_policy_hides(desk, tmp_path, hidden, told):
    words = "My café table wobbles & squeaks <b>badly</b>. " + "It was fine in May. " * 60
    road = Road(desk, tmp_path, under=policy(context=f"{{never: [{hidden}]}}"))
    road.activate()
    ticket = road.ticket("Quo vadis", description=words)
    road.rounds()
    [handoff] = road.handoffs(ticket)
    ada = Visitor(house_over(road), "ada")
    for path in ("/handoffs", f"/handoffs/{handoff.id}"):
        text = ada.read(path)
        assert ("My café table wobbles &amp; squeaks &lt;b&gt;badly&lt;/b&gt;." in text) is told, path
        assert text.count("It was fine in May.") < 25  # the beginning, and no wall of text
        assert text.count("Quo vadis") == 1  # what it is called is not quoted again
    road.store.close()


def test_taken_closed_and_counted(ada, road, house, case):
    ticket, _ = case
    assert ada.press("/handoffs", CLAIM).status_code == 303
    assert (road.handoffs(ticket)[0].state, road.handoffs(ticket)[0].owner) == (HandoffState.CLAIMED, "ada")
    ada.press("/handoffs", ("needed", "no"))
    ada.press("/handoffs", ("enough", "yes"))
    ada.press("/handoffs", CLOSE, remark="it was a joke")
    assert road.handoffs(ticket)[0].state is HandoffState.CLOSED
    assert "No case waits" in ada.read("/handoffs")
    with house.store.snapshot() as tx:
        assert feedback.quality(tx) == {"triage": EscalationQuality(needed_said=1, needed=0, enough_said=1, enough=1)}
    changes = road.entries(ticket, EntryKind.HANDOFF_CHANGED)
    assert [(one.actor, one.body["change"]) for one in changes] == [
        ("ada", "claimed"),
        ("ada", "feedback (needed: no)"),
        ("ada", "feedback (context enough: yes)"),
        ("ada", "closed"),
    ]


def test_returned_the_agent_decides_once_more(ada, road, case):
    ticket, _ = case
    ada.press("/handoffs", RETURN, remark="look again")
    road.rounds()
    assert road.story(ticket).count(EntryKind.NOT_ENOUGH) == 2


def test_overdue_it_climbs_and_the_page_says_so(ada, road, case):
    ticket, handoff = case
    road.wait(timedelta(hours=4))
    assert "was due" in ada.read("/handoffs")
    road.rounds()
    assert road.handoffs(ticket)[0].owner == "boss"
    assert '<li class="done">leads</li><li class="now">boss</li>' in "".join(
        line.strip() for line in ada.read(f"/handoffs/{handoff.id}").splitlines()
    )
    road.wait(timedelta(hours=5))
    road.rounds()
    assert road.handoffs(ticket)[0].state is HandoffState.DENIED
    late = ada.send(f"/handoffs/{handoff.id}", {"act": "claim", "csrf": ada.csrf})
    assert late.status_code == 409
    assert "denied already" in late.text


def test_a_case_clicked_twice_is_one_click_and_nobody_is_told_off(ada, road, house, case):
    ticket, handoff = case
    bob = Visitor(house, "bob")
    for act, remark in (("claim", ""), ("close", "called back")):
        form = ada.form("/handoffs", ("act", act))
        posted = form.fields | {"act": act, "remark": remark}
        assert [ada.send(form.action, posted).status_code for _ in range(2)] == [303, 303]
        assert bob.send(form.action, {"act": act, "remark": remark, "csrf": bob.csrf}).status_code == 409
    assert ada.send(f"/handoffs/{handoff.id}", posted | {"remark": "something else"}).status_code == 409
    changes = [one.body["change"] for one in road.entries(ticket, EntryKind.HANDOFF_CHANGED)]
    assert changes == ["claimed", "closed"]


def test_a_case_taken_twice_has_one_owner(ada, road, house, case):
    bob = Visitor(house, "bob")
    mine = ada.form("/handoffs", CLAIM)
    bob.press("/handoffs", CLAIM)
    assert ada.send(mine.action, mine.fields | {"act": "claim"}).status_code == 409
    assert road.handoffs(case[0])[0].owner == "bob"
