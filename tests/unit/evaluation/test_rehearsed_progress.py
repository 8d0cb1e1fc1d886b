"""Waiting for a rehearsed daemon: as long as anything moves, however long that takes, and no longer."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from connector.evaluation.rehearse.process import DaemonProcess
from connector.evaluation.rehearse.progress import Observer
from connector.store import SqliteStore


class Living(DaemonProcess):
    """A daemon that runs in another place; what it does is written to the state by the test."""

    def start(self) -> None: ...

    @property
    def alive(self) -> bool:
        return True


@dataclass
class Slow:
    """A machine on which every look takes minutes."""

    minutes: float
    between: Callable[[int], None]
    now: float = 0.0
    looks: int = 0
    said: list[str] = field(default_factory=list)

    def pause(self, _: float) -> None:
        self.now += self.minutes * 60
        self.between(self.looks)
        self.looks += 1

    def watch(self, state: SqliteStore, records: frozenset[str]):
        observer = Observer(
            store=state, records=records, daemon=Living(config=Path("c"), environment={}, log=Path("l")),
            say=self.said.append, show=print, seconds=lambda: self.now, pause=self.pause,
        )
        return observer.watch(kills=0, chance=random.Random(1))


@pytest.fixture
def decide(state):
    def decided(number: int) -> None:
        with state.transaction("decided by the test") as tx:
            tx.run(
                "INSERT INTO decision_decisions (decision, connection, object, record, policy, policy_version, tier, "
                "enough, disposition, rationale, detail, usd, occurred_at, decided_at) "
                "VALUES (:id, 'crm', 'ticket', :id, 'p', '1', 'offline', 1, 'auto', '', '{}', '0', 0, :at)",
                id=str(number), at=number,
            )

    return decided


def test_a_slow_machine_is_given_all_the_time_it_needs(state, decide):
    machine = Slow(5, between=lambda look: decide(look) if look < 20 else None)
    settled = machine.watch(state, frozenset(map(str, range(20))))
    assert settled.count("auto") == 20
    assert machine.now > 90 * 60
    assert machine.said == []


def test_a_daemon_that_stands_still_is_given_up_with_a_word(state, decide):
    machine = Slow(1, between=lambda look: decide(look) if look < 3 else None)
    settled = machine.watch(state, frozenset(map(str, range(20))))
    assert settled.count("auto") == 3
    assert machine.said == ["gave up: nothing moved for 600 seconds with 3 of 20 records decided"]
