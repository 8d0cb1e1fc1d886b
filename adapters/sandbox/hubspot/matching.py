"""Which records a search matches and in what order: conditions compiled once, applied to many rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeAlias, cast

from .search import PSEUDO, Filter, Search
from .stamps import parse_stamp

_TOKEN = re.compile(r"[^\s@.,;:/()\"'!?-]+")
_NEGATIONS = {"NEQ": "EQ", "NOT_IN": "IN", "NOT_CONTAINS_TOKEN": "CONTAINS_TOKEN"}
STAMPS = frozenset({"date", "datetime"})

# A stored value is text; a stamp HubSpot keeps itself is epoch milliseconds.
Value: TypeAlias = str | int | None
Getter: TypeAlias = Callable[[str], Value]
Kind: TypeAlias = Callable[[str], str]
Linked: TypeAlias = Callable[[str, str, str], bool]
Test: TypeAlias = Callable[[str, Getter], bool]
Measured: TypeAlias = float | str | None


def measure(kind: str, value: Value) -> Measured:
    """A value as something that can be ordered; nothing when it is unset or not of its kind."""
    if isinstance(value, int):
        return float(value)
    if not value:
        return None
    if kind in STAMPS:
        stamp = parse_stamp(value)
        return None if stamp is None else float(stamp)
    if kind == "number":
        try:
            return float(value)
        except ValueError:
            return None
    # Texts compare without regard to case, options with regard to it [mem].
    return value if kind == "enumeration" else value.lower()


def _has_token(wanted: str) -> Callable[[Value], bool]:
    pattern = re.compile(re.escape(wanted.lower()).replace(r"\*", ".*") + r"\Z", re.DOTALL)

    def found(value: Value) -> bool:
        lowered = str(value).lower()
        return bool(pattern.match(lowered)) or any(map(pattern.match, _TOKEN.findall(lowered)))

    return found


def _compare(operator: str, bounds: Sequence[Measured]) -> Callable[[Measured], bool]:
    low = cast(float, bounds[0])
    if any(bound is None for bound in bounds):
        return lambda _: False
    match operator:
        case "LT":
            return lambda value: cast(float, value) < low
        case "LTE":
            return lambda value: cast(float, value) <= low
        case "GT":
            return lambda value: cast(float, value) > low
        case "GTE":
            return lambda value: cast(float, value) >= low
        case _:
            high = cast(float, bounds[1])
            return lambda value: low <= cast(float, value) <= high


def _value_test(operator: str, values: Sequence[str], kind: str) -> Callable[[Value], bool]:
    if operator == "HAS_PROPERTY":
        return lambda value: value not in (None, "")
    if operator == "NOT_HAS_PROPERTY":
        return lambda value: value in (None, "")
    if operator in _NEGATIONS:  # records without a value match a negation [mem]
        positive = _value_test(_NEGATIONS[operator], values, kind)
        return lambda value: not positive(value)
    if operator == "CONTAINS_TOKEN":
        found = _has_token(values[0])
        return lambda value: value not in (None, "") and found(value)
    if operator in ("EQ", "IN"):
        wanted = frozenset(measure(kind, each) for each in values) - {None}
        return lambda value: measure(kind, value) in wanted
    compare = _compare(operator, [measure(kind, each) for each in values])

    def ordered(value: Value) -> bool:
        measured = measure(kind, value)
        return measured is not None and compare(measured)

    return ordered


def _filter_test(condition: Filter, kind: Kind, linked: Linked) -> Test:
    name, values = condition.name, condition.values
    if name.startswith(PSEUDO):
        other, wants = name.removeprefix(PSEUDO), condition.operator in ("EQ", "IN")
        return lambda row_id, _: any(linked(row_id, other, each) for each in values) is wants
    test = _value_test(condition.operator, values, kind(name))
    return lambda _, get: test(get(name))


def compile_search(search: Search, kind: Kind, linked: Linked, searched: Sequence[str]) -> Test:
    """The whole search as one test on (id, getter of values)."""
    groups = [[_filter_test(each, kind, linked) for each in group] for group in search.groups]
    words = search.query.split()

    def found(row_id: str, get: Getter) -> bool:
        if words:
            texts = [str(get(name) or "").lower() for name in searched]
            if not all(any(word in text for text in texts) for word in words):
                return False
        if not groups:
            return True
        return any(all(test(row_id, get) for test in group) for group in groups)

    return found


def in_order(search: Search, rows: Sequence[tuple[str, Getter]], kind: Kind) -> list[tuple[str, Getter]]:
    """Rows as the search sorts them: by id when it names no sort, unset values last."""
    ordered = sorted(rows, key=lambda row: int(row[0]))
    name = search.sort
    if name is None:
        return ordered
    word = kind(name)
    measured = [(measure(word, row[1](name)), row) for row in ordered]
    known = [(value, row) for value, row in measured if value is not None]
    known.sort(key=lambda each: cast(float, each[0]), reverse=search.descending)
    return [row for _, row in known] + [row for value, row in measured if value is None]
