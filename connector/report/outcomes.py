"""What became of a verdict: from queued to written and confirmed, or why not. An approval is done only when this says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from connector.gate.approval import Approval, ApprovalState
from connector.store import Transaction
from connector.writeback import OutboxRow, OutboxState, outbox


class Proof(StrEnum):
    """How far a verdict has come."""

    UNDER_WAY = "under_way"
    PROVEN = "proven"
    FAILED = "failed"
    ASKED_AGAIN = "asked_again"
    NOTHING = "nothing"  # a rejection: nothing is to be written


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one verdict, in a sentence."""

    proof: Proof
    sentence: str
    at: datetime | None = None

    @property
    def is_settled(self) -> bool:
        return self.proof is not Proof.UNDER_WAY


_UNDER_WAY = {
    OutboxState.READY: "waits to be written",
    OutboxState.SENDING: "is being written",
    OutboxState.UNKNOWN: "was sent, and its answer was lost: it is looked up before anything is sent again",
}


def outcomes_of(tx: Transaction, judged: Sequence[Approval]) -> dict[str, Outcome]:
    """The outcomes of settled questions by their ids."""
    found = ((one, outbox.find(tx, one.intent)) for one in judged)
    return {one.id: replace(_outcome(one, row), at=row.settled_at if row else None) for one, row in found}


def _proven(outcome: Mapping[str, Any], why: str) -> str:
    match outcome.get("wrote", True):
        case None:
            return why
        case False:
            return "the record held it already"
        case _:
            return "written, and the CRM confirmed it"


def _outcome(asked: Approval, row: OutboxRow | None) -> Outcome:
    if asked.state is ApprovalState.REJECTED:
        return Outcome(Proof.NOTHING, "rejected: nothing is written")
    if asked.state is ApprovalState.STALE:
        return Outcome(Proof.ASKED_AGAIN, f"not written: {asked.remark or 'the record moved'}; it is asked again")
    if row is None:
        return Outcome(Proof.NOTHING, f"{asked.state.value}: nothing is written")
    why = str((row.outcome or {}).get("why", "")) or "no reason was given"
    match row.state:
        case OutboxState.READY | OutboxState.SENDING | OutboxState.UNKNOWN:
            return Outcome(Proof.UNDER_WAY, _UNDER_WAY[row.state])
        case OutboxState.APPLIED:
            return Outcome(Proof.PROVEN, _proven(row.outcome or {}, why))
        case OutboxState.REVERTED:
            return Outcome(Proof.NOTHING, "was written, and taken back since")
        case OutboxState.CONFLICTED:
            return Outcome(Proof.FAILED, f"not written, somebody else's value stays: {why}")
        case OutboxState.REFUSED:
            return Outcome(Proof.FAILED, f"refused: {why}")
        case OutboxState.UNCONFIRMED:
            return Outcome(Proof.FAILED, f"sent, and no answer came; it is never sent again, so look there: {why}")
        case OutboxState.STALE | OutboxState.CANCELLED:
            return Outcome(Proof.FAILED, f"not written: {why}")
