"""Tiers in order: the first answers the whole batch, what it is not sure enough of goes on to the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from connector.action.action import UpdateField
from connector.decision.decision import (
    Answer,
    Decision,
    Declined,
    Deferred,
    HandoffReason,
    NotEnough,
    Pins,
    ProposedAction,
    Question,
    Usage,
)
from connector.decision.reasoners.reasoner import Reasoner
from connector.policy import Policy, PolicyName, Tier, TierStep
from connector.record import ActionKind, ConnectionName, FieldName, ObjectType

Routed = Decision | NotEnough | Deferred


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptanceCell:
    """What an acceptance threshold is earned for."""

    connection: ConnectionName
    policy: PolicyName
    object: ObjectType
    kind: ActionKind
    field: FieldName | None
    tier: Tier


Thresholds = Mapping[AcceptanceCell, float]
NO_THRESHOLDS: Thresholds = {}


class Router:
    """Sends each question up its policy's cascade until a tier answers surely enough."""

    def __init__(self, reasoners: Mapping[Tier, Reasoner]) -> None:
        self._reasoners = reasoners

    def decide(self, questions: Sequence[Question], thresholds: Thresholds = NO_THRESHOLDS) -> tuple[Routed, ...]:
        """One result per question, in order.

        `thresholds` are confidences that keep a tier's promised precision per cell; without one for a cell, the
        confidence itself must reach what the policy's tier names under `accept`, or else the gate's target.
        """
        cases = [_Case(question=question) for question in questions]
        longest = max((len(question.policy.reason.cascade) for question in questions), default=0)
        for level in range(longest):
            for tier, asked in _waiting(cases, level).items():
                for case, answer in zip(asked, self._ask(tier, asked), strict=True):
                    case.take(answer, level, thresholds)
        return tuple(case.result() for case in cases)

    def _ask(self, tier: Tier, cases: Sequence[_Case]) -> Sequence[Answer]:
        reasoner = self._reasoners.get(tier)
        if reasoner is None:
            return [Declined(reason=f"tier {tier} has no credentials") for _ in cases]
        return reasoner.decide([case.question for case in cases])


@dataclass(slots=True, kw_only=True)
class _Case:
    """One question on its way up: the best answer so far, what it cost, and why tiers passed it on."""

    question: Question
    best: Decision | NotEnough | None = None
    deferred: Deferred | None = None
    spent: Usage = Usage()  # noqa: RUF009 - a frozen value
    declined: tuple[str, ...] = ()
    done: bool = False

    def take(self, answer: Answer, level: int, thresholds: Thresholds) -> None:
        match answer:
            case Declined():
                self.declined = (*self.declined, answer.reason)
                self.spent += answer.usage
            case Deferred():
                self.deferred, self.done = answer, True
                self.spent += answer.usage
            case Decision() | NotEnough():
                self.spent += answer.usage
                self.best = _better(self.best, answer)
                step = self.question.policy.reason.cascade[level]
                self.done = accepts(self.question.policy, step, answer, thresholds)

    def result(self) -> Routed:
        best = replace(self.best, usage=self.spent) if self.best is not None else None
        if self.deferred is not None:
            return replace(self.deferred, fallback=best, usage=self.spent)
        if self.question.unchanged and not isinstance(best, Decision):
            return _said_before(self.question.policy)
        if best is None:
            return replace(_unanswered(self.question.policy, self.declined), usage=self.spent)
        return best


def _waiting(cases: Sequence[_Case], level: int) -> Mapping[Tier, list[_Case]]:
    waiting: dict[Tier, list[_Case]] = {}
    for case in cases:
        cascade = case.question.policy.reason.cascade
        if case.done or level >= len(cascade):
            continue
        if case.question.unchanged and cascade[level].tier is not Tier.OFFLINE:
            case.done = True
            continue
        waiting.setdefault(cascade[level].tier, []).append(case)
    return waiting


def accepts(policy: Policy, step: TierStep, answer: Decision | NotEnough, thresholds: Thresholds) -> bool:
    """Whether a tier's answer ends the cascade: it decides all it was asked, each part surely enough."""
    match answer:
        case NotEnough():
            return False
        case Decision():
            return not answer.undecided and all(
                proposed.confidence >= _threshold(policy, step, proposed, thresholds) for proposed in answer.actions
            )


def _threshold(policy: Policy, step: TierStep, proposed: ProposedAction, thresholds: Thresholds) -> float:
    action = proposed.action
    cell = AcceptanceCell(
        connection=action.ref.connection, policy=policy.name, object=action.ref.object, kind=action.kind,
        field=action.field if isinstance(action, UpdateField) else None, tier=step.tier,
    )
    promised = step.accept if step.accept is not None else policy.gate.target
    return thresholds.get(cell, float(promised))


def _better(earlier: Decision | NotEnough | None, later: Decision | NotEnough) -> Decision | NotEnough:
    """The later tier's word counts, except that a failure does not take back what an earlier one decided."""
    match later:
        case NotEnough(reason=HandoffReason.FAILED) if isinstance(earlier, Decision):
            return later.beside(earlier)
        case NotEnough(reason=HandoffReason.FAILED) if earlier is not None:
            return earlier
        case NotEnough(guesses=()) if earlier is not None:
            return replace(later, guesses=earlier.actions if isinstance(earlier, Decision) else earlier.guesses)
        case _:
            return later


def _said_before(policy: Policy) -> Decision:
    """A person was asked then, where a person had to be: asking again would only cost."""
    rationale = "a model was asked about just this before, and nothing it was shown has changed: it is not asked again"
    return Decision(actions=(), rationale=rationale, pins=Pins(tier=Tier.OFFLINE, model=policy.agent.name))


def _unanswered(policy: Policy, declined: tuple[str, ...]) -> NotEnough:
    tier = policy.reason.cascade[-1].tier
    return NotEnough(
        reason=HandoffReason.FAILED, missing=declined, rationale="no tier of the policy could be asked",
        pins=Pins(tier=tier),
    )


