"""What lies on a field: the writes of ours in the order the journal tells them, and the values of others between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from connector.action import UpdateField
from connector.record import RecordRef, decode_value, same_value
from connector.store import Transaction
from connector.writeback import outbox
from connector.writeback.row import OutboxRow, OutboxState, WritePurpose, row_of

UNDOABLE = "state = 'applied' AND inverse IS NOT NULL"
UNDER_A_LATER = "the field was written again since, and that stays"
Place: TypeAlias = tuple[RecordRef, str]


def place_of(row: OutboxRow) -> Place:
    """The field an action wrote; what it made, where it made something."""
    return row.action.ref, row.action.field if isinstance(row.action, UpdateField) else row.intent


def covered(tx: Transaction, rows: Sequence[OutboxRow]) -> set[str]:
    """Actions over which another value is known to have stood since: of a write of ours that stays, or of somebody else.

    Who else set the field is told by a decision's write that met their value, or by an undo that overran it. An undo
    that was never sent changed nothing: once their edit is taken back, it is possible again.
    """
    chosen = {row.intent for row in rows}
    found: set[str] = set()
    on_record = "connection = :connection AND object = :object AND record = :record"
    for ref in dict.fromkeys(row.ref for row in rows):
        taken: set[Place] = set()
        condition = f"(purpose = 'act' AND {UNDOABLE} OR state = 'conflicted') AND {on_record}"
        for later in newest_first(tx, condition, record_key(ref)):
            place, stood = place_of(later), later.state is OutboxState.APPLIED and not never_stood(later)
            if later.intent in chosen:
                found |= {later.intent} if place in taken else set()
            elif stood or (_met_another(later) and (later.purpose is WritePurpose.ACT or _overran(later))):
                taken.add(place)
    return found


def beneath(tx: Transaction, rows: Sequence[OutboxRow]) -> set[str]:
    """Undos of writes over which another value is known to have stood by now.

    When an undo was asked for, a later write of the field may still have been of unknown outcome.
    """
    undos = [row for row in rows if row.purpose is WritePurpose.REVERT and isinstance(row.action, UpdateField)]
    undone = {row.intent: outbox.find(tx, outbox.undone_by(row.intent)) for row in undos}
    under = covered(tx, [row for row in undone.values() if row is not None])
    return {intent for intent, row in undone.items() if row is not None and row.intent in under}


def never_stood(row: OutboxRow) -> bool:
    """Whether a flow of the org put the earlier value back in the moment of our write: what lies beneath stands.

    A person who put it back before we could read our write chose it.
    """
    outcome = row.outcome or {}
    if "before" not in outcome or "after" not in outcome or not isinstance(row.action, UpdateField):
        return False
    if not outcome.get("altered_by_crm", True):
        return False
    after = decode_value(outcome["after"])
    return same_value(after, decode_value(outcome["before"])) and not same_value(after, row.action.value)


def record_key(ref: RecordRef) -> dict[str, object]:
    return {"connection": ref.connection, "object": ref.object.value, "record": ref.id}


def newest_first(tx: Transaction, condition: str, parameters: Mapping[str, object]) -> list[OutboxRow]:
    """Actions, the newest first by the journal: the machine's clock may have been set back."""
    told = "(SELECT MAX(seq) FROM journal_entries WHERE journal_entries.intent = writeback_outbox.intent)"
    rows = tx.rows(
        f"SELECT * FROM writeback_outbox WHERE {condition} ORDER BY {told} DESC, intent", **parameters
    )
    return [row_of(row) for row in rows]


def _overran(row: OutboxRow) -> bool:
    """Whether a write went out and replaced an edit of the same moment, which is put back."""
    return "theirs_at" in (row.outcome or {})


def _met_another(row: OutboxRow) -> bool:
    """Whether a write that lost had found the field moved since its decision."""
    if not isinstance(row.action, UpdateField) or "theirs" not in (row.outcome or {}):
        return False
    theirs = decode_value((row.outcome or {})["theirs"])
    return not same_value(theirs, row.bases[row.action.field].value)
