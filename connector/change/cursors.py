"""How far each object of each connection has been read, committed together with what was read."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from connector.adapter import Cursor
from connector.clock import from_micros, micros
from connector.record import ConnectionName, FieldName, ObjectType
from connector.store import Transaction, word


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where reading stands. While `baselined` is false the sweep runs: records are remembered, nobody acts.

    `fields` are the fields that were watched when the baseline was made, and the timers that it set.
    """

    connection: ConnectionName
    object: ObjectType
    activated_at: datetime
    cursor: Cursor
    sweep: Cursor | None
    baselined: bool
    fields: frozenset[FieldName]


def position(tx: Transaction, connection: ConnectionName, object: ObjectType) -> Position | None:
    row = tx.one(
        "SELECT * FROM change_cursors WHERE connection = :connection AND object = :object",
        connection=connection, object=object.value,
    )
    if row is None:
        return None
    return Position(
        connection=connection,
        object=object,
        activated_at=from_micros(row["activated_at"]),
        cursor=Cursor(row["cursor"]),
        sweep=Cursor(row["sweep"]) if row["sweep"] is not None else None,
        baselined=bool(row["baselined"]),
        fields=frozenset(FieldName(name) for name in json.loads(row["fields"])),
    )


def activate(
    tx: Transaction, connection: ConnectionName, object: ObjectType, *, cursor: Cursor, now: datetime,
    fields: Collection[FieldName],
) -> None:
    """First activation: remember the server's present, from which change counts; the baseline sweep starts now."""
    tx.run(
        """
        INSERT INTO change_cursors (connection, object, activated_at, cursor, sweep, baselined, fields)
        VALUES (:connection, :object, :now, :cursor, NULL, 0, :fields)
        ON CONFLICT (connection, object) DO NOTHING
        """,
        connection=connection, object=object.value, now=micros(now), cursor=cursor, fields=json.dumps(sorted(fields)),
    )


def advance(tx: Transaction, connection: ConnectionName, object: ObjectType, cursor: Cursor) -> None:
    tx.run(
        "UPDATE change_cursors SET cursor = :cursor WHERE connection = :connection AND object = :object",
        connection=connection, object=object.value, cursor=cursor,
    )


def advance_sweep(
    tx: Transaction, place: Position, sweep: Cursor, *, done: bool
) -> None:
    """Move the sweep on from `place`; where it was begun again meanwhile, it stays at its beginning."""
    tx.run(
        "UPDATE change_cursors SET sweep = :sweep, baselined = :done "
        "WHERE connection = :connection AND object = :object AND COALESCE(sweep, '') = :before",
        connection=place.connection, object=place.object.value, sweep=None if done else sweep, done=int(done),
        before=place.sweep or "",
    )


def rebaseline(
    tx: Transaction, connection: ConnectionName, object: ObjectType, fields: Collection[FieldName]
) -> None:
    """Watched fields were added: sweep again so that their present values are known before a change in them counts."""
    tx.run(
        "UPDATE change_cursors SET sweep = NULL, baselined = 0, fields = :fields "
        "WHERE connection = :connection AND object = :object",
        connection=connection, object=object.value, fields=json.dumps(sorted(fields)),
    )


def positions(tx: Transaction) -> list[Position]:
    rows = tx.rows("SELECT connection, object FROM change_cursors ORDER BY connection, object")
    found = [position(tx, ConnectionName(row["connection"]), word(ObjectType, row["object"])) for row in rows]
    return [place for place in found if place is not None]
