"""Reviewers of known quality judge a learner of known quality: what they earn for it is what it can keep."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from connector.calibration import ReliabilityBin
from connector.decision.learner import Prediction
from connector.gate import CellState, audits, cells, queue
from connector.gate.approval import Approval
from connector.gate.cells import Standing
from connector.pipeline import People
from connector.pipeline.autonomy import Autonomy
from connector.record import RecordRef
from connector.report.performance import performance
from connector.report.period import Period
from tests.support.given import policy
from tests.support.road import DESKS, Road

TARGET = 0.9
EARN = policy(
    gate="{supervised: until_earned, target: 90%, audit: 50%}", may="{update: {category: {}}}",
    limits="{writes_per_record_per_day: 20, records_per_hour: 100000, share_of_object: 100%, error_budget: 5%}",
)  # fmt: skip
LEVELS = {"surely": 0.98, "likely": 0.84, "maybe": 0.58}
"""What a ticket says of itself, and how sure the learner then is."""
OFTEN = ("surely", "surely", "surely", "likely", "maybe")


@dataclass
class Told:
    """A learner that is as sure as a ticket says: what it proposes and how sure it is can be known beforehand."""

    version: str = "told@1"

    def predict(self, texts: Sequence[str]) -> Sequence[Prediction]:
        return [self._one(text) for text in texts]

    def _one(self, text: str) -> Prediction:
        level = next(level for level in LEVELS if level in text)
        value = "billing" if "charged" in text.lower() else "repair"
        return Prediction(value=value, confidence=LEVELS[level], alternatives=("other",))


@dataclass
class World:
    """Tickets whose right category is known; `right` says how often the learner has it, by level."""

    road: Road
    right: Mapping[str, float]
    chance: random.Random = field(default_factory=lambda: random.Random(3))
    truth: dict[RecordRef, str] = field(default_factory=dict)
    level: dict[RecordRef, str] = field(default_factory=dict)

    def tickets(self, count: int) -> list[RecordRef]:
        made = []
        for _ in range(count):
            level, word = self.chance.choice(OFTEN), self.chance.choice(("Charged", "Broken"))
            ticket = self.road.ticket(f"{word}, {level}, case {len(self.truth)}")
            proposed = "billing" if word == "Charged" else "repair"
            others = [value for value in ("billing", "repair", "other") if value != proposed]
            is_right = self.chance.random() < self.right[level]
            self.truth[ticket] = proposed if is_right else self.chance.choice(others)
            self.level[ticket] = level
            made.append(ticket)
        self.road.rounds()
        return made

    def standing(self) -> Standing | None:
        with self.road.store.snapshot() as tx:
            return next(iter(cells.standings(tx).values()), None)


class Careful:
    """Says what is right, whatever is shown."""

    name = "careful"

    def answer(self, people: People, asked: Approval, truth: str) -> None:
        if asked.is_blind:
            people.judge(asked.id, truth, by=self.name)
        elif asked.action.value == truth:
            people.approve(asked.id, by=self.name)
        else:
            people.edit(asked.id, truth, by=self.name)


class Careless:
    """Approves whatever is shown; asked blind, has to think."""

    name = "careless"

    def answer(self, people: People, asked: Approval, truth: str) -> None:
        if asked.is_blind:
            people.judge(asked.id, truth, by=self.name)
        else:
            people.approve(asked.id, by=self.name)


class Contrary:
    """Rejects whatever is shown; asked blind, says what nobody would."""

    name = "contrary"

    def answer(self, people: People, asked: Approval, truth: str) -> None:
        if asked.is_blind:
            people.judge(asked.id, "other", by=self.name)
        else:
            people.reject(asked.id, by=self.name)


def judged_by(world: World, *reviewers: Careful | Careless | Contrary) -> int:
    """Everything that waits, answered in turn; then the look that is due. How many questions there were."""
    road = world.road
    with road.store.snapshot() as tx:
        waiting = queue.page(tx, queue.View(person="anybody", now=road.clock.now()), limit=10_000)
    for place, asked in enumerate(waiting):
        reviewers[place % len(reviewers)].answer(road.pipeline.people, asked, world.truth[asked.ref])
    looked_at(world)
    return len(waiting)


def looked_at(world: World) -> None:
    road = world.road
    Autonomy(store=road.store, journal=road.pipeline.journal, clock=road.clock).review(road.pipeline.policies)
    road.rounds()


def audited_by_careful(world: World) -> int:
    road = world.road
    with road.store.snapshot() as tx:
        waiting = audits.listed(tx)
    autonomy = Autonomy(store=road.store, journal=road.pipeline.journal, clock=road.clock)
    for audit in waiting:
        autonomy.judge_audit(audit.id, world.truth[audit.ref], by="careful")
    looked_at(world)
    return len(waiting)


def written_alone(world: World, tickets: Sequence[RecordRef]) -> list[RecordRef]:
    return [ticket for ticket in tickets if world.road.category(ticket) is not None]


def share_right(world: World, tickets: Sequence[RecordRef]) -> float:
    return sum(world.road.category(ticket) == world.truth[ticket] for ticket in tickets) / len(tickets)


def diagram(world: World) -> dict[float, ReliabilityBin]:
    """The report's reliability bins that hold verdicts, by how sure the learner was in them."""
    road = world.road
    period = Period(since=road.clock.now() - timedelta(days=30), until=road.clock.now() + timedelta(seconds=1))
    with road.store.snapshot() as tx:
        bins = performance(tx, period).reliability
    return {round(one.mean_confidence, 6): one for one in bins if one.mean_confidence is not None}


