"""Erase a person: remove their text from journal bodies, inbox, memory, labels and index, and journal that it was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from connector.change import inbox
from connector.change.seen import forget
from connector.context import memory
from connector.context.index import Index, Upkeep
from connector.gate import labels
from connector.journal import Entry, EntryKind, Journal, erase_bodies, of_record
from connector.record import RecordRef
from connector.store import Store, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What an erasure removed, by place."""

    records: tuple[RecordRef, ...]
    journal_bodies: int
    memory_rows: int
    inbox_rows: int


def erase(store: Store, journal: Journal, index: Index, refs: Sequence[RecordRef], *, by: str, at: datetime) -> Erased:
    """Remove every text kept about these records. The journal keeps that entries existed, and still verifies."""
    refs = tuple(dict.fromkeys(refs))
    with store.transaction("erase: removed") as tx:
        bodies = sum(erase_bodies(tx, [stored.seq for stored in of_record(tx, ref)]) for ref in refs)
        waiting = sum(inbox.drop_record(tx, ref) for ref in refs)
        remembered = memory.erase(tx, refs)
        labels.erase(tx, refs)
        forget(tx, refs)
        for ref in refs:
            _blank(tx, ref)
        # Addresses are not kept either: the entry says how many records and who asked.
        journal.append(tx, Entry(kind=EntryKind.ERASED, at=at, actor=by, body={"records": len(refs)}))
    index.delete_records(refs)
    index.optimize(Upkeep.ERASE)
    return Erased(records=refs, journal_bodies=bodies, memory_rows=remembered, inbox_rows=waiting)


def _blank(tx: Transaction, ref: RecordRef) -> None:
    """Decisions, questions, handoffs and outbox rows stay as bare facts; what they said of the person goes."""
    parameters = {"connection": ref.connection, "object": ref.object.value, "record": ref.id}
    where = "connection = :connection AND object = :object AND record = :record"
    tx.run(f"UPDATE decision_decisions SET rationale = '', detail = '{{}}' WHERE {where}", **parameters)
    tx.run(f"UPDATE gate_approvals SET rationale = '', citations = '[]', remark = NULL WHERE {where}", **parameters)
    tx.run(
        f"UPDATE gate_approvals SET state = 'superseded' WHERE {where} AND state = 'pending'", **parameters
    )
    tx.run(
        f"UPDATE gate_handoffs SET summary = '', tried = '[]', missing = '[]', remark = NULL, state = 'superseded' "
        f"WHERE {where} AND state IN ('open', 'claimed')",
        **parameters,
    )
    tx.run(f"UPDATE gate_handoffs SET summary = '', tried = '[]', missing = '[]', remark = NULL WHERE {where}", **parameters)
    tx.run(f"UPDATE writeback_outbox SET state = 'cancelled' WHERE {where} AND state = 'ready'", **parameters)


