"""The field history of an org: who changed tracked fields of a record, as far as it is kept and shown to us."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from adapters.salesforce.catalog import Catalog
from adapters.salesforce.client import SalesforceClient
from adapters.salesforce.rows import stamp_of
from adapters.salesforce.soql import among, literal, one_of, select
from connector.adapter import FieldName, ObjectType, Record
from connector.errors import UnknownFieldError

_NAMED = {"Opportunity": "OpportunityFieldHistory"}


class FieldHistory:
    """Answers from history rows alone; an object whose history is not kept, or not shown to us, has none."""

    def __init__(self, client: SalesforceClient, catalog: Catalog) -> None:
        self._client = client
        self._catalog = catalog

    def authors(self, live: Record, names: Sequence[FieldName]) -> set[str]:
        """Who changed these fields after `live`."""
        history, parent = _history_of(self._native(live))
        # `live` had settled: whatever came later carries a later second.
        since = literal(stamp_of(live.version) + timedelta(seconds=1))
        where = (one_of(parent, [live.ref.id]), f"CreatedDate >= {since}")
        try:
            rows = self._client.rows(["Id", "Field", "CreatedById"], history, *where)
        except UnknownFieldError:
            return set()
        listed = self._listed(live.ref.object, names)
        return {str(row.get("CreatedById")) for row in rows if row.get("Field") in listed}

    def lists(self, live: Record, names: Sequence[FieldName]) -> bool:
        """Whether it knows any of these fields from any record: then a change that it does not list was none."""
        history, _ = _history_of(self._native(live))
        where = among("Field", sorted(self._listed(live.ref.object, names)))
        try:
            return bool(self._rows(select(["Id"], history, where, limit=1)))
        except UnknownFieldError:
            return False

    def _rows(self, soql: str) -> list[Mapping[str, Any]]:
        return list(self._client.query(soql).body["records"])

    def _native(self, live: Record) -> str:
        return self._catalog.describe(live.ref.object).native

    def _listed(self, object: ObjectType, names: Sequence[FieldName]) -> set[str]:
        description = self._catalog.describe(object)
        fields = {description.column(name).native for name in names}
        # An owner's change is listed under "Owner" by some histories.
        return fields | {field.removesuffix("Id") for field in fields}


def _history_of(native: str) -> tuple[str, str]:
    """The object that keeps the field history of another, and its lookup to it."""
    if native.endswith("__c"):
        return f"{native[:-1]}History", "ParentId"
    return _NAMED.get(native, f"{native}History"), f"{native}Id"
