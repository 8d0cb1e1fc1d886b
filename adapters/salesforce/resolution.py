"""Writes whose answer was lost: found out by reading the row, its last modifier, its values and its field history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from adapters.salesforce.catalog import Catalog
from adapters.salesforce.client import SalesforceClient
from adapters.salesforce.creates import Creates
from adapters.salesforce.payloads import payload
from adapters.salesforce.reads import SalesforceReader
from adapters.salesforce.rows import stamp_of
from adapters.salesforce.soql import literal, one_of, select
from connector.adapter import (
    Created,
    FieldName,
    FieldValue,
    Gone,
    GuardedWrite,
    MarkedCreate,
    Merged,
    Missed,
    NotApplied,
    Record,
    Resolution,
    Unknown,
    UnknownWrite,
    Written,
    same_value,
)
from connector.errors import ConnectorError, CredentialsError, PermanentError, UnknownFieldError

_STILL_UNDER_WAY = timedelta(minutes=2)  # a create without a unique marker may still be running this long
_HISTORY = {"Opportunity": "OpportunityFieldHistory"}


class Resolutions:
    """Answers for each write of unknown outcome whether it arrived."""

    def __init__(self, client: SalesforceClient, catalog: Catalog, reader: SalesforceReader, creates: Creates) -> None:
        self._client = client
        self._catalog = catalog
        self._reader = reader
        self._creates = creates

    def find_out(self, unknown: Sequence[UnknownWrite]) -> tuple[Resolution, ...]:
        return tuple(self._one(one) for one in unknown)

    def _one(self, unknown: UnknownWrite) -> Resolution:
        try:
            if isinstance(unknown.write, MarkedCreate):
                return self._create(unknown.write, unknown)
            return self._update(unknown.write)
        except CredentialsError:
            raise
        except ConnectorError as error:
            return Unknown(reason=error.message)

    def _update(self, write: GuardedWrite) -> Resolution:
        description = self._catalog.describe(write.ref.object)
        try:
            expected = payload(description, write.values, creating=False).expected
        except PermanentError:
            return NotApplied()
        now = self._reader.read([write.ref], list(write.values))[write.ref]
        match now:
            case Gone():
                return Missed()
            case Merged(into=into):
                return Missed(into=into)
            case Record() if now.version == write.live.version:
                return NotApplied()
            case Record():
                ours = self._arrived(write.live, now, expected)
                return _applied(write, expected, now) if ours else NotApplied()

    def _arrived(self, live: Record, now: Record, expected: Mapping[FieldName, FieldValue]) -> bool:
        """Whether our write came between `live` and `now`: by the last modifier, the field history, or the values."""
        bringing = [name for name, value in expected.items() if not _same(live, name, value)]
        trace = any(_same(now, name, expected[name]) for name in bringing)
        moved = any(not _same(now, name, live.fields.get(name)) for name in bringing)
        if not moved:
            return False  # every field stands as before: sending again under the new stamp is safe
        us = self._client.user_id()
        if now.modified_by == us:
            return True
        authors = self._authors(live, bringing)
        # A tracked field names everybody who wrote it; for an untracked one its value is the only witness.
        return us in authors if authors else trace

    def _authors(self, live: Record, names: Sequence[FieldName]) -> set[str]:
        """Who changed these fields after `live`, from the field history as far as it is kept."""
        description = self._catalog.describe(live.ref.object)
        fields = {description.column(name).native for name in names}
        history, parent = _history_of(description.native)
        # `live` had settled: whatever came later carries a later second.
        since = literal(stamp_of(live.version) + timedelta(seconds=1))
        where = (one_of(parent, [live.ref.id]), f"CreatedDate >= {since}")
        try:
            rows = self._client.rows(["Id", "Field", "CreatedById"], history, *where)
        except UnknownFieldError:
            return set()  # history is not kept for this object, or not shown to us
        # An owner's change is listed under "Owner" by some histories.
        named = fields | {field.removesuffix("Id") for field in fields}
        return {str(row.get("CreatedById")) for row in rows if row.get("Field") in named}

    def _create(self, create: MarkedCreate, unknown: UnknownWrite) -> Resolution:
        found = self._creates.find([(create, unknown.sent_at)])
        if create.marker in found:
            return Created(ref=found[create.marker], existed=True)
        description = self._catalog.describe(create.object)
        if self._creates.has_marker_field(description):
            return NotApplied()  # a late arrival and a new try would be one record: the marker is unique
        server = self._client.query(select(["Id"], description.native, order="Id", limit=1)).at
        if server - unknown.sent_at < _STILL_UNDER_WAY:
            return Unknown(reason="the create may still be under way")
        return NotApplied()


def _history_of(native: str) -> tuple[str, str]:
    """The object that keeps the field history of another, and its lookup to it."""
    if native.endswith("__c"):
        return f"{native[:-1]}History", "ParentId"
    return _HISTORY.get(native, f"{native}History"), f"{native}Id"


def _same(record: Record, name: FieldName, value: FieldValue) -> bool:
    return same_value(record.fields.get(name), value)


def _applied(write: GuardedWrite, expected: Mapping[FieldName, FieldValue], now: Record) -> Written:
    after = {name: now.fields.get(name) for name in write.values}
    changed = tuple(name for name, value in after.items() if not same_value(value, expected[name]))
    before = {name: write.live.fields.get(name) for name in write.values}
    return Written(version=now.version, before=before, after=after, changed_by_crm=changed)
