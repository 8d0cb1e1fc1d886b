"""From queued events to cases: read each record once, ask which policies wake, and which of that was decided before."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias

from connector.adapter import Adapter, ChangeEvent, ChangeKind, ChangeOrigin
from connector.change.cursors import position
from connector.change.inbox import InboxEvent
from connector.change.seen import Seen, look_up
from connector.change.trigger import (
    Sleeps,
    Undecidable,
    Visit,
    Wakes,
    is_owed,
    last_visit,
    next_visit,
    waking,
    watched_fields,
)
from connector.clock import EPOCH
from connector.context.relatives import RelativeReader
from connector.errors import FieldHiddenError
from connector.gate import approval_tasks
from connector.pipeline.own_writes import replaced_values
from connector.pipeline.related import Woken, listening, wake_around
from connector.policy import Policy, PolicySet, Related, agent_conditions, agent_fields
from connector.record import (
    NO_FIELDS,
    VOCABULARY,
    ConnectionName,
    FieldName,
    FieldValue,
    Found,
    Gone,
    Merged,
    ObjectSchema,
    ObjectType,
    Record,
    RecordRef,
    asks_approval,
)
from connector.store import Store, Transaction

Follows: TypeAlias = Mapping[FieldName, str]
"""By field, the intent of an earlier policy's step that is written first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One record that one policy wakes for, at one visit to its trigger values.

    Where policies that come first write into fields of its own, `record` holds their values, and its steps wait for theirs.
    """

    policy: Policy
    record: Record
    event: ChangeEvent
    visit: Visit
    changed_from: Mapping[FieldName, FieldValue]
    run: str | None
    follows: Follows = field(default_factory=dict)


@dataclass(slots=True)
class Sorted:
    """What became of a batch of events before anybody decides."""

    cases: list[Case] = field(default_factory=list)
    records: dict[RecordRef, Record] = field(default_factory=dict)
    gone: list[Gone | Merged] = field(default_factory=list)
    undecidable: list[tuple[Policy, RecordRef, str]] = field(default_factory=list)
    around: Woken = field(default_factory=Woken)
    cut: str = ""  # what of a set is left for another decision


def policies_on(policies: PolicySet, connection: ConnectionName, object: ObjectType) -> tuple[Policy, ...]:
    return tuple(policy for policy in policies if policy.when.object is object and policy.serves(connection))


def fields_of(policies: Collection[Policy], schema: ObjectSchema) -> tuple[FieldName, ...]:
    """Every field the road reads of an object: what policies watch and write, and the shared vocabulary.

    In order of name: a record holds its fields as they were asked for, and passages and prompts follow that order.
    """
    named = {name for policy in policies for name in policy.may.update} | watched_fields(policies)
    for policy in policies:
        named |= {*agent_fields(policy.agent)}
        named |= {FieldName(name) for _, condition in agent_conditions(policy.agent) for name in condition.names.fields}
    return tuple(sorted((named | VOCABULARY[schema.object].keys()) & schema.fields.keys()))


def watched_here(
    tx: Transaction, connection: ConnectionName, policies: Collection[Policy], schema: ObjectSchema
) -> frozenset[FieldName]:
    """The watched fields this CRM has. Raises FieldHiddenError when one is gone that was there at the activation.

    Records read without it would look unchanged, and be remembered so: whatever changed in it meanwhile would be lost.
    """
    watched = watched_fields(policies)
    place = position(tx, connection, schema.object)
    gone = sorted((watched & place.fields) - schema.fields.keys()) if place is not None else []
    if gone:
        names = ", ".join(f"{schema.object}.{name}" for name in gone)
        raise FieldHiddenError(
            f"{names}: removed, or hidden from our user, and policies watch it; nothing is read until it is back"
        )
    return watched & schema.fields.keys()


def sort_events(
    store: Store, adapter: Adapter, policies: PolicySet, events: Sequence[InboxEvent], *, now: datetime
) -> Sorted:
    """Read the records behind events of one connection and object, and find the cases. Nothing is written."""
    connection, kind = events[0].event.ref.connection, events[0].event.ref.object
    concerned = policies_on(policies, connection, kind)
    schema = adapter.records.schema(kind)
    with store.snapshot() as tx:
        watched_here(tx, connection, concerned, schema)
    refs = sorted({event.event.ref for event in events})
    found = adapter.records.read(refs, fields_of(concerned, schema))
    sorted_events = Sorted()
    for ref in refs:
        _place(sorted_events, ref, found[ref])
    related = related_of(adapter, concerned, list(sorted_events.records.values()))
    with store.snapshot() as tx:
        seen = look_up(tx, refs)
        place = position(tx, connection, kind)
        activated = place.activated_at if place is not None else EPOCH
        asking = approval_tasks.known(tx, refs)
    # A task that asks a person for an approval wakes no policy, on itself or around it.
    awake = {
        ref: record for ref, record in sorted_events.records.items() if ref not in asking and not asks_approval(record)
    }
    if heard := listening(policies, connection, kind):
        sorted_events.around = wake_around(adapter, heard, events, awake, seen, activated, now)
    with store.snapshot() as tx:
        replaced = replaced_values(tx, events)
        for event in _newest_first_told(events):
            record = awake.get(event.event.ref)
            if record is not None:
                for policy in concerned:
                    facts = related.get(record.ref, {})
                    before = replaced.get(event.seq, NO_FIELDS)
                    consider(tx, sorted_events, policy, event, record, seen.get(record.ref), activated, facts, now, before)
    order = {policy.name: place for place, policy in enumerate(policies)}
    sorted_events.cases = sorted(_one_per_policy(sorted_events.cases), key=lambda case: order[case.policy.name])
    return sorted_events


def _place(sorted_events: Sorted, ref: RecordRef, found: Found) -> None:
    match found:
        case Record():
            sorted_events.records[ref] = found
        case Gone() | Merged():
            sorted_events.gone.append(found)


def _newest_first_told(events: Sequence[InboxEvent]) -> list[InboxEvent]:
    """One event per record and reason: a due slot or a backfill is its own, a change is one however often it was told."""
    last: dict[tuple[RecordRef, str | None, str | None], InboxEvent] = {}
    for event in events:
        last[event.event.ref, event.event.slot, event.run] = event
    return sorted(last.values(), key=lambda event: event.seq)


def consider(
    tx: Transaction, sorted_events: Sorted, policy: Policy, event: InboxEvent, record: Record, seen: Seen | None,
    activated: datetime, related: Related, now: datetime, replaced: Mapping[FieldName, FieldValue],
) -> None:
    looked = _as_seen_by(tx, policy, event)
    if looked is None:
        return
    event = looked
    result = waking(policy, event.event, record, seen, activated_at=activated, now=now, related=related, replaced=replaced)
    match result:
        case Sleeps():
            return
        case Undecidable(reason=reason):
            sorted_events.undecidable.append((policy, record.ref, reason))
        case Wakes(fingerprint=fingerprint, changed_from=changed_from):
            visit = next_visit(last_visit(tx, record.ref, policy.name), fingerprint)
            told = any(
                case.record.ref == record.ref and case.policy.name == policy.name and case.visit == visit
                for case in sorted_events.cases
            )
            if visit is not None and not told:
                case = Case(
                    policy=policy, record=record, event=event.event, visit=visit, changed_from=changed_from,
                    run=event.run,
                )
                sorted_events.cases.append(case)


def _as_seen_by(tx: Transaction, policy: Policy, event: InboxEvent) -> InboxEvent | None:
    """What an event is to a policy: a named backfill and a due slot are its own affair.

    A second look for one policy is a change like any other to the rest. They look as well, so that the record's present
    values can be remembered: else the same edit, found by the next poll, would wake the first policy once more. To the
    policy itself it is one, too, once it has decided for another reason in between.
    """
    if event.event.kind is not ChangeKind.BACKFILL:
        return event
    own = event.event.slot in (None, policy.name)
    if event.event.origin is not ChangeOrigin.AGAIN:
        return event if own else None
    if own and is_owed(last_visit(tx, event.event.ref, policy.name)):
        return event
    return replace(event, event=replace(event.event, kind=ChangeKind.CHANGED, slot=None), run=None)


def is_for_all(event: ChangeEvent) -> bool:
    """Whether every policy on the record looks at it with this event."""
    return event.slot is None or event.origin is ChangeOrigin.AGAIN


_ASIDE = frozenset({ChangeKind.DUE, ChangeKind.RELATED})
"""Reasons to look that bring nothing of their own to compare: a decision made at the same time covers them."""


def _one_per_policy(cases: Sequence[Case]) -> list[Case]:
    """One decision where a record changed, was due and got three e-mails at once; a run's own cases stay as they are."""
    kept: dict[tuple[str, RecordRef, str | None], Case] = {}
    several: list[Case] = []
    for case in cases:
        key = (case.policy.name, case.record.ref, case.run)
        before = kept.get(key)
        if before is None or before.event.kind in _ASIDE:
            kept[key] = case
        elif case.event.kind not in _ASIDE:
            several.append(case)
    chosen = {id(case) for case in (*kept.values(), *several)}
    return [case for case in cases if id(case) in chosen]


def related_of(
    adapter: Adapter, policies: Sequence[Policy], records: Sequence[Record]
) -> Mapping[RecordRef, Related]:
    """The related records that conditions ask about: one as its fields, several as a list."""
    names = sorted({
        str(name) for policy in policies if policy.when.where is not None for name in policy.when.where.names.related
    })  # fmt: skip
    if not names or not records:
        return {}
    found = RelativeReader(adapter.records, never=(), limit=10).read(records, names)
    return {
        ref: {name: _shape(name, some) for name, some in relations.items()} for ref, relations in found.of.items()
    }


def _shape(
    name: str, some: Sequence[Record]
) -> Mapping[FieldName, FieldValue] | Sequence[Mapping[FieldName, FieldValue]] | None:
    if name in set(ObjectType):  # the singular name: one record or none
        return some[0].fields if some else None
    return [record.fields for record in some]
