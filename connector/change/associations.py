"""Changes of associations alone: not every CRM moves a stamp with them, so a sweep compares who hangs on whom."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from connector.adapter import ChangeEvent, ChangeKind, ChangeOrigin, ChangeSource, Cursor
from connector.change import inbox
from connector.record import ConnectionName, ObjectType, Record, RecordRef
from connector.store import Store, Sync, Transaction, any_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What one sweep over the associations of an object found."""

    records: int
    changed: int


def compare_associations(
    store: Store, source: ChangeSource, connection: ConnectionName, object: ObjectType
) -> Compared:
    """Sweep one object and queue every record whose associations differ from those seen before.

    A record met for the first time is only remembered: nobody acts on what was so all along.
    """
    records = changed = 0
    cursor: Cursor | None = None
    while True:
        page = source.sweep(object, cursor, ())
        with store.transaction("change: compared associations", Sync.NORMAL) as tx:
            events = _differing(tx, connection, object, page.records)
            inbox.put(tx, events)
            _remember(tx, page.records)
        records += len(page.records)
        changed += len(events)
        cursor = page.cursor
        if not page.more:
            return Compared(records=records, changed=changed)


def _differing(
    tx: Transaction, connection: ConnectionName, object: ObjectType, records: Sequence[Record]
) -> list[ChangeEvent]:
    if not records:
        return []
    names, parameters = any_of("id", [record.ref.id for record in records])
    rows = tx.rows(
        "SELECT record, related FROM change_seen WHERE connection = :connection AND object = :object "
        f"AND related IS NOT NULL AND record IN ({names})",
        connection=connection, object=object.value, **parameters,
    )
    before = {row["record"]: row["related"] for row in rows}
    return [
        ChangeEvent(
            ref=record.ref, kind=ChangeKind.ASSOCIATED, origin=ChangeOrigin.RECONCILE, occurred_at=record.read_at,
            slot=f"related:{digest}",
        )
        for record in records
        if before.get(record.ref.id, digest := related_digest(record)) != digest
    ]


def _remember(tx: Transaction, records: Sequence[Record]) -> None:
    tx.run_many(
        "UPDATE change_seen SET related = :related "
        "WHERE connection = :connection AND object = :object AND record = :record",
        [_key(record.ref) | {"related": related_digest(record)} for record in records],
    )


def related_digest(record: Record) -> str:
    """One short name for everything that hangs on a record, in whatever order the CRM lists it."""
    content = sorted(f"{kind}:{each}" for kind, ids in record.related.items() for each in ids)
    return hashlib.sha256("\n".join(content).encode()).hexdigest()[:32]


def _key(ref: RecordRef) -> dict[str, str]:
    return {"connection": ref.connection, "object": ref.object.value, "record": ref.id}
