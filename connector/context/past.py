"""Long-term memory of decisions: what was decided on a record, what became of it, and what a person said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connector.clock import from_micros, micros
from connector.context.context import PastDecision
from connector.context.refs import OF_RECORDS, columns_of, ref_of, rows_of
from connector.record import RecordRef
from connector.store import Migration, Transaction

MIGRATION = Migration(
    stage="context",
    number=2,
    name="past decisions",
    script="""
    CREATE TABLE context_past (
        decision TEXT NOT NULL,
        connection TEXT NOT NULL,
        object TEXT NOT NULL,
        record TEXT NOT NULL,
        at BIGINT NOT NULL,
        policy TEXT NOT NULL,
        summary TEXT NOT NULL,
        outcome TEXT NOT NULL,
        verdict TEXT,
        PRIMARY KEY (connection, object, record, decision)
    );
    CREATE INDEX context_past_decision ON context_past (decision)
    """,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberedDecision:
    """A decision as the pipeline tells it to memory; `decision` is its id in the journal."""

    decision: str
    ref: RecordRef
    past: PastDecision


def remember_decisions(tx: Transaction, decisions: Sequence[RememberedDecision]) -> None:
    """Keep or replace what is known of these decisions; a verdict already known is not lost to a later outcome."""
    tx.run_many(_UPSERT, [_columns(decision) for decision in decisions])


_UPSERT = """
INSERT INTO context_past (decision, connection, object, record, at, policy, summary, outcome, verdict)
VALUES (:decision, :connection, :object, :record, :at, :policy, :summary, :outcome, :verdict)
ON CONFLICT (connection, object, record, decision) DO UPDATE SET
    at = excluded.at, policy = excluded.policy, summary = excluded.summary, outcome = excluded.outcome,
    verdict = COALESCE(excluded.verdict, context_past.verdict)
"""


def note_outcome(tx: Transaction, decision: str, outcome: str) -> None:
    """What became of a decision, in one word."""
    tx.run("UPDATE context_past SET outcome = :outcome WHERE decision = :decision", decision=decision, outcome=outcome)


def note_verdict(tx: Transaction, decision: str, verdict: str) -> None:
    """What a person said of a decision: approved, edited, rejected, corrected."""
    tx.run("UPDATE context_past SET verdict = :verdict WHERE decision = :decision", decision=decision, verdict=verdict)


def past_decisions(
    tx: Transaction, refs: Sequence[RecordRef], *, limit: int = 10
) -> Mapping[RecordRef, tuple[PastDecision, ...]]:
    """The newest decisions of each record, newest first, at most `limit` each."""
    found: dict[RecordRef, list[PastDecision]] = defaultdict(list)
    for row in rows_of(tx, f"SELECT * FROM context_past WHERE {OF_RECORDS} ORDER BY at DESC, decision DESC", refs):
        kept = found[ref_of(row)]
        if len(kept) < limit:
            kept.append(
                PastDecision(
                    at=from_micros(row["at"]), policy=row["policy"], summary=row["summary"], outcome=row["outcome"],
                    verdict=row["verdict"],
                )
            )
    return {ref: tuple(kept) for ref, kept in found.items()}


def _columns(remembered: RememberedDecision) -> dict[str, str | int | None]:
    past = remembered.past
    return {
        "decision": remembered.decision, **columns_of(remembered.ref), "at": micros(past.at), "policy": past.policy,
        "summary": past.summary, "outcome": past.outcome, "verdict": past.verdict,
    }
