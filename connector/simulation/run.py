"""One seed from beginning to end: history, a time of trouble, healing, and a time in which everything must settle."""

from __future__ import annotations

import random
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from connector.adapter import HttpRequest
from connector.change import inbox
from connector.change.cursors import positions
from connector.clock import HeldClock
from connector.errors import ConnectorError
from connector.simulation.clocks import MachineClock
from connector.simulation.crash import Crashes, SimulatedCrash
from connector.simulation.crm import automation_on
from connector.simulation.disk import StateFile
from connector.simulation.evidence import (
    Evidence,
    crm_evidence,
    journal_export,
    leaks,
    seal_problems,
    texts_in,
    times_hidden,
)
from connector.simulation.mirror import MirroredIndex
from connector.simulation.policies import parsed
from connector.simulation.process import JOURNAL_KEY, KeptLog, Machine, Process, start
from connector.simulation.reviewers import Reviewers
from connector.simulation.setup import Setup, index_of, orgs_of
from connector.simulation.staff import Staff, write_history
from connector.simulation.wire import writes

START = datetime(2026, 9, 1, 8, tzinfo=UTC)
SETTLING = 60  # rounds within which everything must have settled once nothing goes wrong any more
AT_REST = 5  # so many rounds without a movement, over more time than a change needs to show: it has settled
STILL = 2
READ_INTO = 0.15  # how much rarer somebody edits just before a read than just before a write
ASLEEP = 700  # seconds: longer than either adapter reads back
DECIDED = "decide: recorded"  # the first call after this commit compares what was decided with what stands by then


