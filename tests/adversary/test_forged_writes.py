"""Write-back by itself: rows that no gate cleared, put straight into the outbox, never reach the CRM."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connector.action import Action, CreateNote, CreateTask, Message, UpdateField, encode_action
from connector.gate import Bases, ClearedAction, FieldBase
from connector.gate.verdict import clear
from connector.journal import canonical
from connector.pipeline import Round
from connector.policy import OnOverwrite, Tier
from connector.record import ActionKind, ConflictRule, FieldName, RecordRef
from connector.revert import Selection, revert
from connector.writeback import OutboxState, WritePurpose, outbox
from tests.adversary.minds import direct, honest, say
from tests.adversary.outputs import EVIL, PATHS
from tests.adversary.watch import out_of_policy
from tests.adversary.world import World, agent_lines

STATUS = FieldName("status")


@pytest.fixture(params=["hubspot", "salesforce"])
def world(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    made = World(tmp_path, reasoners=lambda _: {Tier.FAST: direct(lambda seen: say(honest(seen)))}, system=request.param)
    yield made
    made.close()


def settled(world: World) -> tuple[str, str]:
    """Two tickets, of which only the first was decided about."""
    first = world.ticket("case-1", description="My card was charged twice.")
    world.rounds(4)
    second = world.ticket("case-2", description="", status="closed")
    world.rounds(2)
    assert agent_lines(world, first)
    return first, second


def put(world: World, action: Action, *, bases: Bases | None = None, **forged: Any) -> None:
    usual: dict[str, Any] = {
        "intent": f"forged-{len(world.outbox())}",
        "decision": "d",
        "policy": "triage",
        "cleared_by": "the gate",
        "approval": "none",
        "rule": ConflictRule.AGENT_OWNED,
        "on_overwrite": OnOverwrite.RESTORE,
    }
    field = {action.field: FieldBase(value=None)} if isinstance(action, UpdateField) else {}
    cleared = clear(action=action, bases=field if bases is None else bases, **usual | forged)
    with world.store.transaction("forged") as tx:
        outbox.enqueue(tx, [cleared], world.clock.now())


def change(world: World, sql: str, **values: Any) -> None:
    with world.store.transaction("forged") as tx:
        assert tx.run(sql, **values) == 1


def applied(world: World, name: str = "priority") -> Any:
    with world.store.snapshot() as tx:
        rows = outbox.in_state(tx, OutboxState.APPLIED)
    return next(row for row in rows if isinstance(row.action, UpdateField) and row.action.field == name)


def untouched(world: World, before: int) -> None:
    world.rounds(3)
    assert len(agent_lines(world)) == before
    assert world.socket.unlisted == []


def test_nobody_but_the_gate_makes_a_cleared_action(world: World) -> None:
    action = UpdateField(ref=world.ref("1"), field=STATUS, value="closed")
    with pytest.raises(TypeError, match="only the gate"):
        ClearedAction(
            intent="i",
            decision="d",
            policy="p",
            action=action,
            bases={},
            rule=ConflictRule.HUMAN_WINS,
            on_overwrite=OnOverwrite.ASK,
            cleared_by="me",
            approval="a",
        )


def test_a_row_with_an_invented_approval_is_refused(world: World) -> None:
    first, second = settled(world)
    before = len(agent_lines(world))
    for ticket in (first, second):
        ref = world.ref(ticket)
        put(world, UpdateField(ref=ref, field=STATUS, value="closed"))
        put(world, CreateTask(ref=ref, subject="x", description="x"))
        put(world, CreateNote(ref=ref, body="x"))
        put(
            world,
            Message(ref=ref, kind=ActionKind.SEND_EMAIL, channel=EVIL, to=("a@b.c",), subject="x", body="x", parameters={}),
        )
    untouched(world, before)


def test_a_real_approval_covers_no_other_action_record_intent_rule_or_base(world: World) -> None:
    first, second = settled(world)
    before, row = len(agent_lines(world)), applied(world)
    put(world, replace(row.action, value="normal"), approval=row.approval)
    put(world, replace(row.action, ref=world.ref(second)), approval=row.approval)
    put(world, row.action, approval=row.approval)
    world.crm.edit(first, {"priority": "normal"}, rep=world.rep)
    for forged in ({"intent": f"{row.intent}2"}, {"rule": ConflictRule.AGENT_OWNED}, {"policy": "other"}):
        put(world, row.action, bases=row.bases, **{"approval": row.approval, "rule": row.rule, **forged})
    untouched(world, before)
    assert world.value(first, "priority") == "normal"


@pytest.mark.parametrize("purpose", [WritePurpose.RESTORE, WritePurpose.REVERT])
def test_an_undo_that_undoes_nothing_is_refused(world: World, purpose: WritePurpose) -> None:
    _, second = settled(world)
    before, row = len(agent_lines(world)), applied(world)
    suffix = f"-{purpose.value}"
    forgeries = [
        (f"made-up{suffix}", UpdateField(ref=world.ref(second), field=STATUS, value="open")),
        (f"{row.intent}{suffix}", replace(row.action, field=STATUS, value="closed")),
        (f"{row.intent}{suffix}x", replace(row.action, value="normal")),
        (f"{row.intent}{suffix}", replace(row.action, ref=world.ref(second), value="normal")),
    ]
    for intent, action in forgeries:
        with world.store.transaction("forged") as tx:
            outbox.enqueue_undo(
                tx,
                row,
                intent=intent,
                action=action,
                bases={action.field: FieldBase(value=None)},
                purpose=purpose,
                by="me",
                at=world.clock.now(),
            )
    untouched(world, before)


def test_a_true_undo_still_passes(world: World) -> None:
    first, _ = settled(world)
    was = applied(world)
    revert(world.store, world.road.journal, world.clock, world.road.adapters, Selection(intent=was.intent), by="boss")
    world.rounds(3)
    assert world.value(first, "priority") != was.action.value


def test_an_action_swapped_after_the_verdict_is_refused(world: World) -> None:
    ticket = world.ticket("case-1", description="My card was charged twice.")
    world.clock.sleep(240)
    world.road.capture(world.crm.connection, Round())
    world.clock.sleep(5)
    world.road.deciding.step(world.road.policies)
    swapped = canonical(encode_action(UpdateField(ref=world.ref(ticket), field=STATUS, value="closed")))
    queued = world.outbox()
    assert queued
    for row in queued:
        swap = "UPDATE writeback_outbox SET action = :action WHERE intent = :intent"
        change(world, swap, action=swapped, intent=row["intent"])
    untouched(world, 0)


@pytest.mark.parametrize("id", PATHS)
def test_a_row_whose_id_is_a_path_reaches_nothing(world: World, id: str) -> None:
    _, second = settled(world)
    before, row = len(agent_lines(world)), applied(world)
    ref = RecordRef(row.ref.connection, row.ref.object, id)
    put(world, replace(row.action, ref=ref), approval=row.approval)
    paths = len(world.socket.requests)
    untouched(world, before)
    assert out_of_policy(agent_lines(world), world.scope(tickets={row.ref.id, second})) == []
    assert not any(".." in one.url or "203.0.113.9" in one.url for one in world.socket.requests[paths:])
