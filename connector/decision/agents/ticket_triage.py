"""Ticket triage: every field the policy opens gets a value, urgent ones a task, unclear ones a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from connector.decision.agent import Abstention, ContextNeeds, Proposals, Reading, load_prompt
from connector.decision.agents.triage_form import triage_form
from connector.decision.agents.triage_offline import OFFLINE_KINDS, empty_ticket, triage_offline
from connector.decision.decision import HandoffReason, ProposedAction, Question
from connector.decision.errands import read_errands
from connector.decision.learner import DESCRIPTION, SUBJECT, LearnerShelf, learning_text
from connector.decision.offers import Refused, offers, propose, value_of, with_withheld
from connector.decision.shape import Form
from connector.policy import Policy, Section
from connector.record import VOCABULARY, FieldName, ObjectType


class TicketTriage:
    """Category, priority, queue and whatever else the policy names; a task; a reply where customers may be told."""

    name = "ticket_triage"
    objects = frozenset({ObjectType.TICKET})
    needs = ContextNeeds(related=("contact", "account"), fields=(SUBJECT, DESCRIPTION))

    @cached_property
    def prompt(self) -> str:
        return load_prompt(self.name)

    def options(self, section: Section) -> None:
        """Nothing is to be set: what may be proposed stands under `may`."""

    def hopeless(self, question: Question) -> Abstention | None:
        return None if learning_text(question.context.record) else empty_ticket()

    def form(self, question: Question) -> Form:
        return triage_form(question)

    def learns(self, policy: Policy) -> tuple[FieldName, ...]:
        """Fields of the policy that hold one of few values; free text is not learned."""
        known = VOCABULARY[ObjectType.TICKET]
        return tuple(name for name in policy.may.update if name not in known or known[name].kind in OFFLINE_KINDS)

    def decide_offline(self, questions: Sequence[Question], shelf: LearnerShelf) -> Sequence[Reading]:
        return triage_offline(questions, shelf)

    def read(self, question: Question, answer: Mapping[str, Any]) -> Reading:
        if (abstention := self.hopeless(question)) is not None:
            return abstention
        updates, undecided = _updates(question, answer["values"])
        extras, refused = read_errands(question, answer)
        actions = (*updates, *extras)
        missing = tuple(answer["missing"])
        if not answer["enough"]:
            return Abstention(
                reason=HandoffReason.INCOMPLETE, missing=missing or ("what the customer wants",),
                rationale=answer["rationale"], guesses=actions,
            )
        if answer["out_of_scope"]:
            return Abstention(
                reason=HandoffReason.UNSURE, missing=(*missing, "an option that is meant for this kind of ticket"),
                rationale=answer["rationale"], guesses=actions,
            )
        rationale = with_withheld(answer["rationale"], question)
        return Proposals(actions=actions, rationale=rationale, undecided=(*missing, *undecided, *refused))


def _updates(question: Question, values: Mapping[str, Any]) -> tuple[list[ProposedAction], list[str]]:
    proposed: list[ProposedAction] = []
    undecided: list[str] = []
    for offer in offers(question):
        said = values.get(offer.field)
        if said is None:
            continue
        value = value_of(offer, said["value"], question)
        step = propose(
            question, offer, value, confidence=float(said["confidence"]), citations=said["citations"]
        )
        if isinstance(step, ProposedAction):
            proposed.append(step)
        elif isinstance(step, Refused):
            undecided.append(f"{offer.field}: {step.reason}")
    return proposed, undecided

