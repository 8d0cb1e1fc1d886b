"""Looks at a record that write-back asks for, because polling may never show what it has met there."""

from __future__ import annotations

from datetime import datetime

from connector.adapter import ChangeEvent, ChangeKind, ChangeOrigin
from connector.change import inbox
from connector.change.seen import look_up
from connector.change.trigger import forget_visit
from connector.record import RecordRef
from connector.store import Transaction
from connector.writeback.row import OutboxRow


def decide_again(tx: Transaction, row: OutboxRow, at: datetime) -> None:
    """Queue a look at the record whatever it holds by then: A → B → A before the next poll is no change to polling."""
    forget_visit(tx, row.action.ref, row.policy, f"stale:{row.decision}")
    event = ChangeEvent(
        ref=row.action.ref, kind=ChangeKind.BACKFILL, origin=ChangeOrigin.AGAIN, occurred_at=at, slot=row.policy
    )
    inbox.put(tx, [event], run=f"stale-{row.decision}")


def look_for(tx: Transaction, ref: RecordRef, at: datetime) -> None:
    """Queue a look at a record that seems to be deleted: what is known of it goes once that is certain.

    Polling does not show every deletion: HubSpot lists no record that was merged into one that was deleted then.
    """
    if look_up(tx, [ref]):
        event = ChangeEvent(
            ref=ref, kind=ChangeKind.CHANGED, origin=ChangeOrigin.RECONCILE, occurred_at=at, slot="gone"
        )
        inbox.put(tx, [event])
