"""Where a question was posted or mailed: at most once each way, written down before it leaves."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from connector.clock import micros
from connector.gate.approval import Approval
from connector.gate.approvals import approval_of, by_id
from connector.store import Transaction, any_of

BY_MAIL = "mail"
"""The way that reaches one person, the owner; others stand where everybody reads them."""


def unsent(tx: Transaction, way: str, policies: Collection[str], *, limit: int) -> list[Approval]:
    """Questions that wait and were not sent this way yet, the longest waiting first."""
    names, parameters = any_of("policy", sorted(policies))
    rows = tx.rows(
        f"SELECT a.* FROM gate_approvals a WHERE a.state = 'pending' AND a.policy IN ({names}) AND NOT EXISTS "
        "(SELECT 1 FROM asking_letters l WHERE l.approval = a.approval AND l.way = :way) "
        "ORDER BY a.asked_at, a.record, a.approval LIMIT :limit",
        way=way, limit=limit, **parameters,
    )
    return [approval_of(row) for row in rows]


def leaves(tx: Transaction, approval: str, way: str, at: datetime) -> None:
    """It is being sent now: after a crash it is never sent again."""
    tx.run(
        "INSERT INTO asking_letters (approval, way, state, at) VALUES (:approval, :way, 'sending', :at) "
        "ON CONFLICT (approval, way) DO NOTHING",
        approval=approval, way=way, at=micros(at),
    )


def sent(tx: Transaction, approval: Approval, way: str, reference: str) -> None:
    """It stands there now, as it was shown; the question may have become another while it was on its way."""
    now = by_id(tx, approval.id)
    tx.run(
        "UPDATE asking_letters SET state = 'sent', told = :told, seal = :seal, outdated = :outdated "
        "WHERE approval = :approval AND way = :way",
        told=reference, seal=approval.seal, outdated=int(now is not None and now.seal != approval.seal),
        approval=approval.id, way=way,
    )


def became_another(tx: Transaction, approval: str) -> None:
    """What shows this question shows another one than it is by now."""
    tx.run("UPDATE asking_letters SET outdated = 1 WHERE approval = :approval AND state = 'sent'", approval=approval)


def end(tx: Transaction, approval: str, way: str, state: str) -> None:
    tx.run(
        "UPDATE asking_letters SET state = :state WHERE approval = :approval AND way = :way",
        state=state, approval=approval, way=way,
    )


def not_sent(tx: Transaction, approval: str, way: str) -> None:
    """Certainly nothing arrived: it may be sent later."""
    tx.run(
        "DELETE FROM asking_letters WHERE approval = :approval AND way = :way AND state = 'sending'",
        approval=approval, way=way,
    )


def has_another_owner(tx: Transaction, approval: str) -> None:
    """The letter went to somebody else: whoever has the question now gets one as well."""
    tx.run(
        "DELETE FROM asking_letters WHERE approval = :approval AND way = :way AND state <> 'sending'",
        approval=approval, way=BY_MAIL,
    )


def settled(tx: Transaction, way: str, *, limit: int) -> list[tuple[Approval, str]]:
    """What was sent and is answered or expired by now, each with how the other side names it."""
    rows = tx.rows(
        "SELECT a.*, l.told FROM asking_letters l JOIN gate_approvals a ON a.approval = l.approval "
        "WHERE l.way = :way AND l.state = 'sent' AND a.state <> 'pending' ORDER BY l.at, l.approval LIMIT :limit",
        way=way, limit=limit,
    )
    return [(approval_of(row), row["told"] or "") for row in rows]


def outdated(tx: Transaction, way: str, *, limit: int) -> list[tuple[Approval, str]]:
    """What stands there, still waits, and is another question by now than the one shown; as `settled` tells it.

    Nothing is read of those that stand as they were shown, however many wait.
    """
    rows = tx.rows(
        "SELECT a.*, l.told FROM asking_letters l JOIN gate_approvals a ON a.approval = l.approval "
        "WHERE l.way = :way AND l.state = 'sent' AND l.outdated = 1 AND a.state = 'pending' "
        "ORDER BY l.at, l.approval LIMIT :limit",
        way=way, limit=limit,
    )
    return [(approval_of(row), row["told"] or "") for row in rows]
