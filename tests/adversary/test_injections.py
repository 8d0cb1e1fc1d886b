"""Injections through the whole road, each against the defence it names; and the proof that the corpus has teeth."""

from __future__ import annotations

from pathlib import Path
from pkgutil import resolve_name

import pytest

from tests.adversary.defences import DEFENCES
from tests.adversary.injection import PLACES, Defence, attack, place_of
from tests.adversary.inward import INWARD_DEFENCES
from tests.adversary.outward import OUTWARD_DEFENCES

ALL = (*DEFENCES, *OUTWARD_DEFENCES, *INWARD_DEFENCES)
EACH = pytest.mark.parametrize("defence", ALL, ids=lambda defence: defence.name)


@EACH
def test_no_injection_gets_past_its_defence(tmp_path: Path, defence: Defence) -> None:
    found = attack(tmp_path, defence)
    assert {one.name: broken for one, broken in found.items() if broken is not None} == {}
    assert len({one.injection.mechanism for one in found}) >= 5
    assert len({one.placement for one in found}) >= 5


@EACH
def test_taking_a_defence_away_is_noticed(tmp_path: Path, defence: Defence, monkeypatch: pytest.MonkeyPatch) -> None:
    for target, substitute in defence.removed:
        owner, _, name = target.rpartition(".")
        monkeypatch.setattr(resolve_name(owner), name, substitute)
    found = attack(tmp_path, defence, places=1)
    broken = {one.injection.mechanism for one, broken in found.items() if broken is not None}
    assert broken, f"nothing in the corpus notices that `{defence.name}` is gone"


def test_every_place_holds_some_injection() -> None:
    used = {place_of(each, number, turn) for each in ALL for number in range(len(each.injections)) for turn in range(3)}
    assert used == set(PLACES)
