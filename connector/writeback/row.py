"""What stands in the outbox: one cleared action on its way to the CRM, why it is written, and how far it has come."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from connector.action import Action, decode_action
from connector.clock import from_micros
from connector.gate import Bases, decode_bases
from connector.policy import OnOverwrite
from connector.record import ConflictRule, ConnectionName, Record, RecordRef
from connector.store import Row, word
from connector.writeback.live import decode_live


class OutboxState(StrEnum):
    """Where an action stands. READY, SENDING and UNKNOWN are unfinished; the rest never change, except by a revert."""

    READY = "ready"
    SENDING = "sending"
    UNKNOWN = "unknown"
    APPLIED = "applied"
    CONFLICTED = "conflicted"
    REFUSED = "refused"
    UNCONFIRMED = "unconfirmed"  # it left and no answer came; it is never sent again, a person looks after it
    STALE = "stale"  # the record moved before the write; a person or a new decision takes over
    CANCELLED = "cancelled"
    REVERTED = "reverted"


UNFINISHED = (OutboxState.READY, OutboxState.SENDING, OutboxState.UNKNOWN)


class WritePurpose(StrEnum):
    """Why something is written: a decision, putting back an edit our write overran, taking a write back, or a question."""

    ACT = "act"
    RESTORE = "restore"
    REVERT = "revert"
    ASK = "ask"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """One action on its way. `live` is the record as it stood when the write was sent."""

    intent: str
    decision: str
    policy: str
    approval: str
    ref: RecordRef
    purpose: WritePurpose
    action: Action
    bases: Bases
    rule: ConflictRule
    on_overwrite: OnOverwrite
    cleared_by: str
    cleared_at: datetime
    after: str | None
    run: str | None
    state: OutboxState
    attempts: int
    not_before: datetime
    sent_at: datetime | None
    live: Record | None
    outcome: Mapping[str, Any] | None
    inverse: Mapping[str, Any] | None
    settled_at: datetime | None = None


def row_of(row: Row) -> OutboxRow:
    action = decode_action(json.loads(row["action"]))
    return OutboxRow(
        intent=row["intent"], decision=row["decision"], policy=row["policy"], approval=row["approval"],
        ref=RecordRef(ConnectionName(row["connection"]), action.ref.object, row["record"]),
        purpose=word(WritePurpose, row["purpose"]), action=action, bases=decode_bases(json.loads(row["bases"])),
        rule=word(ConflictRule, row["rule"]), on_overwrite=word(OnOverwrite, row["on_overwrite"]),
        cleared_by=row["cleared_by"], cleared_at=from_micros(row["cleared_at"]),
        after=row["after_intent"], run=row["run"], state=word(OutboxState, row["state"]), attempts=row["attempts"],
        not_before=from_micros(row["not_before"]),
        sent_at=from_micros(row["sent_at"]) if row["sent_at"] is not None else None,
        live=decode_live(json.loads(row["live"])) if row["live"] else None,
        outcome=json.loads(row["outcome"]) if row["outcome"] else None,
        inverse=json.loads(row["inverse"]) if row["inverse"] else None,
        settled_at=from_micros(row["settled_at"]) if row["settled_at"] is not None else None,
    )
