"""The contract of an agent: what it needs to know, the closed form of its answer, and how an answer becomes proposals.

An agent is pure. It never sees a CRM, a database or a model: a reasoner asks it for its form and its prompt, and hands
it checked answers or the learners of the org's own history.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Protocol, TypeAlias, runtime_checkable

from connector.context.context import Passage
from connector.decision.decision import (
    Decision,
    DecisionResult,
    HandoffReason,
    NotEnough,
    Pins,
    ProposedAction,
    Question,
    Usage,
)
from connector.decision.learner import LearnerKey, LearnerShelf
from connector.decision.shape import Form, ListOf, Text, json_schema
from connector.journal import canonical
from connector.policy import Policy, Section
from connector.record import FieldName, ObjectType

# Where a form lets a model ask for a bounded look-up first, it does so under this name.
SEARCHES = "need_search"
SEARCH_WORDS = ListOf(
    each=Text(most=200), most=3, about="Words to look up before you answer. Leave empty to answer now."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposals:
    """What an agent proposes; no actions means that nothing is to be done.

    `found` are field values made quotable by the agent's own method; citations number them after the context's passages.
    `findings` are what it says of the record beside its actions, such as how a deal stands; kept with the decision.
    Over a set `shares` hold a reading for each record, and `actions` all of theirs.
    """

    actions: tuple[ProposedAction, ...]
    rationale: str
    alternatives: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    undecided: tuple[str, ...] = ()
    found: tuple[Passage, ...] = ()
    findings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    shares: tuple[Proposals | Abstention, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Abstention:
    """Why an agent leaves the case to a person, with its best guesses."""

    reason: HandoffReason
    missing: tuple[str, ...]
    rationale: str
    guesses: tuple[ProposedAction, ...] = ()
    found: tuple[Passage, ...] = ()


Reading: TypeAlias = Proposals | Abstention


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextNeeds:
    """What an agent looks at beside what its policy lists: relations by name, and the fields it reads of its record.

    `offline` are the relations that its offline method reads too; the others are read for models only. `stays` asks how
    long records that ended stood in their stages. `timeless` says that its answer rests on what it is shown, never on when.
    """

    related: tuple[str, ...] = ()
    offline: tuple[str, ...] = ()
    fields: tuple[FieldName, ...] = ()
    stays: bool = False
    timeless: bool = False


class Agent(Protocol):
    """One of the product's agents."""

    @property
    def name(self) -> str:
        """What a policy calls it under `agent`."""
        ...

    @property
    def objects(self) -> frozenset[ObjectType]:
        """The objects it can decide about."""
        ...

    @property
    def needs(self) -> ContextNeeds: ...

    def options(self, section: Section) -> object | None:
        """The agent's own keys of `agent: {use: name, …}`, as one frozen value that its policy then carries."""
        ...

    @property
    def prompt(self) -> str:
        """The instructions a model gets; the same text for every record."""
        ...

    def hopeless(self, question: Question) -> Abstention | None:
        """Why no reasoner can decide this case, before any is asked and paid."""
        ...

    def form(self, question: Question) -> Form:
        """The closed form of the answer, from the policy and the live schema.

        Its JSON schema MUST be the same for all records under one policy and schema.
        """
        ...

    def read(self, question: Question, answer: Mapping[str, Any]) -> Reading:
        """Proposals from an answer that fits `form`. MUST propose nothing outside the policy."""
        ...

    def learns(self, policy: Policy) -> tuple[FieldName, ...]:
        """The fields whose history its offline method learns from."""
        ...

    def decide_offline(self, questions: Sequence[Question], shelf: LearnerShelf) -> Sequence[Reading]:
        """The offline answers to questions of one policy, in order."""
        ...


@runtime_checkable
class SeesSets(Protocol):
    """An agent that may be asked about a set of records at once (`scope: set`).

    Its form, its reading and its offline method take questions with members too, and answer with a share for each.
    """

    @property
    def sees_sets(self) -> bool: ...


def sees_sets(agent: object) -> bool:
    return isinstance(agent, SeesSets) and agent.sees_sets


def load_prompt(name: str) -> str:
    """The shipped instructions of an agent."""
    return (files("connector.decision") / "prompts" / f"{name}.md").read_text(encoding="utf-8")


def short_hash(content: Any) -> str:
    """Names a prompt or schema in pins and journal."""
    return hashlib.sha256(canonical(content).encode()).hexdigest()[:16]


def schema_hash(form: Form) -> str:
    return short_hash(json_schema(form))


def learner_key(question: Question, name: FieldName) -> LearnerKey:
    ref = question.context.record.ref
    return LearnerKey(connection=ref.connection, policy=question.policy.name, object=ref.object, field=name)


def concluded(reading: Reading, pins: Pins, usage: Usage) -> DecisionResult:
    """A reading as the decision it is, with who made it and what it cost."""
    match reading:
        case Proposals():
            return Decision(
                actions=reading.actions, rationale=reading.rationale, pins=pins, usage=usage,
                alternatives=reading.alternatives, undecided=reading.undecided, found=reading.found,
                findings=reading.findings, shares=tuple(concluded(share, pins, Usage()) for share in reading.shares),
            )
        case Abstention():
            return NotEnough(
                reason=reading.reason, missing=reading.missing, rationale=reading.rationale, pins=pins, usage=usage,
                guesses=reading.guesses, found=reading.found,
            )
