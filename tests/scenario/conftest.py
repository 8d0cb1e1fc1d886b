"""A road over each CRM in turn: what is told of one must be true of the other."""

from __future__ import annotations

import pytest

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
def build(desk, tmp_path):
    """A road with another policy, learner or model."""
    made: list[Road] = []

    def road(**more) -> Road:
        made.append(Road(desk, tmp_path, **more))
        made[0].activate()
        return made[0]

    yield road
    for one in made:
        one.store.close()
