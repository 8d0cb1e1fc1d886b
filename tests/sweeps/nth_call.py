"""One whole story in which the n-th call fails, for every n: commits, a disk that is full, calls to the CRM.

A call fails once, or from then on until everything heals. Afterwards the independent checker judges the story, as it does
in the simulation. `python -m tests.sweeps.nth_call` plays every n, `--stride 7` every seventh.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from connector.adapter import NoAnswerError, NotSentError
from connector.simulation import process
from connector.simulation.checker import check
from connector.simulation.crash import Crashes
from connector.simulation.disk import SimulatedStore
from connector.simulation.policies import simple_policy
from connector.store import CommitPoint, Sync, Transaction
from tests.property.quiet_road import QuietRoad


class Seam(StrEnum):
    """Where a call fails, and how."""

    COMMIT = "commit"  # the disk answers an error to the commit
    FULL = "full"  # SQLite finds no page left for what a transaction adds
    UNSENT = "unsent"  # no connection: the CRM saw nothing
    UNANSWERED = "unanswered"  # the CRM did it, and the answer was lost


@dataclass(frozen=True)
class Failure:
    """The n-th call of one seam fails, counted from one; a sticky one goes on failing until it is healed."""

    seam: Seam
    nth: int
    sticky: bool


class FailingCalls(Crashes):
    """Stands where the simulation decides about crashes, and fails calls instead."""

    def __init__(self, failure: Failure | None) -> None:
        super().__init__(random.Random(0))
        self.calls: Counter[str] = Counter()
        self.failed = 0
        self._failure = failure
        self._armed = False

    def arm(self) -> None:
        self._armed = True

    def stop(self) -> None:
        self._armed = False

    @property
    def pages_left(self) -> int | None:
        """How many pages the state file may still grow by; None for as many as it likes."""
        failure = self._failure
        if not self._armed or failure is None or failure.seam is not Seam.FULL or (self.failed and not failure.sticky):
            return None
        return failure.nth - 1

    def at_commit(self, name: str, point: CommitPoint) -> None:
        super().at_commit(name, point)
        if point is CommitPoint.BEFORE and self._fails(Seam.COMMIT):
            raise sqlite3.OperationalError("disk I/O error")

    def at_call(self, method: str, side: str) -> None:
        if side == "before" and self._fails(Seam.UNSENT):
            raise NotSentError("no connection, says the test")
        if side == "after" and self._fails(Seam.UNANSWERED):
            raise NoAnswerError("the answer was lost, says the test")

    def _fails(self, seam: Seam) -> bool:
        if not self._armed:
            return False
        self.calls[seam] += 1
        failure, place = self._failure, self.calls[seam]
        if failure is None or failure.seam is not seam:
            return False
        fails = place >= failure.nth if failure.sticky else place == failure.nth
        self.failed += fails
        return fails


class SmallDisk(SimulatedStore):
    """The state on a disk with so many pages left; what it refuses is SQLite's own SQLITE_FULL."""

    calls: FailingCalls
    ceiling: int | None = None

    @contextmanager
    def transaction(self, name: str, sync: Sync = Sync.FULL) -> Iterator[Transaction]:
        connection, left = self._connection(), self.calls.pages_left
        if left is None:
            type(self).ceiling = None
        elif self.ceiling is None:
            type(self).ceiling = connection.execute("PRAGMA page_count").fetchone()[0] + left
        connection.execute(f"PRAGMA max_page_count = {self.ceiling or 1_000_000}")
        try:
            with super().transaction(name, sync) as tx:
                yield tx
        except Exception as error:
            self.calls.failed += "full" in str(error)
            raise


POLICY = simple_policy()
POLICY["when"] |= {"fields": ["subject", "status"]}
POLICY["may"] = {
    "update": {"category": {"approval": "always"}, "priority": {"options": ["low", "normal", "high"]}},
    "create_task": {"subject": "Look at this", "due": "1 day"},
}


class Story(QuietRoad):
    """New tickets, edits by people at the worst moment, questions and answers, a deletion, a merge; a call fails in it."""

    def __init__(self, folder: Path, system: str, calls: FailingCalls) -> None:
        self.calls = calls
        super().__init__(folder, POLICY, system=system)

    def _history(self) -> None:
        self.machine = replace(self.machine, crashes=self.calls)
        self.crashes = self.calls
        super()._history()
        self.calls.arm()

    def tell_it(self) -> list[str]:
        """Play it, heal, settle; what the checker found."""
        chance = random.Random(5)
        tickets = []
        for word in ("login", "billing", "unheard", "crash"):
            tickets.append(self.ticket(subject=f"{word} {len(tickets)}"))
            self.staff["crm"].mine.append(tickets[-1])
        self.rounds(2, 200)
        self._guarded(lambda alive: self.reviewers.act(alive.road, chance))
        self.edit(tickets[0], subject="refund now")
        self.edit(tickets[1], priority="low")
        self.rounds(2, 100)
        self.crm.delete(tickets[2], rep=self.crm.reps[0])
        tickets.append(self.crm.merge_rows(tickets[0], tickets[3]).id)
        self.rounds(2, 200)
        self._guarded(lambda alive: self.reviewers.act(alive.road, chance))
        self.rounds(1, 30)
        self.reviewers_take_back()
        self.rounds(2, 100)
        return [str(found) for found in check(self._finished())]

    def reviewers_take_back(self) -> None:
        self._guarded(lambda alive: self.reviewers.take_back(alive.road, "triage"))


def play(system: str, failure: Failure | None) -> tuple[list[str], FailingCalls]:
    """One story; what the checker found, and the calls it made."""
    calls = FailingCalls(failure)
    before, process.SimulatedStore = process.SimulatedStore, type("Disk", (SmallDisk,), {"calls": calls})
    memory = Path("/dev/shm")
    try:
        with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
            return Story(Path(folder), system, calls).tell_it(), calls
    finally:
        process.SimulatedStore = before


def lengths(system: str) -> Mapping[Seam, int]:
    """How many calls of each kind a story without failures makes; for a full disk, pages that it comes to need."""
    found, calls = play(system, None)
    if found:
        raise AssertionError(found)
    return {
        Seam.COMMIT: calls.calls[Seam.COMMIT], Seam.UNSENT: calls.calls[Seam.UNSENT],
        Seam.UNANSWERED: calls.calls[Seam.UNANSWERED], Seam.FULL: 24,
    }  # fmt: skip


def failures(long: Mapping[Seam, int], stride: int, start: int = 1) -> Iterator[Failure]:
    """Every failure of a sweep: each n of each seam, once and sticky."""
    for seam, length in long.items():
        for nth in range(start, length + 1, stride if seam is not Seam.FULL else max(1, stride // 4)):
            yield from (Failure(seam, nth, sticky) for sticky in (False, True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stride", type=int, default=1)
    asked = parser.parse_args()
    began, played, effective, broken = time.monotonic(), 0, 0, []
    long = {}
    for system in ("hubspot", "salesforce"):
        long[system] = lengths(system)
        for failure in failures(long[system], asked.stride):
            found, calls = play(system, failure)
            played, effective = played + 1, effective + (calls.failed > 0)
            broken += [f"{system} {failure}: {one}" for one in found]
            if found:
                sys.stderr.write(f"{broken[-1]}\n")
    sys.stdout.write(json.dumps({
        "calls": long, "played": played, "effective": effective, "violations": broken,
        "seconds": round(time.monotonic() - began, 1), "load_average": os.getloadavg()[0],
    }, indent=1) + "\n")  # fmt: skip
    raise SystemExit(1 if broken else 0)


if __name__ == "__main__":
    main()
