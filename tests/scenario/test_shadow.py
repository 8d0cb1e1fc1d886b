"""A newer learner stands in the shadow of the one that acts, until it has earned as much on what people judged since."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from connector.decision.agents import AGENTS
from connector.decision.learner import LearnerKey
from connector.decision.reasoners.offline import OfflineReasoner
from connector.decision.shelf import DiskShelf
from connector.gate import CellState, cells
from connector.gate.autonomy import LOOKS
from connector.gate.cells import Cell, Standing
from connector.pipeline.shadowing import Shadowing, is_on_trial
from connector.record import ObjectType
from tests.support.given import CATEGORY, policy
from tests.support.questions import WordLearner
from tests.support.road import DESKS, Road

ASK = policy(
    gate="{supervised: until_earned, target: 90%}", may="{update: {category: {}}}",
    limits="{writes_per_record_per_day: 3, records_per_hour: 10000, share_of_object: 100%}",
)  # fmt: skip
ACTING = WordLearner({"charged": "billing"}, version="acting")
BETTER = WordLearner({"charged": "billing", "broken": "repair"}, version="better")
WORSE = WordLearner({"charged": "repair"}, version="worse")


class JsonFormat:
    def store(self, learner):
        return json.dumps(dict(learner.words)).encode()

    def restore(self, content, version):
        return WordLearner(json.loads(content), version=version)


@pytest.fixture
def road(tmp_path):
    made = Road(DESKS["hubspot"](), tmp_path, under=ASK)
    made.activate()
    yield made
    made.store.close()


@pytest.fixture
def shelf(road, tmp_path):
    return DiskShelf(road.store, tmp_path / "shelf", JsonFormat())


@pytest.fixture
def shadowing(road, shelf):
    return Shadowing(
        store=road.store, journal=road.pipeline.journal, clock=road.clock,
        adapters={road.desk.connection: road.adapter}, shelf=shelf,
        ask_with=lambda tried, questions: OfflineReasoner(AGENTS, tried).decide(questions),
    )  # fmt: skip


def key_of(road):
    return LearnerKey(connection=road.desk.connection, policy="triage", object=ObjectType.TICKET, field=CATEGORY)


def standing(road, cell):
    with road.store.snapshot() as tx:
        return cells.standing(tx, cell)


def tried(road, shelf, learner):
    """The acting learner has earned autonomy; another one is fitted, and people judge a good many questions after that."""
    key = key_of(road)
    shelf.shelve(key, ACTING, examples=300, at=road.clock.now())
    waiting = shelf.shelve(key, learner, examples=400, at=road.clock.now(), shadow=True)
    tickets = [road.ticket(f"Charged twice, bill {place}") for place in range(LOOKS[0])]
    road.rounds()
    for ticket in tickets:
        road.pipeline.people.approve(road.approvals(ticket)[0].id, by="ada")
    cell = Cell.parse(road.approvals(tickets[0])[0].cell)
    with road.store.transaction("test: the acting one has earned it") as tx:
        now = road.clock.now()
        acts = Standing(
            state=CellState.AUTONOMOUS, pins="offline:acting", threshold=0.9, looks=1, changed_at=now,
        )  # fmt: skip
        cells.settle(tx, cell, acts)
    return cell, waiting


def test_it_takes_over_once_it_has_earned_as_much(road, shelf, shadowing):
    cell, waiting = tried(road, shelf, BETTER)
    assert shelf.learner(key_of(road)).version == "acting"
    assert shadowing.step(road.policies) == (waiting,)
    assert shelf.learner(key_of(road)).version == "better"
    after = standing(road, cell)
    assert (after.state, after.pins != "offline:acting") == (CellState.AUTONOMOUS, True)
    assert shadowing.step(road.policies) == ()


def test_one_that_is_worse_stays_in_the_shadow_and_the_old_one_keeps_acting(road, shelf, shadowing):
    cell, _ = tried(road, shelf, WORSE)
    assert shadowing.step(road.policies) == ()
    assert shelf.learner(key_of(road)).version == "acting"
    assert standing(road, cell).pins == "offline:acting"


def test_what_was_judged_before_it_was_fitted_proves_nothing(road, shelf, shadowing):
    ticket = road.ticket("Charged twice")
    road.rounds()
    road.pipeline.people.approve(road.approvals(ticket)[0].id, by="ada")
    road.rounds()
    shelf.shelve(key_of(road), ACTING, examples=300, at=road.clock.now())
    shelf.shelve(key_of(road), BETTER, examples=400, at=road.clock.now(), shadow=True)
    assert shadowing.step(road.policies) == ()
    with road.store.snapshot() as tx:
        pins = {row["pins"] for row in tx.rows("SELECT pins FROM gate_labels")}
    assert len(pins) == 1, "only the one that proposed was labelled"


def test_a_trial_is_not_cut_short_by_the_next_night(road, shelf):
    shelf.shelve(key_of(road), ACTING, examples=300, at=road.clock.now())
    shelf.shelve(key_of(road), BETTER, examples=400, at=road.clock.now(), shadow=True)
    assert is_on_trial(shelf.versions(key_of(road)), road.clock.now())


def test_what_acts_alone_is_taught_again_into_its_own_shadow(road, shelf):
    tried(road, shelf, BETTER)  # the trial of the one that waits goes on
    learning = replace(road.pipeline.learning, shelf=shelf, fit=lambda texts, values: WORSE)
    road.clock.advance(timedelta(days=1))
    assert learning.step(road.policies) == ()
    road.clock.advance(timedelta(days=60))  # nobody waits that long for a trial
    ticket = road.ticket("Charged twice, once more")
    road.desk.edit(ticket, {"category": "Billing"})
    road.rounds()
    [again] = learning.step(road.policies)
    assert (again.name, again.shadow) == ("worse", True)
    assert shelf.learner(key_of(road)).version == "acting"
