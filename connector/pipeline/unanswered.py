"""What is written down where no reasoner answered: the case goes to a person, with the reason."""

from __future__ import annotations

from connector.decision.decision import (
    Decision,
    DecisionResult,
    Declined,
    Deferred,
    HandoffReason,
    NotEnough,
    Pins,
)
from connector.policy import Tier


def declined(answer: Declined) -> NotEnough:
    return _failed(f"no tier of the policy could answer: {answer.reason}")


def given_up(answer: Deferred) -> DecisionResult:
    """What an earlier tier said stands. What its decision left undecided is a person's, and so is all where none said it."""
    failed = _failed(f"no answer in time: {answer.reason}")
    match answer.fallback:
        case Decision() as earlier:
            return failed.beside(earlier)
        case NotEnough() as earlier:
            return earlier
        case None:
            return failed


def _failed(rationale: str) -> NotEnough:
    return NotEnough(reason=HandoffReason.FAILED, missing=(), rationale=rationale, pins=Pins(tier=Tier.OFFLINE))
