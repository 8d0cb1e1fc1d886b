"""Reads rows as Salesforce shows them: system fields, compound addresses, parents, histories."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from adapters.sandbox.org import Org
from adapters.sandbox.rows import Row, RowKey, Value
from adapters.sandbox.salesforce.errors import ApiError
from adapters.sandbox.salesforce.history_rows import HistoryRows
from adapters.sandbox.salesforce.mail_relations import MailRelations
from adapters.sandbox.salesforce.objects_common import ADDRESS_PARTS
from adapters.sandbox.salesforce.objects_setup import MAIL_RELATION
from adapters.sandbox.salesforce.soql.ast import Path
from adapters.sandbox.salesforce.stamps import iso
from adapters.sandbox.schema import FieldDefinition, ObjectDefinition

Read = Callable[[Row], Value]
_SYSTEM: Mapping[str, Read] = {
    "Id": lambda row: row.id,
    "IsDeleted": lambda row: row.deleted is not None,
    "CreatedDate": lambda row: iso(row.created),
    "CreatedById": lambda row: row.created_by or None,
    "LastModifiedDate": lambda row: iso(row.modified),
    "LastModifiedById": lambda row: row.modified_by or None,
    "SystemModstamp": lambda row: iso(row.stamp),
    "MasterRecordId": lambda row: row.merged_into,
}
_TYPE_OF_PARENT = FieldDefinition(name="Type", kind="string", length=40)


@lru_cache(maxsize=512)
def fields_by_lower_name(definition: ObjectDefinition) -> Mapping[str, FieldDefinition]:
    """Fields the running user may see, by lower-case name."""
    return {field.name.lower(): field for field in definition.fields.values() if not field.hidden}


@lru_cache(maxsize=512)
def relationships(definition: ObjectDefinition) -> Mapping[str, FieldDefinition]:
    """Reference fields by the lower-case name of their relationship."""
    visible = [field for field in definition.fields.values() if not field.hidden]
    return {str(field.traits["relationship"]).lower(): field for field in visible if "relationship" in field.traits}


@lru_cache(maxsize=4096)
def reader_of(field: FieldDefinition) -> Read:
    """How one field of a row is read; a compound address is read by `shown`."""
    if field.traits.get("system"):
        return _SYSTEM[field.name]
    name, empty = field.name, False if field.kind == "boolean" else None

    def read(row: Row) -> Value:
        value = row.values.get(name)
        return empty if value is None else value

    return read


def shown(row: Row, field: FieldDefinition) -> Any:
    """A field's value as JSON."""
    if field.kind != "address":
        return reader_of(field)(row)
    kind = str(field.traits["parts"])
    parts = {part[0].lower() + part[1:]: row.values.get(kind + part) for part, _ in ADDRESS_PARTS}
    if all(value is None for value in parts.values()):
        return None
    return {"geocodeAccuracy": None, "latitude": None, "longitude": None, **parts}


class Reader:
    """Finds objects, fields and rows by the names a client uses, in any case."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._histories = HistoryRows(org)
        self._mails = MailRelations(org)

    def object(self, name: str) -> ObjectDefinition | None:
        """The definition of an object, by its name in any case."""
        objects = self._org.schema.objects
        if name in objects:
            return objects[name]
        return next((found for known, found in objects.items() if known.lower() == name.lower()), None)

    def field(self, definition: ObjectDefinition, name: str) -> FieldDefinition:
        """A visible field; raises ApiError INVALID_FIELD."""
        found = fields_by_lower_name(definition).get(name.lower())
        if found is None:
            raise ApiError(400, "INVALID_FIELD", _no_column(name, definition.name))
        return found

    def rows(
        self, definition: ObjectDefinition, *, deleted: bool, since: int | None = None, parent: str | None = None
    ) -> Iterator[Row]:
        """Rows of an object, those included that the CRM keeps by itself."""
        if definition.traits.get("read_only"):
            return self._derived(definition.name, parent)
        return self._org.rows(definition.name, deleted=deleted, since=since)

    def find(self, definition: ObjectDefinition, row_id: str) -> Row | None:
        if definition.traits.get("read_only"):
            return next((row for row in self._derived(definition.name, None) if row.id == row_id), None)
        return self._org.find(definition.name, row_id)

    def _derived(self, name: str, parent: str | None) -> Iterator[Row]:
        """Rows the CRM keeps by itself, of one parent or of all."""
        return self._mails.rows(parent) if name == MAIL_RELATION else self._histories.rows(name, parent)

    def resolve(self, definition: ObjectDefinition, path: Path) -> tuple[FieldDefinition, Read]:
        """A field or a field of a parent, with how to read it from a row."""
        if len(path) == 1:
            field = self.field(definition, path[0])
            return field, reader_of(field)
        link, field = self.parent_field(definition, path)

        def read(row: Row) -> Value:
            parent = self.parent(row, link)
            if parent is None:
                return None
            return parent.object if field is _TYPE_OF_PARENT else reader_of(field)(parent)

        return field, read

    def parent_field(self, definition: ObjectDefinition, path: Path) -> tuple[FieldDefinition, FieldDefinition]:
        """The reference field and the parent's field a two-part path names."""
        link = relationships(definition).get(path[0].lower())
        if link is None:
            said = f"Didn't understand relationship '{path[0]}' in field path."
            raise ApiError(400, "INVALID_FIELD", said)
        targets = targets_of(link)
        if len(targets) > 1 and path[1].lower() == "type":
            return link, _TYPE_OF_PARENT
        for target in targets:
            found = fields_by_lower_name(self._org.schema.objects[target]).get(path[1].lower())
            if found is not None:
                return link, found
        raise ApiError(400, "INVALID_FIELD", _no_column(path[1], targets[0]))

    def parent(self, row: Row, link: FieldDefinition) -> Row | None:
        """The row a reference field names."""
        parent_id = reader_of(link)(row)
        key = self._org.locate(str(parent_id), targets_of(link)) if parent_id else None
        return self._org.find(*key) if key else None

    def key(self, definition: ObjectDefinition, row_id: str) -> RowKey:
        return RowKey(definition.name, row_id)


def targets_of(link: FieldDefinition) -> tuple[str, ...]:
    """The objects a reference field may point at."""
    return link.references or tuple(link.traits.get("targets", ()))


def is_type_of_parent(field: FieldDefinition) -> bool:
    return field is _TYPE_OF_PARENT


def _no_column(name: str, object_name: str) -> str:
    return (
        f"No such column '{name}' on entity '{object_name}'. If you are attempting to use a custom field, be sure to "
        "append the '__c' after the custom field name. Please reference your WSDL or the describe call for the "
        "appropriate names."
    )
