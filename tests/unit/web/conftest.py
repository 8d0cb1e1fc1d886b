"""The page over a road on each CRM in turn, and the people who use it."""

from __future__ import annotations

from functools import partial

import pytest

from connector.gate import audits
from tests.support.given import policy
from tests.support.road import DESKS, Road
from tests.support.visitor import Visitor, house_over

ASK = policy(gate="{supervised: until_earned}", may="{update: {category: {}}}")


@pytest.fixture(params=DESKS)
def desk(request):
    return DESKS[request.param]()


@pytest.fixture(autouse=True)
def blind_share(monkeypatch):
    """No question is asked blind unless a test says so: by which fifth it falls to would be chance."""
    share = partial(monkeypatch.setattr, audits, "BLIND_SHARE")
    share(0.0)
    return share


@pytest.fixture
def road(desk, tmp_path):
    made = Road(desk, tmp_path, under=ASK)
    made.activate()
    yield made
    made.store.close()


@pytest.fixture
def house(road):
    return house_over(road)


@pytest.fixture
def ada(house):
    return Visitor(house, "ada")


@pytest.fixture
def asked(road):
    """A ticket that an agent has a question about, and the question."""
    ticket = road.ticket("Charged twice")
    road.rounds()
    [question] = road.approvals(ticket)
    return ticket, question
