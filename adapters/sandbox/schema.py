"""What an org knows of its objects: fields, options, rules and relations, in native names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from adapters.sandbox.rows import Value

Values = Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One value a picklist offers; `traits` are flavour-specific (won, probability, display order...)."""

    value: str
    label: str = ""
    active: bool = True
    default: bool = False
    traits: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FieldDefinition:
    """One field. `kind` is the native type name; `traits` carries native metadata the engine does not read.

    `default_to_writer` fills a new row with the writing user, `numbered` with the next number in that format.
    """

    name: str
    kind: str
    label: str = ""
    required: bool = False
    unique: bool = False
    external_id: bool = False
    createable: bool = True
    updateable: bool = True
    calculated: bool = False
    hidden: bool = False
    length: int = 0
    options: tuple[Option, ...] = ()
    restricted: bool = False
    references: tuple[str, ...] = ()
    default: Value = None
    default_to_writer: bool = False
    numbered: str = ""
    traits: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationRule:
    """An admin's rule: `broken` says whether the row as it would be stored violates it."""

    name: str
    broken: Callable[[Values], bool]
    message: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordType:
    """A record type and the picklist values it offers, per field; a field not named offers all."""

    id: str
    name: str
    options: Mapping[str, frozenset[str]] = field(default_factory=dict)
    default: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Hanging:
    """Says that rows of an object (a "task", a "note") hang on another record, and where their text stands.

    `parents` are reference fields in order of preference; associations are asked when none is filled.
    A client's marker is the value of one of `external_ids`, or a token found in one of `marked_texts`.
    """

    kind: str
    text: str
    parents: tuple[str, ...] = ()
    external_ids: tuple[str, ...] = ()
    marked_texts: tuple[str, ...] = ()


def _nothing_derived(values: Values, before: Values | None, stamp: int) -> Values:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ObjectDefinition:
    """One object type of the org. `derive` gives the fields the CRM computes from (new values, old values, now)."""

    name: str
    fields: Mapping[str, FieldDefinition]
    label: str = ""
    plural: str = ""
    prefix: str = ""
    rules: tuple[ValidationRule, ...] = ()
    record_types: tuple[RecordType, ...] = ()
    record_type_field: str = ""
    hanging: Hanging | None = None
    derive: Callable[[Values, Values | None, int], Values] = _nothing_derived
    traits: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OrgSchema:
    """All object types of an org, and the flavour's own rules for ids and values.

    `accept` turns a value from the wire into a stored one or raises ValueError; `new_id` makes the id of
    the n-th row of an object; `touch_on_equal` says whether writing an equal value moves the stamps.
    """

    flavour: str
    objects: Mapping[str, ObjectDefinition]
    accept: Callable[[FieldDefinition, object], Value]
    new_id: Callable[[ObjectDefinition, int], str]
    touch_on_equal: bool = True

    def with_object(self, definition: ObjectDefinition) -> OrgSchema:
        return replace(self, objects={**self.objects, definition.name: definition})

    def with_field(self, object_name: str, definition: FieldDefinition) -> OrgSchema:
        """The same schema with one field added or replaced."""
        owner = self.objects[object_name]
        return self.with_object(replace(owner, fields={**owner.fields, definition.name: definition}))

    def without_field(self, object_name: str, field_name: str) -> OrgSchema:
        owner = self.objects[object_name]
        kept = {name: found for name, found in owner.fields.items() if name != field_name}
        return self.with_object(replace(owner, fields=kept))
