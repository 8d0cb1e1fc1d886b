"""Cells that mean the same and look different, dates in the wrong order, lists kept as free text, records kept twice."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import combinations

from connector.decision.learners.match import find_matches
from connector.decision.learners.match_fields import folded
from connector.evaluation.assess.columns import DATES, filled
from connector.evaluation.assess.tables import AuditTable, ColumnProfile, Defect, DefectKind, Example, Shape

_PHONE_NAMES = re.compile(r"(?i)(phone|mobile|tel|fax|cell)")
_ORDERED = 0.95  # in so many rows one date comes before the other: then it always should
_FEWEST_PAIRS = 20
_COMPARED = 20_000
_LIST_ROWS, _LIST_VALUES, _LIST_SHARE = 100, 30, 0.95
_SHOWN = 8
_CODES = 0.8


def mixed_formats(table: AuditTable, profiles: Sequence[ColumnProfile]) -> Iterator[Defect]:
    """Dates, numbers of telephones and white space written in several ways in one column."""
    for one in profiles:
        counts = filled(table.columns[one.column])
        forms: Counter[str] = Counter()
        if one.shape is Shape.DATE:
            for cell, count in counts.items():
                forms[next((name for name, form in DATES.items() if form.fullmatch(cell)), "another form")] += count
        elif _PHONE_NAMES.search(one.column):
            for cell, count in counts.items():
                forms[_phone_form(cell)] += count
        if len(forms) > 1:
            wrong = forms.total() - forms.most_common(1)[0][1]
            told = ", ".join(f"{name} {count:,}" for name, count in forms.most_common(5))
            yield _mixed(table, one.column, wrong, f"{len(forms)} formats: {told}", forms)
        spaced = sum(count for cell, count in counts.items() if cell != cell.strip() or "  " in cell)
        if spaced:
            yield _mixed(table, one.column, spaced, "white space at an end or doubled", Counter())


def _phone_form(cell: str) -> str:
    start = "with the country's code" if cell.lstrip(" (").startswith(("+", "00")) else "without the country's code"
    return start if re.search(r"\d", cell) else "not a number"


def _mixed(table: AuditTable, column: str, records: int, problem: str, forms: Counter[str]) -> Defect:
    examples = tuple(Example(value=name, records=count) for name, count in forms.most_common(_SHOWN))
    return Defect(
        table=table.name, column=column, kind=DefectKind.MIXED_FORMATS, records=records, problem=problem, examples=examples
    )


def contradictory(table: AuditTable, profiles: Sequence[ColumnProfile]) -> Iterator[Defect]:
    """Pairs of dates that stand in one order almost everywhere, and in the other on a few records."""
    dates = {
        one.column: [_day(cell) for cell in table.columns[one.column]] for one in profiles if one.shape is Shape.DATE
    }
    for earlier, later in combinations(dates, 2):
        pairs = [(a, b) for a, b in zip(dates[earlier], dates[later], strict=True) if a and b and a != b]
        first = sum(a < b for a, b in pairs)
        for name, other, right in ((earlier, later, first), (later, earlier, len(pairs) - first)):
            wrong = len(pairs) - right
            if len(pairs) >= _FEWEST_PAIRS and _ORDERED * len(pairs) <= right < len(pairs):
                yield Defect(
                    table=table.name, column=other, kind=DefectKind.CONTRADICTORY, records=wrong,
                    problem=f"{other} lies before {name} on {wrong:,} records",
                )


def _day(cell: str) -> date | None:
    try:
        return date.fromisoformat(cell[:10])
    except ValueError:
        return None


def free_text(table: AuditTable, profiles: Sequence[ColumnProfile]) -> Iterator[Defect]:
    """Columns that people type and that a list would hold: few values cover nearly all, or values have many spellings."""
    for one in profiles:
        counts = filled(table.columns[one.column])
        groups: defaultdict[str, list[str]] = defaultdict(list)
        for value in counts:
            groups[folded(value).replace(" ", "")].append(value)
        spelled = [group for group in groups.values() if len(group) > 1]
        typed = one.column in table.free and one.filled >= _LIST_ROWS and one.shape is Shape.CATEGORY
        covered = sum(count for _, count in counts.most_common(_LIST_VALUES))
        if one.shape in (Shape.NUMBER, Shape.DATE, Shape.TEXT) or _PHONE_NAMES.search(one.column):
            continue
        if len(spelled) >= 3 and len(groups) * 4 <= one.filled:
            shown = [
                Example(value=" / ".join(group[:4]), records=sum(counts[value] for value in group)) for group in spelled
            ]
            problem = f"{len(counts)} spellings of {len(groups)} values: a list would keep them one"
            yield _as_list(table, one, sum(each.records for each in shown), problem, shown)
        elif typed and covered >= _LIST_SHARE * one.filled and len(counts) > 1:
            problem = f"is typed, and {min(len(counts), _LIST_VALUES)} values cover {covered / one.filled:.0%} of it"
            yield _as_list(table, one, one.filled, problem, [Example(value=v, records=n) for v, n in counts.most_common(5)])


def _as_list(table: AuditTable, one: ColumnProfile, records: int, problem: str, shown: Sequence[Example]) -> Defect:
    return Defect(
        table=table.name, column=one.column, kind=DefectKind.FREE_TEXT, records=records, problem=problem,
        examples=tuple(shown[:_SHOWN]),
    )


def duplicates(table: AuditTable, profiles: Sequence[ColumnProfile]) -> Iterator[Defect]:
    """Records kept twice: word for word beside their ids, and probable ones among those that have a name."""
    ids = {one.column for one in profiles if _numbers_records(table, one)}
    compared = {name: cells for name, cells in table.columns.items() if name not in ids and any(cells)}
    names = [one.column for one in profiles if one.shape is Shape.NAME and one.column in compared]
    telling = [cells for name, cells in table.columns.items() if name in _telling(profiles) - ids] if ids else []
    rows = Counter(
        row
        for place, row in enumerate(zip(*compared.values(), strict=True))
        if not ids or any(cells[place] for cells in telling)  # choices from lists coincide by chance
    )
    repeated = sum(count - 1 for count in rows.values() if count > 1)
    if repeated:
        yield Defect(
            table=table.name, column=None, kind=DefectKind.DUPLICATE, records=repeated,
            problem=f"{repeated:,} records repeat another one word for word",
        )
    if not names or table.rows > _COMPARED or len(compared) < 2:
        return
    matches = find_matches(compared)
    if matches:
        shown = [
            Example(value=f"{table.columns[names[0]][one.one]} / {table.columns[names[0]][one.other]}", records=2)
            for one in matches[:_SHOWN]
        ]
        yield Defect(
            table=table.name, column=None, kind=DefectKind.DUPLICATE, records=len(matches), examples=tuple(shown),
            problem=f"{len(matches):,} pairs are probably one record each; people merge",
        )


def _telling(profiles: Sequence[ColumnProfile]) -> set[str]:
    return {one.column for one in profiles if one.shape in (Shape.NAME, Shape.TEXT)}


def _numbers_records(table: AuditTable, one: ColumnProfile) -> bool:
    """A column that numbers the records: all different, one word each, mostly with figures."""
    cells = table.columns[one.column]
    if not one.distinct == one.rows == one.filled or any(" " in cell for cell in cells):
        return False
    return sum(bool(re.search(r"\d", cell)) for cell in cells) >= _CODES * one.rows
