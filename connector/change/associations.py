"""Changes of associations alone: who hangs on whom is compared with what was seen before.

A CRM whose poll also returns records of which only an association changed is compared as it is polled. Another
(HubSpot) is asked for the associations of some records at every poll: the newest each time, the others in turn.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from connector.adapter import ChangeEvent, ChangeKind, ChangeOrigin, ChangeSource, Cursor
from connector.change import inbox
from connector.record import ConnectionName, ObjectType, Record, RecordRef
from connector.store import Store, Sync, Transaction, any_of, batches

NEWEST, IN_TURN = 200, 300  # records whose associations are asked for at a poll: two and three calls for each kind of link

Links = Mapping[ObjectType, tuple[str, ...]]


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
            changed += note_associations(tx, page.records, ChangeOrigin.RECONCILE)
        records += len(page.records)
        cursor = page.cursor
        if not page.more:
            return Compared(records=records, changed=changed)


def compare_some(
    store: Store, source: ChangeSource, connection: ConnectionName, object: ObjectType, after: str, at: datetime
) -> tuple[int, str]:
    """Compare the newest records, and those that follow `after` in turn; how many differ, and where to go on."""
    with store.snapshot() as tx:
        newest = _newest(tx, connection, object)
        turn = _in_turn(tx, connection, object, after)
    ids = list(dict.fromkeys([*newest, *turn]))
    links = source.links(object, ids) if ids else {}
    seen = {RecordRef(connection, object, record): found for record, found in links.items()}
    with store.transaction("change: compared associations", Sync.NORMAL) as tx:
        changed = _queue(tx, seen, ChangeOrigin.POLL, at)
    return changed, turn[-1] if len(turn) == IN_TURN else ""


def note_associations(tx: Transaction, records: Sequence[Record], origin: ChangeOrigin) -> int:
    """Queue the records whose associations differ from those seen before, and remember these; how many differ."""
    if not records:
        return 0
    return _queue(tx, {record.ref: record.related for record in records}, origin, records[-1].read_at)


def _queue(tx: Transaction, links: Mapping[RecordRef, Links], origin: ChangeOrigin, at: datetime) -> int:
    digests = {ref: related_digest(found) for ref, found in links.items()}
    before = _remembered(tx, list(digests))
    differing = [ref for ref, digest in digests.items() if before.get(ref, digest) != digest]
    inbox.put(tx, [
        ChangeEvent(
            ref=ref, kind=ChangeKind.ASSOCIATED, origin=origin, occurred_at=at, slot=f"related:{digests[ref]}"
        )
        for ref in differing
    ])  # fmt: skip
    tx.run_many(
        "UPDATE change_seen SET related = :related "
        "WHERE connection = :connection AND object = :object AND record = :record",
        [_key(ref) | {"related": digest} for ref, digest in digests.items() if before.get(ref) != digest],
    )
    return len(differing)


def _remembered(tx: Transaction, refs: Sequence[RecordRef]) -> dict[RecordRef, str]:
    found: dict[RecordRef, str] = {}
    for some in batches(refs):
        names, parameters = any_of("id", [ref.id for ref in some])
        rows = tx.rows(
            "SELECT record, related FROM change_seen WHERE connection = :connection AND object = :object "
            f"AND related IS NOT NULL AND record IN ({names})",
            connection=some[0].connection, object=some[0].object.value, **parameters,
        )
        found |= {RecordRef(some[0].connection, some[0].object, row["record"]): row["related"] for row in rows}
    return found


def _newest(tx: Transaction, connection: ConnectionName, object: ObjectType) -> list[str]:
    rows = tx.rows(
        "SELECT record FROM change_seen WHERE connection = :connection AND object = :object "
        "ORDER BY created_at DESC, record DESC LIMIT :most",
        connection=connection, object=object.value, most=NEWEST,
    )
    return [row["record"] for row in rows]


def _in_turn(tx: Transaction, connection: ConnectionName, object: ObjectType, after: str) -> list[str]:
    rows = tx.rows(
        "SELECT record FROM change_seen WHERE connection = :connection AND object = :object AND record > :after "
        "ORDER BY record LIMIT :most",
        connection=connection, object=object.value, after=after, most=IN_TURN,
    )
    return [row["record"] for row in rows]


def related_digest(links: Links) -> str:
    """One short name for everything that hangs on a record, in whatever order the CRM lists it."""
    content = sorted(f"{kind}:{each}" for kind, ids in links.items() for each in ids)
    return hashlib.sha256("\n".join(content).encode()).hexdigest()[:32]


def _key(ref: RecordRef) -> dict[str, str]:
    return {"connection": ref.connection, "object": ref.object.value, "record": ref.id}
