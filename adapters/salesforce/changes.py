"""How change is noticed: polling by (SystemModstamp, Id) over live and deleted rows, with a look back for late commits.

A round usually continues where the last one stopped. About once a minute it starts again at the last proven place, so
that a row whose transaction committed late is still seen, while a hot poll does not read the overlap every time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from adapters.salesforce.catalog import Catalog
from adapters.salesforce.client import Answer, SalesforceClient
from adapters.salesforce.cursor import PollCursor, poll_cursor
from adapters.salesforce.rows import RowReader, version_of
from adapters.salesforce.schema import Description
from adapters.salesforce.soql import after_id, after_position, literal, parse_stamp, select
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
    Merged,
    ObjectType,
    Record,
)
from connector.errors import RejectedError, UnknownFieldError

PAGE = 2000
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
        overlap: timedelta,
    ) -> None:
        self._connection = connection
        self._client = client
        self._catalog = catalog
        self._sweep = sweep
        self._overlap = overlap

    def cursor_now(self, object: ObjectType) -> Cursor:
        description = self._catalog.describe(object)
        answer = self._client.query(select(["Id"], description.native, order="Id", limit=1))
        return PollCursor.at(answer.at, settle=SETTLE, overlap=self._overlap).text()

    def poll(self, object: ObjectType, cursor: Cursor, fields: Collection[FieldName]) -> ChangePage:
        position = self._begin_round(poll_cursor(cursor))
        try:
            return self._page(object, position, fields)
        except UnknownFieldError:
            # A field can go between two descriptions; ask once more before calling it unknown.
            self._catalog.refresh()
            return self._page(object, position, fields)

    def sweep(self, object: ObjectType, cursor: Cursor | None, fields: Collection[FieldName]) -> ChangePage:
        return self._sweep.page(object, cursor, fields)

    def identities(self, object: ObjectType, after: str | None) -> IdentityPage:
        description = self._catalog.describe(object)
        query = select(
            ["Id", "SystemModstamp"],
            description.native,
            description.where,
            after_id(after or ""),
            order="Id",
            limit=PAGE,
        )
        answer = self._client.query(query)
        rows = answer.body["records"]
        identities = tuple((str(row["Id"]), version_of(row.get("SystemModstamp"))) for row in rows)
        return IdentityPage(identities=identities, after=identities[-1][0] if _more(answer) and identities else None)

    def count(self, object: ObjectType) -> int:
        return self._sweep.count(object)

    def _begin_round(self, cursor: PollCursor) -> PollCursor:
        """The same place, or the last proven one when it is time to look back."""
        seen, proved = parse_stamp(cursor.seen_at), parse_stamp(cursor.proved_at)
        if cursor.proving is not None or seen - proved < _LOOK_BACK_EVERY:
            return cursor
        # `seen_at` came with an earlier answer, so it is no later than anything this round will read.
        return replace(
            cursor, stamp=cursor.proven, last="", proving=literal(seen - self._overlap), proved_at=cursor.seen_at
        )

    def _page(self, object: ObjectType, cursor: PollCursor, fields: Collection[FieldName]) -> ChangePage:
        description = self._catalog.describe(object)
        reader = RowReader(self._connection, description, description.select(fields))
        position = after_position(cursor.stamp, cursor.last)
        query = select(
            reader.names, description.native, position, description.where, order="SystemModstamp, Id", limit=PAGE
        )
        answer = self._client.query(query, deleted=True)
        rows = _settled(answer)
        more = _more(answer) and len(rows) == len(answer.body["records"])
        after = self._advance(cursor, rows, answer.at, more=more)
        found = [reader.found(row, answer.at) for row in rows]
        gone = [_tombstone(row, one) for row, one in zip(rows, found, strict=True) if not isinstance(one, Record)]
        if not more:
            erased, after = self._hard_deletes(description, reader, after)
            gone += erased
        records = tuple(one for one in found if isinstance(one, Record))
        return ChangePage(records=records, gone=tuple(gone), cursor=after.text(), more=more)

    def _advance(self, cursor: PollCursor, rows: list[Mapping[str, Any]], at: datetime, *, more: bool) -> PollCursor:
        seen = max(literal(at), cursor.seen_at)
        if rows:
            cursor = replace(cursor, stamp=version_of(rows[-1]["SystemModstamp"]), last=str(rows[-1]["Id"]))
        if not more and cursor.proving is not None:
            cursor = replace(cursor, proven=max(cursor.proven, cursor.proving), proving=None)
        return replace(cursor, seen_at=seen)

    def _hard_deletes(
        self, description: Description, reader: RowReader, cursor: PollCursor
    ) -> tuple[list[ChangeEvent], PollCursor]:
        """Rows that left the recycle bin; only getDeleted still names them."""
        end, start = parse_stamp(cursor.seen_at), parse_stamp(cursor.deleted_until)
        if not description.replicateable or end - start < _DELETES_EVERY:
            return [], cursor
        try:
            answer = self._client.deleted(
                description.native, max(start - timedelta(minutes=2), end - _DELETES_REACH), end
            )
        except RejectedError as error:
            if error.code != "INVALID_REPLICATION_DATE":
                raise
            return [], replace(cursor, deleted_until=cursor.seen_at)
        covered = min(parse_stamp(answer.body.get("latestDateCovered") or cursor.deleted_until), end)
        events = [
            ChangeEvent(
                ref=reader.ref(str(row["id"])), kind=ChangeKind.DELETED, origin=ChangeOrigin.POLL,
                occurred_at=parse_stamp(row["deletedDate"]), version=version_of(row["deletedDate"]),
            )
            for row in answer.body.get("deletedRecords") or ()
        ]  # fmt: skip
        return events, replace(cursor, deleted_until=max(literal(covered), cursor.deleted_until))


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
            return ChangeEvent(
                ref=ref, kind=ChangeKind.DELETED, origin=ChangeOrigin.POLL, occurred_at=at, version=version
            )
