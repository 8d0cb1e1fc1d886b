"""What a person types becomes the kind its field holds, or is refused in words."""

from __future__ import annotations

import pytest

from connector.record import FieldKind, FieldName, FieldSchema, ObjectSchema, ObjectType, Option, typed_value

X = FieldName("x")


def schema(kind: FieldKind, *options: str) -> ObjectSchema:
    listed = tuple(Option(key=one, native=one, label=one) for one in options)
    field = FieldSchema(name=X, native="x", label="x", kind=kind, options=listed)
    return ObjectSchema(object=ObjectType.TICKET, native="t", fields={X: field}, fingerprint="1")


def test_a_typed_value_gets_the_kind_of_its_field():
    assert str(typed_value("12.50", schema(FieldKind.MONEY), X)) == "12.50"
    assert typed_value("yes", schema(FieldKind.BOOLEAN), X) is True
    assert typed_value("", schema(FieldKind.TEXT), X) is None
    assert typed_value("b, a", schema(FieldKind.OPTIONS, "a", "b"), X) == ("a", "b")


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        (FieldKind.MONEY, "much", "x: 'much' is not a number"),
        (FieldKind.MONEY, "NaN", "x: 'NaN' is not a number"),
        (FieldKind.NUMBER, "1e999999", "x: '1e999999' is not a number"),
        (FieldKind.BOOLEAN, "perhaps", "x: 'perhaps' is neither yes nor no"),
        (FieldKind.OPTION, "c", "x: 'c' is not one of a, b"),
        (FieldKind.DATE, "soon", "x: Invalid isoformat"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_in_words(kind, text, said):
    with pytest.raises(ValueError, match=f"^{said}"):
        typed_value(text, schema(kind, "a", "b") if kind is FieldKind.OPTION else schema(kind), X)


def test_a_field_that_is_not_there_has_no_value():
    with pytest.raises(ValueError, match="ticket has no field y"):
        typed_value("1", schema(FieldKind.TEXT), FieldName("y"))
