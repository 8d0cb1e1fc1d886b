"""The score of the simulation itself: which planted bugs it finds, and at which seed."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from connector.simulation.hints import HINTS
from connector.simulation.outcome import Outcome, play, workshop
from connector.simulation.planted import BUGS, planted
from connector.simulation.setup import Setup, setup_of

Found = dict[str, Any]
_SHOP: list[Path] = []  # of this process; its owner clears it away
_CLEAN: dict[tuple[int, str], bool] = {}  # seeds this process has played without a bug: whether they kept every promise


def hunt(names: Sequence[str], seeds: range, crm: str, *, jobs: int, said: Callable[[str], None]) -> Found:
    """Play each bug until a seed finds it or the seeds run out.

    The seed that found it last is tried first: that saves time and proves as much, since every kill is played again.
    """
    started = time.monotonic()
    bugs = []
    for found in _found([(name, seeds, crm) for name in names], jobs):
        bugs.append(found)
        said(f"{found['bug']}: {found['invariant'] or 'NOT FOUND'} at seed {found['first_seed']} ({found['played']} played)")
    bugs.sort(key=lambda one: names.index(one["bug"]))
    killed = sum(one["first_seed"] is not None for one in bugs)
    return {
        "planted": len(names), "killed": killed, "bugs": bugs, "seconds": round(time.monotonic() - started, 1),
    }  # fmt: skip


def _found(tasks: Sequence[tuple[str, range, str]], jobs: int) -> Iterator[Found]:
    with workshop() as shop:
        if jobs <= 1 or len(tasks) < 2:
            _enter(shop)
            yield from map(_hunt_one, tasks)
            return
        with multiprocessing.get_context("spawn").Pool(jobs, initializer=_enter, initargs=(shop,)) as pool:
            yield from pool.imap_unordered(_hunt_one, tasks)
            pool.close()
            pool.join()


def _enter(shop: Path) -> None:
    _SHOP[:] = [shop]
    _CLEAN.clear()


def _hunt_one(task: tuple[str, range, str]) -> Found:
    name, seeds, crm = task
    bug = BUGS[name]
    played = 0
    for seed in _hint_first(name, seeds):
        setup = setup_of(seed, crm)
        if bug.crm not in ("both", setup.systems[0]):
            continue
        played += 1
        with planted(bug):
            outcome = play(setup, _SHOP[0])
        if outcome.violations and not _stumbles(outcome) and _is_clean(setup, crm):  # it is the bug that breaks it
            first = outcome.violations[0]
            return _document(name, seed, first.invariant, first.what, played)
    return _document(name, None, None, None, played)


def _stumbles(outcome: Outcome) -> bool:
    """Whether what is planted does not fit the code around it any more: then the misfit was found, and not the bug."""
    return any(error in line for line in outcome.trace for error in ("TypeError", "AttributeError", "KeyError"))


def _is_clean(setup: Setup, crm: str) -> bool:
    """Whether a seed keeps every promise with no bug planted; several bugs are found by the same one."""
    key = (setup.seed, crm)
    if key not in _CLEAN:
        _CLEAN[key] = not play(setup, _SHOP[0]).violations
    return _CLEAN[key]


def _hint_first(name: str, seeds: range) -> Iterator[int]:
    hint = HINTS.get(name)
    if hint is not None:
        yield hint
    yield from (seed for seed in seeds if seed != hint)


def _document(name: str, seed: int | None, invariant: str | None, what: str | None, played: int) -> Found:
    bug = BUGS[name]
    return {
        "bug": name, "does": bug.what, "row": bug.row, "first_seed": seed, "invariant": invariant, "what": what,
        "hint": HINTS.get(name), "played": played,
    }  # fmt: skip
