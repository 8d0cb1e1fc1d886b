"""What we have seen of each record: the version read last, and the field values its last decision was made on."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from connector.clock import from_micros, micros
from connector.journal import canonical
from connector.record import (
    ConnectionName,
    FieldName,
    FieldValue,
    ObjectType,
    Record,
    RecordRef,
    Version,
    decode_value,
    encode_value,
    normalise,
    same_value,
)
from connector.store import Transaction, any_of, batches


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Our memory of one record. `snapshot` is None while a new record waits for its first decision."""

    version: Version
    created_at: datetime
    snapshot: Mapping[FieldName, FieldValue] | None

    def changed(self, record: Record) -> dict[FieldName, FieldValue]:
        """Old values of the fields that differ now; a field the snapshot never held is not a change."""
        return {
            name: before
            for name, before in (self.snapshot or {}).items()
            if name in record.fields and not same_value(before, record.fields[name])
        }


def snapshot_of(record: Record, watched: Collection[FieldName]) -> dict[FieldName, FieldValue]:
    return {name: normalise(record.fields.get(name)) for name in sorted(watched) if name in record.fields}


def look_up(tx: Transaction, refs: Sequence[RecordRef]) -> dict[RecordRef, Seen]:
    """What we have seen of these records (of one connection and object or of several)."""
    found: dict[RecordRef, Seen] = {}
    by_object: dict[tuple[str, str], list[RecordRef]] = {}
    for ref in refs:
        by_object.setdefault((ref.connection, ref.object), []).append(ref)
    for (connection, kind), members in by_object.items():
        for some in batches([ref.id for ref in members]):
            names, parameters = any_of("id", some)
            rows = tx.rows(
                f"SELECT * FROM change_seen WHERE connection = :connection AND object = :object AND record IN ({names})",
                connection=connection, object=kind, **parameters,
            )
            for row in rows:
                ref = RecordRef(members[0].connection, members[0].object, row["record"])
                found[ref] = Seen(
                    version=Version(row["version"]),
                    created_at=from_micros(row["created_at"]),
                    snapshot=_decoded(row["snapshot"]),
                )
    return found


def standing(
    tx: Transaction, connection: ConnectionName, object: ObjectType, *, after: str, limit: int
) -> list[tuple[RecordRef, Mapping[FieldName, FieldValue]]]:
    """The records of an object that we know, by id from `after` on, with the values of the last look (none: no look)."""
    rows = tx.rows(
        "SELECT record, snapshot FROM change_seen WHERE connection = :connection AND object = :object "
        "AND record > :after ORDER BY record LIMIT :limit",
        connection=connection, object=object.value, after=after, limit=limit,
    )
    return [(RecordRef(connection, object, row["record"]), _decoded(row["snapshot"]) or {}) for row in rows]


def note_versions(tx: Transaction, records: Sequence[Record]) -> None:
    """Remember that these versions have been captured; the snapshots stay those of the last decision."""
    tx.run_many(
        """
        INSERT INTO change_seen (connection, object, record, version, created_at, snapshot, related)
        VALUES (:connection, :object, :record, :version, :created_at, NULL, NULL)
        ON CONFLICT (connection, object, record) DO UPDATE SET version = excluded.version
        """,
        [_key(record.ref) | {"version": record.version, "created_at": micros(record.created_at)} for record in records],
    )


def note_known(tx: Transaction, records: Sequence[Record]) -> None:
    """Records that were looked at before any poll showed them: that they are gone is heard from now on.

    Nothing else of them is remembered, so that the poll which shows them finds them new.
    """
    tx.run_many(
        """
        INSERT INTO change_seen (connection, object, record, version, created_at, snapshot, related)
        VALUES (:connection, :object, :record, '', :created_at, NULL, NULL)
        ON CONFLICT (connection, object, record) DO NOTHING
        """,
        [_key(record.ref) | {"created_at": micros(record.created_at)} for record in records],
    )


def note_snapshots(tx: Transaction, records: Sequence[Record], watched: Collection[FieldName]) -> None:
    """Remember the values these records were decided (or baselined) on."""
    tx.run_many(
        """
        INSERT INTO change_seen (connection, object, record, version, created_at, snapshot, related)
        VALUES (:connection, :object, :record, :version, :created_at, :snapshot, NULL)
        ON CONFLICT (connection, object, record) DO UPDATE SET snapshot = excluded.snapshot
        """,
        [
            _key(record.ref)
            | {
                "version": record.version,
                "created_at": micros(record.created_at),
                "snapshot": _encoded(snapshot_of(record, watched)),
            }
            for record in records
        ],
    )


