"""Erase a person: remove their text from journal bodies, inbox, memory, labels and index, and journal that it was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from connector.change import inbox
from connector.change.aliases import merged_into
from connector.change.seen import forget
from connector.context import memory
from connector.context.index import Index, Upkeep
from connector.decision import kept
from connector.decision.versions import unteach
from connector.gate import audits, hands_off, labels
from connector.journal import Entry, EntryKind, Journal, erase_bodies, erase_bodies_holding, of_record
from connector.pipeline.wordless import blank_decision, blank_record, summaries_with, untell_decisions
from connector.record import RecordRef
from connector.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What an erasure removed, by place."""

    records: tuple[RecordRef, ...]
    journal_bodies: int
    memory_rows: int
    inbox_rows: int


def erase(
    store: Store, journal: Journal, index: Index, refs: Sequence[RecordRef], *, by: str, at: datetime,
    addresses: Sequence[str] = (),
) -> Erased:
    """Remove every text kept about these records, and about those merged into them, down to the bytes of the files.

    Where they were a relative of another record's decision, its evidence goes and what it wrote stays; a summary over a
    set that tells of them goes with its words. Of entries that belong to no record, those that hold one of `addresses`
    lose their words. The journal keeps that entries existed, and still verifies. Learners they taught are withdrawn or
    fitted again; `DiskShelf.sweep` deletes the files. Raises StateError when the tables are clean and the old bytes are
    still in use by another process.
    """
    with store.transaction("erase: removed") as tx:
        refs = tuple(dict.fromkeys(one for ref in refs for one in (ref, *merged_into(tx, ref))))
        bodies = sum(erase_bodies(tx, [stored.seq for stored in of_record(tx, ref)]) for ref in refs)
        summing_up = summaries_with(tx, refs)
        told = tuple(dict.fromkeys((*kept.decisions_with(tx, refs, addresses), *summing_up)))
        bodies += untell_decisions(tx, told)
        bodies += sum(erase_bodies_holding(tx, address) for address in addresses)
        waiting = sum(inbox.drop_record(tx, ref) for ref in refs)
        unteach(tx, memory.taught_by(tx, refs))
        remembered = memory.erase(tx, refs)
        labels.erase(tx, refs)
        audits.erase(tx, refs)
        kept.erase(tx, refs, told)
        hands_off.erase(tx, refs)
        forget(tx, refs)
        for ref in refs:
            blank_record(tx, ref)
        for decision in summing_up:
            blank_decision(tx, decision)
        # Addresses are not kept either: the entry says how much and who asked; verifying counts bodies against it.
        body = {"records": len(refs), "bodies": bodies}
        journal.append(tx, Entry(kind=EntryKind.ERASED, at=at, actor=by, body=body))
    index.delete_records(refs)
    index.optimize(Upkeep.ERASE)
    store.rewrite()
    return Erased(records=refs, journal_bodies=bodies, memory_rows=remembered, inbox_rows=waiting)
