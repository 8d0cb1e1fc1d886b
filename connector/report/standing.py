"""How a service stands, read from its state alone: what was captured, what waits and for whom, what is earned."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from connector.change import inbox
from connector.change.cursors import Position, positions
from connector.change.inbox import Burial, BuriedEvent
from connector.clock import from_micros
from connector.decision import decisions
from connector.gate import approvals, handoffs
from connector.gate.approval import Approval, ApprovalState
from connector.gate.handoffs import Handoff
from connector.journal import EntryKind
from connector.report.earning import CellReport, earned_so_far
from connector.report.retrieval import RetrievalReport, retrieval_of
from connector.store import Transaction
from connector.writeback import OutboxState, outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Open work of one kind: how much, and which of it is past its time."""

    count: int
    overdue: tuple[str, ...]
    next_due: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """The newest comparison of what we hold with what the CRM holds."""

    at: datetime
    findings: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything `status` tells that stands in the database."""

    positions: tuple[Position, ...]
    inbox: Mapping[Burial, int]
    waits_for: Mapping[str, int]  # why changes are not decided now, and how many each holds
    buried: tuple[BuriedEvent, ...]
    outbox: Mapping[str, int]
    unknown: tuple[str, ...]
    approvals: Waiting
    handoffs: Waiting
    dispositions: Mapping[str, int]
    outcomes: Mapping[str, int]
    cells: tuple[CellReport, ...]
    retrieval: tuple[RetrievalReport, ...]
    reconciled: Reconciled | None
    newest_entry: datetime | None


def report(tx: Transaction, *, targets: Mapping[str, float], now: datetime) -> Report:
    """The standing of one state database. `targets` are the gate targets by policy."""
    unknown = outbox.in_state(tx, OutboxState.UNKNOWN)
    return Report(
        positions=tuple(positions(tx)),
        inbox=inbox.depth(tx),
        waits_for=inbox.reasons_to_wait(tx, now),
        buried=tuple(inbox.buried(tx)),
        outbox=outbox.counts(tx),
        unknown=tuple(str(row.ref) for row in unknown),
        approvals=_asked(approvals.listed(tx, ApprovalState.PENDING, limit=100_000), now),
        handoffs=_given(handoffs.listed(tx, limit=100_000), now),
        dispositions=decisions.dispositions(tx),
        outcomes=_outcomes(tx),
        cells=earned_so_far(tx, targets=targets, now=now),
        retrieval=retrieval_of(tx, now),
        reconciled=_reconciled(tx),
        newest_entry=_newest(tx),
    )


def _asked(pending: Sequence[Approval], now: datetime) -> Waiting:
    return Waiting(
        count=len(pending), overdue=tuple(one.id for one in pending if one.expires_at <= now),
        next_due=min((one.expires_at for one in pending if one.expires_at > now), default=None),
    )


def _given(unsettled: Sequence[Handoff], now: datetime) -> Waiting:
    return Waiting(
        count=len(unsettled), overdue=tuple(one.id for one in unsettled if one.due_at <= now),
        next_due=min((one.due_at for one in unsettled if one.due_at > now), default=None),
    )


def _outcomes(tx: Transaction) -> dict[str, int]:
    """How writes ended, over the whole journal; that somebody asked for an undo names no record and is no write."""
    kinds = (EntryKind.APPLIED, EntryKind.CONFLICTED, EntryKind.REFUSED, EntryKind.REVERTED, EntryKind.RESTORED)
    rows = tx.rows("SELECT kind, COUNT(*) AS n FROM journal_entries WHERE record IS NOT NULL GROUP BY kind")
    counted = {row["kind"]: row["n"] for row in rows}
    return {kind.value: counted.get(kind.value, 0) for kind in kinds}


def _reconciled(tx: Transaction) -> Reconciled | None:
    row = tx.one(
        "SELECT e.at, b.body FROM journal_entries e LEFT JOIN journal_bodies b ON b.body_digest = e.body_digest "
        "WHERE e.kind = :kind ORDER BY e.seq DESC LIMIT 1",
        kind=EntryKind.RECONCILED.value,
    )
    if row is None:
        return None
    return Reconciled(at=from_micros(row["at"]), findings=json.loads(row["body"]) if row["body"] else {})


def _newest(tx: Transaction) -> datetime | None:
    row = tx.one("SELECT MAX(at) AS at FROM journal_entries")
    return from_micros(row["at"]) if row is not None and row["at"] is not None else None
