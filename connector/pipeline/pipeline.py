"""The road as one object: capture, decide, write back, people, upkeep; each step bounded, each safe to stop after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connector.adapter import Adapter, Log
from connector.change import inbox, timers
from connector.change.associations import compare_associations, compare_some
from connector.change.capture import Captured, capture_page
from connector.change.moments import timer_marks
from connector.change.reconcile import Completeness, reconcile
from connector.change.trigger import heard_fields
from connector.clock import EPOCH, Clock
from connector.errors import ConnectorError, StateError, UnknownFieldError
from connector.journal import Journal, Seal, seal
from connector.pipeline.asking import Asking
from connector.pipeline.cases import fields_of, policies_on, watched_here
from connector.pipeline.decide import DecideTally, Deciding
from connector.pipeline.learning import Learning
from connector.pipeline.memory import learn_from_records
from connector.pipeline.people import People
from connector.pipeline.posting import Posting
from connector.pipeline.related import listening
from connector.pipeline.studying import Looked
from connector.pipeline.texts import IndexedTexts
from connector.policy import PolicySet, Wake
from connector.record import ConnectionName, ObjectType, Record, RecordRef
from connector.store import Store, Sync, Transaction
from connector.writeback import Tally, Writeback, outbox

PAGES = 50
LONGEST_WAIT = timedelta(minutes=15)


@dataclass(slots=True)
class Round:
    """What one round of the road did. A quiet one found nothing to do anywhere."""

    read: int = 0
    queued: int = 0
    baselining: bool = False
    more: bool = False
    decided: DecideTally = field(default_factory=DecideTally)
    written: Tally = field(default_factory=Tally)
    people: int = 0
    unreachable: tuple[str, ...] = ()

    @property
    def quiet(self) -> bool:
        moved = self.queued or self.decided.events or self.decided.buried or self.written.moved or self.people
        return not (moved or self.more or self.baselining)


@dataclass(slots=True, kw_only=True)
class Pipeline:
    """One daemon's road. `policies` may be replaced between rounds; everything else is fixed."""

    store: Store
    journal: Journal
    clock: Clock
    adapters: Mapping[ConnectionName, Adapter]
    deciding: Deciding
    writeback: Writeback
    people: People
    learning: Learning
    texts: IndexedTexts
    asking: Asking
    posting: Posting
    policies: PolicySet
    log: Log
    latest: datetime = EPOCH
    compared: dict[tuple[ConnectionName, ObjectType], str] = field(default_factory=dict)

    def start(self) -> int:
        """After a start or a crash: writes that were under way become unknown and are looked up. How many."""
        self._clamp_waits()
        return self.writeback.recover()

    def round(self, batch: int = 200) -> Round:
        """One bounded turn of everything, in the order a record walks. An unreachable CRM stops only its own part."""
        done, unreachable = Round(), []
        for connection in self.adapters:
            try:
                self.capture(connection, done)
            except StateError:
                raise
            except ConnectorError as error:
                unreachable.append(f"{connection}: {error.message}")
        worked = self.work(batch)
        done.decided, done.written = worked.decided, worked.written
        done.people += worked.people
        done.unreachable = (*unreachable, *worked.unreachable)
        return done

    def work(self, batch: int = 200) -> Round:
        """Decide what is queued, write what is cleared, let time act on what waits for people."""
        done, now = Round(), self.clock.now()
        if now < self.latest:
            self._clamp_waits()
        self.latest = now
        done.queued += self._fire(now)
        done.decided = self.deciding.step(self.policies, batch)
        done.written = self.writeback.step(batch)
        done.unreachable = (*done.decided.unreachable, *done.written.unreachable)
        done.people = self.people.tick(self.policies)
        return done

    def _fire(self, now: datetime) -> int:
        """Timers that are due enter the inbox. Nothing is written while none is."""
        timed = [policy for policy in self.policies if policy.when.is_timed]
        if not timed:
            return 0
        with self.store.snapshot() as tx:
            unarmed = timers.unarmed_sets(tx, timed, self.adapters, now)
            if not unarmed and not timers.is_due(tx, timed, now):
                return 0
        with self.store.transaction("change: timers fired", Sync.NORMAL) as tx:
            timers.keep(tx, unarmed)
            return timers.fire(tx, timed, now)

    def capture(self, connection: ConnectionName, done: Round) -> None:
        """Read pages of every object that policies concern, until nothing is new or the round's share is read."""
        for kind in self._polled(connection):
            for _ in range(PAGES):
                page = self._page(connection, kind)
                done.read += page.read
                done.queued += page.queued
                done.baselining = done.baselining or page.baselining
                if not page.more:
                    self._compare_links(connection, kind, done)
                    break
            else:
                done.more = True
        done.people += self.asking.step(connection)
        self.posting.step()

    def _polled(self, connection: ConnectionName) -> Sequence[ObjectType]:
        """The objects to read changes of; activities only where the CRM keeps them: elsewhere a sender tells them."""
        kept = self.adapters[connection].capabilities.objects
        return sorted(kind for kind in self.policies.objects() if kind is not ObjectType.ACTIVITY or kind in kept)

    def _compare_links(self, connection: ConnectionName, kind: ObjectType, done: Round) -> None:
        """Look for changed associations where polling cannot show them."""
        adapter = self.adapters[connection]
        if adapter.capabilities.links_stamped or not self._associating(connection, kind):
            return
        after = self.compared.get((connection, kind), "")
        found, after = compare_some(self.store, adapter.changes, connection, kind, after, self.clock.now())
        self.compared[connection, kind] = after
        done.queued += found

    def _associating(self, connection: ConnectionName, kind: ObjectType) -> bool:
        """Whether some policy wakes when a record of this object, or one it hangs on, is associated."""
        own = any(Wake.ASSOCIATED in policy.when.events for policy in policies_on(self.policies, connection, kind))
        heard = listening(self.policies, connection, kind)
        return own or any(Wake.ASSOCIATED in policy.when.related[kind] for policy in heard)

    def _page(self, connection: ConnectionName, kind: ObjectType) -> Captured:
        """One page; a field that went away since we last asked for the schema is noticed, and left out unless watched."""
        try:
            return self._read_page(connection, kind)
        except UnknownFieldError:
            self.adapters[connection].records.refresh()
            return self._read_page(connection, kind)

    def _read_page(self, connection: ConnectionName, kind: ObjectType) -> Captured:
        adapter, concerned = self.adapters[connection], policies_on(self.policies, connection, kind)
        schema = adapter.records.schema(kind)
        with self.store.snapshot() as tx:
            watched = watched_here(tx, connection, concerned, schema)
        learned = self.learning.fields(concerned)
        heard = heard_fields(listening(self.policies, connection, kind), kind)

        def learn(tx: Transaction, records: Sequence[Record]) -> None:
            learn_from_records(tx, self.journal, records, learned, self.clock.now())
            self.learning.studying.keep(tx, looked, records)

        looked: tuple[Looked, ...] = ()

        def index(records: Sequence[Record], gone: Sequence[RecordRef]) -> None:
            nonlocal looked
            # Here the CRM may still be asked about relatives: nothing is read inside the transaction that follows.
            looked = self.learning.studying.look(concerned, connection, records)
            self.texts.remember(records, schema, concerned)
            if any(policy.reason.searches for policy in concerned):
                self.texts.forget(gone)

        def arm(tx: Transaction, records: Sequence[Record], baseline: bool) -> None:
            timers.arm(tx, concerned, records, self.clock.now(), baseline=baseline)

        return capture_page(
            self.store, self.journal, self.clock, adapter.changes, connection, kind,
            watched=watched | (heard & schema.fields.keys()), fields=fields_of(concerned, schema), learn=learn, index=index,
            associating=self._associating(connection, kind), arm=arm,
            timers=frozenset[str]().union(*map(timer_marks, concerned)),
        )

    def _clamp_waits(self) -> None:
        latest = self.clock.now() + LONGEST_WAIT
        with self.store.transaction("pipeline: waits clamped", Sync.NORMAL) as tx:
            inbox.clamp_waits(tx, latest)
            outbox.clamp_waits(tx, latest)

    def reconcile(self) -> tuple[Completeness, ...]:
        """Compare every watched object with the CRM and repair the difference; what was found."""
        found = []
        for connection, adapter in self.adapters.items():
            for kind in self._polled(connection):
                result = reconcile(self.store, self.journal, self.clock, adapter.changes, connection, kind)
                if result is not None:
                    found.append(result)
                if self._associating(connection, kind):
                    compare_associations(self.store, adapter.changes, connection, kind)
        return tuple(found)

    def seal(self, key: bytes) -> Seal | None:
        """Seal the journal so far; the caller keeps the head outside the state."""
        with self.store.transaction("journal: sealed") as tx:
            return seal(tx, key)
