"""A real daemon over loopback HTTP, killed again and again while people and flows work in the CRM; then all is judged.

    python -m tests.sweeps.killed --kills 1000

A story has some kills, a clean end and the independent checker. After every single kill SQLite checks the state file and the
journal's chain is verified. Where a life dies is drawn: at a moment, before or after a named commit, among the first commits
of a start (a kill during recovery), or while the CRM answers a write (before or after it took effect).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import select
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from adapters.sandbox.server import serve
from adapters.sandbox.wire import Face, WireRequest, WireResponse
from connector.change import inbox
from connector.cli import road as opened
from connector.cli.log import open_log
from connector.clock import SystemClock
from connector.daemon import journal_key, kept_heads
from connector.journal import verify
from connector.record import ConnectionName
from connector.settings import load_settings
from connector.simulation.checker import check
from connector.simulation.crm import BUILDERS, SECRETS, SimulatedCrm, automation_on
from connector.simulation.evidence import Evidence, crm_evidence, journal_export
from connector.simulation.learner import FirstWordForm, fit
from connector.simulation.policies import drawn_policies, parsed
from connector.simulation.reviewers import Reviewers
from connector.simulation.staff import Staff, write_history
from connector.store import SqliteStore
from connector.writeback import UNFINISHED, outbox
from tests.sweeps.points import AIMED_AT, OFTEN_PASSED

LONGEST_LIFE = 1.2  # seconds: a life whose commit point did not come dies then, at whatever moment that is
WRITES = ("PATCH", "/composite", "/batch/update", "/batch/create")
TREE = Path(__file__).parents[2]


class WorldTime(SystemClock):
    """Real time for the people of the simulation, who would move it: they wait a moment instead."""

    def advance(self, by: timedelta) -> None:
        time.sleep(min(0.05, by.total_seconds()))


@dataclass
class DeadlyFace:
    """The CRM's face; when armed, the daemon dies while its next write is answered."""

    inner: Face
    victim: int | None = None
    side: str = "before"

    def respond(self, request: WireRequest) -> WireResponse:
        deadly = self.victim is not None and (request.method == "PATCH" or any(one in request.path for one in WRITES[1:]))
        if deadly and self.side == "before":
            self._kill()
        answer = self.inner.respond(request)
        if deadly and self.side == "after":
            self._kill()
        return answer

    def _kill(self) -> None:
        if self.victim is not None:
            os.kill(self.victim, signal.SIGKILL)
        self.victim = None


