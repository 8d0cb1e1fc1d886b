"""Guarded updates. HubSpot has no conditional write: the fields' history is read before, and read back after.

Between the two lies one round trip that the server does not guard; whatever somebody wrote in it is found in the
history and reported, never lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.hubspot.creates import Creates
from adapters.hubspot.history import Entry, OurMark
from adapters.hubspot.mapping import CREATABLE
from adapters.hubspot.paths import is_record_id
from adapters.hubspot.portal import Portal
from adapters.hubspot.records import HubSpotRecords, Row
from adapters.hubspot.sending import Sent, send_updates
from adapters.hubspot.verification import any_landed, app_id_in, concluded, verdicts_on
from connector.adapter import (
    CreateResult,
    FieldName,
    FieldValue,
    GuardedWrite,
    GuardFailed,
    MarkedCreate,
    Merged,
    Missed,
    NotApplied,
    ObjectType,
    Postponed,
    RecordRef,
    Refused,
    Resolution,
    Unknown,
    UnknownWrite,
    Unprovable,
    WriteResult,
    Written,
    readable,
    same_value,
)
from connector.errors import ConnectorError, CredentialsError, PermanentError, RetryableError, UnknownFieldError

BATCH = 50  # every write is read with history before and after, which allows fifty records a call
_SKEW = timedelta(minutes=2)
_IN_FLIGHT = timedelta(seconds=5)  # a lost request may still be on its way: absence proves nothing before then


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A write whose fields stand as the caller saw them: what goes out, and what the history was before."""

    write: GuardedWrite
    row: Row
    natives: Mapping[str, str]
    changing: frozenset[FieldName]

    @property
    def id(self) -> str:
        return self.write.ref.id

    def baselines(self) -> Mapping[FieldName, Entry | None]:
        """The newest entry of each field that is about to change."""
        return {name: next(iter(self.row.histories.get(name) or ()), None) for name in self.changing}


