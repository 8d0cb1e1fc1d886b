"""What the columns of a table are: numbers, dates, categories, or names nobody can learn from. Found in the cells alone."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from enum import StrEnum

Cells = Mapping[str, Sequence[str]]
"""Columns by name, one text cell per row; an empty cell is missing."""

MOST_LEVELS = 40  # values of a category that count on their own; rarer ones count together
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
    counts = Counter(cell for cell in cells if not is_missing(cell))
    filled = counts.total()
    if len(counts) + (filled < len(cells)) < 2:
        return Kind.CONSTANT
    if _rows_that(counts, lambda cell: not math.isnan(number_of(cell))) >= READS_AS * filled:
        return Kind.NUMBER
    if _rows_that(counts, lambda cell: day_of(cell) is not None) >= READS_AS * filled:
        return Kind.DATE
    return Kind.NAME if len(counts) > max(0.5 * filled, MOST_LEVELS) else Kind.CATEGORY


def _rows_that(counts: Counter[str], reads: Callable[[str], bool]) -> int:
    return sum(count for cell, count in counts.items() if reads(cell))
