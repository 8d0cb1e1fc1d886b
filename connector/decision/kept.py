"""Kept questions: what each decision was asked on, for a time, so that another policy can be asked the same."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connector.clock import from_micros, micros
from connector.context.context import Context
from connector.context.encoding import encode_context
from connector.context.refs import delete_of
from connector.journal import canonical
from connector.record import ConnectionName, ObjectType, RecordRef
from connector.store import Migration, Row, Transaction, any_of, batches, holding, word

KEPT = timedelta(days=90)

MIGRATION = Migration(
    stage="questions",
    number=1,
    name="kept questions",
    script="""
    CREATE TABLE decision_questions (
        decision TEXT PRIMARY KEY,
        connection TEXT NOT NULL,
        object TEXT NOT NULL,
        record TEXT NOT NULL,
        policy TEXT NOT NULL,
        context TEXT NOT NULL,
        asked_at BIGINT NOT NULL
    );
    CREATE INDEX decision_questions_when ON decision_questions (policy, asked_at)
    """,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptQuestion:
    """One question as it was put. `context` is in its JSON form: the schema that completes it is the CRM's."""

    decision: str
    ref: RecordRef
    policy: str
    context: Mapping[str, Any]
    asked_at: datetime


def keep(tx: Transaction, asked: Sequence[tuple[str, str, Context]], now: datetime) -> None:
    """Keep questions by the decision they led to: (decision, policy, context). One kept already stays as it was."""
    tx.run_many(
        """
        INSERT INTO decision_questions (decision, connection, object, record, policy, context, asked_at)
        VALUES (:decision, :connection, :object, :record, :policy, :context, :at)
        ON CONFLICT (decision) DO NOTHING
        """,
        [
            {
                "decision": decision, "connection": context.record.ref.connection,
                "object": context.record.ref.object.value, "record": context.record.ref.id, "policy": policy,
                "context": canonical(encode_context(context)), "at": micros(now),
            }
            for decision, policy, context in asked
        ],
    )


def since(tx: Transaction, policy: str, at: datetime) -> Iterator[KeptQuestion]:
    """The questions of one policy from a moment on, oldest first."""
    rows = tx.rows(
        "SELECT * FROM decision_questions WHERE policy = :policy AND asked_at >= :at ORDER BY asked_at, decision",
        policy=policy, at=micros(at),
    )
    yield from map(_kept, rows)


def of_decisions(tx: Transaction, decisions: Sequence[str]) -> Iterator[KeptQuestion]:
    """The questions behind these decisions, as far as they are kept."""
    for some in batches(sorted(set(decisions))):
        names, parameters = any_of("decision", some)
        for row in tx.rows(f"SELECT * FROM decision_questions WHERE decision IN ({names})", **parameters):
            yield _kept(row)


def trim(tx: Transaction, now: datetime) -> int:
    """Forget questions that are older than they are kept; how many."""
    return tx.run("DELETE FROM decision_questions WHERE asked_at < :before", before=micros(now - KEPT))


def decisions_with(tx: Transaction, refs: Sequence[RecordRef], addresses: Sequence[str] = ()) -> tuple[str, ...]:
    """The decisions in whose kept questions these records had a part, be it as a relative, or an address was read."""
    found: dict[str, None] = {}
    for words in (*(f'"{ref}"' for ref in refs), *addresses):
        rows = tx.rows(
            "SELECT decision FROM decision_questions WHERE LOWER(context) LIKE :like ESCAPE '!'", like=holding(words)
        )
        found |= dict.fromkeys(row["decision"] for row in rows)
    return tuple(found)


def erase(tx: Transaction, refs: Sequence[RecordRef], decisions: Sequence[str]) -> None:
    """Forget every question about these records and behind these decisions."""
    delete_of(tx, "decision_questions", refs)
    tx.run_many("DELETE FROM decision_questions WHERE decision = :decision", [{"decision": one} for one in decisions])


def _kept(row: Row) -> KeptQuestion:
    return KeptQuestion(
        decision=row["decision"], policy=row["policy"], context=json.loads(row["context"]),
        ref=RecordRef(ConnectionName(row["connection"]), word(ObjectType, row["object"]), row["record"]),
        asked_at=from_micros(row["asked_at"]),
    )
