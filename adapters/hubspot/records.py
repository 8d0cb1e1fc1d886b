"""Reading by id: batch reads with field history, associations, and what became of records that do not answer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from adapters.hubspot.answers import Answer
from adapters.hubspot.history import Entry, read_entries
from adapters.hubspot.links import LinkReader
from adapters.hubspot.mapping import LINKS, OBJECTS, OWNER
from adapters.hubspot.portal import Portal
from adapters.hubspot.schema import LiveObject
from adapters.hubspot.values import milliseconds, parse_instant
from connector.adapter import (
    FieldName,
    FieldStamp,
    FieldValue,
    Found,
    Gone,
    Merged,
    ObjectSchema,
    ObjectType,
    Record,
    RecordRef,
    User,
    Version,
    readable,
)
from connector.errors import InvalidResponseError, RecordGoneError

Each = TypeVar("Each")
BATCH = 100
HISTORY_BATCH = 50  # asking for history halves the largest batch
MERGED_IDS = "hs_merged_object_ids"
_CURRENCY = ("deal_currency_code", "hs_currency_code")
_ALWAYS = (MERGED_IDS, "hs_updated_by_user_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One record as HubSpot sent it, with the history that was asked for."""

    id: str
    properties: Mapping[str, str | None]
    histories: Mapping[FieldName, tuple[Entry, ...]]
    created_at: datetime
    updated_at: datetime
    read_at: datetime
    archived: bool = False

    @property
    def merged_ids(self) -> tuple[str, ...]:
        """The ids that live on in this record."""
        return tuple(each for each in (self.properties.get(MERGED_IDS) or "").split(";") if each)

    @property
    def version(self) -> Version:
        """Moves with every change, and sometimes alone (seconds after a create): equal means nothing new to look at.

        It guards nothing. Writes are guarded by the history of the fields they touch.
        """
        return Version(str(milliseconds(self.updated_at)))


