"""One life of a simulated daemon, from start to crash: the real road over the state file and the orgs."""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from adapters.conformance.bridge import FaceTransport
from connector.change import inbox
from connector.clock import HeldClock
from connector.context.memory_index import MemoryIndex
from connector.daemon import Daemon, Surroundings, assemble
from connector.decision.agents import AGENTS
from connector.decision.reasoners.offline import OfflineReasoner
from connector.decision.shelf import DiskShelf
from connector.pipeline import Pipeline
from connector.policy import PolicySet, Tier
from connector.record import ConnectionName
from connector.simulation.clocks import MachineClock
from connector.simulation.crash import Crashes
from connector.simulation.crm import ADDRESSES, SimulatedCrm
from connector.simulation.disk import SimulatedStore, StateFile
from connector.simulation.learner import FirstWordForm, fit
from connector.simulation.wire import Meanwhile, SimulatedWire
from connector.writeback import outbox

JOURNAL_KEY = b"a simulated daemon's key"


class KeptLog:
    """What the daemon logs, kept for the search for secrets."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, event: str, **fields: Any) -> None:
        self.lines.append(f"{event} {fields}")

    def warning(self, event: str, **fields: Any) -> None:
        self.lines.append(f"{event} {fields}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What outlives a process: the time, the disk, the orgs out there, the luck."""

    seed: int
    world: HeldClock
    clock: MachineClock
    file: StateFile
    crms: Mapping[str, SimulatedCrm]
    crashes: Crashes
    log: KeptLog
    index: MemoryIndex
    batch: int


@dataclass(slots=True, kw_only=True)
class Process:
    """A running daemon. Its steps are called one by one, where the scheduler would."""

    store: SimulatedStore
    road: Pipeline
    daemon: Daemon
    wires: Mapping[ConnectionName, SimulatedWire]

    def is_drained(self) -> bool:
        """Whether nothing is left to do, by the daemon's own tables: nothing waits, nothing is under way."""
        with self.store.snapshot() as tx:
            waiting = inbox.depth(tx)[inbox.Burial.WAITING]
            return not waiting and outbox.next_due(tx, self.wires.keys()) is None

    def close(self) -> None:
        self.store.close()


def start(machine: Machine, policies: PolicySet, life: int, meanwhile: Meanwhile) -> Process:
    """Open the state and put the road together; raises SimulatedCrash like everything that follows."""
    chance = random.Random(f"{machine.seed}:life:{life}")
    store = SimulatedStore(machine.file, machine.crashes.at_commit)
    wires, adapters = {}, {}
    for crm in machine.crms.values():
        transport = FaceTransport(crm.face, ADDRESSES[crm.natives.system], machine.clock)
        wire = SimulatedWire(transport, machine.world, random.Random(chance.random()), machine.crashes, meanwhile)
        wires[crm.connection] = wire
        adapters[crm.connection] = crm.adapter(
            clock=machine.clock, chance=random.Random(chance.random()), transport=wire, log=machine.log
        )
    shelf = DiskShelf(store, machine.file.path.parent / "learners", FirstWordForm())
    around = Surroundings(
        store=store, clock=machine.clock, randomness=random.Random(chance.random()), adapters=adapters,
        index=machine.index, reasoners={Tier.OFFLINE: OfflineReasoner(AGENTS, shelf)}, shelf=shelf, fit=fit,
        log=machine.log,
    )
    road = assemble(around, policies)
    daemon = Daemon(
        pipeline=road, log=machine.log, poll=timedelta(seconds=5), batch=machine.batch, key=JOURNAL_KEY,
        heads=machine.file.path.with_name("heads"), reload=lambda: None, upkeep=lambda: None,
        stopping=threading.Event(),
    )
    return Process(store=store, road=road, daemon=daemon, wires=wires)
