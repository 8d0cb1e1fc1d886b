"""The pipeline: how each open deal stands, why, and what to do next; a red one is escalated."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from connector.context.context import Citation
from connector.decision.agent import Abstention, ContextNeeds, Proposals, Reading, load_prompt
from connector.decision.agents.pipeline_history import RELATIONS, History, deal_cells, from_history
from connector.decision.agents.pipeline_options import PipelineOptions, options_of, read_pipeline_options
from connector.decision.agents.pipeline_reasons import Doubt, Health, doubts, health_of, last_touch
from connector.decision.decision import HandoffReason, ProposedAction, Question
from connector.decision.errands import support
from connector.decision.learner import LearnerShelf
from connector.decision.offers import Refused, offers, propose, with_withheld
from connector.decision.outcome import Around, AtIntake, Outcome, outcome_key
from connector.decision.shape import Choice, Form, ListOf, Shape, Text, YesNo
from connector.decision.tasks import follow_up, one_line, task_permission
from connector.policy import Policy, Section
from connector.record import FieldName, ObjectType, Record

_SHOWN = ("name", "stage", "stage_changed", "amount", "close_date", "next_step", "last_activity", "probability", "owner")
_CLOSED, _NAME = FieldName("closed"), FieldName("name")
GOES_ON = "Keep going: nothing speaks against it."


class Pipeline:
    """Green, amber or red per deal, with reasons that name a rule, a quote or a comparison."""

    name = "pipeline"
    objects = frozenset({ObjectType.OPPORTUNITY})
    needs = ContextNeeds(
        offline=("account", "contacts", "emails", "calls", "meetings", "notes"),
        fields=tuple(FieldName(name) for name in _SHOWN),
    )

    @cached_property
    def prompt(self) -> str:
        return load_prompt(self.name)

    def options(self, section: Section) -> PipelineOptions:
        return read_pipeline_options(section)

    def hopeless(self, question: Question) -> Abstention | None:
        """Nothing is: a deal that says nothing is in doubt for that."""
        return None

    def form(self, question: Question) -> Form:
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
        groups: dict[tuple[str, str], list[int]] = {}
        for place, question in enumerate(questions):
            groups.setdefault((question.policy.name, question.context.record.ref.connection), []).append(place)
        readings: dict[int, Reading] = {}
        for places in groups.values():
            asked = [questions[place] for place in places]
            options = options_of(asked[0].policy)
            key = outcome_key(asked[0].policy, asked[0].context.record.ref.connection, options.outcome.field)
            history = from_history(shelf.outcomes(key), asked, options)
            for place, question, doubt in zip(places, asked, history.doubts, strict=True):
                readings[place] = _by_rules(question, options, doubt, history)
        return [readings[place] for place in range(len(questions))]

    def read(self, question: Question, answer: Mapping[str, Any]) -> Reading:
        """A model's view. The rules hold whatever it says: it may find a deal worse than they do, never better."""
        options = options_of(question.policy)
        broken = doubts(question, options)
        said = Health(answer["health"])
        worst = max(said, health_of(broken), key=tuple(Health).index)
        reasons = tuple(dict.fromkeys((*(f"{one.rule}: {one.said}" for one in broken), *answer["reasons"])))
        reading = _proposals(
            question, options, worst, reasons, answer["next_step"], sure=float(answer["confidence"]),
            citations=(*answer["citations"], *(cited for one in broken for cited in one.citations)), learner="",
            rationale=answer["rationale"],
        )
        if not answer["enough"] and not broken:
            return Abstention(
                reason=HandoffReason.INCOMPLETE, missing=("what would tell how the deal stands",),
                rationale=answer["rationale"], guesses=reading.actions,
            )
        return reading


def _by_rules(question: Question, options: PipelineOptions, doubt: Doubt | None, history: History) -> Reading:
    if question.context.record.value(_CLOSED) is True:
        return Proposals(actions=(), rationale="the deal is closed: nothing is to be watched")
    found = doubts(question, options) + ((doubt,) if doubt is not None else ())
    health = health_of(found)
    deciding = [one for one in found if one.health is health] or list(found)
    reasons = tuple(f"{one.rule}: {one.said}" for one in found)
    step = found[0].step if found else GOES_ON
    last = last_touch(question)
    notes = [f"last touch {last.date().isoformat()}" if last else "no touch is known"]
    notes += [history.silent] if history.silent else []
    return _proposals(
        question, options, health, reasons, step, sure=max((one.sure for one in deciding), default=1.0),
        citations=tuple(cited for one in found for cited in one.citations), learner=history.learner if doubt else "",
        rationale="; ".join(notes),
    )


def _proposals(
    question: Question, options: PipelineOptions, health: Health, reasons: Sequence[str], step: str, *, sure: float,
    citations: Sequence[Citation], learner: str, rationale: str,
) -> Proposals:
    cited = tuple(dict.fromkeys(citations))[:6]
    actions: list[ProposedAction] = []
    undecided: list[str] = []
    offer = next((one for one in offers(question) if one.field == options.flag), None)
    moved = health is Health.RED and not _was_red(question)
    if offer is not None:
        flagged = propose(question, offer, health.value, confidence=sure, citations=cited, learner=learner)
        if isinstance(flagged, Refused):
            undecided.append(f"{offer.field}: {flagged.reason}")
        moved = health is Health.RED and isinstance(flagged, ProposedAction)
        actions += [flagged] if isinstance(flagged, ProposedAction) else []
    granted = task_permission(question)
    if moved and granted is not None:
        text = "\n".join((f"{health.value}: {step}", *reasons, *(f"“{one.quote}” ({one.source})" for one in cited)))
        task = follow_up(question, granted, text=text, about=one_line(question.context.record.value(_NAME)))
        proposed = ProposedAction(action=task, confidence=sure, citations=cited, learner=learner)
        actions.append(replace(proposed, after=0) if actions else proposed)
    told = "; ".join((f"{health.value}: {', '.join(reasons) or 'no rule is broken'}", f"next: {step}", rationale))
    return Proposals(
        actions=tuple(actions), rationale=with_withheld(told, question), undecided=tuple(undecided),
        findings={"health": (health.value,), "reasons": tuple(reasons), "next_step": (step,)},
    )


def _was_red(question: Question) -> bool:
    """Whether this policy escalated the deal before: once is enough while it stays red."""
    return any(
        past.policy == question.policy.name and "create task" in past.summary for past in question.context.past
    )
