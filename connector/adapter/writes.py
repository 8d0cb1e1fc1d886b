"""How writes go out: guarded updates and marked creates, and every answer a CRM can give to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias

from connector.record import FieldName, FieldStamp, FieldValue, ObjectType, Record, RecordRef, Version


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardedWrite:
    """An update of one record that must not replace anything but what `live` shows.

    `live` is the record as re-read just before; the adapter guards with its version (Salesforce) or compares the field
    history before and after (HubSpot). `intent` identifies the write in logs; it never reaches the record.
    """

    intent: str
    values: Mapping[FieldName, FieldValue]
    live: Record

    @property
    def ref(self) -> RecordRef:
        return self.live.ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Overwritten:
    """A value somebody else wrote between our last read and our write, found in the field's history afterwards."""

    field: FieldName
    value: FieldValue
    stamp: FieldStamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The CRM holds our values now (or did: `after` is what it answered when read back).

    `before` is what our write replaced. `changed_by_crm` names fields that an automation altered in the same breath.
    `ignored` names fields the CRM accepted and left unchanged.
    """

    version: Version
    before: Mapping[FieldName, FieldValue]
    after: Mapping[FieldName, FieldValue]
    overwritten: tuple[Overwritten, ...] = ()
    changed_by_crm: tuple[FieldName, ...] = ()
    ignored: tuple[FieldName, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardFailed:
    """Somebody changed the record after `live` was read; nothing was written. Read again and compare per field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsettled:
    """The record changed so recently that its stamp cannot guard yet; nothing was written. Read again after `wait`."""

    wait: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The CRM refused the values for good; nothing was written."""

    code: str
    reason: str
    fields: tuple[FieldName, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """The record is not there any more (deleted or merged away); nothing was written."""

    into: RecordRef | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Postponed:
    """The CRM could not take the write now and certainly did not apply it (lock, limit, refused connection)."""

    reason: str
    wait: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """The write was sent and no answer came. It MUST NOT be sent again before `resolve` was asked."""

    reason: str


WriteResult: TypeAlias = Written | GuardFailed | Unsettled | Refused | Missed | Postponed | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedCreate:
    """A new task, note or other engagement hung on a record, carrying a marker that can be found again.

    `marker` is derived from the intent; the adapter stores it in an external-id field where the CRM has one, else in
    the body. `parents` are the records it hangs on; the first is the one it is reconciled through.
    """

    intent: str
    marker: str
    object: ObjectType
    values: Mapping[FieldName, FieldValue]
    parents: tuple[RecordRef, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """The record exists; `existed` says that an earlier try had already created it."""

    ref: RecordRef
    existed: bool = False


CreateResult: TypeAlias = Created | Refused | Missed | Postponed | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class NotApplied:
    """Reading proved that the write of unknown outcome never arrived; it may be decided and sent again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unprovable:
    """Nothing can ever tell whether the write arrived: somebody changed the record since, and no history names who wrote.

    A person may have undone it, so it MUST NOT be written over values that stand as before without asking.
    """

    reason: str


Resolution: TypeAlias = Written | Created | NotApplied | Missed | Unknown | Unprovable


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownWrite:
    """A write whose answer was lost, with when it was sent by the server's clock as far as known."""

    write: GuardedWrite | MarkedCreate
    sent_at: datetime


class RecordWriter(Protocol):
    """The writing side. Answers come back as values, one per write, in the order asked.

    It raises only CredentialsError, and RetryableError before anything was sent.
    """

    def update(self, writes: Sequence[GuardedWrite]) -> tuple[WriteResult, ...]:
        """Send each update under its own guard, batched as the CRM allows; MUST NOT resend an update of unknown outcome."""
        ...

    def create(self, creates: Sequence[MarkedCreate]) -> tuple[CreateResult, ...]:
        """Create each engagement once; an upsert by external id MAY be resent, a plain create MUST NOT."""
        ...

    def resolve(self, unknown: Sequence[UnknownWrite]) -> tuple[Resolution, ...]:
        """Find out by reading (field history, last modifier and values; marker through the parents), never by search."""
        ...

    def delete_created(self, ref: RecordRef) -> WriteResult:
        """Take back an engagement that this product created (the inverse of a create); MUST refuse other objects."""
        ...