class Lives:
    """The warm process that daemons are forked from."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._warm = subprocess.Popen(
            [sys.executable, "-m", "tests.sweeps.daemon_lives"], env={**os.environ, **environment}, cwd=TREE,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )  # fmt: skip

    def begin(self, config: Path, plan: dict[str, Any]) -> int:
        assert self._warm.stdin
        self._warm.stdin.write(json.dumps({"config": str(config), "plan": plan}) + "\n")
        return int(self._said(60)["pid"])

    def end(self, seconds: float) -> int | None:
        """How the life ended, or None when it still goes on after so long."""
        assert self._warm.stdout
        ready, _, _ = select.select([self._warm.stdout], [], [], seconds)
        return int(self._said(60)["ended"]) if ready else None

    def _said(self, seconds: float) -> dict[str, Any]:
        assert self._warm.stdout
        if not select.select([self._warm.stdout], [], [], seconds)[0]:
            raise AssertionError("the warm process says nothing")
        return json.loads(self._warm.stdout.readline())

    def close(self) -> None:
        assert self._warm.stdin
        assert self._warm.stdout
        self._warm.stdin.close()
        self._warm.wait(timeout=30)
        self._warm.stdout.close()


@dataclass
class Killed:
    """What a run of stories brought."""

    kills: Counter[str] = field(default_factory=Counter)
    places: Counter[str] = field(default_factory=Counter)
    commits: Counter[str] = field(default_factory=Counter)
    stories: int = 0
    writes: int = 0
    decisions: int = 0
    entries: int = 0
    found: list[str] = field(default_factory=list)


class Story:
    """One org, one state folder, many short lives."""

    def __init__(self, seed: int, system: str, folder: Path, url: str, crm: SimulatedCrm, deadly: DeadlyFace) -> None:
        self.seed, self.folder, self.crm, self.deadly = seed, folder, crm, deadly
        self.chance = random.Random(f"kills:{seed}")
        self.told: list[str] = []
        self.policies = [policy | {"reason": {"tier": "offline"}} for policy in drawn_policies(self.chance)]
        self.config = lay_out(folder, crm, url, self.policies)
        self.staff = Staff(crm, WorldTime(), self.told.append)  # type: ignore[arg-type]
        self.reviewers = Reviewers({"crm": crm.natives.categories}, self.told.append)
        self.facts: dict[str, Any] = {
            "damage": [], "stops": [], "cursors": [], "looks": [], "mirror": [], "indexed": {}, "hidden": 0, "leaks": [],
            "clock_jumps": 0, "requeued": 0, "settled": False,
        }  # fmt: skip

    @property
    def state(self) -> Path:
        return self.folder / "state" / "state.db"

    def play(self, lives: Lives, kills: int, brought: Killed) -> None:
        write_history_of(self.crm)
        if self.chance.random() < 0.3:
            automation_on(self.crm, "priority", {"low": {"priority": "normal"}})
        time.sleep(2.5)  # the search index of the CRM shows its history
        self._live_until(lives, self._has_learned, 60)
        self._mark("baselined")
        while kills > 0:
            self._people_act()
            kills -= self._one_life(lives, brought)
        self._settle(lives)
        self._judge(brought)

    def _people_act(self) -> None:
        with self.crm.org.lock:
            for _ in range(self.chance.choice((1, 2, 3, 4))):
                self.staff.act(self.chance)
        if self.chance.random() < 0.25:
            with self._road() as road:
                self.reviewers.act(road.pipeline, self.chance)

    def _one_life(self, lives: Lives, brought: Killed) -> int:
        """Start, let it die as drawn, look at what is left; how many kills that were."""
        how, plan, longest = self._drawn_end()
        pid = lives.begin(self.config, plan)
        if how.startswith("a write"):
            self.deadly.side, self.deadly.victim = how.rsplit(" ", 1)[1], pid
        with self.crm.org.lock:
            if self.chance.random() < 0.5:
                self.staff.act(self.chance)
        code = lives.end(longest)
        if code is None:
            self.deadly.victim = None
            os.kill(pid, signal.SIGKILL)
            how = how if how == "a moment" else "a moment, after waiting for more"
            code = lives.end(30)
        self.deadly.victim = None
        self.told.append(f"the daemon ended with {code}: {how} {plan}")
        if code != -signal.SIGKILL:
            self.facts["stops"].append(f"{code}")
            brought.found.append(f"seed {self.seed}: the daemon ended by itself with {code}: {self.last_words()}")
            return 1
        brought.kills[how] += 1
        self._look_at_the_dead()
        return 1

    def _drawn_end(self) -> tuple[str, dict[str, Any], float]:
        drawn = self.chance.random()
        side = self.chance.choice(("before", "after"))
        if drawn < 0.3:
            return "a moment", {"side": "never"}, self.chance.uniform(0.05, 1.2)
        if drawn < 0.6:
            name = self.chance.choice(self.chance.choice((OFTEN_PASSED, AIMED_AT)))
            nth = self.chance.choice((1, 1, 1, 2, 3))
            return f"{side} a named commit", {"side": side, "at": name, "nth": nth}, LONGEST_LIFE
        if drawn < 0.8:
            return "in the recovery", {"side": side, "nth": self.chance.randrange(1, 9)}, LONGEST_LIFE
        return f"a write {side}", {"side": "never"}, LONGEST_LIFE

    def _look_at_the_dead(self) -> None:
        with closing(sqlite3.connect(self.state)) as database:
            found = [str(row[0]) for row in database.execute("PRAGMA integrity_check(3)")]
        self.facts["damage"] += [line for line in found if line != "ok"]
        key = self.folder / "state" / "journal.key"
        if not key.exists():
            return
        with closing(SqliteStore(self.state)) as store, store.snapshot() as tx:
            heads = kept_heads(self.folder / "journal-heads.txt")
            self.facts["damage"] += [f"journal: {problem}" for problem in verify(tx, key.read_bytes(), heads).problems]

    @contextmanager
    def _road(self) -> Iterator[Any]:
        """The road as a command opens it beside the service, with the learner of these tests."""
        settings = load_settings(self.config)
        with (
            patch.object(opened, "RouteFormat", FirstWordForm),
            patch.object(opened, "FitRoutes", lambda effort: fit),
            opened.open_road(settings, parsed(self.policies), open_log()) as road,
        ):
            yield road

    def _has_learned(self) -> bool:
        return self.state.exists() and self._count("SELECT COUNT(*) FROM journal_entries WHERE kind = 'learned'") >= 1

    def _count(self, sql: str) -> int:
        with closing(sqlite3.connect(self.state, timeout=10)) as database:
            try:
                return int(database.execute(sql).fetchone()[0])
            except sqlite3.OperationalError:
                return 0

    def _is_drained(self) -> bool:
        with closing(SqliteStore(self.state)) as store, store.snapshot() as tx:
            waiting = inbox.depth(tx)[inbox.Burial.WAITING]
            counts = outbox.counts(tx)
            ready = tx.one("SELECT 1 FROM writeback_outbox WHERE state = 'ready' AND after_intent IS NULL LIMIT 1")
        return not waiting and ready is None and not any(counts.get(one.value) for one in UNFINISHED[1:])

    def _live_until(self, lives: Lives, holds: Any, seconds: float, rest: float = 0.0) -> bool:
        """A life that is left alone until something holds for `rest` seconds, and then ended as an operator does."""
        pid = lives.begin(self.config, {"side": "never"})
        end, since = time.monotonic() + seconds, 0.0
        reached = False
        while time.monotonic() < end and not reached:
            time.sleep(0.1)
            since = (since or time.monotonic()) if holds() else 0.0
            reached = bool(since) and time.monotonic() - since >= rest
        os.kill(pid, signal.SIGTERM)
        code = lives.end(60)
        assert code == 0, f"the daemon ended with {code}: {self.last_words()}"
        return reached

    def _settle(self, lives: Lives) -> None:
        time.sleep(2.5)  # what the CRM's search shows late
        with closing(SqliteStore(self.state)) as store, store.transaction("test: requeued") as tx:
            self.facts["requeued"] = inbox.requeue(tx)
        self._mark("healed")
        self.facts["settled"] = self._live_until(lives, self._is_drained, 120, rest=6.0)
        self._mark("settled")

    def _judge(self, brought: Killed) -> None:
        with closing(SqliteStore(self.state)) as store:
            journal = journal_export(store)
            with store.snapshot() as tx:
                self.facts["buried"] = [str(one.event.ref) for one in inbox.buried(tx)]
                heads = kept_heads(self.folder / "journal-heads.txt")
                self.facts["seal"] = list(verify(tx, journal_key(self.folder / "state"), heads).problems)
        self.facts["own_tickets"] = list(self.staff.mine)
        evidence = Evidence(
            seed=self.seed, crms=(crm_evidence(self.crm),), journal=journal, policies=tuple(self.policies),
            people=tuple(self.reviewers.said), facts=self.facts,
        )  # fmt: skip
        brought.found += [f"seed {self.seed} ({self.crm.natives.system}): {found}" for found in check(evidence)]
        brought.stories += 1
        brought.entries += len(journal)
        brought.decisions += sum(entry["kind"] == "decided" for entry in journal)
        brought.writes += sum(
            line["kind"] == "write" and line["actor"] == "agent" and not str(line["field"]).startswith("association:")
            for line in evidence.crms[0].log
        )
        for line in (self.folder / "points").read_text().splitlines():
            if line.startswith("killed "):
                brought.places[line.removeprefix("killed ")] += 1
            elif line.startswith("after "):
                brought.commits[line.removeprefix("after ")] += 1

    def _mark(self, name: str) -> None:
        self.facts[name + "_at"] = {"crm": len(self.crm.org.log)}

    def last_words(self) -> str:
        return "\n".join((self.folder / "daemon.log").read_text(errors="replace").splitlines()[-25:])


def write_history_of(crm: SimulatedCrm) -> None:
    with crm.org.lock:
        write_history(crm, 2)


def lay_out(folder: Path, crm: SimulatedCrm, url: str, policies: Sequence[dict[str, Any]]) -> Path:
    """A settings file and its policies, as a user would have them."""
    (folder / "policies").mkdir(parents=True)
    for policy in policies:
        (folder / "policies" / f"{policy['policy']}.yaml").write_text(json.dumps(policy))
    addresses = {"hubspot": {"base_url": url}, "salesforce": {"login_url": url, "instance_url": url}}
    block = {**crm.settings, **addresses[crm.natives.system]}
    if crm.natives.system == "hubspot":
        block["budget"] = {"burst": 100_000, "search": 100_000}
    config = folder / "connector.yaml"
    settings = {"schema": 1, "poll": "1s", "batch": 5, "connections": {"crm": block}}
    config.write_text(json.dumps(settings))
    return config


def play(seed: int, kills: int, folder: Path, lives: Lives, brought: Killed) -> None:
    """One story from beginning to judgement."""
    system = ("hubspot", "salesforce")[seed % 2]
    crm = BUILDERS[system](ConnectionName("crm"), WorldTime(), seed)  # type: ignore[arg-type]
    if system == "salesforce":
        crm.face._instance_url = None  # type: ignore[attr-defined]  # it answers where it was asked
    else:
        crm.face.portal.index.shortest_ms, crm.face.portal.index.longest_ms = 50, 400  # type: ignore[attr-defined]
    deadly = DeadlyFace(crm.face)
    with serve(deadly) as url:
        Story(seed, system, folder, url, crm, deadly).play(lives, kills, brought)


@contextmanager
def warm() -> Iterator[Lives]:
    """A warm process with the secrets of both CRMs; every life of every story is forked from it."""
    names = {"CRM_CONNECTOR_CRM_ACCESS_TOKEN": SECRETS[0], "CRM_CONNECTOR_CRM_CLIENT_SECRET": SECRETS[1]}
    os.environ.update(names)  # for commands that these tests open beside the service
    lives = Lives(names)
    try:
        yield lives
    finally:
        lives.close()
        for name in names:
            del os.environ[name]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--each", type=int, default=50, help="kills in one story")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    brought, began = Killed(), time.monotonic()
    seed = asked.seed
    with warm() as lives:
        while brought.kills.total() < asked.kills:
            with tempfile.TemporaryDirectory(prefix="kills-") as name:
                play(seed, min(asked.each, asked.kills - brought.kills.total()), Path(name) / "w", lives, brought)
            seed += 1
            done, minutes = brought.kills.total(), (time.monotonic() - began) / 60
            note = f"{done} kills, {done / minutes:.0f} a minute, {len(brought.found)} found"
            sys.stderr.write("\n  ".join((note, *brought.found[-5:])) + "\n")
    sys.stdout.write(json.dumps({
        "kills": brought.kills.total(), "how": brought.kills, "places": brought.places, "stories": brought.stories,
        "commits": brought.commits, "writes": brought.writes, "decisions": brought.decisions, "entries": brought.entries,
        "violations": brought.found, "seconds": round(time.monotonic() - began, 1),
        "load_average": os.getloadavg()[0],
    }, indent=1) + "\n")  # fmt: skip
    if brought.found:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
