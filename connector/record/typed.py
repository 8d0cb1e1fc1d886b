"""A value as a person types it, in the kind its field holds."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from connector.record.names import FieldKind, FieldName
from connector.record.schema import FieldSchema, ObjectSchema
from connector.record.values import FieldValue

_YES, _NO = frozenset({"yes", "true", "1"}), frozenset({"no", "false", "0"})


def typed_value(text: str, schema: ObjectSchema, name: FieldName) -> FieldValue:
    """The value for a field; raises ValueError that says what would fit."""
    field = schema.fields.get(name)
    if field is None:
        raise ValueError(f"{schema.object} has no field {name}")
    if text == "":
        return None
    try:
        return _value(text, field)
    except InvalidOperation as error:
        raise ValueError(f"{name}: {text!r} is not a number") from error
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _value(text: str, field: FieldSchema) -> FieldValue:
    match field.kind:
        case FieldKind.NUMBER | FieldKind.MONEY:
            return _number(text)
        case FieldKind.BOOLEAN:
            return _truth(text)
        case FieldKind.DATE:
            return date.fromisoformat(text)
        case FieldKind.DATETIME:
            at = datetime.fromisoformat(text)
            return at if at.tzinfo else at.replace(tzinfo=UTC)
        case FieldKind.OPTION:
            return _option(text, field)
        case FieldKind.OPTIONS:
            return tuple(sorted({_option(part.strip(), field) for part in text.split(",")}))
        case _:
            return text


def _number(text: str) -> Decimal:
    number = Decimal(text)
    # A thousand digits are a finger left on a key: `1e999999` would be written out in full further on.
    if not number.is_finite() or abs(number.adjusted()) > 40:
        raise ValueError(f"{text!r} is not a number")
    return number


def _truth(text: str) -> bool:
    if text.lower() not in _YES | _NO:
        raise ValueError(f"{text!r} is neither yes nor no")
    return text.lower() in _YES


def _option(text: str, field: FieldSchema) -> str:
    if field.options and field.option(text) is None:
        raise ValueError(f"{text!r} is not one of {', '.join(option.key for option in field.options if option.active)}")
    return text
