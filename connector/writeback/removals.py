"""Taking back a task or a note that an earlier create of ours made, by deleting it."""

from __future__ import annotations

from collections.abc import Sequence

from connector.action import RemoveCreated, decode_inverse, makes_record
from connector.adapter import Adapter, WriteResult
from connector.record import RecordRef
from connector.store import Store
from connector.writeback import outbox
from connector.writeback.row import OutboxRow, WritePurpose

Removed = tuple[OutboxRow, RecordRef, WriteResult]
"""An action, what it was to delete, and the CRM's answer."""


def is_removal(row: OutboxRow) -> bool:
    """Deleting what we made may be sent twice: the second finds it gone."""
    return row.purpose is WritePurpose.REVERT and makes_record(row.action)


def created_by(row: OutboxRow) -> RemoveCreated | None:
    """How to take back what an applied create made."""
    inverse = decode_inverse(row.inverse) if row.inverse else None
    return inverse if isinstance(inverse, RemoveCreated) else None


def send(store: Store, adapter: Adapter, rows: Sequence[OutboxRow]) -> list[Removed]:
    """Delete what these take back; deleting twice is deleting once, so a lost answer is asked again."""
    with store.snapshot() as tx:
        originals = {row.intent: outbox.find(tx, outbox.undone_by(row.intent)) for row in rows}
    removed: list[Removed] = []
    for row in rows:
        original = originals[row.intent]
        made = created_by(original) if original is not None else None
        if made is not None:
            removed.append((row, made.ref, adapter.writes.delete_created(made.ref)))
    return removed
