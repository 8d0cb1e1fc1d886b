"""Writes whose answer was lost: found out by reading the row, its last modifier, its values and its field history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from adapters.salesforce.catalog import Catalog
from adapters.salesforce.client import SalesforceClient
from adapters.salesforce.creates import Creates
from adapters.salesforce.field_history import FieldEdit, FieldHistory
from adapters.salesforce.payloads import Payload, payload
from adapters.salesforce.reads import SalesforceReader
from adapters.salesforce.rows import stamp_of
from adapters.salesforce.soql import select
from adapters.salesforce.unseen import before_write, overwritten, unseen_edits
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
    Unprovable,
    Written,
    same_value,
)
from connector.errors import ConnectorError, CredentialsError, PermanentError

_STILL_UNDER_WAY = timedelta(minutes=2)  # a create without a unique marker may still be running this long


class Resolutions:
    """Answers for each write of unknown outcome whether it arrived."""

    def __init__(
        self, client: SalesforceClient, catalog: Catalog, reader: SalesforceReader, creates: Creates, history: FieldHistory
    ) -> None:
        self._client = client
        self._catalog = catalog
        self._reader = reader
        self._creates = creates
        self._history = history

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
            sent = payload(description, write.values, creating=False)
        except PermanentError:
            return NotApplied()
        now = self._reader.read([write.ref], list(write.values))[write.ref]
        match now:
            case Gone():
                return Missed()
            case Merged(into=into):
                return Missed(into=into)
            case Record() if write.live.modified_at == now.modified_at:
                return NotApplied()  # nobody wrote it; the org itself may have moved the version
            case Record():
                return self._judged(write, now, sent)

    def _judged(self, write: GuardedWrite, now: Record, sent: Payload) -> Resolution:
        """Whether our write came between `live` and `now`: by the last modifier, the field history, or the values."""
        live, us = write.live, self._client.user_id()
        bringing = [name for name, value in sent.expected.items() if not _same(live, name, value)]
        if not bringing:
            return NotApplied()
        if now.modified_by == us:
            moved = any(not _same(now, name, live.fields.get(name)) for name in bringing)
            if not moved:
                return NotApplied()  # sending again under the new stamp is safe
            return _applied(write, sent, now, self._history.edits([live]) if self._history.may_hide(live) else (), us)
        edits = self._history.edits([live])
        authors = _authors(write, sent, bringing, edits)
        if us in authors:
            return _stood(_applied(write, sent, now, edits, us), sent.expected)
        if authors or self._history.lists(live, bringing):
            return NotApplied()  # a tracked field names everybody who wrote it
        if any(_same(now, name, sent.expected[name]) for name in bringing):
            return _applied(write, sent, now, edits, us)  # for an untracked one its value is the only witness
        return Unprovable(reason="somebody changed the record since, and Salesforce keeps no history of the field")

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


def _same(record: Record, name: FieldName, value: FieldValue) -> bool:
    return same_value(record.fields.get(name), value)


def _authors(
    write: GuardedWrite, sent: Payload, names: Sequence[FieldName], edits: Sequence[FieldEdit]
) -> set[str]:
    """Who changed these fields after `live`, which had settled: whatever came later carries a later second."""
    stamp = stamp_of(write.live.version)
    later = [one for one in edits if one.at > stamp]
    return {one.by for one in later for name in names if one.is_of(sent.columns[name].native)}


def _applied(write: GuardedWrite, sent: Payload, now: Record, edits: Sequence[FieldEdit], us: str) -> Written:
    after = {name: now.fields.get(name) for name in write.values}
    unseen = unseen_edits(write, sent, after, edits, us)
    before = before_write(write, sent, unseen)
    changed = tuple(name for name, value in after.items() if not same_value(value, sent.expected[name]))
    lost = overwritten(sent, before, unseen)
    return Written(version=now.version, before=before, after=after, overwritten=lost, changed_by_crm=changed)


def _stood(written: Written, expected: Mapping[FieldName, FieldValue]) -> Written:
    """Somebody else's change came after ours: a field that stands as before held our value in between."""
    back = {name for name, value in written.after.items() if same_value(value, written.before[name])}
    after = {name: expected[name] if name in back else value for name, value in written.after.items()}
    return replace(written, after=after, changed_by_crm=tuple(name for name in written.changed_by_crm if name not in back))
