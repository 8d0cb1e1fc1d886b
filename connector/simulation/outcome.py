"""One seed played and judged, as plain figures that travel between processes; and the shortest story that still fails."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from connector.simulation.checker import Violation, check
from connector.simulation.disk import make_template
from connector.simulation.evidence import Evidence
from connector.simulation.run import Run
from connector.simulation.setup import Setup

_FAST = Path("/dev/shm")  # noqa: S108 - a folder of our own in it; a simulated power cut needs no real disk


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one seed brought. `digest` is the same whenever the seed is played; `trace` is told only of a failure."""

    seed: int
    crm: str
    violations: tuple[Violation, ...]
    faults: Mapping[str, int]
    crashes: int
    stops: int
    changes: int
    writes: int
    conflicts: int
    decisions: int
    digest: str
    trace: tuple[str, ...] = ()


@contextmanager
def workshop() -> Iterator[Path]:
    """A folder for state files, in memory where the machine has one, with the empty state to start from."""
    folder = Path(tempfile.mkdtemp(prefix="simulation-", dir=_FAST if _FAST.is_dir() else None))
    try:
        make_template(folder)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def play(setup: Setup, shop: Path, export: Path | None = None) -> Outcome:
    """Play and judge one setup."""
    run, evidence = _played(setup, shop)
    if export is not None:
        evidence.export(export)
    return _outcome(run, evidence)


def _played(setup: Setup, shop: Path) -> tuple[Run, Evidence]:
    folder = Path(tempfile.mkdtemp(dir=shop))
    try:
        run = Run(setup, folder, shop / "template.db")
        return run, run.play()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _outcome(run: Run, evidence: Evidence) -> Outcome:
    faults: Counter[str] = Counter()
    others: set[tuple[str, str, int]] = set()
    writes = 0
    for crm in evidence.crms:
        for line in crm.log:
            if line["kind"] == "write" and line["actor"] == "agent":
                writes += not str(line["field"]).startswith("association:")
            elif line["kind"] == "write":
                others.add((crm.connection, str(line["record"]), line["time"]))
    for simulated in run.machine.crms.values():
        faults.update(simulated.faults.counts)
    faults.update({"process_killed": run.crashes.total, "power_cut": run.power_cuts, "clock_jump": run.clock_jumps})
    kinds = Counter(entry["kind"] for entry in evidence.journal)
    found = check(evidence)
    return Outcome(
        seed=evidence.seed, crm=evidence.crms[0].system, violations=found,
        faults={name: times for name, times in sorted(faults.items()) if times}, crashes=run.crashes.total,
        stops=len(evidence.facts["stops"]), changes=len(others), writes=writes, conflicts=kinds["conflicted"],
        decisions=kinds["decided"] + kinds["not_enough"], digest=evidence.digest(),
        trace=tuple(run.told) if found else (),
    )


def shortest(setup: Setup, shop: Path, invariant: str, said: Callable[[str], None]) -> tuple[Setup, Outcome]:
    """The same seed with as few steps, and as few of them busy, as still break the invariant."""

    def fails(tried: Setup) -> Outcome | None:
        outcome = play(tried, shop)
        return outcome if any(found.invariant == invariant for found in outcome.violations) else None

    best, outcome = setup, fails(setup)
    if outcome is None:
        raise ValueError(f"seed {setup.seed} does not break {invariant}")
    for steps in range(1, setup.steps):
        shorter = replace(setup, steps=steps)
        if found := fails(shorter):
            best, outcome = shorter, found
            break
    for step in range(best.steps):
        quieter = replace(best, skipped=best.skipped | {step})
        if found := fails(quieter):
            best, outcome = quieter, found
    said(f"seed {setup.seed}: {best.steps} steps, {best.steps - len(best.skipped)} of them busy, still break {invariant}")
    return best, outcome
