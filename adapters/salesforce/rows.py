"""One row of an answer as a record, a deletion or a merge."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from adapters.salesforce.relations import lookups_of, object_of
from adapters.salesforce.schema import Column, Description
from adapters.salesforce.soql import parse_stamp
from connector.adapter import ConnectionName, FieldName, Found, Gone, Merged, ObjectType, Record, RecordRef, Version
from connector.errors import InvalidResponseError

_SYSTEM = (
    "Id", "SystemModstamp", "CreatedDate", "LastModifiedDate", "LastModifiedById", "IsDeleted", "MasterRecordId",
    "CurrencyIsoCode",
)  # fmt: skip


def version_of(stamp: object) -> Version:
    """The version of a row: its SystemModstamp, which is also what its Last-Modified header says."""
    return Version(parse_stamp(stamp).strftime("%Y-%m-%dT%H:%M:%SZ"))


def stamp_of(version: Version) -> datetime:
    return parse_stamp(version)


class RowReader:
    """Reads the rows of one object as the wanted columns; bulk CSV rows and JSON rows alike."""

    def __init__(self, connection: ConnectionName, description: Description, columns: Mapping[FieldName, Column]) -> None:
        self._connection = connection
        self._description = description
        self._columns = columns
        self._lookups = [name for name in lookups_of(description.schema.object) if name in description.natives]

    @property
    def names(self) -> list[str]:
        """What a query asks for: the system fields this object has, its lookups, then the wanted ones."""
        system = [name for name in _SYSTEM if name in self._description.natives]
        wanted = (column.native for column in self._columns.values())
        return list(dict.fromkeys([*system, *self._lookups, *wanted]))

    def ref(self, record_id: str) -> RecordRef:
        return RecordRef(self._connection, self._description.schema.object, record_id)

    def row_ref(self, row: Mapping[str, Any]) -> RecordRef:
        record_id = row.get("Id")
        if not isinstance(record_id, str):
            raise InvalidResponseError("a row came without its id")
        return self.ref(record_id)

    def found(self, row: Mapping[str, Any], read_at: datetime) -> Found:
        """The row as it stands: live, deleted, or merged into another."""
        if row.get("IsDeleted") not in (True, "true"):
            return self.record(row, read_at)
        ref, at = self.row_ref(row), parse_stamp(row.get("SystemModstamp"))
        survivor = row.get("MasterRecordId")
        return Merged(ref=ref, into=self.ref(str(survivor)), at=at) if survivor else Gone(ref=ref, at=at)

    def record(self, row: Mapping[str, Any], read_at: datetime) -> Record:
        stamp = row.get("SystemModstamp")
        modified = row.get("LastModifiedDate") or stamp
        return Record(
            ref=self.row_ref(row),
            version=version_of(stamp),
            fields={name: column.value(row.get(column.native)) for name, column in self._columns.items()},
            created_at=parse_stamp(row.get("CreatedDate") or modified),
            modified_at=parse_stamp(modified),
            read_at=read_at,
            modified_by=row.get("LastModifiedById") or None,
            related=self._related(row),
            currency=row.get("CurrencyIsoCode") or None,
        )

    def _related(self, row: Mapping[str, Any]) -> Mapping[ObjectType, tuple[str, ...]]:
        """The ids this row's own lookups hold, by object."""
        related: dict[ObjectType, tuple[str, ...]] = {}
        for name in self._lookups:
            target = row.get(name)
            kind = object_of(target) if isinstance(target, str) else None
            if isinstance(target, str) and kind is not None:
                related[kind] = (*related.get(kind, ()), target)
        return related
