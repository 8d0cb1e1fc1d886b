"""Field values as the product knows them, and their one JSON form in state, journal and exports."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeAlias

FieldValue: TypeAlias = str | bool | Decimal | date | datetime | tuple[str, ...] | None
"""Empty text and null are one (None); numbers are Decimal; date and datetime never mix; options are a sorted tuple."""


def encode_value(value: FieldValue) -> Any:
    """The JSON form: plain for text, booleans and null, a one-key object for everything else."""
    match value:
        case None | str() | bool():
            return value
        case Decimal():
            return {"number": format(value, "f")}
        case datetime():
            return {"datetime": value.astimezone(UTC).isoformat(timespec="microseconds")}
        case date():
            return {"date": value.isoformat()}
        case tuple():
            return {"options": list(value)}


def decode_value(encoded: Any) -> FieldValue:
    """The value back from its JSON form; raises ValueError on anything else."""
    if encoded is None or isinstance(encoded, str | bool):
        return encoded
    if isinstance(encoded, dict) and len(encoded) == 1:
        [(kind, content)] = encoded.items()
        match kind:
            case "number":
                return Decimal(content)
            case "datetime":
                return datetime.fromisoformat(content)
            case "date":
                return date.fromisoformat(content)
            case "options":
                return tuple(str(option) for option in content)
    raise ValueError(f"not an encoded field value: {type(encoded).__name__}")


def normalise(value: FieldValue) -> FieldValue:
    """One form for comparison: empty text and empty lists are null, decimals lose trailing zeros, options are sorted."""
    match value:
        case "" | ():
            return None
        case str():
            return value
        case Decimal():
            plain = value.normalize()
            return plain + 0  # -0 and 0 are the same amount
        case tuple():
            return tuple(sorted(set(value)))
        case datetime():
            return value.astimezone(UTC)
        case _:
            return value


def same_value(left: FieldValue, right: FieldValue) -> bool:
    """Whether a person would call the two values equal; types never mix (a date is not a datetime)."""
    one, two = normalise(left), normalise(right)
    return type(one) is type(two) and one == two


def display(value: FieldValue) -> str:
    """A value as a person reads it in a table or a message."""
    match value:
        case None:
            return "(empty)"
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return format(value, "f")
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        case date():
            return value.isoformat()
        case tuple():
            return ", ".join(value)
        case _:
            return value
