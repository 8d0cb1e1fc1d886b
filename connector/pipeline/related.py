"""From what happened to a record to the records it hangs on: a new e-mail wakes its deal, once per policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.adapter import Adapter, ChangeEvent, ChangeKind, ChangeOrigin
from connector.change.inbox import InboxEvent
from connector.change.seen import Seen
from connector.change.trigger import is_new
from connector.errors import AccessDeniedError, UnknownFieldError
from connector.policy import Policy, PolicySet, Wake
from connector.record import ConnectionName, ObjectType, Record, RecordRef

MOST = 50
"""How many records of one object a single e-mail, note or task may wake."""

YOUNG = timedelta(minutes=10)
"""How long a record that hangs on nothing may still be hung somewhere: many tools make it first and link it after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Woken:
    """The events on the records that something happened around, and the new records that hang on none of them yet."""

    events: tuple[ChangeEvent, ...] = ()
    unattached: frozenset[RecordRef] = frozenset()


def listening(policies: PolicySet, connection: ConnectionName, object: ObjectType) -> tuple[Policy, ...]:
    """The policies that wake for what happens to records of this object around their own."""
    return tuple(policy for policy in policies if policy.serves(connection) and policy.when.related.get(object))


def wakes_of(event: ChangeEvent, record: Record, seen: Seen | None, activated_at: datetime) -> frozenset[Wake]:
    """What an event says about the record it is on. A backfill or a timer says nothing happened."""
    match event.kind:
        case ChangeKind.CREATED | ChangeKind.CHANGED:
            if is_new(record, seen, activated_at):
                return frozenset({Wake.CREATED})
            return frozenset({Wake.CHANGED}) if seen is not None and seen.changed(record) else frozenset()
        case ChangeKind.ASSOCIATED:
            return frozenset({Wake.ASSOCIATED})
        case _:
            return frozenset()


def wake_around(
    adapter: Adapter, policies: Sequence[Policy], events: Sequence[InboxEvent], records: Mapping[RecordRef, Record],
    seen: Mapping[RecordRef, Seen], activated_at: datetime, now: datetime,
) -> Woken:
    """One event for each policy and each record of its object that a changed record hangs on. Reads the CRM only.

    The slot names what happened, so that however often it is told, the policy wakes for it once.
    """
    happened = list(_happened(events, records, seen, activated_at))
    woken: list[ChangeEvent] = []
    attached: set[RecordRef] = set()
    asked: dict[ObjectType, Mapping[RecordRef, tuple[Record, ...]]] = {}
    for policy in policies:
        kind = policy.when.object
        concerned = [(event, wake) for event, wake in happened if wake in policy.when.related[event.event.ref.object]]
        if concerned and kind not in asked:
            asked[kind] = _hung_on(adapter, [event.event.ref for event, _ in happened], kind)
        for event, wake in concerned:
            parents = asked[kind].get(event.event.ref, ())
            attached |= {event.event.ref} if parents else set()
            woken += [_event(policy, parent.ref, records[event.event.ref], event.event, wake) for parent in parents]
    fresh = {
        event.event.ref
        for event, wake in happened
        if wake is Wake.CREATED and event.attempts == 0 and records[event.event.ref].created_at > now - YOUNG
    }
    return Woken(events=tuple(woken), unattached=frozenset(fresh - attached))


def _happened(
    events: Sequence[InboxEvent], records: Mapping[RecordRef, Record], seen: Mapping[RecordRef, Seen], activated_at: datetime
) -> Iterator[tuple[InboxEvent, Wake]]:
    told: set[tuple[RecordRef, Wake]] = set()
    for event in events:
        ref = event.event.ref
        if ref not in records:
            continue
        for wake in sorted(wakes_of(event.event, records[ref], seen.get(ref), activated_at)):
            if (ref, wake) not in told:
                told.add((ref, wake))
                yield event, wake


def _hung_on(
    adapter: Adapter, refs: Sequence[RecordRef], kind: ObjectType
) -> Mapping[RecordRef, tuple[Record, ...]]:
    try:
        return adapter.records.related(list(dict.fromkeys(refs)), kind, (), limit=MOST)
    except (AccessDeniedError, UnknownFieldError):
        return {}  # `check` says that this CRM, or our user's rights, have no such object


def _event(policy: Policy, ref: RecordRef, source: Record, event: ChangeEvent, wake: Wake) -> ChangeEvent:
    what = {Wake.CREATED: "", Wake.ASSOCIATED: event.slot or ""}.get(wake, source.version)
    slot = f"{policy.name}@related:{source.ref.object}/{source.ref.id}:{wake}:{what}"
    return ChangeEvent(
        ref=ref, kind=ChangeKind.RELATED, origin=ChangeOrigin.RELATED, occurred_at=event.occurred_at, slot=slot
    )
