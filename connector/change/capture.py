"""Capture: read what changed and queue it, cursor and rows in one commit; the first activation only remembers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from connector.adapter import ChangeEvent, ChangeKind, ChangeOrigin, ChangePage, ChangeSource
from connector.change import cursors, inbox
from connector.change.associations import note_associations
from connector.change.cursors import Position
from connector.change.seen import Seen, extend_snapshots, look_up, note_snapshots, note_versions
from connector.clock import Clock
from connector.journal import Entry, EntryKind, Journal
from connector.record import ConnectionName, FieldName, ObjectType, Record, RecordRef
from connector.store import Store, Sync, Transaction

Learn = Callable[[Transaction, Sequence[Record]], None]
"""What else is kept of records that are read, in the same transaction: examples for the learners."""

Arm = Callable[[Transaction, Sequence[Record], bool], None]
"""Sets the timers of records that are read; true says that this is the baseline, where what is past is past."""

IndexTexts = Callable[[Sequence[Record], Sequence[RecordRef]], None]
"""Puts texts into the index, and takes out those of records that are gone, before the cursor moves past them: after a
crash the page is read and indexed again. A record may be in the index whose first page was never committed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """What one page of reading brought. `more` says that another page is ready now."""

    read: int
    queued: int
    more: bool
    baselining: bool


def capture_page(
    store: Store, journal: Journal, clock: Clock, source: ChangeSource, connection: ConnectionName, object: ObjectType,
    *, watched: Collection[FieldName], fields: Collection[FieldName], learn: Learn, index: IndexTexts,
    associating: bool = False, arm: Arm = lambda tx, records, baseline: None, timers: Collection[str] = (),
) -> Captured:
    """Read and keep one page of one object: the baseline sweep first, then what changed since activation.

    `associating`: some policy wakes when associations change, so these are compared as well. `timers` names the timers
    that `arm` sets: a new name makes another sweep, so that every record has its timer.
    """
    place = _activated(store, journal, clock, source, connection, object, {*watched, *map(FieldName, timers)})
    if not place.baselined:
        return _sweep_page(store, source, place, watched, fields, learn, index, arm, associating=associating)
    page = source.poll(object, place.cursor, fields)
    index(page.records, [event.ref for event in page.gone])
    with store.transaction("change: captured page", Sync.NORMAL) as tx:
        queued = _queue_page(tx, page, place, watched)
        if associating:
            queued += note_associations(tx, page.records, ChangeOrigin.POLL)
        cursors.advance(tx, connection, object, page.cursor)
        learn(tx, page.records)
        arm(tx, page.records, False)
    return Captured(read=len(page.records), queued=queued, more=page.more, baselining=False)


def _activated(
    store: Store, journal: Journal, clock: Clock, source: ChangeSource, connection: ConnectionName, object: ObjectType,
    watched: Collection[FieldName],
) -> Position:
    with store.snapshot() as tx:
        place = cursors.position(tx, connection, object)
    if place is not None and set(watched) <= place.fields:
        return place
    if place is None:
        now_cursor, server_now = source.cursor_now(object)
    with store.transaction("change: activated") as tx:
        if place is None:
            cursors.activate(tx, connection, object, cursor=now_cursor, now=server_now, fields=watched)
            journal.append(
                tx, Entry(kind=EntryKind.ACTIVATED, at=clock.now(), body={"connection": connection, "object": object.value})
            )
        else:
            cursors.rebaseline(tx, connection, object, set(watched) | place.fields)
        found = cursors.position(tx, connection, object)
    assert found is not None
    return found


def _sweep_page(
    store: Store, source: ChangeSource, place: Position, watched: Collection[FieldName], fields: Collection[FieldName],
    learn: Learn, index: IndexTexts, arm: Arm, *, associating: bool,
) -> Captured:
    page = source.sweep(place.object, place.sweep, fields)
    index(page.records, ())
    with store.transaction("change: baseline page", Sync.NORMAL) as tx:
        seen = look_up(tx, [record.ref for record in page.records])
        old = [record for record in page.records if record.created_at < place.activated_at]
        note_versions(tx, [record for record in old if record.ref not in seen])
        # A record that was decided keeps the values of its decision; fields that are watched only now are added.
        extend_snapshots(tx, page.records, watched)
        note_snapshots(tx, [record for record in old if _undecided(seen.get(record.ref))], watched)
        if associating:
            note_associations(tx, page.records, ChangeOrigin.POLL)
        learn(tx, page.records)
        arm(tx, page.records, True)
        cursors.advance_sweep(tx, place, page.cursor, done=not page.more)
    return Captured(read=len(page.records), queued=0, more=True, baselining=page.more)


def _undecided(seen: Seen | None) -> bool:
    return seen is None or seen.snapshot is None


def _queue_page(tx: Transaction, page: ChangePage, place: Position, watched: Collection[FieldName]) -> int:
    seen = look_up(tx, [record.ref for record in page.records])
    fresh = [record for record in page.records if not _known_version(seen.get(record.ref), record)]
    # What waits will be looked at anyway, and what was set aside needs a person or a new version.
    queued = inbox.queued_or_aside(tx, [record.ref for record in fresh if _same_version(seen.get(record.ref), record)])
    waking = [record for record in fresh if record.ref not in queued and _matters(seen.get(record.ref), record)]
    events = [_event_of(record, place) for record in waking]
    # A tombstone is queued once while it waits; after that the record is forgotten and unknown again.
    known_gone = look_up(tx, [event.ref for event in page.gone])
    gone = [event for event in page.gone if event.ref in known_gone]
    note_versions(tx, fresh)
    note_snapshots(tx, [record for record in fresh if _is_ours(seen.get(record.ref))], watched)
    inbox.put(tx, [*events, *gone])
    return len(events) + len(gone)


def _is_ours(seen: Seen | None) -> bool:
    """Whether we made the record and read it for the first time now: what it holds is what changes are compared with."""
    return seen is not None and seen.snapshot == {} and not seen.version


def _known_version(seen: Seen | None, record: Record) -> bool:
    """Stamps of whole seconds can stand for two states of a record; the second may be committed, and show, much later."""
    return seen is not None and _same_version(seen, record) and not seen.changed(record)


def _same_version(seen: Seen | None, record: Record) -> bool:
    return seen is not None and seen.version == record.version


def _matters(seen: Seen | None, record: Record) -> bool:
    """The content gate: a new stamp over unchanged watched fields (an echo, a roll-up) wakes nobody."""
    return seen is None or seen.snapshot is None or bool(seen.changed(record))


def _event_of(record: Record, place: Position) -> ChangeEvent:
    is_new = record.created_at >= place.activated_at
    return ChangeEvent(
        ref=record.ref,
        kind=ChangeKind.CREATED if is_new else ChangeKind.CHANGED,
        origin=ChangeOrigin.POLL,
        occurred_at=record.modified_at,
        version=record.version,
    )
