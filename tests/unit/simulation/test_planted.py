"""The simulation has teeth: planted bugs are found, and nothing of them stays behind."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest

from connector.simulation.hunt import hunt
from connector.simulation.planted import BUGS, planted
from connector.simulation.planted.workbench import Workbench

CHEAP = ("no_base", "echo_off", "swapped_answers", "uncounted", "secret_in_journal", "verify_skipped", "no_guard")
"""Found within a few seeds each; all of them are hunted by `crm-connector simulate --planted all`."""


def test_there_are_many_and_each_says_what_it_does() -> None:
    assert len(BUGS) >= 40
    assert len({bug.what for bug in BUGS.values()}) == len(BUGS)


@pytest.mark.parametrize("name", sorted(BUGS))
def test_a_bug_is_gone_when_its_run_is_over(name: str) -> None:
    from connector.writeback import apply, settle

    before = {**vars(apply), **vars(settle), **vars(apply.Writeback), **vars(settle.Settler)}
    with planted(BUGS[name]):
        pass
    assert {**vars(apply), **vars(settle), **vars(apply.Writeback), **vars(settle.Settler)} == before


@pytest.mark.parametrize("name", sorted(BUGS))
def test_what_is_planted_is_called_like_what_was_there(name: str) -> None:
    """Else the simulation would find the misfit and not the bug."""
    bench = Workbench()
    BUGS[name].plant(bench)
    swapped = [(owner.__dict__[name], original) for owner, name, original in bench.swapped]
    bench.restore()
    for planted_instead, original in swapped:
        if inspect.isfunction(original):
            inspect.signature(planted_instead).bind(*_handed(original), **_named(original))


def _handed(function: Callable[..., object]) -> list[str]:
    found = inspect.signature(function).parameters.values()
    return [one.name for one in found if one.kind is one.POSITIONAL_OR_KEYWORD]


def _named(function: Callable[..., object]) -> dict[str, str]:
    return {one.name: one.name for one in inspect.signature(function).parameters.values() if one.kind is one.KEYWORD_ONLY}


@pytest.mark.parametrize("name", CHEAP)
def test_a_cheap_bug_is_found_soon(name: str) -> None:
    found = hunt((name,), range(40), "both", jobs=1, said=lambda line: None)
    assert found["killed"] == 1, found
