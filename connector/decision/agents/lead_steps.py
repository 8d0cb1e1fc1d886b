"""From a score to proposals: score, tier and age on the record, and the next step of a tier that is new."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from connector.context.context import Citation
from connector.decision.agents.lead_options import NextStep, options_of
from connector.decision.decision import ProposedAction, Question
from connector.decision.offers import Offer, Refused, offered_owners, offers, owner_value, propose
from connector.decision.tasks import follow_up, task_permission
from connector.record import FieldKind, FieldName, FieldValue, User

SCORE, TIER, OWNER = FieldName("score"), FieldName("tier"), FieldName("owner")
_FRESH = timedelta(days=1)
_WORDS: Mapping[NextStep, str] = {
    NextStep.ROUTE: "Route it to a senior rep, who calls today.",
    NextStep.DEMO: "Schedule a demo.",
    NextStep.NURTURE: "Nurture it: send something useful, and look again when they react.",
    NextStep.LOW: "Low priority: nothing to be done now.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sureness:
    """How sure each part of a score is, and what it rests on."""

    score: float
    tier: float
    citations: tuple[Citation, ...] = ()
    learner: str = ""


@dataclass(slots=True)
class _Steps:
    question: Question
    sure: Sureness
    proposed: list[ProposedAction] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)

    def add(self, offer: Offer | None, value: FieldValue | Refused, confidence: float) -> bool:
        """Propose one update; whether something is to be written."""
        if offer is None:
            return False
        step = propose(
            self.question, offer, value, confidence=confidence, citations=self.sure.citations, learner=self.sure.learner
        )
        if isinstance(step, Refused):
            self.undecided.append(f"{offer.field}: {step.reason}")
        elif isinstance(step, ProposedAction):
            self.proposed.append(step)
            return True
        return False


def lead_steps(
    question: Question, *, score: int, tier: str, step: NextStep | None, sure: Sureness, why: str
) -> tuple[tuple[ProposedAction, ...], tuple[str, ...]]:
    """What is proposed for one lead, and what the policy or the CRM did not let be proposed."""
    steps = _Steps(question, sure)
    open_fields = {offer.field: offer for offer in offers(question)}
    moved = steps.add(open_fields.get(SCORE), Decimal(score), sure.score)
    is_new = steps.add(open_fields.get(TIER), tier, sure.tier) if TIER in open_fields else not _scored_before(question)
    place = len(steps.proposed) - 1 if is_new and TIER in open_fields else None
    _note_age(steps, open_fields, written=moved or is_new)
    if is_new and step is not None:
        _next_step(steps, open_fields, step, place, f"Score {score} of 100, {tier}. {_WORDS[step]}\n\n{why}")
    return tuple(steps.proposed), tuple(steps.undecided)


def _scored_before(question: Question) -> bool:
    return any(past.policy == question.policy.name for past in question.context.past)


def _note_age(steps: _Steps, open_fields: Mapping[FieldName, Offer], *, written: bool) -> None:
    """When the lead was scored, where the policy names a field for it; not more than once a day without a new score."""
    name, now = options_of(steps.question.policy).scored_at, steps.question.context.now
    offer = open_fields.get(name) if name is not None else None
    if offer is None or name is None:
        return
    before = steps.question.context.record.value(name)
    if not written and isinstance(before, datetime) and now - before < _FRESH:
        return
    value: FieldValue = now.date() if offer.schema.kind is FieldKind.DATE else now.replace(microsecond=0)
    steps.add(offer, value, steps.sure.score)


def _next_step(
    steps: _Steps, open_fields: Mapping[FieldName, Offer], step: NextStep, place: int | None, text: str
) -> None:
    question = steps.question
    senior = _senior(question, open_fields.get(OWNER)) if step is NextStep.ROUTE else None
    if senior is not None:
        offer = open_fields[OWNER]
        steps.add(offer, owner_value(offer, senior), steps.sure.tier)
    granted = task_permission(question)
    if granted is None or step is NextStep.LOW:
        return
    task = follow_up(question, granted, text=text, owner=senior)
    proposed = ProposedAction(
        action=task, confidence=steps.sure.tier, citations=steps.sure.citations, learner=steps.sure.learner
    )
    steps.proposed.append(replace(proposed, after=place))


def _senior(question: Question, offer: Offer | None) -> User | None:
    """One of the people the policy names for `owner`; who owns the lead already keeps it, the others share by the lead."""
    if offer is None or not offer.permission.options:
        return None
    wanted = {*offer.permission.options}
    named = [user for user in offered_owners(question) if wanted & {user.name, user.email, user.owner_id}]
    owner = question.context.record.value(OWNER)
    kept = next((user for user in named if user.owner_id == owner), None)
    turn = int(hashlib.sha256(question.context.record.ref.id.encode()).hexdigest(), 16)
    return kept or (named[turn % len(named)] if named else None)
