"""Audits: the random share of unasked writes that a person judges afterwards, without seeing what we wrote."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from connector.clock import from_micros, micros
from connector.errors import PermanentError
from connector.gate.cells import Cell
from connector.record import ConnectionName, ObjectType, RecordRef
from connector.store import Row, Transaction, word

BLIND_SHARE = 0.2  # of the supervised questions about one field
_DAY = timedelta(days=1)


class AuditState(StrEnum):
    """Where an audit stands; one that lapsed says nothing: silence is no label."""

    OPEN = "open"
    JUDGED = "judged"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """One write to be judged blind. `id` is that of the approval behind it; `proposed` stays hidden until it is judged."""

    id: str
    cell: str
    pins: str
    content: str
    ref: RecordRef
    policy: str
    proposed: str
    confidence: float
    owner: str
    state: AuditState
    asked_at: datetime
    due_at: datetime
    given: str | None = None
    judged_by: str | None = None


class AuditError(PermanentError):
    """The audit cannot be judged like this; says what it is now."""

    hint = "crm-connector audits list"


def is_drawn(intent: str, share: float) -> bool:
    """Whether an intent belongs to the audited share: the same answer after every restart, and nobody can choose it."""
    return _draw("audit", intent) < share


def is_blind(approval: str) -> bool:
    """Whether a supervised question is put without the proposed value, to see if what we show leads the verdicts."""
    return _draw("blind", approval) < BLIND_SHARE


def _draw(purpose: str, name: str) -> float:
    return int.from_bytes(hashlib.sha256(f"{purpose}:{name}".encode()).digest()[:8], "big") / 2**64


def open_new(tx: Transaction, audits: Sequence[Audit]) -> None:
    """Ask for audits; the same write is asked about once."""
    tx.run_many(
        """
        INSERT INTO gate_audits (audit, cell, pins, content, connection, object, record, policy, proposed, confidence,
                                 owner, state, asked_at, due_at)
        VALUES (:audit, :cell, :pins, :content, :connection, :object, :record, :policy, :proposed, :confidence,
                :owner, :state, :asked_at, :due_at)
        ON CONFLICT (audit) DO NOTHING
        """,
        [
            {
                "audit": audit.id, "cell": audit.cell, "pins": audit.pins, "content": audit.content,
                "connection": audit.ref.connection, "object": audit.ref.object.value, "record": audit.ref.id,
                "policy": audit.policy, "proposed": audit.proposed, "confidence": audit.confidence, "owner": audit.owner,
                "state": audit.state.value, "asked_at": micros(audit.asked_at), "due_at": micros(audit.due_at),
            }
            for audit in audits
        ],
    )


def had_today(tx: Transaction, cell: Cell, now: datetime) -> bool:
    """Whether a cell was asked for an audit within the last day: each is, at least once, however few it writes."""
    row = tx.one(
        "SELECT 1 AS found FROM gate_audits WHERE cell = :cell AND asked_at > :since LIMIT 1",
        cell=str(cell), since=micros(now - _DAY),
    )
    return row is not None


def find(tx: Transaction, audit: str) -> Audit:
    """One audit by its id or a unique beginning of it; raises AuditError when there is none or several."""
    rows = tx.rows("SELECT * FROM gate_audits WHERE audit LIKE :start ORDER BY audit LIMIT 2", start=f"{audit}%")
    if not rows or not audit.isalnum():
        raise AuditError(f"there is no audit {audit!r}")
    if len(rows) > 1 and rows[0]["audit"] != audit:
        raise AuditError(f"{audit!r} is the beginning of several audits; type more of it")
    return _audit(rows[0])


def by_id(tx: Transaction, audit: str) -> Audit | None:
    row = tx.one("SELECT * FROM gate_audits WHERE audit = :audit", audit=audit)
    return _audit(row) if row else None


def listed(tx: Transaction, state: AuditState | None = AuditState.OPEN, *, limit: int = 1000) -> list[Audit]:
    """Audits by due time."""
    where = "WHERE state = :state" if state is not None else ""
    parameters = {"state": state.value} if state is not None else {}
    rows = tx.rows(f"SELECT * FROM gate_audits {where} ORDER BY due_at, audit LIMIT :limit", limit=limit, **parameters)
    return [_audit(row) for row in rows]


def waiting(tx: Transaction) -> int:
    """How many audits wait for a verdict."""
    row = tx.one("SELECT COUNT(*) AS n FROM gate_audits WHERE state = 'open'")
    return int(row["n"]) if row else 0


def tally(tx: Transaction) -> dict[str, dict[AuditState, int]]:
    """How the audits of each cell stand."""
    counted: dict[str, dict[AuditState, int]] = {}
    for row in tx.rows("SELECT cell, state, COUNT(*) AS n FROM gate_audits GROUP BY cell, state ORDER BY cell, state"):
        counted.setdefault(row["cell"], dict.fromkeys(AuditState, 0))[AuditState(row["state"])] = row["n"]
    return counted


def judged_since(tx: Transaction, cell: Cell, since: datetime) -> list[Audit]:
    """The audits of a cell that were judged after a moment."""
    rows = tx.rows(
        "SELECT * FROM gate_audits WHERE cell = :cell AND state = 'judged' AND judged_at > :since ORDER BY judged_at, audit",
        cell=str(cell), since=micros(since),
    )
    return [_audit(row) for row in rows]


def judge(tx: Transaction, audit: Audit, given: str, *, by: str, at: datetime) -> None:
    """A person says what the value should have been. Two verdicts make one label: the second finds it judged."""
    judged = tx.run(
        "UPDATE gate_audits SET state = 'judged', given = :given, judged_by = :by, judged_at = :at "
        "WHERE audit = :audit AND state = 'open'",
        given=given, by=by, at=micros(at), audit=audit.id,
    )
    if judged != 1:
        now = find(tx, audit.id)
        raise AuditError(f"audit {audit.id} is {now.state} already (by {now.judged_by or 'nobody'})")


def lapse(tx: Transaction, now: datetime) -> int:
    """Close the audits nobody judged in time; how many."""
    return tx.run("UPDATE gate_audits SET state = 'lapsed' WHERE state = 'open' AND due_at <= :now", now=micros(now))


def erase(tx: Transaction, refs: Sequence[RecordRef]) -> None:
    """Remove a person's audits: they hold values of their records."""
    tx.run_many(
        "DELETE FROM gate_audits WHERE connection = :connection AND object = :object AND record = :record",
        [{"connection": ref.connection, "object": ref.object.value, "record": ref.id} for ref in refs],
    )


def _audit(row: Row) -> Audit:
    return Audit(
        id=row["audit"], cell=row["cell"], pins=row["pins"], content=row["content"],
        ref=RecordRef(ConnectionName(row["connection"]), word(ObjectType, row["object"]), row["record"]),
        policy=row["policy"],
        proposed=row["proposed"], confidence=row["confidence"], owner=row["owner"], state=word(AuditState, row["state"]),
        asked_at=from_micros(row["asked_at"]), due_at=from_micros(row["due_at"]), given=row["given"],
        judged_by=row["judged_by"],
    )
