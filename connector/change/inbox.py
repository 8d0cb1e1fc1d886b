"""The inbox: change events that wait for a decision, one row each, kept until everything they cause is recorded."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connector.adapter import ChangeEvent, ChangeKind, ChangeOrigin
from connector.clock import from_micros, micros
from connector.record import ConnectionName, ObjectType, RecordRef, Version
from connector.store import Row, Transaction, any_of, batches, word


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxEvent:
    """A change event with its place in the queue. `run` names the backfill it belongs to, if any."""

    seq: int
    event: ChangeEvent
    attempts: int
    run: str | None


class Burial(StrEnum):
    """Whether an inbox row is alive or set aside for a person."""

    WAITING = "waiting"
    BURIED = "buried"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuriedEvent:
    """A change that was set aside, and why; `requeue` puts it back."""

    seq: int
    event: ChangeEvent
    attempts: int
    reason: str


def key_of(event: ChangeEvent, run: str | None = None) -> str:
    """What makes two events one: the same version of the same record, the same slot, or a hint not yet followed."""
    what = event.slot if event.slot is not None else (event.version or event.kind.value)
    door = f"{run}:" if run is not None else ""
    return f"{door}{event.ref}@{event.kind.value if event.slot else ''}{what}"


def put(tx: Transaction, events: Sequence[ChangeEvent], *, run: str | None = None) -> None:
    """Queue events; one that is queued already stays one."""
    tx.run_many(
        """
        INSERT INTO change_inbox (connection, object, record, kind, origin, occurred_at, version, slot, into_record, run,
                                  key, attempts, not_before, buried, reason)
        VALUES (:connection, :object, :record, :kind, :origin, :occurred_at, :version, :slot, :into_record, :run,
                :key, 0, 0, 0, NULL)
        ON CONFLICT (key) DO NOTHING
        """,
        [
            {
                "connection": event.ref.connection,
                "object": event.ref.object.value,
                "record": event.ref.id,
                "kind": event.kind.value,
                "origin": event.origin.value,
                "occurred_at": micros(event.occurred_at),
                "version": event.version,
                "slot": event.slot,
                "into_record": event.into.id if event.into else None,
                "run": run,
                "key": key_of(event, run),
            }
            for event in events
        ],
    )


def due(tx: Transaction, now: datetime, limit: int, connections: Collection[ConnectionName]) -> list[InboxEvent]:
    """The oldest events of connected CRMs that may be decided now; those of a removed connection wait."""
    names, parameters = any_of("connection", sorted(connections))
    rows = tx.rows(
        f"SELECT * FROM change_inbox WHERE buried = 0 AND not_before <= :now AND connection IN ({names}) "
        "ORDER BY seq LIMIT :limit",
        now=micros(now), limit=limit, **parameters,
    )
    return [InboxEvent(seq=row["seq"], event=_event(row), attempts=row["attempts"], run=row["run"]) for row in rows]


def finish(tx: Transaction, seqs: Sequence[int]) -> None:
    """Everything these events caused is recorded: they leave the queue."""
    tx.run_many("DELETE FROM change_inbox WHERE seq = :seq", [{"seq": seq} for seq in seqs])


def release(tx: Transaction, seqs: Sequence[int], *, reason: str, retry_at: datetime) -> None:
    """Try these again later."""
    tx.run_many(
        "UPDATE change_inbox SET attempts = attempts + 1, not_before = :at, reason = :reason WHERE seq = :seq",
        [{"seq": seq, "at": micros(retry_at), "reason": reason} for seq in seqs],
    )


def postpone(tx: Transaction, seqs: Sequence[int], until: datetime, *, reason: str | None = None) -> None:
    """Wait for something of our own (a write in flight, an answer on its way); this is not a failed attempt."""
    tx.run_many(
        "UPDATE change_inbox SET not_before = :at, reason = :reason WHERE seq = :seq",
        [{"seq": seq, "at": micros(until), "reason": reason} for seq in seqs],
    )


def bury(tx: Transaction, seq: int, reason: str) -> None:
    """Set one event aside with its reason, so that it blocks nothing; a person may requeue it."""
    # The key is given up, so that a later hint or change of the record is a look of its own and not lost in this row.
    tx.run(
        "UPDATE change_inbox SET buried = 1, reason = :reason, key = :key WHERE seq = :seq",
        seq=seq, reason=reason[:2000], key=f"buried:{seq}",
    )


def buried(tx: Transaction) -> list[BuriedEvent]:
    rows = tx.rows("SELECT * FROM change_inbox WHERE buried = 1 ORDER BY seq")
    return [
        BuriedEvent(seq=row["seq"], event=_event(row), attempts=row["attempts"], reason=row["reason"] or "")
        for row in rows
    ]


def queued_or_aside(tx: Transaction, refs: Sequence[RecordRef]) -> set[RecordRef]:
    """Those of these records (of one connection and object) of which a change waits or was set aside."""
    found: set[RecordRef] = set()
    for some in batches([ref.id for ref in refs]):
        names, parameters = any_of("id", some)
        rows = tx.rows(
            "SELECT DISTINCT record FROM change_inbox WHERE connection = :connection AND object = :object "
            f"AND record IN ({names})",
            connection=refs[0].connection, object=refs[0].object.value, **parameters,
        )
        found |= {RecordRef(refs[0].connection, refs[0].object, row["record"]) for row in rows}
    return found


def requeue(tx: Transaction, ref: RecordRef | None = None) -> int:
    """Put buried events back in the queue, all or one record's; how many."""
    where = " AND connection = :connection AND object = :object AND record = :record" if ref else ""
    parameters = {"connection": ref.connection, "object": ref.object.value, "record": ref.id} if ref else {}
    return tx.run(
        f"UPDATE change_inbox SET buried = 0, attempts = 0, not_before = 0, reason = NULL WHERE buried = 1{where}",
        **parameters,
    )


