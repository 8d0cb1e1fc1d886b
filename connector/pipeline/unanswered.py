"""What is written down where no reasoner answered: the case goes to a person, with the reason."""

from __future__ import annotations

from connector.decision.decision import Declined, Deferred, HandoffReason, NotEnough, Pins
from connector.policy import Tier


def declined(answer: Declined) -> NotEnough:
    return _failed(f"no tier of the policy could answer: {answer.reason}")


def given_up(answer: Deferred) -> NotEnough:
    return _failed(f"no answer in time: {answer.reason}")


def _failed(rationale: str) -> NotEnough:
    return NotEnough(reason=HandoffReason.FAILED, missing=(), rationale=rationale, pins=Pins(tier=Tier.OFFLINE))
