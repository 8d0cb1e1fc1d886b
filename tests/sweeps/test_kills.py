"""A handful of the kills that `make kills` deals by the thousand; a different handful of dozens in the long tests."""

from __future__ import annotations

import pytest

from tests.sweeps.killed import Killed, play, warm


@pytest.fixture(scope="module")
def lives():
    with warm() as forked:
        yield forked


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("seed", "kills"), [(0, 6), pytest.param(1, 25, marks=pytest.mark.slow), pytest.param(2, 25, marks=pytest.mark.slow)]
)
def test_kills_break_no_promise(seed, kills, lives, tmp_path):
    brought = Killed()
    play(seed, kills, tmp_path / "w", lives, brought)
    assert brought.found == []
    assert brought.kills.total() == kills
    assert brought.decisions > 0
    assert brought.writes > 0
