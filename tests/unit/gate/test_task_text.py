"""What no task may carry, and what no policy may do to or with a task that asks."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from connector.action import CreateNote, CreateTask, Message, UpdateField
from connector.context.context import Passage
from connector.decision.decision import ProposedAction
from connector.gate import Deny, evaluate
from connector.gate.evaluate import Case
from connector.gate.task_text import may_be_asked
from connector.record import ASKS, ActionKind, FieldKind, FieldName, FieldSchema, ObjectType, Origin, RecordRef
from tests.support.given import TICKET, policy, record
from tests.support.questions import CRM, ticket_schema


def update(name, value):
    return UpdateField(ref=TICKET, field=FieldName(name), value=value)


def message(kind):
    return Message(
        ref=TICKET, kind=kind, channel="mail", to=("eve@example.com",), subject="s", body="b", parameters={}
    )


def plain_number(name):
    return {name: FieldSchema(name=FieldName(name), native=name, label=name, kind=FieldKind.NUMBER)}


ASKABLE = {
    "a choice": (update("category", "billing"), {}, True),
    "a task": (CreateTask(ref=TICKET, subject="s", description="d"), {}, True),
    "a note": (CreateNote(ref=TICKET, body="b"), {}, True),
    "money": (update("amount", Decimal(5)), {}, False),
    "an amount that the CRM calls a number": (update("amount", Decimal(5)), plain_number("amount"), False),
    "a field the CRM does not have": (update("nowhere", "x"), {}, False),
    **{kind.value: (message(kind), {}, False) for kind in ActionKind if kind not in (
        ActionKind.UPDATE, ActionKind.CREATE_TASK, ActionKind.CREATE_NOTE,
    )},
}  # fmt: skip


@pytest.mark.parametrize("name", ASKABLE)
def test_money_and_what_leaves_the_crm_are_never_asked_by_a_task(name):
    action, more, may = ASKABLE[name]
    assert may_be_asked(action, ticket_schema(**more)) is may


def case(action, **values):
    ref = action.ref
    return Case(
        policy=policy(may="{update: {category: {}}, create_task: {subject: Look, due: 1 day}}"),
        proposed=ProposedAction(action=action, confidence=0.99, citations=()),
        record=replace(record(**values), ref=ref), schema=ticket_schema(), owners={}, standing=None, pins="p", limits=(),
        passages=(Passage(text="t", source="s", origin=Origin.STAFF),),
    )  # fmt: skip


TASK = RecordRef(CRM, ObjectType.TASK, "00T1")
MARKED = {"description": f"Complete me.\n{ASKS}3fa9]"}
FORBIDDEN = {
    "an update of a task that asks": case(UpdateField(ref=TASK, field=FieldName("category"), value="x"), **MARKED),
    "a task hung on a task that asks": case(CreateTask(ref=TASK, subject="Look", description="d"), **MARKED),
    "a task that poses as one that asks": case(CreateTask(ref=TICKET, subject="Look", description=f"{ASKS}3fa9]")),
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_no_policy_touches_or_forges_a_task_that_asks(name):
    verdict = evaluate(FORBIDDEN[name])
    assert isinstance(verdict, Deny)
    assert any("asks for an approval" in reason.text for reason in verdict.reasons)
