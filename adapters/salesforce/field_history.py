"""The field history of an org: who changed tracked fields, from what to what, as far as it is kept and shown to us."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from adapters.salesforce.catalog import Catalog
from adapters.salesforce.client import SalesforceClient
from adapters.salesforce.rows import stamp_of
from adapters.salesforce.soql import among, literal, one_of, parse_stamp, select
from connector.adapter import FieldName, ObjectType, Record
from connector.errors import UnknownFieldError

_NAMED = {"Opportunity": "OpportunityFieldHistory"}
_COLUMNS = ("Id", "Field", "OldValue", "NewValue", "CreatedById", "CreatedDate")


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldEdit:
    """One change of one field, with both values as Salesforce wrote them. `record` is an id's first 15 characters."""

    record: str
    field: str
    before: Any
    after: Any
    by: str
    at: datetime

    def is_of(self, native: str) -> bool:
        """An owner's change is listed under "Owner" by some histories."""
        return self.field in (native, native.removesuffix("Id"))


class FieldHistory:
    """Answers from history rows alone; an object whose history is not kept, or not shown to us, has none.

    `reach` is how long after its stamp a transaction may still commit.
    """

    def __init__(self, client: SalesforceClient, catalog: Catalog, *, reach: timedelta) -> None:
        self._client = client
        self._catalog = catalog
        self._reach = reach

    def may_hide(self, live: Record) -> bool:
        """Whether an edit with the record's very stamp may have committed after it was read.

        Stamps are whole seconds and are set before the commit: such an edit passes the guard unseen.
        """
        return live.read_at - stamp_of(live.version) < self._reach

    def question(self, lives: Sequence[Record]) -> str:
        """The query for all changes of these records, of one object, since their stamps."""
        history, parent = _history_of(self._native(lives[0]))
        return select([*_COLUMNS, parent], history, *_since(parent, lives))

    def edits(self, lives: Sequence[Record]) -> tuple[FieldEdit, ...]:
        """What `question` asks for, read whole."""
        history, parent = _history_of(self._native(lives[0]))
        try:
            return self.listed(lives[0].ref.object, self._client.rows([*_COLUMNS, parent], history, *_since(parent, lives)))
        except UnknownFieldError:
            return ()

    def listed(self, kind: ObjectType, rows: Iterable[Mapping[str, Any]]) -> tuple[FieldEdit, ...]:
        """The rows of an answer."""
        _, parent = _history_of(self._catalog.describe(kind).native)
        return tuple(
            FieldEdit(
                record=str(row.get(parent))[:15], field=str(row.get("Field")), before=row.get("OldValue"),
                after=row.get("NewValue"), by=str(row.get("CreatedById")), at=parse_stamp(row.get("CreatedDate")),
            )
            for row in rows
        )  # fmt: skip

    def lists(self, live: Record, names: Sequence[FieldName]) -> bool:
        """Whether it knows any of these fields from any record: then a change that it does not list was none."""
        history, _ = _history_of(self._native(live))
        description = self._catalog.describe(live.ref.object)
        fields = {description.column(name).native for name in names}
        where = among("Field", sorted(fields | {field.removesuffix("Id") for field in fields}))
        try:
            return bool(self._client.query(select(["Id"], history, where, limit=1)).body["records"])
        except UnknownFieldError:
            return False

    def _native(self, live: Record) -> str:
        return self._catalog.describe(live.ref.object).native


def _since(parent: str, lives: Sequence[Record]) -> tuple[str, str]:
    oldest = min(stamp_of(live.version) for live in lives)
    return one_of(parent, [live.ref.id for live in lives]), f"CreatedDate >= {literal(oldest)}"


def _history_of(native: str) -> tuple[str, str]:
    """The object that keeps the field history of another, and its lookup to it."""
    if native.endswith("__c"):
        return f"{native[:-1]}History", "ParentId"
    return _NAMED.get(native, f"{native}History"), f"{native}Id"
