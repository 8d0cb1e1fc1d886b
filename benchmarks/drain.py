"""How fast the road drains a backlog when neither CRM nor model takes time, against the disk's own commit rate.

Prints changes per second, durable commits per second measured in the same run, and their ratio.

    python benchmarks/drain.py --changes 100000
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.fast_crm import TICKET, FastCrm
from connector.clock import HeldClock
from connector.context.memory_index import MemoryIndex
from connector.daemon import Surroundings, assemble
from connector.decision.agents import AGENTS
from connector.decision.learner import Learner, LearnerKey, NotLearned, Prediction
from connector.decision.reasoners.offline import OfflineReasoner
from connector.pipeline import prepare
from connector.policy import PolicySet, Tier, parse_policy
from connector.record import ConnectionName, FieldName, Record, RecordRef, Version
from connector.store import SqliteStore

NOW = datetime(2026, 9, 1, 8, tzinfo=UTC)
CRM = ConnectionName("crm")
POLICY = """
schema: 1
policy: triage
goal: Measure the road.
when: {object: ticket, events: [created, changed], fields: [subject, description], where: status == 'new'}
agent: ticket_triage
reason: {tier: offline}
may: {update: {category: {}}}
gate: {supervised: never, target: 0.98}
limits: {records_per_hour: 10000000, share_of_object: 100%}
handoff: {to: support}
"""


class FirstWord:
    """A learner that costs nothing."""

    version = "first-word"

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        return [Prediction(value="crash" if "crash" in text else "billing", confidence=0.999) for text in texts]


class Shelf:
    """One learner for the category."""

    def learner(self, key: LearnerKey) -> Learner | NotLearned:
        return FirstWord()

    def versions(self, key: LearnerKey | None = None) -> tuple[()]:
        return ()


class Quiet:
    def info(self, event: str, **fields: Any) -> None: ...

    def warning(self, event: str, **fields: Any) -> None: ...


def ticket(number: int) -> Record:
    at = NOW + timedelta(seconds=1, microseconds=number)
    fields = {"subject": f"{'billing' if number % 2 else 'crash'} question {number}", "description": "as I wrote before",
              "status": "new", "category": None}
    return Record(
        ref=RecordRef(CRM, TICKET, str(number)), version=Version("1"), created_at=at, modified_at=at, read_at=at,
        fields={FieldName(name): value for name, value in fields.items()},
    )


def commit_rate(folder: Path, seconds: float = 2.0) -> float:
    """Single-row commits a second with synchronous=FULL on this disk."""
    connection = sqlite3.connect(folder / "raw.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE rows (n INTEGER PRIMARY KEY, body TEXT)")
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        connection.execute("INSERT INTO rows (body) VALUES ('x')")
        count += 1
    connection.close()
    return count / (time.perf_counter() - began)


def drain(folder: Path, changes: int, batch: int) -> dict[str, float]:
    clock = HeldClock(NOW)
    store = SqliteStore(folder / "state.db")
    prepare(store)
    crm, shelf = FastCrm(NOW), Shelf()
    around = Surroundings(
        store=store, clock=clock, randomness=random.Random(1), adapters={CRM: crm}, index=MemoryIndex(),
        reasoners={Tier.OFFLINE: OfflineReasoner(AGENTS, shelf)}, shelf=shelf,  # type: ignore[arg-type]
        fit=lambda texts, values: NotLearned(), log=Quiet(),
    )
    road = assemble(around, PolicySet([parse_policy(POLICY)]))
    road.start()
    road.round(batch)
    for number in range(changes):
        crm.add(ticket(number))
    clock.advance(timedelta(minutes=1))
    began = time.perf_counter()
    while not road.round(batch).quiet:
        pass
    seconds = time.perf_counter() - began
    size = (folder / "state.db").stat().st_size
    store.close()
    return {"changes": changes, "writes": crm.writes_made, "seconds": seconds, "bytes_per_change": size / changes}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=20_000)
    parser.add_argument("--batch", type=int, default=400)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=".") as folder:
        commits = commit_rate(Path(folder))
        found = drain(Path(folder), options.changes, options.batch)
    rate = found["changes"] / found["seconds"]
    print(json.dumps({
        **{name: round(value, 3) for name, value in found.items()},
        "changes_per_second": round(rate, 1), "commits_per_second": round(commits, 1),
        "changes_per_commit_second": round(rate / commits, 3),
    }, indent=2))


if __name__ == "__main__":
    main()
