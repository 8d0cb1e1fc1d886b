"""A value as a person types it, in the kind its field holds."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

import typer

from connector.record import FieldKind, FieldName, FieldSchema, FieldValue, ObjectSchema

_YES, _NO = frozenset({"yes", "true", "1"}), frozenset({"no", "false", "0"})


def typed_value(text: str, schema: ObjectSchema, name: FieldName) -> FieldValue:
    """The value for a field; what does not fit is misuse, said with what would fit."""
    field = schema.fields.get(name)
    if field is None:
        raise typer.BadParameter(f"{schema.object} has no field {name}")
    if text == "":
        return None
    try:
        return _value(text, field)
    except (ValueError, InvalidOperation) as error:
        said = str(error) if isinstance(error, ValueError) else f"{text!r} is not a number"
        raise typer.BadParameter(f"{name}: {said}") from error


def _value(text: str, field: FieldSchema) -> FieldValue:
    match field.kind:
        case FieldKind.NUMBER | FieldKind.MONEY:
            return Decimal(text)
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


def _truth(text: str) -> bool:
    if text.lower() not in _YES | _NO:
        raise ValueError(f"{text!r} is neither yes nor no")
    return text.lower() in _YES


def _option(text: str, field: FieldSchema) -> str:
    if field.options and field.option(text) is None:
        raise ValueError(f"{text!r} is not one of {', '.join(option.key for option in field.options if option.active)}")
    return text
