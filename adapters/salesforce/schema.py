"""Salesforce's describe answers as live schemas: shared names, shared option keys, and what our user may write."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from adapters.salesforce.encoding import decode
from adapters.salesforce.mapping import FieldMap, ObjectMap, shared_options
from connector.adapter import VOCABULARY, FieldKind, FieldName, FieldSchema, FieldValue, ObjectSchema, ObjectType, Option
from connector.errors import InvalidResponseError, UnknownFieldError

_KINDS: Mapping[str, FieldKind] = {
    "textarea": FieldKind.LONG_TEXT, "currency": FieldKind.MONEY, "double": FieldKind.NUMBER, "int": FieldKind.NUMBER,
    "long": FieldKind.NUMBER, "percent": FieldKind.NUMBER, "boolean": FieldKind.BOOLEAN, "date": FieldKind.DATE,
    "datetime": FieldKind.DATETIME, "picklist": FieldKind.OPTION, "combobox": FieldKind.OPTION,
    "multipicklist": FieldKind.OPTIONS, "email": FieldKind.EMAIL, "phone": FieldKind.PHONE, "url": FieldKind.URL,
}  # fmt: skip
_NOT_A_VALUE = {"address", "location", "base64", "complexvalue"}
_PEOPLE = {"User", "Group", "Calendar"}  # an event may belong to a public calendar
_OBJECTS: Mapping[str, ObjectType] = {
    "Account": ObjectType.ACCOUNT, "Contact": ObjectType.CONTACT, "Lead": ObjectType.LEAD, "Case": ObjectType.TICKET,
    "Opportunity": ObjectType.OPPORTUNITY, "Order": ObjectType.ORDER, "Product2": ObjectType.PRODUCT,
    "User": ObjectType.USER, "Event": ObjectType.MEETING,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """One field as a query asks for it and an answer is read."""

    schema: FieldSchema
    keys: Mapping[str, str]

    @property
    def native(self) -> str:
        return self.schema.native

    def value(self, raw: Any) -> FieldValue:
        return decode(self.schema, self.keys, raw)


@dataclass(frozen=True, slots=True)
class Description:
    """What one describe answer says about an object, in our words and in Salesforce's."""

    schema: ObjectSchema
    where: str
    natives: Mapping[str, FieldSchema]
    external_ids: frozenset[str]
    replicateable: bool
    record_types: tuple[str, ...] = ()  # ids of those our user may use
    columns: dict[FieldName, Column] = field(default_factory=dict)

    @property
    def native(self) -> str:
        return self.schema.native

    def column(self, name: FieldName) -> Column:
        """The field a name means: a shared name first, else Salesforce's own."""
        known = self.columns.get(name)
        if known is None:
            found = self.schema.fields.get(name) or self.natives.get(name)
            if found is None:
                raise self._absent(name)
            known = Column(found, {option.native: option.key for option in found.options})
            self.columns[name] = known
        return known

    def select(self, names: Collection[FieldName]) -> Mapping[FieldName, Column]:
        """The columns of several names; UnknownFieldError names every one that is absent."""
        absent = [name for name in names if name not in self.schema.fields and name not in self.natives]
        if absent:
            raise self._absent(*absent)
        return {name: self.column(name) for name in names}

    def _absent(self, *names: FieldName) -> UnknownFieldError:
        listed = ", ".join(sorted(f"{self.schema.object}.{name}" for name in names))
        return UnknownFieldError(f"{listed}: not a field of Salesforce's {self.native}, or hidden from our user")

    def shared_name(self, native: str) -> FieldName:
        """The name we use for a Salesforce field, for instance one named in an error."""
        return next((name for name, one in self.schema.fields.items() if one.native == native), FieldName(native))


