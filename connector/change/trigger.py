"""Whether a change wakes a policy, and the fingerprint that makes the decision on it once-only. Pure, but for one table."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from connector.adapter import ChangeEvent, ChangeKind
from connector.change.moments import still_due
from connector.change.seen import Seen
from connector.journal import canonical
from connector.policy import EvaluationFailed, Facts, Matched, NotMatched, Policy, Related, Wake
from connector.policy.policy_set import MAX_HOPS
from connector.record import (
    NO_FIELDS,
    VOCABULARY,
    FieldName,
    FieldValue,
    ObjectType,
    Record,
    RecordRef,
    encode_value,
    normalise,
)
from connector.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Wakes:
    """The policy wakes. `fingerprint` names what it woke on; `changed_from` holds the old values of changed fields."""

    fingerprint: str
    changed_from: Mapping[FieldName, FieldValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sleeps:
    """The policy has nothing to do with this change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecidable:
    """The condition could not be evaluated: no match, and reported."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnWrite:
    """A write of ours as its event tells it: by which policy, of which field, the how manieth in a row."""

    hops: int
    writer: str
    field: FieldName
    intent: str

    @property
    def slot(self) -> str:
        return f"{self.hops}:{self.writer}:{self.field}:{self.intent}"

    @classmethod
    def of(cls, event: ChangeEvent) -> OwnWrite | None:
        """None for every other kind of event."""
        if event.kind is not ChangeKind.AGENT_WRITE or event.slot is None:
            return None
        hops, writer, field, intent = event.slot.split(":", 3)
        return cls(hops=int(hops), writer=writer, field=FieldName(field), intent=intent)

    def wakes(self, policy: Policy) -> bool:
        listens = Wake.AGENT_WRITE in policy.when.events and self.field in policy.when.fields
        return listens and policy.name != self.writer and self.hops < MAX_HOPS


Waking: TypeAlias = Wakes | Sleeps | Undecidable


def waking(
    policy: Policy, event: ChangeEvent, record: Record, seen: Seen | None, *, activated_at: datetime, now: datetime,
    related: Related, replaced: Mapping[FieldName, FieldValue] = NO_FIELDS,
) -> Waking:
    """Whether `event` on `record` wakes `policy`, compared with what the last decision saw.

    A record is new when we never decided on it and it was created after activation; older ones were baselined.
    `replaced` holds what a write of ours replaced, which the record as it was seen does not tell any more.
    """
    changed_from = {**(seen.changed(record) if seen is not None else {}), **replaced}
    if not _woken(policy, event, record, seen, changed_from, activated_at, now):
        return Sleeps()
    changed_to = {name: record.fields.get(name) for name in changed_from}
    facts = Facts(fields=record.fields, now=now, related=related, changed_from=changed_from, changed_to=changed_to)
    match policy.applies_to(facts):
        case NotMatched():
            return Sleeps()
        case EvaluationFailed(reason):
            return Undecidable(reason=reason)
        case Matched():
            return Wakes(fingerprint=fingerprint(policy, event, record), changed_from=changed_from)


def _woken(
    policy: Policy, event: ChangeEvent, record: Record, seen: Seen | None, changed_from: Mapping[FieldName, FieldValue],
    activated_at: datetime, now: datetime,
) -> bool:
    when = policy.when
    match event.kind:
        case ChangeKind.BACKFILL:
            return True
        case ChangeKind.DUE:
            return still_due(policy, event.slot or "", record, now)
        case ChangeKind.AGENT_WRITE:
            own = OwnWrite.of(event)
            return own is not None and own.wakes(policy)
        case ChangeKind.RELATED:
            return (event.slot or "").startswith(f"{policy.name}@related:")
        case ChangeKind.MERGED:
            # The record survived a merge: what was open on the other one is decided afresh here.
            return bool(when.events & {Wake.CREATED, Wake.CHANGED})
        case ChangeKind.ASSOCIATED:
            return Wake.ASSOCIATED in when.events
        case _:
            if is_new(record, seen, activated_at):
                return Wake.CREATED in when.events
            watched = when.fields or tuple(changed_from)
            return Wake.CHANGED in when.events and any(name in changed_from for name in watched)


def is_new(record: Record, seen: Seen | None, activated_at: datetime) -> bool:
    """Whether nobody has looked at the record yet and it was made after the activation."""
    return (seen is None or seen.snapshot is None) and record.created_at >= activated_at


def fingerprint(policy: Policy, event: ChangeEvent, record: Record) -> str:
    """A hash of the trigger-field values, or of the due slot; never of model output, policy version or our time."""
    if event.kind in (ChangeKind.DUE, ChangeKind.ASSOCIATED, ChangeKind.RELATED):
        content: object = [event.kind.value, event.slot]
    else:
        names = policy.when.fields or tuple(sorted(record.fields))
        content = {name: encode_value(normalise(record.fields.get(name))) for name in names}
    return hashlib.sha256(canonical(content).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Which visit to these trigger values this is: A → B → A is a second visit to A, and decided again."""

    fingerprint: str
    number: int


