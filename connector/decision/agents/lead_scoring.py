"""Lead scoring: how likely a lead is to be won, its tier and what to do next, with the reasons; or why nobody can say."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any

from connector.context.context import Citation
from connector.decision.agent import Abstention, ContextNeeds, Proposals, Reading, load_prompt
from connector.decision.agents.lead_columns import as_around, lead_cells
from connector.decision.agents.lead_options import HIGHEST, LeadOptions, NextStep, options_of, read_options
from connector.decision.agents.lead_score import LeadScore, NoScore, by_scorecard, count_lines, learned_scores
from connector.decision.agents.lead_steps import Sureness, lead_steps
from connector.decision.decision import HandoffReason, Question
from connector.decision.engagement import engagement
from connector.decision.errands import errand_shapes, read_errands, support
from connector.decision.facts import cited_fields
from connector.decision.learner import LearnerShelf
from connector.decision.offers import with_withheld
from connector.decision.outcome import Around, AtIntake, Outcome, outcome_key
from connector.decision.shape import Choice, Form, ListOf, Number, Shape, Text, YesNo
from connector.policy import Policy, Section
from connector.record import FieldName, ObjectType, Record

_SHOWN = (
    "company", "title", "email", "source", "industry", "employees", "country", "description", "status", "score", "tier",
    "last_activity",
)  # fmt: skip


class LeadScoring:
    """Score, tier, reasons and next step of a lead; learned from how this organisation's own leads ended."""

    name = "lead_scoring"
    objects = frozenset({ObjectType.LEAD, ObjectType.CONTACT})
    needs = ContextNeeds(
        offline=("contact", "account", "activities", "emails"), fields=tuple(FieldName(name) for name in _SHOWN)
    )

    @cached_property
    def prompt(self) -> str:
        return load_prompt(self.name)

    def options(self, section: Section) -> LeadOptions:
        return read_options(section)

    def hopeless(self, question: Question) -> Abstention | None:
        if any(_cells(question).values()) or engagement(question).counts:
            return None
        return Abstention(
            reason=HandoffReason.INCOMPLETE, missing=("anything that was known of the lead when it came in",),
            rationale="the lead and what hangs on it say nothing at all",
        )

    def form(self, question: Question) -> Form:
        options, errands = options_of(question.policy), errand_shapes(question)
        tiers = "; ".join(f"{tier}: a score of at least {least}" for tier, least in options.tiers.items())
        steps = tuple(dict.fromkeys(step.value for step in options.actions.values())) or (NextStep.LOW.value,)
        fields: dict[str, Shape] = {
            "rationale": Text(most=1_000, lines=True, about="Why, in two or three sentences."),
            "enough": YesNo(about="Whether the lead can be scored at all."),
            "missing": ListOf(each=Text(most=200), most=8, about="What is missing to decide, if anything."),
            "score": Number(low=Decimal(0), high=Decimal(HIGHEST), about=f"The chance in percent that it is won. {tiers}."),
            "next_step": Choice(options=steps, about="What to do next with a lead of this score."),
            **support(question),
            **errands,
        }
        return Form(fields=fields, optional=frozenset(errands))

    def learns(self, policy: Policy) -> tuple[FieldName, ...]:
        """No field's values: it learns from outcomes."""
        return ()

    def outcome(self, policy: Policy) -> Outcome:
        return options_of(policy).outcome

    def relations(self, policy: Policy) -> tuple[str, ...]:
        return tuple(name for name in ("contact", "account") if name != policy.when.object.value)

    def at_intake(self, policy: Policy, record: Record, around: Around, hidden: Collection[FieldName]) -> AtIntake:
        options = options_of(policy)
        return lead_cells(policy, record, around, {*hidden, options.outcome.field}, options.columns)

    def decide_offline(self, questions: Sequence[Question], shelf: LearnerShelf) -> Sequence[Reading]:
        places: dict[tuple[str, str], list[int]] = {}
        for place, question in enumerate(questions):
            connection = question.context.record.ref.connection
            places.setdefault((f"{question.policy.name} {question.policy.version}", connection), []).append(place)
        readings: dict[int, Reading] = {}
        for some in places.values():
            asked = [questions[place] for place in some]
            readings |= dict(zip(some, self._scored(asked, shelf), strict=True))
        return [readings[place] for place in range(len(questions))]

    def _scored(self, questions: Sequence[Question], shelf: LearnerShelf) -> list[Reading]:
        """The readings of leads under one policy and connection."""
        first = questions[0]
        options = options_of(first.policy)
        learner = shelf.outcomes(outcome_key(first.policy, first.context.record.ref.connection, options.outcome.field))
        rows = [_cells(question) for question in questions]
        return [
            self.hopeless(question) or _reading(question, options, learned)
            for question, learned in zip(questions, learned_scores(learner, rows), strict=True)
        ]

    def read(self, question: Question, answer: Mapping[str, Any]) -> Reading:
        if (abstention := self.hopeless(question)) is not None:
            return abstention
        score, sure = round(answer["score"]), float(answer["confidence"])
        citations: tuple[Citation, ...] = answer["citations"]
        options = options_of(question.policy)
        tier = options.tier(score)
        actions, undecided = lead_steps(
            question, score=score, tier=tier, step=NextStep(answer["next_step"]),
            sure=Sureness(score=sure, tier=sure, citations=citations), why=answer["rationale"],
        )
        extras, refused = read_errands(question, answer)
        actions, missing = (*actions, *extras), tuple(answer["missing"])
        if not answer["enough"]:
            return Abstention(
                reason=HandoffReason.INCOMPLETE, missing=missing or ("what the lead wants",),
                rationale=answer["rationale"], guesses=actions,
            )
        rationale = f"score {score}, {tier}: {answer['rationale']}"
        return Proposals(
            actions=actions, rationale=with_withheld(rationale, question), undecided=(*missing, *undecided, *refused)
        )


