"""The whole road over a sandbox in process: a CRM where a person acts, one policy, a learner that knows words."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

from adapters.sandbox.wire import Face, WireRequest, WireResponse
from connector.adapter import Adapter, Lookup, Outlets
from connector.cli.learned import FitScores, RouteFormat
from connector.clock import HeldClock
from connector.context.index import Index
from connector.context.memory_index import MemoryIndex
from connector.daemon import Surroundings, assemble
from connector.decision.agents import AGENTS
from connector.decision.learner import Cells, Learner, NotLearned, OutcomeLearner
from connector.decision.reasoners.offline import OfflineReasoner
from connector.decision.reasoners.reasoner import Reasoner
from connector.decision.shelf import DiskShelf
from connector.gate import approvals, handoffs
from connector.gate.approval import Approval
from connector.gate.handoffs import Handoff
from connector.journal import Entry, EntryKind, of_record, verify
from connector.pipeline import Pipeline, Round, Way
from connector.pipeline.state import prepare
from connector.pipeline.studying import nothing_fitted
from connector.policy import Policy, PolicySet, Tier
from connector.record import FieldValue, ObjectType, RecordRef
from connector.settings import NONE_CHOSEN, Chosen, Privacy
from connector.store import Store
from connector.writeback import OutboxRow, outbox
from tests.conformance.hubspot_world import HubSpotWorld
from tests.conformance.kept import Quiet
from tests.conformance.salesforce_world import SalesforceWorld
from tests.conformance.sandbox_world import SandboxWorld
from tests.support.databases import sqlite
from tests.support.given import policy
from tests.support.questions import Shelf, WordLearner

KEY = b"k" * 32
CATEGORIES = ("billing", "repair", "other")
FREE = "{supervised: never, target: 90%}"
"""A gate that asks nobody: what the learner is sure of is written."""


_FITTED: dict[str, OutcomeLearner | NotLearned] = {}


def fit_once(cells: Cells, outcomes: Sequence[bool | None]) -> OutcomeLearner | NotLearned:
    """What the service fits. The same history always gives the same score, takes seconds, and is told in many tests."""
    history = repr((cells, outcomes))
    if history not in _FITTED:
        _FITTED[history] = FitScores()(cells, outcomes)
    return _FITTED[history]


class Between:
    """Stands before a face: what `before_write` does happens after our last reading and before our write arrives."""

    def __init__(self, face: Face, is_write: Callable[[WireRequest], bool]) -> None:
        self._face, self._is_write = face, is_write
        self.before_write: list[Callable[[], object]] = []

    def respond(self, request: WireRequest) -> WireResponse:
        if self.before_write and self._is_write(request):
            self.before_write.pop(0)()
        return self._face.respond(request)


@dataclass
class _Once:
    """A face that answers one request in its own way."""

    respond: Callable[[WireRequest], WireResponse]


class HubSpotDesk(HubSpotWorld):
    """A portal whose tickets have categories."""

    natives: ClassVar[Mapping[str, str]] = {**HubSpotWorld.natives, "category": "hs_ticket_category"}

    def __init__(self) -> None:
        super().__init__(settings={"fields": mapped("hs_ticket_category")})
        self.org.set_options("tickets", "hs_ticket_category", CATEGORIES)

    def is_write(self, request: WireRequest) -> bool:
        return super().is_write(request) and "/tasks" not in request.path


class SalesforceDesk(SalesforceWorld):
    """An org whose cases have categories."""

    natives: ClassVar[Mapping[str, str]] = {**SalesforceWorld.natives, "category": "Type"}

    def __init__(self) -> None:
        super().__init__(settings={"fields": mapped("Type")})
        self.org.set_options("Case", "Type", CATEGORIES)


def mapped(native: str) -> Mapping[str, Any]:
    return {"ticket": {"category": {"native": native, "options": {option: option for option in CATEGORIES}}}}


DESKS: Mapping[str, type[SandboxWorld]] = {"hubspot": HubSpotDesk, "salesforce": SalesforceDesk}

WORDS: Mapping[str, Learner] = {
    "category": WordLearner({"charged": "billing", "broken": "repair"}),
    "priority": WordLearner({"urgent": "high", "charged": "normal", "broken": "normal"}),
}


class Bytes:
    """Keeps learners as they are; the road of these tests never fits one."""

    def store(self, learner: Learner) -> bytes:
        return learner.version.encode()

    def restore(self, content: bytes, version: str) -> Learner:
        return WordLearner({}, version=version)


class Road:
    """One CRM, one policy, one state; `restart` loses everything but the state, as a crash does."""

    def __init__(
        self,
        desk: SandboxWorld,
        folder: Path,
        *,
        under: Policy | Sequence[Policy] | None = None,
        learners: Mapping[str, Learner] = WORDS,
        models: Callable[[Store, HeldClock], Mapping[Tier, Reasoner]] | None = None,
        store: Store | None = None,
        outlets: Outlets | None = None,
        lookups: Mapping[str, Lookup] | None = None,
        privacy: Privacy | None = None,
        scores: bool = False,
        index: Index | None = None,
        by_task: Chosen = NONE_CHOSEN,
        ways: Callable[[Road], tuple[Way, ...]] | None = None,
    ) -> None:
        self.desk, self.folder, self.clock = desk, folder, desk.clock
        given = under or policy(gate=FREE, may="{update: {category: {}}}")
        self.policies = PolicySet([given] if isinstance(given, Policy) else given)
        self._learners, self._models, self._given = learners, models, store
        self._outlets, self._lookups = outlets or Outlets(), lookups or {}
        self._privacy, self._index = privacy or Privacy(), index
        self._scores = scores  # learn how records end, as the service does, instead of knowing words
        self.between = Between(desk.gate._face, desk.is_write)
        desk.gate._face = self.between
        self._by_task, self._ways = by_task, ways
        self._starts = 0
        self.start()

    def start(self) -> None:
        self._starts += 1
        self.store: Store = self._given or sqlite(self.folder)
        prepare(self.store)
        self.adapter: Adapter = self.desk.adapter()
        self.index: Index = self._index or MemoryIndex()
        self.shelf = DiskShelf(self.store, self.folder / "learners", RouteFormat() if self._scores else Bytes())
        offline = OfflineReasoner(AGENTS, self.shelf if self._scores else Shelf(self._learners))
        around = Surroundings(
            store=self.store,
            clock=self.clock,
            randomness=random.Random(self._starts),
            adapters={self.desk.connection: self.adapter},
            index=self.index,
            reasoners={Tier.OFFLINE: offline, **(self._models(self.store, self.clock) if self._models else {})},
            shelf=self.shelf,
            fit=lambda texts, values: NotLearned(examples=len(texts), needed=10_000),
            fit_outcomes=fit_once if self._scores else nothing_fitted,
            log=Quiet(),
            outlets=self._outlets,
            lookups=self._lookups,
            privacy=self._privacy,
            by_task=self._by_task,
            ways=self._ways(self) if self._ways is not None else (),
        )
        self.pipeline: Pipeline = assemble(around, self.policies)
        self.pipeline.start()

    def restart(self) -> None:
        if self._given is None:
            self.store.close()
        self.start()

    def activate(self) -> None:
        """The first rounds: what is there already is remembered and nobody acts."""
        self.rounds()

    def rounds(self, most: int = 30) -> None:
        """Let time pass and work until nothing is left to do."""
        for _ in range(most):
            done = self.round()
            if done.quiet and not done.unreachable and not self._unfinished():
                return
        raise AssertionError(f"still moving after {most} rounds: {self.outcomes()}")

    def round(self) -> Round:
        """Let time pass, and take one turn of everything."""
        self.clock.advance(self.desk.lag)
        return self.pipeline.round()

    def capture(self) -> None:
        """Read what is new, deciding nothing yet."""
        self.clock.advance(self.desk.lag)
        self.pipeline.capture(self.desk.connection, Round())

    def decide(self) -> None:
        self.pipeline.deciding.step(self.pipeline.policies)

    def write(self) -> None:
        self.pipeline.writeback.step()

    def ticket(self, subject: str = "Charged twice", **values: FieldValue) -> RecordRef:
        """A customer's new ticket."""
        return self.desk.create(ObjectType.TICKET, {"subject": subject, "status": "new", **values})

    def category(self, ref: RecordRef) -> FieldValue:
        return self.desk.look(ref)["category"]

    def dies_as_its_write_is_answered(self) -> None:
        """The CRM takes the write, and nobody is there any more to hear so."""
        face = self.between._face

        def answer_nobody_hears(request: WireRequest) -> WireResponse:
            face.respond(request)
            raise KeyboardInterrupt

        self.between.before_write.append(lambda: setattr(self.between, "_face", _Once(answer_nobody_hears)))
        with suppress(KeyboardInterrupt):
            self.write()
            raise AssertionError("nothing was written")
        self.between._face = face

    def approvals(self, ref: RecordRef) -> Sequence[Approval]:
        with self.store.snapshot() as tx:
            return approvals.of_record(tx, ref)

    def handoffs(self, ref: RecordRef) -> Sequence[Handoff]:
        with self.store.snapshot() as tx:
            return handoffs.of_record(tx, ref)

    def writes(self, ref: RecordRef) -> Sequence[OutboxRow]:
        with self.store.snapshot() as tx:
            return outbox.of_record(tx, ref)

    def story(self, ref: RecordRef) -> list[EntryKind]:
        return [entry.kind for entry in self.entries(ref)]

    def entries(self, ref: RecordRef, kind: EntryKind | None = None) -> list[Entry]:
        with self.store.snapshot() as tx:
            found = [stored.entry for stored in of_record(tx, ref)]
        return [entry for entry in found if kind in (None, entry.kind)]

    def outcomes(self) -> dict[str, int]:
        with self.store.snapshot() as tx:
            return outbox.counts(tx)

    def verified(self) -> tuple[str, ...]:
        """Seal and verify the journal; the problems found."""
        self.pipeline.seal(KEY)
        with self.store.snapshot() as tx:
            return verify(tx, KEY).problems

    def agent_lines(self, ref: RecordRef) -> list[tuple[str | None, object]]:
        """Every field change our user made on a record, from the CRM's own log."""
        lines = self.desk.org.log.entries()
        return [
            (line.field, line.after)
            for line in lines
            if (line.kind, line.actor) == ("write", "agent") and line.record is not None and ref.id in line.record
        ]

    def wait(self, by: timedelta) -> None:
        self.clock.advance(by)

    def _unfinished(self) -> bool:
        from connector.change import inbox
        from connector.change.inbox import Burial

        with self.store.snapshot() as tx:
            waiting = inbox.depth(tx)[Burial.WAITING]
        return bool(waiting or {"ready", "sending", "unknown"} & self.outcomes().keys())
