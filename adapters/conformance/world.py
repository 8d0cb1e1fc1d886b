"""What an adapter's author supplies: a CRM in which a case can act as a person, break things, and look natively."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from enum import Enum
from typing import Protocol, TypeAlias

from connector.adapter import Adapter, ConnectionName, FieldName, FieldValue, ObjectType, RecordRef


class Mishap(Enum):
    """What can go wrong on the way, in words every CRM shares."""

    LOST_BEFORE = "the connection ends before the call takes effect"
    LOST_AFTER = "the call takes effect and its answer is lost"
    SILENT_AFTER = "the call takes effect and is never answered"
    TOKEN_REFUSED = "the token is refused once"
    RATE_LIMITED = "one call is refused because of the rate limit"
    UNAVAILABLE = "one call is answered that the service is not available"
    HTML = "one call is answered with an HTML page"
    CUT_JSON = "one answer ends in the middle of its JSON"
    LATE_COMMIT = "a person's change becomes visible later than its own time stamp"
    STALE_INDEX = "what is listed by change time lags behind the records"
    REP_BETWEEN = "a person edits the field between the adapter's reading and its write"
    IGNORED = "an update is accepted and changes nothing"
    REPEATED_ROW = "a page shows one of its rows twice"
    EMPTY_PAGE = "a page of changes shows nothing although something has changed"
    LIST_RESTART = "a list of records starts over in the middle"


class NotPossibleError(Exception):
    """This CRM cannot go wrong in the way a case is about; the case says nothing here."""


class World(Protocol):
    """One CRM, one connection, one clock. Every method acts at once and outside the adapter."""

    connection: ConnectionName
    page: int  # more records than this do not fit one page of polling
    lag: timedelta  # after this long every ordinary change is visible to polling
    exemptions: Mapping[str, str]  # case name → why this CRM cannot pass it

    def adapter(self) -> Adapter:
        """A new adapter on the same CRM, as after a restart."""
        ...

    def advance(self, by: timedelta) -> None:
        """Let time pass, for the CRM and for the adapter."""
        ...

    def create(self, object: ObjectType, values: Mapping[str, FieldValue]) -> RecordRef:
        """A person creates a record; values under shared names."""
        ...

    def create_many(self, object: ObjectType, rows: Collection[Mapping[str, FieldValue]]) -> tuple[RecordRef, ...]:
        """Many records at the same instant."""
        ...

    def edit(self, ref: RecordRef, values: Mapping[str, FieldValue]) -> None: ...

    def delete(self, ref: RecordRef) -> None: ...

    def merge(self, winner: RecordRef, loser: RecordRef) -> RecordRef:
        """A person merges two records; the address of the survivor."""
        ...

    def associate(self, ref: RecordRef, other: RecordRef) -> None: ...

    def look(self, ref: RecordRef) -> Mapping[str, FieldValue]:
        """The record as a person sees it, under shared names; raises KeyError when it is gone."""
        ...

    def hanging(self, parent: RecordRef, object: ObjectType) -> tuple[Mapping[str, FieldValue], ...]:
        """Engagements of one object that hang on a record, as a person sees them."""
        ...

    def arm(self, mishap: Mishap, *, times: int = 1) -> None:
        """Let it happen on the next occasions; raises NotPossibleError when this CRM cannot go wrong in this way."""
        ...

    def arm_write(self, mishap: Mishap) -> None:
        """Let it happen on the next call that writes, whatever is read before it; raises NotPossibleError."""
        ...

    def happened(self, mishap: Mishap) -> int:
        """How often it has taken effect, since nothing is proved by a mishap that never came."""
        ...

    def heal(self) -> None:
        """Nothing goes wrong any more."""
        ...

    def agent_writes(self) -> int:
        """How many effective changes the adapter's user has made, from the CRM's own log."""
        ...

    def calls(self) -> int:
        """How many calls have reached the CRM, from its own log."""
        ...

    def absent(self, object: ObjectType) -> RecordRef:
        """A well-formed address at which there never was a record."""
        ...

    def field(self, object: ObjectType, shared: str) -> FieldName:
        """The name of a field for the adapter; the shared one unless this CRM keeps it elsewhere."""
        ...


Case: TypeAlias = Callable[[World], None]
"""One promise of the adapter contract; raises AssertionError when it is broken."""
