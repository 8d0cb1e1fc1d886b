"""How far each cell is on its way to acting alone: labels so far, and how many are still needed at least."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from connector.calibration.bounds import fewest_trials
from connector.gate import Cell, CellState, cells, labels
from connector.gate.autonomy import LOOKS, sureness, taught
from connector.gate.cells import Standing, tier_of
from connector.store import Transaction

_USUAL_TARGET = 0.98


@dataclass(frozen=True, slots=True, kw_only=True)
class CellReport:
    """One cell. `needed` is how many more verdicts the next test waits for; 0 once it acts alone.

    `fewest` is how many without an error would prove the target, more where its learner saw few examples of each value.

    A test is made at fixed numbers of labels only, and never before all of them being right would prove the target.
    """

    cell: Cell
    tier: str
    state: CellState
    threshold: float | None
    target: float
    labels: int
    right: int
    needed: int
    fewest: int
    held_values: tuple[str, ...]
    why: str | None
    pins: str = ""
    lost_it: bool = False  # acted alone once, and was demoted


def earned_so_far(tx: Transaction, *, targets: Mapping[str, float], now: datetime) -> tuple[CellReport, ...]:
    """Every cell something was proposed or judged for, under the pins that are in use now."""
    standings = cells.standings(tx)
    return tuple(
        _cell_report(tx, name, pins, standing=standings.get(name), targets=targets, now=now)
        for name, pins in sorted(_pins_in_use(tx, standings).items())
    )


def earned_by(
    tx: Transaction, asked: Iterable[tuple[str, str]], *, targets: Mapping[str, float], now: datetime
) -> dict[tuple[str, str], CellReport]:
    """The cells that questions belong to, each under the pins its question was proposed with."""
    return {
        (name, pins): _cell_report(
            tx, name, pins, standing=cells.standing(tx, Cell.parse(name)), targets=targets, now=now
        )
        for name, pins in sorted(set(asked))
    }


def _pins_in_use(tx: Transaction, standings: Mapping[str, Standing]) -> dict[str, str]:
    found = {name: standing.pins for name, standing in standings.items()}
    found |= {row["cell"]: row["pins"] for row in tx.rows("SELECT cell, pins FROM gate_labels ORDER BY at")}
    found |= {row["cell"]: row["pins"] for row in tx.rows("SELECT cell, pins FROM gate_approvals ORDER BY asked_at")}
    return found


def _cell_report(
    tx: Transaction, name: str, pins: str, *, standing: Standing | None, targets: Mapping[str, float], now: datetime
) -> CellReport:
    cell = Cell.parse(name)
    judged = labels.of_cell(tx, cell, pins, now)
    target = targets.get(cell.policy, _USUAL_TARGET)
    stands = standing if standing is not None and standing.pins == pins else None
    fewest = fewest_trials(target, confidence=sureness(judged, taught(tx, cell)))
    state = stands.state if stands is not None else CellState.SUPERVISED
    return CellReport(
        cell=cell, tier=tier_of(pins), state=state, threshold=stands.threshold if stands is not None else None,
        target=target, labels=len(judged), right=sum(label.agreed for label in judged),
        needed=0 if state is CellState.AUTONOMOUS else labels_needed(len(judged), fewest), fewest=fewest,
        held_values=tuple(sorted(stands.held_values)) if stands is not None else (),
        why=str(stands.evidence["why"]) if stands is not None and "why" in stands.evidence else None, pins=pins,
        # A demotion keeps the proof of the promotion and adds why it no longer holds.
        lost_it=stands is not None and state is CellState.SUPERVISED and {"rows", "why"} <= stands.evidence.keys(),
    )


def labels_needed(have: int, fewest: int) -> int:
    """How many more labels until the next test that can succeed at all: one of no fewer than `fewest`."""
    looks = [look for look in LOOKS if look >= fewest and look > have]
    return looks[0] - have if looks else 0
