"""A record's story, and taking back what was written: first seen, then done, and only as it was seen."""

from __future__ import annotations

import pytest

from connector.gate.persons import Role
from connector.journal import EntryKind
from tests.support.visitor import Visitor, forms_in

APPROVE = ("verdict", "approve")


@pytest.fixture
def written(ada, road, asked):
    """A ticket whose category an agent proposed, ada approved and the CRM holds."""
    ada.press("/", APPROVE, remark="")
    road.rounds()
    assert road.category(asked[0]) == "billing"
    return asked[0]


def undo_form(visitor, ticket):
    [form] = [one for one in forms_in(visitor.read(f"/revert?record={ticket}")) if one.action == "/revert"]
    return form


def test_the_story_says_whose_value_it_is_and_how_it_came_about(ada, written):
    text = ada.read(f"/records/{written}")
    whose = "written by an agent"
    for said in ("Charged twice", "Why it holds what it holds", "category", "billing", whose, "by ada", "policy.yaml"):
        assert said in text, said
    assert ada.get("/history", params={"record": str(written)}).headers["location"] == f"/records/{written}"
    assert f'href="/records/{written}"' in ada.read("/history")
    assert ada.get("/records/crm:ticket/nothing").status_code == 404


def test_taken_back_the_field_holds_again_what_it_held(ada, road, written):
    assert "goes back to (empty)" in ada.read(f"/revert?record={written}")
    form = undo_form(ada, written)
    assert ada.send("/revert", form.fields | {"remark": "too hasty"}).headers["location"] == f"/records/{written}"
    road.rounds()
    assert road.category(written) is None
    assert "the value from before our write, put back" in ada.read(f"/records/{written}")
    assert ada.send("/revert", form.fields).status_code == 409
    road.rounds()
    assert len(road.agent_lines(written)) == 2


def test_what_a_person_edited_since_stays_and_the_preview_says_so(ada, road, written):
    road.desk.edit(written, {"category": "other"})
    text = ada.read(f"/revert?record={written}")
    assert "Nothing to take back" in text
    assert "somebody changed the field since; their value stays" in text
    assert not [form for form in forms_in(text) if form.action == "/revert"]


def test_an_undo_that_would_do_another_thing_than_was_seen_is_not_done(ada, road, written):
    form = undo_form(ada, written)
    road.desk.edit(written, {"category": "other"})
    answer = ada.send("/revert", form.fields)
    assert answer.status_code == 409
    assert "Something moved since you looked" in answer.text
    road.rounds()
    assert road.category(written) == "other"
    assert EntryKind.REVERTED not in road.story(written)


def test_later_decisions_that_read_the_value_are_named(ada, road, written):
    road.desk.edit(written, {"subject": "Charged twice, and the door is broken"})
    road.rounds()
    assert "Decided with these values since" in ada.read(f"/revert?record={written}")


@pytest.mark.parametrize(
    ("query", "status"), [("policy=triage", 400), ("run=march", 400), ("action=a", 400), ("decision=%25", 400), ("", 400)]
)
def test_an_approver_takes_back_one_record_and_no_whole_policies(ada, written, query, status):
    assert ada.get(f"/revert?{query}").status_code == status


def test_an_admin_takes_back_a_whole_policy(house, road, written):
    root = Visitor(house, "root", Role.ADMIN)
    [form] = [one for one in forms_in(root.read("/revert?policy=triage")) if one.action == "/revert"]
    root.send("/revert", form.fields)
    road.rounds()
    assert road.category(written) is None


def test_a_viewer_takes_back_nothing(house, road, written):
    eve = Visitor(house, "eve", Role.VIEWER)
    assert eve.get(f"/revert?record={written}").status_code == 403
    assert "Take back what we wrote" not in eve.read(f"/records/{written}")
