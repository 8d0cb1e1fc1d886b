"""The values our own agents wrote: each keeps the lowest trust of its evidence until a person confirms it."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from connector.clock import from_micros, micros
from connector.context.refs import OF_RECORDS, columns_of, ref_of, rows_of
from connector.journal import canonical
from connector.record import FieldName, FieldValue, Origin, RecordRef, encode_value, normalise
from connector.store import Migration, Row, Transaction

MIGRATION = Migration(
    stage="context",
    number=3,
    name="values agents wrote",
    script="""
    CREATE TABLE context_agent_values (
        connection TEXT NOT NULL,
        object TEXT NOT NULL,
        record TEXT NOT NULL,
        field TEXT NOT NULL,
        digest TEXT NOT NULL,
        origin TEXT NOT NULL,
        decision TEXT NOT NULL,
        at BIGINT NOT NULL,
        PRIMARY KEY (connection, object, record, field)
    )
    """,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentValue:
    """One value an agent wrote: a digest of it, the lowest origin among its evidence, and the decision behind it."""

    ref: RecordRef
    field: FieldName
    digest: str
    origin: Origin
    decision: str
    at: datetime

    def is_still(self, value: FieldValue) -> bool:
        """Whether the field holds what the agent wrote; anything else was written by somebody else since."""
        return self.digest == value_digest(value)


def value_digest(value: FieldValue) -> str:
    """Equal for values a person would call equal."""
    return hashlib.sha256(canonical(encode_value(normalise(value))).encode(errors="replace")).hexdigest()


def remember_values(tx: Transaction, values: Sequence[AgentValue]) -> None:
    """Note what agents wrote; a later value of the same field replaces the earlier one."""
    tx.run_many(_UPSERT, [_columns(value) for value in values])


_UPSERT = """
INSERT INTO context_agent_values (connection, object, record, field, digest, origin, decision, at)
VALUES (:connection, :object, :record, :field, :digest, :origin, :decision, :at)
ON CONFLICT (connection, object, record, field) DO UPDATE SET
    digest = excluded.digest, origin = excluded.origin, decision = excluded.decision, at = excluded.at
"""
_FIELD = "connection = :connection AND object = :object AND record = :record AND field = :field"


def agent_values(tx: Transaction, refs: Sequence[RecordRef]) -> Mapping[RecordRef, tuple[AgentValue, ...]]:
    """The unconfirmed values agents wrote on these records."""
    found: dict[RecordRef, list[AgentValue]] = defaultdict(list)
    for row in rows_of(tx, f"SELECT * FROM context_agent_values WHERE {OF_RECORDS} ORDER BY record, field", refs):
        found[ref_of(row)].append(_value(row))
    return {ref: tuple(values) for ref, values in found.items()}


def confirm(tx: Transaction, ref: RecordRef, fields: Sequence[FieldName], *, now: datetime) -> None:
    """A person stands behind these values: they are trusted as their field is, and learners may use them."""
    rows = [{**columns_of(ref), "field": field} for field in fields]
    tx.run_many(f"DELETE FROM context_agent_values WHERE {_FIELD}", rows)
    tx.run_many(
        f"UPDATE context_examples SET source = 'staff', seen_at = :seen_at WHERE {_FIELD} AND source = 'agent'",
        [row | {"seen_at": micros(now)} for row in rows],
    )


def forget(tx: Transaction, ref: RecordRef, fields: Sequence[FieldName]) -> None:
    """The values were taken back: nothing of them is kept, not even as an example."""
    rows = [{**columns_of(ref), "field": field} for field in fields]
    tx.run_many(f"DELETE FROM context_agent_values WHERE {_FIELD}", rows)
    tx.run_many(f"DELETE FROM context_examples WHERE {_FIELD} AND source = 'agent'", rows)


def _columns(value: AgentValue) -> dict[str, str | int]:
    return {
        **columns_of(value.ref), "field": value.field, "digest": value.digest, "origin": value.origin.value,
        "decision": value.decision, "at": micros(value.at),
    }


def _value(row: Row) -> AgentValue:
    return AgentValue(
        ref=ref_of(row), field=FieldName(row["field"]), digest=row["digest"], origin=Origin(row["origin"]),
        decision=row["decision"], at=from_micros(row["at"]),
    )
