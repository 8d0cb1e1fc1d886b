"""Our own write wakes nothing but the policies that listen for it, never the one that wrote, and not without end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from connector.action import UpdateField
from connector.adapter import ChangeEvent, ChangeKind, ChangeOrigin
from connector.change import inbox
from connector.change.inbox import InboxEvent
from connector.change.trigger import OwnWrite
from connector.decision import decisions
from connector.policy import PolicyName, PolicySet, Wake
from connector.record import FieldName, FieldValue
from connector.store import Transaction
from connector.writeback import OutboxRow, OutboxState, WritePurpose, outbox


def wake_listeners(tx: Transaction, policies: PolicySet, row: OutboxRow, state: OutboxState, now: datetime) -> None:
    """An action was settled: policies that list `agent_write` look at the record, in the transaction that says so.

    How many of our writes stand in a row is known from the decision behind this one. What was right already and what
    was put back or taken back is nobody's write.
    """
    action = row.action
    if state is not OutboxState.APPLIED or row.purpose is not WritePurpose.ACT or not isinstance(action, UpdateField):
        return
    behind = decisions.find(tx, row.decision)
    hops = 1 + int(behind.detail.get("hops", 0) if behind is not None else 0)
    heard = policies.matching(
        action.ref.object, Wake.AGENT_WRITE, connection=action.ref.connection, changed=(action.field,),
        written_by=PolicyName(row.policy), hops=hops,
    )
    settled = outbox.find(tx, row.intent) if heard else None
    if settled is None or not (settled.outcome or {}).get("wrote"):
        return
    own = OwnWrite(hops=hops, writer=row.policy, field=action.field, intent=row.intent)
    event = ChangeEvent(
        ref=action.ref, kind=ChangeKind.AGENT_WRITE, origin=ChangeOrigin.OWN_WRITE, occurred_at=now, slot=own.slot
    )
    inbox.put(tx, [event])


def replaced_values(tx: Transaction, events: Sequence[InboxEvent]) -> Mapping[int, Mapping[FieldName, FieldValue]]:
    """By event, what our write replaced: the old values that a condition may ask for as `changed.from`."""
    found: dict[int, Mapping[FieldName, FieldValue]] = {}
    for event in events:
        own = OwnWrite.of(event.event)
        row = outbox.find(tx, own.intent) if own is not None else None
        if own is not None and row is not None and row.live is not None:
            found[event.seq] = {own.field: row.live.fields.get(own.field)}
    return found