def depth(tx: Transaction) -> dict[Burial, int]:
    rows = tx.rows("SELECT buried, COUNT(*) AS n FROM change_inbox GROUP BY buried")
    counts = {row["buried"]: row["n"] for row in rows}
    return {Burial.WAITING: counts.get(0, 0), Burial.BURIED: counts.get(1, 0)}


def reasons_to_wait(tx: Transaction, now: datetime) -> dict[str, int]:
    """Why changes are not decided now, where a reason is known, and how many wait for it."""
    rows = tx.rows(
        "SELECT reason, COUNT(*) AS n FROM change_inbox WHERE buried = 0 AND reason IS NOT NULL AND not_before > :now "
        "GROUP BY reason ORDER BY n DESC, reason LIMIT 5",
        now=micros(now),
    )
    return {row["reason"]: int(row["n"]) for row in rows}


def waiting_of(tx: Transaction, run: str) -> int:
    """How many events of one backfill wait for their decision."""
    row = tx.one("SELECT COUNT(*) AS n FROM change_inbox WHERE buried = 0 AND run = :run", run=run)
    return int(row["n"]) if row is not None else 0


def next_due(tx: Transaction, connections: Collection[ConnectionName]) -> datetime | None:
    """When the next waiting event of a connected CRM may be decided; None when nothing waits."""
    names, parameters = any_of("connection", sorted(connections))
    sql = f"SELECT MIN(not_before) AS at FROM change_inbox WHERE buried = 0 AND connection IN ({names})"
    row = tx.one(sql, **parameters)
    return from_micros(row["at"]) if row and row["at"] is not None else None


def clamp_waits(tx: Transaction, latest: datetime) -> None:
    """After the machine's clock went back: nothing waits longer than the longest back-off from now."""
    tx.run("UPDATE change_inbox SET not_before = :latest WHERE not_before > :latest", latest=micros(latest))


def drop_record(tx: Transaction, ref: RecordRef) -> int:
    """Remove queued events of an erased record."""
    return tx.run(
        "DELETE FROM change_inbox WHERE connection = :connection AND object = :object AND record = :record",
        connection=ref.connection, object=ref.object.value, record=ref.id,
    )


def _event(row: Row) -> ChangeEvent:
    connection, kind = ConnectionName(row["connection"]), word(ObjectType, row["object"])
    into = row["into_record"]
    return ChangeEvent(
        ref=RecordRef(connection, kind, row["record"]),
        kind=word(ChangeKind, row["kind"]),
        origin=word(ChangeOrigin, row["origin"]),
        occurred_at=from_micros(row["occurred_at"]),
        version=Version(row["version"]) if row["version"] is not None else None,
        slot=row["slot"],
        into=RecordRef(connection, kind, into) if into is not None else None,
    )
