"""Write-back: compare, write down that we are sending, send, and write down what came of it. Never decides.

No call leaves while a transaction is open, and nothing is sent before its intent is durable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from connector.action import UpdateField, makes_record
from connector.adapter import (
    Adapter,
    Created,
    CreateResult,
    Outlets,
    Resolution,
    Unknown,
    Unprovable,
    WriteResult,
)
from connector.clock import Clock
from connector.errors import ConnectorError, RetryableError, StateError
from connector.gate import approvals
from connector.journal import EntryKind, Journal
from connector.record import ConnectionName, ObjectType
from connector.store import Store, Sync, Transaction
from connector.writeback import layers, outbox, removals
from connector.writeback.creating import marked
from connector.writeback.entries import outcome_entry
from connector.writeback.lost import lost_writes, settle_resolution
from connector.writeback.outward import Outward, is_outward
from connector.writeback.plan import (
    Conflict,
    Outdated,
    Plan,
    ToSend,
    fields_to_read,
    guarded,
    one_per_field,
    plan_row,
    sent_together,
    standing,
)
from connector.writeback.recipients import with_address_in
from connector.writeback.removals import is_removal
from connector.writeback.row import OutboxRow, OutboxState
from connector.writeback.settle import Settler, Tell
from connector.writeback.tally import Tally
from connector.writeback.vouch import unvouched

LATER = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Writeback:
    """The last stage of the road. `tell` pushes outcomes to memory; `outlets` are the ways out of the CRM."""

    store: Store
    journal: Journal
    clock: Clock
    adapters: Mapping[ConnectionName, Adapter]
    tell: Tell
    outlets: Outlets = field(default_factory=Outlets)

    def recover(self) -> int:
        """After a start: whatever was being sent when we died is of unknown outcome. How many there are."""
        with self.store.transaction("writeback: recovered") as tx:
            sending = outbox.in_state(tx, OutboxState.SENDING)
            self._doubt(tx, sending, "the service stopped before the answer was written down")
        self._outward(Tally()).give_to_people([row for row in sending if is_outward(row)])
        return len(sending)

    def step(self, limit: int = 200) -> Tally:
        """Resolve what is unknown, then bring up to `limit` ready actions forward.

        A CRM that cannot be reached keeps only its own actions waiting; the tally says which and why.
        """
        tally = Tally()
        for connection, some in _by_connection(self._due(limit, tally)).items():
            try:
                self._write(self.adapters[connection], some, tally)
            except StateError:
                raise
            except ConnectorError as error:
                # Limits, credentials, a right that was taken away: these actions wait, the others go on.
                tally.unreachable.append(f"{connection}: {error.message}")
                with self.store.transaction("writeback: waits", Sync.NORMAL) as tx:
                    outbox.wait(tx, [row.intent for row in some], until=self.clock.now() + LATER)
        return tally

    def _due(self, limit: int, tally: Tally) -> Sequence[OutboxRow]:
        """What is ready, once what was unknown or orphaned is out of the way; in most rounds nothing is."""
        with self.store.snapshot() as tx:
            unknown, orphaned = outbox.in_state(tx, OutboxState.UNKNOWN), outbox.orphaned(tx)
            if not unknown and not orphaned:
                return outbox.due(tx, self.clock.now(), limit, self.adapters)
        self._resolve(unknown, tally)
        self._give_up(tally)
        with self.store.snapshot() as tx:
            return outbox.due(tx, self.clock.now(), limit, self.adapters)

    def _write(self, adapter: Adapter, rows: Sequence[OutboxRow], tally: Tally) -> None:
        plans = self._compare(adapter, rows)
        leaving = [plan for plan in plans if isinstance(plan, ToSend) and is_outward(plan.row)]
        sending = one_per_field([plan for plan in plans if isinstance(plan, ToSend) and not is_outward(plan.row)])
        self._write_records(adapter, plans, sending, tally)
        self._outward(tally).send(adapter, leaving)

    def _write_records(
        self, adapter: Adapter, plans: Sequence[Plan], sending: list[ToSend], tally: Tally
    ) -> None:
        with self.store.transaction("writeback: sending", Sync.FULL if sending else Sync.NORMAL) as tx:
            settler = self._settler(tx, tally)
            refused = unvouched(tx, [plan.row for plan in sending])
            for plan in [*plans, *refused]:
                if not isinstance(plan, ToSend):
                    settler.unsent(plan)
            settler.flush()
            disowned = {plan.row.intent for plan in refused}
            sending = [plan for plan in sending if plan.row.intent not in disowned]
            outbox.mark_sending(tx, {plan.row.intent: plan.live for plan in sending}, self.clock.now())
        if not sending:
            return
        updates = sent_together([plan for plan in sending if isinstance(plan.row.action, UpdateField)])
        making = [plan for plan in sending if makes_record(plan.row.action)]
        creates = [plan for plan in making if not is_removal(plan.row)]
        try:
            updated = self._update(adapter, updates)
            created = self._create(adapter, creates)
            removed = removals.send(self.store, adapter, [plan.row for plan in making if is_removal(plan.row)])
        except ConnectorError as error:
            # Some of it may have left: nothing stays `sending` while we live, all of it is looked up.
            with self.store.transaction("writeback: cut short") as tx:
                self._doubt(tx, [plan.row for plan in sending], error.message)
            raise
        with self.store.transaction("writeback: settled") as tx:
            settler = self._settler(tx, tally)
            for ref, result in updated.items():
                for plan in updates[ref]:
                    settler.updated(plan, result)
            for plan, outcome in zip(creates, created, strict=True):
                _settle_create(settler, plan.row, outcome)
            for row, made, answer in removed:
                settler.removed(row, made, answer)
            settler.flush()

    def _compare(self, adapter: Adapter, rows: Sequence[OutboxRow]) -> list[Plan]:
        """Read each record as it is now and compare. Objects are read one by one, since their fields differ."""
        owners = frozenset(user.owner_id for user in adapter.records.users() if user.active)
        with self.store.snapshot() as tx:
            approved = approvals.approved_by_people(tx, [row.approval for row in rows])
            # Before anything is read: the address of a row that nobody cleared is not even looked at.
            refused = unvouched(tx, rows)
            beneath = layers.beneath(tx, rows)
        plans: list[Plan] = [*refused]
        disowned = {plan.row.intent for plan in refused}
        rows = [row for row in rows if row.intent not in disowned]
        for kind, some in _by_object(rows).items():
            refs = sorted({row.action.ref for row in some})
            found = adapter.records.read(refs, fields_to_read(some))
            schema = adapter.records.schema(kind)
            for row in some:
                person = row.approval in approved
                plan = plan_row(row, found[row.action.ref], schema, owners, person=person)
                if isinstance(plan, ToSend) and row.intent in beneath:
                    plan = Conflict(row, plan.live, standing(plan), layers.UNDER_A_LATER)
                plans.append(plan)
        return plans

    def _update(self, adapter: Adapter, updates: Mapping[str, Sequence[ToSend]]) -> dict[str, WriteResult]:
        writes = [guarded(plans) for plans in updates.values()]
        if not writes:
            return {}
        try:
            results = adapter.writes.update(writes)
        except RetryableError as error:
            # The port promises to raise only before anything was sent; looking first costs one read and no doubt.
            results = tuple(Unknown(reason=str(error)) for _ in writes)
        return dict(zip(updates, results, strict=True))

    def _create(self, adapter: Adapter, creates: Sequence[ToSend]) -> Sequence[CreateResult]:
        if not creates:
            return ()
        try:
            ready = [with_address_in(adapter, plan.row) for plan in creates]
            rows = [row for row in ready if isinstance(row, OutboxRow)]
            made = iter(adapter.writes.create([marked(row, adapter.capabilities) for row in rows]))
        except RetryableError as error:
            return tuple(Unknown(reason=str(error)) for _ in creates)
        return tuple(next(made) if isinstance(row, OutboxRow) else row for row in ready)

    def _resolve(self, unknown: Sequence[OutboxRow], tally: Tally) -> None:
        """Find out by reading what became of writes whose answer was lost."""
        now = self.clock.now()
        self._outward(tally).give_to_people([row for row in unknown if is_outward(row)])
        rows = [
            row for row in unknown
            if row.not_before <= now and row.ref.connection in self.adapters and not is_outward(row)
        ]
        removals = [row for row in rows if is_removal(row)]
        if removals:
            with self.store.transaction("writeback: removals again", Sync.NORMAL) as tx:
                for row in removals:
                    outbox.send_again(tx, row.intent, not_before=now)
        rows = [row for row in rows if not is_removal(row)]
        for connection, some in _by_connection(rows).items():
            adapter = self.adapters[connection]
            writes, groups = lost_writes(some, adapter.capabilities)
            try:
                resolutions = adapter.writes.resolve(writes)
                doubted = self._doubted(adapter, groups, resolutions)
            except StateError:
                raise
            except ConnectorError as error:
                tally.unreachable.append(f"{connection}: {error.message}")
                continue
            with self.store.transaction("writeback: resolved") as tx:
                settler = self._settler(tx, tally)
                for group, resolution in zip(groups, resolutions, strict=True):
                    for row in group:
                        settle_resolution(settler, row, resolution)
                for plan in doubted:
                    settler.doubted(plan)
                settler.flush()

    def _doubted(
        self, adapter: Adapter, groups: Sequence[Sequence[OutboxRow]], resolutions: Sequence[Resolution]
    ) -> list[Plan]:
        """Writes that nobody can ever tell of, compared again: what stands as before may be somebody's choice by now."""
        rows = [
            row for group, resolution in zip(groups, resolutions, strict=True) for row in group
            if isinstance(resolution, Unprovable)
        ]  # fmt: skip
        return self._compare(adapter, rows) if rows else []

    def _doubt(self, tx: Transaction, rows: Sequence[OutboxRow], why: str) -> None:
        """From now on it is unknown what became of these; a message is told of where it is given to a person."""
        now = self.clock.now()
        outbox.mark_unknown(tx, [row.intent for row in rows], look_at=now)
        entries = [outcome_entry(row, EntryKind.UNKNOWN, now, why=why) for row in rows if not is_outward(row)]
        self.journal.append(tx, *entries)

    def _give_up(self, tally: Tally) -> None:
        """Close what was to follow an action that will never happen."""
        with self.store.snapshot() as tx:
            if not outbox.orphaned(tx):
                return
        with self.store.transaction("writeback: given up") as tx:
            settler = self._settler(tx, tally)
            for row in outbox.orphaned(tx):
                # A policy that came second was decided on what the first one would write: it looks again.
                again = outbox.follows_another(tx, row)
                settler.unsent(Outdated(row, "the action it was to follow was not written", moved=again))
            settler.flush()

    def _outward(self, tally: Tally) -> Outward:
        return Outward(
            store=self.store, clock=self.clock, outlets=self.outlets, settler=lambda tx: self._settler(tx, tally)
        )

    def _settler(self, tx: Transaction, tally: Tally) -> Settler:
        return Settler(tx=tx, journal=self.journal, at=self.clock.now(), tally=tally, tell=self.tell)


def _settle_create(settler: Settler, row: OutboxRow, result: CreateResult) -> None:
    match result:
        case Created():
            settler.created(row, result)
        case _:
            settler.unanswered(row, result)


def _by_connection(rows: Sequence[OutboxRow]) -> dict[ConnectionName, list[OutboxRow]]:
    found: dict[ConnectionName, list[OutboxRow]] = {}
    for row in rows:
        found.setdefault(row.ref.connection, []).append(row)
    return found


def _by_object(rows: Sequence[OutboxRow]) -> dict[ObjectType, list[OutboxRow]]:
    found: dict[ObjectType, list[OutboxRow]] = {}
    for row in rows:
        found.setdefault(row.action.ref.object, []).append(row)
    return found
