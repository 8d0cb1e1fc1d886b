"""Tickets that come while the first learner is being fitted wait for it, rather than all going to people."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.daemon import Daemon
from connector.daemon.daemon import PATIENCE
from connector.decision.learners import Effort, fit
from connector.report.standing import report
from tests.conformance.kept import Quiet
from tests.support.given import policy
from tests.support.road import DESKS, FREE, Road

HISTORY = [
    (f"{said} {thing} {number}", category)
    for number in range(3)
    for said, category in (("Charged twice for", "billing"), ("The screen is broken on", "repair"))
    for thing in ("the router", "my phone", "our printer", "a camera", "this laptop", "that watch")
]


@pytest.fixture
def road(tmp_path):
    made = Road(DESKS["hubspot"](), tmp_path, under=policy(gate=FREE, may="{update: {category: {}}}"), scores=True)
    for subject, category in HISTORY:
        made.ticket(subject, category=category, status="closed")
    made.activate()
    yield made
    made.store.close()


def learning(road, during=lambda: None):
    """The road's own learning, with something that happens while it fits."""

    def fitted(texts, values):
        during()
        return fit(texts, values, seed=0, effort=Effort.QUICK)

    return replace(road.pipeline.learning, fit=fitted)


def waits_for(road):
    with road.store.snapshot() as tx:
        return dict(report(tx, targets={}, now=road.clock.now()).waits_for)


def test_a_ticket_that_comes_during_the_first_fit_is_decided_by_it(road):
    come, waited = [], []

    def comes():
        come.append(road.ticket("Charged twice for the tablet"))
        road.round()
        waited.append((road.category(come[0]), tuple(road.handoffs(come[0])), waits_for(road)))

    assert [one.examples for one in learning(road, comes).step(road.policies)] == [len(HISTORY)]
    [ticket], [(category, handoffs, reasons)] = come, waited
    assert (category, handoffs) == (None, ())
    assert reasons == {"the first learner is being fitted on the history": 1}
    road.rounds(40)
    assert road.handoffs(ticket) == []
    assert road.category(ticket) == "billing"
    assert waits_for(road) == {}


def test_nothing_waits_for_a_learner_that_was_tried_in_vain(road):
    assert road.pipeline.learning.step(road.policies) == ()  # that of this road always wants more examples

    def comes():
        ticket = road.ticket("Charged twice for the tablet")
        road.round()
        assert len(road.handoffs(ticket)) == 1

    assert len(learning(road, comes).step(road.policies)) == 1


def test_nothing_waits_for_a_fit_that_broke(road):
    def breaks():
        raise MemoryError

    with pytest.raises(MemoryError):
        learning(road, breaks).step(road.policies)
    ticket = road.ticket("Charged twice for the tablet")
    road.round()
    assert len(road.handoffs(ticket)) == 1


def test_what_waits_for_the_reading_of_the_history_waits_so_long_and_no_longer(road, tmp_path):
    daemon = Daemon(
        pipeline=road.pipeline, log=Quiet(), poll=PATIENCE, batch=10, key=b"k", heads=tmp_path / "heads",
        reload=lambda: None, upkeep=lambda: None,
    )  # fmt: skip
    daemon.expect_learners()
    ticket = road.ticket("Charged twice for the tablet")
    road.round()
    daemon.learn()
    assert road.handoffs(ticket) == []
    road.clock.advance(PATIENCE)
    daemon.learn()
    road.rounds(40)
    assert len(road.handoffs(ticket)) == 1