def _cells(question: Question) -> Mapping[str, str]:
    """The cells of a lead as it stands now, in the form in which they teach."""
    context, options = question.context, options_of(question.policy)
    hidden = {*context.hidden, *context.masked, options.outcome.field}
    around = as_around(context.records, context.related)
    return lead_cells(question.policy, context.record, around, hidden, options.columns).cells


def _reading(question: Question, options: LeadOptions, learned: LeadScore | NoScore) -> Reading:
    score: LeadScore | NoScore = learned
    if isinstance(learned, LeadScore):
        count_lines(question, [line for line in options.scorecard if line.is_engagement], learned)
    else:
        score = by_scorecard(question, options)
    if isinstance(score, NoScore):
        why = learned if isinstance(learned, NoScore) else score
        return Abstention(
            reason=HandoffReason.UNSURE, missing=tuple(dict.fromkeys((*why.missing, *score.missing))),
            rationale=f"the lead is not scored: {why.why}, and {score.why}" if why is not score else why.why,
        )
    if isinstance(learned, NoScore):
        score.reasons.append(learned.why)
    return _proposals(question, options, score)


def _proposals(question: Question, options: LeadOptions, score: LeadScore) -> Proposals:
    tier = options.tier(score.score)
    low, high = options.band(tier)
    sure = Sureness(
        score=score.sure_of_score, tier=score.sure(low, high), citations=cited_fields(question, score.columns),
        learner=score.learner,
    )
    said = [*score.reasons, str(engagement(question)), *_age(question)]
    step = options.actions.get(tier)
    actions, undecided = lead_steps(
        question, score=score.score, tier=tier, step=step, sure=sure, why="\n".join(said)
    )
    told = f"score {score.score} of {HIGHEST}, {tier}{f', next: {step.value}' if step else ''}; {'; '.join(said)}"
    return Proposals(
        actions=actions, rationale=with_withheld(told, question), undecided=(*undecided, *score.doubts),
        alternatives={},
    )


def _age(question: Question) -> list[str]:
    """When the lead was scored before, as far as is remembered."""
    earlier = [past.at for past in question.context.past if past.policy == question.policy.name]
    if not earlier:
        return []
    days = (question.context.now - max(earlier)).days
    return [f"scored before on {max(earlier).date().isoformat()}, {days} days ago"]


