"""Where merged records went: old ids keep their story, pending work on them is decided again on the survivor."""

from __future__ import annotations

from connector.record import RecordRef
from connector.store import Transaction


def note_merge(tx: Transaction, loser: RecordRef, survivor: RecordRef) -> None:
    tx.run(
        """
        INSERT INTO change_aliases (connection, object, record, into_record)
        VALUES (:connection, :object, :record, :into)
        ON CONFLICT (connection, object, record) DO UPDATE SET into_record = excluded.into_record
        """,
        connection=loser.connection, object=loser.object.value, record=loser.id, into=survivor.id,
    )


def survivor_of(tx: Transaction, ref: RecordRef) -> RecordRef:
    """Where a record lives now, following chains of merges; itself when it was never merged."""
    visited = {ref.id}
    while True:
        row = tx.one(
            "SELECT into_record FROM change_aliases "
            "WHERE connection = :connection AND object = :object AND record = :record",
            connection=ref.connection, object=ref.object.value, record=ref.id,
        )
        if row is None or row["into_record"] in visited:
            return ref
        ref = RecordRef(ref.connection, ref.object, row["into_record"])
        visited.add(ref.id)


def merged_into(tx: Transaction, ref: RecordRef) -> tuple[RecordRef, ...]:
    """The records that live on in this one, merged into it at once or through others."""
    found: dict[str, None] = {ref.id: None}
    waiting = [ref.id]
    while waiting:
        for row in tx.rows(
            "SELECT record FROM change_aliases WHERE connection = :connection AND object = :object AND into_record = :into",
            connection=ref.connection, object=ref.object.value, into=waiting.pop(),
        ):
            if row["record"] not in found:
                found[row["record"]] = None
                waiting.append(row["record"])
    return tuple(RecordRef(ref.connection, ref.object, one) for one in found if one != ref.id)
