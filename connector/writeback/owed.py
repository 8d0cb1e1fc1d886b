"""An edit that our write ran over and that cannot be put back: a person is told where it is kept, and what to do."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from connector.gate import approvals, handoffs
from connector.gate.handoffs import Handoff, HandoffState, handed_off_body
from connector.journal import Entry, EntryKind
from connector.policy import Unanswered
from connector.store import Transaction
from connector.writeback.entries import field_name
from connector.writeback.row import OutboxRow

_DUE = timedelta(days=1)
_NOBODY = "nobody"


def tell_of_lost_edit(tx: Transaction, row: OutboxRow, why: str, at: datetime) -> Entry:
    """Give it to whoever answers for our write, once. The value itself is told where it is kept, not in the message."""
    asked = approvals.by_id(tx, row.approval)
    case = _case(row, asked.owner if asked is not None else _NOBODY, why, at)
    handoffs.open_new(tx, [case])
    return Entry(
        kind=EntryKind.HANDED_OFF, at=at, ref=row.ref, policy=row.policy, decision=row.decision, intent=row.intent,
        run=row.run, body=handed_off_body(case),
    )


def _case(row: OutboxRow, owner: str, why: str, at: datetime) -> Handoff:
    field = field_name(row)
    summary = (
        f"our write of {field} ran over somebody's edit, and their value cannot be put back: {why}. Set it in the CRM, or "
        f"say that ours may stay. It is kept: crm-connector explain {row.action.ref} {field}"
    )
    return Handoff(
        id=hashlib.sha256(f"owed:{row.intent}".encode()).hexdigest()[:12], decision=row.decision, policy=row.policy,
        ref=row.ref, reason="stakes", summary=summary, tried=("putting it back",), missing=(f"their {field}",), owner=owner,
        ladder=(owner,), step=0, fallback=Unanswered.WAIT, state=HandoffState.OPEN, opened_at=at, due_at=at + _DUE,
    )
