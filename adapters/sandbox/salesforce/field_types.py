"""The kinds of Salesforce fields: how each is declared and which values from the wire it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import isfinite
from typing import Any

from adapters.sandbox.rows import Value
from adapters.sandbox.salesforce.ids import to_18
from adapters.sandbox.salesforce.stamps import parse_date, parse_datetime
from adapters.sandbox.schema import FieldDefinition, Option

TEXT_KINDS = frozenset({"string", "textarea", "picklist", "multipicklist", "combobox", "email", "phone", "url"})
NUMBER_KINDS = frozenset({"int", "double", "currency", "percent"})
LONG_TEXT = 255


def text(name: str, label: str = "", *, length: int = 255, **more: Any) -> FieldDefinition:
    return FieldDefinition(name=name, label=label or name, kind="string", length=length, **more)


def area(name: str, label: str = "", *, length: int = 32_000, **more: Any) -> FieldDefinition:
    return FieldDefinition(name=name, label=label or name, kind="textarea", length=length, **more)


def typed(name: str, kind: str, label: str = "", **more: Any) -> FieldDefinition:
    """A field of any other kind: email, phone, url, boolean, int, double, currency, percent, date, datetime."""
    lengths = {"email": 80, "phone": 40, "url": 255}
    default = more.pop("default", False if kind == "boolean" else None)
    length = more.pop("length", lengths.get(kind, 0))
    return FieldDefinition(name=name, label=label or name, kind=kind, length=length, default=default, **more)


def picklist(name: str, options: Sequence[str | Option], label: str = "", **more: Any) -> FieldDefinition:
    listed = tuple(each if isinstance(each, Option) else Option(value=each, label=each) for each in options)
    default = more.pop("default", next((each.value for each in listed if each.default), None))
    kind = more.pop("kind", "picklist")
    return FieldDefinition(
        name=name, label=label or name, kind=kind, length=255, options=listed, default=default, **more
    )


def reference(name: str, *targets: str, label: str = "", relationship: str = "", **more: Any) -> FieldDefinition:
    """A field that names another row; the relationship is what SOQL calls it."""
    relation = relationship or (name[:-1] + "r" if name.endswith("__c") else name.removesuffix("Id"))
    return FieldDefinition(
        name=name,
        label=label or name,
        kind="reference",
        length=18,
        references=targets,
        traits={"relationship": relation},
        **more,
    )


def computed(field: FieldDefinition) -> FieldDefinition:
    """The same field, but written by the CRM only."""
    return replace(field, createable=False, updateable=False, required=False, default_to_writer=False)


def accept(field: FieldDefinition, value: object) -> Value:
    """The value as stored; raises ValueError in the words of the API."""
    if value is None or (value == "" and field.kind != "boolean"):
        return False if field.kind == "boolean" else None
    if field.kind in TEXT_KINDS:
        return _accept_text(value)
    if field.kind in NUMBER_KINDS:
        return _accept_number(field, value)
    if field.kind in ("reference", "id"):
        return _accept_id(field, value)
    if field.kind == "boolean":
        return _accept_boolean(value)
    return _accept_time(field, value)


def _accept_text(value: object) -> Value:
    if not isinstance(value, str):
        raise ValueError(_cannot("string", value))
    return value


def _accept_number(field: FieldDefinition, value: object) -> Value:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(_cannot(field.kind, value))
    try:
        number = float(value)
    except ValueError:
        raise ValueError(_cannot(field.kind, value)) from None
    if not isfinite(number):
        raise ValueError(_cannot(field.kind, value))
    return int(number) if field.kind == "int" else round(number, int(field.traits.get("scale", 2)))


def _accept_id(field: FieldDefinition, value: object) -> Value:
    full = to_18(value) if isinstance(value, str) else None
    if full is None:
        raise ValueError(f"{field.label}: id value of incorrect type: {value}")
    return full


def _accept_boolean(value: object) -> Value:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise ValueError(_cannot("boolean", value))


def _accept_time(field: FieldDefinition, value: object) -> Value:
    found = None
    if isinstance(value, str):
        found = parse_date(value) if field.kind == "date" else parse_datetime(value)
        if found is None and field.kind == "date" and parse_datetime(value):
            found = value[:10]
    if found is None:
        raise ValueError(_cannot(field.kind, value))
    return found


def _cannot(kind: str, value: object) -> str:
    token = {bool: "VALUE_TRUE", int: "VALUE_NUMBER_INT", float: "VALUE_NUMBER_FLOAT", str: "VALUE_STRING"}
    found = token.get(type(value), "START_OBJECT")
    return (
        f"Cannot deserialize instance of {kind} from {found} value {value} or request may be missing a required field"
    )