def last_visit(tx: Transaction, ref: RecordRef, policy: str) -> Visit | None:
    row = tx.one(
        "SELECT fingerprint, visit FROM change_triggers "
        "WHERE connection = :connection AND object = :object AND record = :record AND policy = :policy",
        connection=ref.connection, object=ref.object.value, record=ref.id, policy=policy,
    )
    return Visit(fingerprint=row["fingerprint"], number=row["visit"]) if row else None


def next_visit(last: Visit | None, found: str) -> Visit | None:
    """The visit a waking on `found` makes, or None when exactly this was decided already."""
    if last is None:
        return Visit(fingerprint=found, number=1)
    return None if last.fingerprint == found else Visit(fingerprint=found, number=last.number + 1)


def record_visits(tx: Transaction, visits: Sequence[tuple[RecordRef, str, Visit]]) -> None:
    """Remember that these visits were decided."""
    tx.run_many(
        """
        INSERT INTO change_triggers (connection, object, record, policy, fingerprint, visit)
        VALUES (:connection, :object, :record, :policy, :fingerprint, :visit)
        ON CONFLICT (connection, object, record, policy)
        DO UPDATE SET fingerprint = excluded.fingerprint, visit = excluded.visit
        """,
        [
            {
                "connection": ref.connection, "object": ref.object.value, "record": ref.id, "policy": policy,
                "fingerprint": visit.fingerprint, "visit": visit.number,
            }
            for ref, policy, visit in visits
        ],
    )


def forget_visit(tx: Transaction, ref: RecordRef, policy: str, why: str) -> None:
    """A person gives the case back: the same values are to be decided once more. `why` makes the next visit a new one."""
    tx.run(
        "UPDATE change_triggers SET fingerprint = :why WHERE connection = :connection AND object = :object "
        "AND record = :record AND policy = :policy",
        why=why, connection=ref.connection, object=ref.object.value, record=ref.id, policy=policy,
    )


def is_owed(visit: Visit | None) -> bool:
    """Whether a visit was forgotten and nothing has been decided since: a decision's fingerprint has no colon."""
    return visit is None or ":" in visit.fingerprint


def intent_of(ref: RecordRef, policy: str, visit: Visit, kind: str, ordinal: str) -> str:
    """The name of one intended effect, the same however often we crash on the way to it."""
    content = canonical([str(ref), policy, visit.fingerprint, visit.number, kind, ordinal])
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def decision_key(ref: RecordRef, policy: str, visit: Visit) -> str:
    """The name of one decision: this policy, on this record, at this visit to these values."""
    return intent_of(ref, policy, visit, "decision", "")


def heard_fields(policies: Iterable[Policy], object: ObjectType) -> frozenset[FieldName]:
    """The fields of a related object whose change wakes one of these policies: every shared one."""
    heard = any(Wake.CHANGED in policy.when.related.get(object, ()) for policy in policies)
    return frozenset(VOCABULARY[object]) if heard else frozenset()


def watched_fields(policies: Collection[Policy]) -> frozenset[FieldName]:
    """Every field whose change or value can matter to one of these policies' triggers."""
    names: set[FieldName] = set()
    for policy in policies:
        when = policy.when
        names.update(when.fields)
        if when.where is not None:
            names.update(FieldName(name) for name in when.where.names.fields)
        if when.after is not None:
            names.add(when.after.field)
        if when.before is not None:
            names.add(when.before.field)
    return frozenset(names)