def extend_snapshots(tx: Transaction, records: Sequence[Record], watched: Collection[FieldName]) -> None:
    """Add newly watched fields to snapshots that lack them; what a decision was made on stays as it was."""
    seen = look_up(tx, [record.ref for record in records])
    rows = []
    for record in records:
        known = seen.get(record.ref)
        if known is None or known.snapshot is None:
            continue
        present = snapshot_of(record, watched)
        added = {name: value for name, value in present.items() if name not in known.snapshot}
        if added:
            rows.append(_key(record.ref) | {"snapshot": _encoded({**known.snapshot, **added})})
    tx.run_many(
        "UPDATE change_seen SET snapshot = :snapshot "
        "WHERE connection = :connection AND object = :object AND record = :record",
        rows,
    )


def note_own_write(
    tx: Transaction, ref: RecordRef, values: Mapping[FieldName, FieldValue], replaced: Mapping[FieldName, FieldValue]
) -> None:
    """Put what we wrote into the snapshot, so that our own write coming back is no change: the echo ends here.

    A person's later edit of the same field differs from it again, and is one. So is an earlier edit that nobody had
    looked at when our write `replaced` it: then the snapshot stays, and the record is looked at.
    """
    row = tx.one(
        "SELECT snapshot FROM change_seen WHERE connection = :connection AND object = :object AND record = :record",
        **_key(ref),
    )
    snapshot = _decoded(row["snapshot"]) if row is not None else None
    ours = {
        name: normalise(value)
        for name, value in values.items()
        if snapshot is not None and name in snapshot and same_value(snapshot[name], replaced.get(name))
    }
    if not ours or snapshot is None:
        return
    tx.run(
        "UPDATE change_seen SET snapshot = :snapshot "
        "WHERE connection = :connection AND object = :object AND record = :record",
        snapshot=_encoded(snapshot | ours), **_key(ref),
    )


def note_own_create(tx: Transaction, ref: RecordRef, at: datetime) -> None:
    """A record we made ourselves is not news to us: polling finds it known, and only what people then do to it counts."""
    tx.run(
        """
        INSERT INTO change_seen (connection, object, record, version, created_at, snapshot, related)
        VALUES (:connection, :object, :record, '', :at, '{}', NULL)
        ON CONFLICT (connection, object, record) DO UPDATE SET snapshot = COALESCE(change_seen.snapshot, '{}')
        """,
        at=micros(at), **_key(ref),
    )


def part_with(tx: Transaction, refs: Sequence[RecordRef]) -> None:
    """Records that are gone may come back: what we saw of them goes, that they were visited stays.

    Coming back is another visit then, with intents of its own; what the deletion cut short is decided again.
    """
    for table in ("change_seen", "change_due"):
        tx.run_many(
            f"DELETE FROM {table} WHERE connection = :connection AND object = :object AND record = :record",
            [_key(ref) for ref in refs],
        )
    tx.run_many(
        "UPDATE change_triggers SET fingerprint = 'gone' "
        "WHERE connection = :connection AND object = :object AND record = :record",
        [_key(ref) for ref in refs],
    )


def forget(tx: Transaction, refs: Sequence[RecordRef]) -> None:
    """Remove what we know of records that are gone or erased."""
    for table in ("change_seen", "change_triggers", "change_due"):
        tx.run_many(
            f"DELETE FROM {table} WHERE connection = :connection AND object = :object AND record = :record",
            [_key(ref) for ref in refs],
        )


def _key(ref: RecordRef) -> dict[str, str]:
    return {"connection": ref.connection, "object": ref.object.value, "record": ref.id}


def _encoded(snapshot: Mapping[FieldName, FieldValue]) -> str:
    return canonical({name: encode_value(value) for name, value in snapshot.items()})


def _decoded(snapshot: str | None) -> dict[FieldName, FieldValue] | None:
    if snapshot is None:
        return None
    return {FieldName(name): decode_value(value) for name, value in json.loads(snapshot).items()}
