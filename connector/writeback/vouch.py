"""Asked before reading for a write and before sending it: every row rests on a verdict, or takes a write of ours back."""

from __future__ import annotations

from collections.abc import Sequence

from connector.action import Action, CreateTask, RemoveCreated, RestoreField, UpdateField, decode_inverse
from connector.gate import Bases, approval_tasks, approvals
from connector.gate.approval import Approval, ApprovalState
from connector.gate.task_text import task_for
from connector.record import decode_value, same_value
from connector.store import Transaction
from connector.writeback import outbox
from connector.writeback.plan import Unfit
from connector.writeback.row import OutboxRow, WritePurpose


def unvouched(tx: Transaction, rows: Sequence[OutboxRow]) -> list[Unfit]:
    """The rows that nothing covers, each with the reason; they are refused whatever put them into the outbox."""
    refused = ((row, _why(tx, row)) for row in rows)
    return [Unfit(row, "not_cleared", why) for row, why in refused if why is not None]


def _why(tx: Transaction, row: OutboxRow) -> str | None:
    if approval_tasks.known(tx, [row.ref]):
        return "no policy touches a task that asks for an approval"
    match row.purpose:
        case WritePurpose.ACT:
            return None if _is_cleared(tx, row) else "no live verdict covers exactly this action"
        case WritePurpose.RESTORE | WritePurpose.REVERT:
            return None if _takes_back(tx, row) else "it takes back no write of ours"
        case WritePurpose.ASK:
            return None if _asks(tx, row) else "no question waits behind it"


def _is_cleared(tx: Transaction, row: OutboxRow) -> bool:
    """A verdict is spent on its own intent, under its own conflict rule and over the value it was given on."""
    if not approvals.vouched(tx, row.approval, row.action):
        return False
    given = approvals.by_id(tx, row.approval)
    return (
        given is not None
        and (given.intent, given.policy, given.rule) == (row.intent, row.policy, row.rule)
        and row.ref == row.action.ref
        and _same_base(row, given)
    )


def _same_base(row: OutboxRow, given: Approval) -> bool:
    """The target's base alone: evidence that we wrote ourselves meanwhile was rebased on purpose."""
    return _base_of(row.action, row.bases) == _base_of(given.action, given.bases)


def _base_of(action: Action, bases: Bases) -> object:
    base = bases.get(action.field) if isinstance(action, UpdateField) else None
    return base.value if base is not None else None


def _asks(tx: Transaction, row: OutboxRow) -> bool:
    """A question is put as the very task that its approval makes, and only while it waits."""
    asked = approvals.by_id(tx, row.approval)
    return (
        asked is not None
        and asked.state is ApprovalState.PENDING
        and isinstance(row.action, CreateTask)
        and row.ref == asked.ref
        and row.intent == approval_tasks.intent_of(asked)
        and row.action == task_for(asked, owner=row.action.owner)
    )


def _takes_back(tx: Transaction, row: OutboxRow) -> bool:
    """An undo writes what its own write replaced, or the edit it overran, and nothing else."""
    is_restore = row.purpose is WritePurpose.RESTORE
    undone = outbox.find(tx, row.intent.removesuffix("-restore") if is_restore else outbox.undone_by(row.intent))
    if undone is None or undone.intent == row.intent or undone.action.ref != row.action.ref or row.ref != row.action.ref:
        return False
    if is_restore:
        return _restores(row.action, undone)
    inverse = decode_inverse(undone.inverse) if undone.inverse else None
    match inverse:
        case RestoreField(field=field, before=before):
            return isinstance(row.action, UpdateField) and row.action.field == field and same_value(row.action.value, before)
        case RemoveCreated():
            return row.action == undone.action
        case _:
            return False


def _restores(action: Action, undone: OutboxRow) -> bool:
    theirs = (undone.outcome or {}).get("theirs")
    return (
        isinstance(action, UpdateField)
        and isinstance(undone.action, UpdateField)
        and action.field == undone.action.field
        and "theirs" in (undone.outcome or {})
        and same_value(action.value, decode_value(theirs))
    )
