"""Which records' kept texts mention a person's address: what an erasure has to look at."""

from __future__ import annotations

from connector.record import RecordRef
from connector.store import Transaction, holding

_PLACES = (
    # table with connection, object and record columns, and the column that holds text
    ("context_activities", "subject"),
    ("context_activities", "url"),
    ("context_examples", "text"),
    ("context_intake", "cells"),
    ("context_past", "summary"),
    ("decision_batches", "reply"),
    ("gate_approvals", "citations"),
    ("gate_approvals", "held"),
    ("gate_handoffs", "summary"),
    ("gate_handoffs", "missing"),
    ("gate_labels", "proposed"),
    ("gate_labels", "actual"),
    ("change_seen", "snapshot"),
    ("decision_decisions", "detail"),
    ("writeback_outbox", "action"),
)


def records_mentioning(tx: Transaction, address: str) -> tuple[RecordRef, ...]:
    """Every record in whose kept texts the address stands, in any case of letters."""
    words = {"like": holding(address)}
    found = tx.rows(
        "SELECT DISTINCT e.connection, e.object, e.record FROM journal_entries e "
        "JOIN journal_bodies b ON b.body_digest = e.body_digest "
        "WHERE e.record IS NOT NULL AND LOWER(b.body) LIKE :like ESCAPE '!'",
        **words,
    )
    for table, column in _PLACES:
        found += tx.rows(
            f"SELECT DISTINCT connection, object, record FROM {table} "
            f"WHERE record IS NOT NULL AND LOWER({column}) LIKE :like ESCAPE '!'",
            **words,
        )
    return tuple(sorted({RecordRef.parse(f"{row['connection']}:{row['object']}/{row['record']}") for row in found}))
