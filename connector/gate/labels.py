"""Labels: what people said of our proposals. Only verdicts, corrections and audits are labels; silence is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from connector.clock import from_micros, micros
from connector.gate.cells import Cell
from connector.record import RecordRef
from connector.store import Row, Transaction, word

KEPT = timedelta(days=90)


class LabelSource(StrEnum):
    """How a label came about."""

    VERDICT = "verdict"  # a supervised approval or rejection
    AUDIT = "audit"  # a blind check after promotion
    CORRECTION = "correction"  # a person changed the field afterwards
    IMPORT = "import"  # verdicts a team brought along


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One judged proposal. `content` names what was judged: the same text judged twice is one label.

    `blind` says that the person did not see what was proposed.
    """

    content: str
    proposed: str
    actual: str | None
    agreed: bool
    confidence: float
    source: LabelSource
    at: datetime
    ref: RecordRef | None = None
    blind: bool = False


def add(tx: Transaction, cell: Cell, pins: str, labels: Sequence[Label]) -> None:
    """Keep labels; a later judgement of the same content replaces the earlier one."""
    tx.run_many(
        """
        INSERT INTO gate_labels (cell, pins, content, proposed, actual, agreed, confidence, source,
                                 connection, object, record, at, blind)
        VALUES (:cell, :pins, :content, :proposed, :actual, :agreed, :confidence, :source,
                :connection, :object, :record, :at, :blind)
        ON CONFLICT (cell, pins, content) DO UPDATE SET proposed = excluded.proposed, actual = excluded.actual,
            agreed = excluded.agreed, confidence = excluded.confidence, source = excluded.source, at = excluded.at,
            blind = excluded.blind
        """,
        [
            {
                "cell": str(cell),
                "pins": pins,
                "content": label.content,
                "proposed": label.proposed,
                "actual": label.actual,
                "agreed": int(label.agreed),
                "confidence": label.confidence,
                "source": label.source.value,
                "connection": label.ref.connection if label.ref else None,
                "object": label.ref.object.value if label.ref else None,
                "record": label.ref.id if label.ref else None,
                "at": micros(label.at),
                "blind": int(label.blind),
            }
            for label in labels
        ],
    )


def of_cell(tx: Transaction, cell: Cell, pins: str, now: datetime) -> list[Label]:
    """The labels that count today: these pins, the newest 90 days, one per content."""
    rows = tx.rows(
        "SELECT * FROM gate_labels WHERE cell = :cell AND pins = :pins AND at > :since ORDER BY at, content",
        cell=str(cell), pins=pins, since=micros(now - KEPT),
    )
    return [_label(row) for row in rows]


def count(tx: Transaction, cell: Cell, pins: str, now: datetime) -> int:
    row = tx.one(
        "SELECT COUNT(*) AS n FROM gate_labels WHERE cell = :cell AND pins = :pins AND at > :since",
        cell=str(cell), pins=pins, since=micros(now - KEPT),
    )
    return int(row["n"]) if row else 0


def first_at(tx: Transaction, cell: Cell) -> datetime | None:
    """When the cell got its first label, under any pins."""
    row = tx.one("SELECT MIN(at) AS first FROM gate_labels WHERE cell = :cell", cell=str(cell))
    return from_micros(row["first"]) if row is not None and row["first"] is not None else None


def erase(tx: Transaction, refs: Sequence[RecordRef]) -> None:
    """Remove a person's labels."""
    tx.run_many(
        "DELETE FROM gate_labels WHERE connection = :connection AND object = :object AND record = :record",
        [{"connection": ref.connection, "object": ref.object.value, "record": ref.id} for ref in refs],
    )


def _label(row: Row) -> Label:
    return Label(
        content=row["content"], proposed=row["proposed"], actual=row["actual"], agreed=bool(row["agreed"]),
        confidence=row["confidence"], source=word(LabelSource, row["source"]), at=from_micros(row["at"]),
        blind=bool(row["blind"]),
    )