class HubSpotRecords:
    """The record reader: never through the search index, always by id."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._links = LinkReader(portal)

    @readable
    def read(self, refs: Sequence[RecordRef], fields: Collection[FieldName]) -> Mapping[RecordRef, Found]:
        """Each ref as it stands now; of mixed objects each is read in the fields it has."""
        found: dict[RecordRef, Found] = {}
        grouped = by_object(refs)
        self._check_known(grouped, fields)
        for object, members in grouped.items():
            known = self._portal.live(object).fields
            records = self.hydrate(object, [ref.id for ref in members], [name for name in fields if name in known])
            for ref in members:
                record = records.get(ref.id)
                found[ref] = record if record is not None else self.whereabouts(ref)
        return found

    @readable
    def related(
        self, refs: Sequence[RecordRef], object: ObjectType, fields: Collection[FieldName], *, limit: int
    ) -> Mapping[RecordRef, tuple[Record, ...]]:
        """For each ref its newest associated records: ids rise with time, so the highest are the newest."""
        chosen: dict[RecordRef, tuple[str, ...]] = {}
        for origin, members in by_object(refs).items():
            if origin is ObjectType.USER:
                chosen |= self._owned(members, object, limit)
                continue
            links = self._links.read(origin, object, [ref.id for ref in members])
            for ref in members:
                chosen[ref] = tuple(sorted(links.get(ref.id, ()), key=int, reverse=True)[:limit])
        every = list(dict.fromkeys(each for ids in chosen.values() for each in ids))
        records = self.hydrate(object, every, fields) if every else {}
        return {ref: tuple(records[each] for each in ids if each in records) for ref, ids in chosen.items()}

    def _owned(self, owners: Sequence[RecordRef], object: ObjectType, limit: int) -> dict[RecordRef, tuple[str, ...]]:
        """The newest records of each owner. Owners have no associations: the index is asked, which lags by seconds."""
        chosen: dict[RecordRef, tuple[str, ...]] = {}
        for owner in owners:
            owned = {"propertyName": OWNER, "operator": "EQ", "value": owner.id}
            body = {
                "filterGroups": [{"filters": [owned]}], "limit": limit, "properties": [],
                "sorts": [{"propertyName": "hs_object_id", "direction": "DESCENDING"}],
            }  # fmt: skip
            rows = self._portal.client.search(OBJECTS[object], body).results()
            chosen[owner] = tuple(str(row.get("id")) for row in rows)
        return chosen

    @readable
    def schema(self, object: ObjectType) -> ObjectSchema:
        return self._portal.live(object).schema

    def refresh(self) -> None:
        self._portal.forget()

    @readable
    def users(self) -> tuple[User, ...]:
        return self._portal.users()

    def hydrate(
        self, object: ObjectType, ids: Sequence[str], fields: Collection[FieldName], *, with_links: bool = False
    ) -> dict[str, Record]:
        """Live records by id; ids that are gone or merged away are absent."""
        if not ids:
            return {}
        live = self._portal.live(object)
        rows = self.rows(object, ids, fields)
        links = self._links_of(object, list(rows), fields, every=with_links)
        return {each: self._record(object, live, row, fields, links) for each, row in rows.items()}

    def links(self, object: ObjectType, ids: Sequence[str]) -> dict[str, dict[ObjectType, tuple[str, ...]]]:
        """What hangs on each record, by object."""
        links = self._links_of(object, ids, (), every=True)
        return {each: {target: found[each] for target, found in links.items()} for each in ids}

    def rows(self, object: ObjectType, ids: Sequence[str], fields: Collection[FieldName]) -> dict[str, Row]:
        """Rows by id with the history of the given fields."""
        live = self._portal.live(object)
        natives = {name: live.field(name) for name in fields}
        history = sorted({each.schema.native for each in natives.values() if each.link is None})
        asked = [*history, *_ALWAYS, *_CURRENCY, *([live.pipeline_property] if live.pipeline_property else [])]
        found: dict[str, Row] = {}
        for some in chunks(dict.fromkeys(ids), HISTORY_BATCH if history else BATCH):
            answer = self._portal.client.batch_read(OBJECTS[object], some, asked, history)
            for result in answer.results():
                row = self._row(live, result, answer, fields)
                if row.id in some and not row.archived:
                    found[row.id] = row
        return found

    def _check_known(self, objects: Collection[ObjectType], fields: Collection[FieldName]) -> None:
        """Raise UnknownFieldError for a field that none of the objects has: HubSpot would leave it out in silence."""
        lives = [self._portal.live(object) for object in objects]
        for name in fields:
            if lives and not any(name in live.fields for live in lives):
                lives[0].field(name)

    def whereabouts(self, ref: RecordRef) -> Gone | Merged | Record:
        """What became of a record that a batch read did not return: merged, archived, or erased."""
        native = OBJECTS[ref.object]
        try:
            survivor = str(self._portal.client.find(native, ref.id).json().get("id"))
        except RecordGoneError:
            return Gone(ref=ref, at=self._archived_at(native, ref.id))
        if survivor == ref.id:
            raise InvalidResponseError(f"HubSpot left {ref} out of a batch read although it exists")
        return Merged(ref=ref, into=RecordRef(ref.connection, ref.object, survivor))

    def _archived_at(self, native: str, record_id: str) -> datetime | None:
        try:
            found = self._portal.client.find(native, record_id, archived=True).json()
        except RecordGoneError:
            return None
        return parse_instant(str(found.get("archivedAt") or ""))

    def _links_of(
        self, object: ObjectType, ids: Sequence[str], fields: Collection[FieldName], *, every: bool
    ) -> Mapping[ObjectType, Mapping[str, tuple[str, ...]]]:
        wanted = {target for name, target in LINKS.get(object, {}).items() if every or FieldName(name) in fields}
        return {target: self._links.read(object, target, ids) for target in sorted(wanted)} if ids else {}

    def _row(self, live: LiveObject, result: Mapping[str, Any], answer: Answer, fields: Collection[FieldName]) -> Row:
        created, updated = (parse_instant(str(result.get(key) or "")) for key in ("createdAt", "updatedAt"))
        if created is None or updated is None or not result.get("id"):
            raise InvalidResponseError("HubSpot sent a record without its id or times")
        histories = result.get("propertiesWithHistory") or {}
        natives = {name: live.field(name) for name in fields}
        return Row(
            id=str(result["id"]),
            properties=result.get("properties") or {},
            histories={
                name: read_entries(native, histories.get(native.schema.native) or [])
                for name, native in natives.items()
                if native.link is None
            },
            created_at=created,
            updated_at=updated,
            read_at=answer.server_time() or self._portal.clock.now(),
            archived=bool(result.get("archived")),
        )

    def _record(
        self,
        object: ObjectType,
        live: LiveObject,
        row: Row,
        fields: Collection[FieldName],
        links: Mapping[ObjectType, Mapping[str, tuple[str, ...]]],
    ) -> Record:
        related = {target: ids[row.id] for target, ids in links.items() if row.id in ids}
        return Record(
            ref=RecordRef(self._portal.connection, object, row.id),
            version=row.version,
            fields={name: _value(live, name, row, related) for name in fields},
            created_at=row.created_at,
            modified_at=row.updated_at,
            read_at=row.read_at,
            modified_by=row.properties.get("hs_updated_by_user_id") or None,
            stamps=stamps_of(row),
            related=related,
            currency=next((code for name in _CURRENCY if (code := row.properties.get(name))), None),
        )


def stamps_of(row: Row) -> dict[FieldName, FieldStamp]:
    """Who set each field last."""
    return {name: entries[0].stamp for name, entries in row.histories.items() if entries}


def _value(live: LiveObject, name: FieldName, row: Row, related: Mapping[ObjectType, tuple[str, ...]]) -> FieldValue:
    native = live.field(name)
    if native.link is not None:
        return next(iter(related.get(native.link, ())), None)
    return native.read(row.properties.get(native.schema.native))


def by_object(refs: Iterable[RecordRef]) -> dict[ObjectType, list[RecordRef]]:
    grouped: dict[ObjectType, list[RecordRef]] = {}
    for ref in dict.fromkeys(refs):
        grouped.setdefault(ref.object, []).append(ref)
    return grouped


def chunks(values: Iterable[Each], size: int) -> Iterator[list[Each]]:
    remaining = iter(values)
    while part := list(islice(remaining, size)):
        yield part
