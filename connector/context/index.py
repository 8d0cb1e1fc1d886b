"""The port of the local index: entries in, scoped hits out. Whatever stands behind it is a rebuildable cache."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType, Protocol

from connector.context.context import Audience, Passage
from connector.record import Origin, RecordRef

Scope = NewType("Scope", str)  # what a search may reach; opaque, safe inside any query language
IndexKey = NewType("IndexKey", str)

QUERY_LIMIT = 2_000  # characters of a query that count
_MAX_HITS = 100


def account_scope(ref: RecordRef) -> Scope:
    """All texts of one account (or of one record that has none)."""
    return Scope("a" + _digest(str(ref)))


def knowledge_scope(name: str) -> Scope:
    """All files under one knowledge name."""
    return Scope("k" + _digest(name))


def record_key(ref: RecordRef) -> str:
    """A record's address as an index stores it: opaque, so that no id can speak a query language."""
    return _digest(str(ref))


def entry_key(*parts: str) -> IndexKey:
    return IndexKey(_digest("\0".join(parts)))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexEntry:
    """One searchable text. `title` and `body` are searched as two fields.

    `local` keeps the text away from an embedder on another machine.
    """

    key: IndexKey
    scope: Scope
    title: str
    body: str
    source: str
    origin: Origin
    audience: Audience
    category: str | None = None
    at: datetime | None = None
    ref: RecordRef | None = None
    local: bool = False

    def passage(self, score: float) -> Passage:
        return Passage(
            text=self.body, source=self.source, origin=self.origin, audience=self.audience, title=self.title,
            category=self.category, at=self.at, ref=self.ref, score=score,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What a search may find. An empty `scopes` finds nothing; `without` leaves out records already at hand."""

    scopes: frozenset[Scope]
    audience: Audience = Audience.INTERNAL  # CUSTOMER finds only what a customer may see
    categories: frozenset[str] = frozenset()  # empty: any
    since: datetime | None = None
    without: frozenset[RecordRef] = frozenset()

    def admits(self, entry: IndexEntry) -> bool:
        """Whether an entry may be found: the one rule that every index keeps."""
        return (
            entry.scope in self.scopes
            and (self.audience is Audience.INTERNAL or entry.audience is Audience.CUSTOMER)
            and (not self.categories or entry.category in self.categories)
            and (self.since is None or (entry.at is not None and entry.at >= self.since))
            and (entry.ref is None or entry.ref not in self.without)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One entry found; scores compare within one search only."""

    entry: IndexEntry
    score: float


class IndexState(StrEnum):
    """Whether the index can be relied on to hold what was put in."""

    READY = "ready"
    REBUILD = "rebuild"  # it was empty, damaged or of another make, and waits to be filled again
    UNAVAILABLE = "unavailable"  # its folder cannot be used; searches find nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexStats:
    """How the index stands, for `status` and the scheduler."""

    state: IndexState
    identity: str  # make of the index and of its embedder; a change re-indexes
    entries: int
    versions: int = 0
    files: int = 0
    waiting: int = 0  # entries whose vector is still owed
    reason: str = ""


class Upkeep(StrEnum):
    """How thorough `optimize` is: `erase` also leaves no byte of deleted entries on disk."""

    ROUTINE = "routine"
    ERASE = "erase"


class Index(Protocol):
    """MUST keep `Reach` exactly, MUST treat a query as words only, MUST NOT raise for its own damage.

    Damage shows as `IndexStats.state`: the index empties itself, and whoever schedules it fills it again.
    """

    def upsert(self, entries: Sequence[IndexEntry]) -> None:
        """Put entries in, replacing those of the same key; batch them, each call is a commit."""
        ...

    def delete(self, keys: Collection[IndexKey]) -> None: ...

    def delete_records(self, refs: Collection[RecordRef]) -> None:
        """Remove every entry of these records; an unknown one is fine."""
        ...

    def keys(self, scope: Scope) -> frozenset[IndexKey]:
        """What stands in one scope, to find out what a folder no longer holds."""
        ...

    def search(self, text: str, reach: Reach | None, *, limit: int = 10, local: bool = False) -> tuple[Hit, ...]:
        """The best entries for a text, best first; equal scores in key order.

        `reach` None searches everything: for people at the command line, never for a decision. `local` keeps the words
        away from an embedder on another machine.
        """
        ...

    def optimize(self, upkeep: Upkeep = Upkeep.ROUTINE) -> None:
        """Merge small files and fold new entries into the search structures; run on a schedule, off the road."""
        ...

    def clear(self) -> None:
        """Empty the index and wait to be filled again."""
        ...

    def filled(self) -> None:
        """Everything that belongs into the index has been put in."""
        ...

    def stats(self) -> IndexStats: ...


def bounded(limit: int) -> int:
    return max(0, min(limit, _MAX_HITS))
