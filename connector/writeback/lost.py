"""Writes whose answer was lost: asked about together, as they were sent, and what becomes of each once that is known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from connector.action import UpdateField
from connector.adapter import (
    Capabilities,
    Created,
    GuardedWrite,
    MarkedCreate,
    Missed,
    NotApplied,
    Resolution,
    UnknownWrite,
    Unprovable,
    Written,
)
from connector.record import Record, same_value
from connector.writeback import outbox
from connector.writeback.creating import marked
from connector.writeback.plan import ToSend, guarded
from connector.writeback.row import OutboxRow
from connector.writeback.settle import LOOK_AGAIN, Settler

PATIENCE = timedelta(minutes=15)


def lost_writes(
    rows: Sequence[OutboxRow], crm: Capabilities
) -> tuple[list[UnknownWrite], list[list[OutboxRow]]]:
    """The writes of unknown outcome as they were sent: updates of one record together, creates one by one."""
    groups: dict[str, list[OutboxRow]] = {}
    for row in rows:
        together = f"{row.action.ref}@{row.sent_at}" if isinstance(row.action, UpdateField) else row.intent
        groups.setdefault(together, []).append(row)
    unknown = []
    for members in groups.values():
        first = members[0]
        if isinstance(first.action, UpdateField):
            assert first.live is not None
            write: GuardedWrite | MarkedCreate = guarded([ToSend(row, first.live) for row in members])
            sent_at = first.live.read_at
        else:
            write, sent_at = marked(first, crm), first.sent_at or first.cleared_at
        unknown.append(UnknownWrite(write=write, sent_at=sent_at))
    return unknown, list(groups.values())


def settle_resolution(settler: Settler, row: OutboxRow, resolution: Resolution) -> None:
    """Write down what reading has told of one write."""
    match resolution:
        case Written() if row.live is not None:
            settler.updated(_as_sent(row, row.live), resolution)
        case Created():
            settler.created(row, resolution)
        case NotApplied():
            outbox.send_again(settler.tx, row.intent, not_before=settler.at)
        case Missed():
            settler.unanswered(row, resolution)
        case Unprovable():
            pass  # compared with the record as it is now
        case _:
            overdue = row.sent_at is not None and settler.at - row.sent_at > PATIENCE
            wait = PATIENCE if overdue else LOOK_AGAIN
            outbox.mark_unknown(settler.tx, [row.intent], look_at=settler.at + wait)


def _as_sent(row: OutboxRow, live: Record) -> ToSend:
    """The plan a row was sent under, from the record as it stood then: what it replaced is told after a crash, too."""
    if not isinstance(row.action, UpdateField):
        return ToSend(row, live)
    now, base = live.fields.get(row.action.field), row.bases[row.action.field].value
    moved = not same_value(now, base)
    return ToSend(row, live, now if moved else None, moved)
