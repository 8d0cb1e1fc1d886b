"""How records are read by id: the reader port, and what a CRM can do."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from connector.record import FieldName, Found, ObjectSchema, ObjectType, Record, RecordRef, User


class GuardKind(StrEnum):
    """How a write is kept from replacing somebody's edit."""

    CONDITIONAL = "conditional"  # the server refuses a stale write, as far as its condition can tell
    VERIFIED = "verified"  # the history is read back, and an overwrite is found and restored or asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What this CRM and our user's permissions allow; stages choose by these, never by the CRM's name."""

    system: str  # the vendor's name as people say it
    guard: GuardKind
    objects: frozenset[ObjectType]
    field_stamps: bool  # whether Record.stamps is filled
    read_batch: int
    update_batch: int
    create_batch: int
    settle: timedelta  # how old a stamp must be before it can guard
    marker_field: bool  # creates are found again by an external-id field
    links_stamped: bool  # a poll also returns records of which nothing but an association changed
    interface_sources: frozenset[str] = frozenset()  # what a field stamp says of a person in the user interface
    drafts_on: frozenset[ObjectType] = frozenset()  # objects a draft e-mail can hang on; elsewhere a task holds the draft


class RecordReader(Protocol):
    """Reading by id, always live (never through a search index).

    Every method MAY raise RetryableError, CredentialsError, AccessDeniedError, UnknownFieldError.
    """

    def read(self, refs: Sequence[RecordRef], fields: Collection[FieldName]) -> Mapping[RecordRef, Found]:
        """Each ref as it stands now; every ref asked for has an entry. Objects may be mixed; batched inside."""
        ...

    def related(
        self, refs: Sequence[RecordRef], object: ObjectType, fields: Collection[FieldName], *, limit: int
    ) -> Mapping[RecordRef, tuple[Record, ...]]:
        """For each ref its newest associated records of one object, at most `limit` each."""
        ...

    def schema(self, object: ObjectType) -> ObjectSchema:
        """The live field schema; MAY be cached for minutes, MUST be refreshed by `refresh`."""
        ...

    def refresh(self) -> None:
        """Forget cached schemas and users."""
        ...

    def users(self) -> tuple[User, ...]:
        """People and queues that can own records."""
        ...
