"""Writes whose answer was lost: found out by reading the row, its last modifier, its values and its field history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from adapters.salesforce.catalog import Catalog
from adapters.salesforce.client import SalesforceClient
from adapters.salesforce.creates import Creates
from adapters.salesforce.payloads import payload
from adapters.salesforce.reads import SalesforceReader
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
from connector.errors import ConnectorError, CredentialsError, PermanentError

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
            return self._update(unknown.write, unknown)
        except CredentialsError:
            raise
        except ConnectorError as error:
            return Unknown(reason=error.message)

    def _update(self, write: GuardedWrite, unknown: UnknownWrite) -> Resolution:
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
                ours = _left_a_trace(write.live, now, expected) or self._was_replaced(write.live, now, expected, unknown)
                return _applied(write, expected, now) if ours else NotApplied()

    def _was_replaced(
        self, live: Record, now: Record, expected: Mapping[FieldName, FieldValue], unknown: UnknownWrite
    ) -> bool:
        """Whether our values stood there before a third one did: we touched the row last, or its history names us."""
        others = [name for name in expected if not _same(now, name, live.fields.get(name))]
        if not others:
            return False  # every field stands as before: sending again under the new stamp is safe
        if now.modified_by == self._client.user_id():
            return True
        return self._in_history(now, others, unknown)

    def _in_history(self, now: Record, names: Sequence[FieldName], unknown: UnknownWrite) -> bool:
        """Whether the field history shows a change of these fields by our user since the write was sent."""
        description = self._catalog.describe(now.ref.object)
        fields = {description.column(name).native for name in names}
        history, parent = _history_of(description.native)
        where = (one_of(parent, [now.ref.id]), f"CreatedDate >= {literal(unknown.sent_at - timedelta(minutes=5))}")
        query = select(["Id", "Field", "CreatedById"], history, *where, limit=200)
        try:
            rows = self._client.query(query).body["records"]
        except PermanentError:
            return False  # history is not kept for this object, or not shown to us
        us = self._client.user_id()
        return any(row.get("CreatedById") == us and row.get("Field") in fields for row in rows)

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


def _left_a_trace(live: Record, now: Record, expected: Mapping[FieldName, FieldValue]) -> bool:
    """Whether a value stands there that only our write was going to bring; one of them proves them all."""
    return any(_same(now, name, value) and not _same(live, name, value) for name, value in expected.items())


def _same(record: Record, name: FieldName, value: FieldValue) -> bool:
    return same_value(record.fields.get(name), value)


def _applied(write: GuardedWrite, expected: Mapping[FieldName, FieldValue], now: Record) -> Written:
    after = {name: now.fields.get(name) for name in write.values}
    changed = tuple(name for name, value in after.items() if not same_value(value, expected[name]))
    before = {name: write.live.fields.get(name) for name in write.values}
    return Written(version=now.version, before=before, after=after, changed_by_crm=changed)
