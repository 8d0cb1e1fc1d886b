"""A strided sample of the sweep in which the n-th call fails; `make sweeps` plays every n."""

from __future__ import annotations

import random

import pytest

from tests.sweeps.nth_call import Failure, Seam, play

LENGTHS = {"hubspot": {Seam.COMMIT: 40, Seam.UNSENT: 79, Seam.UNANSWERED: 79, Seam.FULL: 24},
           "salesforce": {Seam.COMMIT: 36, Seam.UNSENT: 43, Seam.UNANSWERED: 43, Seam.FULL: 24}}  # fmt: skip


def sample(stride: int, seed: int) -> list[tuple[str, Failure]]:
    """Every stride-th call of each seam from a drawn one, once and sticky in turn."""
    chance = random.Random(seed)
    return [
        (system, Failure(seam, nth, sticky=bool(place % 2)))
        for system, long in LENGTHS.items()
        for seam, length in long.items()
        for place, nth in enumerate(range(chance.randrange(1, stride), length + 1, stride))
    ]


def _name(value: object) -> str:
    return f"{value.seam}-{value.nth}-{'sticky' if value.sticky else 'once'}" if isinstance(value, Failure) else str(value)


@pytest.mark.parametrize(("system", "failure"), sample(60, seed=3), ids=_name)
def test_a_call_that_fails_loses_and_doubles_nothing(system, failure):
    found, calls = play(system, failure)
    assert found == []
    if failure.seam is not Seam.FULL:
        assert calls.failed >= 1


@pytest.mark.parametrize("system", LENGTHS)
def test_the_story_is_as_long_as_the_sweep_thinks(system):
    found, calls = play(system, None)
    assert found == []
    for seam in (Seam.COMMIT, Seam.UNSENT, Seam.UNANSWERED):
        assert calls.calls[seam] >= LENGTHS[system][seam] * 0.8
