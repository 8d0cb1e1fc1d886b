"""How far polling has read: the server's time of the last finished round, and where the present round stands."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import Any

from connector.adapter import Cursor
from connector.errors import StateError


@dataclass(frozen=True, slots=True, kw_only=True)
class PollCursor:
    """A place in the stream of changes; times are the server's, in milliseconds.

    `since`: everything the server showed up to then has been read. A round pages the window by id: `window` is its
    lower end, `began` the server's time at its first page, `last_id` the place in it, and `short` says that the index
    found more than was shown. Then the archived records are listed: `archived_since` is when that was last begun,
    `archived_pages` how long it was, `archived_at` and `archived_id` the place in it.
    """

    since: int
    window: int | None = None
    began: int | None = None
    last_id: str = "0"
    short: bool = False
    held_at: int | None = None  # when the first of several rounds began that left something unshown
    held_rounds: int = 0  # how many there have been
    archived_since: int = 0
    archived_pages: int = 0
    archived_at: str | None = None
    archived_id: str = "0"
    listing: bool = False

    def encode(self) -> Cursor:
        return Cursor(_written(self))

    @classmethod
    def decode(cls, cursor: Cursor) -> PollCursor:
        return cls(**_known(cursor, {each.name for each in fields(cls)}, needed={"since"}))


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepCursor:
    """A place in the list of all records: the server's own opaque position and the last id seen before it."""

    after: str
    last_id: str

    def encode(self) -> Cursor:
        return Cursor(_written(self))

    @classmethod
    def decode(cls, cursor: Cursor) -> SweepCursor:
        return cls(**_known(cursor, {"after", "last_id"}, needed={"after", "last_id"}))


def _written(cursor: PollCursor | SweepCursor) -> str:
    # Not `asdict`, which copies every value deeply: a cursor is written with each page.
    return json.dumps({each.name: getattr(cursor, each.name) for each in fields(cursor)}, separators=(",", ":"))


def _known(cursor: Cursor, names: set[str], *, needed: set[str]) -> dict[str, Any]:
    try:
        stored = json.loads(cursor)
    except ValueError:
        stored = None
    if not isinstance(stored, dict) or not needed <= set(stored) <= names:
        raise StateError("a stored HubSpot cursor cannot be read", hint="crm-connector status")
    return stored
