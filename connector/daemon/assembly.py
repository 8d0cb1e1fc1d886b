"""Put a daemon's road together from what it is handed; every outside thing comes in as an argument."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connector.adapter import Adapter, Log, Lookup, Outlets
from connector.clock import Clock
from connector.context.activities import StoredActivities
from connector.context.builder import ContextBuilder
from connector.context.index import Index
from connector.context.memory import StoredMemory
from connector.context.relations import RELATIONS, Relation
from connector.context.search import ScopedSearch, scoped_search
from connector.context.stays import StoredStays
from connector.context.wanted import OF_A_SET, Bounds, Wanted, classes_of
from connector.decision.agent import ContextNeeds
from connector.decision.agents import AGENTS
from connector.decision.agents.custom import agent_of
from connector.decision.decision import Answer, Declined, Question
from connector.decision.facts import relations_in
from connector.decision.reasoners.offline import OfflineReasoner
from connector.decision.reasoners.reasoner import Reasoner
from connector.decision.router import AcceptanceCell, Router, Thresholds
from connector.decision.search import SearchFor
from connector.decision.shelf import DiskShelf
from connector.gate import CellState, cells
from connector.gate.cells import Cell, tier_of
from connector.journal import Journal
from connector.pipeline import Asking, Deciding, Learning, People, Pipeline, Posting, Way
from connector.pipeline.learning import Fit
from connector.pipeline.memory import tell_memory
from connector.pipeline.own_writes import wake_listeners
from connector.pipeline.reasoning import Reasoning
from connector.pipeline.shadowing import Shadowing
from connector.pipeline.studying import FitOutcomes, Studying, nothing_fitted
from connector.pipeline.texts import IndexedTexts
from connector.policy import CustomAgent, Policy, PolicyName, PolicySet, Scope, Tier, agent_conditions, agent_fields
from connector.record import ConnectionName, FieldName, ObjectType
from connector.settings import NONE_CHOSEN, Chosen, Privacy
from connector.store import Store, Transaction
from connector.writeback import OutboxRow, OutboxState, Writeback


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Everything outside the road: state, time, chance, CRMs, index, reasoners, learners, log."""

    store: Store
    clock: Clock
    randomness: random.Random
    adapters: Mapping[ConnectionName, Adapter]
    index: Index
    reasoners: Mapping[Tier, Reasoner]
    shelf: DiskShelf
    fit: Fit
    log: Log
    fit_outcomes: FitOutcomes = nothing_fitted
    privacy: Privacy = field(default_factory=Privacy)
    outlets: Outlets = field(default_factory=Outlets)
    lookups: Mapping[str, Lookup] = field(default_factory=dict)
    by_task: Chosen = NONE_CHOSEN
    ways: tuple[Way, ...] = ()


def assemble(around: Surroundings, policies: PolicySet) -> Pipeline:
    """The road, ready for its first round."""
    journal, reasoning = Journal(around.randomness), _reasoning(around)

    def tell(tx: Transaction, row: OutboxRow, state: OutboxState) -> None:
        tell_memory(around.clock, tx, row, state)
        wake_listeners(tx, road.policies, row, state, around.clock.now())

    texts = IndexedTexts(index=around.index, recall=StoredMemory(around.store), privacy=around.privacy)
    deciding = Deciding(
        store=around.store, journal=journal, clock=around.clock, adapters=around.adapters, reasoning=reasoning,
        population=Census(around.adapters, around.clock), texts=texts, log=around.log, outlets=around.outlets,
    )
    writeback = Writeback(
        store=around.store, journal=journal, clock=around.clock, adapters=around.adapters, tell=tell,
        outlets=around.outlets,
    )
    people = People(store=around.store, journal=journal, clock=around.clock)
    asking = Asking(
        store=around.store, journal=journal, clock=around.clock, adapters=around.adapters, people=people, log=around.log,
        asked_by_task=lambda: frozenset(policy.name for policy in road.policies if around.by_task.names(policy.name)),
    )
    posting = Posting(
        store=around.store, clock=around.clock, log=around.log, ways=around.ways, policies=lambda: road.policies
    )
    road = Pipeline(
        store=around.store, journal=journal, clock=around.clock, adapters=around.adapters, deciding=deciding,
        writeback=writeback, people=people, asking=asking, posting=posting,
        learning=_learning(around, journal, reasoning), texts=texts, policies=policies, log=around.log,
    )
    return road


def _reasoning(around: Surroundings) -> Reasoning:
    """Contexts of each CRM's records, and the tiers that answer, each with the thresholds earned so far."""
    router = Router(_kept_local(around.reasoners, around.privacy))

    def decide(questions: Sequence[Question]) -> Sequence[Answer]:
        return router.decide(questions, _thresholds(around.store))

    contexts = {
        name: ContextBuilder(
            reader=adapter.records, index=around.index, recall=StoredMemory(around.store), lookups=around.lookups,
            ended=StoredStays(around.store), told=StoredActivities(around.store),
        )
        for name, adapter in around.adapters.items()
    }
    return Reasoning(
        store=around.store, clock=around.clock, adapters=around.adapters, contexts=contexts, decider=decide,
        wanted=wanted_by(around.privacy),
    )


