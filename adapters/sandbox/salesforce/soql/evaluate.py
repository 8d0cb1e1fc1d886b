"""Turns a parsed condition into a test on rows, after checking every field and literal against the schema."""

from __future__ import annotations

import re
from collections.abc import Callable

from adapters.sandbox.rows import Row, Value
from adapters.sandbox.salesforce.errors import ApiError
from adapters.sandbox.salesforce.field_types import LONG_TEXT, NUMBER_KINDS, TEXT_KINDS
from adapters.sandbox.salesforce.ids import to_18
from adapters.sandbox.salesforce.soql.ast import (
    All,
    Comparison,
    Condition,
    Either,
    Literal,
    Membership,
    Not,
    Order,
    Path,
)
from adapters.sandbox.schema import FieldDefinition

Test = Callable[[Row], bool]
Read = Callable[[Row], Value]
Resolve = Callable[[Path], tuple[FieldDefinition, Read]]


def compile_condition(condition: Condition, resolve: Resolve) -> Test:
    """A test for one row; raises ApiError for an unknown field or a literal of the wrong kind."""
    match condition:
        case Comparison():
            return _comparison(condition, resolve)
        case Membership():
            return _membership(condition, resolve)
        case All(conditions):
            tests = [compile_condition(each, resolve) for each in conditions]
            return lambda row: all(test(row) for test in tests)
        case Either(conditions):
            tests = [compile_condition(each, resolve) for each in conditions]
            return lambda row: any(test(row) for test in tests)
        case Not(inner):
            test = compile_condition(inner, resolve)
            return lambda row: not test(row)


def _comparison(condition: Comparison, resolve: Resolve) -> Test:
    field, read = resolve(condition.field)
    _check_filterable(field)
    operator = condition.operator
    if operator == "LIKE":
        return _like(condition.literal, field, read)
    wanted = comparable(field, literal_value(field, condition.literal))
    if operator in ("=", "!="):
        equal = operator == "="
        return lambda row: (comparable(field, read(row)) == wanted) is equal
    if field.kind == "boolean" or wanted is None:
        raise _wrong_operator(field)
    ordered = _ORDERINGS[operator]

    def test(row: Row) -> bool:
        value = comparable(field, read(row))
        return value is not None and ordered(value, wanted)

    return test


_ORDERINGS: dict[str, Callable[[object, object], bool]] = {
    "<": lambda left, right: left < right,  # type: ignore[operator]
    "<=": lambda left, right: left <= right,  # type: ignore[operator]
    ">": lambda left, right: left > right,  # type: ignore[operator]
    ">=": lambda left, right: left >= right,  # type: ignore[operator]
}


def _membership(condition: Membership, resolve: Resolve) -> Test:
    field, read = resolve(condition.field)
    _check_filterable(field)
    wanted = frozenset(comparable(field, literal_value(field, each)) for each in condition.literals)
    inside = not condition.negated
    return lambda row: (comparable(field, read(row)) in wanted) is inside


def _like(literal: Literal, field: FieldDefinition, read: Read) -> Test:
    if field.kind not in TEXT_KINDS or not isinstance(literal.value, str):
        raise _wrong_operator(field)
    pattern = re.compile(like_pattern(literal.value), re.IGNORECASE | re.DOTALL)

    def test(row: Row) -> bool:
        value = read(row)
        return isinstance(value, str) and pattern.match(value) is not None

    return test


def like_pattern(text: str) -> str:
    """A LIKE pattern as a regular expression: % is any text, _ any character."""
    parts = {"%": ".*", "_": "."}
    return "".join(parts.get(letter, re.escape(letter)) for letter in text) + r"\Z"


def comparable(field: FieldDefinition, value: Value) -> Value:
    """The value as compared and ordered: text without regard to case, ids with it."""
    if isinstance(value, str) and field.kind in TEXT_KINDS:
        return value.casefold()
    return value


def literal_value(field: FieldDefinition, literal: Literal) -> Value:
    """The literal as a stored value; raises ApiError when it was written as another type."""
    if literal.kind == "null":
        return None
    if field.kind in ("id", "reference"):
        return _id_literal(field, literal)
    wanted = _LITERAL_OF_KIND.get(field.kind, "number" if field.kind in NUMBER_KINDS else "string")
    if literal.kind != wanted:
        quotes = "should be enclosed in quotes" if wanted == "string" else "should not be enclosed in quotes"
        kind = "dateTime" if wanted == "datetime" else field.kind
        said = f"value of filter criterion for field '{field.name}' must be of type {kind} and {quotes}"
        raise ApiError(400, "INVALID_FIELD", said)
    return literal.value


_LITERAL_OF_KIND = {"boolean": "boolean", "date": "date", "datetime": "datetime"}


def _id_literal(field: FieldDefinition, literal: Literal) -> Value:
    if literal.value == "":
        return None
    full = to_18(literal.value) if isinstance(literal.value, str) else None
    if full is None:
        raise ApiError(400, "INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {literal.value}")
    return full


def _check_filterable(field: FieldDefinition) -> None:
    if field.kind == "address" or (field.kind == "textarea" and field.length > LONG_TEXT):
        raise ApiError(400, "INVALID_FIELD", f"field '{field.name}' can not be filtered in a query call")


def _wrong_operator(field: FieldDefinition) -> ApiError:
    return ApiError(400, "INVALID_QUERY_FILTER_OPERATOR", f"invalid operator on {field.kind} field {field.name}")


def order_rows(rows: list[Row], order: tuple[Order, ...], resolve: Resolve) -> None:
    """Sort in place by several fields; the last key is sorted first, which keeps ties in place."""
    for each in reversed(order):
        field, read = resolve(each.field)
        if field.kind == "address" or (field.kind == "textarea" and field.length > LONG_TEXT):
            raise ApiError(400, "MALFORMED_QUERY", f"field '{field.name}' can not be sorted in a query call")
        _sort(rows, lambda row, field=field, read=read: comparable(field, read(row)), each)  # type: ignore[misc]


def _sort(rows: list[Row], key: Callable[[Row], Value], order: Order) -> None:
    empty = [row for row in rows if key(row) is None]
    filled = [row for row in rows if key(row) is not None]
    filled.sort(key=key, reverse=order.descending)  # type: ignore[arg-type]
    rows[:] = filled + empty if order.nulls_last else empty + filled
