"""Records looked at together: what a due slot of a whole set gathers, and the one question that is asked about them.

The set is gathered from what was seen and read live; every member then is a case of its own, with a visit, intents, limits
and a verdict of its own, so that nothing after the decision needs to know of sets.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from connector.adapter import Adapter, ChangeEvent
from connector.change.cursors import Position, position
from connector.change.inbox import InboxEvent
from connector.change.moments import Rule, can_match
from connector.change.seen import standing
from connector.change.timers import WHOLE
from connector.change.trigger import decision_key
from connector.context.context import Context
from connector.decision.decision import Answer, Decider, Declined, Deferred
from connector.decision.together import shares, together
from connector.errors import RetryableError
from connector.pipeline.cases import Case, Sorted, consider, fields_of, policies_on, related_of
from connector.pipeline.related import Woken
from connector.pipeline.unanswered import declined, given_up
from connector.policy import Policy, PolicySet
from connector.record import NO_FIELDS, Record, RecordRef, User
from connector.store import Store

LARGEST = 100
"""How many records one decision looks at together; the others of a larger set follow in decisions of their own."""

_CHUNK = 500
_LOOKED_AT = 20_000  # known records that one step looks through for the set's members
_PAGE = "#"
_UNREAD = timedelta(seconds=30)
_IN_FLIGHT = timedelta(seconds=1)
_PATIENCE = timedelta(minutes=10)


def is_whole(event: ChangeEvent) -> bool:
    """Whether an event is on all records of an object together."""
    return event.ref.id == WHOLE


def gather(
    store: Store, adapter: Adapter, policies: PolicySet, event: InboxEvent, *, now: datetime, busy: Collection[RecordRef]
) -> Sorted:
    """The cases of one due slot of a set, and the event that goes on where it was cut. Nothing is written.

    Raises RetryableError while the baseline is still being read, and for a while when a member's write is in flight.
    """
    slot, _, after = (event.event.slot or "").partition(_PAGE)
    connection, kind = event.event.ref.connection, event.event.ref.object
    found = Sorted()
    concerned = policies_on(policies, connection, kind)
    policy = next((one for one in concerned if slot.startswith(f"{one.name}@{Rule.SET}:")), None)
    if policy is None:
        return found
    with store.snapshot() as tx:
        place = position(tx, connection, kind)
    if place is None or not place.baselined:
        raise RetryableError(f"the {kind} records are still being read for the first time", retry_after=_UNREAD)
    asked = replace(event, event=replace(event.event, slot=slot))
    last = _collect(store, adapter, policy, asked, place, after, found, now=now, busy=busy)
    if last is not None:
        following = replace(event.event, slot=f"{slot}{_PAGE}{last}")
        found.around = Woken(events=(following,))
        found.cut = f"the rest of the set: one decision looks at {LARGEST} records; the others follow in another"
    return found


def _collect(
    store: Store, adapter: Adapter, policy: Policy, event: InboxEvent, place: Position, after: str, found: Sorted, *,
    now: datetime, busy: Collection[RecordRef],
) -> str | None:
    """Put cases into `found` until it is full; the id to go on after, or None when the set is exhausted."""
    for _ in range(_LOOKED_AT // _CHUNK):
        with store.snapshot() as tx:
            known = standing(tx, place.connection, place.object, after=after, limit=_CHUNK)
        likely = [ref for ref, fields in known if can_match(policy, fields, now)]
        room = LARGEST - len(found.cases)
        _consider_live(store, adapter, policy, event, likely[:room], place, found, now=now, busy=busy)
        if len(likely) > room:
            return likely[room - 1].id
        if len(known) < _CHUNK:
            return None
        after = known[-1][0].id
        if len(found.cases) >= LARGEST:
            return after
    return after


def _consider_live(
    store: Store, adapter: Adapter, policy: Policy, event: InboxEvent, refs: Sequence[RecordRef], place: Position,
    found: Sorted, *, now: datetime, busy: Collection[RecordRef],
) -> None:
    if not refs:
        return
    read = adapter.records.read(refs, fields_of([policy], adapter.records.schema(place.object)))
    records = [record for ref in refs if isinstance(record := read[ref], Record)]
    around = related_of(adapter, [policy], records)
    flying = {record.ref for record in records} & {*busy}
    if flying and now < event.event.occurred_at + _PATIENCE:
        raise RetryableError(f"{min(flying)} has a write in flight", retry_after=_IN_FLIGHT)
    with store.snapshot() as tx:
        for record in records:
            facts = around.get(record.ref, {})
            if record.ref not in flying:
                consider(tx, found, policy, event, record, None, place.activated_at, facts, now, NO_FIELDS)


def ask_together(
    decider: Decider, policy: Policy, cases: Sequence[Case], contexts: Sequence[Context], owners: Sequence[User]
) -> Iterator[tuple[Case, Context, Answer]]:
    """One question over the cases of a set, and its answer told case by case."""
    keys = [decision_key(case.record.ref, policy.name, case.visit) for case in cases]
    yield from zip(cases, contexts, answers_together(decider, policy, keys, contexts, owners), strict=True)


def answers_together(
    decider: Decider, policy: Policy, keys: Sequence[str], contexts: Sequence[Context], owners: Sequence[User]
) -> list[Answer]:
    """The answers for records that are looked at together, in order; `keys` name their decisions one by one."""
    answers: list[Answer] = []
    for start in range(0, len(contexts), LARGEST):
        part = slice(start, start + LARGEST)
        question = together(keys[part], policy, contexts[part], owners)
        [answer] = decider([question])
        match answer:
            case Deferred():
                late = shares(question, given_up(answer))
                answers += [replace(answer, fallback=one) for one in late]
            case Declined():
                answers += shares(question, declined(answer))
            case _:
                answers += shares(question, answer)
    return answers
