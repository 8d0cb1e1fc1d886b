"""The agent a policy file describes: fields in, instructions, a closed schema out, and rules that need no model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connector.decision.agent import Abstention, Agent, ContextNeeds, Proposals, Reading, load_prompt
from connector.decision.agents.custom_rules import decide_by_rules
from connector.decision.agents.custom_sets import answers_by_place, over_the_set, set_form
from connector.decision.decision import HandoffReason, ProposedAction, Question
from connector.decision.errands import errand_shapes, read_errands, support
from connector.decision.learner import LearnerShelf
from connector.decision.offers import Offer, Refused, offers, propose, shape_of, value_of, with_withheld
from connector.decision.shape import Choice, Day, Form, ListOf, Number, Shape, Text, YesNo
from connector.decision.together import members
from connector.policy import CustomAgent, OutputKind, OutputSchema, Policy, Section
from connector.record import FieldKind, FieldName, ObjectType, display


@dataclass(frozen=True, slots=True)
class DescribedAgent:
    """One custom agent of one policy."""

    described: CustomAgent

    @property
    def name(self) -> str:
        return self.described.name

    @property
    def objects(self) -> frozenset[ObjectType]:
        return frozenset(ObjectType)

    @property
    def needs(self) -> ContextNeeds:
        return ContextNeeds(fields=self.described.fields)

    @property
    def prompt(self) -> str:
        return f"{load_prompt('custom')}\nInstructions of this company\n{self.described.instructions.strip()}\n"

    def options(self, section: Section) -> None:
        """What it is told stands in the policy's own description of it."""

    @property
    def sees_sets(self) -> bool:
        return True

    def hopeless(self, question: Question) -> Abstention | None:
        looked_at = question.members or (question.context,)
        if any(one.record.value(name) not in (None, "", ()) for one in looked_at for name in self.described.fields):
            return None
        return Abstention(
            reason=HandoffReason.INCOMPLETE, missing=tuple(map(str, self.described.fields)),
            rationale="none of the fields that this agent reads holds anything",
        )

    def form(self, question: Question) -> Form:
        if question.members:
            return set_form(question, self._values(question))
        errands = errand_shapes(question)
        fields: dict[str, Shape] = {
            "rationale": Text(most=1_000, lines=True, about="Why, in two or three sentences."),
            "enough": YesNo(about="Whether the case can be decided at all."),
            "missing": ListOf(each=Text(most=200), most=8, about="What is missing to decide, if anything."),
            "values": self._values(question),
            **errands,
        }
        return Form(fields=fields, optional=frozenset(errands))

    def learns(self, policy: Policy) -> tuple[FieldName, ...]:
        return ()

    def decide_offline(self, questions: Sequence[Question], shelf: LearnerShelf) -> Sequence[Reading]:
        return [self.hopeless(question) or self._by_rules(question) for question in questions]

    def read(self, question: Question, answer: Mapping[str, Any]) -> Reading:
        if (abstention := self.hopeless(question)) is not None:
            return abstention
        if question.members:
            return self._read_set(question, answer)
        reading = self._told(question, answer, answer["missing"])
        if not answer["enough"]:
            return Abstention(
                reason=HandoffReason.INCOMPLETE, missing=tuple(answer["missing"]) or ("what the instructions need",),
                rationale=answer["rationale"], guesses=reading.actions,
            )
        return reading

    def _by_rules(self, question: Question) -> Reading:
        if not question.members:
            return decide_by_rules(self.described, question)
        return over_the_set(question, [self._ruled(one) for one in members(question)])

    def _ruled(self, question: Question) -> Reading | None:
        """What the rules say of one record of a set; None where none of them holds: not each is a case for a person."""
        reading = decide_by_rules(self.described, question)
        return reading if isinstance(reading, Proposals) else None

    def _read_set(self, question: Question, answer: Mapping[str, Any]) -> Proposals:
        """A model's word on the records it names, where no rule of the policy has spoken already."""
        said = answers_by_place(question, answer)
        readings = [
            self._ruled(one) or (self._told(one, said[place]) if place in said else None)
            for place, one in enumerate(members(question))
        ]
        return over_the_set(question, readings, answer["rationale"])

    def _told(self, question: Question, answer: Mapping[str, Any], missing: Sequence[str] = ()) -> Proposals:
        steps, said, undecided = self._answered(question, answer["values"])
        extras, refused = read_errands(question, answer)
        rationale = "; ".join((*said, answer["rationale"]))
        return Proposals(
            actions=(*steps, *extras), rationale=with_withheld(rationale, question),
            undecided=(*missing, *undecided, *refused),
        )

    def _values(self, question: Question) -> Form:
        open_fields = {str(offer.field): offer for offer in offers(question)}
        shapes = {name: _shape(output, open_fields.get(name), question) for name, output in self.described.schema.items()}
        entries: dict[str, Shape] = {
            name: Form(fields={"value": shape, **support(question)})
            for name, shape in shapes.items()
            if shape != Choice(options=())  # policy, schema and CRM leave no option in common
        }
        return Form(fields=entries, optional=frozenset(entries), about="The values asked for.")

    def _answered(
        self, question: Question, values: Mapping[str, Any]
    ) -> tuple[list[ProposedAction], list[str], list[str]]:
        """Proposals for values that are fields, words for the others, and what a required value still lacks."""
        open_fields = {str(offer.field): offer for offer in offers(question)}
        steps: list[ProposedAction] = []
        said: list[str] = []
        undecided: list[str] = []
        for name, output in self.described.schema.items():
            if (given := values.get(name)) is None:
                undecided += [f"{name}: not answered"] if output.required else []
                continue
            offer = open_fields.get(name)
            if offer is None:
                said.append(f"{name}: {display(given['value'])}")
                continue
            value = value_of(offer, given["value"], question)
            step = propose(
                question, offer, value, confidence=float(given["confidence"]), citations=given["citations"]
            )
            if isinstance(step, ProposedAction):
                steps.append(step)
            elif isinstance(step, Refused):
                undecided.append(f"{name}: {step.reason}")
        return steps, said, undecided


