"""A case, or a part of one, that nobody could decide, as the person gets it."""

from __future__ import annotations

import hashlib
from datetime import datetime

from connector.action import UpdateField
from connector.calibration import as_percent
from connector.decision.decision import HandoffReason, NotEnough, ProposedAction
from connector.gate.handoffs import Handoff, HandoffState
from connector.pipeline.cases import Case
from connector.record import display


def handoff_of(case: Case, result: NotEnough, key: str, now: datetime) -> Handoff:
    """The case as one person gets it. What was tried and what is missing is always said, also where nobody said it."""
    rule = case.policy.handoff
    guesses = tuple(_guess(one) for one in result.guesses)
    why = result.rationale or f"{_agent(case)} left it open"
    return Handoff(
        id=hashlib.sha256(f"handoff:{key}".encode()).hexdigest()[:12], decision=key, policy=case.policy.name,
        ref=case.record.ref, reason=result.reason.value, summary=f"{_WHY[result.reason]}: {why}",
        tried=guesses or (_asked(case, result),), missing=result.missing or (_WANTED[result.reason],), owner=rule.to,
        ladder=rule.ladder, step=0, fallback=rule.default, state=HandoffState.OPEN, opened_at=now,
        due_at=rule.due.after(now, case.policy.zone),
    )


_WHY = {
    HandoffReason.INCOMPLETE: "context is missing or contradictory",
    HandoffReason.UNSURE: "not confident enough",
    HandoffReason.STAKES: "affects customers, revenue or compliance",
    HandoffReason.APPROVAL: "the policy asks for a person",
    HandoffReason.FAILED: "the reasoner gave no usable answer",
}
_WANTED = {
    HandoffReason.INCOMPLETE: "what the record and its surroundings do not say",
    HandoffReason.UNSURE: "the judgement of somebody who knows such cases",
    HandoffReason.STAKES: "a decision that somebody answers for",
    HandoffReason.APPROVAL: "the consent of a person",
    HandoffReason.FAILED: "a usable answer",
}


def _asked(case: Case, result: NotEnough) -> str:
    """Who was asked and proposed nothing."""
    told = result.pins.model not in ("", case.policy.agent.name)
    model = f", {result.pins.model}" if told else ""
    return f"{_agent(case)} (tier {result.pins.tier}{model}) proposed nothing"


def _agent(case: Case) -> str:
    return case.policy.agent.name.replace("_", " ")


def _guess(one: ProposedAction) -> str:
    action = one.action
    what = f"{action.field} = {display(action.value)}" if isinstance(action, UpdateField) else action.kind.value
    return f"{what} ({as_percent(one.confidence)})"
