"""Reconciliation: compare every id and version of the CRM with what we have seen, repair, and publish the number.

This is how capture proves itself: whatever polling missed (late commits, hard deletes, lost hints) is found here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from connector.adapter import ChangeEvent, ChangeKind, ChangeOrigin, ChangeSource
from connector.change import inbox
from connector.change.cursors import position
from connector.clock import Clock, from_micros, micros
from connector.journal import Entry, EntryKind, Journal
from connector.record import ConnectionName, ObjectType, RecordRef, Version
from connector.store import Store, Transaction, any_of, word


@dataclass(frozen=True, slots=True, kw_only=True)
class Completeness:
    """How much of one object we had seen when we last compared. `repaired` records were queued for a look."""

    connection: ConnectionName
    object: ObjectType
    at: datetime
    records: int
    matched: int
    repaired: int

    @property
    def share(self) -> float:
        return self.matched / self.records if self.records else 1.0


def reconcile(
    store: Store, journal: Journal, clock: Clock, source: ChangeSource, connection: ConnectionName, object: ObjectType
) -> Completeness | None:
    """Compare one object with the CRM, id by id; None before its baseline is done.

    Differences are queued as hints: the records are read again, nothing is taken from the comparison itself. A record
    that changed while we compared is repaired needlessly, which costs one read.
    """
    with store.snapshot() as tx:
        place = position(tx, connection, object)
    if place is None or not place.baselined:
        return None
    started, records, matched = clock.now(), 0, 0
    differing: list[str] = []
    alive = hashlib.sha256()
    after: str | None = None
    listed: set[str] = set()
    while True:
        page = source.identities(object, after)
        with store.snapshot() as tx:
            known = _known(tx, connection, object, [record for record, _ in page.identities])
        for record, version in page.identities:
            records += 1
            listed.add(record)
            alive.update(f"{record}@{version}\n".encode())
            if known.get(record) == version:
                matched += 1
            else:
                differing.append(record)
        after = page.after
        if after is None:
            break
    with store.snapshot() as tx:
        vanished = [record for record in _all_known(tx, connection, object) if record not in listed]
    result = Completeness(
        connection=connection, object=object, at=started, records=records, matched=matched,
        repaired=len(differing) + len(vanished),
    )
    _repair(store, journal, result, [*differing, *vanished], digest=alive.hexdigest())
    return result


def _repair(store: Store, journal: Journal, result: Completeness, records: Sequence[str], *, digest: str) -> None:
    events = [
        ChangeEvent(
            ref=RecordRef(result.connection, result.object, record), kind=ChangeKind.CHANGED,
            origin=ChangeOrigin.RECONCILE, occurred_at=result.at,
        )
        for record in records
    ]
    with store.transaction("change: reconciled") as tx:
        inbox.put(tx, events)
        tx.run(
            """
            INSERT INTO change_completeness (connection, object, at, records, matched, repaired)
            VALUES (:connection, :object, :at, :records, :matched, :repaired)
            ON CONFLICT (connection, object) DO UPDATE SET at = excluded.at, records = excluded.records,
                matched = excluded.matched, repaired = excluded.repaired
            """,
            connection=result.connection, object=result.object.value, at=micros(result.at), records=result.records,
            matched=result.matched, repaired=result.repaired,
        )
        body = {
            "connection": result.connection, "object": result.object.value, "records": result.records,
            "matched": result.matched, "repaired": result.repaired, "digest": digest,
        }
        journal.append(tx, Entry(kind=EntryKind.RECONCILED, at=result.at, body=body))


def completeness(tx: Transaction) -> list[Completeness]:
    """The last comparison of every object."""
    return [
        Completeness(
            connection=ConnectionName(row["connection"]), object=word(ObjectType, row["object"]), at=from_micros(row["at"]),
            records=row["records"], matched=row["matched"], repaired=row["repaired"],
        )
        for row in tx.rows("SELECT * FROM change_completeness ORDER BY connection, object")
    ]


def _known(tx: Transaction, connection: ConnectionName, object: ObjectType, records: Sequence[str]) -> dict[str, Version]:
    if not records:
        return {}
    names, parameters = any_of("id", records)
    rows = tx.rows(
        "SELECT record, version FROM change_seen "
        f"WHERE connection = :connection AND object = :object AND record IN ({names})",
        connection=connection, object=object.value, **parameters,
    )
    return {row["record"]: Version(row["version"]) for row in rows}


def _all_known(tx: Transaction, connection: ConnectionName, object: ObjectType) -> list[str]:
    rows = tx.rows(
        "SELECT record FROM change_seen WHERE connection = :connection AND object = :object ORDER BY record",
        connection=connection, object=object.value,
    )
    return [row["record"] for row in rows]
