"""Hands off: fields a person corrected after an agent wrote them. For a time only a person may let an agent write them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from connector.clock import from_micros, micros
from connector.record import FieldName, RecordRef
from connector.store import Transaction, any_of, batches


def mark(tx: Transaction, ref: RecordRef, name: FieldName, *, at: datetime) -> None:
    """A person corrected this field of this record; a later correction counts from then."""
    tx.run(
        """
        INSERT INTO gate_hands_off (connection, object, record, field, corrected_at)
        VALUES (:connection, :object, :record, :field, :at)
        ON CONFLICT (connection, object, record, field) DO UPDATE SET corrected_at = excluded.corrected_at
        """,
        connection=ref.connection, object=ref.object.value, record=ref.id, field=name, at=micros(at),
    )


def corrected(tx: Transaction, refs: Collection[RecordRef]) -> Mapping[tuple[RecordRef, FieldName], datetime]:
    """When people last corrected fields of these records."""
    found: dict[tuple[RecordRef, FieldName], datetime] = {}
    by_id = {(ref.connection, ref.object.value, ref.id): ref for ref in refs}
    for some in batches(sorted({ref.id for ref in refs})):
        names, parameters = any_of("record", some)
        for row in tx.rows(f"SELECT * FROM gate_hands_off WHERE record IN ({names})", **parameters):
            ref = by_id.get((row["connection"], row["object"], row["record"]))
            if ref is not None:
                found[ref, FieldName(row["field"])] = from_micros(row["corrected_at"])
    return found


def erase(tx: Transaction, refs: Sequence[RecordRef]) -> None:
    tx.run_many(
        "DELETE FROM gate_hands_off WHERE connection = :connection AND object = :object AND record = :record",
        [{"connection": ref.connection, "object": ref.object.value, "record": ref.id} for ref in refs],
    )
