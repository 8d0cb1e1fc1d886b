"""Guarded updates: composite calls of [PATCH under If-Unmodified-Since, GET] pairs, one verdict per record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from adapters.salesforce.catalog import Catalog
from adapters.salesforce.changes import SETTLE
from adapters.salesforce.client import SalesforceClient
from adapters.salesforce.failures import CrmError, failure
from adapters.salesforce.field_history import FieldEdit
from adapters.salesforce.hindsight import Hindsight, Told
from adapters.salesforce.payloads import Payload, payload, row_path, update_pair
from adapters.salesforce.reads import SalesforceReader
from adapters.salesforce.rows import stamp_of, version_of
from adapters.salesforce.schema import Description
from adapters.salesforce.unseen import before_write, overwritten, unseen_edits
from connector.adapter import (
    FieldName,
    GuardedWrite,
    GuardFailed,
    Merged,
    Missed,
    NotSentError,
    Postponed,
    Refused,
    Unknown,
    Unsettled,
    WriteResult,
    Written,
    same_value,
)
from connector.adapter.retry import Operation
from connector.errors import (
    ConnectorError,
    CredentialsError,
    InvalidResponseError,
    LockedRowError,
    PermanentError,
    RateLimitedError,
    RecordGoneError,
    RejectedError,
    UnknownFieldError,
    UnsafeReferenceError,
)

UPDATE_BATCH = 12  # pairs in one composite call of at most 25, which leaves one for a query of their history
_MOST_CALLS, _MOST_QUERIES = 25, 5  # in one composite call
_GUARD_CODES = {"ENTITY_FAILED_IFLASTMODIFIED_ON_UPDATE_CHECK"}


@dataclass(frozen=True, slots=True)
class _Sending:
    """A write that passed every check that needs no call."""

    place: int
    write: GuardedWrite
    description: Description
    sent: Payload


class Updates:
    """Sends guarded updates, up to twelve to a call.

    A guard cannot tell two edits of one second apart. Where one of them may still have been uncommitted when the record
    was read, the same call asks for the history of what it has just written.
    """

    def __init__(
        self, client: SalesforceClient, catalog: Catalog, reader: SalesforceReader, hindsight: Hindsight
    ) -> None:
        self._client = client
        self._catalog = catalog
        self._reader = reader
        self._hindsight = hindsight

    def send(self, writes: Sequence[GuardedWrite]) -> tuple[WriteResult, ...]:
        """One result per write, in order. CredentialsError is raised only while nothing has been sent."""
        results: dict[int, WriteResult] = {}
        ready: list[_Sending] = []
        for place, write in enumerate(writes):
            checked = self._check(place, write)
            if isinstance(checked, _Sending):
                ready.append(checked)
            else:
                results[place] = checked
        for number, batch in enumerate(self._batches(ready)):
            results |= self._send_batch(batch, first=number == 0)
        return self._with_survivors(writes, tuple(results[place] for place in range(len(writes))))

    def _check(self, place: int, write: GuardedWrite) -> _Sending | WriteResult:
        wait = unsettled(write)
        if wait is not None:
            return Unsettled(wait=wait)
        try:
            description = self._catalog.describe(write.ref.object)
            sent = payload(description, write.values, creating=False)
            row_path(description, write.ref.id)
        except PermanentError as error:
            return refused(error, None)
        return _Sending(place, write, description, sent)

    def _batches(self, ready: Sequence[_Sending]) -> Iterator[list[_Sending]]:
        """What goes into one call: pairs, and for each object whose history is asked for one query."""
        batch: list[_Sending] = []
        for one in ready:
            asked = len(self._hindsight.asked([each.write.live for each in (*batch, one)]))
            if asked > _MOST_QUERIES or 2 * (len(batch) + 1) + asked > _MOST_CALLS:
                yield batch
                batch = []
            batch.append(one)
        if batch:
            yield batch

    def _send_batch(self, batch: Sequence[_Sending], *, first: bool) -> dict[int, WriteResult]:
        calls: list[dict[str, Any]] = []
        for number, one in enumerate(batch):
            path = self._client.path(row_path(one.description, one.write.ref.id))
            calls += update_pair(number, one.write, one.sent, path, self._client.headers())
        asked = self._hindsight.asked([one.write.live for one in batch])
        calls += self._hindsight.calls(asked)
        try:
            body = self._client.composite(calls, Operation.GUARDED).body
        except CredentialsError:
            if first:
                raise
            return {one.place: Postponed(reason="the CRM no longer accepts our credentials") for one in batch}
        except ConnectorError as error:
            return {one.place: lost(error) for one in batch}
        answers = {str(one.get("referenceId")): one for one in body["compositeResponse"] if isinstance(one, Mapping)}
        told = self._hindsight.told(asked, answers)
        return {
            one.place: _verdict(one, answers.get(f"write{number}"), answers.get(f"read{number}"), told)
            for number, one in enumerate(batch)
        }

    def _with_survivors(self, writes: Sequence[GuardedWrite], results: tuple[WriteResult, ...]) -> tuple[WriteResult, ...]:
        """Missed records that live on in another one are told with it."""
        missed = [write.ref for write, result in zip(writes, results, strict=True) if isinstance(result, Missed)]
        if not missed:
            return results
        try:
            found = self._reader.read(missed, ())
        except ConnectorError:
            return results
        into = {ref: one.into for ref, one in found.items() if isinstance(one, Merged)}
        return tuple(
            replace(result, into=into.get(write.ref)) if isinstance(result, Missed) else result
            for write, result in zip(writes, results, strict=True)
        )


def unsettled(write: GuardedWrite) -> timedelta | None:
    """How long to wait before a record's stamp can guard; None when it can.

    Stamps are whole seconds: only once the second is over must a later edit carry a later stamp.
    """
    age = write.live.read_at - stamp_of(write.live.version)
    return SETTLE - age if age < SETTLE else None


def written(
    write: GuardedWrite, sent: Payload, row: Mapping[str, Any], *, edits: Sequence[FieldEdit] = (), us: str = ""
) -> Written:
    """What a row read back after our write, and the history of its fields, say about it."""
    after = {name: column.value(row.get(column.native)) for name, column in sent.columns.items()}
    unseen = unseen_edits(write, sent, after, edits, us)
    before = before_write(write, sent, unseen)
    off = [name for name, value in after.items() if not same_value(value, sent.expected[name])]
    ignored = tuple(name for name in off if same_value(after[name], before[name]))
    return Written(
        version=version_of(row.get("SystemModstamp")),
        before=before,
        after=after,
        overwritten=overwritten(sent, before, {name: edit for name, edit in unseen.items() if name not in ignored}),
        changed_by_crm=tuple(name for name in off if name not in ignored),
        ignored=ignored,
    )


def refused(error: ConnectorError, description: Description | None) -> Refused:
    """A refusal in our words: the CRM's code, its reason, and the fields it names."""
    match error:
        case RejectedError(code=code, fields=fields):
            named = tuple(FieldName(one) if description is None else description.shared_name(one) for one in fields)
            return Refused(code=code, reason=error.message, fields=named)
        case UnknownFieldError():
            return Refused(code="INVALID_FIELD", reason=error.message)
        case UnsafeReferenceError():
            return Refused(code="UNSAFE_REFERENCE", reason=error.message)
        case _:
            return Refused(code=error.message.partition(":")[0], reason=error.message)


