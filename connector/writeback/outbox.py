"""The outbox: cleared actions on their way to the CRM, one row per intent, from ready to a final outcome."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from connector.action import Action, CreateTask, UpdateField, encode_action
from connector.clock import from_micros, micros
from connector.gate import Bases, ClearedAction, FieldBase, encode_bases
from connector.gate.approval import Approval
from connector.journal import canonical
from connector.record import ActionKind, ConflictRule, ConnectionName, FieldName, Record, RecordRef
from connector.store import Transaction, any_of, word
from connector.writeback.live import encode_live
from connector.writeback.row import UNFINISHED, OutboxRow, OutboxState, WritePurpose, row_of


def enqueue(tx: Transaction, cleared: Sequence[ClearedAction], at: datetime) -> None:
    """Queue cleared actions. An intent that is queued, or was settled, is never queued again."""
    _insert(tx, [_row_of(action, WritePurpose.ACT, at) for action in cleared])


def enqueue_undo(
    tx: Transaction, undone: OutboxRow, *, intent: str, action: Action, bases: Bases, purpose: WritePurpose, by: str,
    at: datetime, after: str | None = None,
) -> None:
    """Queue the taking back of an earlier write of ours: it writes only while the field still holds what we wrote."""
    row = {
        "intent": intent, "decision": undone.decision, "policy": undone.policy, "approval": undone.approval,
        "connection": action.ref.connection, "object": action.ref.object.value, "record": action.ref.id,
        "kind": action.kind.value, "purpose": purpose.value, "action": canonical(encode_action(action)),
        "bases": canonical(encode_bases(bases)), "rule": ConflictRule.HUMAN_WINS.value,
        "on_overwrite": undone.on_overwrite.value, "cleared_by": by,
        "cleared_at": micros(at), "after_intent": after, "run": None,
    }
    _insert(tx, [row])


def enqueue_question(
    tx: Transaction, asked: Approval, *, intent: str, task: CreateTask, at: datetime
) -> None:
    """Queue the task that puts a question to people. It rests on no values: it writes nothing of the record."""
    row = {
        "intent": intent, "decision": asked.decision, "policy": asked.policy, "approval": asked.id,
        "connection": asked.ref.connection, "object": asked.ref.object.value, "record": asked.ref.id,
        "kind": task.kind.value, "purpose": WritePurpose.ASK.value, "action": canonical(encode_action(task)),
        "bases": canonical({}), "rule": asked.rule.value, "on_overwrite": asked.on_overwrite.value,
        "cleared_by": "service", "cleared_at": micros(at), "after_intent": None, "run": None,
    }
    _insert(tx, [row])


def _insert(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    tx.run_many(
        """
        INSERT INTO writeback_outbox (intent, decision, policy, approval, connection, object, record, kind, purpose,
            action, bases, rule, on_overwrite, cleared_by, cleared_at, after_intent, run, state, attempts, not_before)
        VALUES (:intent, :decision, :policy, :approval, :connection, :object, :record, :kind, :purpose,
            :action, :bases, :rule, :on_overwrite, :cleared_by, :cleared_at, :after_intent, :run, 'ready', 0, 0)
        ON CONFLICT (intent) DO NOTHING
        """,
        rows,
    )


def _row_of(cleared: ClearedAction, purpose: WritePurpose, at: datetime) -> dict[str, Any]:
    ref = cleared.action.ref
    return {
        "intent": cleared.intent, "decision": cleared.decision, "policy": cleared.policy, "approval": cleared.approval,
        "connection": ref.connection, "object": ref.object.value, "record": ref.id, "kind": cleared.action.kind.value,
        "purpose": purpose.value, "action": canonical(encode_action(cleared.action)),
        "bases": canonical(encode_bases(cleared.bases)), "rule": cleared.rule.value,
        "on_overwrite": cleared.on_overwrite.value, "cleared_by": cleared.cleared_by,
        "cleared_at": micros(at), "after_intent": cleared.after, "run": cleared.run,
    }


# An action is first in its chain, or what it was to follow is applied.
_ITS_TURN = """(o.after_intent IS NULL OR EXISTS (
            SELECT 1 FROM writeback_outbox p WHERE p.intent = o.after_intent AND p.state = 'applied'))"""


def due(tx: Transaction, now: datetime, limit: int, connections: Collection[ConnectionName]) -> list[OutboxRow]:
    """Ready actions in the order they were cleared, whose predecessor (if any) is applied.

    A record with a write in flight waits, and so do the actions of a connection that was removed. An edit that we overran
    goes back before anything else is written: until then our value stands where theirs belongs, and would be taken for it.
    """
    names, parameters = any_of("connection", sorted(connections))
    rows = tx.rows(
        f"""
        SELECT o.* FROM writeback_outbox o
        WHERE o.state = 'ready' AND o.not_before <= :now AND o.connection IN ({names})
          AND {_ITS_TURN}
          AND NOT EXISTS (
                SELECT 1 FROM writeback_outbox b WHERE b.connection = o.connection AND b.object = o.object
                AND b.record = o.record AND b.state IN ('sending', 'unknown'))
          AND (o.purpose = 'restore' OR o.kind <> 'update' OR NOT EXISTS (
                SELECT 1 FROM writeback_outbox r WHERE r.connection = o.connection AND r.object = o.object
                AND r.record = o.record AND r.purpose = 'restore' AND r.state = 'ready'))
        ORDER BY o.cleared_at, o.record, o.intent LIMIT :limit
        """,
        now=micros(now), limit=limit, **parameters,
    )
    return [row_of(row) for row in rows]


def orphaned(tx: Transaction) -> list[OutboxRow]:
    """Ready actions that wait for one which will never be applied: it ended otherwise, or was never let through."""
    rows = tx.rows(
        """
        SELECT o.* FROM writeback_outbox o
        WHERE o.state = 'ready' AND o.after_intent IS NOT NULL AND (
            EXISTS (SELECT 1 FROM writeback_outbox p WHERE p.intent = o.after_intent
                    AND p.state IN ('conflicted', 'refused', 'unconfirmed', 'stale', 'cancelled', 'reverted'))
            OR (NOT EXISTS (SELECT 1 FROM writeback_outbox p WHERE p.intent = o.after_intent)
                AND EXISTS (SELECT 1 FROM gate_approvals a WHERE a.intent = o.after_intent
                            AND a.state NOT IN ('pending', 'approved', 'allowed'))))
        ORDER BY o.cleared_at, o.intent
        """
    )
    return [row_of(row) for row in rows]


def follows_another(tx: Transaction, row: OutboxRow) -> bool:
    """Whether an action waits for one of another decision."""
    sql = "SELECT 1 AS found FROM gate_approvals WHERE intent = :after AND decision <> :decision"
    return row.after is not None and tx.one(sql, after=row.after, decision=row.decision) is not None


def in_state(tx: Transaction, *states: OutboxState) -> list[OutboxRow]:
    names = ", ".join(f"'{state.value}'" for state in states)
    rows = tx.rows(f"SELECT * FROM writeback_outbox WHERE state IN ({names}) ORDER BY cleared_at, intent")
    return [row_of(row) for row in rows]


def find(tx: Transaction, intent: str) -> OutboxRow | None:
    row = tx.one("SELECT * FROM writeback_outbox WHERE intent = :intent", intent=intent)
    return row_of(row) if row else None


def of_record(tx: Transaction, ref: RecordRef) -> list[OutboxRow]:
    rows = tx.rows(
        "SELECT * FROM writeback_outbox WHERE connection = :connection AND object = :object AND record = :record "
        "ORDER BY cleared_at, intent",
        connection=ref.connection, object=ref.object.value, record=ref.id,
    )
    return [row_of(row) for row in rows]


def under_way_for(tx: Transaction, person: str, *, limit: int) -> tuple[int, list[OutboxRow]]:
    """What somebody cleared and is not proven yet: how many, and the newest of them."""
    where = "WHERE cleared_by = :person AND purpose = 'act' AND state IN ('ready', 'sending', 'unknown')"
    counted = tx.one(f"SELECT COUNT(*) AS n FROM writeback_outbox {where}", person=person)
    rows = tx.rows(
        f"SELECT * FROM writeback_outbox {where} ORDER BY cleared_at DESC, intent LIMIT :limit", person=person, limit=limit
    )
    return (int(counted["n"]) if counted else 0), [row_of(row) for row in rows]


def unfinished_refs(tx: Transaction) -> frozenset[RecordRef]:
    """Records with a write whose outcome is not known yet: nothing new is decided on them until it is."""
    rows = tx.rows(
        "SELECT DISTINCT connection, object, record FROM writeback_outbox WHERE state IN ('sending', 'unknown')"
    )
    return frozenset(RecordRef.parse(f"{row['connection']}:{row['object']}/{row['record']}") for row in rows)


def unfinished_creates(tx: Transaction) -> frozenset[tuple[str, ActionKind]]:
    """Kinds of records being made right now, by connection: one that turns up may be ours, and nobody knows yet."""
    rows = tx.rows(
        "SELECT DISTINCT connection, kind FROM writeback_outbox WHERE state IN ('sending', 'unknown') AND kind <> 'update'"
    )
    return frozenset((row["connection"], word(ActionKind, row["kind"])) for row in rows)


def mark_sending(tx: Transaction, live: Mapping[str, Record], sent_at: datetime) -> None:
    """Written down, durably, before the first byte leaves: after a crash these are unknown, never unheard of."""
    tx.run_many(
        "UPDATE writeback_outbox SET state = 'sending', attempts = attempts + 1, sent_at = :at, live = :live "
        "WHERE intent = :intent AND state = 'ready'",
        [
            {"intent": intent, "at": micros(sent_at), "live": canonical(encode_live(record))}
            for intent, record in live.items()
        ],
    )


def settle(
    tx: Transaction, intent: str, state: OutboxState, *, at: datetime, outcome: Mapping[str, Any],
    inverse: Mapping[str, Any] | None = None,
) -> None:
    tx.run(
        "UPDATE writeback_outbox SET state = :state, outcome = :outcome, inverse = :inverse, settled_at = :at "
        "WHERE intent = :intent",
        state=state.value, outcome=canonical(outcome), inverse=canonical(inverse) if inverse is not None else None,
        at=micros(at), intent=intent,
    )


_UNDO = "-revert"


def undo_under_way(tx: Transaction, intent: str) -> str:
    """The intent that takes another one back: one however often it is asked for, until it has come to nothing."""
    undo, number = intent + _UNDO, 1
    while (earlier := find(tx, undo)) is not None and earlier.state not in UNFINISHED:
        number += 1
        undo = f"{intent}{_UNDO}{number}"
    return undo


def undone_by(intent: str) -> str:
    """The intent that an undo takes back."""
    return intent.partition(_UNDO)[0]


def mark_reverted(tx: Transaction, intent: str) -> None:
    tx.run("UPDATE writeback_outbox SET state = 'reverted' WHERE intent = :intent AND state = 'applied'", intent=intent)


def rebase(tx: Transaction, ref: RecordRef, name: FieldName, base: FieldBase) -> None:
    """We wrote this field ourselves: what else waits on the record rests on our value now, not on a moved one."""
    rows = tx.rows(
        "SELECT * FROM writeback_outbox WHERE connection = :connection AND object = :object AND record = :record "
        "AND state = 'ready'",
        connection=ref.connection, object=ref.object.value, record=ref.id,
    )
    for row in map(row_of, rows):
        own = row.action.field if isinstance(row.action, UpdateField) else None
        if name in row.bases and name != own:
            bases = canonical(encode_bases(dict(row.bases) | {name: base}))
            tx.run("UPDATE writeback_outbox SET bases = :bases WHERE intent = :intent", bases=bases, intent=row.intent)


def send_again(tx: Transaction, intent: str, *, not_before: datetime) -> None:
    """Certainly not applied: ready again, after `not_before`."""
    tx.run(
        "UPDATE writeback_outbox SET state = 'ready', not_before = :at WHERE intent = :intent",
        at=micros(not_before), intent=intent,
    )


def wait(tx: Transaction, intents: Sequence[str], *, until: datetime) -> None:
    """Ready actions whose CRM cannot serve now wait a little; those on their way keep their state."""
    tx.run_many(
        "UPDATE writeback_outbox SET not_before = :at WHERE intent = :intent AND state = 'ready'",
        [{"intent": intent, "at": micros(until)} for intent in intents],
    )


def mark_unknown(tx: Transaction, intents: Sequence[str], *, look_at: datetime) -> None:
    tx.run_many(
        "UPDATE writeback_outbox SET state = 'unknown', not_before = :at WHERE intent = :intent",
        [{"intent": intent, "at": micros(look_at)} for intent in intents],
    )


def counts(tx: Transaction) -> dict[str, int]:
    return {row["state"]: row["n"] for row in tx.rows("SELECT state, COUNT(*) AS n FROM writeback_outbox GROUP BY state")}


def clamp_waits(tx: Transaction, latest: datetime) -> None:
    """After the machine's clock went back: nothing waits longer than the longest back-off from now."""
    tx.run("UPDATE writeback_outbox SET not_before = :latest WHERE not_before > :latest", latest=micros(latest))


def next_due(tx: Transaction, connections: Collection[ConnectionName]) -> datetime | None:
    """When the next action may be brought forward; None when nothing waits for time alone.

    What follows another action is due once that one is applied, and for a person's answer there is no time; what waits for a
    connection that was removed is never due.
    """
    names, parameters = any_of("connection", sorted(connections))
    row = tx.one(
        f"""
        SELECT MIN(o.not_before) AS at FROM writeback_outbox o
        WHERE o.connection IN ({names}) AND (o.state IN ('unknown', 'sending') OR o.state = 'ready' AND {_ITS_TURN})
        """,
        **parameters,
    )
    return from_micros(row["at"]) if row and row["at"] is not None else None
