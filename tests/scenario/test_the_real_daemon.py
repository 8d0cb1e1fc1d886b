"""The real service as a process over loopback HTTP, killed without warning again and again while it works."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.sandbox.server import serve
from connector.adapter import Purpose
from connector.cli.rehearse import _open_road
from connector.daemon import Daemon, journal_key, kept_heads
from connector.evaluation.rehearse.crm import stage
from connector.evaluation.rehearse.edits import RepEdits
from connector.evaluation.rehearse.process import DaemonProcess
from connector.evaluation.rehearse.progress import Observer
from connector.evaluation.rehearse.rows import Message
from connector.evaluation.rehearse.workspace import lay_out
from connector.journal import EntryKind, departures_since, verify
from connector.record import ConnectionName, FieldName, ObjectType, RecordRef, display
from connector.report.story import story_of
from connector.store import SqliteStore
from tests.conformance.kept import Quiet
from tests.support.given import POLICY
from tests.support.road import CATEGORIES

TICKETS, KILLS, EDITS = 60, 5, 15
WORDS = {
    "billing": ["charged", "invoice", "refund", "card", "twice", "amount", "payment", "statement"],
    "repair": ["broken", "door", "screen", "cracked", "noise", "leaks", "stopped", "working"],
    "other": ["hours", "address", "newsletter", "catalogue", "parking", "visit", "question", "hello"],
}


def messages(chance: random.Random, count: int) -> list[Message]:
    """Texts whose words tell their category, no two alike."""
    made = []
    for place in range(count):
        label = CATEGORIES[place % len(CATEGORIES)]
        words = chance.sample(WORDS[label], 4)
        made.append(Message(text=f"{' '.join(words)} {place}", label=label))
    return made


@pytest.fixture(params=["hubspot", pytest.param("salesforce", marks=pytest.mark.slow)])
def staged(request, tmp_path):
    """A CRM with history, served over HTTP, and a workspace whose learner has read it."""
    chance = random.Random(7)
    folder = tmp_path / "w"
    now = datetime.now(UTC)
    start = now - timedelta(hours=2)
    crm = stage(request.param, field=FieldName("category"), options=CATEGORIES, start=start, faults={}, seed=7)
    crm.load_history(messages(chance, 150), until=start - timedelta(hours=1))
    source = tmp_path / "triage.yaml"
    kept = [line for line in POLICY.strip().splitlines() if "priority:" not in line and "create_task" not in line]
    gate = "gate: {supervised: never, target: 60%}"
    source.write_text("\n".join(gate if line.startswith("gate:") else line for line in kept) + "\n")
    with serve(crm.face) as url:
        space = lay_out(
            folder, source, field=FieldName("category"), options=CATEGORIES, target=None, connection=crm.connection, url=url,
            secrets=crm.secrets, effort="quick", disturbed=False,
        )  # fmt: skip
        small_batches(space.config)
        with _open_road(space.config, space.environment) as pipeline:
            while (done := pipeline.round()).baselining or not done.quiet:
                assert not done.unreachable
            assert [shelved.key.field for shelved in pipeline.learning.step(pipeline.policies)] == ["category"]
        first = crm.clock.now() + timedelta(minutes=1)
        times = [first + timedelta(seconds=20) * place for place in range(TICKETS)]
        records = crm.arrive(messages(chance, TICKETS), {FieldName("status"): "new"}, times)
        crm.clock.jump(datetime.now(UTC))
        yield crm, space, frozenset(records)


def small_batches(config: Path) -> None:
    """A few tickets a transaction, so that a kill falls between two of them."""
    settings = json.loads(config.read_text())
    config.write_text(json.dumps(settings | {"batch": 5}))


def test_five_kills_lose_nothing_and_double_nothing(staged):
    crm, space, records = staged
    daemon = DaemonProcess(config=space.config, environment=space.environment, log=space.folder / "daemon.log")
    store = SqliteStore(space.folder / "state" / "state.db")
    try:
        observer = Observer(store=store, records=records, daemon=daemon, say=print, show=print)
        settled = observer.watch(kills=KILLS, chance=random.Random(11))
        assert daemon.alive, daemon.last_words()
        refused = subprocess.run(
            [sys.executable, "-m", "connector.cli.main", "run", "--config", str(space.config)],
            env={**os.environ, **space.environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert daemon.stop() == 0, daemon.last_words()
    finally:
        daemon.kill()
    assert daemon.kills == KILLS
    assert refused.returncode == 1
    assert "another daemon (process" in refused.stderr
    assert settled.dispositions.keys() == records
    written = [
        line for line in crm.org.log.entries() if (line.kind, line.actor, line.field) == ("write", "agent", crm.field)
    ]
    assert len(written) == len({line.record for line in written}) == settled.count("auto")
    assert settled.count("auto") > TICKETS / 2
    with store.snapshot() as tx:
        found = verify(tx, journal_key(space.folder / "state"), kept_heads(space.folder / "journal-heads.txt"))
        left = departures_since(tx, crm.clock.now().date() - timedelta(days=1))
    assert found.problems == ()
    assert (found.unsealed, found.seals > 0) == (0, True)
    assert {(one.host, one.purpose, one.on_behalf) for one in left} == {("127.0.0.1", Purpose.CRM, "crm")}
    assert sum(one.requests for one in left) > 10, "what left the machine is in the ledger, but for the last half minutes"
    store.close()
    database = sqlite3.connect(space.folder / "state" / "state.db")
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()


class SetClock(datetime):
    """The time of this machine as somebody sets it; everything of ours reads it, the scheduler too."""

    off = timedelta(0)

    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) + cls.off


def test_a_clock_set_back_an_hour_and_forward_a_day_under_the_service_loses_and_doubles_nothing(staged, monkeypatch):
    crm, space, records = staged
    monkeypatch.setattr(SetClock, "off", timedelta(0))
    for place in ("connector.clock.datetime", "apscheduler.schedulers.base.datetime"):
        monkeypatch.setattr(place, SetClock)
    everything = set(records)

    def written() -> list[str]:
        lines = crm.org.log.entries()
        return [line.record for line in lines if (line.kind, line.actor, line.field) == ("write", "agent", crm.field)]

    def dealt_with() -> set[str]:
        with store.snapshot() as tx:
            return {row["record"] for row in tx.rows("SELECT record FROM decision_decisions")}

    def wait_until(holds) -> None:
        deadline = time.monotonic() + 120
        while not holds():
            assert time.monotonic() < deadline, f"{len(dealt_with())} of {len(everything)} decided"
            assert service.is_alive()
            time.sleep(0.05)

    state = space.folder / "state"
    with _open_road(space.config, space.environment) as pipeline, closing(SqliteStore(state / "state.db")) as store:
        daemon = Daemon(
            pipeline=pipeline, log=Quiet(), poll=timedelta(seconds=1), batch=5, key=journal_key(state),
            heads=space.folder / "journal-heads.txt", reload=lambda: None, upkeep=lambda: None,
        )
        service = threading.Thread(target=daemon.run)
        service.start()
        try:
            for off in (timedelta(hours=-1), timedelta(days=1), timedelta(0)):
                wait_until(lambda: len(written()) > len(everything) // 4)
                SetClock.off = off
                more = crm.arrive(
                    messages(random.Random(str(off)), 10), {FieldName("status"): "new"}, [crm.clock.now()] * 10
                )
                everything.update(more)
                wait_until(lambda: everything <= dealt_with())
        finally:
            daemon.stop()
            service.join(60)
    assert daemon._failure is None
    done = written()
    assert len(done) == len(set(done)) > len(everything) / 2


def test_every_edit_between_read_and_write_is_kept_journaled_and_explained(staged):
    """Reps edit as our writes go out: their values stand, and the story of each record tells whose value stayed."""
    crm, space, records = staged
    daemon = DaemonProcess(config=space.config, environment=space.environment, log=space.folder / "daemon.log")
    store = SqliteStore(space.folder / "state" / "state.db")
    edits = RepEdits(crm=crm, records=records, options=CATEGORIES, wanted=EDITS, chance=random.Random(5))
    edits.start(expected_writes=TICKETS // 2)
    try:
        observer = Observer(store=store, records=records, daemon=daemon, say=print, show=print)
        settled = observer.watch(kills=0, chance=random.Random(3))
        assert daemon.stop() == 0, daemon.last_words()
    finally:
        daemon.kill()
    assert len(edits.made) == EDITS
    against = {record for record, value in edits.made.items() if settled.proposals[record][0] != value}
    assert len(against) > EDITS / 3, "an edit to the very value we wrote is no loss for anybody; the others are"
    with store.snapshot() as tx:
        for record, value in edits.made.items():
            assert crm.value(record) == value
            story = story_of(tx, RecordRef(ConnectionName("crm"), ObjectType.TICKET, record), "category")
            [told] = story.fields
            assert told.value == display(value)
            if record in against:
                assert told.whose.startswith("somebody else's")
                assert EntryKind.CONFLICTED in {step.kind for step in story.steps}
    store.close()
