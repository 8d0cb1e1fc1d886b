"""The table of decisions: recorded before the gate, never asked again for the same visit to the same values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connector.clock import from_micros, micros
from connector.journal import canonical
from connector.record import ConnectionName, ObjectType, RecordRef
from connector.store import Migration, Row, Transaction, any_of, batches, word

MIGRATIONS = (
    Migration(
        stage="decisions",
        number=1,
        name="decisions",
        script="""
        CREATE TABLE decision_decisions (
            decision TEXT PRIMARY KEY,
            connection TEXT NOT NULL,
            object TEXT NOT NULL,
            record TEXT NOT NULL,
            policy TEXT NOT NULL,
            policy_version TEXT NOT NULL,
            tier TEXT NOT NULL,
            enough INTEGER NOT NULL,
            disposition TEXT NOT NULL,
            rationale TEXT NOT NULL,
            detail TEXT NOT NULL,
            usd TEXT NOT NULL,
            occurred_at BIGINT NOT NULL,
            decided_at BIGINT NOT NULL,
            run TEXT
        );
        CREATE INDEX decision_decisions_record ON decision_decisions (connection, object, record);
        CREATE INDEX decision_decisions_when ON decision_decisions (decided_at)
        """,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedDecision:
    """One decision as kept. `disposition` is what the gate made of it as a whole; `detail` is JSON for people."""

    id: str
    ref: RecordRef
    policy: str
    policy_version: str
    tier: str
    enough: bool
    disposition: str
    rationale: str
    detail: Mapping[str, Any]
    usd: str
    occurred_at: datetime
    decided_at: datetime
    run: str | None


def record(tx: Transaction, decisions: Sequence[RecordedDecision]) -> None:
    """Keep decisions; one that is kept already stays as it was."""
    tx.run_many(
        """
        INSERT INTO decision_decisions (decision, connection, object, record, policy, policy_version, tier, enough,
            disposition, rationale, detail, usd, occurred_at, decided_at, run)
        VALUES (:decision, :connection, :object, :record, :policy, :policy_version, :tier, :enough,
            :disposition, :rationale, :detail, :usd, :occurred_at, :decided_at, :run)
        ON CONFLICT (decision) DO NOTHING
        """,
        [
            {
                "decision": one.id, "connection": one.ref.connection, "object": one.ref.object.value,
                "record": one.ref.id, "policy": one.policy, "policy_version": one.policy_version, "tier": one.tier,
                "enough": int(one.enough), "disposition": one.disposition, "rationale": one.rationale,
                "detail": canonical(dict(one.detail)), "usd": one.usd, "occurred_at": micros(one.occurred_at),
                "decided_at": micros(one.decided_at), "run": one.run,
            }
            for one in decisions
        ],
    )


def of_record(tx: Transaction, ref: RecordRef) -> list[RecordedDecision]:
    """Every decision on one record, oldest first."""
    rows = tx.rows(
        "SELECT * FROM decision_decisions WHERE connection = :connection AND object = :object AND record = :record "
        "ORDER BY decided_at, decision",
        connection=ref.connection, object=ref.object.value, record=ref.id,
    )
    return [_recorded(row) for row in rows]


def was_asked(tx: Transaction, ref: RecordRef, policy: str, version: str, context: str) -> bool:
    """Whether a model answered about exactly this context of the record, under this very policy."""
    rows = tx.rows(
        "SELECT detail FROM decision_decisions WHERE connection = :connection AND object = :object AND record = :record "
        "AND policy = :policy AND policy_version = :version AND tier <> 'offline'",
        connection=ref.connection, object=ref.object.value, record=ref.id, policy=policy, version=version,
    )
    return any(json.loads(row["detail"]).get("asked") == context for row in rows)


def find(tx: Transaction, decision: str) -> RecordedDecision | None:
    row = tx.one("SELECT * FROM decision_decisions WHERE decision = :decision", decision=decision)
    return _recorded(row) if row else None


def of_ids(tx: Transaction, ids: Sequence[str]) -> dict[str, RecordedDecision]:
    """Those of these decisions that are kept, by id."""
    found: dict[str, RecordedDecision] = {}
    for some in batches(list(dict.fromkeys(ids))):
        names, parameters = any_of("id", some)
        rows = tx.rows(f"SELECT * FROM decision_decisions WHERE decision IN ({names})", **parameters)
        found |= {row["decision"]: _recorded(row) for row in rows}
    return found


def since(tx: Transaction, at: datetime, *, policy: str | None = None) -> list[RecordedDecision]:
    narrow = "AND policy = :policy" if policy is not None else ""
    parameters = {"policy": policy} if policy is not None else {}
    rows = tx.rows(
        f"SELECT * FROM decision_decisions WHERE decided_at >= :at {narrow} ORDER BY decided_at, decision",
        at=micros(at), **parameters,
    )
    return [_recorded(row) for row in rows]


def readers_of(tx: Transaction, ref: RecordRef, *, after: datetime) -> list[RecordedDecision]:
    """Later decisions that had this record before them: on it, or on a record it is related to."""
    rows = tx.rows(
        "SELECT * FROM decision_decisions WHERE decided_at > :after AND (detail LIKE :read "
        "OR (connection = :connection AND object = :object AND record = :record)) ORDER BY decided_at, decision",
        after=micros(after), read=f'%"{ref}"%', connection=ref.connection, object=ref.object.value, record=ref.id,
    )
    return [_recorded(row) for row in rows]


def dispositions(tx: Transaction) -> dict[str, int]:
    """How many decisions ended in each disposition."""
    rows = tx.rows("SELECT disposition, COUNT(*) AS n FROM decision_decisions GROUP BY disposition")
    return {row["disposition"]: row["n"] for row in rows}


def _recorded(row: Row) -> RecordedDecision:
    return RecordedDecision(
        id=row["decision"], ref=RecordRef(ConnectionName(row["connection"]), word(ObjectType, row["object"]), row["record"]),
        policy=row["policy"], policy_version=row["policy_version"], tier=row["tier"], enough=bool(row["enough"]),
        disposition=row["disposition"], rationale=row["rationale"], detail=json.loads(row["detail"]), usd=row["usd"],
        occurred_at=from_micros(row["occurred_at"]), decided_at=from_micros(row["decided_at"]), run=row["run"],
    )
