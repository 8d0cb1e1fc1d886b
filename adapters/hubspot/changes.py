"""Noticing change: polling by search over a lagging index, the recycle bin for deletes, the list for sweeps."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from adapters.hubspot.answers import Answer
from adapters.hubspot.cursor import PollCursor, SweepCursor
from adapters.hubspot.mapping import OBJECTS, modified_property
from adapters.hubspot.memory import Memories
from adapters.hubspot.portal import Portal
from adapters.hubspot.records import MERGED_IDS, HubSpotRecords
from adapters.hubspot.values import from_milliseconds, milliseconds, parse_instant
from connector.adapter import (
    ChangeEvent,
    ChangeKind,
    ChangeOrigin,
    ChangePage,
    Cursor,
    FieldName,
    IdentityPage,
    ObjectType,
    Record,
    RecordRef,
    Version,
    readable,
)
from connector.errors import InvalidResponseError

PAGE = 100  # of lists; a search may show twice as many
_SEARCH_PAGE = 200
_OVERLAP = 120  # seconds; the index was seen to lag up to half a minute
_HELD = timedelta(hours=1) // timedelta(milliseconds=1)  # an index this far behind is left to reconciliation,
_HELD_ROUNDS = 20  # once it was asked so often: an hour in which hardly a call came through says nothing of it
_ARCHIVE_WAIT = timedelta(minutes=1) // timedelta(milliseconds=1)  # per page of the last listing


class HubSpotChanges:
    """The change source. The cursor's time is the server's, taken when a round begins: what is committed before then
    and indexed within the overlap is found by the next round. Stamps of rows never move it, because a search filters
    by its index but shows rows as they are now.
    """

    def __init__(self, portal: Portal, records: HubSpotRecords) -> None:
        self._portal = portal
        self._records = records
        self._memories = Memories()
        self._overlap = int(float(portal.settings.get("overlap_seconds") or _OVERLAP) * 1000)

    @readable
    def cursor_now(self, object: ObjectType) -> tuple[Cursor, datetime]:
        now = self._server_now(self._portal.client.page(OBJECTS[object], limit=1))
        return PollCursor(since=now, archived_since=now).encode(), from_milliseconds(now)

    @readable
    def poll(self, object: ObjectType, cursor: Cursor, fields: Collection[FieldName]) -> ChangePage:
        place = PollCursor.decode(cursor)
        return self._archived_page(object, place) if place.listing else self._search_page(object, cursor, fields)

    @readable
    def sweep(self, object: ObjectType, cursor: Cursor | None, fields: Collection[FieldName]) -> ChangePage:
        place = SweepCursor.decode(cursor) if cursor is not None else SweepCursor(after="", last_id="0")
        answer = self._portal.client.page(OBJECTS[object], limit=PAGE, after=place.after or None)
        ids = [str(row.get("id")) for row in answer.results()]
        if _runs_in_a_circle(ids, place.last_id):
            self._check_end(object, place.last_id)
            return ChangePage(records=(), gone=(), cursor=place.encode(), more=False)
        found = self._records.hydrate(object, ids, fields, with_links=True)
        after = answer.next_after()
        following = SweepCursor(after=after or place.after, last_id=_highest(ids, place.last_id))
        records = tuple(found[each] for each in ids if each in found)
        return ChangePage(records=records, gone=(), cursor=following.encode(), more=after is not None)

    @readable
    def links(self, object: ObjectType, ids: Sequence[str]) -> Mapping[str, Mapping[ObjectType, tuple[str, ...]]]:
        return self._records.links(object, ids)

    @readable
    def identities(self, object: ObjectType, after: str | None) -> IdentityPage:
        place = SweepCursor.decode(Cursor(after)) if after is not None else SweepCursor(after="", last_id="0")
        answer = self._portal.client.page(OBJECTS[object], limit=PAGE, after=place.after or None)
        rows = answer.results()
        if _runs_in_a_circle([str(row.get("id")) for row in rows], place.last_id):
            self._check_end(object, place.last_id)
            return IdentityPage(identities=(), after=None)
        found = tuple((str(row.get("id")), _version(row)) for row in rows)
        following = answer.next_after()
        ids = [each for each, _ in found]
        resume = SweepCursor(after=following, last_id=_highest(ids, place.last_id)).encode() if following else None
        return IdentityPage(identities=found, after=resume)

    @readable
    def count(self, object: ObjectType) -> int:
        """Live records by the search index: near enough for estimates and shares."""
        total = self._portal.client.search(OBJECTS[object], {"filterGroups": [], "limit": 1}).json().get("total")
        return int(total or 0)

    def _search_page(self, object: ObjectType, cursor: Cursor, fields: Collection[FieldName]) -> ChangePage:
        place = PollCursor.decode(cursor)
        window = place.window if place.window is not None else max(0, place.since - self._overlap)
        answer = self._portal.client.search(OBJECTS[object], _search_body(object, window, place))
        now = self._server_now(answer)
        if place.window is None and place.since > now:
            # From the future (a restored state, a clock set back): nothing would be seen until then.
            self._portal.log.warning("future_cursor_clamped", object=str(object))
        place = _clamped(place, now)
        rows = answer.results()
        memory = self._memories.recall(object, cursor, fields)
        if place.window is None:
            memory.turn()
        versions = {str(row.get("id")): _version(row) for row in rows}
        fresh = [each for each, version in versions.items() if not memory.holds(each, version)]
        found = self._records.hydrate(object, fresh, fields, with_links=True)
        place = replace(place, window=window, began=place.began if place.began is not None else now)
        following, more = self._advance(place, list(versions), answer)
        memory.note({each: versions[each] for each in versions if each in found or each not in fresh})
        self._memories.keep(object, following.encode(), memory)
        records = tuple(found[each] for each in fresh if each in found)
        return ChangePage(records=records, gone=self._merges(rows, found), cursor=following.encode(), more=more)

    def _advance(self, place: PollCursor, ids: list[str], answer: Answer) -> tuple[PollCursor, bool]:
        """Where to read on: by id inside the window, so any number of equal stamps fits and no ceiling is met.

        A short or empty page is not the end: the index has matched rows that are not shown. Such a round does not
        move the cursor's time, so the next one looks as far back as this one did.
        """
        total = int(answer.json().get("total") or 0)
        more = total > _SEARCH_PAGE or answer.next_after() is not None
        short = len(set(ids)) < min(total, _SEARCH_PAGE)
        place = replace(place, short=place.short or short)
        if more and ids:
            return replace(place, last_id=_highest(ids, place.last_id)), True
        if more:
            return place, False  # nothing shown of what was found: the same page again, a little later
        assert place.began is not None
        if place.began - place.archived_since >= _ARCHIVE_WAIT * max(0, place.archived_pages - 1):
            return replace(place, listing=True, archived_at=None, archived_id="0", archived_pages=0), True
        return _finished(place), False

    def _merges(self, rows: list[Mapping[str, Any]], found: Mapping[str, Record]) -> tuple[ChangeEvent, ...]:
        """Ids that live on in a record of this page; said again whenever the survivor changes."""
        events: list[ChangeEvent] = []
        for row in rows:
            survivor = found.get(str(row.get("id")))
            if survivor is not None:
                events += [_merge(old, survivor) for old in _merged_ids(row) if old != survivor.ref.id]
        return tuple(events)

    def _archived_page(self, object: ObjectType, place: PollCursor) -> ChangePage:
        """One page of the recycle bin: searches never show what was deleted."""
        answer = self._portal.client.page(
            OBJECTS[object], limit=PAGE, after=place.archived_at, archived=True, properties=[MERGED_IDS]
        )
        rows = answer.results()
        ids = [str(row.get("id")) for row in rows]
        circle = _runs_in_a_circle(ids, place.archived_id)
        after = None if circle else answer.next_after()
        oldest = place.archived_since - self._overlap
        gone = tuple(event for row in rows for event in self._deletions(object, row, oldest))
        pages = place.archived_pages + 1
        if after is None:
            # A listing that started over may have been cut short: the next one looks as far back as this one did.
            listed = place.archived_since if circle else (place.began or place.since)
            done = replace(_finished(place), archived_since=listed, archived_pages=pages)
            self._memories.follow(object, place.encode(), done.encode())
            return ChangePage(records=(), gone=gone, cursor=done.encode(), more=False)
        following = replace(place, archived_at=after, archived_id=_highest(ids, place.archived_id), archived_pages=pages)
        self._memories.follow(object, place.encode(), following.encode())
        return ChangePage(records=(), gone=gone, cursor=following.encode(), more=True)

    def _deletions(self, object: ObjectType, row: Mapping[str, Any], oldest: int) -> tuple[ChangeEvent, ...]:
        """A deleted record and all that had been merged into it: no listing tells of those by themselves."""
        at = parse_instant(str(row.get("archivedAt") or row.get("updatedAt") or ""))
        if at is None or milliseconds(at) < oldest:
            return ()
        return tuple(
            ChangeEvent(
                ref=RecordRef(self._portal.connection, object, each),
                kind=ChangeKind.DELETED,
                origin=ChangeOrigin.POLL,
                occurred_at=at,
                version=Version(f"archived:{milliseconds(at)}"),
            )
            for each in dict.fromkeys([str(row.get("id")), *_merged_ids(row)])
        )

    def _check_end(self, object: ObjectType, last_id: str) -> None:
        """A list that started over must have been at its end; if rows follow, the page is asked for again later."""
        place = PollCursor(since=0, last_id=last_id)
        if self._portal.client.search(OBJECTS[object], _search_body(object, 0, place)).results():
            raise InvalidResponseError("HubSpot's list started over before its end")

    def _server_now(self, answer: Answer) -> int:
        at = answer.server_time()
        if at is None:
            raise InvalidResponseError("HubSpot answered without a Date header, and a cursor needs the server's time")
        return milliseconds(at)


def _search_body(object: ObjectType, window: int, place: PollCursor) -> dict[str, Any]:
    filters = [
        {"propertyName": modified_property(object), "operator": "GTE", "value": str(window)},
        {"propertyName": "hs_object_id", "operator": "GT", "value": place.last_id},
    ]
    return {
        "filterGroups": [{"filters": filters}],
        "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
        "properties": [MERGED_IDS],
        "limit": _SEARCH_PAGE,
    }


def _finished(place: PollCursor) -> PollCursor:
    """The round is over: the next one starts an overlap before this one began, unless something was left unshown."""
    began = place.began if place.began is not None else place.since
    # Counted from the first short round: after an outage even that one reaches far back.
    held_at = (place.held_at if place.held_at is not None else began) if place.short else None
    rounds = place.held_rounds + 1
    held = held_at is not None and (began - held_at < _HELD or rounds < _HELD_ROUNDS)
    return PollCursor(
        since=place.since if held else began, held_at=held_at if held else None, held_rounds=rounds if held else 0,
        archived_since=place.archived_since, archived_pages=place.archived_pages,
    )


def _clamped(place: PollCursor, now: int) -> PollCursor:
    return replace(place, since=min(place.since, now), archived_since=min(place.archived_since, now))


def _merged_ids(row: Mapping[str, Any]) -> list[str]:
    """The ids that went in a record, as HubSpot lists them with it."""
    return [each for each in str((row.get("properties") or {}).get(MERGED_IDS) or "").split(";") if each]


def _merge(old: str, survivor: Record) -> ChangeEvent:
    return ChangeEvent(
        ref=replace(survivor.ref, id=old),
        kind=ChangeKind.MERGED,
        origin=ChangeOrigin.POLL,
        occurred_at=survivor.modified_at,
        version=Version(f"merged:{survivor.ref.id}"),
        into=survivor.ref,
    )


def _version(row: Mapping[str, Any]) -> Version:
    updated = parse_instant(str(row.get("updatedAt") or ""))
    if updated is None:
        raise InvalidResponseError("HubSpot sent a record without its time")
    return Version(str(milliseconds(updated)))


def _highest(ids: list[str], last: str) -> str:
    return str(max((int(each) for each in [*ids, last]), default=0))


def _runs_in_a_circle(ids: list[str], last_id: str) -> bool:
    """Whether a list has started over: a position behind the last record answers page one (recorded)."""
    return bool(ids) and max(int(each) for each in ids) <= int(last_id)
