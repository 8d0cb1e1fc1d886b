"""Reading a change source to its present end, the way the product does, and what came of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta

from adapters.conformance.world import World
from connector.adapter import Adapter, ChangeEvent, Cursor, FieldName, ObjectType, Record, Version
from connector.errors import RetryableError

_PAGES = 2_000


@dataclass(slots=True, kw_only=True)
class Stream:
    """What polling has brought so far, and every cursor it could have been stopped at."""

    cursor: Cursor
    versions: set[tuple[str, Version]] = field(default_factory=set)
    latest: dict[str, Record] = field(default_factory=dict)
    gone: list[ChangeEvent] = field(default_factory=list)
    cursors: list[Cursor] = field(default_factory=list)

    def ids(self) -> set[str]:
        return set(self.latest)

    def gone_ids(self) -> set[str]:
        return {event.ref.id for event in self.gone}


def start(adapter: Adapter, object: ObjectType) -> Stream:
    """A stream that stands at the CRM's present."""
    cursor, _ = adapter.changes.cursor_now(object)
    return Stream(cursor=cursor, cursors=[cursor])


def drain(adapter: Adapter, object: ObjectType, stream: Stream, fields: Collection[FieldName]) -> Stream:
    """Poll until no page is ready; asserts that this comes to an end."""
    for _ in range(_PAGES):
        page = adapter.changes.poll(object, stream.cursor, fields)
        for record in page.records:
            stream.versions.add((record.ref.id, record.version))
            stream.latest[record.ref.id] = record
        stream.gone.extend(page.gone)
        stream.cursor = page.cursor
        stream.cursors.append(page.cursor)
        if not page.more:
            return stream
    raise AssertionError(f"polling {object} did not come to an end within {_PAGES} pages")


def follow(
    world: World,
    adapter: Adapter,
    object: ObjectType,
    stream: Stream,
    fields: Collection[FieldName],
    *,
    rounds: int = 8,
) -> Stream:
    """Poll now and again while time passes, until everything ordinary must have become visible."""
    for _ in range(rounds):
        drain(adapter, object, stream, fields)
        world.advance(timedelta(seconds=world.lag.total_seconds() / (rounds - 1)))
    return drain(adapter, object, stream, fields)


def sweep(adapter: Adapter, object: ObjectType, fields: Collection[FieldName]) -> list[Record]:
    """Every live record, page by page."""
    records: list[Record] = []
    cursor: Cursor | None = None
    for _ in range(_PAGES):
        try:
            page = adapter.changes.sweep(object, cursor, fields)
        except RetryableError:
            page = adapter.changes.sweep(object, cursor, fields)  # the product comes back later with the same cursor
        records.extend(page.records)
        if not page.more:
            return records
        assert page.cursor != cursor, "a sweep that makes no progress"
        cursor = page.cursor
    raise AssertionError(f"the sweep of {object} did not come to an end within {_PAGES} pages")


def identities(adapter: Adapter, object: ObjectType) -> list[tuple[str, Version]]:
    """Every id with its version."""
    found: list[tuple[str, Version]] = []
    after: str | None = None
    for _ in range(_PAGES):
        page = adapter.changes.identities(object, after)
        found.extend(page.identities)
        if page.after is None:
            return found
        after = page.after
    raise AssertionError(f"the identities of {object} did not come to an end within {_PAGES} pages")
