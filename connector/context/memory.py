"""What is remembered between decisions: examples for learners, past decisions, and the values agents wrote.

Everything arrives here as values pushed in by the pipeline; memory never reads what later stages keep.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from connector.context import activities, examples, intake, past, stays
from connector.context import agent_values as agents
from connector.context.agent_values import AgentValue, agent_values, confirm, forget, remember_values, value_digest
from connector.context.context import PastDecision
from connector.context.examples import (
    Example,
    ExampleSource,
    content_key,
    count_since,
    remember_examples,
    training_examples,
)
from connector.context.past import RememberedDecision, note_outcome, note_verdict, past_decisions, remember_decisions
from connector.context.refs import OF_RECORDS, delete_of, ref_of, rows_of
from connector.record import ConnectionName, ObjectType, RecordRef
from connector.store import Store, Transaction

MIGRATIONS = (
    examples.MIGRATION, past.MIGRATION, agents.MIGRATION, intake.MIGRATION, stays.MIGRATION,
    activities.MIGRATION,
)

__all__ = [
    "MIGRATIONS", "NOTHING", "AgentValue", "Example", "ExampleSource", "Recall", "Recollection", "RememberedDecision",
    "StoredMemory", "agent_values", "confirm", "content_key", "count_since", "erase", "forget", "note_outcome",
    "note_verdict", "past_decisions", "recall", "remember_decisions", "remember_examples", "remember_values",
    "taught_by", "training_examples", "value_digest",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recollection:
    """What memory holds about a batch of records; a record without an entry has nothing to remember."""

    past: Mapping[RecordRef, tuple[PastDecision, ...]] = field(default_factory=dict)
    written: Mapping[RecordRef, tuple[AgentValue, ...]] = field(default_factory=dict)


NOTHING = Recollection()


class Recall(Protocol):
    """How the context builder remembers: asked once per batch, with every record the batch touches."""

    def __call__(self, refs: Sequence[RecordRef]) -> Recollection: ...


def recall(tx: Transaction, refs: Sequence[RecordRef]) -> Recollection:
    """Past decisions and agent-written values of these records."""
    return Recollection(past=past_decisions(tx, refs), written=agent_values(tx, refs))


class StoredMemory:
    """Recall from the state database, each time in one snapshot of its own."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __call__(self, refs: Sequence[RecordRef]) -> Recollection:
        with self._store.snapshot() as tx:
            return recall(tx, refs)


def erase(tx: Transaction, refs: Sequence[RecordRef]) -> int:
    """Remove all that is remembered of these records; how many rows there were."""
    kinds = ("examples", "past", "agent_values", "intake", "stays", "activities")
    return sum(delete_of(tx, f"context_{kind}", refs) for kind in kinds)


def taught_by(tx: Transaction, refs: Sequence[RecordRef]) -> frozenset[tuple[ConnectionName, ObjectType]]:
    """The objects whose learners may have been taught by these records."""
    return frozenset(
        (ref.connection, ref.object)
        for table in ("context_examples", "context_intake")
        for ref in map(ref_of, rows_of(tx, f"SELECT connection, object, record FROM {table} WHERE {OF_RECORDS}", refs))
    )
