"""How long after kill -9 the service decides and writes again, with a backlog waiting and writes under way.

One process captures the backlog, begins to work and kills itself while a write is being sent; a second one starts on what
is left. Counted from the start of its interpreter, imports included. Prints one JSON document.

    python -m benchmarks.recovery --pending 100000
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.drain import CRM, NOW, POLICY, Quiet, Shelf, ticket
from benchmarks.fast_crm import FastCrm
from connector.adapter import GuardedWrite, NotApplied, Record, Resolution, UnknownWrite, WriteResult
from connector.clock import HeldClock
from connector.context.memory_index import MemoryIndex
from connector.daemon import Surroundings, assemble
from connector.decision.agents import AGENTS
from connector.decision.learner import NotLearned
from connector.decision.reasoners.offline import OfflineReasoner
from connector.pipeline import Pipeline, Round, prepare
from connector.policy import PolicySet, Tier, parse_policy
from connector.store import SqliteStore

BATCH = 200


class Tickets(dict[str, Record]):
    """The tickets of a CRM that was there before us: each is made when somebody asks for it."""

    def get(self, key: str, default: Any = None) -> Any:
        return self[key]

    def __missing__(self, key: str) -> Record:
        self[key] = made = ticket(int(key))
        return made


class Crm(FastCrm):
    """The same CRM for both processes; in the first one `deadly` writes end it."""

    deadly = False
    first_write: float | None = None

    def update(self, writes: Sequence[GuardedWrite]) -> tuple[WriteResult, ...]:
        if self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        self.first_write = self.first_write or time.monotonic()
        return super().update(writes)

    def resolve(self, unknown: Sequence[UnknownWrite]) -> tuple[Resolution, ...]:
        return tuple(NotApplied() for _ in unknown)


def opened(folder: Path, tickets: int) -> tuple[SqliteStore, Pipeline, Crm, HeldClock]:
    clock = HeldClock(NOW)
    store = SqliteStore(folder / "state.db")
    prepare(store)
    crm, shelf = Crm(NOW), Shelf()
    crm.kept = Tickets()
    crm.order = [str(number) for number in range(tickets)]
    around = Surroundings(
        store=store, clock=clock, randomness=random.Random(1), adapters={CRM: crm}, index=MemoryIndex(),
        reasoners={Tier.OFFLINE: OfflineReasoner(AGENTS, shelf)}, shelf=shelf,  # type: ignore[arg-type]
        fit=lambda texts, values: NotLearned(), log=Quiet(),
    )  # fmt: skip
    return store, assemble(around, PolicySet([parse_policy(POLICY)])), crm, clock


def first_life(folder: Path, pending: int) -> None:
    """Activate, capture everything, begin to work, die while a write is under way."""
    _, road, crm, clock = opened(folder, 0)
    road.start()
    road.round(BATCH)
    crm.order = [str(number) for number in range(pending)]
    clock.advance(timedelta(minutes=1))
    read, before = Round(), -1
    while read.read != before:
        before = read.read
        road.capture(CRM, read)
    crm.deadly = True
    while True:
        road.work(BATCH)


def second_life(folder: Path, pending: int, spawned: float) -> None:
    """Start on what is left; when it began, decided and wrote."""
    store, road, crm, clock = opened(folder, pending)
    clock.advance(timedelta(minutes=2))
    with store.snapshot() as tx:
        waiting = tx.rows("SELECT COUNT(*) AS n FROM change_inbox")[0]["n"]
        decided = tx.rows("SELECT COUNT(*) AS n FROM decision_decisions")[0]["n"]
    ready = time.monotonic()
    unknown = road.start()
    started, first_decision = time.monotonic(), None
    while first_decision is None or crm.first_write is None:
        road.work(BATCH)
        with store.snapshot() as tx:
            now = tx.rows("SELECT COUNT(*) AS n FROM decision_decisions")[0]["n"]
        if first_decision is None and now > decided:
            first_decision = time.monotonic()
    print(json.dumps({
        "pending": waiting, "writes_under_way": unknown, "ready_seconds": round(ready - spawned, 3),
        "start_seconds": round(started - ready, 3), "first_decision_seconds": round(first_decision - spawned, 3),
        "first_write_seconds": round(crm.first_write - spawned, 3), "load_average": os.getloadavg()[0],
    }, indent=2))  # fmt: skip
    store.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pending", type=int, default=100_000)
    parser.add_argument("--life", choices=("first", "second"))
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--spawned", type=float, default=0.0)
    asked = parser.parse_args()
    if asked.life == "first":
        first_life(asked.folder, asked.pending)
    elif asked.life == "second":
        second_life(asked.folder, asked.pending, asked.spawned)
    else:
        with tempfile.TemporaryDirectory(dir=".") as name:
            _measure(name, asked.pending)


def _measure(folder: str, pending: int) -> None:
    command = [sys.executable, "-m", "benchmarks.recovery", "--pending", str(pending), "--folder", folder]
    ended = subprocess.run([*command, "--life", "first"], check=False).returncode
    if ended != -signal.SIGKILL:
        raise SystemExit(f"the first process was to be killed and ended with {ended}")
    with closing(sqlite3.connect(Path(folder) / "state.db")) as database:
        if database.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            raise SystemExit("the state file is damaged")
    subprocess.run([*command, "--life", "second", "--spawned", str(time.monotonic())], check=True)


if __name__ == "__main__":
    main()
