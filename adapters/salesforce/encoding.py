"""Values between Salesforce's JSON or CSV and ours, by the live type of each field."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from connector.adapter import FieldKind, FieldName, FieldSchema, FieldValue
from connector.errors import RejectedError

_USER_PREFIX, _QUEUE_PREFIX = "005", "00G"
_EXACT_DIGITS = 15  # what a JSON number keeps exactly on its way through a double


def decode(column: FieldSchema, keys: Mapping[str, str], raw: Any) -> FieldValue:
    """A value as Salesforce answered it; `keys` translates its options to shared keys.

    A value of unexpected shape is kept as text: a row is never lost to one odd field.
    """
    if raw is None or raw == "":
        return None
    try:
        return _decode(column, keys, raw)
    except (ValueError, InvalidOperation):
        return str(raw)


def _decode(column: FieldSchema, keys: Mapping[str, str], raw: Any) -> FieldValue:
    match column.kind:
        case FieldKind.BOOLEAN:
            return raw if isinstance(raw, bool) else str(raw).lower() == "true"
        case FieldKind.NUMBER | FieldKind.MONEY:
            return Decimal(str(raw))
        case FieldKind.DATE:
            return date.fromisoformat(str(raw)[:10])
        case FieldKind.DATETIME:
            return datetime.fromisoformat(str(raw)).astimezone(UTC)
        case FieldKind.OPTION:
            return keys.get(str(raw), str(raw))
        case FieldKind.OPTIONS:
            return tuple(sorted(keys.get(one, one) for one in str(raw).split(";")))
        case FieldKind.USER:
            return _owner(column.name, str(raw))
        case _:
            return str(raw)


def encode(column: FieldSchema, value: FieldValue) -> Any:
    """Our value as Salesforce takes it; raises RejectedError naming the field when it does not fit the live type."""
    if value is None or value in ("", ()):
        return None
    match column.kind, value:
        case FieldKind.BOOLEAN, bool():
            return value
        case ((FieldKind.NUMBER | FieldKind.MONEY), Decimal()):
            return _number(column, value)
        case FieldKind.DATE, datetime():
            return value.astimezone(UTC).date().isoformat()
        case FieldKind.DATE, date():
            return value.isoformat()
        case FieldKind.DATETIME, datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        case FieldKind.DATETIME, date():
            return f"{value.isoformat()}T00:00:00.000Z"
        case FieldKind.OPTION, str():
            return _option(column, value)
        case FieldKind.OPTIONS, tuple():
            return ";".join(_option(column, one) for one in value)
        case ((FieldKind.BOOLEAN | FieldKind.NUMBER | FieldKind.MONEY | FieldKind.DATE | FieldKind.DATETIME), _):
            raise _misfit(column, "WRONG_TYPE", f"{column.name} holds a {column.kind}")
        case _, str():
            return value
    raise _misfit(column, "WRONG_TYPE", f"{column.name} holds a {column.kind}")


def _owner(name: FieldName, owner_id: str) -> str | None:
    """`queue` and `owner` are one Salesforce field; each shows only its own kind of id."""
    wrong = {"queue": _USER_PREFIX, "owner": _QUEUE_PREFIX}.get(name)
    return None if wrong is not None and owner_id.startswith(wrong) else owner_id


def _number(column: FieldSchema, value: Decimal) -> int | float:
    if not value.is_finite():
        raise _misfit(column, "NUMBER_OUTSIDE_VALID_RANGE", f"{column.name} cannot hold {value}")
    if value == value.to_integral_value():
        return int(value)
    if len(value.normalize().as_tuple().digits) > _EXACT_DIGITS:
        raise _misfit(column, "NUMBER_OUTSIDE_VALID_RANGE", f"{column.name} has more digits than Salesforce keeps")
    return float(value)


def _option(column: FieldSchema, key: str) -> str:
    option = column.option(key) or next((one for one in column.options if one.native == key), None)
    if option is not None:
        return option.native
    if column.options or column.unmapped_options:
        raise _misfit(column, "INVALID_OPTION", f"{column.name} has no option {key!r}")
    return key


def _misfit(column: FieldSchema, code: str, reason: str) -> RejectedError:
    return RejectedError(reason, code=code, fields=(column.name,))
