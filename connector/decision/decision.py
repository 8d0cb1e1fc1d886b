"""What comes out of deciding: actions with their confidence and evidence, or an honest "not enough" for a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from connector.action.action import Action
from connector.context.context import Citation, Context, Passage
from connector.policy import Policy, Tier
from connector.record import User


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

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            usd=self.usd + other.usd,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedAction:
    """One proposed step. `confidence` is the probability that a person would agree, calibrated where labels allow.

    `after` is the place in the decision's actions of a step that must be applied first.
    """

    action: Action
    confidence: float
    citations: tuple[Citation, ...] = ()
    after: int | None = None
    learner: str = ""  # the version of the learner behind it, where one is


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """An ordered list of proposed actions with the reason for them; an empty list says that nothing is to be done."""

    actions: tuple[ProposedAction, ...]
    rationale: str
    pins: Pins
    usage: Usage = field(default_factory=Usage)
    alternatives: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # per field, the next best values
    undecided: tuple[str, ...] = ()  # what the policy asks for and this answer leaves open, each with the reason
    findings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # what it says beside its actions
    found: tuple[Passage, ...] = ()  # what its searches found; citations number them after the context's passages
    left: NotEnough | None = None  # where a later tier was asked about what is undecided and failed: a person gets it
    shares: tuple[Decision | NotEnough, ...] = ()  # over a set: what it says of each record, evidence as that one's own


@dataclass(frozen=True, slots=True, kw_only=True)
class NotEnough:
    """The reasoner abstains: what is missing, what was tried, and its best guesses for the person who decides."""

    reason: HandoffReason
    missing: tuple[str, ...]
    rationale: str
    pins: Pins
    usage: Usage = field(default_factory=Usage)
    guesses: tuple[ProposedAction, ...] = ()
    found: tuple[Passage, ...] = ()

    def beside(self, earlier: Decision) -> Decision:
        """An earlier tier's decision stands although this one failed; what it left undecided goes to a person."""
        return replace(earlier, left=replace(self, missing=earlier.undecided)) if earlier.undecided else earlier


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """The reasoner could not be asked now and nothing is decided: ask again after `retry_after`.

    `fallback` is the best answer of an earlier tier, for when the case can wait no longer.
    """

    reason: str
    retry_after: timedelta
    fallback: Decision | NotEnough | None = None
    usage: Usage = field(default_factory=Usage)
    patient: bool = False  # an answer is on its way: waiting for it is no failed attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """This tier will not answer the case at all (no credentials, budget used up): the next tier may."""

    reason: str
    usage: Usage = field(default_factory=Usage)


DecisionResult: TypeAlias = Decision | NotEnough
Answer: TypeAlias = Decision | NotEnough | Deferred | Declined


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One case to decide: the prepared context under one policy. `key` is stable over restarts.

    Over a set of records `members` are their contexts one by one, and `context` lays them together.
    `owners` are the active people and queues of the connection; an answer picks them by their place in this list.
    `unchanged` says that a model was asked about just this under this policy before: nobody pays for it twice.
    """

    key: str
    policy: Policy
    context: Context
    owners: tuple[User, ...] = ()
    patient: bool = False  # nobody waits for this one (a backfill): it may be asked in a batch
    members: tuple[Context, ...] = ()
    unchanged: bool = False


Decider: TypeAlias = Callable[[Sequence[Question]], Sequence[Answer]]
"""The reasoners behind one call: prepared questions in, answers out, in order."""
