"""Records as they were when we first saw them, and how they ended: what teaches a score, never today's values.

A row holds short cells, not a person's words. Values that are filled in or corrected later do not reach it, so that a
learner cannot read the outcome from what was written because of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from connector.clock import from_micros, micros
from connector.context.refs import OF_RECORDS, columns_of, ref_of, rows_of
from connector.journal import canonical
from connector.record import ConnectionName, ObjectType, RecordRef
from connector.store import Migration, Row, Transaction

MOST_ROWS = 200_000

MIGRATION = Migration(
    stage="context",
    number=4,
    name="records at intake",
    script="""
    CREATE TABLE context_intake (
        connection TEXT NOT NULL,
        object TEXT NOT NULL,
        record TEXT NOT NULL,
        policy TEXT NOT NULL,
        cells TEXT NOT NULL,
        late TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        taken_at BIGINT NOT NULL,
        outcome INTEGER,
        known_at BIGINT,
        PRIMARY KEY (connection, object, record, policy)
    );
    CREATE INDEX context_intake_training ON context_intake (connection, object, policy, created_at)
    """,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """One record when it was first seen. `late` names cells whose value is known to have been set after the intake."""

    ref: RecordRef
    policy: str
    cells: Mapping[str, str]
    created_at: datetime
    late: tuple[str, ...] = ()
    outcome: bool | None = None


def with_intake(tx: Transaction, policy: str, refs: Sequence[RecordRef]) -> frozenset[RecordRef]:
    """Those of these records whose intake is kept already."""
    sql = f"SELECT connection, object, record, policy FROM context_intake WHERE {OF_RECORDS}"
    return frozenset(ref_of(row) for row in rows_of(tx, sql, refs) if row["policy"] == policy)


def remember_intake(tx: Transaction, rows: Sequence[Intake], *, now: datetime) -> None:
    """Keep records as they are now, unless an earlier sight of them is kept."""
    tx.run_many(
        """
        INSERT INTO context_intake (connection, object, record, policy, cells, late, created_at, taken_at)
        VALUES (:connection, :object, :record, :policy, :cells, :late, :created_at, :taken_at)
        ON CONFLICT (connection, object, record, policy) DO NOTHING
        """,
        [
            {
                **columns_of(row.ref), "policy": row.policy, "cells": canonical(dict(row.cells)),
                "late": canonical(list(row.late)), "created_at": micros(row.created_at), "taken_at": micros(now),
            }
            for row in rows
        ],
    )


def note_outcomes(
    tx: Transaction, policy: str, outcomes: Mapping[RecordRef, bool | None], *, now: datetime
) -> None:
    """How these records stand: ended one way or the other, or open (again). A repeat changes nothing."""
    tx.run_many(
        """
        UPDATE context_intake SET outcome = :outcome, known_at = :known_at
        WHERE connection = :connection AND object = :object AND record = :record AND policy = :policy
            AND COALESCE(outcome, -1) <> COALESCE(:outcome, -1)
        """,
        [
            {
                **columns_of(ref), "policy": policy, "outcome": None if outcome is None else int(outcome),
                "known_at": micros(now),
            }
            for ref, outcome in outcomes.items()
        ],
    )


def training_rows(
    tx: Transaction, connection: ConnectionName, object: ObjectType, policy: str, *, limit: int = MOST_ROWS
) -> tuple[Intake, ...]:
    """The newest records, oldest first by when they were created; open ones among them."""
    rows = tx.rows(
        """
        SELECT * FROM context_intake WHERE connection = :connection AND object = :object AND policy = :policy
        ORDER BY created_at DESC, record DESC LIMIT :limit
        """,
        connection=connection, object=object.value, policy=policy, limit=limit,
    )
    return tuple(_intake(row) for row in reversed(rows))


def settled_since(
    tx: Transaction, connection: ConnectionName, object: ObjectType, policy: str, *, since: datetime
) -> int:
    """How many outcomes became known after `since`: what retraining waits for."""
    row = tx.one(
        """
        SELECT COUNT(*) AS settled FROM context_intake
        WHERE connection = :connection AND object = :object AND policy = :policy AND outcome IS NOT NULL
            AND known_at > :since
        """,
        connection=connection, object=object.value, policy=policy, since=micros(since),
    )
    return int(row["settled"]) if row else 0


def _intake(row: Row) -> Intake:
    return Intake(
        ref=ref_of(row), policy=row["policy"], cells=json.loads(row["cells"]), late=tuple(json.loads(row["late"])),
        created_at=from_micros(row["created_at"]), outcome=None if row["outcome"] is None else bool(row["outcome"]),
    )
