"""A hint begins the next round: nobody waits for a tick."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest

from connector.change.hints import take_hints
from connector.daemon import Daemon, daemon
from connector.journal import EntryKind
from tests.conformance.kept import Quiet
from tests.support.road import DESKS, Road

PATIENCE = 120.0  # seconds, for a very slow machine


@pytest.fixture
def road(tmp_path):
    made = Road(DESKS["hubspot"](), tmp_path)
    made.activate()
    yield made
    made.store.close()


@pytest.fixture
def service(road, monkeypatch, tmp_path):
    """A running daemon that would look again tomorrow."""
    for tick in ("WORK", "SEAL", "RELOAD", "COUNT", "BACKFILL", "FILL", "UPKEEP", "LEARN", "RECONCILE"):
        monkeypatch.setattr(daemon, tick, timedelta(days=1))
    made = Daemon(
        pipeline=road.pipeline, log=Quiet(), poll=timedelta(days=1), batch=10, key=b"k", heads=tmp_path / "heads",
        reload=lambda: None, upkeep=lambda: None,
    )  # fmt: skip
    thread = threading.Thread(target=made.run)
    thread.start()
    yield made
    made.stop()
    thread.join()


def hinted(road):
    """A ticket that only the hint tells of."""
    with road.desk.org.lock:
        ticket = road.ticket("Charged twice")
    take_hints(road.store, [ticket], at=road.clock.now())
    return ticket


def is_decided(road, ticket):
    end = time.monotonic() + PATIENCE
    while EntryKind.DECIDED not in road.story(ticket):
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def test_every_call_begins_a_round_at_once(road, service):
    for _ in range(6):  # more than there are first ticks, each of which would find one
        ticket = hinted(road)
        service.wake()
        assert is_decided(road, ticket)


def test_a_call_after_the_end_and_many_at_once_do_no_harm(road, service):
    for _ in range(200):
        service.wake()
    ticket = hinted(road)
    service.wake()
    assert is_decided(road, ticket)
    service.stop()
    service.wake()