def agent_of(policy: Policy, agents: Mapping[str, Agent]) -> Agent | None:
    """The agent a policy uses: one of these by its name, or the one its file describes."""
    match policy.agent:
        case CustomAgent() as described:
            return DescribedAgent(described)
        case named:
            return agents.get(named.name)


def _shape(output: OutputSchema, offer: Offer | None, question: Question) -> Shape:
    """What the answer may say here; a value that is a field of the record is held to that field as well."""
    if offer is None:
        return _free_shape(output)
    if offer.options:
        kept = tuple(option for option in offer.options if not output.options or option in output.options)
        several = offer.schema.kind is FieldKind.OPTIONS and kept
        about = output.description or offer.schema.label
        return shape_of(replace(offer, options=kept), question) if several else Choice(options=kept, about=about)
    if output.options:
        return _free_shape(output)
    shape = shape_of(offer, question)
    if isinstance(shape, Number):
        lows = [low for low in (shape.low, output.low) if low is not None]
        highs = [high for high in (shape.high, output.high) if high is not None]
        return replace(shape, low=max(lows, default=None), high=min(highs, default=None))
    return shape


def _free_shape(output: OutputSchema) -> Shape:
    about = output.description
    match output.kind:
        case OutputKind.TEXT:
            return Text(most=output.max_length, lines=True, about=about)
        case OutputKind.NUMBER:
            return Number(low=output.low, high=output.high, about=about)
        case OutputKind.BOOLEAN:
            return YesNo(about=about)
        case OutputKind.DATE:
            return Day(about=about)
        case OutputKind.OPTION:
            return Choice(options=output.options, about=about)
        case OutputKind.OPTIONS:
            return ListOf(each=Choice(options=output.options), most=len(output.options), least=1, about=about)
