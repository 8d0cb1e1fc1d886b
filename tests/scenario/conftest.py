"""A road over each CRM in turn: what is told of one must be true of the other."""

from __future__ import annotations

import pytest

from connector.policy import Tier
from tests.support.deals import Clerk
from tests.support.road import DESKS, Road


@pytest.fixture(params=DESKS)
def desk(request):
    return DESKS[request.param]()


@pytest.fixture
def road(desk, tmp_path) -> Road:
    """A road on a connected CRM whose gate asks nobody."""
    made = Road(desk, tmp_path)
    made.activate()
    yield made
    made.store.close()


@pytest.fixture
def activated(desk, tmp_path):
    """A road with whatever a test names, past its baseline; it is closed with the test."""
    made: list[Road] = []

    def road(**more) -> Road:
        made.append(Road(desk, tmp_path, **more))
        made[-1].activate()
        return made[-1]

    yield road
    for one in made:
        one.store.close()


@pytest.fixture
def build(activated):
    """A road with another policy, learner or model."""
    return activated


@pytest.fixture
def clerked(activated):
    """A road under these policies on which a clerk decides as the test says."""

    def road(under, answer) -> Road:
        clerk = Clerk(answer)
        made = activated(under=under, models=lambda store, clock: {Tier.OFFLINE: clerk})
        made.clerk = clerk
        return made

    return road