class HubSpotWrites:
    """The record writer: updates here, engagements through `Creates`."""

    def __init__(self, portal: Portal, records: HubSpotRecords) -> None:
        self._portal = portal
        self._records = records
        self._creates = Creates(portal, records)

    def update(self, writes: Sequence[GuardedWrite]) -> tuple[WriteResult, ...]:
        unsafe = Refused(code="UNSAFE_ID", reason="a HubSpot record id consists of digits")
        results: dict[int, WriteResult] = {
            place: unsafe for place, write in enumerate(writes) if not is_record_id(write.ref.id)
        }
        waiting = [each for each in enumerate(writes) if each[0] not in results]
        sent_any = False
        while waiting:
            batch, waiting = _next_batch(waiting)
            try:
                outcomes = self._update_batch([write for _, write in batch])
            except (CredentialsError, RetryableError) as error:
                if not sent_any:
                    raise
                outcomes = [Unknown(reason=error.message)] * len(batch)
            results.update({place: outcome for (place, _), outcome in zip(batch, outcomes, strict=True)})
            sent_any = True
        return tuple(results[place] for place in range(len(writes)))

    def create(self, creates: Sequence[MarkedCreate]) -> tuple[CreateResult, ...]:
        return self._creates.create(creates)

    @readable
    def resolve(self, unknown: Sequence[UnknownWrite]) -> tuple[Resolution, ...]:
        return tuple(self._resolve(each) for each in unknown)

    def delete_created(self, ref: RecordRef) -> WriteResult:
        if ref.object not in CREATABLE:
            return Refused(code="NOT_OURS", reason=f"{ref.object} records are never deleted by this product")
        return self._creates.take_back(ref)

    def _update_batch(self, writes: Sequence[GuardedWrite]) -> list[WriteResult]:
        object = writes[0].ref.object
        names = {name for write in writes for name in write.values}
        try:
            live = self._portal.live(object)
            rows = self._records.rows(object, [write.ref.id for write in writes], _known(names, live.fields))
        except PermanentError as error:
            return [Refused(code=type(error).__name__, reason=error.message)] * len(writes)
        plans = [self._plan(write, rows.get(write.ref.id)) for write in writes]
        pending = [plan for plan in plans if isinstance(plan, Pending)]
        sent = send_updates(self._portal, object, {plan.id: plan.natives for plan in pending})
        verified = self._verify(object, pending, sent)
        return [verified[plan.id] if isinstance(plan, Pending) else plan for plan in plans]

    def _plan(self, write: GuardedWrite, row: Row | None) -> Pending | WriteResult:
        """What to send, or why nothing is sent."""
        if row is None:
            return self._missed(write.ref)
        live = self._portal.live(write.ref.object)
        allowed = live.stages.get(str(row.properties.get(live.pipeline_property or "") or ""))
        natives: dict[str, str] = {}
        changing: set[FieldName] = set()
        for name, value in write.values.items():
            try:
                native = live.field(name)
            except UnknownFieldError as error:
                return Refused(code="PROPERTY_DOESNT_EXIST", reason=error.message, fields=(name,))
            if not native.schema.updateable:
                return Refused(code="READ_ONLY", reason=f"{name} cannot be edited here", fields=(name,))
            current = native.read(row.properties.get(native.schema.native))
            if same_value(current, value):
                continue  # writing the same value again leaves no trace that could be verified
            if _moved(write, name, row, current):
                return GuardFailed()
            natives[native.schema.native] = native.write(value, allowed=allowed)
            changing.add(name)
        if not natives:
            return Written(version=row.version, before=dict(write.values), after=dict(write.values))
        return Pending(write=write, row=row, natives=natives, changing=frozenset(changing))

    def _missed(self, ref: RecordRef) -> WriteResult:
        try:
            found = self._records.whereabouts(ref)
        except ConnectorError as error:
            return Postponed(reason=error.message)
        return Missed(into=found.into if isinstance(found, Merged) else None)

    def _verify(
        self, object: ObjectType, pending: Sequence[Pending], outcomes: Mapping[str, Sent | WriteResult]
    ) -> dict[str, WriteResult]:
        """The final result of each pending write: what was sent is read back."""
        results: dict[str, WriteResult] = {}
        accepted: list[tuple[Pending, Sent]] = []
        for plan in pending:
            match outcomes[plan.id]:
                case Sent() as sent:
                    accepted.append((plan, sent))
                case Missed():
                    results[plan.id] = self._missed(plan.write.ref)
                case outcome:
                    results[plan.id] = outcome
        if not accepted:
            return results
        names = {name for plan, _ in accepted for name in plan.changing}
        try:
            rows = self._records.rows(object, [plan.id for plan, _ in accepted], names)
        except ConnectorError as error:
            unread = Unknown(reason=f"written, but not read back: {error.message}")
            return results | {plan.id: unread for plan, _ in accepted}
        return results | {plan.id: self._verified(plan, sent, rows.get(plan.id)) for plan, sent in accepted}

    def _verified(self, plan: Pending, sent: Sent, row: Row | None) -> WriteResult:
        if row is None:
            return Unknown(reason="the record was deleted or merged right after the write")
        values, baselines = plan.write.values, plan.baselines()
        verdicts = verdicts_on(values, baselines, row, OurMark(app_id=self._portal.app_id))
        self._portal.learn_app_id(app_id_in(verdicts))
        result = concluded(row, values, baselines, verdicts)
        doubted = sent.doubt is not None and not any_landed(verdicts)
        return Postponed(reason=str(sent.doubt)) if doubted and isinstance(result, Written) else result

    def _resolve(self, unknown: UnknownWrite) -> Resolution:
        match unknown.write:
            case MarkedCreate():
                return self._creates.resolve(unknown.write, unknown.sent_at)
            case GuardedWrite():
                return self._resolve_update(unknown.write, unknown.sent_at)

    def _resolve_update(self, write: GuardedWrite, sent_at: datetime) -> Resolution:
        live = self._portal.live(write.ref.object)
        rows = self._records.rows(write.ref.object, [write.ref.id], _known(set(write.values), live.fields))
        row = rows.get(write.ref.id)
        if row is None:
            found = self._records.whereabouts(write.ref)
            return Missed(into=found.into if isinstance(found, Merged) else None)
        mark = OurMark(app_id=self._portal.app_id, not_before=sent_at - _SKEW)
        baselines = {
            name: _baseline(write, name)
            for name, value in write.values.items()
            if not same_value(value, write.live.fields.get(name))
        }
        verdicts = verdicts_on(write.values, baselines, row, mark)
        self._portal.learn_app_id(app_id_in(verdicts))
        result = concluded(row, write.values, baselines, verdicts)
        early = row.read_at - sent_at < _IN_FLIGHT
        if isinstance(result, Unknown):
            return result if early else Unprovable(reason=result.reason)  # a history does not grow back
        if any_landed(verdicts):
            return result
        return Unknown(reason="the request may still be on its way") if early else NotApplied()


def _next_batch(
    waiting: Sequence[tuple[int, GuardedWrite]],
) -> tuple[list[tuple[int, GuardedWrite]], list[tuple[int, GuardedWrite]]]:
    """The next writes of one object with every record once; a second write of a record waits for its turn."""
    object = waiting[0][1].ref.object
    taken: set[str] = set()
    batch: list[tuple[int, GuardedWrite]] = []
    for each in waiting:
        ref = each[1].ref
        if ref.object is object and ref.id not in taken and len(batch) < BATCH:
            batch.append(each)
            taken.add(ref.id)
    chosen = {place for place, _ in batch}
    return batch, [each for each in waiting if each[0] not in chosen]


def _known(names: set[FieldName], fields: Mapping[FieldName, object]) -> list[FieldName]:
    return [name for name in names if name in fields]


def _moved(write: GuardedWrite, name: FieldName, row: Row, current: FieldValue) -> bool:
    """Whether the field is not as the caller's reading of the record showed it."""
    if name not in write.live.fields or not same_value(current, write.live.fields[name]):
        return True
    entries = row.histories.get(name) or ()
    seen, now = write.live.stamps.get(name), entries[0].stamp if entries else None
    return seen != now


def _baseline(write: GuardedWrite, name: FieldName) -> Entry | None:
    stamp = write.live.stamps.get(name)
    return Entry(write.live.fields.get(name), stamp) if stamp is not None else None
