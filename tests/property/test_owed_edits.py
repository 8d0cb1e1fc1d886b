"""Edits that our write ran over and that the CRM will not take back, however often it is asked: a person is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.conformance.bridge import FaceTransport
from adapters.sandbox.faults import Faults
from connector.adapter import HttpRequest, HttpResponse
from connector.gate import handoffs
from connector.pipeline import Round
from connector.simulation.checker import check
from connector.simulation.evidence import journal_export
from connector.simulation.wire import writes
from connector.writeback.settle import RETRIES
from tests.property.quiet_road import QuietRoad


@pytest.mark.parametrize("fault", ["http_403", "write_ignored"])
def test_a_person_is_told_of_an_edit_that_the_crm_never_takes_back(tmp_path: Path, fault: str) -> None:
    road = QuietRoad(tmp_path)
    ticket = _overrun(road)
    wire = road.alive.wires[road.crm.connection]
    wire._inner = _Refusing(wire._inner, road.crm.faults, fault)
    road.rounds(RETRIES + 8, seconds=300)
    assert road.value(ticket, "priority") == "high"  # ours: theirs could not be put back
    assert road.crm.faults.counts[fault] >= RETRIES
    with road.alive.store.snapshot() as tx:
        (told,) = handoffs.listed(tx)
    assert str(told.ref) == str(road.ref(ticket))
    assert f"crm-connector explain {road.ref(ticket)} priority" in told.summary
    assert "low" not in told.summary  # a message may leave the machine; the value stays where it is kept
    handed = [entry for entry in journal_export(road.alive.store) if entry["kind"] == "handed_off"]
    assert [entry["body"]["handoff"] for entry in handed] == [told.id]
    assert [str(found) for found in check(road._finished())] == []


def test_the_record_is_written_again_after_a_person_was_told(tmp_path: Path) -> None:
    road = QuietRoad(tmp_path)
    ticket = _overrun(road)
    wire = road.alive.wires[road.crm.connection]
    inner, wire._inner = wire._inner, _Refusing(wire._inner, road.crm.faults, "http_403")
    road.rounds(RETRIES + 8, seconds=300)
    wire._inner = inner
    road.edit(ticket, subject="crash now", priority="high")
    road.rounds(8)
    assert road.value(ticket, "priority") == "normal"


def _overrun(road: QuietRoad) -> str:
    """A ticket in which a rep chose `low` in the very moment of our write."""
    ticket = road.ticket(subject="login broken")
    road._pass(200)
    process = road.alive
    process.road.capture(road.crm.connection, Round())
    process.road.deciding.step(process.road.policies)
    wire = process.wires[road.crm.connection]

    def first() -> None:
        wire.before_write = None
        road.edit(ticket, priority="low")

    wire.before_write = first
    process.road.writeback.step()
    assert road.value(ticket, "priority") == "high"
    return ticket


class _Refusing(FaceTransport):
    """A way to a CRM that answers every read and refuses every write."""

    def __init__(self, inner: FaceTransport, faults: Faults, fault: str) -> None:
        self._alive, self._faults, self._fault = inner, faults, fault

    def send(self, request: HttpRequest) -> HttpResponse:
        if not writes(request):
            return self._alive.send(request)
        self._faults.set(self._fault, 1.0)
        try:
            return self._alive.send(request)
        finally:
            self._faults.heal()
