"""Approvals as the gate keeps them: asked, settled, asked again where the record moved, and found.

There is a row for every proposed action. Most wait for a person; `allowed` ones asked nobody, and become a question only if
the record moves before the write.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from connector.action import Action, action_hash
from connector.clock import from_micros, micros
from connector.gate.approval import Approval, ApprovalError, ApprovalState
from connector.gate.verdict import Bases, ClearedAction, Reason, ReasonCode, clear, decode_held, encode_held
from connector.journal import canonical
from connector.policy import OnOverwrite
from connector.record import ConflictRule, ConnectionName, ObjectType, Origin, RecordRef
from connector.store import Row, Transaction, any_of, batches, word


def ask(tx: Transaction, approvals: Sequence[Approval]) -> None:
    """Put questions to people. Asking the same again (same id) changes nothing."""
    tx.run_many(_INSERT, [_row(approval) for approval in approvals])


def find(tx: Transaction, approval: str) -> Approval:
    """One approval by its id or a unique beginning of it; raises ApprovalError when there is none or several."""
    rows = tx.rows("SELECT * FROM gate_approvals WHERE approval LIKE :start ORDER BY approval LIMIT 2", start=f"{approval}%")
    if not rows or not approval.isalnum():
        raise ApprovalError(f"there is no approval {approval!r}")
    # A question that was asked again begins with the id of the first one; the whole id means the first.
    if len(rows) > 1 and rows[0]["approval"] != approval:
        raise ApprovalError(f"{approval!r} is the beginning of several approvals; type more of it")
    return approval_of(rows[0])


def listed(
    tx: Transaction, state: ApprovalState | None = ApprovalState.PENDING, *, limit: int = 1000
) -> list[Approval]:
    where = "WHERE state = :state" if state is not None else ""
    parameters = {"state": state.value} if state is not None else {}
    order = "ORDER BY asked_at, approval LIMIT :limit"
    rows = tx.rows(f"SELECT * FROM gate_approvals {where} {order}", limit=limit, **parameters)
    return [approval_of(row) for row in rows]


def of_record(tx: Transaction, ref: RecordRef, policy: str | None = None) -> list[Approval]:
    narrow = "AND policy = :policy" if policy is not None else ""
    parameters = {"policy": policy} if policy is not None else {}
    rows = tx.rows(
        "SELECT * FROM gate_approvals WHERE connection = :connection AND object = :object AND record = :record "
        f"{narrow} ORDER BY asked_at, approval",
        connection=ref.connection, object=ref.object.value, record=ref.id, **parameters,
    )
    return [approval_of(row) for row in rows]


def overdue(tx: Transaction, now: datetime) -> list[Approval]:
    rows = tx.rows(
        "SELECT * FROM gate_approvals WHERE state = 'pending' AND expires_at <= :now ORDER BY expires_at, approval",
        now=micros(now),
    )
    return [approval_of(row) for row in rows]


def approve(
    tx: Transaction, approval: Approval, *, by: str, at: datetime, edited: Action | None = None, remark: str | None = None
) -> ClearedAction:
    """A person agrees, possibly to an edited action. Two people agreeing make one write: the second finds it settled."""
    action = edited or approval.action
    if action.ref != approval.ref or action.kind is not approval.action.kind:
        raise ApprovalError("an edit may change the values of an action, not its record or kind")
    _settle(tx, approval, ApprovalState.APPROVED, by=by, at=at, remark=remark)
    if edited is not None:
        tx.run(
            "UPDATE gate_approvals SET held = :held, action_hash = :hash WHERE approval = :approval",
            held=canonical(encode_held(action, approval.bases)), hash=action_hash(action), approval=approval.id,
        )
    return _cleared(approval, action, by)


def clear_allowed(approval: Approval, why: str) -> ClearedAction:
    """The cleared action of an approval that the gate allowed by itself."""
    if approval.state is not ApprovalState.ALLOWED:
        raise ApprovalError(f"approval {approval.id} is {approval.state}, not allowed")
    return _cleared(approval, approval.action, why)


def _cleared(approval: Approval, action: Action, by: str) -> ClearedAction:
    return clear(
        intent=approval.intent, decision=approval.decision, policy=approval.policy, action=action, bases=approval.bases,
        rule=approval.rule, on_overwrite=approval.on_overwrite, cleared_by=by, approval=approval.id, after=approval.after,
        run=approval.run,
    )


def reject(tx: Transaction, approval: Approval, *, by: str, at: datetime, remark: str | None) -> None:
    _settle(tx, approval, ApprovalState.REJECTED, by=by, at=at, remark=remark)


def expire(tx: Transaction, approval: Approval, at: datetime) -> None:
    _settle(tx, approval, ApprovalState.EXPIRED, by="service", at=at, remark="nobody answered in time")


def supersede(tx: Transaction, approval: Approval, at: datetime, remark: str) -> None:
    _settle(tx, approval, ApprovalState.SUPERSEDED, by="service", at=at, remark=remark)


def ask_again(tx: Transaction, stale: Approval, bases: Bases, *, at: datetime, remark: str) -> Approval:
    """The record moved before the write: the old verdict is stale, the question is put to a person on the present values.

    A new question has an intent of its own: the old one has its outcome, and an intent is written once.
    """
    tx.run(
        "UPDATE gate_approvals SET state = 'stale', remark = :remark WHERE approval = :approval",
        remark=remark, approval=stale.id,
    )
    again = replace(
        stale, id=_next_id(stale.id), intent=_next_id(stale.intent), bases=bases, state=ApprovalState.PENDING, asked_at=at,
        expires_at=at + (stale.expires_at - stale.asked_at), settled_by=None, remark=remark,
        reasons=(*stale.reasons, Reason(ReasonCode.APPROVAL_RULE, remark)),
    )
    ask(tx, [again])
    return again


def in_its_place(tx: Transaction, settled: Approval) -> Approval | None:
    """What asks by now what this one asked: put again on the record as it is, or by a newer decision; waiting ones first."""
    later = [one for one in of_record(tx, settled.ref, settled.policy) if _comes_after(one, settled)]
    waiting = [one for one in later if one.state is ApprovalState.PENDING]
    was_replaced = settled.state in (ApprovalState.STALE, ApprovalState.SUPERSEDED)
    found = waiting or (later if was_replaced else [])
    return found[-1] if found else None


def _comes_after(one: Approval, settled: Approval) -> bool:
    """Whether it is about the same and put later: several tasks of one decision on one record are no successors."""
    is_again = one.id.partition("x")[0] == settled.id.partition("x")[0]
    is_later = (one.asked_at, one.id) > (settled.asked_at, settled.id)
    return one.cell == settled.cell and is_later and (is_again or one.decision != settled.decision)


def _next_id(id: str) -> str:
    """`3fa9` → `3fa9x2` → `3fa9x3`; ids and intents are hexadecimal, so an x is ours."""
    stem, again, number = id.partition("x")
    return f"{stem}x{int(number) + 1}" if again else f"{id}x2"


def vouched(tx: Transaction, approval: str, action: Action) -> bool:
    """Whether this exact action is allowed or approved right now: write-back asks again before it sends."""
    row = tx.one("SELECT state, action_hash FROM gate_approvals WHERE approval = :approval", approval=approval)
    return row is not None and row["state"] in ("allowed", "approved") and row["action_hash"] == action_hash(action)


def approved_by_people(tx: Transaction, ids: Sequence[str]) -> frozenset[str]:
    """Those of these approvals that a person gave."""
    found: set[str] = set()
    for some in batches(sorted(set(ids))):
        names, parameters = any_of("id", some)
        rows = tx.rows(
            f"SELECT approval FROM gate_approvals WHERE state = 'approved' AND approval IN ({names})", **parameters
        )
        found.update(row["approval"] for row in rows)
    return frozenset(found)


def evidence_of(tx: Transaction, approval: str) -> tuple[bool, tuple[Origin, ...]]:
    """Whether a person gave this approval, and the origins of what was cited for it."""
    row = tx.one("SELECT state, citations FROM gate_approvals WHERE approval = :approval", approval=approval)
    if row is None:
        return False, ()
    return row["state"] == "approved", tuple(Origin(citation["origin"]) for citation in json.loads(row["citations"]))


def by_id(tx: Transaction, approval: str) -> Approval | None:
    row = tx.one("SELECT * FROM gate_approvals WHERE approval = :approval", approval=approval)
    return approval_of(row) if row else None


def settled_since(tx: Transaction, cell: str, state: ApprovalState, since: datetime) -> list[Approval]:
    """The questions of a cell that were settled like this after a moment."""
    rows = tx.rows(
        "SELECT * FROM gate_approvals WHERE cell = :cell AND state = :state AND settled_at > :since "
        "ORDER BY settled_at, approval",
        cell=cell, state=state.value, since=micros(since),
    )
    return [approval_of(row) for row in rows]


def counts(tx: Transaction) -> dict[str, int]:
    return {row["state"]: row["n"] for row in tx.rows("SELECT state, COUNT(*) AS n FROM gate_approvals GROUP BY state")}


def _settle(
    tx: Transaction, approval: Approval, state: ApprovalState, *, by: str, at: datetime, remark: str | None
) -> None:
    settled = tx.run(
        "UPDATE gate_approvals SET state = :state, settled_by = :by, settled_at = :at, remark = :remark "
        "WHERE approval = :approval AND state = 'pending' AND action_hash = :hash",
        state=state.value, by=by, at=micros(at), remark=remark, approval=approval.id, hash=approval.hash,
    )
    if settled != 1:
        now = find(tx, approval.id)
        raise ApprovalError(f"approval {approval.id} is {now.state} already (by {now.settled_by or 'nobody'})")


_COLUMNS = (
    "approval", "intent", "decision", "policy", "cell", "pins", "content", "connection", "object", "record", "held",
    "action_hash", "rule", "on_overwrite", "confidence", "rationale", "reasons", "citations",
    "after_intent", "run", "state", "owner", "asked_at", "expires_at", "settled_by", "remark", "pattern",
    "beside_blind",
)
_INSERT = f"""
INSERT INTO gate_approvals ({", ".join(_COLUMNS)}) VALUES ({", ".join(":" + name for name in _COLUMNS)})
ON CONFLICT (approval) DO NOTHING
"""


def _row(approval: Approval) -> dict[str, Any]:
    return {
        "approval": approval.id,
        "intent": approval.intent,
        "decision": approval.decision,
        "policy": approval.policy,
        "cell": approval.cell,
        "pins": approval.pins,
        "content": approval.content,
        "connection": approval.ref.connection,
        "object": approval.ref.object.value,
        "record": approval.ref.id,
        "held": canonical(encode_held(approval.action, approval.bases)),
        "action_hash": approval.hash,
        "rule": approval.rule.value,
        "on_overwrite": approval.on_overwrite.value,
        "confidence": approval.confidence,
        "rationale": approval.rationale,
        "reasons": canonical([[reason.code.value, reason.text] for reason in approval.reasons]),
        "citations": canonical([dict(citation) for citation in approval.citations]),
        "after_intent": approval.after,
        "run": approval.run,
        "state": approval.state.value,
        "owner": approval.owner,
        "asked_at": micros(approval.asked_at),
        "expires_at": micros(approval.expires_at),
        "settled_by": approval.settled_by,
        "remark": approval.remark,
        "pattern": approval.pattern,
        "beside_blind": int(approval.beside_blind),
    }


def approval_of(row: Row) -> Approval:
    action, bases = decode_held(json.loads(row["held"]))
    return Approval(
        id=row["approval"], intent=row["intent"], decision=row["decision"], policy=row["policy"], cell=row["cell"],
        pins=row["pins"], content=row["content"],
        ref=RecordRef(ConnectionName(row["connection"]), word(ObjectType, row["object"]), row["record"]),
        action=action, bases=bases, rule=word(ConflictRule, row["rule"]),
        on_overwrite=word(OnOverwrite, row["on_overwrite"]), confidence=row["confidence"],
        rationale=row["rationale"],
        reasons=tuple(Reason(ReasonCode(code), text) for code, text in json.loads(row["reasons"])),
        citations=tuple(json.loads(row["citations"])), after=row["after_intent"], run=row["run"],
        state=word(ApprovalState, row["state"]), owner=row["owner"], asked_at=from_micros(row["asked_at"]),
        expires_at=from_micros(row["expires_at"]), settled_by=row["settled_by"], remark=row["remark"],
        beside_blind=bool(row["beside_blind"]),
    )
