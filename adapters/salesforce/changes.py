"""How change is noticed: polling by (SystemModstamp, Id) over live and deleted rows, with a look back for late commits.

A round usually continues where the last one stopped. About once a minute it starts again at the last proven place, so
that a row whose transaction committed late is still seen, while a hot poll does not read the overlap every time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from adapters.salesforce.catalog import Catalog
from adapters.salesforce.client import PAGE, Answer, SalesforceClient
from adapters.salesforce.contact_roles import ENDS, ContactRoles
from adapters.salesforce.cursor import PollCursor, poll_cursor
from adapters.salesforce.reads import READ_BATCH
from adapters.salesforce.rows import RowReader, version_of
from adapters.salesforce.schema import Description
from adapters.salesforce.soql import after_id, after_position, chunks, literal, one_of, parse_stamp, select
from adapters.salesforce.sweep import Sweep
from connector.adapter import (
    ChangeEvent,
    ChangeKind,
    ChangeOrigin,
    ChangePage,
    ConnectionName,
    Cursor,
    FieldName,
    Found,
    Gone,
    IdentityPage,
    Log,
    Merged,
    ObjectType,
    Record,
    RecordRef,
    readable,
)
from connector.errors import PermanentError, UnknownFieldError

SETTLE = timedelta(seconds=2)
_LOOK_BACK_EVERY = timedelta(seconds=60)
_DELETES_EVERY = timedelta(minutes=5)
_DELETES_REACH = timedelta(days=14)  # getDeleted answers at most 15 days back


class SalesforceChanges:
    """The change source port. Rows younger than the settle time wait for the next poll.

    System stamps are whole seconds: a row seen in the second of its change could change again under the same stamp.
    """

    def __init__(
        self,
        connection: ConnectionName,
        client: SalesforceClient,
        catalog: Catalog,
        sweep: Sweep,
        *,
        roles: ContactRoles,
        overlap: timedelta,
        log: Log,
    ) -> None:
        self._roles = roles
        self._log = log
        self._connection = connection
        self._client = client
        self._catalog = catalog
        self._sweep = sweep
        self._overlap = overlap

    @readable
    def cursor_now(self, object: ObjectType) -> tuple[Cursor, datetime]:
        description = self._catalog.describe(object)
        now = self._client.query(select(["Id"], description.native, order="Id", limit=1)).at
        return PollCursor.at(now, settle=SETTLE, overlap=self._overlap).text(), now

    @readable
    def poll(self, object: ObjectType, cursor: Cursor, fields: Collection[FieldName]) -> ChangePage:
        position = self._begin_round(poll_cursor(cursor))
        try:
            return self._page(object, position, fields)
        except UnknownFieldError:
            # A field can go between two descriptions; ask once more before calling it unknown.
            self._catalog.refresh()
            return self._page(object, position, fields)

    @readable
    def sweep(self, object: ObjectType, cursor: Cursor | None, fields: Collection[FieldName]) -> ChangePage:
        page = self._sweep.page(object, cursor, fields)
        return replace(page, records=self._roles.joined(object, page.records)) if object in ENDS else page

    @readable
    def links(self, object: ObjectType, ids: Sequence[str]) -> Mapping[str, Mapping[ObjectType, tuple[str, ...]]]:
        records = self._by_id(object, ids, ())
        if object in ENDS:
            records = self._roles.joined(object, records)
        found = {record.ref.id: record.related for record in records}
        return {each: found.get(each, {}) for each in ids}

    @readable
    def identities(self, object: ObjectType, after: str | None) -> IdentityPage:
        description = self._catalog.describe(object)
        query = select(
            ["Id", "SystemModstamp"], description.native, description.where, after_id(after or ""), order="Id", limit=PAGE
        )
        answer = self._client.query(query)
        rows = answer.body["records"]
        identities = tuple((str(row["Id"]), version_of(row.get("SystemModstamp"))) for row in rows)
        return IdentityPage(identities=identities, after=identities[-1][0] if _more(answer) and identities else None)

    @readable
    def count(self, object: ObjectType) -> int:
        return self._sweep.count(object)

    def _begin_round(self, cursor: PollCursor) -> PollCursor:
        """The same place, or the last proven one when it is time to look back."""
        if cursor.reading:
            return cursor
        waited = parse_stamp(cursor.seen_at) - parse_stamp(cursor.proved_at)
        due = waited >= _LOOK_BACK_EVERY or waited < timedelta(0)
        return self._look_back(cursor) if due else cursor

    def _look_back(self, cursor: PollCursor) -> PollCursor:
        # `seen_at` came with an earlier answer, so it is no later than anything this round will read. The Date header
        # may only ever lead us back: a server whose clock ran ahead must not make us skip rows.
        behind = cursor.stamp < cursor.proven
        return replace(
            cursor,
            stamp=cursor.stamp if behind else cursor.proven,
            last=cursor.last if behind else "",
            proving=literal(parse_stamp(cursor.seen_at) - self._overlap),
            proved_at=cursor.seen_at,
        )

    def _page(self, object: ObjectType, cursor: PollCursor, fields: Collection[FieldName]) -> ChangePage:
        description = self._catalog.describe(object)
        reader = RowReader(self._connection, description, description.select(fields))
        where = (after_position(cursor.stamp, cursor.last), description.where)
        query = select(reader.names, description.native, *where, order="SystemModstamp, Id", limit=PAGE)
        answer = self._client.query(query, deleted=True)
        if parse_stamp(cursor.stamp) > answer.at:
            # A cursor from the future (a server clock that was set back) must not wait for its time to come.
            fresh = PollCursor.at(answer.at, settle=self._overlap, overlap=self._overlap)
            return ChangePage(records=(), gone=(), cursor=fresh.text(), more=True)
        rows = _settled(answer)
        more = _more(answer) and len(rows) == len(answer.body["records"])
        if more and self._was_away(cursor, answer.at):
            # After a pause a look back is due anyway: reading the backlog from there saves reading it twice.
            return self._page(object, self._look_back(replace(cursor, seen_at=literal(answer.at))), fields)
        found = [reader.found(row, answer.at) for row in rows]
        gone = [_tombstone(row, one) for row, one in zip(rows, found, strict=True) if not isinstance(one, Record)]
        after = _advance(cursor, rows, answer.at, more=more)
        if not more:
            erased, after = self._hard_deletes(description, reader, after)
            gone += erased
        records = tuple(one for one in found if isinstance(one, Record))
        if object in ENDS:
            records, after = self._with_roles(object, records, cursor, after, fields)
        return ChangePage(records=records, gone=tuple(gone), cursor=after.text(), more=more)

    def _with_roles(
        self, object: ObjectType, records: tuple[Record, ...], cursor: PollCursor, after: PollCursor,
        fields: Collection[FieldName],
    ) -> tuple[tuple[Record, ...], PollCursor]:
        """At the end of a round also the records of which only a contact role changed; all with what roles tie to them."""
        if not after.reading:
            since = parse_stamp(cursor.roles_until or cursor.seen_at) - self._overlap
            here = {record.ref.id for record in records}
            touched = [each for each in self._roles.touched(object, since) if each not in here]
            records = (*records, *self._by_id(object, touched, fields))
            after = replace(after, roles_until=after.seen_at)
        return self._roles.joined(object, records), after

    def _by_id(self, object: ObjectType, ids: Sequence[str], fields: Collection[FieldName]) -> tuple[Record, ...]:
        description = self._catalog.describe(object)
        reader = RowReader(self._connection, description, description.select(fields))
        found: list[Record] = []
        for batch in chunks(ids, READ_BATCH):
            answer = self._client.query(select(reader.names, description.native, one_of("Id", batch), description.where))
            found += [reader.record(row, answer.at) for row in answer.body["records"]]
        return tuple(found)

    def _was_away(self, cursor: PollCursor, at: datetime) -> bool:
        fresh = not cursor.reading and cursor.proving is None
        return fresh and at - parse_stamp(cursor.seen_at) >= _LOOK_BACK_EVERY

    def _hard_deletes(
        self, description: Description, reader: RowReader, cursor: PollCursor
    ) -> tuple[list[ChangeEvent], PollCursor]:
        """Rows that left the recycle bin; only getDeleted still names them."""
        end, start = parse_stamp(cursor.seen_at), parse_stamp(cursor.deleted_until)
        if not description.replicateable or end - start < _DELETES_EVERY:
            return [], cursor
        try:
            # Two minutes again: getDeleted ignores seconds and refuses windows of a minute or less.
            start = max(start - timedelta(minutes=2), end - _DELETES_REACH)
            answer = self._client.deleted(description.native, start, end)
        except PermanentError as error:
            # Such as a window before the delete log begins. Reconciliation by identities finds what this misses.
            self._log.warning("deletes_not_listed", object=str(description.schema.object), reason=error.message)
            return [], replace(cursor, deleted_until=cursor.seen_at)
        listed = {str(row["id"]): parse_stamp(row["deletedDate"]) for row in answer.body.get("deletedRecords") or ()}
        covered = min(parse_stamp(answer.body.get("latestDateCovered") or cursor.deleted_until), end)
        events = [_erased(reader.ref(one), at) for one, at in self._erased_for_good(description, listed).items()]
        return events, replace(cursor, deleted_until=max(literal(covered), cursor.deleted_until))

    def _erased_for_good(self, description: Description, listed: Mapping[str, datetime]) -> dict[str, datetime]:
        """Those that are nowhere any more; what lies in the recycle bin was told by its own stamp, merges included."""
        left = dict(listed)
        for batch in chunks(list(listed), READ_BATCH):
            for row in self._client.rows(["Id"], description.native, one_of("Id", batch), deleted=True):
                left.pop(str(row["Id"]), None)
        return left


def _advance(cursor: PollCursor, rows: Sequence[Mapping[str, Any]], at: datetime, *, more: bool) -> PollCursor:
    if rows:
        cursor = replace(cursor, stamp=version_of(rows[-1]["SystemModstamp"]), last=str(rows[-1]["Id"]))
    if not more and cursor.proving is not None:
        cursor = replace(cursor, proven=cursor.proving, proving=None)
    return replace(cursor, seen_at=literal(at), reading=more)


def _erased(ref: RecordRef, at: datetime) -> ChangeEvent:
    return ChangeEvent(
        ref=ref, kind=ChangeKind.DELETED, origin=ChangeOrigin.POLL, occurred_at=at, version=version_of(literal(at))
    )


def _settled(answer: Answer) -> list[Mapping[str, Any]]:
    limit = answer.at - SETTLE
    rows: list[Mapping[str, Any]] = answer.body["records"]
    return [row for row in rows if parse_stamp(row.get("SystemModstamp")) <= limit]


def _more(answer: Answer) -> bool:
    # A wide row makes a page shorter than asked for; then `done` says that rows are left.
    return not answer.body.get("done", True) or len(answer.body["records"]) >= PAGE


def _tombstone(row: Mapping[str, Any], found: Found) -> ChangeEvent:
    version = version_of(row.get("SystemModstamp"))
    at = parse_stamp(row.get("SystemModstamp"))
    match found:
        case Merged(ref=ref, into=into):
            return ChangeEvent(
                ref=ref, kind=ChangeKind.MERGED, origin=ChangeOrigin.POLL, occurred_at=at, version=version, into=into
            )
        case Gone(ref=ref) | Record(ref=ref):
            return ChangeEvent(ref=ref, kind=ChangeKind.DELETED, origin=ChangeOrigin.POLL, occurred_at=at, version=version)
