"""The house: everything the pages are handed. They reach for nothing themselves."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from connector.adapter import Adapter, Log, RateBudget
from connector.clock import Clock
from connector.context.index import IndexStats
from connector.journal import Journal
from connector.pipeline import Access, People
from connector.policy import PolicySet
from connector.record import ConnectionName
from connector.store import Store
from connector.web.kept import Kept


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """State, time, chance, the CRMs for reading, and the policies in force, which may be replaced while we run.

    `chance` MUST be the system's own generator in a real service: it makes tokens, and draws samples nobody can foretell.
    """

    store: Store
    clock: Clock
    chance: random.Random
    journal: Journal
    adapters: Mapping[ConnectionName, Adapter]
    policies: Callable[[], PolicySet]
    log: Log
    running: Callable[[], bool] = lambda: False  # whether a service works on this state
    budgets: Mapping[ConnectionName, RateBudget] = field(default_factory=dict)
    kept: Kept = field(default_factory=Kept)
    policy_problems: Callable[[], tuple[str, ...]] = lambda: ()  # why policy files are not in force as they stand
    index: Callable[[], IndexStats | None] = lambda: None  # None where no policy asks the index

    @property
    def people(self) -> People:
        return People(store=self.store, journal=self.journal, clock=self.clock)

    @property
    def access(self) -> Access:
        return Access(store=self.store, journal=self.journal, clock=self.clock, chance=self.chance)

    def targets(self) -> Mapping[str, float]:
        """The precision each policy asks for before it may act alone."""
        return {policy.name: float(policy.gate.target) for policy in self.policies()}
