"""Which columns know the outcome already: filled in after it, or standing for it. Decided on the rows that teach, alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from connector.calibration import area_under_curve, lower_bound
from connector.decision.learners.score_columns import Cells, Kind, day_of, is_missing, kind_of, number_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Nothing known when a lead comes in ranks outcomes this well by itself; what does is the outcome under another name.
TELLS_ALONE = 0.92
FEWEST_ROWS = 20
FILLED_MEANS = 0.95  # surely this share of the rows in which it is filled ended alike,
RARER_THAN_USUAL = 0.1  # the other outcome this much rarer among them than anywhere,
PART_OF_A_KIND = 0.05  # and they are at least this share of all that ended so
OPEN_FILLED = 0.05
PARTS = 5
RANGES = 20
CELL_REACH = 200


class Tell(StrEnum):
    """How a column gives itself away."""

    STANDS_FOR_IT = "tells the outcome by itself"
    FILLED_AFTER = "is filled in one outcome only"
    FILLED_WHEN_SETTLED = "is filled only once there is an outcome"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """A column that must not teach."""

    column: str
    tell: Tell

    def __str__(self) -> str:
        return f"{self.column} {self.tell}"


def find_leaks(cells: Cells, outcomes: Sequence[bool | None]) -> tuple[Leak, ...]:
    """Every column that knows too much. None among the outcomes is a record that is still open."""
    settled = np.array([outcome is not None for outcome in outcomes], dtype=bool)
    happened = np.array([outcome is True for outcome in outcomes], dtype=bool)
    found = ((name, _tell([cell[:CELL_REACH] for cell in column], settled, happened)) for name, column in cells.items())
    return tuple(Leak(column=name, tell=tell) for name, tell in found if tell is not None)


def _tell(cells: Sequence[str], settled: NDArray[np.bool_], happened: NDArray[np.bool_]) -> Tell | None:
    filled = np.array([not is_missing(cell) for cell in cells], dtype=bool)
    if _only_settled(filled, settled):
        return Tell.FILLED_WHEN_SETTLED
    hits = happened[settled]
    if _one_outcome_only(filled[settled], hits) or _one_outcome_only(filled[settled], ~hits):
        return Tell.FILLED_AFTER
    places = _places([cell for cell, known in zip(cells, settled, strict=True) if known])
    area = area_under_curve(_rates_elsewhere(places, hits).tolist(), hits.tolist())
    return Tell.STANDS_FOR_IT if area is not None and area.low > TELLS_ALONE else None


def _only_settled(filled: NDArray[np.bool_], settled: NDArray[np.bool_]) -> bool:
    """Open records lack it, settled ones have it: whoever settles a record fills it in."""
    if min(int(settled.sum()), int((~settled).sum())) < FEWEST_ROWS:
        return False
    return float(filled[settled].mean()) >= 0.5 and float(filled[~settled].mean()) <= OPEN_FILLED


def _one_outcome_only(filled: NDArray[np.bool_], hits: NDArray[np.bool_]) -> bool:
    rows, right, kind = int(filled.sum()), int((filled & hits).sum()), int(hits.sum())
    if rows < FEWEST_ROWS or kind == len(hits) or right < PART_OF_A_KIND * kind:
        return False
    usually_other = 1.0 - kind / len(hits)
    return lower_bound(right, rows) >= FILLED_MEANS and 1.0 - right / rows <= RARER_THAN_USUAL * usually_other


def _places(cells: Sequence[str]) -> NDArray[np.intp]:
    """Where each cell stands: its range, its day's range, its level, or only whether it is filled."""
    kind = kind_of(cells)
    match kind:
        case Kind.NUMBER | Kind.DATE:
            return _ranges(cells, kind)
        case Kind.CATEGORY:
            numbers: dict[str, int] = {}
            return np.array([numbers.setdefault(cell, len(numbers)) for cell in cells], dtype=np.intp)
        case Kind.NAME | Kind.CONSTANT:
            return np.array([int(is_missing(cell)) for cell in cells], dtype=np.intp)


def _ranges(cells: Sequence[str], kind: Kind) -> NDArray[np.intp]:
    if kind is Kind.NUMBER:
        read = {cell: number_of(cell) for cell in set(cells)}
    else:
        days = {cell: day_of(cell) for cell in set(cells)}
        read = {cell: float("nan") if day is None else float(day.toordinal()) for cell, day in days.items()}
    numbers = np.array([read[cell] for cell in cells], dtype=float)
    missing = np.isnan(numbers)
    edges = np.unique(np.quantile(numbers[~missing], np.arange(RANGES + 1) / RANGES))
    # An edge is a place of its own: one value that stands for an outcome (a zero amount) often fills many rows.
    ranges = np.searchsorted(edges, numbers, side="left") + np.searchsorted(edges, numbers, side="right")
    return np.where(missing, 2 * len(edges) + 1, ranges)


def _rates_elsewhere(places: NDArray[np.intp], hits: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How often the outcome followed at the same place in other rows: a value seen once says nothing about itself."""
    usual = float(hits.mean()) if len(hits) else 0.0
    part = np.arange(len(places)) % PARTS
    rates = np.full(len(places), usual)
    width = int(places.max()) + 1 if len(places) else 0
    for turn in range(PARTS):
        others, mine = part != turn, part == turn
        rows = np.bincount(places[others], minlength=width)
        right = np.bincount(places[others], weights=hits[others], minlength=width)
        rates[mine] = ((right + usual) / (rows + 1.0))[places[mine]]
    return rates
