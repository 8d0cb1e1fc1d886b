"""What the columns of a table are (numbers, dates, categories, names nobody can learn from), and the table as numbers."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Cells = Mapping[str, Sequence[str]]
"""Columns by name, one text cell per row; an empty cell is missing."""

BARS = 8  # a number is also seen as the range it falls in, so that a straight line can bend
MOST_LEVELS = 40  # values of a category that count on their own; rarer ones count together
FEWEST_OF_A_LEVEL = 5
CELL_REACH = 200
READS_AS = 0.95  # share of the filled cells that must read as numbers or dates
MISSING_WORDS = frozenset({"nan", "null", "none", "na", "n/a", "-"})


class Kind(StrEnum):
    """What a column holds. A name (an id, an address, free text) is different in nearly every row."""

    NUMBER = "number"
    DATE = "date"
    CATEGORY = "category"
    NAME = "name"
    CONSTANT = "constant"


_NUMBER = re.compile(r"[-+]?[$€£]?\s?[-+]?(\d{1,3}(,\d{3})+|\d+)?(\.\d+)?([eE][-+]?\d{1,3})?\s?%?")
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})([T ].*)?")


def is_missing(cell: str) -> bool:
    return not cell or cell.casefold() in MISSING_WORDS


def number_of(cell: str) -> float:
    """The number a cell reads as; not a number where it reads as none."""
    if not cell or len(cell) > 40 or not any(character.isdigit() for character in cell) or not _NUMBER.fullmatch(cell):
        return math.nan
    try:
        number = float(re.sub(r"[$€£,%\s]", "", cell))
    except ValueError:
        return math.nan
    return number if math.isfinite(number) else math.nan


def day_of(cell: str) -> date | None:
    found = _DATE.fullmatch(cell[:40])
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None


def kind_of(cells: Sequence[str]) -> Kind:
    filled = [cell for cell in cells if not is_missing(cell)]
    different = len(set(filled))
    if different + (len(filled) < len(cells)) < 2:
        return Kind.CONSTANT
    if _share(filled, lambda cell: not math.isnan(number_of(cell))) >= READS_AS:
        return Kind.NUMBER
    if _share(filled, lambda cell: day_of(cell) is not None) >= READS_AS:
        return Kind.DATE
    return Kind.NAME if different > max(0.5 * len(filled), MOST_LEVELS) else Kind.CATEGORY


def _share(cells: Sequence[str], reads: Callable[[str], bool]) -> float:
    return sum(map(reads, cells)) / len(cells) if cells else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column as it was found in the rows that taught, and how its cells become numbers.

    `rates` hold, per level of a category, how often the outcome followed, drawn towards the usual rate.
    """

    name: str
    kind: Kind
    levels: Mapping[str, int]
    edges: NDArray[np.float64]
    middle: float
    scale: float

    def straight(self, cells: Sequence[str]) -> NDArray[np.float32]:
        """Columns for a straight-line member: levels and ranges as yes-or-no, numbers damped and standardised."""
        match self.kind:
            case Kind.NUMBER:
                numbers = self._numbers(cells)
                missing = np.isnan(numbers)
                damped = np.clip((_damped(numbers) - self.middle) / self.scale, -5.0, 5.0)
                ranges = np.where(missing, len(self.edges) + 1, np.searchsorted(self.edges, numbers, side="left"))
                return np.column_stack([np.where(missing, 0.0, damped), _one_of(ranges, len(self.edges) + 2)])
            case Kind.DATE:
                months, days = self._calendar(cells)
                return np.column_stack([_one_of(months, 13), _one_of(days, 8)])
            case Kind.CATEGORY:
                return _one_of(self._levels(cells), len(self.levels) + 2)
            case Kind.NAME | Kind.CONSTANT:
                return _one_of(np.array([int(is_missing(cell)) for cell in cells], dtype=np.intp), 2)

    def bent(self, cells: Sequence[str]) -> NDArray[np.float32]:
        """Columns for a member that splits: numbers as they are, levels by how often the outcome followed them."""
        match self.kind:
            case Kind.NUMBER:
                return self._numbers(cells).astype(np.float32)[:, None]
            case Kind.DATE:
                return np.column_stack(self._calendar(cells)).astype(np.float32)
            case Kind.CATEGORY:
                return self._levels(cells).astype(np.float32)[:, None]
            case Kind.NAME | Kind.CONSTANT:
                return np.array([[is_missing(cell)] for cell in cells], dtype=np.float32).reshape(len(cells), 1)
