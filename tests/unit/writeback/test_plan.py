"""Before anything is sent: what an action meets on the record decides whether it goes out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.action import CreateNote
from connector.gate import FieldBase, approvals
from connector.gate.approval import ApprovalState
from connector.record import ConflictRule, FieldName, Gone, Merged
from connector.writeback import outbox
from connector.writeback.plan import AskAgain, Conflict, Outdated, Settled, ToSend, Unfit, one_per_field, plan_row
from tests.support.given import CATEGORY, NOW, SUBJECT, TICKET, approval, record, ref, update
from tests.support.questions import ticket_schema

SCHEMA = ticket_schema()


@pytest.fixture
def row(state):
    def queued(action=None, **how):
        asked = approval(state=ApprovalState.ALLOWED, action=action or update(), **how)
        with state.transaction("test") as tx:
            outbox.enqueue(tx, [approvals.clear_allowed(asked, "sure")], NOW)
            found = outbox.find(tx, asked.intent)
        assert found is not None
        return found

    return queued


def plan(row, found, *, person=False, schema=SCHEMA):
    return plan_row(row, found, schema, frozenset({"u1"}), person=person)


UNTOUCHED = record(category=None, subject="Charged twice")
MOVED = record(category="other", subject="Charged twice")
REWORDED = record(category=None, subject="Never mind")


def test_an_untouched_record_is_written(row):
    assert isinstance(plan(row(), UNTOUCHED), ToSend)


def test_a_value_that_is_there_is_settled(row):
    assert isinstance(plan(row(), record(category="billing", subject="Charged twice")), Settled)


@pytest.mark.parametrize(
    ("rule", "person", "wanted"),
    [
        (ConflictRule.HUMAN_WINS, False, Conflict),
        (ConflictRule.HUMAN_WINS, True, AskAgain),
        (ConflictRule.FILL_EMPTY, False, Conflict),
        (ConflictRule.FILL_EMPTY, True, AskAgain),
        (ConflictRule.AGENT_OWNED, False, ToSend),
        (ConflictRule.AGENT_OWNED, True, AskAgain),
        (ConflictRule.REVIEW, False, AskAgain),
        (ConflictRule.REVIEW, True, AskAgain),
    ],
)
def test_a_moved_target_follows_its_rule_unless_a_person_agreed_on_another_value(row, rule, person, wanted):
    assert isinstance(plan(row(rule=rule), MOVED, person=person), wanted)


def test_evidence_that_moved_ends_the_action_or_asks_the_person_again(row):
    assert isinstance(plan(row(), REWORDED), Outdated)
    assert isinstance(plan(row(), REWORDED, person=True), AskAgain)


def test_a_note_rests_on_its_evidence_too(row):
    note = CreateNote(ref=TICKET, body="…")
    bases = {SUBJECT: FieldBase(value="Charged twice")}
    assert isinstance(plan(row(note, bases=bases), UNTOUCHED), ToSend)
    assert isinstance(plan(replace(row(note, bases=bases)), REWORDED), Outdated)


def test_a_gone_or_merged_record_is_not_written_and_not_followed(row):
    assert isinstance(plan(row(), Gone(ref=TICKET)), Outdated)
    merged = plan(row(), Merged(ref=TICKET, into=ref("9")))
    assert isinstance(merged, Outdated)
    assert "merged into crm:ticket/9" in merged.why


def test_a_value_the_schema_no_longer_takes_is_unfit(row):
    refused = plan(row(action=update("retired")), UNTOUCHED)
    assert isinstance(refused, Unfit)
    assert refused.code == "unknown_option"
    unknown = plan(
        row(action=update("x", field=FieldName("colour")), id="a2", bases={FieldName("colour"): FieldBase(value=None)}),
        UNTOUCHED,
    )
    assert isinstance(unknown, Unfit)
    assert unknown.code == "unknown_field"


def test_two_writes_to_one_field_go_out_one_after_the_other(row):
    one, two = row(id="a1"), row(id="a2")
    plans = [ToSend(one, UNTOUCHED), ToSend(two, UNTOUCHED)]
    assert [kept.row.intent for kept in one_per_field(plans)] == [one.intent]
    note = row(CreateNote(ref=TICKET, body="…"), id="a3")
    assert len(one_per_field([*plans, ToSend(note, UNTOUCHED)])) == 2


def test_the_bases_name_what_is_read_again(row):
    from connector.writeback.plan import fields_to_read

    assert fields_to_read([row()]) == {CATEGORY, SUBJECT}
