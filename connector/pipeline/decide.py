"""Decide: queued events become cases, cases get contexts, the decider answers, the gate judges, and it is written down.

`plan` is the same walk without the last step, so a plan cannot differ from what apply would do.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from connector.adapter import Adapter, ChangeEvent, Log, Outlets
from connector.change import inbox
from connector.change.inbox import InboxEvent
from connector.change.trigger import heard_fields
from connector.clock import Clock
from connector.decision.decision import Deferred
from connector.errors import ConnectorError, CredentialsError, PermanentError, RetryableError, StateError, UnknownFieldError
from connector.gate import LimitBook, hands_off
from connector.journal import Entry, EntryKind, Journal
from connector.pipeline.cases import Sorted, is_for_all, policies_on, sort_events
from connector.pipeline.judge import Bench, Judged, judge
from connector.pipeline.reasoning import Answered, Reasoning
from connector.pipeline.recording import record_judged, record_looked_at
from connector.pipeline.related import listening
from connector.pipeline.sets import gather, is_whole
from connector.pipeline.texts import IndexedTexts
from connector.pipeline.unanswered import given_up
from connector.policy import PolicySet
from connector.record import ActionKind, ConnectionName, ObjectType, RecordRef
from connector.store import Store, Transaction
from connector.writeback import outbox

_UNATTACHED = Deferred(reason="it hangs on no record yet", retry_after=timedelta(minutes=1))
ATTEMPTS = 8
BUSY = timedelta(milliseconds=500)
LOCKED_OUT = timedelta(seconds=30)
REFUSALS = 3

PopulationOf = Callable[[ConnectionName, ObjectType], int]


@dataclass(slots=True)
class DecideTally:
    """How one step of deciding went."""

    events: int = 0
    decided: int = 0
    postponed: int = 0
    retried: int = 0
    buried: int = 0
    unreachable: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deciding:
    """The middle of the road, with everything it is handed."""

    store: Store
    journal: Journal
    clock: Clock
    adapters: Mapping[ConnectionName, Adapter]
    reasoning: Reasoning
    population: PopulationOf
    texts: IndexedTexts
    log: Log
    outlets: Outlets = field(default_factory=Outlets)

    def step(self, policies: PolicySet, limit: int = 200) -> DecideTally:
        """Decide up to `limit` queued events. A poison record is set aside alone; the rest of its batch goes on."""
        tally = DecideTally()
        with self.store.snapshot() as tx:
            events = inbox.due(tx, self.clock.now(), limit, self.adapters)
            busy, making = outbox.unfinished_refs(tx), outbox.unfinished_creates(tx)
        waiting = [event.seq for event in events if event.event.ref in busy or _may_be_ours(event.event, making)]
        if waiting:
            with self.store.transaction("decide: waits for a write in flight") as tx:
                inbox.postpone(tx, waiting, self.clock.now() + BUSY)
            tally.postponed += len(waiting)
        for some in _by_object([event for event in events if event.seq not in {*waiting}]):
            self._decide(policies, some, tally)
        return tally

    def plan(self, policies: PolicySet, events: Sequence[ChangeEvent]) -> list[Judged]:
        """What would be decided and allowed for these events, written nowhere."""
        queued = [InboxEvent(seq=place, event=event, attempts=0, run="plan") for place, event in enumerate(events)]
        judged: list[Judged] = []
        for some in _by_object(queued):
            found = self._sorted(policies, some)
            answered = self.reasoning.answers(found, may_wait=False)
            with self.store.snapshot() as tx:
                judged.extend(self._judged(tx, answered, some[0].event.ref, keep=False))
        return judged

    def _decide(self, policies: PolicySet, events: Sequence[InboxEvent], tally: DecideTally) -> None:
        try:
            self._decide_together(policies, events, tally)
        except StateError:
            raise
        except CredentialsError as error:
            # A person must mend this connection; the others go on.
            tally.unreachable.append(f"{events[0].event.ref.connection}: {error.message}")
            with self.store.transaction("decide: waits for credentials") as tx:
                inbox.postpone(tx, [event.seq for event in events], self.clock.now() + LOCKED_OUT)
        except RetryableError as error:
            self._release(events, error, tally)
        except Exception as error:
            if len(events) > 1:
                middle = len(events) // 2
                self._decide(policies, events[:middle], tally)
                self._decide(policies, events[middle:], tally)
            elif isinstance(error, PermanentError) and events[0].attempts < REFUSALS:
                # A right may come back within minutes; what stays refused is set aside.
                self._release(events, RetryableError(error.message, retry_after=LOCKED_OUT), tally)
            else:
                self._bury(events[0], error, tally)

    def _decide_together(self, policies: PolicySet, events: Sequence[InboxEvent], tally: DecideTally) -> None:
        found = self._sorted(policies, events)
        answered = self.reasoning.answers(found, may_wait=True)
        late = {case.event.ref: deferred for case, deferred in answered.deferred}
        exhausted = {event.event.ref for event in events if event.attempts >= ATTEMPTS}
        for case, deferred in answered.deferred:
            if case.event.ref in exhausted and not deferred.patient:
                answered.judged.append((case, self.reasoning.bare(case), given_up(deferred)))
        late = {ref: deferred for ref, deferred in late.items() if ref not in exhausted or deferred.patient}
        late |= dict.fromkeys(found.around.unattached, _UNATTACHED)
        self._keep(policies, events, found, answered, late, tally)

    def _keep(
        self, policies: PolicySet, events: Sequence[InboxEvent], found: Sorted, answered: Answered,
        late: Mapping[RecordRef, Deferred], tally: DecideTally,
    ) -> None:
        now, first = self.clock.now(), events[0].event.ref
        done = [event.seq for event in events if event.event.ref not in late]
        found.records = {ref: record for ref, record in found.records.items() if ref not in late}
        concerned = policies_on(policies, first.connection, first.object)
        self.texts.forget([gone.ref for gone in found.gone])
        with self.store.transaction("decide: recorded") as tx:
            judged = self._judged(tx, answered, first, keep=True)
            record_judged(tx, self.journal, judged, now)
            # A due slot or a backfill looks for its own policy alone: what the others have to see stays unseen.
            for_all = {event.event.ref for event in events if is_for_all(event.event)}
            heard = heard_fields(listening(policies, first.connection, first.object), first.object)
            record_looked_at(tx, self.journal, found, concerned, now, for_all, heard=heard)
            inbox.put(tx, [event for event in found.around.events if event.ref not in late])
            inbox.finish(tx, done)
            for event in events:
                deferred = late.get(event.event.ref)
                if deferred is not None and deferred.patient:
                    inbox.postpone(tx, [event.seq], now + deferred.retry_after, reason=deferred.reason)
                elif deferred is not None:
                    inbox.release(tx, [event.seq], reason=deferred.reason, retry_at=now + deferred.retry_after)
        tally.events += len(done)
        tally.decided += len(judged)
        tally.retried += len(events) - len(done)

    def _sorted(self, policies: PolicySet, events: Sequence[InboxEvent]) -> Sorted:
        try:
            return self._read(policies, events)
        except UnknownFieldError:
            # A field can go between two descriptions; ask once more before calling it unknown.
            self.adapters[events[0].event.ref.connection].records.refresh()
            return self._read(policies, events)

    def _read(self, policies: PolicySet, events: Sequence[InboxEvent]) -> Sorted:
        adapter, now = self.adapters[events[0].event.ref.connection], self.clock.now()
        if not is_whole(events[0].event):
            return sort_events(self.store, adapter, policies, events, now=now)
        with self.store.snapshot() as tx:
            busy = outbox.unfinished_refs(tx)
        return gather(self.store, adapter, policies, events[0], now=now, busy=busy)

    def _judged(self, tx: Transaction, answered: Answered, first: RecordRef, *, keep: bool) -> list[Judged]:
        adapter = self.adapters[first.connection]
        bench = Bench(
            tx=tx, book=LimitBook(tx, keep=keep), schema=adapter.records.schema(first.object),
            owners={user.owner_id: user for user in adapter.records.users() if user.active},
            population=self.population(first.connection, first.object), now=self.clock.now(), outlets=self.outlets,
            corrected=hands_off.corrected(tx, {case.record.ref for case, _, _ in answered.judged}),
        )
        return [judge(bench, case, context, result) for case, context, result in answered.judged]

    def _release(self, events: Sequence[InboxEvent], error: RetryableError, tally: DecideTally) -> None:
        now = self.clock.now()
        with self.store.transaction("decide: released") as tx:
            for event in events:
                wait = error.retry_after or timedelta(seconds=min(300, 2**event.attempts))
                inbox.release(tx, [event.seq], reason=error.message, retry_at=now + wait)
        tally.retried += len(events)
        self.log.warning("decision_retried", events=len(events), reason=type(error).__name__)

    def _bury(self, event: InboxEvent, error: Exception, tally: DecideTally) -> None:
        """Set one record aside. The reason names the kind of error and where; its text may hold CRM content."""
        known = error.message if isinstance(error, ConnectorError) else _place_of(error)
        reason = f"{type(error).__name__}: {known}"
        with self.store.transaction("decide: buried") as tx:
            inbox.bury(tx, event.seq, reason)
            entry = Entry(
                kind=EntryKind.BURIED, at=self.clock.now(), ref=event.event.ref,
                body={"reason": reason, "attempts": event.attempts, "next": f"crm-connector requeue {event.event.ref}"},
            )
            self.journal.append(tx, entry)
        tally.buried += 1
        self.log.warning("event_buried", record=str(event.event.ref), reason=reason)


def _may_be_ours(event: ChangeEvent, making: Collection[tuple[str, ActionKind]]) -> bool:
    """Whether a record may be one we are making, whose id the CRM has not told us yet: it must not wake us as news."""
    made = _MADE.get(event.ref.object)
    return made is not None and (event.ref.connection, made) in making


_MADE = {
    ObjectType.TASK: ActionKind.CREATE_TASK, ObjectType.NOTE: ActionKind.CREATE_NOTE,
    ObjectType.EMAIL: ActionKind.DRAFT_EMAIL, ObjectType.MEETING: ActionKind.SCHEDULE_MEETING,
}  # fmt: skip


def _place_of(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"in {frames[-1].name}" if frames else "at an unknown place"


def _by_object(events: Sequence[InboxEvent]) -> Iterator[list[InboxEvent]]:
    """Events that are read together: those of one object, and each slot of a whole set by itself."""
    groups: dict[tuple[ConnectionName, ObjectType, int], list[InboxEvent]] = {}
    for event in events:
        apart = event.seq if is_whole(event.event) else -1
        groups.setdefault((event.event.ref.connection, event.event.ref.object, apart), []).append(event)
    yield from groups.values()
