"""Which columns name records of another table, and what does not add up between the two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connector.evaluation.assess.columns import filled
from connector.evaluation.assess.lists import nearest
from connector.evaluation.assess.tables import AuditTable, ColumnProfile, Defect, DefectKind, Example, Shape

_SHARED, _FEWEST = 0.5, 3  # so much of a column must stand in the other table before it counts as naming its records
_USED = 0.5
_SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A column whose values are keys of another table."""

    table: AuditTable
    column: str
    target: AuditTable
    key: str


def references_of(tables: Sequence[AuditTable], profiles: Sequence[ColumnProfile]) -> tuple[Reference, ...]:
    """Every column that names records elsewhere, with the table and column that fit best."""
    keys = [
        (table, one.column, frozenset(table.columns[one.column]) - {""})
        for table in tables
        for one in profiles
        if one.table == table.name and one.shape is Shape.NAME and one.distinct == one.filled == one.rows
    ]
    found = []
    for table in tables:
        for one in profiles:
            if one.table == table.name and one.shape in (Shape.CATEGORY, Shape.NAME):
                best = _best(table, one.column, keys)
                if best is not None:
                    found.append(best)
    return tuple(found)


def _best(table: AuditTable, column: str, keys: Sequence[tuple[AuditTable, str, frozenset[str]]]) -> Reference | None:
    values = frozenset(table.columns[column]) - {""}
    best: tuple[float, Reference | None] = (_SHARED, None)
    for target, key, known in keys:
        shared = len(values & known)
        if (target.name, key) == (table.name, column) or shared < _FEWEST or shared < best[0] * len(values):
            continue
        best = shared / len(values), Reference(table=table, column=column, target=target, key=key)
    return best[1]


def mismatches(references: Sequence[Reference]) -> Iterator[Defect]:
    """Names that stand for no record, and records that nothing names."""
    for one in references:
        counts, known = filled(one.table.columns[one.column]), frozenset(one.target.columns[one.key])
        lost = [
            Example(value=value, records=count, suggestion=nearest(value, known))
            for value, count in counts.most_common()
            if value not in known
        ]
        if lost:
            records = sum(example.records for example in lost)
            yield Defect(
                table=one.table.name, column=one.column, kind=DefectKind.UNKNOWN_REFERENCE, records=records,
                examples=tuple(lost[:_SHOWN]), problem=f"{len(lost)} {_values(lost)} not in {one.target.name}.{one.key}",
            )
        meant = {example.suggestion for example in lost}
        unused = sorted(known - counts.keys() - meant - {""})
        if unused and one.target is not one.table and len(unused) <= (1 - _USED) * len(known):
            yield Defect(
                table=one.target.name, column=one.key, kind=DefectKind.UNUSED, records=len(unused),
                examples=tuple(Example(value=value, records=1) for value in unused[:_SHOWN]),
                problem=f"{len(unused)} of {len(known)} named by no record of {one.table.name}.{one.column}",
            )


def _values(lost: Sequence[Example]) -> str:
    return "value" if len(lost) == 1 else "values"
