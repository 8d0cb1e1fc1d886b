"""The pipeline: how each open deal stands, why, and what to do next; a red one is escalated."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from connector.decision.agent import Abstention, ContextNeeds, Proposals, Reading, load_prompt
from connector.decision.agents.pipeline_history import RELATIONS, History, deal_cells, from_history
from connector.decision.agents.pipeline_options import PipelineOptions, options_of, read_pipeline_options
from connector.decision.agents.pipeline_reasons import Doubt, Health, doubts, health_of, last_touch
from connector.decision.agents.pipeline_stays import compared
from connector.decision.agents.pipeline_together import answers_by_place, beside, over_the_set, set_form, told_beside
from connector.decision.agents.pipeline_view import View, proposals
from connector.decision.decision import HandoffReason, Question
from connector.decision.errands import support
from connector.decision.learner import LearnerShelf
from connector.decision.outcome import Around, AtIntake, Outcome, outcome_key
from connector.decision.shape import Choice, Form, ListOf, Shape, Text, YesNo
from connector.decision.together import members
from connector.policy import Policy, Section
from connector.record import FieldName, ObjectType, Record

_SHOWN = ("name", "stage", "stage_changed", "amount", "close_date", "next_step", "last_activity", "probability", "owner")
_CLOSED = FieldName("closed")
_NO_HISTORY = History(doubts=())
GOES_ON = "Keep going: nothing speaks against it."


class Pipeline:
    """Green, amber or red per deal, with reasons that name a rule, a quote or a comparison."""

    name = "pipeline"
    objects = frozenset({ObjectType.OPPORTUNITY})
    needs = ContextNeeds(
        offline=("account", "contacts", "emails", "calls", "meetings", "notes"),
        fields=tuple(FieldName(name) for name in _SHOWN),
        stays=True,
    )

    @cached_property
    def prompt(self) -> str:
        return load_prompt(self.name)

    def options(self, section: Section) -> PipelineOptions:
        return read_pipeline_options(section)

    def hopeless(self, question: Question) -> Abstention | None:
        """Nothing is: a deal that says nothing is in doubt for that."""
        return None

    @property
    def sees_sets(self) -> bool:
        return True

    def form(self, question: Question) -> Form:
        if question.members:
            return set_form(question)
        fields: dict[str, Shape] = {
            "rationale": Text(most=1_000, lines=True, about="Why, in two or three sentences."),
            "health": Choice(options=tuple(Health), about="How the deal stands."),
            "reasons": ListOf(each=Text(most=300), most=6, about="What speaks against it, each with its quote or number."),
            "next_step": Text(most=300, about="The one thing to do next."),
            "enough": YesNo(about="Whether the deal can be judged at all."),
            **support(question),
        }
        return Form(fields=fields)

    def learns(self, policy: Policy) -> tuple[FieldName, ...]:
        """No field's values: it learns from how deals ended."""
        return ()

    def outcome(self, policy: Policy) -> Outcome:
        return options_of(policy).outcome

    def relations(self, policy: Policy) -> tuple[str, ...]:
        return RELATIONS

    def at_intake(self, policy: Policy, record: Record, around: Around, hidden: Collection[FieldName]) -> AtIntake:
        return deal_cells(policy, record, around, hidden)

    def decide_offline(self, questions: Sequence[Question], shelf: LearnerShelf) -> Sequence[Reading]:
        readings: dict[int, Reading] = {}
        alone: dict[tuple[str, str], list[int]] = {}
        for place, question in enumerate(questions):
            if question.members:
                views = _views(members(question), shelf, together=True)
                readings[place] = over_the_set(question, options_of(question.policy), views)
            else:
                alone.setdefault((question.policy.name, question.context.record.ref.connection), []).append(place)
        for places in alone.values():
            asked = [questions[place] for place in places]
            for place, question, view in zip(places, asked, _views(asked, shelf), strict=True):
                readings[place] = _proposed(question, view)
        return [readings[place] for place in range(len(questions))]

    def read(self, question: Question, answer: Mapping[str, Any]) -> Reading:
        """A model's view of a deal, or of the deals of a set that it names; the others stand as the rules find them."""
        options = options_of(question.policy)
        if question.members:
            return over_the_set(question, options, list(_views_said(question, options, answer)))
        reading = proposals(question, options, _as_said(question, options, answer, answer["rationale"]))
        if not answer["enough"] and not doubts(question, options):
            return Abstention(
                reason=HandoffReason.INCOMPLETE, missing=("what would tell how the deal stands",),
                rationale=answer["rationale"], guesses=reading.actions,
            )
        return reading


def _views(asked: Sequence[Question], shelf: LearnerShelf, *, together: bool = False) -> Sequence[View | None]:
    """How deals of one policy and connection stand by the rules and what the shelf has learnt."""
    policy, connection = asked[0].policy, asked[0].context.record.ref.connection
    options = options_of(policy)
    history = from_history(shelf.outcomes(outcome_key(policy, connection, options.outcome.field)), asked, options)
    others = beside(asked) if together else (None,) * len(asked)
    return [
        _by_rules(question, options, doubt, history, other)
        for question, doubt, other in zip(asked, history.doubts, others, strict=True)
    ]


def _views_said(question: Question, options: PipelineOptions, answer: Mapping[str, Any]) -> Iterator[View | None]:
    said, asked = answers_by_place(question, answer), members(question)
    for place, (one, other) in enumerate(zip(asked, beside(asked), strict=True)):
        closed = one.context.record.value(_CLOSED) is True
        if place in said and not closed:
            yield _as_said(one, options, said[place], answer["rationale"], other)
        else:
            yield _by_rules(one, options, None, _NO_HISTORY, other)


def _proposed(question: Question, view: View | None) -> Proposals:
    if view is None:
        return Proposals(actions=(), rationale="the deal is closed: nothing is to be watched")
    return proposals(question, options_of(question.policy), view)


def _by_rules(
    question: Question, options: PipelineOptions, doubt: Doubt | None, history: History, other: Doubt | None = None
) -> View | None:
    """How a deal stands by the rules and its history, and beside the others of a set; None where it is closed."""
    if question.context.record.value(_CLOSED) is True:
        return None
    found = told_beside(doubts(question, options) + ((doubt,) if doubt is not None else ()), other)
    health = health_of(found)
    deciding = [one for one in found if one.health is health] or list(found)
    last = last_touch(question)
    notes = [f"last touch {last.date().isoformat()}" if last else "no touch is known"]
    notes += [history.silent] if history.silent else []
    told = compared(question).told
    notes += [told] if told and not any(told == one.said for one in found) else []
    return View(
        health=health, reasons=tuple(f"{one.rule}: {one.said}" for one in found), step=found[0].step if found else GOES_ON,
        sure=max((one.sure for one in deciding), default=1.0), learner=history.learner if doubt else "",
        citations=tuple(cited for one in found for cited in one.citations), rationale="; ".join(notes),
    )


def _as_said(
    question: Question, options: PipelineOptions, said: Mapping[str, Any], rationale: str, other: Doubt | None = None
) -> View:
    """A model's view of a deal. The rules hold whatever it says: it may find a deal worse than they do, never better."""
    broken = told_beside(doubts(question, options), other)
    return View(
        health=max(Health(said["health"]), health_of(broken), key=tuple(Health).index),
        reasons=tuple(dict.fromkeys((*(f"{one.rule}: {one.said}" for one in broken), *said["reasons"]))),
        step=said["next_step"], sure=float(said["confidence"]), rationale=rationale,
        citations=(*said["citations"], *(cited for one in broken for cited in one.citations)),
    )
