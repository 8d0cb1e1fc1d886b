"""What leaves the CRM, at most once: written down, sent, and never sent again, whatever becomes of the answer.

A message whose answer was lost is a person's to look after: the row ends as `unconfirmed`, with a handoff that says where to
look. Each message has its own pair of commits, so that a crash leaves one in doubt and not its neighbours.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from connector.action import Irreversible, Message, describe, encode_inverse
from connector.adapter import (
    Adapter,
    Delivered,
    DeliveryResult,
    Dispatch,
    Outlets,
    Postponed,
    Refused,
    StartsWorkflows,
    Unknown,
)
from connector.clock import Clock
from connector.errors import CredentialsError, RetryableError
from connector.gate import approvals, handoffs
from connector.gate.handoffs import Handoff, HandoffState
from connector.journal import Entry, EntryKind
from connector.policy import Unanswered
from connector.record import ActionKind, FieldName, Record
from connector.store import Store, Transaction
from connector.writeback import outbox
from connector.writeback.meetings import meeting_first
from connector.writeback.plan import ToSend
from connector.writeback.recipients import with_addresses
from connector.writeback.row import OutboxRow, OutboxState
from connector.writeback.settle import RETRIES, Settler, backoff
from connector.writeback.vouch import unvouched

_DUE = timedelta(days=1)  # how long a person has to find out whether a message arrived
_NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outward:
    """The part of write-back that delivers messages."""

    store: Store
    clock: Clock
    outlets: Outlets
    settler: Callable[[Transaction], Settler]

    def send(self, adapter: Adapter, plans: Sequence[ToSend]) -> None:
        """Deliver each message on its own."""
        for plan in plans:
            if self._is_sending(plan):
                result = self._answer(adapter, plan)
                with self.store.transaction("writeback: delivered") as tx:
                    settler = self.settler(tx)
                    settle_message(settler, plan.row, result)
                    settler.flush()

    def give_to_people(self, rows: Sequence[OutboxRow]) -> None:
        """Messages that were being sent when we died, or whose answer was lost: nobody sends them again."""
        if not rows:
            return
        with self.store.transaction("writeback: unconfirmed") as tx:
            settler = self.settler(tx)
            for row in rows:
                _unconfirmed(settler, row, "the service stopped before the answer was written down")
            settler.flush()

    def _is_sending(self, plan: ToSend) -> bool:
        """Write down, durably, that this message is leaving now; a row that nobody vouches for stays here."""
        with self.store.transaction("writeback: sending a message") as tx:
            if refused := unvouched(tx, [plan.row]):
                settler = self.settler(tx)
                settler.unsent(refused[0])
                settler.flush()
                return False
            outbox.mark_sending(tx, {plan.row.intent: plan.live}, self.clock.now())
        return True

    def _answer(self, adapter: Adapter, plan: ToSend) -> DeliveryResult:
        try:
            return self._deliver(adapter, plan)
        except (RetryableError, CredentialsError) as error:
            # Channels answer with values; what is raised comes from the CRM, before anything was sent to anybody.
            return Postponed(reason=error.message)

    def _deliver(self, adapter: Adapter, plan: ToSend) -> DeliveryResult:
        message = plan.row.action
        assert isinstance(message, Message)
        if message.kind is ActionKind.START_WORKFLOW:
            if not isinstance(adapter, StartsWorkflows):
                return Refused(code="no_workflows", reason=f"{adapter.capabilities.system} starts no workflow from outside")
            return adapter.start_workflow(self._dispatch(plan.row, message, plan.live))
        channel = self.outlets.find(message.kind, message.channel)
        if channel is None:
            return Refused(code="no_channel", reason="no channel is set up for this action")
        addressed = with_addresses(adapter, message)
        if isinstance(addressed, Refused):
            return addressed
        message = addressed
        needs = channel.needs - plan.live.fields.keys()
        live = _with(adapter, plan.live, needs) if needs else plan.live
        dispatch = self._dispatch(plan.row, message, live)
        if message.kind is ActionKind.SCHEDULE_MEETING:
            return meeting_first(adapter, plan.row, message, lambda: channel.deliver(dispatch))
        return channel.deliver(dispatch)

    def _dispatch(self, row: OutboxRow, message: Message, live: Record) -> Dispatch:
        return Dispatch(
            intent=row.intent, kind=message.kind, ref=message.ref, target=message.channel, to=message.to,
            subject=message.subject, body=message.body, parameters=message.parameters, at=self.clock.now(),
            fields=live.fields,
        )


def is_outward(row: OutboxRow) -> bool:
    """Whether an action is delivered at most once."""
    return isinstance(row.action, Message) and row.action.kind is not ActionKind.DRAFT_EMAIL


def settle_message(settler: Settler, row: OutboxRow, result: DeliveryResult) -> None:
    """Write down what the channel answered."""
    match result:
        case Delivered(reference=reference):
            inverse = encode_inverse(Irreversible(reason=f"{describe(row.action)} has left the CRM"))
            settler.close(row, OutboxState.APPLIED, EntryKind.APPLIED, inverse=inverse, wrote=True, reference=reference)
            settler.tally.applied += 1
        case Postponed(reason=reason, wait=wait):
            if row.attempts + 1 >= RETRIES:
                settler.unanswered(row, Refused(code="not_reached", reason=reason))
            else:
                settler.again(row, wait or backoff(row.attempts + 1))
        case Refused():
            settler.unanswered(row, result)
        case Unknown(reason=reason):
            _unconfirmed(settler, row, reason)
        case _:
            assert_never(result)


def _unconfirmed(settler: Settler, row: OutboxRow, why: str) -> None:
    """Perhaps it arrived, perhaps not: the row is closed, and a person is told what to look for."""
    asked = approvals.by_id(settler.tx, row.approval)
    owner = asked.owner if asked is not None else _NOBODY
    settler.close(row, OutboxState.UNCONFIRMED, EntryKind.UNKNOWN, why=why)
    settler.tally.unknown += 1
    handoff = _handoff(row, owner, why, settler.at)
    handoffs.open_new(settler.tx, [handoff])
    entry = Entry(
        kind=EntryKind.HANDED_OFF, at=settler.at, ref=row.ref, policy=row.policy, decision=row.decision,
        intent=row.intent, run=row.run, body={"handoff": handoff.id, "owner": owner, "summary": handoff.summary},
    )
    settler.entries.append(entry)


def _handoff(row: OutboxRow, owner: str, why: str, at: datetime) -> Handoff:
    return Handoff(
        id=hashlib.sha256(f"unconfirmed:{row.intent}".encode()).hexdigest()[:12], decision=row.decision, policy=row.policy,
        ref=row.ref, reason="stakes",
        summary=f"it is not known whether this arrived: {describe(row.action)}; {why}. It will not be sent again.",
        tried=(describe(row.action),), missing=("whether the other side has it",), owner=owner, ladder=(owner,), step=0,
        fallback=Unanswered.WAIT, state=HandoffState.OPEN, opened_at=at, due_at=at + _DUE,
    )


def _with(adapter: Adapter, live: Record, names: frozenset[FieldName]) -> Record:
    """The record with further fields of its own, read now."""
    found = adapter.records.read([live.ref], [*live.fields, *names])[live.ref]
    return found if isinstance(found, Record) else live
