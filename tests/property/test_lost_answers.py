"""Writes whose answer was lost in a crash, and what a person did before anybody could look: told as short stories."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.conformance.bridge import FaceTransport
from adapters.sandbox.salesforce.objects_setup import TRACKED
from connector.action import encode_action
from connector.adapter import HttpRequest, HttpResponse
from connector.gate import approvals
from connector.gate.approval import Approval
from connector.revert import Selection, revert
from connector.simulation.checker import check
from connector.simulation.crash import SimulatedCrash
from connector.simulation.evidence import journal_export
from connector.simulation.policies import simple_policy
from connector.simulation.process import Process
from connector.simulation.wire import writes
from tests.property.quiet_road import QuietRoad

SYSTEMS = pytest.mark.parametrize("system", ["hubspot", "salesforce"])


@SYSTEMS
def test_a_write_that_a_person_undid_before_we_knew_of_it_is_not_repeated(tmp_path: Path, system: str) -> None:
    road = QuietRoad(tmp_path, _category_alone(), system=system)
    ticket = road.ticket(subject="login broken")
    _die_after_the_next_write(road)
    road.rounds(1)
    assert road.value(ticket, "category") == road.crm.natives.categories[1]
    road._pass(20)
    road.edit(ticket, category=None)
    road.rounds(12)
    assert road.value(ticket, "category") is None
    assert _category_writes(road, ticket) == [road.crm.natives.categories[1]]
    assert _told_of(road, ticket) == ["allowed", "unknown", "applied"]
    assert _questions(road) == []
    assert [str(found) for found in check(road._finished())] == []


@pytest.fixture
def untracked(monkeypatch: pytest.MonkeyPatch) -> None:
    """An org that keeps no history of what the road writes."""
    monkeypatch.setitem(TRACKED, "Case", ("Subject",))


@pytest.mark.usefixtures("untracked")
@pytest.mark.parametrize("arrived", [True, False], ids=["it arrived", "it never arrived"])
def test_where_no_history_tells_a_person_is_asked_before_anything_is_written_twice(tmp_path: Path, arrived: bool) -> None:
    road = QuietRoad(tmp_path, _category_alone(), system="salesforce")
    ticket = road.ticket(subject="login broken")
    _die_after_the_next_write(road, arrives=arrived)
    road.rounds(1)
    road._pass(20)
    road.edit(ticket, category=None, priority="low")  # of a write that arrived the person undoes it; else it is any edit
    road.rounds(12)
    assert road.value(ticket, "category") is None
    ours = [road.crm.natives.categories[1]]
    assert _category_writes(road, ticket) == ours * arrived
    assert _told_of(road, ticket) == ["allowed", "unknown", "stale"]
    (asked,) = _questions(road)
    assert asked.remark is not None
    assert "may have arrived and been undone" in asked.remark
    road.reviewers.said.append({"intent": asked.intent, "verdict": "approve", "action": encode_action(asked.action)})
    road.alive.road.people.approve(asked.id, by="ann")
    road.rounds()
    assert _category_writes(road, ticket) == ours * arrived + ours
    assert [str(found) for found in check(road._finished())] == []


def test_a_record_is_not_blocked_for_ever_by_a_write_whose_traces_fell_off_the_history(tmp_path: Path) -> None:
    road = QuietRoad(tmp_path, _category_alone())
    ticket = road.ticket(subject="login broken")
    _die_after_the_next_write(road)
    road.rounds(1)
    theirs = road.crm.natives.categories[0]
    road.edit(ticket, category=theirs)
    road.crm.faults.set("shallow_history", 1.0)  # a workflow has set the field more often than HubSpot remembers
    road.rounds(4)
    road.crm.faults.heal()
    assert _told_of(road, ticket) == ["allowed", "unknown", "conflicted"]
    assert road.value(ticket, "category") == theirs
    road.edit(ticket, subject="crash now")
    road.rounds()
    assert _told_of(road, ticket)[3:] == ["allowed", "applied"]


@pytest.mark.usefixtures("untracked")
def test_an_undo_that_nobody_can_tell_of_is_left_to_whoever_asked_for_it(tmp_path: Path) -> None:
    road = QuietRoad(tmp_path, _category_alone(), system="salesforce")
    ticket = road.ticket(subject="login broken")
    road.rounds()
    ours = road.value(ticket, "category")
    _undo(road, road.alive)
    _die_after_the_next_write(road)
    road.rounds(1)
    assert road.value(ticket, "category") is None
    road._pass(20)
    road.edit(ticket, category=ours)  # somebody wants it after all
    road.rounds(12)
    assert road.value(ticket, "category") == ours
    assert _told_of(road, ticket)[-2:] == ["unknown", "conflicted"]
    assert "undo it again" in str(journal_export(road.alive.store)[-1]["body"]["why"])
    assert [str(found) for found in check(road._finished())] == []


@pytest.mark.usefixtures("untracked")
def test_a_write_in_doubt_whose_evidence_moved_is_decided_anew_and_nobody_is_asked(tmp_path: Path) -> None:
    road = QuietRoad(tmp_path, _category_alone(), system="salesforce")
    ticket = road.ticket(subject="login broken")
    _die_after_the_next_write(road, arrives=False)
    road.rounds(1)
    road._pass(20)
    road.edit(ticket, subject="crash now")
    road.rounds(12)
    assert _category_writes(road, ticket) == [road.crm.natives.categories[1]]
    assert _questions(road) == []
    assert [str(found) for found in check(road._finished())] == []


@SYSTEMS
def test_a_write_that_never_arrived_is_sent_after_a_crash_and_the_journal_told_of_the_doubt(
    tmp_path: Path, system: str
) -> None:
    road = QuietRoad(tmp_path, _category_alone(), system=system)
    ticket = road.ticket(subject="login broken")
    _die_after_the_next_write(road, arrives=False)
    road.rounds(12)
    assert _category_writes(road, ticket) == [road.crm.natives.categories[1]]
    assert _told_of(road, ticket) == ["allowed", "unknown", "applied"]
    assert [str(found) for found in check(road._finished())] == []


@SYSTEMS
def test_an_undo_waits_for_what_became_of_a_later_write_of_the_field(tmp_path: Path, system: str) -> None:
    road = QuietRoad(tmp_path, _category_alone(), system=system)
    ticket = road.ticket(subject="hello there")
    road.rounds()
    first = road.value(ticket, "category")
    assert first is not None
    road.edit(ticket, subject="login broken")
    road._pass(200)
    _die_after_the_next_write(road)
    road.rounds(1)
    assert road.value(ticket, "category") not in (None, first)
    road.edit(ticket, category=first)  # ours once, a person's choice now
    road._guarded(lambda process: _undo(road, process))  # nobody has looked for the later write yet
    road.rounds(12)
    assert road.value(ticket, "category") == first
    assert [str(found) for found in check(road._finished())] == []


def test_a_write_that_a_merge_took_away_is_not_taken_for_a_like_one_on_the_survivor(tmp_path: Path) -> None:
    road = QuietRoad(tmp_path, _category_alone())
    theirs, ours = road.crm.natives.categories[:2]
    ticket, other = road.ticket(subject="login broken", category=theirs), road.ticket(subject="unheard of")
    _die_after_the_next_write(road)
    road.rounds(1)
    assert road.value(ticket, "category") == ours
    road.edit(ticket, category=theirs)
    survivor = road.crm.merge_rows(ticket, other).id  # nobody can find out any more whether the write had arrived
    road.rounds(12)
    assert road.value(survivor, "category") == ours
    _undo(road, road.alive)
    road.rounds()
    assert road.value(survivor, "category") == theirs
    assert [str(found) for found in check(road._finished())] == []


def _category_alone() -> dict[str, object]:
    policy = simple_policy()
    policy["may"] = {"update": {"category": {}}}
    return policy


def _undo(road: QuietRoad, process: Process) -> None:
    everything = Selection(policy="triage")
    revert(process.store, process.road.journal, road.clock, process.road.adapters, everything, by="boss")


def _die_after_the_next_write(road: QuietRoad, *, arrives: bool = True) -> None:
    """The process dies in mid-write, after it took effect or before it could leave."""
    wire = road.alive.wires[road.crm.connection]
    wire._inner = _Dying(wire._inner, arrives=arrives)


class _Dying(FaceTransport):
    """A way to the CRM on which the process dies with its first write."""

    def __init__(self, inner: FaceTransport, *, arrives: bool) -> None:
        self._alive, self._arrives = inner, arrives

    def send(self, request: HttpRequest) -> HttpResponse:
        if not writes(request):
            return self._alive.send(request)
        if self._arrives:
            self._alive.send(request)
        raise SimulatedCrash("killed by the test")


def _category_writes(road: QuietRoad, ticket: str) -> list[object]:
    """What our user wrote into the category, by the CRM's own log."""
    natives = road.crm.natives
    place = ("write", "agent", f"{natives.ticket}/{ticket}", natives.fields["category"])
    lines = road.crm.org.log.entries()
    return [line.after for line in lines if (line.kind, line.actor, line.record, line.field) == place]


def _told_of(road: QuietRoad, ticket: str) -> list[str]:
    """The journal's entries about actions on one ticket."""
    told = [entry for entry in journal_export(road.alive.store) if entry["ref"] == str(road.ref(ticket))]
    return [str(entry["kind"]) for entry in told if "action" in (entry["body"] or {})]


def _questions(road: QuietRoad) -> list[Approval]:
    with road.alive.store.snapshot() as tx:
        return list(approvals.listed(tx))
