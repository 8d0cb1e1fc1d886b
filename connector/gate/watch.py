"""The watch over cells that act alone: audits, corrections and conflicts since promotion, and when they end autonomy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from connector.calibration import drift_of_probabilities, lower_bound, upper_bound
from connector.clock import micros
from connector.gate import labels
from connector.gate.cells import Cell, Standing
from connector.gate.labels import Label, LabelSource
from connector.store import Transaction

_LEVEL = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """What a cell did alone since it was promoted, and what became of it.

    `audits` were drawn at random, so only they say how often it is right; corrections come from where somebody looked.
    """

    writes: int
    conflicts: int
    corrections: int
    audits: tuple[Label, ...]


def conduct(tx: Transaction, cell: Cell, standing: Standing, now: datetime) -> Conduct:
    """How a cell behaved since its last change, under the pins that act."""
    since, pins = standing.changed_at, standing.pins
    judged = [label for label in labels.of_cell(tx, cell, pins, now) if label.at > since]
    counted = tx.one(
        "SELECT COUNT(*) AS n FROM gate_approvals WHERE cell = :cell AND pins = :pins AND state = 'allowed' "
        "AND asked_at > :since",
        cell=str(cell), pins=pins, since=micros(since),
    )
    lost = tx.one(
        "SELECT COUNT(*) AS n FROM gate_conflicts WHERE cell = :cell AND pins = :pins AND at > :since",
        cell=str(cell), pins=pins, since=micros(since),
    )
    return Conduct(
        writes=int(counted["n"]) if counted else 0, conflicts=int(lost["n"]) if lost else 0,
        corrections=sum(label.source is LabelSource.CORRECTION for label in judged),
        audits=tuple(label for label in judged if label.source is LabelSource.AUDIT),
    )


def misconduct(seen: Conduct, *, target: float, error_budget: float) -> str | None:
    """Why a cell should no longer act alone; None while nothing speaks against it clearly (one-sided 95 %)."""
    right = sum(label.agreed for label in seen.audits)
    judged = len(seen.audits)
    if judged and upper_bound(right, judged, confidence=_LEVEL) < target:
        return f"blind audits: {right} of {judged} were right, which does not keep {target:g}"
    drift = drift_of_probabilities([label.confidence for label in seen.audits], [label.agreed for label in seen.audits])
    if drift.deviations < 0 and drift.is_alarming():
        return f"drift: {right} of {judged} audits were right where {drift.expected:.1f} were expected"
    wrong = min(seen.corrections + seen.conflicts, seen.writes)
    if seen.writes and lower_bound(wrong, seen.writes, confidence=_LEVEL) > error_budget:
        return (
            f"{seen.corrections} corrected and {seen.conflicts} in conflict of {seen.writes} writes are more than the "
            f"{error_budget:.0%} that limits.error_budget allows"
        )
    return None


def note_conflict(tx: Transaction, *, intent: str, cell: str, pins: str, at: datetime) -> None:
    """A write nobody was asked about met somebody else's edit."""
    tx.run(
        "INSERT INTO gate_conflicts (intent, cell, pins, at) VALUES (:intent, :cell, :pins, :at) "
        "ON CONFLICT (intent) DO NOTHING",
        intent=intent, cell=cell, pins=pins, at=micros(at),
    )
