"""What a call to the outside carries along: constants from settings and fields of the record, and nothing an agent says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeAlias

from connector.adapter.options import Options, did_you_mean
from connector.record import FieldName, FieldValue, display

Plain: TypeAlias = str | int | float | bool | None
"""A value as JSON, a query or a bound SQL parameter takes it."""

_KEYS = frozenset({"field", "value", "kind", "required", "max_length"})


class ParameterKind(StrEnum):
    """What the other side expects."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter: a constant, or a field of the record (`email`) or of its relative (`contact.email`)."""

    name: str
    field: FieldName | None = None
    value: Plain = None
    kind: ParameterKind = ParameterKind.TEXT
    required: bool = True
    max_length: int = 500


@dataclass(frozen=True, slots=True)
class Lacking:
    """The record does not give what a parameter needs; `why` says so in a person's words."""

    why: str


def read_parameters(options: Options, key: str) -> tuple[Parameter, ...]:
    """The table under `key`: `{order: {field: name}, source: {value: crm}}`."""
    found = []
    for name, block in options.table(key).items():
        at = f"{key}.{name}"
        if not isinstance(block, Mapping) or ("field" in block) == ("value" in block):
            options.wrong(key, f"{name}: give either `field` or `value`, such as {{field: email}}")
            continue
        for unknown in sorted({*block} - _KEYS):
            options.wrong(key, f"{at}.{unknown}: unknown key{did_you_mean(unknown, _KEYS)}")
        found.append(_parameter(options, key, str(name), block))
    return tuple(found)


def _parameter(options: Options, key: str, name: str, block: Mapping[str, Any]) -> Parameter:
    kind, longest = block.get("kind", ParameterKind.TEXT.value), block.get("max_length", 500)
    if kind not in set(ParameterKind):
        hint = did_you_mean(str(kind), set(ParameterKind))
        options.wrong(key, f"{name}.kind: must be one of {', '.join(ParameterKind)}{hint}")
        kind = ParameterKind.TEXT
    if not isinstance(longest, int) or not 1 <= longest <= 100_000:
        options.wrong(key, f"{name}.max_length: must be a whole number from 1 to 100000")
        longest = 500
    source, value = block.get("field"), block.get("value")
    if source is not None and (not isinstance(source, str) or not source.replace(".", "").replace("_", "").isalnum()):
        options.wrong(key, f"{name}.field: must be the name of a field, such as email or contact.email")
        source = None
    if value is not None and not isinstance(value, str | int | float | bool):
        options.wrong(key, f"{name}.value: must be text, a number or true or false")
        value = None
    return Parameter(
        name=name, field=FieldName(source) if source is not None else None, value=value, kind=ParameterKind(kind),
        required=block.get("required", True) is not False, max_length=longest,
    )


def needs_of(parameters: Sequence[Parameter]) -> frozenset[FieldName]:
    """The fields these parameters are filled from."""
    return frozenset(parameter.field for parameter in parameters if parameter.field is not None)


def filled(parameters: Sequence[Parameter], fields: Mapping[FieldName, FieldValue]) -> Mapping[str, Plain] | Lacking:
    """The parameters with their values; an optional one without a value is left out."""
    values: dict[str, Plain] = {}
    for parameter in parameters:
        if parameter.field is None:
            values[parameter.name] = parameter.value
            continue
        given = fields.get(parameter.field)
        if given is None:
            if parameter.required:
                return Lacking(f"the record has no {parameter.field}")
            continue
        plain = _plain(given, parameter.kind)
        if plain is None:
            return Lacking(f"{parameter.field} is no {parameter.kind}")
        if isinstance(plain, str) and len(plain) > parameter.max_length:
            return Lacking(f"{parameter.field} is longer than {parameter.max_length} characters")
        values[parameter.name] = plain
    return values


def _plain(value: FieldValue, kind: ParameterKind) -> Plain:
    match kind:
        case ParameterKind.BOOLEAN:
            return value if isinstance(value, bool) else None
        case ParameterKind.NUMBER if isinstance(value, Decimal):
            return int(value) if value == value.to_integral_value() else float(value)
        case ParameterKind.NUMBER:
            return None
        case _ if isinstance(value, datetime | date):
            return value.isoformat()
        case _:
            return display(value)