def _learning(around: Surroundings, journal: Journal, reasoning: Reasoning) -> Learning:
    """What learns from the org's own history, and the newer learners that stand in the shadow of those that act."""
    return Learning(
        store=around.store, journal=journal, clock=around.clock, adapters=around.adapters, contexts=reasoning.contexts,
        agents=AGENTS, shelf=around.shelf, fit=around.fit, ask=reasoning.decider,
        shadowing=Shadowing(
            store=around.store, journal=journal, clock=around.clock, adapters=around.adapters, shelf=around.shelf,
            ask_with=lambda shelf, questions: OfflineReasoner(AGENTS, shelf).decide(questions),
        ),
        studying=Studying(
            store=around.store, journal=journal, clock=around.clock, adapters=around.adapters, agents=AGENTS,
            shelf=around.shelf, wanted=reasoning.wanted, fit=around.fit_outcomes,
        ),
    )


_LOCAL_TIERS = frozenset({Tier.OFFLINE, Tier.LOCAL})


def _kept_local(reasoners: Mapping[Tier, Reasoner], privacy: Privacy) -> Mapping[Tier, Reasoner]:
    """The tiers, with those on other machines refusing what must stay on this one."""
    if not privacy.local_only:
        return reasoners
    return {
        tier: reasoner if tier in _LOCAL_TIERS else LocalOnly(reasoner, privacy.local_only)
        for tier, reasoner in reasoners.items()
    }


class LocalOnly:
    """A tier that is never asked about `local_only` objects: their text does not reach its transport at all."""

    def __init__(self, reasoner: Reasoner, objects: frozenset[ObjectType]) -> None:
        self._reasoner = reasoner
        self._objects = objects

    @property
    def tier(self) -> Tier:
        return self._reasoner.tier

    def decide(self, questions: Sequence[Question]) -> Sequence[Answer]:
        asked = [question for question in questions if not self._is_kept(question)]
        answers = iter(self._reasoner.decide(asked))
        kept = Declined(reason=f"tier {self.tier} is not on this machine, and the object is local only")
        return [kept if self._is_kept(question) else next(answers) for question in questions]

    def _is_kept(self, question: Question) -> bool:
        return any(record.ref.object in self._objects for record in question.context.records)


class Census:
    """How many records an object has, asked rarely: for shares and estimates only."""

    FRESH = timedelta(minutes=10)

    def __init__(self, adapters: Mapping[ConnectionName, Adapter], clock: Clock) -> None:
        self._adapters = adapters
        self._clock = clock
        self._counted: dict[tuple[ConnectionName, ObjectType], tuple[datetime, int]] = {}

    def __call__(self, connection: ConnectionName, object: ObjectType) -> int:
        now = self._clock.now()
        counted = self._counted.get((connection, object))
        if counted is None or now - counted[0] > self.FRESH:
            counted = (now, self._adapters[connection].changes.count(object))
            self._counted[connection, object] = counted
        return counted[1]


def searches_in(index: Index, privacy: Privacy) -> SearchFor:
    """The bounded search a reasoner is given for one question: the record's account and the named knowledge, no more."""
    wanted = wanted_by(privacy)

    def search_for(question: Question) -> ScopedSearch:
        return scoped_search(index, question.context, wanted(question.policy, question.context.record.ref.connection))

    return search_for


def wanted_by(privacy: Privacy) -> Callable[[Policy, ConnectionName], Wanted]:
    """What a policy's contexts may hold, with the settings' field classes laid over its own."""
    def wanted(policy: Policy, connection: ConnectionName) -> Wanted:
        agent = agent_of(policy, AGENTS)
        needs = agent.needs if agent is not None else ContextNeeds()
        own = frozenset(agent_fields(policy.agent)) if isinstance(policy.agent, CustomAgent) else None
        needed = (*needs.related, *needs.offline) if _asks_a_model(policy) else needs.offline
        context = policy.context
        conditions = [condition for _, condition in agent_conditions(policy.agent)]
        looked_at = {FieldName(name) for condition in conditions for name in condition.names.fields}
        # An agent serves several objects: a contact has no contact of its own to be written to.
        needed = tuple(name for name in needed if _is_of_another(RELATIONS[name], policy.when.object))
        return Wanted(
            related=tuple(dict.fromkeys((*context.related, *needed, *relations_in(conditions)))),
            knowledge=context.knowledge,
            lookups=context.lookups,
            classes=classes_of(never=(*privacy.never, *context.never), mask=(*privacy.mask, *context.mask)),
            searches=policy.reason.searches,
            local=policy.when.object in privacy.local_only,
            fields=own | policy.may.update.keys() | looked_at if own is not None else None,
            bounds=OF_A_SET if policy.when.scope is Scope.SET else Bounds(),
            quoted=frozenset({*needs.fields, *agent_fields(policy.agent), *looked_at}),
            stays=policy.name if needs.stays else None,
            timeless=needs.timeless,
        )

    return wanted


def _is_of_another(relation: Relation, own: ObjectType) -> bool:
    """Whether a relation brings records beside the one at hand, rather than more of its own object."""
    return relation.past or relation.object is not own


def _asks_a_model(policy: Policy) -> bool:
    """Whether a model may read the relatives; the offline tier reads only those its agent's own method names."""
    return any(step.tier is not Tier.OFFLINE for step in policy.reason.cascade)


def _thresholds(store: Store) -> Thresholds:
    """From which confidence on each tier keeps its promise, as earned so far."""
    with store.snapshot() as tx:
        standings = cells.standings(tx)
    found: dict[AcceptanceCell, float] = {}
    for text, standing in standings.items():
        if standing.state is CellState.AUTONOMOUS and standing.threshold is not None:
            cell = Cell.parse(text)
            key = AcceptanceCell(
                connection=cell.connection, policy=PolicyName(cell.policy), object=cell.object, kind=cell.kind,
                field=cell.field, tier=Tier(tier_of(standing.pins)),
            )
            found[key] = standing.threshold
    return found
