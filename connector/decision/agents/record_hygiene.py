"""Record hygiene: what texts state and fields lack, what contradicts itself, and who is probably there twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from connector.decision.agent import SEARCH_WORDS, SEARCHES, Abstention, ContextNeeds, Proposals, Reading, load_prompt
from connector.decision.agents.filling import MISSING, RATIONALE, read_values, support, values_form
from connector.decision.agents.hygiene_offline import clean_up
from connector.decision.agents.hygiene_options import DEFAULTS, HygieneOptions, read_hygiene_options
from connector.decision.decision import HandoffReason, ProposedAction, Question
from connector.decision.learner import LearnerShelf
from connector.decision.offers import with_withheld
from connector.decision.shape import Form, Index, ListOf, Shape, Text
from connector.decision.tasks import follow_up, task_permission
from connector.policy import NamedAgent, Policy, Section
from connector.record import VOCABULARY, FieldName, ObjectType

_OBJECTS = (
    ObjectType.OPPORTUNITY, ObjectType.CONTACT, ObjectType.ACCOUNT, ObjectType.LEAD, ObjectType.TICKET,
)  # fmt: skip


class RecordHygiene:
    """Updates what a text states, and gives people one task for what they have to look at. Nothing is merged."""

    name = "record_hygiene"
    objects = frozenset(_OBJECTS)
    needs = ContextNeeds(
        related=("calls",),
        offline=("account", "emails", "notes", "tasks", "past_contacts", "past_opportunities", "past_tickets"),
        fields=tuple(sorted({name for object in _OBJECTS for name in VOCABULARY[object]})),
    )

    @cached_property
    def prompt(self) -> str:
        return load_prompt(self.name)

    def options(self, section: Section) -> HygieneOptions:
        """`silent_for`, `competitors`, `competitor_field`, `region` and `day_first`."""
        return read_hygiene_options(section)

    def hopeless(self, question: Question) -> Abstention | None:
        """A record in order is not hopeless: it is a decision to do nothing."""
        return None

    def form(self, question: Question) -> Form:
        finding = Form(fields={"problem": Text(most=300, about="What is wrong, in one sentence."), **support(question)})
        records = Index(count=len(question.context.records), about="The number of a record in the list.")
        fields: dict[str, Shape] = {
            "rationale": RATIONALE,
            "missing": MISSING,
            "values": values_form(question, about="Fields and the value a passage states for them."),
            "findings": ListOf(each=finding, most=10, about="What a person has to look at."),
            "duplicates": ListOf(each=records, most=5, about="Records that are probably the same as the first."),
        }
        if question.policy.reason.searches:
            fields[SEARCHES] = SEARCH_WORDS
        return Form(fields=fields, optional=frozenset({SEARCHES} & fields.keys()))

    def learns(self, policy: Policy) -> tuple[FieldName, ...]:
        """Nothing: rules and texts decide."""
        return ()

    def decide_offline(self, questions: Sequence[Question], shelf: LearnerShelf) -> Sequence[Reading]:
        return [clean_up(question, options_of(question.policy)) for question in questions]

    def read(self, question: Question, answer: Mapping[str, Any]) -> Reading:
        actions, undecided = read_values(question, answer["values"])
        problems = [*(said["problem"] for said in answer["findings"]), *_twins(question, answer["duplicates"])]
        permission = task_permission(question)
        missing = (*answer["missing"], *undecided)
        rationale = with_withheld(answer["rationale"], question)
        if problems and permission is None:
            return Abstention(
                reason=HandoffReason.INCOMPLETE, missing=(*problems, *missing), rationale=rationale, guesses=tuple(actions)
            )
        if problems and permission is not None:
            text = "\n".join(["What to look at:", *(f"- {problem}" for problem in problems)])
            citations = tuple(dict.fromkeys(cited for said in answer["findings"] for cited in said["citations"]))[:6]
            sure = min((float(said["confidence"]) for said in answer["findings"]), default=0.5)
            task = follow_up(question, permission, text=text)
            actions.append(ProposedAction(action=task, confidence=sure, citations=citations))
        return Proposals(actions=tuple(actions), rationale=rationale, undecided=missing)


def _twins(question: Question, places: Sequence[int]) -> list[str]:
    records = question.context.records
    own = records[0].ref
    same = [records[place].ref for place in dict.fromkeys(places) if records[place].ref.object is own.object]
    return [f"is probably the same as {ref.object} {ref.id}" for ref in same if ref != own]


def options_of(policy: Policy) -> HygieneOptions:
    chosen = policy.agent.options if isinstance(policy.agent, NamedAgent) else None
    return chosen if isinstance(chosen, HygieneOptions) else DEFAULTS