def read_description(kind: ObjectType, mapped: ObjectMap, body: Any) -> Description:
    """A describe answer, mapped."""
    if not isinstance(body, Mapping) or not isinstance(body.get("fields"), list):
        raise InvalidResponseError(f"the description of {mapped.native} came without its fields")
    described = {str(one["name"]): one for one in body["fields"] if str(one.get("type", "")).lower() not in _NOT_A_VALUE}
    natives = {name: _field(FieldName(name), one, kind, FieldMap(name)) for name, one in described.items()}
    fields = {
        shared: _field(shared, described[at.native], kind, at)
        for shared, at in mapped.fields.items()
        if at.native in described
    }
    taken = {one.native for one in fields.values()}
    fields |= {FieldName(name): one for name, one in natives.items() if name not in taken}
    missing = tuple(sorted(name for name in VOCABULARY[kind] if name not in fields))
    return Description(
        schema=ObjectSchema(
            object=kind, native=mapped.native, fields=fields, fingerprint=_fingerprint(fields), missing=missing
        ),
        where=mapped.where,
        natives=natives,
        external_ids=frozenset(name for name, one in described.items() if one.get("externalId") or one.get("idLookup")),
        replicateable=bool(body.get("replicateable", True)),
        record_types=tuple(
            str(one["recordTypeId"])
            for one in body.get("recordTypeInfos") or ()
            if one.get("available") and not one.get("master")
        ),
    )


def narrowed(description: Description, body: Any) -> ObjectSchema:
    """The schema with the options each record type leaves, from the object's layout description."""
    by_field: dict[str, dict[str, tuple[str, ...]]] = {}
    for one in (body.get("recordTypeMappings") or ()) if isinstance(body, Mapping) else ():
        for picklist in one.get("picklistsForRecordType") or ():
            values = tuple(str(value["value"]) for value in picklist.get("picklistValues") or () if value.get("active"))
            by_field.setdefault(str(picklist.get("picklistName")), {})[str(one.get("recordTypeId"))] = values
    schema = description.schema
    fields = {name: _by_type(column, by_field.get(column.native, {})) for name, column in schema.fields.items()}
    return replace(schema, fields=fields)


def _by_type(column: FieldSchema, natives: Mapping[str, tuple[str, ...]]) -> FieldSchema:
    if not column.options or not natives:
        return column
    keys = {option.native: option.key for option in column.options}
    kept = {kind: tuple(keys[value] for value in values if value in keys) for kind, values in natives.items()}
    return replace(column, by_type=kept)


def _field(name: FieldName, described: Mapping[str, Any], kind: ObjectType, mapped: FieldMap) -> FieldSchema:
    options, unmapped = _options(described.get("picklistValues") or (), mapped, shared_options(kind, name))
    targets = [str(one) for one in described.get("referenceTo") or ()]
    return FieldSchema(
        name=name,
        native=mapped.native,
        label=str(described.get("label") or mapped.native),
        kind=_kind(described, targets),
        updateable=bool(described.get("updateable")),
        createable=bool(described.get("createable")),
        required=bool(
            described.get("createable") and not described.get("nillable") and not described.get("defaultedOnCreate")
        ),
        strict=bool(described.get("restrictedPicklist")),
        options=options,
        max_length=int(described["length"]) if described.get("length") else None,
        precision=int(described["precision"]) if described.get("precision") else None,
        scale=int(described["scale"]) if described.get("scale") is not None else None,
        references=tuple(_OBJECTS[target] for target in targets if target in _OBJECTS),
        unmapped_options=unmapped,
    )


def _kind(described: Mapping[str, Any], targets: list[str]) -> FieldKind:
    if targets:
        return FieldKind.USER if set(targets) <= _PEOPLE else FieldKind.REFERENCE
    return _KINDS.get(str(described.get("type", "")).lower(), FieldKind.TEXT)


def _options(
    values: Collection[Mapping[str, Any]], mapped: FieldMap, shared: tuple[str, ...]
) -> tuple[tuple[Option, ...], tuple[str, ...]]:
    """Options under their keys, and the values that a shared list has no key for (never guessed)."""
    keys = {native: key for key, native in mapped.options.items()}
    options, unmapped = [], []
    for one in values:
        native = str(one.get("value", ""))
        key = keys.get(native) or (native if not shared or native in shared else None)
        if key is None:
            unmapped.append(native)
        else:
            label = str(one.get("label") or native)
            options.append(Option(key=key, native=native, label=label, active=bool(one.get("active", True))))
    return tuple(options), tuple(unmapped)


def _fingerprint(fields: Mapping[FieldName, FieldSchema]) -> str:
    lines = sorted(
        f"{name}|{one.native}|{one.kind}|{one.updateable}|{one.createable}|{one.required}|{one.max_length}|"
        + ",".join(f"{option.key}={option.native}:{option.active}" for option in one.options)
        + "|" + ",".join(one.unmapped_options)
        for name, one in fields.items()
    )  # fmt: skip
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
