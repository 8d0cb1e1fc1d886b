"""Somebody edits the field between our reading and our write: their value is kept, journaled and seen on the record."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.conformance import Mishap
from connector.gate.approval import ApprovalState
from connector.journal import EntryKind
from connector.report.story import story_of
from tests.support.given import policy
from tests.support.road import FREE

ASK = "{supervised: always}"
RULES = {
    "human_wins": "{update: {category: {conflict: human_wins, on_overwrite: restore}}}",
    "asking": "{update: {category: {conflict: human_wins, on_overwrite: ask}}}",
    "agent_owned": "{update: {category: {conflict: agent_owned}}}",
    "review": "{update: {category: {conflict: review}}}",
}


def ready(road, subject="Charged twice"):
    """A ticket whose category is decided and cleared, and not sent yet."""
    ticket = road.ticket(subject)
    road.capture()
    road.decide()
    assert [row.state.value for row in road.writes(ticket)] == ["ready"]
    return ticket


def test_an_edit_after_the_decision_stays(road):
    ticket = ready(road)
    road.desk.edit(ticket, {"category": "other"})
    road.rounds()
    assert road.category(ticket) == "other"
    [conflict] = road.entries(ticket, EntryKind.CONFLICTED)
    assert (conflict.body["theirs"], conflict.body["ours"]) == ("other", "billing")
    assert road.agent_lines(ticket) == []


def test_an_edit_to_our_own_value_is_no_conflict(road):
    ticket = ready(road)
    road.desk.edit(ticket, {"category": "billing"})
    road.rounds()
    assert road.agent_lines(ticket) == []
    [applied] = road.entries(ticket, EntryKind.APPLIED)
    assert applied.body["wrote"] is False


@pytest.mark.parametrize("rule", ["human_wins", "asking"])
def test_an_edit_in_the_last_moment_is_kept(build, rule):
    """Between our re-reading and the arrival of our write: refused by the server, or found and put back."""
    road = build(under=policy(gate=FREE, may=RULES[rule]))
    ticket = ready(road)
    road.between.before_write.append(lambda: road.desk.edit(ticket, {"category": "other"}))
    road.rounds()
    assert road.between.before_write == []
    assert road.category(ticket) == "other"
    assert [entry.body["theirs"] for entry in road.entries(ticket, EntryKind.CONFLICTED)] == ["other"]
    assert road.verified() == ()


def test_a_lost_last_moment_is_put_to_a_person_whose_yes_is_written(build, desk):
    """`on_overwrite: ask`: the edit goes back at once, and an approval writes our value after all."""
    road = build(under=policy(gate=FREE, may=RULES["asking"]))
    ticket = ready(road)
    road.between.before_write.append(lambda: road.desk.edit(ticket, {"category": "other"}))
    road.rounds()
    waiting = [one for one in road.approvals(ticket) if one.state is ApprovalState.PENDING]
    if not waiting:
        assert desk.adapter().capabilities.guard == "conditional", "where the server refuses, nothing was overwritten"
        return
    road.pipeline.people.approve(waiting[0].id, by="ada")
    road.rounds()
    assert road.category(ticket) == "billing"


def test_an_agent_owned_field_is_written_over_and_the_lost_value_is_kept(build):
    road = build(under=policy(gate=FREE, may=RULES["agent_owned"]))
    ticket = ready(road)
    road.desk.edit(ticket, {"category": "other"})
    road.rounds()
    assert road.category(ticket) == "billing"
    [applied] = road.entries(ticket, EntryKind.APPLIED)
    assert applied.body["theirs"] == "other"


def test_a_field_under_review_is_asked_about_and_the_answer_is_written(build):
    road = build(under=policy(gate=FREE, may=RULES["review"]))
    ticket = ready(road)
    road.desk.edit(ticket, {"category": "other"})
    road.rounds()
    [asked] = [one for one in road.approvals(ticket) if one.state is ApprovalState.PENDING]
    assert road.category(ticket) == "other"
    road.pipeline.people.approve(asked.id, by="ada")
    road.rounds()
    assert road.category(ticket) == "billing"


def test_a_question_on_values_that_moved_is_asked_again_and_its_answer_is_written(build):
    """An approval is bound to what the fields held: after a change it is stale, and the same question is put anew."""
    road = build(under=policy(gate=ASK, may="{update: {category: {}}}"))
    ticket = road.ticket("Charged twice")
    road.rounds()
    [asked] = road.approvals(ticket)
    road.desk.edit(ticket, {"category": "other"})
    road.pipeline.people.approve(asked.id, by="ada")
    road.rounds()
    assert road.category(ticket) == "other"
    stale, again = road.approvals(ticket)
    assert (stale.state, again.state) == (ApprovalState.STALE, ApprovalState.PENDING)
    road.pipeline.people.approve(again.id, by="ada")
    road.rounds()
    assert road.category(ticket) == "billing"
    assert len(road.agent_lines(ticket)) == 1


def test_a_later_edit_of_what_we_wrote_stays_and_is_a_correction(road):
    ticket = road.ticket("Charged twice")
    road.rounds()
    road.desk.edit(ticket, {"category": "other"})
    road.rounds()
    assert road.category(ticket) == "other"
    assert EntryKind.CORRECTED in road.story(ticket)


def test_many_edits_in_the_last_moment_lose_nobody(road):
    """Each of ten tickets is edited as our write goes out; every edit is on its record in the end."""
    tickets = [road.ticket(f"Charged twice {place}") for place in range(10)]
    road.capture()
    road.decide()

    def rep_edits_all() -> None:
        for ticket in tickets:
            road.desk.edit(ticket, {"category": "other"})

    road.between.before_write.append(rep_edits_all)
    road.rounds()
    assert [road.category(ticket) for ticket in tickets] == ["other"] * 10
    assert all(road.entries(ticket, EntryKind.CONFLICTED) for ticket in tickets)


def test_explain_tells_apart_what_stayed_and_what_we_wanted(road):
    """Kept by the guard or put back after our write ran over it: the value is theirs, and `ours` is ours."""
    ticket = ready(road)
    road.between.before_write.append(lambda: road.desk.edit(ticket, {"category": "other"}))
    road.rounds()
    with road.store.snapshot() as tx:
        [told] = story_of(tx, ticket, "category").fields
    assert told.whose.startswith("somebody else's")
    assert (told.value, told.ours) == (road.category(ticket), "billing") == ("other", "billing")


@pytest.mark.parametrize("desk", ["salesforce"], indirect=True)
@pytest.mark.parametrize("dies", [False, True])
def test_an_edit_that_bears_the_stamp_we_had_read_goes_back_to_its_place(road, dies):
    """Two edits of one second, the second committed late: no condition on the stamp holds our write back."""
    ticket = ready(road)
    road.desk.edit(ticket, {"priority": "high"})
    road.wait(timedelta(milliseconds=400))
    road.desk.arm(Mishap.LATE_COMMIT)
    road.desk.edit(ticket, {"category": "other"})
    road.wait(timedelta(seconds=3))
    assert road.category(ticket) is None, "it has not committed yet"
    if dies:
        road.dies_as_its_write_is_answered()
    else:
        road.write()
    assert road.category(ticket) == "billing"
    road.restart()
    road.rounds()
    assert road.category(ticket) == "other"
    [conflict] = road.entries(ticket, EntryKind.CONFLICTED)
    assert (conflict.body["before"], conflict.body["theirs"]) == ("other", "other")
    assert [entry.body["before"] for entry in road.entries(ticket, EntryKind.RESTORED)] == ["billing"]
    with road.store.snapshot() as tx:
        [told] = story_of(tx, ticket, "category").fields
    assert (told.value, told.ours) == ("other", "billing")
    assert road.verified() == ()


@pytest.mark.parametrize("desk", ["salesforce"], indirect=True)
def test_our_own_value_set_first_under_the_stamp_we_had_read_is_theirs(road):
    ticket = ready(road)
    road.desk.edit(ticket, {"priority": "high"})
    road.wait(timedelta(milliseconds=400))
    road.desk.arm(Mishap.LATE_COMMIT)
    road.desk.edit(ticket, {"category": "billing"})
    road.wait(timedelta(seconds=3))
    road.write()
    assert road.agent_lines(ticket) == []
    [applied] = road.entries(ticket, EntryKind.APPLIED)
    assert (applied.body["before"], applied.body["wrote"]) == ("billing", False)
