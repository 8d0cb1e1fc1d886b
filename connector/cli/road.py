"""The whole road of one settings file, opened: surroundings, policies in force, pipeline."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from connector.adapter import Dial, Log, Meter, Metered, Tally
from connector.adapter.http import HttpTransport
from connector.cli.learned import FitRoutes, FitScores, RouteFormat
from connector.cli.metering import keep_departures, meter_of
from connector.cli.models import model_tiers
from connector.cli.opening import Connected, connect, open_state
from connector.cli.outside import open_lookups, open_outlets, open_ways, origin_of
from connector.clock import SystemClock, system_random
from connector.context.embedding import Embedder, HttpEmbedder
from connector.context.lance_index import LanceIndex
from connector.daemon import Surroundings, assemble
from connector.decision.agents import AGENTS
from connector.decision.learners import Effort
from connector.decision.reasoners.offline import OfflineReasoner
from connector.decision.reasoners.reasoner import Reasoner
from connector.decision.shelf import DiskShelf
from connector.errors import PolicyError
from connector.pipeline import Pipeline
from connector.pipeline.index_keeper import IndexKeeper
from connector.policy import PoliciesInForce, PolicySet, Tier
from connector.settings import NamedSecrets, Settings
from connector.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """An opened road. `in_force` reloads edited policies; the pipeline is given the new set by whoever reloads."""

    settings: Settings
    around: Surroundings
    connected: Connected
    pipeline: Pipeline
    keeper: IndexKeeper
    log: Log
    tally: Tally

    def keep_departures(self) -> None:
        """Bring what left the machine since the last time into the egress ledger."""
        keep_departures(self.around.store, self.tally)

    def keep_index(self) -> None:
        """Bring the index to what the knowledge files and the records say."""
        self.keeper.step(self.pipeline.policies, self.around.adapters.keys())


def open_policies(settings: Settings) -> PoliciesInForce:
    return PoliciesInForce(settings.policies, agents=AGENTS)


def gate_targets(settings: Settings) -> tuple[dict[str, float], list[str]]:
    """The precision each policy asks for before it may act alone, and what is wrong with the files on disk."""
    try:
        return {policy.name: float(policy.gate.target) for policy in open_policies(settings).current}, []
    except PolicyError as error:
        return {}, list(error.problems)


def open_embedder(settings: Settings, meter: Meter | None = None) -> Embedder | None:
    """The embedding service that settings name; None for the built-in one, which needs nobody."""
    named = settings.embedding
    if named is None:
        return None
    dial = Dial(settings.privacy.local_hosts)
    host = urlsplit(named.url).hostname or ""
    return HttpEmbedder(
        transport=Metered(
            HttpTransport([origin_of(named.url)], dial=dial), meter_of(settings, meter), SystemClock(), on_behalf="embedding"
        ),
        url=named.url, model=named.model,
        dimension=named.dimension, key=NamedSecrets("embedding", settings.secrets, os.environ).find("api_key"),
        remote=not dial.is_local(host),
    )


def open_index(settings: Settings, meter: Meter | None = None) -> LanceIndex:
    return LanceIndex(settings.state / "index", embedder=open_embedder(settings, meter))


def open_shelf(settings: Settings, store: Store) -> DiskShelf:
    return DiskShelf(store, settings.state / "learners", RouteFormat())


@contextmanager
def open_road(settings: Settings, policies: PolicySet, log: Log) -> Iterator[Road]:
    """Open everything, and close the state at the end."""
    clock, chance, tally = SystemClock(), system_random(), Tally()
    store = open_state(settings)
    try:
        index, shelf = open_index(settings, tally), open_shelf(settings, store)
        reasoners: dict[Tier, Reasoner] = {Tier.OFFLINE: OfflineReasoner(AGENTS, shelf)}
        reasoners |= model_tiers(settings, os.environ, store=store, clock=clock, chance=chance, index=index, meter=tally)
        connected = connect(settings, clock, chance, log, tally)
        outlets = open_outlets(settings, clock, log, tally)
        around = Surroundings(
            store=store, clock=clock, randomness=chance, adapters=connected.adapters, index=index, reasoners=reasoners,
            shelf=shelf, fit=FitRoutes(effort=Effort(settings.learning)), fit_outcomes=FitScores(), log=log,
            privacy=settings.privacy, by_task=settings.approvals.tasks,
            outlets=outlets, ways=open_ways(settings, store, outlets, clock, log, tally),
            lookups=open_lookups(settings, clock, log, tally),
        )
        yield Road(
            settings=settings, around=around, connected=connected, pipeline=assemble(around, policies),
            keeper=IndexKeeper(store=store, index=index, folder=settings.knowledge, log=log), log=log, tally=tally,
        )
    finally:
        keep_departures(store, tally)
        store.close()