@pytest.fixture
def world_of(tmp_path):
    roads: list[Road] = []

    def world(**right: float) -> World:
        road = Road(DESKS["hubspot"](), tmp_path, under=EARN, learners={"category": Told()})
        roads.append(road)
        road.activate()
        return World(road, right)

    yield world
    for road in roads:
        road.store.close()


GOOD = {"surely": 0.99, "likely": 0.85, "maybe": 0.6}


def test_what_careful_people_let_go_keeps_its_promise_until_the_world_turns(world_of):
    world = world_of(**GOOD)
    world.tickets(240)
    assert judged_by(world, Careful()) == 240
    assert world.standing().state is CellState.AUTONOMOUS

    alone = written_alone(world, world.tickets(150))
    assert 30 < len(alone) < 150  # some it does alone, the rest it asks about
    assert {"surely"} <= {world.level[ticket] for ticket in alone} <= {"surely", "likely"}
    assert share_right(world, alone) >= TARGET
    assert judged_by(world, Careful()) == 150 - len(alone)
    assert audited_by_careful(world) > 0
    assert world.standing().state is CellState.AUTONOMOUS

    # As sure as before, and wrong far more often: the blind audits of a few dozen more writes say so.
    world.right = dict.fromkeys(LEVELS, 0.5)
    wrong: list[RecordRef] = []
    while world.standing().state is CellState.AUTONOMOUS and len(wrong) < 150:
        wrong += written_alone(world, world.tickets(30))
        audited_by_careful(world)
    assert world.standing().state is CellState.SUPERVISED
    assert share_right(world, wrong) < TARGET
    assert "audits" in world.standing().evidence["why"]
    assert written_alone(world, world.tickets(30)) == []


def test_the_reliability_diagram_shows_what_careful_people_know(world_of):
    world = world_of(**GOOD)
    tickets = world.tickets(190)
    judged_by(world, Careful())
    seen = diagram(world)
    assert {*seen} == {*LEVELS.values()}
    for level, sure in LEVELS.items():
        of_level = [ticket for ticket in tickets if world.level[ticket] == level]
        right = [world.truth[ticket] == proposed_for(world, ticket) for ticket in of_level]
        assert seen[sure].count == len(of_level)
        assert seen[sure].share_right == pytest.approx(sum(right) / len(right))


def proposed_for(world: World, ticket: RecordRef) -> object:
    subject = str(world.road.desk.look(ticket)["subject"])
    return Told().predict([subject])[0].value


FAIR = {"surely": 0.8, "likely": 0.7, "maybe": 0.6}


@pytest.mark.parametrize(
    ("right", "reviewers", "why"),
    [
        (FAIR, (Careful(),), "surest"),
        (FAIR, (Careless(),), "people who judge blind agree in"),
        (FAIR, (Careful(), Careless(), Careless()), ""),
        (GOOD, (Contrary(),), "surest"),
    ],
    ids=["careful", "careless", "two of three careless", "contrary"],
)  # fmt: skip
def test_verdicts_that_prove_nothing_earn_nothing(world_of, right, reviewers, why):
    world = world_of(**right)
    world.tickets(210)
    judged_by(world, *reviewers)
    standing = world.standing()
    assert standing.state is CellState.SUPERVISED
    assert why in standing.evidence["why"]
    assert written_alone(world, world.tickets(10)) == []
