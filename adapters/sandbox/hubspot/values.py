"""Property values as HubSpot stores them: text, checked against the property's definition."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from .definition import PropertyDefinition
from .errors import invalid_property
from .stamps import DAY_MS, iso, iso_date, parse_stamp

MAX_TEXT = 65_536
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+\Z")
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?\Z")
_EMAIL_NAMES = frozenset({"email"})

Problem: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A value HubSpot does not take, with the problem as it will be reported."""

    problem: Problem


def as_text(value: object) -> str | None:
    """A JSON value as the text HubSpot would store; null clears like the empty text [mem]."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, str | int | float) else None


def _option(definition: PropertyDefinition, text: str, allowed: Collection[str]) -> str | Rejected:
    if text in allowed:
        return text
    listed = ", ".join(allowed)
    message = f"{text} was not one of the allowed options: [{listed}]"
    return Rejected(invalid_property(definition.name, message, "INVALID_OPTION"))


def _options(definition: PropertyDefinition, text: str, allowed: Collection[str], stored: str | None) -> str | Rejected:
    """A `;` list; a leading `;` adds to what is stored [mem] (facts §3)."""
    parts = [part for part in text.split(";") if part]
    for part in parts:
        checked = _option(definition, part, allowed) if allowed else part
        if isinstance(checked, Rejected):
            return checked
    if text.startswith(";"):
        parts = [part for part in (stored or "").split(";") if part] + parts
    return ";".join(dict.fromkeys(parts))


def _datetime(definition: PropertyDefinition, text: str, where: str) -> str | Rejected:
    stamp = parse_stamp(text)
    if stamp is None:
        message = f"{text} was not a valid long.{where}"
        return Rejected(invalid_property(definition.name, message, "INVALID_LONG"))
    return iso(stamp)


def _date(definition: PropertyDefinition, text: str, where: str) -> str | Rejected:
    stamp = parse_stamp(text)
    if stamp is None:
        message = f"{text} was not a valid long.{where}"
        return Rejected(invalid_property(definition.name, message, "INVALID_LONG"))
    if stamp % DAY_MS:
        message = f"{text} is at {iso(stamp)[11:-1]} UTC, not midnight!"
        return Rejected(invalid_property(definition.name, message, "INVALID_DATE"))
    return iso_date(stamp)


def _plain(definition: PropertyDefinition, text: str) -> str | Rejected:
    if definition.name in _EMAIL_NAMES:
        if not _EMAIL.match(text):
            message = f"Email address {text} is invalid"
            return Rejected(invalid_property(definition.name, message, "INVALID_EMAIL"))
        return text.strip().lower()
    if len(text) > MAX_TEXT:
        message = f"Property value of {definition.name} is too long. Maximum length is {MAX_TEXT}"
        return Rejected(invalid_property(definition.name, message, "PROPERTY_VALUE_TOO_LONG"))
    return text


def stored_value(
    definition: PropertyDefinition, value: object, *, allowed: Collection[str], stored: str | None, where: str
) -> str | Rejected:
    """What a written value is stored as: ISO for times, internal names for options, text always.

    `allowed` lists the options of an enumeration (owner ids for an owner, stage ids for a stage);
    `where` closes the message with portal and object as recorded.
    """
    text = as_text(value)
    if text is None:
        message = f"{value} was not a valid value.{where}"
        return Rejected(invalid_property(definition.name, message, "INVALID_VALUE"))
    if text == "":
        return ""
    match definition.type:
        case "enumeration" if definition.is_list:
            return _options(definition, text, allowed, stored)
        case "enumeration":
            return _option(definition, text, allowed)
        case "bool":
            return _option(definition, text, ("true", "false"))
        case "number":
            if _NUMBER.match(text):
                return text
            message = f"{text} was not a valid integer.{where}"
            return Rejected(invalid_property(definition.name, message, "INVALID_INTEGER"))
        case "datetime":
            return _datetime(definition, text, where)
        case "date":
            return _date(definition, text, where)
        case _:
            return _plain(definition, text)


def read_only_problem(definition: PropertyDefinition) -> Problem | None:
    """Why a property may not be written at all. The code READ_ONLY_VALUE is [mem] (facts §7)."""
    if not definition.calculated and not definition.read_only:
        return None
    kind = "calculated" if definition.calculated else "read only"
    message = f'"{definition.name}" is a {kind} property; its value cannot be set'
    return invalid_property(definition.name, message, "READ_ONLY_VALUE")


def unknown_problem(name: str) -> Problem:
    """A property the object does not have."""
    return invalid_property(name, f'Property "{name}" does not exist', "PROPERTY_DOESNT_EXIST")
