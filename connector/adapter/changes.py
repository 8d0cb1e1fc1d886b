"""How changes come in: change events, opaque cursors, and the port every CRM's reading side offers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType, Protocol

from connector.record import FieldName, ObjectType, Record, RecordRef, Version

Cursor = NewType("Cursor", str)  # opaque JSON text; only the adapter that made it reads it


class ChangeKind(StrEnum):
    """What the CRM, a timer or a person says happened."""

    CREATED = "created"
    CHANGED = "changed"
    DELETED = "deleted"
    MERGED = "merged"
    ASSOCIATED = "associated"
    DUE = "due"
    BACKFILL = "backfill"
    AGENT_WRITE = "agent_write"  # a policy of ours wrote it
    RELATED = "related"  # something happened to a record that hangs on this one


class ChangeOrigin(StrEnum):
    """Which door a change event came through; polling is the truth, the rest are hints or our own timers."""

    POLL = "poll"
    HINT = "hint"
    TIMER = "timer"
    BACKFILL = "backfill"
    RECONCILE = "reconcile"
    AGAIN = "again"  # a decision of ours came to nothing, or a person gave it back: we asked ourselves to look once more
    RELATED = "related"
    OWN_WRITE = "own_write"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeEvent:
    """One thing that happened to one record.

    `version` is the record version the event was seen at, None for a hint (the record is read again anyway).
    `slot` tells two due times of one timer apart. `occurred_at` is the server's time, never ours.
    """

    ref: RecordRef
    kind: ChangeKind
    origin: ChangeOrigin
    occurred_at: datetime
    version: Version | None = None
    slot: str | None = None
    into: RecordRef | None = None  # the survivor of a merge


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePage:
    """One page of reading: live records, tombstones, and where to read on.

    `cursor` is stored in the transaction that stores the rows. `more` says that another page is ready now.
    """

    records: tuple[Record, ...]
    gone: tuple[ChangeEvent, ...]
    cursor: Cursor
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityPage:
    """Ids and versions in id order, for reconciliation by count and hash."""

    identities: tuple[tuple[str, Version], ...]
    after: str | None  # None: this was the last page


class ChangeSource(Protocol):
    """The reading side that notices change. Every method MAY raise RetryableError, CredentialsError, AccessDeniedError."""

    def cursor_now(self, object: ObjectType) -> tuple[Cursor, datetime]:
        """A cursor standing at the server's present, and that present; from server time only."""
        ...

    def poll(self, object: ObjectType, cursor: Cursor, fields: Collection[FieldName]) -> ChangePage:
        """The next page of what changed since `cursor`.

        MUST page by (server stamp, id), read again an overlap before the newest stamp (late commits), return deletes
        and merges as `gone`, make progress on more equal stamps than a page holds, and never skip a row that failed
        to parse. Rows inside the overlap are returned again; the caller removes what it has seen at that version.
        """
        ...

    def sweep(self, object: ObjectType, cursor: Cursor | None, fields: Collection[FieldName]) -> ChangePage:
        """Every live record once, in id order, from `cursor` on (None: from the start); for baseline and backfill."""
        ...

    def links(self, object: ObjectType, ids: Sequence[str]) -> Mapping[str, Mapping[ObjectType, tuple[str, ...]]]:
        """What hangs on each of these records now, as `Record.related` has it, without their fields.

        MUST have an entry for every id; one that is gone has nothing.
        """
        ...

    def identities(self, object: ObjectType, after: str | None) -> IdentityPage:
        """Ids and versions of live records in id order, without their fields."""
        ...

    def count(self, object: ObjectType) -> int:
        """How many live records there are; MAY be approximate, for estimates and shares only."""
        ...
