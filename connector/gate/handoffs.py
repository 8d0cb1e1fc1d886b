"""Handoffs: cases given to people, each with one owner, a due time, a ladder and a default. Nothing is owned by nobody."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from connector.clock import from_micros, micros
from connector.errors import PermanentError
from connector.journal import canonical
from connector.policy import HandoffRule, Unanswered
from connector.record import ConnectionName, ObjectType, RecordRef
from connector.store import Row, Transaction, word


class HandoffState(StrEnum):
    """Where a handoff stands."""

    OPEN = "open"
    CLAIMED = "claimed"
    CLOSED = "closed"
    RETURNED = "returned"  # given back to the agent, which decides again
    DENIED = "denied"  # the ladder ended, the default closed it without a write
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handoff:
    """One case for a person: why, what was tried, what is missing, who has it until when, who is next."""

    id: str
    decision: str
    policy: str
    ref: RecordRef
    reason: str
    summary: str
    tried: tuple[str, ...]
    missing: tuple[str, ...]
    owner: str
    ladder: tuple[str, ...]
    step: int
    fallback: Unanswered
    state: HandoffState
    opened_at: datetime
    due_at: datetime
    settled_by: str | None = None
    remark: str | None = None


def handed_off_body(handoff: Handoff) -> Mapping[str, Any]:
    """What the journal keeps of a case that was given to a person."""
    return {
        "handoff": handoff.id, "owner": handoff.owner, "due": handoff.due_at.isoformat(), "reason": handoff.reason,
        "summary": handoff.summary, "tried": list(handoff.tried), "missing": list(handoff.missing),
    }


class HandoffError(PermanentError):
    """The handoff cannot be changed like this; says what it is now."""

    hint = "crm-connector handoffs list"


def open_new(tx: Transaction, handoffs: Sequence[Handoff]) -> None:
    """Give cases to people; the same case (same id) is opened once."""
    tx.run_many(
        """
        INSERT INTO gate_handoffs (handoff, decision, policy, connection, object, record, reason, summary, tried, missing,
                                   owner, ladder, step, fallback, state, opened_at, due_at)
        VALUES (:handoff, :decision, :policy, :connection, :object, :record, :reason, :summary, :tried, :missing,
                :owner, :ladder, :step, :fallback, :state, :opened_at, :due_at)
        ON CONFLICT (handoff) DO NOTHING
        """,
        [
            {
                "handoff": handoff.id,
                "decision": handoff.decision,
                "policy": handoff.policy,
                "connection": handoff.ref.connection,
                "object": handoff.ref.object.value,
                "record": handoff.ref.id,
                "reason": handoff.reason,
                "summary": handoff.summary,
                "tried": canonical(list(handoff.tried)),
                "missing": canonical(list(handoff.missing)),
                "owner": handoff.owner,
                "ladder": canonical(list(handoff.ladder)),
                "step": handoff.step,
                "fallback": handoff.fallback.value,
                "state": handoff.state.value,
                "opened_at": micros(handoff.opened_at),
                "due_at": micros(handoff.due_at),
            }
            for handoff in handoffs
        ],
    )


def find(tx: Transaction, handoff: str) -> Handoff:
    """One handoff by its id or a unique beginning of it."""
    rows = tx.rows("SELECT * FROM gate_handoffs WHERE handoff LIKE :start ORDER BY handoff LIMIT 2", start=f"{handoff}%")
    if not rows or not handoff.isalnum():
        raise HandoffError(f"there is no handoff {handoff!r}")
    if len(rows) > 1:
        raise HandoffError(f"{handoff!r} is the beginning of several handoffs; type more of it")
    return _handoff(rows[0])


def listed(tx: Transaction, *, unsettled_only: bool = True, limit: int = 1000) -> list[Handoff]:
    where = "WHERE state IN ('open', 'claimed')" if unsettled_only else ""
    rows = tx.rows(f"SELECT * FROM gate_handoffs {where} ORDER BY due_at, handoff LIMIT :limit", limit=limit)
    return [_handoff(row) for row in rows]


def by_id(tx: Transaction, handoff: str) -> Handoff | None:
    row = tx.one("SELECT * FROM gate_handoffs WHERE handoff = :handoff", handoff=handoff)
    return _handoff(row) if row else None


def settled_lately(tx: Transaction, *, limit: int) -> list[Handoff]:
    """What people and time settled last, the newest first; what a newer decision superseded is nobody's case."""
    rows = tx.rows(
        "SELECT * FROM gate_handoffs WHERE state IN ('closed', 'returned', 'denied') "
        "ORDER BY settled_at DESC, handoff LIMIT :limit",
        limit=limit,
    )
    return [_handoff(row) for row in rows]


