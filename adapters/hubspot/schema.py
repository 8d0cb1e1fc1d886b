"""The live schema of a portal: properties, pipelines and associations of one object in shared names."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from adapters.hubspot.mapping import EMPTY, LINKS, OBJECTS, OWNER, TRUE, FieldMapping, field_mappings
from adapters.hubspot.values import NativeField
from connector.adapter import (
    VOCABULARY,
    FieldKind,
    FieldName,
    FieldSchema,
    ObjectSchema,
    ObjectType,
    Option,
    SharedField,
    readable,
)
from connector.errors import UnknownFieldError

Listed: TypeAlias = tuple[Mapping[str, Any], ...]
_KINDS: Mapping[str, FieldKind] = {
    "string": FieldKind.TEXT,
    "number": FieldKind.NUMBER,
    "date": FieldKind.DATE,
    "datetime": FieldKind.DATETIME,
    "bool": FieldKind.BOOLEAN,
    "phone_number": FieldKind.PHONE,
}
_SAME_SHAPE = frozenset({FieldKind.TEXT, FieldKind.LONG_TEXT, FieldKind.EMAIL, FieldKind.PHONE, FieldKind.URL})
_STAGES = frozenset({"dealstage", "hs_pipeline_stage"})
_PIPELINES = frozenset({"pipeline", "hs_pipeline"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveObject:
    """One object of this portal: its schema for the product, and how each field translates."""

    schema: ObjectSchema
    fields: Mapping[FieldName, NativeField]
    stages: Mapping[str, frozenset[str]]  # stage ids by pipeline id
    pipeline_property: str | None = None

    def field(self, name: FieldName) -> NativeField:
        """The field, or UnknownFieldError: HubSpot itself ignores unknown names in silence."""
        found = self.fields.get(name)
        if found is None:
            raise UnknownFieldError(f"HubSpot has no field {name!r} on {self.schema.object} that we can see")
        return found

    def shared_name(self, native: str) -> FieldName:
        """The name the product knows a property by."""
        return next((name for name, each in self.fields.items() if each.schema.native == native), FieldName(native))


@readable
@lru_cache(maxsize=64)
def read_bodies(properties: bytes, pipelines: bytes) -> tuple[Listed, Listed]:
    """The two answers as lists; the same bytes are parsed once."""
    return tuple(_results(properties)), tuple(_results(pipelines))


def _results(body: bytes) -> list[Mapping[str, Any]]:
    return [each for each in (json.loads(body).get("results") or []) if not each.get("archived")] if body else []


@readable
def build(object: ObjectType, properties: Listed, pipelines: Listed, settings: Mapping[str, Any]) -> LiveObject:
    """The live object from what the portal says and what the user maps."""
    by_native = {str(each["name"]): each for each in properties}
    stages = {str(line["id"]): frozenset(str(stage["id"]) for stage in line.get("stages") or []) for line in pipelines}
    shared, mappings = VOCABULARY.get(object, {}), field_mappings(object, settings)
    fields: dict[FieldName, NativeField] = {}
    for name, mapping in mappings.items():
        native = next((each for each in mapping.natives if each in by_native), None)
        if native is not None:
            fields[name] = _field(object, name, by_native[native], pipelines, shared=shared.get(name), mapping=mapping)
    for link, target in LINKS.get(object, {}).items():
        fields.setdefault(FieldName(link), _link(link, target))
    taken = {each.schema.native for each in fields.values()}
    for native, described in by_native.items():
        if native not in taken and FieldName(native) not in fields:
            fields[FieldName(native)] = _field(object, FieldName(native), described, pipelines)
    schema = ObjectSchema(
        object=object,
        native=OBJECTS[object],
        fields={name: each.schema for name, each in fields.items()},
        fingerprint=_fingerprint(fields),
        missing=tuple(name for name in shared if name not in fields),
    )
    pipeline = next((each for each in sorted(_PIPELINES) if each in by_native and stages), None)
    return LiveObject(schema=schema, fields=fields, stages=stages, pipeline_property=pipeline)


def _link(name: str, target: ObjectType) -> NativeField:
    return NativeField(
        schema=FieldSchema(
            name=FieldName(name),
            native=f"associations.{OBJECTS[target]}",
            label=str(target).capitalize(),
            kind=FieldKind.REFERENCE,
            updateable=False,
            createable=False,
            references=(target,),
        ),
        link=target,
    )


def _field(
    object: ObjectType,
    name: FieldName,
    described: Mapping[str, Any],
    pipelines: Listed,
    *,
    shared: SharedField | None = None,
    mapping: FieldMapping | None = None,
) -> NativeField:
    native, type = str(described["name"]), str(described.get("type"))
    options = _described_options(native, described, pipelines)
    natives = dict(mapping.options) if mapping else {}
    keys = {each: key for key, group in natives.items() for each in group}
    empty = EMPTY.get((object, name))
    rich, writable = described.get("fieldType") == "html", _writable(described)
    unmapped = tuple(each for each, _, _ in options if each not in keys and each != empty)
    return NativeField(
        schema=FieldSchema(
            name=name,
            native=native,
            label=str(described.get("label") or native),
            kind=_kind(described, shared),
            # What a person formatted could not be put back exactly from its plain text, so it is not ours to edit.
            updateable=writable and not rich,
            createable=writable,
            strict=type == "enumeration" and bool(options),
            options=tuple(
                Option(key=keys.get(each, each), native=each, label=label, active=active) for each, label, active in options
            ),
            by_type=_by_pipeline(native, pipelines, keys),
            unmapped_options=unmapped if shared is not None and shared.options else (),
        ),
        type=type,
        rich=rich,
        keys=keys,
        natives=natives,
        empty=empty,
        true=TRUE.get((object, name)),
    )


def _writable(described: Mapping[str, Any]) -> bool:
    # Read-only is not the same as calculated: num_associated_deals is the first without the second (recorded).
    locked = (described.get("modificationMetadata") or {}).get("readOnlyValue")
    return not described.get("calculated") and not locked


def _kind(described: Mapping[str, Any], shared: SharedField | None) -> FieldKind:
    native, type, field_type = described["name"], str(described.get("type")), described.get("fieldType")
    if native == OWNER or described.get("referencedObjectType") == "OWNER":
        return FieldKind.USER
    if type == "enumeration":
        if shared is not None and shared.kind in (FieldKind.OPTION, FieldKind.BOOLEAN):
            return shared.kind
        return FieldKind.OPTIONS if field_type == "checkbox" else FieldKind.OPTION
    kind = _KINDS.get(type, FieldKind.TEXT)
    if kind is FieldKind.TEXT and field_type in ("textarea", "html"):
        kind = FieldKind.LONG_TEXT
    return _shared_kind(kind, shared)


def _shared_kind(kind: FieldKind, shared: SharedField | None) -> FieldKind:
    """The shared kind where it says more than HubSpot's type, and never where the two contradict each other."""
    if shared is None:
        return kind
    narrower = {
        FieldKind.NUMBER: {FieldKind.MONEY, FieldKind.REFERENCE},
        FieldKind.TEXT: _SAME_SHAPE | {FieldKind.MONEY, FieldKind.NUMBER, FieldKind.REFERENCE},
        FieldKind.LONG_TEXT: _SAME_SHAPE,
        FieldKind.DATETIME: {FieldKind.DATE},
    }
    return shared.kind if shared.kind in narrower.get(kind, frozenset()) else kind


def _described_options(native: str, described: Mapping[str, Any], pipelines: Listed) -> list[tuple[str, str, bool]]:
    if native in _STAGES and pipelines:
        return [
            (str(stage["id"]), f"{line.get('label')}: {stage.get('label')}", not stage.get("archived"))
            for line in pipelines
            for stage in line.get("stages") or []
        ]
    if native in _PIPELINES and pipelines:
        return [(str(line["id"]), str(line.get("label")), True) for line in pipelines]
    if described.get("type") != "enumeration":
        return []
    return [
        (str(each["value"]), str(each.get("label") or each["value"]), not each.get("hidden"))
        for each in described.get("options") or []
    ]


def _by_pipeline(native: str, pipelines: Listed, keys: Mapping[str, str]) -> Mapping[str, tuple[str, ...]]:
    if native not in _STAGES:
        return {}
    return {
        str(line["id"]): tuple(keys.get(str(stage["id"]), str(stage["id"])) for stage in line.get("stages") or [])
        for line in pipelines
    }


def _fingerprint(fields: Mapping[FieldName, NativeField]) -> str:
    content = [
        (name, each.schema.native, each.schema.kind, each.schema.updateable, [o.native for o in each.schema.options])
        for name, each in sorted(fields.items())
    ]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]