def lost(error: ConnectorError) -> Postponed | Unknown:
    """What a failed call means for every write in it; what is wrong with one write is told in its own answer."""
    match error:
        case NotSentError() | RateLimitedError() | LockedRowError():
            return Postponed(reason=error.message, wait=error.retry_after)
        case PermanentError():
            return Postponed(reason=error.message)
        case _:
            return Unknown(reason=error.message)


def _verdict(
    one: _Sending, patch: Mapping[str, Any] | None, read: Mapping[str, Any] | None, told: Told
) -> WriteResult:
    if patch is None or not isinstance(patch.get("httpStatusCode"), int):
        return Unknown(reason="the composite answer does not say what became of this write")
    status, body = patch["httpStatusCode"], patch.get("body")
    if status < 300:
        return _read_back(one, read, told)
    error = CrmError.read(body)
    if status == 412 or (error is not None and error.code in _GUARD_CODES):
        return GuardFailed()
    if error is not None and error.code == "PROCESSING_HALTED":
        return Postponed(reason=error.message)
    return unwritten(failure(status, body), one.description)


def unwritten(error: ConnectorError, description: Description) -> Missed | Postponed | Refused | Unknown:
    """What the error of a single sub-request means for its write."""
    match error:
        case RecordGoneError():
            return Missed()
        case RateLimitedError() | LockedRowError():
            return Postponed(reason=error.message, wait=error.retry_after)
        case CredentialsError():
            return Postponed(reason=error.message)
        case PermanentError():
            return refused(error, description)
        case _:
            return Unknown(reason=error.message)


def _read_back(one: _Sending, read: Mapping[str, Any] | None, told: Told) -> WriteResult:
    if (why := told.unread.get(one.write.ref.id)) is not None:
        return Unknown(reason=f"written, but the history of its fields could not be read: {why}")
    row = read.get("body") if read is not None and read.get("httpStatusCode") == 200 else None
    if not isinstance(row, Mapping):
        return Unknown(reason="written, but the row could not be read back")
    try:
        return written(one.write, one.sent, row, edits=told.edits, us=told.us)
    except InvalidResponseError as error:
        return Unknown(reason=error.message)