def unsettled(tx: Transaction) -> int:
    """How many cases wait for somebody."""
    row = tx.one("SELECT COUNT(*) AS n FROM gate_handoffs WHERE state IN ('open', 'claimed')")
    return int(row["n"]) if row else 0


def of_record(tx: Transaction, ref: RecordRef) -> list[Handoff]:
    rows = tx.rows(
        "SELECT * FROM gate_handoffs WHERE connection = :connection AND object = :object AND record = :record "
        "ORDER BY opened_at, handoff",
        connection=ref.connection, object=ref.object.value, record=ref.id,
    )
    return [_handoff(row) for row in rows]


def climb(tx: Transaction, handoff: Handoff, rule: HandoffRule | None, due_at: datetime) -> Handoff:
    """Time is up: the next person has it; at the end of the ladder the default closes it, or it stays with the last."""
    if handoff.step + 1 < len(handoff.ladder):
        tx.run(
            "UPDATE gate_handoffs SET owner = :owner, step = step + 1, due_at = :due, state = 'open' WHERE handoff = :id",
            owner=handoff.ladder[handoff.step + 1], due=micros(due_at), id=handoff.id,
        )
    elif handoff.fallback is Unanswered.DENY:
        settle(tx, handoff, HandoffState.DENIED, by="service", at=handoff.due_at, remark="nobody answered in time")
    else:
        tx.run("UPDATE gate_handoffs SET due_at = :due WHERE handoff = :id", due=micros(due_at), id=handoff.id)
    return find(tx, handoff.id)


def overdue(tx: Transaction, now: datetime) -> list[Handoff]:
    rows = tx.rows(
        "SELECT * FROM gate_handoffs WHERE state IN ('open', 'claimed') AND due_at <= :now ORDER BY due_at, handoff",
        now=micros(now),
    )
    return [_handoff(row) for row in rows]


def claim(tx: Transaction, handoff: Handoff, *, by: str) -> None:
    """Somebody takes the case; it keeps its due time."""
    taken = tx.run(
        "UPDATE gate_handoffs SET state = 'claimed', owner = :by WHERE handoff = :id AND state = 'open'",
        by=by, id=handoff.id,
    )
    if taken != 1:
        now = find(tx, handoff.id)
        raise HandoffError(f"handoff {handoff.id} is {now.state} already (owner {now.owner})")


def settle(
    tx: Transaction, handoff: Handoff, state: HandoffState, *, by: str, at: datetime, remark: str | None
) -> None:
    settled = tx.run(
        "UPDATE gate_handoffs SET state = :state, settled_by = :by, settled_at = :at, remark = :remark "
        "WHERE handoff = :id AND state IN ('open', 'claimed')",
        state=state.value, by=by, at=micros(at), remark=remark, id=handoff.id,
    )
    if settled != 1:
        now = find(tx, handoff.id)
        raise HandoffError(f"handoff {handoff.id} is {now.state} already")


def counts(tx: Transaction) -> dict[str, int]:
    return {row["state"]: row["n"] for row in tx.rows("SELECT state, COUNT(*) AS n FROM gate_handoffs GROUP BY state")}


def _handoff(row: Row) -> Handoff:
    return Handoff(
        id=row["handoff"], decision=row["decision"], policy=row["policy"],
        ref=RecordRef(ConnectionName(row["connection"]), word(ObjectType, row["object"]), row["record"]),
        reason=row["reason"], summary=row["summary"], tried=tuple(json.loads(row["tried"])),
        missing=tuple(json.loads(row["missing"])), owner=row["owner"], ladder=tuple(json.loads(row["ladder"])),
        step=row["step"], fallback=word(Unanswered, row["fallback"]), state=word(HandoffState, row["state"]),
        opened_at=from_micros(row["opened_at"]), due_at=from_micros(row["due_at"]), settled_by=row["settled_by"],
        remark=row["remark"],
    )
