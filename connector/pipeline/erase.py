"""Erase a person: remove their text from journal bodies, inbox, memory, labels and index, and journal that it was done."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connector.change import inbox
from connector.change.seen import forget
from connector.context import memory
from connector.context.index import Index, Upkeep
from connector.decision import kept
from connector.gate import audits, hands_off, labels
from connector.journal import Entry, EntryKind, Journal, canonical, erase_bodies, of_record
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
    """Remove every text kept about these records, down to the bytes of the files.

    The journal keeps that entries existed, and still verifies. Raises StateError when the tables are clean and the old
    bytes are still in use by another process.
    """
    refs = tuple(dict.fromkeys(refs))
    with store.transaction("erase: removed") as tx:
        bodies = sum(erase_bodies(tx, [stored.seq for stored in of_record(tx, ref)]) for ref in refs)
        waiting = sum(inbox.drop_record(tx, ref) for ref in refs)
        remembered = memory.erase(tx, refs)
        labels.erase(tx, refs)
        audits.erase(tx, refs)
        kept.erase(tx, refs)
        hands_off.erase(tx, refs)
        forget(tx, refs)
        for ref in refs:
            _blank(tx, ref)
        # Addresses are not kept either: the entry says how much and who asked; verifying counts bodies against it.
        body = {"records": len(refs), "bodies": bodies}
        journal.append(tx, Entry(kind=EntryKind.ERASED, at=at, actor=by, body=body))
    index.delete_records(refs)
    index.optimize(Upkeep.ERASE)
    store.rewrite()
    return Erased(records=refs, journal_bodies=bodies, memory_rows=remembered, inbox_rows=waiting)


def _blank(tx: Transaction, ref: RecordRef) -> None:
    """Decisions, questions, handoffs and outbox rows stay as bare facts; what they said of the person goes."""
    parameters = {"connection": ref.connection, "object": ref.object.value, "record": ref.id}
    where = "connection = :connection AND object = :object AND record = :record"
    tx.run(f"UPDATE decision_decisions SET rationale = '', detail = '{{}}' WHERE {where}", **parameters)
    tx.run(f"DELETE FROM decision_batches WHERE {where}", **parameters)
    emptied = "rationale = '', reasons = '[]', citations = '[]', remark = NULL, pattern = NULL"
    tx.run(f"UPDATE gate_approvals SET {emptied} WHERE {where}", **parameters)
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
    for row in tx.rows(f"SELECT approval, held FROM gate_approvals WHERE {where}", **parameters):
        held = _wordless(row["held"])
        tx.run("UPDATE gate_approvals SET held = :held WHERE approval = :id", held=held, id=row["approval"])
    for row in tx.rows(f"SELECT intent, action, bases FROM writeback_outbox WHERE {where}", **parameters):
        tx.run(
            "UPDATE writeback_outbox SET action = :action, bases = :bases, live = NULL, outcome = '{}', inverse = :inverse "
            "WHERE intent = :intent",
            action=_wordless(row["action"]), bases=_wordless(row["bases"]), inverse=canonical({"irreversible": "erased"}),
            intent=row["intent"],
        )


# What the keys of encoded actions and bases become; texts of tasks, notes and messages become empty ones.
_EMPTIED: Mapping[str, Any] = {"value": None, "before": None, "ours": None, "to": [], "parameters": {}}
_TEXTS = frozenset({"subject", "description", "body"})


def _wordless(encoded: str) -> str:
    """An action or its bases with everything a person may have written taken out; what kind it was stays."""
    return canonical(_without_words(json.loads(encoded)))


def _without_words(content: Any) -> Any:
    if not isinstance(content, dict):
        return content
    return {
        name: _EMPTIED[name] if name in _EMPTIED else _emptied_text(name, inner) for name, inner in content.items()
    }


def _emptied_text(name: str, inner: Any) -> Any:
    # Bases are keyed by field names, which may read like the texts of an action.
    return "" if name in _TEXTS and isinstance(inner, str) else _without_words(inner)


