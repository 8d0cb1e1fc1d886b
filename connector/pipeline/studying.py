"""Study how records end: keep each as it was when first seen, note its outcome, and fit a score when it is worth it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from connector.adapter import Adapter, StageHistory
from connector.clock import Clock
from connector.context.agent_values import AgentValue, agent_values
from connector.context.intake import (
    Intake,
    note_outcomes,
    remember_intake,
    settled_since,
    training_rows,
    with_intake,
)
from connector.context.relatives import RelativeReader
from connector.context.stays import remember_stays, unread
from connector.context.wanted import Wanted
from connector.decision.agent import Agent
from connector.decision.learner import Cells, LearnerKey, NotLearned, OutcomeLearner
from connector.decision.outcome import Outcome, StudiesOutcomes, outcome_key, studies_outcomes
from connector.decision.shelf import DiskShelf
from connector.decision.versions import Shelved, in_force, is_due
from connector.gate import CellState, cells
from connector.gate.cells import Cell
from connector.journal import Entry, EntryKind, Journal
from connector.policy import NamedAgent, Policy
from connector.record import ActionKind, ConnectionName, FieldClass, Record
from connector.store import Store, Transaction

FitOutcomes = Callable[[Cells, Sequence[bool | None]], OutcomeLearner | NotLearned]
"""How a score is made of intake cells in time order and how the records ended; None is a record that is still open."""

WantedOf = Callable[[Policy, ConnectionName], Wanted]

LATE_SHARE = 0.2  # a cell set after the intake in more of the settled records than this is not known at the intake
_RELATIVES = 3
_HISTORIES = 200


def nothing_fitted(cells: Cells, outcomes: Sequence[bool | None]) -> NotLearned:
    """Where no score is wanted."""
    return NotLearned(examples=len(outcomes), why="scores are not learned here")


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a page of records brought for one policy: those seen for the first time, and how all of them stand."""

    policy: str
    outcome: Outcome
    fresh: tuple[Intake, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Studying:
    """Keeps intakes and outcomes of every policy whose agent learns from them, and its scores fitted."""

    store: Store
    journal: Journal
    clock: Clock
    adapters: Mapping[ConnectionName, Adapter]
    agents: Mapping[str, Agent]
    shelf: DiskShelf
    wanted: WantedOf
    fit: FitOutcomes

    def look(
        self, policies: Collection[Policy], connection: ConnectionName, records: Sequence[Record]
    ) -> tuple[Looked, ...]:
        """Read what belongs to the intake of records not seen before. Raises as the CRM does; keeps nothing yet."""
        looked = []
        for policy, agent in self._studied(policies):
            with self.store.snapshot() as tx:
                known = with_intake(tx, policy.name, [record.ref for record in records])
            new = [record for record in records if record.ref not in known]
            fresh = tuple(self._intakes(policy, agent, connection, new)) if new else ()
            looked.append(Looked(policy=policy.name, outcome=agent.outcome(policy), fresh=fresh))
        return tuple(looked)

    def keep(self, tx: Transaction, looked: Sequence[Looked], records: Sequence[Record]) -> None:
        """Keep what was looked at, in the transaction that moves the cursor. What an agent wrote is no outcome."""
        if not looked or not records:
            return
        now, written = self.clock.now(), agent_values(tx, [record.ref for record in records])
        for one in looked:
            remember_intake(tx, one.fresh, now=now)
            ended = {record.ref: _ended(one.outcome, record, written.get(record.ref, ())) for record in records}
            note_outcomes(tx, one.policy, ended, now=now)

    def step(self, policies: Collection[Policy]) -> Iterator[Shelved]:
        """Fit every score that is due."""
        for policy, agent in self._studied(policies):
            for connection in (name for name in self.adapters if policy.serves(name)):
                key = outcome_key(policy, connection, agent.outcome(policy).field)
                if (shelved := self._fit_if_due(policy, key)) is not None:
                    yield shelved

    def read_stays(self, policies: Collection[Policy]) -> int:
        """Read how long records that ended stood in their stages, for policies that compare; how many were read.

        Raises as the CRM does; what was read before that is kept.
        """
        read = 0
        for policy, _ in self._studied(policies):
            if isinstance(policy.agent, NamedAgent) and self.agents[policy.agent.name].needs.stays:
                for connection, adapter in self.adapters.items():
                    if policy.serves(connection) and isinstance(adapter, StageHistory):
                        read += self._read_stays(policy, connection, adapter)
        return read

    def _read_stays(self, policy: Policy, connection: ConnectionName, history: StageHistory) -> int:
        read = 0
        while True:
            with self.store.snapshot() as tx:
                known = dict(unread(tx, connection, policy.when.object, policy.name, limit=_HISTORIES))
            if not known:
                return read
            found = history.stays(tuple(known))
            with self.store.transaction("learning: stays in stages") as tx:
                remember_stays(tx, {ref: found.get(ref, ()) for ref in known}, known)
            read += len(known)

    def _studied(self, policies: Collection[Policy]) -> Iterator[tuple[Policy, StudiesOutcomes]]:
        for policy in policies:
            agent: object = self.agents.get(policy.agent.name) if isinstance(policy.agent, NamedAgent) else None
            if studies_outcomes(agent):
                yield policy, agent

    def _intakes(
        self, policy: Policy, agent: StudiesOutcomes, connection: ConnectionName, records: Sequence[Record]
    ) -> Iterator[Intake]:
        hidden = frozenset(
            name for name, kept in self.wanted(policy, connection).classes.items() if kept is not FieldClass.OK
        )
        reader = RelativeReader(self.adapters[connection].records, never=hidden, limit=_RELATIVES)
        relatives = reader.read(records, agent.relations(policy)).of
        others = (other for around in relatives.values() for some in around.values() for other in some)
        theirs = self._written_by_people([*records, *others])
        for record in records:
            around = {name: [theirs(other) for other in some] for name, some in relatives[record.ref].items()}
            taken = agent.at_intake(policy, theirs(record), around, hidden)
            yield Intake(
                ref=record.ref, policy=policy.name, cells=taken.cells, late=taken.late, created_at=record.created_at
            )

    def _written_by_people(self, records: Sequence[Record]) -> Callable[[Record], Record]:
        """Takes out of these records what only an agent of ours wrote: that teaches nothing."""
        with self.store.snapshot() as tx:
            written = agent_values(tx, [record.ref for record in records])

        def without(record: Record) -> Record:
            ours = {one.field for one in written.get(record.ref, ()) if one.is_still(record.fields.get(one.field))}
            return replace(record, fields={**record.fields, **dict.fromkeys(ours)}) if ours else record

        return without

    def _fit_if_due(self, policy: Policy, key: LearnerKey) -> Shelved | None:
        now = self.clock.now()
        newest = in_force(self.shelf.versions(key))
        since = newest.fitted_at if newest is not None else now - timedelta(days=36_500)
        with self.store.snapshot() as tx:
            new = settled_since(tx, key.connection, key.object, key.policy, since=since)
            if not is_due(newest, new_examples=new, now=now):
                return None
            if newest is not None and not newest.outdated and _acts_alone(tx, policy, key):
                return None
            rows = training_rows(tx, key.connection, key.object, key.policy)
        learner = self.fit(columns_of_rows(rows), [row.outcome for row in rows])
        if isinstance(learner, NotLearned):
            self.shelf.lacks(key, learner)
            return None
        return self._shelve(key, learner, now)

    def _shelve(self, key: LearnerKey, learner: OutcomeLearner, now: datetime) -> Shelved:
        shelved = self.shelf.shelve(key, learner, examples=learner.settled, at=now)
        with self.store.transaction("learning: learned") as tx:
            body = {
                "field": key.field, "examples": learner.settled, "version": shelved.name, "refused": list(learner.refused),
                "abstains": learner.abstains, "stale": learner.stale,
            }
            self.journal.append(tx, Entry(kind=EntryKind.LEARNED, at=now, policy=key.policy, body=body))
        return shelved


def columns_of_rows(rows: Sequence[Intake]) -> Cells:
    """The cells of many intakes as columns, without those that were mostly set later."""
    settled = [row for row in rows if row.outcome is not None]
    names = dict.fromkeys(name for row in rows for name in row.cells)
    kept = [name for name in names if sum(name in row.late for row in settled) <= LATE_SHARE * len(settled)]
    return {name: [row.cells.get(name, "") for row in rows] for name in kept}


def _ended(outcome: Outcome, record: Record, written: Sequence[AgentValue]) -> bool | None:
    value = record.fields.get(outcome.field)
    by_agent = any(one.field == outcome.field and one.is_still(value) for one in written)
    return None if by_agent else outcome.of(value)


def _acts_alone(tx: Transaction, policy: Policy, key: LearnerKey) -> bool:
    """A score whose updates have earned autonomy keeps acting: replacing it would throw away what it earned."""
    found = (
        cells.standing(tx, Cell(key.connection, key.policy, key.object, ActionKind.UPDATE, name))
        for name in policy.may.update
    )
    return any(standing is not None and standing.state is CellState.AUTONOMOUS for standing in found)