class Run:
    """One story under way. `told` is its trace, for people."""

    def __init__(self, setup: Setup, folder: Path, template: Path) -> None:
        seed = setup.seed
        self.setup = setup
        self.told: list[str] = []
        self.facts: dict[str, Any] = {"damage": [], "stops": [], "cursors": [], "looks": []}
        self.lives = self.power_cuts = self.clock_jumps = self.compared = 0
        self.born = 0.0  # when the running life of the daemon began
        self.process: Process | None = None
        self.armed = False
        self.world = HeldClock(START + timedelta(milliseconds=random.Random(f"start:{seed}").randrange(60_000)))
        self.clock = MachineClock(self.world)
        self.file = StateFile(folder)
        self.file.start_from(template)
        self.crashes = Crashes(random.Random(f"crashes:{seed}"))
        self.log = KeptLog()
        self.chance, self.strain = random.Random(f"road:{seed}"), random.Random(f"strained:{seed}")
        self.machine = Machine(
            seed=seed, world=self.world, clock=self.clock, file=self.file, crms=orgs_of(setup, self.world),
            crashes=self.crashes, log=self.log, index=index_of(setup, folder), batch=self.chance.choice((1, 3, 200, 200)),
        )
        self.staff = {name: Staff(crm, self.world, self.tell) for name, crm in self.machine.crms.items()}
        categories = {name: crm.natives.categories for name, crm in self.machine.crms.items()}
        self.reviewers = Reviewers(categories, self.tell)
        self.policies = list(setup.policies)
        self.policy_set = parsed(self.policies)
        self.ever = [dict(policy) for policy in self.policies]

    def tell(self, line: str) -> None:
        self.told.append(f"{self.world.now():%d %H:%M:%S.%f} {line}")

    def play(self) -> Evidence:
        """The whole story; what it leaves is judged elsewhere."""
        self.file.power_may_fail = self.setup.profile.is_deadly
        self._history()
        self._trouble()
        return self._finished()

    def _finished(self) -> Evidence:
        """Heal, let everything settle, and close the books."""
        self._settle()
        return self._evidence()

    def _history(self) -> None:
        chance = random.Random(f"history:{self.setup.seed}")
        for crm in self.machine.crms.values():
            write_history(crm, 2)
            if chance.random() < 0.3:
                automation_on(crm, "priority", {"low": {"priority": "normal"}})
            if chance.random() < 0.2:
                automation_on(crm, "category", {crm.natives.categories[0]: {"description": "sorted by a flow"}})
        self._pass(chance.uniform(120, 900))
        for _ in range(3):
            self.round()
            self._pass(60)
        self._mark("baselined")

    def _trouble(self) -> None:
        profile = self.setup.profile
        for crm in self.machine.crms.values():
            for name, probability in profile.faults.items():
                crm.faults.set(name, probability)
        self.crashes.begin(at_commit=profile.crash_at_commit, at_call=profile.crash_at_call)
        self.armed = True
        for step in range(self.setup.steps):
            self._step(step, random.Random(f"step:{self.setup.seed}:{step}"))

    def _step(self, step: int, chance: random.Random) -> None:
        if step not in self.setup.skipped:
            for staff in self.staff.values():
                for _ in range(chance.choice((1, 2, 2, 3, 4))):
                    staff.act(chance)
            self._guarded(lambda process: self._oversee(process, chance))
        if self.setup.profile.clock_jumps and chance.random() < 0.2:
            self.clock.skew = timedelta(seconds=chance.choice((0, 0, -3600, 3600, 5, -5, 130)))
            self.clock_jumps += 1
            self.tell(f"the machine's clock is off by {self.clock.skew}")
        if self.setup.profile.old_values and self.strain.random() < self.setup.profile.old_values:
            self._guarded(self._dig)
        if self.strain.random() < self.setup.profile.asleep:
            self.tell("the daemon's machine sleeps")
            self._pass(ASLEEP)
            return
        self.round()
        if self.strain.random() < self.setup.profile.second_thoughts:
            for staff in self.staff.values():
                staff.reconsider(self.strain)
        self._pass(chance.choice((0.2, 0.7, 3, 8, 20, 45, 90, 400)))

    def _oversee(self, process: Process, chance: random.Random) -> None:
        if chance.random() < 0.5:
            self.reviewers.act(process.road, chance)
        if chance.random() < 0.06:
            self.reviewers.take_back(process.road, str(chance.choice(self.policies)["policy"]))
            for staff in self.staff.values():
                staff.reword_some(chance)

    def _dig(self, process: Process) -> None:
        """Somebody chooses a value that we wrote once, and somebody else takes back that one write: theirs must stay."""
        old = self.reviewers.old_update(process.road, self.strain)
        if old is None or old.body is None or old.entry.ref is None:
            return
        action, ref = old.body["action"], old.entry.ref
        self.staff[ref.connection].choose(ref.id, action["field"], str(action["value"]), self.strain)
        self.reviewers.take_back_one(process.road, str(old.entry.intent))

    def _settle(self) -> None:
        self.tell("everything heals")
        for crm in self.machine.crms.values():
            crm.faults.heal()
        self.crashes.stop()
        self.file.power_may_fail = False
        self.clock.skew, self.armed = timedelta(0), False
        self._mark("healed")
        still = 0
        self._guarded(self._requeue)
        for turn in range(SETTLING):
            self._pass(90 if turn < 20 else 600)
            before = self._positions()
            moved = self.round() or not self._is_drained() or self._wrote_since(before) > 0
            still = 0 if moved else still + 1
            if still == AT_REST:
                break
        self.facts["settled"] = still == AT_REST
        self._mark("settled")
        for _ in range(STILL):
            self._pass(600)
            self.round()
        if self.setup.revert:
            self._revert()

    def _revert(self) -> None:
        """Take back everything every policy ever wrote."""
        self._mark("reverted")
        for policy in self.policies:
            self._guarded(partial(self._take_back, policy=str(policy["policy"])))
        for _ in range(12):
            self._pass(60)
            self.round()

    def _take_back(self, process: Process, policy: str) -> None:
        self.reviewers.take_back(process.road, policy)

    def round(self) -> bool:
        """One turn of the daemon, in whatever state it is; whether it did anything."""
        return self._guarded(self._turn) is not False

    def _turn(self, process: Process) -> bool:
        before = len(self.log.lines)
        daemon, began = process.daemon, self.world.now().timestamp()
        daemon.capture()
        if not any(line.startswith("crm_unreachable") for line in self.log.lines[before:]):
            self.facts["looks"].append(began)
        daemon.work()
        if self.chance.random() < 0.3 or not self.armed:
            daemon.learn()
        self._note_cursors(process)
        lines = self.log.lines[before:]
        for line in lines:
            self.tell(f"daemon: {line}")
        return any(_moved(line) for line in lines)

    def _guarded(self, step: Callable[[Process], bool | None]) -> bool | None:
        """Run one step of the daemon; a crash ends its life, a surprise stops it with its reason, as in real life."""
        try:
            if self.process is None:
                self.lives, self.born = self.lives + 1, self.world.now().timestamp()
                self.process = start(self.machine, self.policy_set, self.lives, self._meanwhile)
                unknown = self.process.road.start()
                self.tell(f"the daemon starts, life {self.lives}, {unknown} writes unknown")
            return step(self.process)
        except SimulatedCrash as crash:
            self._die(str(crash), power=self.chance.random() < self.setup.profile.power)
        except ConnectorError as error:
            names = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
            self.facts["stops"].append(f"{type(error).__name__}: {error.message} in {' < '.join(names[:1:-1][:9])}")
            self._die(f"stopped by {type(error).__name__}: {error.message}", power=False)
        return None

    def _die(self, why: str, *, power: bool) -> None:
        if self.process is not None:
            self.process.close()
        self.process = None
        lost = self.file.cut_power() if power else False
        self.power_cuts += lost
        if lost:  # what this life saw may be forgotten, and the file was put back as no process left it
            self.facts["looks"] = [look for look in self.facts["looks"] if look < self.born]
            self.facts["damage"] += self.file.damage()
        self.file.durable()
        self.tell(f"the daemon dies: {why}" + ("; the power is cut, commits are lost" if lost else ""))

    def _meanwhile(self, request: HttpRequest) -> None:
        compares = self.compared != self.crashes.commits[DECIDED]
        self.compared = self.crashes.commits[DECIDED]
        often = self.setup.profile.interference * (1 if writes(request) or compares else READ_INTO)
        if self.armed and self.chance.random() < often:
            for staff in self.staff.values():
                staff.interfere(self.chance, request)

    def _requeue(self, process: Process) -> None:
        """An operator puts back what the trouble had set aside."""
        with process.store.transaction("simulation: requeued") as tx:
            self.facts["requeued"] = inbox.requeue(tx)

    def _note_cursors(self, process: Process) -> None:
        with process.store.snapshot() as tx:
            for place in positions(tx):
                self.facts["cursors"].append((self.lives, str(place.connection), str(place.cursor)))

    def _is_drained(self) -> bool:
        return self.process is not None and self.process.is_drained()

    def _positions(self) -> dict[str, int]:
        return {name: len(crm.org.log) for name, crm in self.machine.crms.items()}

    def _wrote_since(self, before: dict[str, int]) -> int:
        return sum(
            line.kind == "write" for name, crm in self.machine.crms.items() for line in crm.org.log.since(before[name])
        )

    def _mark(self, name: str) -> None:
        """Where the logs stood at a turn of the story."""
        self.facts[name + "_at"] = self._positions()

    def _pass(self, seconds: float) -> None:
        self.world.advance(timedelta(seconds=seconds))

    def _evidence(self) -> Evidence:
        process = self.process
        assert process is not None
        journal = journal_export(process.store)
        with process.store.snapshot() as tx:
            self.facts["buried"] = [str(one.event.ref) for one in inbox.buried(tx)]
        process.road.seal(JOURNAL_KEY)
        self.facts["seal"] = seal_problems(process.store, JOURNAL_KEY)
        index, crms = self.machine.index, self.machine.crms
        self.facts["mirror"] = list(index.differences()) if isinstance(index, MirroredIndex) else []
        followed = all(policy["reason"].get("searches") for policy in self.policies)
        self.facts["indexed"] = texts_in(index, crms) if followed else {}
        self.facts["hidden"], self.facts["clock_jumps"] = times_hidden(crms.values()), self.clock_jumps
        self.facts["own_tickets"] = [ticket for staff in self.staff.values() for ticket in staff.mine]
        self.facts["leaks"] = leaks(self.file, self.log.lines, journal)
        process.close()
        self.facts["damage"] += self.file.damage()
        return Evidence(
            seed=self.setup.seed, crms=tuple(crm_evidence(crm) for crm in self.machine.crms.values()), journal=journal,
            policies=tuple(self.ever), people=tuple(self.reviewers.said), facts=dict(self.facts),
        )


def _moved(line: str) -> bool:
    """Whether a line of the daemon's log tells of anything that was done."""
    if line.startswith(("changes_captured", "event_buried", "decision_retried")):
        return True
    return line.startswith("round_done") and any(digit in line for digit in "123456789")
