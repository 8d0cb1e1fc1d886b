"""What each column holds, and where it is empty though it should not be."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from connector.evaluation.assess.tables import (
    AuditTable,
    Cells,
    ColumnProfile,
    Defect,
    DefectKind,
    Example,
    Shape,
)

NUMBER = re.compile(r"[-+]?[€$£]? ?\d{1,15}(?:[.,' ]\d{1,6}){0,5} ?[€$£%]?")
DATES = {
    "2026-01-31": re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ].*)?"), "31.01.2026": re.compile(r"\d{1,2}\.\d{1,2}\.\d{2,4}"),
    "01/31/2026": re.compile(r"\d{1,2}/\d{1,2}/\d{2,4}"), "20260131": re.compile(r"(?:19|20)\d{6}"),
    "31 Jan 2026": re.compile(r"\d{1,2}\.? [^\W\d]{3,10}\.? \d{4}"),
    "Jan 31, 2026": re.compile(r"[^\W\d]{3,10}\.? \d{1,2}, \d{4}"),
}  # fmt: skip
_MOSTLY = 0.95
_CATEGORY_ROWS, _MOST_VALUES = 4, 1_000
_WORDS = 6
_SPLIT_BY = 20  # at most this many values make a column one that others belong to
_ALL, _NONE = 0.99, 0.01
_EXPECTED = 0.5  # a column that most records leave empty is optional


def profile(table: AuditTable) -> tuple[ColumnProfile, ...]:
    """Every column of a table in figures."""
    shapes = {name: shape_of(cells) for name, cells in table.columns.items()}
    return tuple(
        ColumnProfile(
            table=table.name, column=name, shape=shapes[name], rows=table.rows, filled=sum(map(bool, cells)),
            distinct=len({cell for cell in cells if cell}), belongs_to=_belongs_to(table, name, shapes),
        )
        for name, cells in table.columns.items()
    )


def shape_of(cells: Sequence[str]) -> Shape:
    filled = [cell for cell in cells if cell]
    if not filled:
        return Shape.EMPTY
    sample = filled[:: max(1, len(filled) // 2_000)]
    if sum(any(form.fullmatch(cell) for form in DATES.values()) for cell in sample) >= _MOSTLY * len(sample):
        return Shape.DATE
    if sum(bool(NUMBER.fullmatch(cell[:40])) for cell in sample) >= _MOSTLY * len(sample):
        return Shape.NUMBER
    if sum(len(cell.split()) for cell in sample) > _WORDS * len(sample):
        return Shape.TEXT
    distinct = len(set(filled))
    return Shape.CATEGORY if distinct <= min(_MOST_VALUES, 1 + len(filled) // _CATEGORY_ROWS) else Shape.NAME


def _splitters(table: AuditTable, name: str, shapes: dict[str, Shape]) -> Iterator[tuple[str, dict[str, tuple[int, int]]]]:
    """Columns of few values, with how many rows and how many empty cells each value has."""
    cells = table.columns[name]
    for other, values in table.columns.items():
        if other == name or shapes[other] is not Shape.CATEGORY or not all(values) or len(set(values)) > _SPLIT_BY:
            continue
        rows = Counter(values)
        empty = Counter(value for value, cell in zip(values, cells, strict=True) if not cell)
        yield other, {value: (count, empty[value]) for value, count in rows.items()}


def _belongs_to(table: AuditTable, name: str, shapes: dict[str, Shape]) -> str | None:
    """Whether emptiness is decided by another column: a close date that open deals cannot have is not missing."""
    if all(table.columns[name]) or shapes[name] is Shape.EMPTY:
        return None
    for other, counts in _splitters(table, name, shapes):
        shares = [empty / rows for rows, empty in counts.values()]
        if all(share >= _ALL or share <= _NONE for share in shares) and max(shares) >= _ALL and min(shares) <= _NONE:
            held = sorted(value for value, (rows, empty) in counts.items() if empty / rows <= _NONE)
            return f"{other} {', '.join(held)}"
    return None


def incomplete(table: AuditTable, profiles: Sequence[ColumnProfile]) -> Iterator[Defect]:
    """Cells that are empty where most records fill them and nothing explains it."""
    shapes = {one.column: one.shape for one in profiles}
    for one in profiles:
        empty = one.rows - one.filled
        if not empty or one.belongs_to is not None or (one.share or 0.0) < _EXPECTED:
            continue
        where = _where(table, one.column, shapes)
        told = "; ".join(f"{example.value} {example.records:,}" for example in where)
        yield Defect(
            table=table.name, column=one.column, kind=DefectKind.INCOMPLETE, records=empty, examples=where,
            problem=f"empty on {empty:,} of {one.rows:,} records" + (f" ({told})" if told else ""),
        )


def _where(table: AuditTable, name: str, shapes: dict[str, Shape]) -> tuple[Example, ...]:
    """The values of the column that tells most about where the cells are empty."""
    best: tuple[float, tuple[Example, ...]] = (0.3, ())
    for other, counts in _splitters(table, name, shapes):
        shares = {value: empty / rows for value, (rows, empty) in counts.items()}
        gap = max(shares.values()) - min(shares.values())
        if gap > best[0]:
            shown = sorted(((count[1], value) for value, count in counts.items() if count[1]), reverse=True)[:5]
            best = gap, tuple(Example(value=f"{other} {value}", records=count) for count, value in shown)
    return best[1]


def filled(cells: Cells) -> Counter[str]:
    return Counter(cell for cell in cells if cell)
