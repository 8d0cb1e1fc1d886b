"""A record, its address and its version: what every stage passes on instead of CRM dictionaries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import NewType, TypeAlias

from connector.record.names import ConnectionName, FieldName, ObjectType
from connector.record.values import FieldValue

Version = NewType("Version", str)  # opaque: compare for equality, never for order

NO_FIELDS: Mapping[FieldName, FieldValue] = MappingProxyType({})


_KINDS = frozenset(ObjectType)


@dataclass(frozen=True, slots=True, order=True)
class RecordRef:
    """The address of one record: which connection, which object, which id."""

    connection: ConnectionName
    object: ObjectType
    id: str

    def __str__(self) -> str:
        return f"{self.connection}:{self.object}/{self.id}"

    @classmethod
    def parse(cls, text: str) -> RecordRef:
        """`crm:ticket/123` back to a ref; raises ValueError with the expected form."""
        connection, colon, rest = text.partition(":")
        kind, slash, record_id = rest.partition("/")
        if not (colon and slash and connection and record_id) or kind not in _KINDS:
            raise ValueError(f"{text!r} is not a record; expected CONNECTION:OBJECT/ID, for example crm:ticket/123")
        return cls(ConnectionName(connection), ObjectType(kind), record_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldStamp:
    """Who last set a field and when, where the CRM tells it per field."""

    at: datetime
    source: str  # the CRM's own word, such as CRM_UI or INTEGRATION
    by: str | None = None  # source id or user id


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One CRM object as it stood at `version`.

    `fields` uses shared names where they exist. `stamps` is filled only by CRMs that keep per-field history.
    `read_at` is the server's own time of the answer. `related` lists ids by object where the read asked for them.
    """

    ref: RecordRef
    version: Version
    fields: Mapping[FieldName, FieldValue]
    created_at: datetime
    modified_at: datetime
    read_at: datetime
    modified_by: str | None = None
    stamps: Mapping[FieldName, FieldStamp] = field(default_factory=dict)
    related: Mapping[ObjectType, tuple[str, ...]] = field(default_factory=dict)
    currency: str | None = None

    def value(self, name: FieldName) -> FieldValue:
        return self.fields.get(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """The record was deleted (or archived) since we last heard of it."""

    ref: RecordRef
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """The record lives on inside another one; pending writes are decided again, never redirected."""

    ref: RecordRef
    into: RecordRef
    at: datetime | None = None


Found: TypeAlias = Record | Gone | Merged
