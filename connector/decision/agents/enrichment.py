"""Enrichment: the missing fields of accounts, contacts and leads, each with the source that states its value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from connector.decision.agent import SEARCH_WORDS, SEARCHES, Abstention, ContextNeeds, Proposals, Reading, load_prompt
from connector.decision.agents.enrichment_offline import enrich
from connector.decision.agents.enrichment_options import DEFAULTS, EnrichmentOptions, read_enrichment_options
from connector.decision.agents.filling import MISSING, RATIONALE, read_values, values_form
from connector.decision.decision import HandoffReason, Question
from connector.decision.learner import LearnerShelf
from connector.decision.offers import with_withheld
from connector.decision.shape import Form, Shape, YesNo
from connector.policy import NamedAgent, Policy, Section
from connector.record import FieldName, ObjectType

_READ = (
    "name", "first_name", "last_name", "company", "email", "phone", "mobile", "title", "country", "state", "city", "domain",
    "website", "industry", "account",
)  # fmt: skip


class Enrichment:
    """Fills what is empty and stated somewhere; never replaces what somebody wrote, but for another form of the same."""

    name = "enrichment"
    objects = frozenset({ObjectType.ACCOUNT, ObjectType.CONTACT, ObjectType.LEAD})
    needs = ContextNeeds(
        related=("notes",), offline=("account", "contacts", "emails", "past_emails"),
        fields=tuple(FieldName(name) for name in _READ), timeless=True,
    )

    @cached_property
    def prompt(self) -> str:
        return load_prompt(self.name)

    def options(self, section: Section) -> EnrichmentOptions:
        """`region` and `free_mail`."""
        return read_enrichment_options(section)

    def hopeless(self, question: Question) -> Abstention | None:
        """Nothing to fill is not hopeless: it is a decision to do nothing."""
        return None

    def form(self, question: Question) -> Form:
        fields: dict[str, Shape] = {
            "rationale": RATIONALE,
            "contradictory": YesNo(about="Whether the passages contradict the record about who or what it is."),
            "missing": MISSING,
            "values": values_form(question, about="Empty fields and the value a passage states for them."),
        }
        if question.policy.reason.searches:
            fields[SEARCHES] = SEARCH_WORDS
        return Form(fields=fields, optional=frozenset({SEARCHES} & fields.keys()))

    def learns(self, policy: Policy) -> tuple[FieldName, ...]:
        """Nothing: values are stated, not learned."""
        return ()

    def decide_offline(self, questions: Sequence[Question], shelf: LearnerShelf) -> Sequence[Reading]:
        return [enrich(question, options_of(question.policy)) for question in questions]

    def read(self, question: Question, answer: Mapping[str, Any]) -> Reading:
        record = question.context.record
        filled = frozenset(name for name in question.policy.may.update if record.value(name) is not None)
        actions, undecided = read_values(question, answer["values"], closed=filled)
        missing = tuple(answer["missing"])
        if answer["contradictory"]:
            return Abstention(
                reason=HandoffReason.INCOMPLETE, missing=missing or ("which of two stories about it is true",),
                rationale=answer["rationale"], guesses=tuple(actions),
            )
        return Proposals(
            actions=tuple(actions), rationale=with_withheld(answer["rationale"], question),
            undecided=(*missing, *undecided),
        )


def options_of(policy: Policy) -> EnrichmentOptions:
    chosen = policy.agent.options if isinstance(policy.agent, NamedAgent) else None
    return chosen if isinstance(chosen, EnrichmentOptions) else DEFAULTS
