"""Keep the index filled by itself: knowledge files when they change, and everything again after it was emptied."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from connector.adapter import Log
from connector.change import cursors
from connector.change.cursors import Position
from connector.context.index import Index, IndexState
from connector.context.knowledge import FileStamp, Knowledge, file_stamps, index_knowledge, read_knowledge
from connector.pipeline.cases import policies_on
from connector.policy import PolicySet
from connector.record import ConnectionName
from connector.store import Store, Transaction


def knowledge_names(policies: PolicySet) -> tuple[str, ...]:
    """Every knowledge name that a policy reads."""
    return tuple(sorted({name for policy in policies for name in policy.context.knowledge}))


def is_asked(policies: PolicySet) -> bool:
    """Whether any policy asks the index at all."""
    return any(policy.reason.searches or policy.context.knowledge for policy in policies)


def read_again(store: Store, policies: PolicySet, connections: Collection[ConnectionName]) -> int:
    """Have the road read every record whose texts belong into the index; nobody acts on it. How many objects."""
    with store.transaction("index: records are read again") as tx:
        places = _searched(tx, policies, connections)
        for place in places:
            cursors.rebaseline(tx, place.connection, place.object, place.fields)
    return len(places)


@dataclass(slots=True, kw_only=True)
class IndexKeeper:
    """Looks once a `step`, off the road. Of the knowledge files only names, sizes and times are read until one changes.

    It must take its first step before the first record is read: what is swept from then on is known to be indexed.
    """

    store: Store
    index: Index
    folder: Path | None
    log: Log
    _stamps: dict[str, tuple[FileStamp, ...]] = field(default_factory=dict)
    _filling: bool = False

    def step(self, policies: PolicySet, connections: Collection[ConnectionName]) -> None:
        """Bring the index to what the files say; after it was lost, also the records' texts."""
        names = knowledge_names(policies) if self.folder is not None else ()
        if not (names or self._stamps or any(policy.reason.searches for policy in policies)):
            return  # nobody asks the index, so it is not even opened
        state = self.index.stats().state
        if state is IndexState.UNAVAILABLE:
            return
        if state is IndexState.REBUILD and not self._filling:
            self._filling = True
            self._stamps.clear()
            read_again(self.store, policies, connections)
        for name in names:
            self._bring(name)
        for name in self._stamps.keys() - set(names):
            index_knowledge(self.index, Knowledge(name=name, entries=(), problems=()))
            del self._stamps[name]
        if self._filling and self._all_read(policies, connections):
            self.index.filled()
            self._filling = False

    def _bring(self, name: str) -> None:
        assert self.folder is not None
        stamps = file_stamps(self.folder, name)
        if self._stamps.get(name) == stamps:
            return
        knowledge = read_knowledge(self.folder, name)
        added, removed = index_knowledge(self.index, knowledge)
        self._stamps[name] = stamps
        if added or removed:
            self.log.info("knowledge_indexed", name=name, added=added, removed=removed)
        if knowledge.problems:
            self.log.warning("knowledge_not_read", name=name, problems=list(knowledge.problems))

    def _all_read(self, policies: PolicySet, connections: Collection[ConnectionName]) -> bool:
        with self.store.snapshot() as tx:
            return all(place.baselined for place in _searched(tx, policies, connections))


def _searched(tx: Transaction, policies: PolicySet, connections: Collection[ConnectionName]) -> list[Position]:
    """The objects whose texts are indexed: some policy on them searches."""
    return [
        place
        for place in cursors.positions(tx)
        if place.connection in connections
        and any(policy.reason.searches for policy in policies_on(policies, place.connection, place.object))
    ]
