"""A table as numbers for the members of a score: once for straight lines, once for splits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from connector.decision.learners.score_columns import (
    MOST_LEVELS,
    Cells,
    Kind,
    day_of,
    is_missing,
    kind_of,
    number_of,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

RANGES = 8  # a number is also seen as the range it falls in, so that a straight line can bend
FEWEST_OF_A_LEVEL = 5
CELL_REACH = 200
RATE_PRIOR = 20.0  # a level's own rate counts fully only with many more rows than these
RATE_FOLDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column as it stood in the rows that taught. `rates`: how often the outcome followed, where levels are many."""

    name: str
    kind: Kind
    levels: Mapping[str, int]
    edges: NDArray[np.float64]
    middle: float
    scale: float
    rates: Mapping[str, float]
    usual: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TableForm:
    """How a table becomes numbers; every column that can say something."""

    columns: tuple[Column, ...]

    def rows(self, cells: Cells, count: int) -> TableRows:
        return _joined([_numbers(column, _cut(cells, column.name, count), None) for column in self.columns], count, self)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRows:
    """The same rows twice. `straight` is sparse; `bent` is dense, its `level_columns` hold level numbers."""

    straight: Any  # scipy.sparse.csr_matrix
    bent: NDArray[np.float32]
    level_columns: tuple[bool, ...]

    def __len__(self) -> int:
        return len(self.bent)

    def take(self, rows: slice | NDArray[np.intp]) -> TableRows:
        return TableRows(straight=self.straight[rows], bent=self.bent[rows], level_columns=self.level_columns)


def learn_form(cells: Cells, happened: NDArray[np.bool_]) -> tuple[TableForm, TableRows]:
    """The form of these rows, and the rows in it; rates of levels are taken from other rows than the one they stand in."""
    count = len(happened)
    found: list[tuple[Column, _Numbers]] = []
    for name in cells:
        cut = _cut(cells, name, count)
        kind = kind_of(cut)
        if kind is not Kind.CONSTANT:
            column = _learn_column(name, kind, cut, happened)
            found.append((column, _numbers(column, cut, happened)))
    form = TableForm(columns=tuple(column for column, _ in found))
    return form, _joined([numbers for _, numbers in found], count, form)


def _cut(cells: Cells, name: str, count: int) -> Sequence[str]:
    column = cells.get(name, ())
    return [cell[:CELL_REACH] for cell in column] if len(column) == count else [""] * count


def _learn_column(name: str, kind: Kind, cells: Sequence[str], happened: NDArray[np.bool_]) -> Column:
    counts = Counter(cell for cell in cells if not is_missing(cell)) if kind is Kind.CATEGORY else Counter()
    frequent = sorted(level for level, count in counts.most_common(MOST_LEVELS) if count >= FEWEST_OF_A_LEVEL)
    numbers = _read(cells) if kind is Kind.NUMBER else np.empty(0)
    damped = _damped(numbers[~np.isnan(numbers)])
    usual = float(happened.mean()) if len(happened) else 0.5
    return Column(
        name=name, kind=kind, levels={level: place for place, level in enumerate(frequent)},
        edges=_edges(numbers), middle=float(damped.mean()) if len(damped) else 0.0,
        scale=(float(damped.std()) if len(damped) else 0.0) or 1.0,
        rates=_rates(cells, happened, usual) if len(counts) > len(frequent) else {}, usual=usual,
    )


def _read(cells: Sequence[str]) -> NDArray[np.float64]:
    read = {cell: number_of(cell) for cell in set(cells)}
    return np.array([read[cell] for cell in cells], dtype=float)


