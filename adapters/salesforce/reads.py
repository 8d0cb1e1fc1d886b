"""Reading by id, live and batched; deleted and merged rows are recognised, related ones found by their lookups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from adapters.salesforce.catalog import Catalog
from adapters.salesforce.client import SalesforceClient
from adapters.salesforce.contact_roles import ENDS, ContactRoles
from adapters.salesforce.correspondents import PEOPLE, Correspondents
from adapters.salesforce.relations import PREFIXES, lookup
from adapters.salesforce.rows import RowReader
from adapters.salesforce.schema import Description
from adapters.salesforce.soql import chunks, one_of, safe_id, select
from connector.adapter import (
    ConnectionName,
    FieldName,
    Found,
    Gone,
    ObjectSchema,
    ObjectType,
    Record,
    RecordRef,
    User,
    readable,
)
from connector.errors import RejectedError

READ_BATCH = 200  # ids whose query still fits Salesforce's 16 KB limit on addresses
_MOST_ROWS = 2000
_BAD_ID = {"INVALID_QUERY_FILTER_OPERATOR", "INVALID_ID_FIELD"}


class SalesforceReader:
    """The reader port over SOQL."""

    def __init__(
        self, connection: ConnectionName, client: SalesforceClient, catalog: Catalog, *, roles: ContactRoles,
        correspondents: Correspondents,
    ) -> None:
        self._correspondents = correspondents
        self._roles = roles
        self._connection = connection
        self._client = client
        self._catalog = catalog

    @readable
    def read(self, refs: Sequence[RecordRef], fields: Collection[FieldName]) -> Mapping[RecordRef, Found]:
        by_object: dict[ObjectType, list[str]] = defaultdict(list)
        for ref in dict.fromkeys(refs):
            by_object[ref.object].append(safe_id(ref.id))
        found: dict[RecordRef, Found] = {}
        for kind, ids in by_object.items():
            for batch in chunks(ids, READ_BATCH):
                found |= self._read_valid(kind, batch, fields)
        return found

    @readable
    def related(
        self, refs: Sequence[RecordRef], object: ObjectType, fields: Collection[FieldName], *, limit: int
    ) -> Mapping[RecordRef, tuple[Record, ...]]:
        by_object: dict[ObjectType, list[RecordRef]] = defaultdict(list)
        for ref in dict.fromkeys(refs):
            by_object[ref.object].append(ref)
        found: dict[RecordRef, tuple[Record, ...]] = dict.fromkeys(refs, ())
        for kind, ours in by_object.items():
            if object is ObjectType.EMAIL and kind in PEOPLE:
                found |= self._mails_of(ours, fields, limit)
                continue
            if kind is ObjectType.EMAIL and object in PEOPLE:
                found |= self._people_of(ours, object, fields)
                continue
            upward, downward = self._ties(kind, object)
            for batch in (ours[start : start + READ_BATCH] for start in range(0, len(ours), READ_BATCH)):
                if downward is not None:
                    found |= self._children(batch, object, downward, fields, limit)
                elif upward is not None:
                    found |= self._parents(batch, object, upward, fields)
            if {kind, object} == ENDS.keys():
                found |= self._by_role(ours, object, fields, found, limit)
        return found

    def _by_role(
        self, refs: Sequence[RecordRef], object: ObjectType, fields: Collection[FieldName],
        found: Mapping[RecordRef, tuple[Record, ...]], limit: int,
    ) -> dict[RecordRef, tuple[Record, ...]]:
        """What was found by lookups, joined by what contact roles tie to the records; the newest first."""
        tied = self._roles.tied(refs[0].object, object, [ref.id for ref in refs])
        wanted = dict.fromkeys(RecordRef(self._connection, object, one) for ids in tied.values() for one in ids)
        targets = self.read(list(wanted), fields) if wanted else {}
        joined: dict[RecordRef, tuple[Record, ...]] = {}
        for ref in refs:
            ours = [targets.get(RecordRef(self._connection, object, one)) for one in tied[ref.id]]
            every = {one.ref: one for one in (*found[ref], *ours) if isinstance(one, Record)}
            joined[ref] = tuple(sorted(every.values(), key=lambda one: one.created_at, reverse=True)[:limit])
        return joined

    @readable
    def schema(self, object: ObjectType) -> ObjectSchema:
        return self._catalog.schema(object)

    def refresh(self) -> None:
        self._catalog.refresh()

    @readable
    def users(self) -> tuple[User, ...]:
        return self._catalog.users()

    def _read_valid(self, kind: ObjectType, ids: Sequence[str], fields: Collection[FieldName]) -> dict[RecordRef, Found]:
        """A batch read; an id that Salesforce does not take for one is found by halving and is simply not there."""
        try:
            return self._read_batch(kind, ids, fields)
        except RejectedError as error:
            if error.code not in _BAD_ID:
                raise
        if len(ids) == 1:
            ref = RecordRef(self._connection, kind, ids[0])
            return {ref: Gone(ref=ref)}
        half = len(ids) // 2
        return self._read_valid(kind, ids[:half], fields) | self._read_valid(kind, ids[half:], fields)

    def _read_batch(self, kind: ObjectType, ids: Sequence[str], fields: Collection[FieldName]) -> dict[RecordRef, Found]:
        description = self._catalog.describe(kind)
        reader = RowReader(self._connection, description, description.select(fields))
        # Salesforce answers 18 characters where 15 were asked; the first 15 are the id.
        wanted = {one[:15]: one for one in ids}
        found: dict[RecordRef, Found] = {}
        while wanted:
            query = select(reader.names, description.native, one_of("Id", wanted.values()))
            answer = self._client.query(query, deleted=True)
            for row in answer.body["records"]:
                asked = wanted.pop(str(row.get("Id"))[:15], None)
                if asked is not None:
                    found[reader.ref(asked)] = reader.found(row, answer.at)
            if answer.body.get("done", True):
                break
            # A wide row makes the page short; asking again for what is left needs no locator that could expire.
        return found | {reader.ref(one): Gone(ref=reader.ref(one)) for one in wanted.values()}

    def _children(
        self, parents: Sequence[RecordRef], kind: ObjectType, field: str, fields: Collection[FieldName], limit: int
    ) -> dict[RecordRef, tuple[Record, ...]]:
        """The newest children of each parent; a parent with very many does not crowd out the others."""
        description = self._catalog.describe(kind)
        if field not in description.natives or limit < 1:
            return {}
        reader = RowReader(self._connection, description, description.select(fields))
        waiting = {ref.id[:15]: ref for ref in parents}
        found: dict[RecordRef, tuple[Record, ...]] = {}
        width = max(1, _MOST_ROWS // limit)
        while waiting:
            share = dict(list(waiting.items())[:width])
            grouped, whole = self._child_rows(description, reader, field, share, max(READ_BATCH, len(share) * limit))
            full = {key for key in share if whole or len(share) == 1 or len(grouped[key]) >= limit}
            found |= {share[key]: tuple(grouped[key][:limit]) for key in full}
            waiting = {key: ref for key, ref in waiting.items() if key not in full}
            width = width if full else len(share) // 2
        return found

    def _mails_of(
        self, people: Sequence[RecordRef], fields: Collection[FieldName], limit: int
    ) -> dict[RecordRef, tuple[Record, ...]]:
        """The newest mails of contacts or leads."""
        ids = self._correspondents.mails_of(people[0].object, [ref.id for ref in people], limit=limit)
        return self._told_by_ids(people, ObjectType.EMAIL, ids, fields)

    def _people_of(
        self, mails: Sequence[RecordRef], kind: ObjectType, fields: Collection[FieldName]
    ) -> dict[RecordRef, tuple[Record, ...]]:
        """The contacts or leads among a mail's senders and recipients."""
        ids = self._correspondents.people_of([ref.id for ref in mails], kind)
        return self._told_by_ids(mails, kind, ids, fields)

    def _told_by_ids(
        self, refs: Sequence[RecordRef], kind: ObjectType, ids: Mapping[str, Sequence[str]], fields: Collection[FieldName]
    ) -> dict[RecordRef, tuple[Record, ...]]:
        wanted = {one: RecordRef(self._connection, kind, one) for found in ids.values() for one in found}
        read = self.read(list(wanted.values()), fields) if wanted else {}
        return {
            ref: tuple(record for one in ids[ref.id] if isinstance(record := read[wanted[one]], Record)) for ref in refs
        }

    def _ties(self, kind: ObjectType, object: ObjectType) -> tuple[str | None, str | None]:
        """The lookup from our record up to the wanted object, and the one from the wanted object to our record."""
        upward, downward = lookup(kind, object), lookup(object, kind)
        if upward is None and downward is None:
            fields = self._catalog.describe(object).natives.values()
            downward = next((one.native for one in fields if kind in one.references), None)
        if upward is None and downward is None:  # an object of the org's own points with fields of its own
            own = self._catalog.describe(kind).natives.values()
            upward = next((one.native for one in own if object in one.references), None)
        return upward, downward

    def _child_rows(
        self, description: Description, reader: RowReader, field: str, parents: Mapping[str, RecordRef], most: int
    ) -> tuple[dict[str, list[Record]], bool]:
        conditions = (one_of(field, (ref.id for ref in parents.values())), description.where)
        query = select(
            [*reader.names, field], description.native, *conditions, order="CreatedDate DESC, Id DESC", limit=most
        )
        answer = self._client.query(query)
        grouped: dict[str, list[Record]] = {key: [] for key in parents}
        for row in answer.body["records"]:
            grouped[str(row.get(field))[:15]].append(reader.record(row, answer.at))
        return grouped, bool(answer.body.get("done", True)) and len(answer.body["records"]) < most

    def _parents(
        self, refs: Sequence[RecordRef], kind: ObjectType, field: str, fields: Collection[FieldName]
    ) -> dict[RecordRef, tuple[Record, ...]]:
        """What each record's own lookup points at, where it points at the wanted object."""
        description = self._catalog.describe(refs[0].object)
        if field not in description.natives:
            return {}
        rows = self._client.rows(["Id", field], description.native, one_of("Id", (ref.id for ref in refs)))
        prefix = PREFIXES.get(kind, "")
        pointed = {str(row["Id"])[:15]: str(row[field]) for row in rows if str(row.get(field) or "").startswith(prefix)}
        pointed = {key: target for key, target in pointed.items() if target}
        targets = self.read([RecordRef(self._connection, kind, one) for one in dict.fromkeys(pointed.values())], fields)
        found: dict[RecordRef, tuple[Record, ...]] = {}
        for ref in refs:
            target = targets.get(RecordRef(self._connection, kind, pointed.get(ref.id[:15], "")))
            if isinstance(target, Record):
                found[ref] = (target,)
        return found
