"""Cells of earned autonomy: which part of which policy may act alone, from which confidence on, and on what evidence."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from connector.clock import from_micros, micros
from connector.journal import canonical
from connector.record import ActionKind, ConnectionName, FieldName, ObjectType
from connector.store import Row, Transaction, word


class CellState(StrEnum):
    """Whether a cell's actions wait for a person."""

    SUPERVISED = "supervised"
    SHADOW = "shadow"
    AUTONOMOUS = "autonomous"


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """Connection × policy × object × action kind × field: what autonomy is earned for."""

    connection: ConnectionName
    policy: str
    object: ObjectType
    kind: ActionKind
    field: FieldName | None = None

    def __str__(self) -> str:
        return f"{self.connection}/{self.policy}/{self.object}/{self.kind}" + (f"/{self.field}" if self.field else "")

    @property
    def does(self) -> str:
        """What acts, as people say it: `ticket category`, `create task on ticket`."""
        return f"{self.object} {self.field}" if self.field else f"{self.kind.replace('_', ' ')} on {self.object}"

    @classmethod
    def parse(cls, text: str) -> Cell:
        """A cell back from its text; names of connections and policies hold no slash."""
        connection, policy, object, kind, *rest = text.split("/")
        field_name = FieldName(rest[0]) if rest else None
        return cls(ConnectionName(connection), policy, ObjectType(object), ActionKind(kind), field_name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a cell stands today. `threshold` is the confidence from which it acts alone; None means never.

    `pins` names the tier, model, prompt and learner that the evidence belongs to: other pins have earned nothing.
    """

    state: CellState
    pins: str
    threshold: float | None
    looks: int
    evidence: Mapping[str, Any] = field(default_factory=dict)
    held_values: frozenset[str] = frozenset()
    changed_at: datetime

    def acts_alone(self, pins: str, confidence: float, value: str | None) -> bool:
        return (
            self.state is CellState.AUTONOMOUS
            and self.pins == pins
            and self.threshold is not None
            and confidence >= self.threshold
            and value not in self.held_values
        )


def pins_key(pins: Mapping[str, str]) -> str:
    """One short name for a set of pins, beginning with the tier they belong to."""
    return f"{pins['tier']}:{hashlib.sha256(canonical(dict(pins)).encode()).hexdigest()[:16]}"


def tier_of(pins: str) -> str:
    return pins.partition(":")[0]


def standing(tx: Transaction, cell: Cell) -> Standing | None:
    row = tx.one("SELECT * FROM gate_cells WHERE cell = :cell", cell=str(cell))
    return _standing(row) if row else None


def standings(tx: Transaction) -> dict[str, Standing]:
    return {row["cell"]: _standing(row) for row in tx.rows("SELECT * FROM gate_cells ORDER BY cell")}


def settle(tx: Transaction, cell: Cell, new: Standing) -> None:
    tx.run(
        """
        INSERT INTO gate_cells (cell, pins, state, threshold, looks, evidence, held_values, changed_at)
        VALUES (:cell, :pins, :state, :threshold, :looks, :evidence, :held, :at)
        ON CONFLICT (cell) DO UPDATE SET pins = excluded.pins, state = excluded.state, threshold = excluded.threshold,
            looks = excluded.looks, evidence = excluded.evidence, held_values = excluded.held_values,
            changed_at = excluded.changed_at
        """,
        cell=str(cell), pins=new.pins, state=new.state.value, threshold=new.threshold, looks=new.looks,
        evidence=canonical(dict(new.evidence)), held=canonical(sorted(new.held_values)), at=micros(new.changed_at),
    )


def looks(tx: Transaction, cell: Cell, pins: str) -> int:
    """How many of the fixed looks these pins have had."""
    row = tx.one("SELECT looks FROM gate_looks WHERE cell = :cell AND pins = :pins", cell=str(cell), pins=pins)
    return int(row["looks"]) if row else 0


def note_looks(tx: Transaction, cell: Cell, pins: str, had: int) -> None:
    tx.run(
        """
        INSERT INTO gate_looks (cell, pins, looks) VALUES (:cell, :pins, :looks)
        ON CONFLICT (cell, pins) DO UPDATE SET looks = excluded.looks
        """,
        cell=str(cell), pins=pins, looks=had,
    )


def _standing(row: Row) -> Standing:
    return Standing(
        state=word(CellState, row["state"]), pins=row["pins"], threshold=row["threshold"], looks=row["looks"],
        evidence=json.loads(row["evidence"]), held_values=frozenset(json.loads(row["held_values"])),
        changed_at=from_micros(row["changed_at"]),
    )