def _edges(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    known = numbers[~np.isnan(numbers)]
    return np.unique(np.quantile(known, np.arange(1, RANGES) / RANGES)) if len(known) else np.empty(0)


def _damped(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Large numbers drawn together, signs kept: money and counts have long tails."""
    return np.asarray(np.sign(numbers) * np.log1p(np.abs(numbers)), dtype=float)


def _rates(cells: Sequence[str], happened: NDArray[np.bool_], usual: float) -> dict[str, float]:
    rows, hits = Counter(cells), Counter(cell for cell, hit in zip(cells, happened, strict=True) if hit)
    return {cell: (hits[cell] + usual * RATE_PRIOR) / (count + RATE_PRIOR) for cell, count in rows.items()}


def _own_rates(column: Column, cells: Sequence[str], happened: NDArray[np.bool_] | None) -> NDArray[np.float64]:
    """Each row's rate; of a row that taught, the rate without its own part of the rows."""
    if happened is None:
        return np.array([column.rates.get(cell, column.usual) for cell in cells])
    part = np.arange(len(cells)) % RATE_FOLDS
    own = np.full(len(cells), column.usual)
    for turn in range(RATE_FOLDS):
        others, mine = part != turn, np.flatnonzero(part == turn).tolist()
        rates = _rates([cell for cell, other in zip(cells, others, strict=True) if other], happened[others], column.usual)
        own[mine] = [rates.get(cells[row], column.usual) for row in mine]
    return own


@dataclass(frozen=True, slots=True)
class _Numbers:
    """One column as numbers: parts for straight lines, columns for splits and whether those are level numbers."""

    straight: list[Any]
    bent: list[NDArray[np.float64]]
    levels: list[bool]


def _numbers(column: Column, cells: Sequence[str], happened: NDArray[np.bool_] | None) -> _Numbers:
    match column.kind:
        case Kind.NUMBER:
            return _number(column, cells)
        case Kind.DATE:
            return _date(cells)
        case Kind.CATEGORY:
            return _category(column, cells, happened)
        case Kind.NAME | Kind.CONSTANT:
            filled = np.array([not is_missing(cell) for cell in cells], dtype=float)
            return _Numbers([_dense(filled)], [filled], [False])


def _number(column: Column, cells: Sequence[str]) -> _Numbers:
    numbers = _read(cells)
    missing = np.isnan(numbers)
    damped = np.clip((_damped(numbers) - column.middle) / column.scale, -5.0, 5.0)
    ranges = np.where(missing, len(column.edges) + 1, np.searchsorted(column.edges, numbers, side="left"))
    straight = [_dense(np.where(missing, 0.0, damped)), _one_of(ranges, len(column.edges) + 2)]
    return _Numbers(straight, [numbers], [False])


def _date(cells: Sequence[str]) -> _Numbers:
    """Month and weekday alone: every live row lies after all that taught, so the year and the day say nothing."""
    read = {cell: day_of(cell) for cell in set(cells)}
    days = [read[cell] for cell in cells]
    months = np.array([0 if day is None else day.month for day in days], dtype=np.intp)
    weekdays = np.array([0 if day is None else day.isoweekday() for day in days], dtype=np.intp)
    bent = [months.astype(float), weekdays.astype(float)]
    return _Numbers([_one_of(months, 13), _one_of(weekdays, 8)], bent, [False, False])


def _category(column: Column, cells: Sequence[str], happened: NDArray[np.bool_] | None) -> _Numbers:
    rare, missing = len(column.levels), len(column.levels) + 1
    places = [missing if is_missing(cell) else column.levels.get(cell, rare) for cell in cells]
    levels = np.array(places, dtype=np.intp)
    numbers = _Numbers([_one_of(levels, missing + 1)], [levels.astype(float)], [True])
    if column.rates:
        rates = _own_rates(column, cells, happened)
        odds = np.log(np.clip(rates, 1e-4, 0.9999) / np.clip(1.0 - rates, 1e-4, 0.9999))
        numbers.straight.append(_dense(odds))
        numbers.bent.append(odds)
        numbers.levels.append(False)
    return numbers


def _dense(values: NDArray[np.float64]) -> Any:
    from scipy.sparse import csr_matrix

    return csr_matrix(values[:, None], dtype=np.float32)


def _one_of(places: NDArray[np.intp], width: int) -> Any:
    from scipy.sparse import csr_matrix

    rows = np.arange(len(places) + 1)
    return csr_matrix((np.ones(len(places), dtype=np.float32), places, rows), shape=(len(places), width))


def _joined(parts: Sequence[_Numbers], count: int, form: TableForm) -> TableRows:
    from scipy.sparse import csr_matrix, hstack

    straight = [matrix for part in parts for matrix in part.straight]
    bent = [column for part in parts for column in part.bent]
    return TableRows(
        straight=hstack(straight, format="csr") if straight else csr_matrix((count, 0), dtype=np.float32),
        bent=np.column_stack(bent).astype(np.float32) if bent else np.empty((count, 0), dtype=np.float32),
        level_columns=tuple(levels for part in parts for levels in part.levels),
    )
