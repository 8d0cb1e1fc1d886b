"""What comes out of deciding: actions with their confidence and evidence, or an honest "not enough" for a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from connector.action.action import Action
from connector.context.context import Citation, Context
from connector.policy import Policy, Tier


class HandoffReason(StrEnum):
    """Why a case goes to a person."""

    INCOMPLETE = "incomplete"  # context missing or contradictory
    UNSURE = "unsure"  # not confident
    STAKES = "stakes"  # affects customers, revenue or compliance
    APPROVAL = "approval"  # the policy asks for a person
    FAILED = "failed"  # the reasoner refused, was cut off or invented a quote


@dataclass(frozen=True, slots=True, kw_only=True)
class Pins:
    """What the evidence of earned confidence is pinned to; a changed pin starts in shadow."""

    tier: Tier
    model: str = ""
    prompt: str = ""
    schema: str = ""
    learner: str = ""
    embedder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one decision cost."""

    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    usd: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedAction:
    """One proposed step. `confidence` is the probability that a person would agree, calibrated where labels allow.

    `after` is the place in the decision's actions of a step that must be applied first.
    """

    action: Action
    confidence: float
    citations: tuple[Citation, ...] = ()
    after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """An ordered list of proposed actions with the reason for them; an empty list says that nothing is to be done."""

    actions: tuple[ProposedAction, ...]
    rationale: str
    pins: Pins
    usage: Usage = field(default_factory=Usage)
    alternatives: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # per field, the next best values


@dataclass(frozen=True, slots=True, kw_only=True)
class NotEnough:
    """The reasoner abstains: what is missing, what was tried, and its best guesses for the person who decides."""

    reason: HandoffReason
    missing: tuple[str, ...]
    rationale: str
    pins: Pins
    usage: Usage = field(default_factory=Usage)
    guesses: tuple[ProposedAction, ...] = ()


DecisionResult: TypeAlias = Decision | NotEnough


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One case to decide: the prepared context under one policy. `key` is stable over restarts."""

    key: str
    policy: Policy
    context: Context
