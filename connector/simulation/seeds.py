"""Many seeds on several processes, added up; a failing seed is told with its shortest story and how to repeat it."""

from __future__ import annotations

import gc
import multiprocessing
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connector.simulation.checker import INVARIANTS
from connector.simulation.outcome import Outcome, play, shortest, workshop
from connector.simulation.profile import FAULTS
from connector.simulation.setup import setup_of

_SHOP: list[Path] = []  # of this process; its owner clears it away
YOUNG = 50_000  # new objects between two looks for cycles: a story makes millions, and hardly a cycle among them
TOLD = 3  # failing seeds whose story is told; more say nothing new


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a process needs to play one seed."""

    seed: int
    crm: str
    export: Path | None = None


@dataclass(slots=True)
class Totals:
    """The sum over all seeds."""

    crms: tuple[str, ...] = ()
    seeds: int = 0
    crashes: int = 0
    stops: int = 0
    changes: int = 0
    writes: int = 0
    decisions: int = 0
    conflicts: int = 0
    seconds: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    violations: list[dict[str, Any]] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        self.seeds += 1
        self.crashes += outcome.crashes
        self.stops += outcome.stops
        self.changes += outcome.changes
        self.writes += outcome.writes
        self.decisions += outcome.decisions
        self.conflicts += outcome.conflicts
        self.faults.update(outcome.faults)
        self.violations += [
            {"seed": outcome.seed, "crm": outcome.crm, "invariant": found.invariant,
             "promise": INVARIANTS[found.invariant], "what": found.what}
            for found in outcome.violations
        ]  # fmt: skip

    def document(self) -> dict[str, Any]:
        known = {name: 0 for crm in self.crms for name in FAULTS[crm]}
        return {
            "seeds": self.seeds, "violations": self.violations, "crashes": self.crashes,
            "faults": dict(sorted((known | dict(self.faults)).items())), "changes": self.changes, "writes": self.writes,
            "conflicts": self.conflicts, "decisions": self.decisions, "stops": self.stops,
            "seconds": round(self.seconds, 1),
        }  # fmt: skip


def simulate(
    seeds: Sequence[int], crm: str, *, jobs: int, export: Path | None = None,
    progress: Callable[[Totals], None] = lambda totals: None,
) -> Totals:
    """Play seeds, at most `jobs` at a time."""
    started = time.monotonic()
    totals = Totals(crms=("hubspot", "salesforce") if crm == "both" else (crm,))
    for outcome in outcomes([Task(seed=seed, crm=crm, export=export) for seed in seeds], jobs=jobs):
        totals.add(outcome)
        totals.seconds = time.monotonic() - started
        progress(totals)
    return totals


def outcomes(tasks: Sequence[Task], *, jobs: int) -> Iterator[Outcome]:
    with workshop() as shop:
        if jobs <= 1 or len(tasks) < 2:
            _enter(shop)
            yield from map(_play, tasks)
            return
        context = multiprocessing.get_context("spawn")
        with context.Pool(jobs, initializer=_enter, initargs=(shop,)) as pool:
            yield from pool.imap_unordered(_play, tasks, chunksize=4)
            pool.close()
            pool.join()


def story_of(seed: int, crm: str, invariant: str, said: Callable[[str], None]) -> tuple[str, ...]:
    """The shortest story of a failing seed."""
    with workshop() as shop:
        _, outcome = shortest(setup_of(seed, crm), shop, invariant, said)
    return (*outcome.trace, *(str(found) for found in outcome.violations))


def repeat(seed: int, crm: str) -> str:
    """What to type to see it again."""
    return f"crm-connector simulate --seeds 1 --seed {seed} --crm {crm}"


def _enter(shop: Path) -> None:
    _SHOP[:] = [shop]


def _play(task: Task) -> Outcome:
    outcome = play(setup_of(task.seed, task.crm), _SHOP[0], task.export)
    if not gc.get_freeze_count():  # all is imported by now, and stays: to look through it again and again finds nothing
        gc.collect()
        gc.freeze()
        gc.set_threshold(YOUNG)
    return outcome
