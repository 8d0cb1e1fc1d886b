"""What the simulation found in the road, told as short stories."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.sandbox.salesforce.objects_setup import TRACKED
from connector.action import encode_action
from connector.adapter import ChangeEvent, ChangeKind, ChangeOrigin
from connector.change import inbox
from connector.gate import approvals
from connector.journal import EntryKind, walk
from connector.pipeline import Round
from connector.revert import Selection, revert
from connector.simulation.checker import check
from connector.simulation.crm import automation_on
from connector.simulation.evidence import texts_in
from connector.simulation.policies import simple_policy
from connector.writeback import outbox
from tests.property.quiet_road import QuietRoad

SYSTEMS = pytest.mark.parametrize("system", ["hubspot", "salesforce"])


@SYSTEMS
def test_a_write_and_the_undoing_of_an_earlier_one_never_share_one_call(tmp_path: Path, system: str) -> None:
    road = QuietRoad(tmp_path, system=system)
    ticket = road.ticket(subject="login broken")  # people give these the highest priority
    road.rounds()
    assert road.value(ticket, "priority") == "high"
    process = road.alive
    road.edit(ticket, subject="crash now")
    road._pass(200)
    process.road.capture(road.crm.connection, Round())
    process.road.deciding.step(process.road.policies)
    revert(process.store, process.road.journal, road.clock, process.road.adapters, Selection(policy="triage"), by="boss")
    road.rounds(30)
    assert [str(found) for found in check(road._finished())] == []


@SYSTEMS
def test_our_own_write_of_a_watched_field_leaves_the_rest_of_the_decision_standing(tmp_path: Path, system: str) -> None:
    policy = simple_policy()
    policy["when"] |= {"fields": ["subject", "priority"]}
    policy["may"] |= {"create_task": {"subject": "Look at this"}}
    road = QuietRoad(tmp_path, policy, system=system)
    ticket = road.ticket(subject="login broken")
    road.rounds()
    assert road.value(ticket, "priority") == "high"
    assert road.tasks(ticket) == 1  # it waits for the priority to be written


@SYSTEMS
def test_a_person_is_not_asked_again_because_of_our_own_write(tmp_path: Path, system: str) -> None:
    policy = simple_policy()
    policy["when"] |= {"fields": ["subject", "priority"]}
    policy["may"]["update"] |= {"category": {"approval": "always"}}
    road = QuietRoad(tmp_path, policy, system=system)
    ticket = road.ticket(subject="login broken")
    road.rounds()
    with road.alive.store.snapshot() as tx:
        (asked,) = approvals.listed(tx)
    road.alive.road.people.approve(asked.id, by="ann")
    road.rounds()
    assert road.value(ticket, "category") == road.crm.natives.categories[1]


def test_a_write_that_failed_on_credentials_is_looked_up_and_done_when_they_are_good_again(tmp_path: Path) -> None:
    road = QuietRoad(tmp_path)
    ticket = road.ticket(subject="login broken")
    road._pass(200)
    process = road.alive
    process.road.capture(road.crm.connection, Round())
    process.road.deciding.step(process.road.policies)
    wire = process.wires[road.crm.connection]
    wire.before_write = lambda: road.crm.faults.set("http_401", 1.0)
    tally = process.road.writeback.step()
    assert len(tally.unreachable) == 1
    wire.before_write = None
    road.crm.faults.heal()
    road.rounds(12)
    assert road.value(ticket, "priority") == "high"


def test_a_value_that_somebody_else_wrote_in_the_same_moment_is_not_reverted_as_ours(tmp_path: Path) -> None:
    road = QuietRoad(tmp_path)
    automation_on(road.crm, "priority", {"low": {"priority": "normal"}})
    ticket = road.ticket(subject="crash now")  # the road wants `normal` too
    road._pass(200)
    road.crm.faults.arm("write_between_read_and_patch")  # a rep says `low`, and the flow makes it `normal`
    road.round()
    assert road.crm.faults.counts["write_between_read_and_patch"] == 1
    assert [str(found) for found in check(road._finished())] == []
    assert road.value(ticket, "priority") == "normal"


@SYSTEMS
def test_a_task_does_not_wait_for_ever_for_an_update_that_lost(tmp_path: Path, system: str) -> None:
    policy = simple_policy()
    policy["may"] |= {"create_task": {"subject": "Look at this"}}
    policy["may"]["update"]["priority"]["conflict"] = "fill_empty"
    road = QuietRoad(tmp_path, policy, system=system)
    ticket = road.ticket(subject="login broken", priority="normal")
    road.rounds()
    assert (road.value(ticket, "priority"), road.tasks(ticket)) == ("normal", 0)
    with road.alive.store.snapshot() as tx:
        assert outbox.counts(tx).get("ready", 0) == 0


@SYSTEMS
def test_a_task_does_not_wait_for_ever_for_an_update_that_a_person_refused(tmp_path: Path, system: str) -> None:
    policy = simple_policy()
    policy["may"] |= {"create_task": {"subject": "Look at this"}}
    policy["may"]["update"]["priority"]["approval"] = "always"
    road = QuietRoad(tmp_path, policy, system=system)
    ticket = road.ticket(subject="login broken")
    road.rounds()
    with road.alive.store.snapshot() as tx:
        (asked,) = approvals.listed(tx)
        assert outbox.counts(tx)["ready"] == 1
    road.alive.road.people.reject(asked.id, by="ann")
    road.rounds()
    with road.alive.store.snapshot() as tx:
        assert outbox.counts(tx).get("ready", 0) == 0
    assert road.tasks(ticket) == 0


@SYSTEMS
def test_a_ticket_that_comes_back_from_the_recycle_bin_is_decided_and_written_again(tmp_path: Path, system: str) -> None:
    road = QuietRoad(tmp_path, system=system)
    ticket = road.ticket(subject="login broken")
    road.rounds()
    process = road.alive
    revert(process.store, process.road.journal, road.clock, process.road.adapters, Selection(policy="triage"), by="boss")
    road.rounds()
    assert road.value(ticket, "priority") != "high"
    road.crm.delete(ticket, rep=road.crm.reps[0])
    road.rounds(12)
    road.crm.undelete(ticket, rep=road.crm.reps[0])
    road.rounds(12)
    assert road.value(ticket, "priority") == "high"
    assert [str(found) for found in check(road._finished())] == []


@SYSTEMS
def test_a_ticket_is_looked_at_once_more_each_time_it_comes_back_from_the_recycle_bin(tmp_path: Path, system: str) -> None:
    road = QuietRoad(tmp_path, system=system)
    ticket = road.ticket(subject="unheard of")  # nobody has taught anything about that word
    road.rounds(8)
    for _ in range(2):
        road.crm.delete(ticket, rep=road.crm.reps[0])
        road.rounds(12)
        road.crm.undelete(ticket, rep=road.crm.reps[0])
        road.rounds(12)
    assert _decisions(road, ticket, "triage") == 3
    assert [str(found) for found in check(road._finished())] == []


def test_two_edits_of_one_millisecond_that_show_one_after_the_other_are_both_looked_at(tmp_path: Path) -> None:
    road = QuietRoad(tmp_path, system="salesforce")
    ticket = road.ticket(subject="hello there")
    road.rounds(8)
    road.edit(ticket, subject="login broken")
    road.crm.faults.arm("late_commit")
    road.edit(ticket, subject="unheard of")
    road.rounds(3, seconds=5)
    road.rounds(12)
    assert road.crm.faults.counts["late_commit"] == 1
    assert _decisions(road, ticket, "triage") == 3
    assert [str(found) for found in check(road._finished())] == []


def test_an_edit_that_commits_late_under_the_stamp_of_an_earlier_one_is_not_lost(tmp_path: Path) -> None:
    road = QuietRoad(tmp_path, system="salesforce")
    ticket = road.ticket(subject="hello there")
    road.rounds(8)
    road.edit(ticket, subject="unheard of")  # no write follows, whose stamp would show the record again
    road.crm.faults.arm("late_commit")
    road.world.advance(timedelta(milliseconds=18))
    road.edit(ticket, subject="login broken")
    road.rounds(1, seconds=3)
    assert _decisions(road, ticket, "triage") == 2  # the first edit was looked at, while the other did not show
    road.rounds(12)
    assert road.value(ticket, "priority") == "high"
    assert [str(found) for found in check(road._finished())] == []


def test_an_edit_that_we_overran_and_put_back_still_counts_as_a_change(tmp_path: Path) -> None:
    policy = simple_policy()
    policy["when"] |= {"fields": ["subject", "priority"]}
    road = QuietRoad(tmp_path, policy)
    road.ticket(subject="login broken")
    road._pass(200)
    road.crm.faults.arm("write_between_read_and_patch")
    road.rounds(20)
    assert road.crm.faults.counts["write_between_read_and_patch"] == 1
    assert [str(found) for found in check(road._finished())] == []


def test_an_undo_goes_newest_first_even_when_the_clock_was_set_back_in_between(tmp_path: Path) -> None:
    road = QuietRoad(tmp_path)
    ticket = road.ticket(subject="login broken")
    road.rounds()
    road.clock.skew = -timedelta(hours=1)
    road.edit(ticket, subject="crash now")
    road.rounds()
    assert road.value(ticket, "priority") == "normal"
    process = road.alive
    selection = Selection(policy="triage")
    revert(process.store, process.road.journal, road.clock, process.road.adapters, selection, by="boss")
    road.rounds()
    assert road.value(ticket, "priority") is None


def test_a_look_for_one_policy_hides_no_change_from_another(tmp_path: Path) -> None:
    sorting, urgency = simple_policy("sorting"), simple_policy("urgency")
    sorting["may"] = {"update": {"category": {}}}
    urgency["may"] = {"update": {"priority": {}}}
    road = QuietRoad(tmp_path, sorting, urgency)
    ticket = road.ticket(subject="login broken")
    road.rounds()
    road.edit(ticket, subject="crash now")
    event = ChangeEvent(
        ref=road.ref(ticket), kind=ChangeKind.BACKFILL, origin=ChangeOrigin.BACKFILL, occurred_at=road.world.now(),
        slot="urgency",
    )
    with road.alive.store.transaction("test: one policy is to look") as tx:
        inbox.put(tx, [event], run="again")
    road.alive.road.deciding.step(road.alive.road.policies)
    road.rounds(12)
    assert (road.value(ticket, "priority"), road.value(ticket, "category")) == ("normal", road.crm.natives.categories[1])
    assert [str(found) for found in check(road._finished())] == []


def _decisions(road: QuietRoad, ticket: str, policy: str) -> int:
    with road.alive.store.snapshot() as tx:
        entries = [stored.entry for stored in walk(tx)]
    return sum(
        entry.kind in (EntryKind.DECIDED, EntryKind.NOT_ENOUGH) and entry.ref == road.ref(ticket) and entry.policy == policy
        for entry in entries
    )


def _once_before_a_write(road: QuietRoad, happens: Callable[[], None]) -> None:
    """Somebody acts in the moment of our next write."""
    wire = road.alive.wires[road.crm.connection]

    def first() -> None:
        wire.before_write = None
        happens()

    wire.before_write = first


@SYSTEMS
@pytest.mark.parametrize("theirs", ["normal", "low"])
def test_an_edit_that_our_write_replaced_unseen_is_looked_at_by_the_other_policy(
    tmp_path: Path, system: str, theirs: str
) -> None:
    sorting, urgency = simple_policy("sorting"), simple_policy("urgency")
    sorting["when"] |= {"fields": ["subject", "priority"]}
    sorting["may"] = {"update": {"category": {"approval": "always"}}}
    urgency["may"] = {"update": {"priority": {"conflict": "agent_owned"}}}
    road = QuietRoad(tmp_path, sorting, urgency, system=system)
    ticket = road.ticket(subject="crash now", priority="high")
    road._pass(200)
    _once_before_a_write(road, lambda: road.edit(ticket, priority=theirs))
    road.rounds(8)
    assert _decisions(road, ticket, "sorting") == 2


def test_a_change_made_while_a_watched_field_is_hidden_waits_until_it_is_back(tmp_path: Path) -> None:
    road = QuietRoad(tmp_path, system="salesforce")
    ticket = road.ticket(subject="login broken")
    road.rounds()
    org = road.crm.org
    shown = org.schema.objects["Case"].fields["Subject"]
    road.edit(ticket, subject="crash now")
    org.add_field("Case", replace(shown, hidden=True))
    road.rounds(20)
    assert road.value(ticket, "priority") == "high"
    assert any("ticket.subject" in line and "policies watch it" in line for line in road.log.lines)
    org.add_field("Case", shown)
    road.rounds(20)
    assert road.value(ticket, "priority") == "normal"
    assert [str(found) for found in check(road._finished())] == []


@SYSTEMS
def test_a_second_look_for_one_policy_is_not_followed_by_a_third(tmp_path: Path, system: str) -> None:
    policy = simple_policy()
    policy["when"] |= {"fields": ["subject", "priority"]}
    road = QuietRoad(tmp_path, policy, system=system)
    ticket = road.ticket(subject="hello there")
    road._pass(200)
    process = road.alive
    process.road.capture(road.crm.connection, Round())
    process.road.deciding.step(process.road.policies)
    road.edit(ticket, subject="login broken")
    for _ in range(3):  # the next poll is late: what moved is found by comparing, and decided again at once
        road._pass(5)
        process.road.writeback.step()
        process.road.deciding.step(process.road.policies)
    road.rounds(8)
    assert road.value(ticket, "priority") == "high"
    assert _decisions(road, ticket, "triage") == 2
    assert [str(found) for found in check(road._finished())] == []


@SYSTEMS
def test_an_undo_leaves_a_value_that_a_person_chose_even_if_we_had_written_it_before(tmp_path: Path, system: str) -> None:
    road = QuietRoad(tmp_path, system=system)
    ticket = road.ticket(subject="hello there", priority="high")
    road.rounds()
    assert road.value(ticket, "priority") == "low"
    road.edit(ticket, subject="crash now")
    road.rounds()
    assert road.value(ticket, "priority") == "normal"
    road.edit(ticket, priority="low")  # ours once, theirs now
    road.rounds()
    process = road.alive
    revert(process.store, process.road.journal, road.clock, process.road.adapters, Selection(policy="triage"), by="boss")
    road.rounds(12)
    assert road.value(ticket, "priority") == "low"
    assert [str(found) for found in check(road._finished())] == []


def test_an_undo_leaves_what_a_flow_made_of_an_edit_that_our_write_met(tmp_path: Path) -> None:
    policy = simple_policy()
    policy["may"]["update"]["priority"]["conflict"] = "agent_owned"
    road = QuietRoad(tmp_path, policy)
    automation_on(road.crm, "priority", {"low": {"priority": "normal"}})
    ticket = road.ticket(subject="crash now")
    road.rounds()
    assert road.value(ticket, "priority") == "normal"
    road.edit(ticket, subject="hello there")  # the road wants `low` now, and the flow makes it `normal`
    road._pass(200)
    _once_before_a_write(road, lambda: road.edit(ticket, priority="high"))
    road.rounds(8)
    process = road.alive
    revert(process.store, process.road.journal, road.clock, process.road.adapters, Selection(policy="triage"), by="boss")
    road.rounds(12)
    assert road.value(ticket, "priority") == "normal"
    assert [str(found) for found in check(road._finished())] == []


@SYSTEMS
def test_an_undo_goes_past_a_later_decision_that_left_our_value_where_it_was(tmp_path: Path, system: str) -> None:
    policy = simple_policy()
    policy["may"] = {"update": {"category": {"conflict": "fill_empty"}}}
    road = QuietRoad(tmp_path, policy, system=system)
    ticket = road.ticket(subject="hello there")
    road.rounds()
    road.edit(ticket, subject="login broken")  # another category, but the field is not empty any more
    road.rounds()
    process = road.alive
    revert(process.store, process.road.journal, road.clock, process.road.adapters, Selection(policy="triage"), by="boss")
    road.rounds()
    assert road.value(ticket, "category") is None


def test_an_undo_goes_past_a_write_that_a_flow_took_back_at_once(tmp_path: Path) -> None:
    road = QuietRoad(tmp_path)
    automation_on(road.crm, "priority", {"low": {"priority": "normal"}})
    ticket = road.ticket(subject="crash now")
    road.rounds()
    assert road.value(ticket, "priority") == "normal"
    road.edit(ticket, subject="hello there")  # the road wants `low` now, and the flow keeps `normal`
    road.rounds()
    process = road.alive
    revert(process.store, process.road.journal, road.clock, process.road.adapters, Selection(policy="triage"), by="boss")
    road.rounds(12)
    assert road.value(ticket, "priority") is None
    assert [str(found) for found in check(road._finished())] == []


def test_an_undo_of_values_that_alternate_takes_them_back_one_by_one(tmp_path: Path) -> None:
    road = QuietRoad(tmp_path)
    ticket = road.ticket(subject="login broken", priority="low")
    for subject, priority in (("login again", "high"), ("hello again", "low"), ("login at last", "high")):
        road.edit(ticket, subject=subject)
        road.rounds()
        assert road.value(ticket, "priority") == priority
    process = road.alive
    revert(process.store, process.road.journal, road.clock, process.road.adapters, Selection(policy="triage"), by="boss")
    road.rounds(12)
    assert road.value(ticket, "priority") == "low"
    assert [str(found) for found in check(road._finished())] == []


def test_an_edit_taken_back_within_a_millisecond_and_another_between_two_polls_are_no_change(tmp_path: Path) -> None:
    policy = simple_policy()
    policy["when"] |= {"fields": ["subject", "priority"]}
    road = QuietRoad(tmp_path, policy)
    ticket = road.ticket(subject="login broken")
    road.rounds(8)
    for subject in ("login for a moment", "login broken", "crash for a moment"):
        road.edit(ticket, subject=subject)
    road._pass(30)
    road.edit(ticket, subject="login broken")
    road.rounds(8)
    assert _decisions(road, ticket, "triage") == 1
    assert [str(found) for found in check(road._finished())] == []


def test_an_undo_stops_at_the_value_that_a_person_set_while_it_was_under_way(tmp_path: Path) -> None:
    road = QuietRoad(tmp_path)
    ticket = road.ticket(subject="login broken")
    road.rounds()
    road.edit(ticket, subject="crash now")
    road.rounds()
    assert road.value(ticket, "priority") == "normal"  # empty, then high, then normal
    process = road.alive
    revert(process.store, process.road.journal, road.clock, process.road.adapters, Selection(policy="triage"), by="boss")
    road.edit(ticket, priority="high")  # what the first step of the undo was to bring back
    road.rounds(12)
    assert road.value(ticket, "priority") == "high"
    with process.store.snapshot() as tx:
        assert outbox.counts(tx).get("ready", 0) == 0
    assert [str(found) for found in check(road._finished())] == []


def test_an_edit_that_we_overran_is_put_back_even_if_the_record_is_decided_again_first(tmp_path: Path) -> None:
    road = QuietRoad(tmp_path)
    ticket = road.ticket(subject="login broken")
    road._pass(200)
    process = road.alive
    process.road.capture(road.crm.connection, Round())
    process.road.deciding.step(process.road.policies)
    _once_before_a_write(road, lambda: road.edit(ticket, priority="low"))
    process.road.writeback.step()
    assert road.value(ticket, "priority") == "high"  # for a moment
    road.edit(ticket, subject="broken login")  # nobody has taught anything about that word
    road._pass(60)
    process.road.capture(road.crm.connection, Round())
    process.road.deciding.step(process.road.policies)
    road.rounds()
    assert road.value(ticket, "priority") == "low"
    assert [str(found) for found in check(road._finished())] == []


@SYSTEMS
def test_an_undo_is_carried_out_even_if_the_record_is_decided_again_first(tmp_path: Path, system: str) -> None:
    road = QuietRoad(tmp_path, system=system)
    ticket = road.ticket(subject="login broken")
    before = road.value(ticket, "priority")
    road.rounds()
    process = road.alive
    revert(process.store, process.road.journal, road.clock, process.road.adapters, Selection(policy="triage"), by="boss")
    road.edit(ticket, subject="broken login")
    road._pass(60)
    process.road.capture(road.crm.connection, Round())
    process.road.deciding.step(process.road.policies)
    road.rounds()
    assert (road.value(ticket, "priority"), road.value(ticket, "category")) == (before, None)


@pytest.mark.parametrize("fault", ["http_403", "write_ignored"])
def test_a_putting_back_that_fails_for_a_moment_is_tried_again(tmp_path: Path, fault: str) -> None:
    road = QuietRoad(tmp_path)
    ticket = road.ticket(subject="login broken")
    road._pass(200)
    process = road.alive
    process.road.capture(road.crm.connection, Round())
    process.road.deciding.step(process.road.policies)
    _once_before_a_write(road, lambda: road.edit(ticket, priority="low"))
    process.road.writeback.step()
    assert road.value(ticket, "priority") == "high"  # for a moment
    wire = process.wires[road.crm.connection]
    wire.before_write = lambda: road.crm.faults.set(fault, 1.0)
    process.road.writeback.step()
    assert road.crm.faults.counts[fault] > 0
    wire.before_write = None
    road.crm.faults.heal()
    road.rounds(12)
    assert road.value(ticket, "priority") == "low"


@SYSTEMS
def test_a_decision_is_made_again_when_a_person_takes_back_a_value_it_rested_on(tmp_path: Path, system: str) -> None:
    policy = simple_policy()
    policy["when"] |= {"fields": ["subject", "priority"]}
    road = QuietRoad(tmp_path, policy, system=system)
    ticket = road.ticket(subject="hello there")
    road.rounds()
    assert road.value(ticket, "priority") == "low"
    process = road.alive
    revert(process.store, process.road.journal, road.clock, process.road.adapters, Selection(policy="triage"), by="boss")
    road.edit(ticket, subject="crash now")
    road._pass(60)
    process.road.capture(road.crm.connection, Round())
    process.road.deciding.step(process.road.policies)
    road.rounds(12)
    assert _decisions(road, ticket, "triage") == 3
    assert road.value(ticket, "priority") == "normal"
    assert [str(found) for found in check(road._finished())] == []


def test_of_two_writes_that_a_flow_took_back_each_is_judged_by_its_own_evidence(tmp_path: Path) -> None:
    policy = simple_policy()
    policy["when"] |= {"fields": ["subject", "description"]}
    road = QuietRoad(tmp_path, policy, system="salesforce")
    automation_on(road.crm, "priority", {"low": {"priority": "normal"}})
    ticket = road.ticket(subject="hello there", description="one", priority="normal")
    road._pass(200)
    _once_before_a_write(road, lambda: road.crm.faults.arm("truncated_json"))  # the answer is lost, the write is not
    road.rounds(8)
    road.edit(ticket, description="two")
    road._pass(400)
    road.rounds()  # it asks now, since the flow's hand counts as a correction
    with road.alive.store.snapshot() as tx:
        (asked,) = approvals.listed(tx)
    road.alive.road.people.approve(asked.id, by="ann")
    road.rounds()
    assert [str(found) for found in check(road._finished())] == []


def test_an_undo_that_met_an_edit_is_not_tried_again_on_the_value_that_a_person_chose(tmp_path: Path) -> None:
    policy = simple_policy()
    policy["may"]["update"]["priority"]["on_overwrite"] = "ask"
    road = QuietRoad(tmp_path, policy)
    ticket = road.ticket(subject="login broken")
    road.rounds()
    assert road.value(ticket, "priority") == "high"
    process, everything = road.alive, Selection(policy="triage")
    revert(process.store, process.road.journal, road.clock, process.road.adapters, everything, by="boss")
    road._pass(60)
    _once_before_a_write(road, lambda: road.edit(ticket, priority="low"))
    road.rounds()
    assert road.value(ticket, "priority") == "low"  # put back
    with process.store.snapshot() as tx:
        assert approvals.listed(tx) == []  # nobody is asked to do once more what was to be undone
    road.edit(ticket, priority="high")  # what we had written, and theirs now
    road.rounds()
    revert(process.store, process.road.journal, road.clock, process.road.adapters, everything, by="boss")
    road.rounds()
    assert road.value(ticket, "priority") == "high"
    assert [str(found) for found in check(road._finished())] == []


def test_a_write_that_was_sent_and_given_up_stands_in_the_journal_with_what_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TRACKED, "Case", ())  # no history tells that our write had arrived
    road = QuietRoad(tmp_path, system="salesforce")
    automation_on(road.crm, "priority", {"low": {"priority": "normal"}})
    road.edit(ticket := road.ticket(subject="hello there"), category=road.crm.natives.categories[3])
    road._pass(200)
    process = road.alive
    process.road.capture(road.crm.connection, Round())
    process.road.deciding.step(process.road.policies)
    _once_before_a_write(road, lambda: road.crm.faults.arm("truncated_json"))
    process.road.writeback.step()
    road._pass(60)
    road.edit(ticket, subject="login broken")  # before anybody looks again: the flow has left no trace of our write
    process.road.writeback.step(limit=0)
    road._pass(60)
    process.road.capture(road.crm.connection, Round())
    process.road.deciding.step(process.road.policies)
    road.rounds()
    assert road.value(ticket, "priority") == "high"
    assert [str(found) for found in check(road._finished())] == []


def test_a_ticket_that_went_in_a_merge_whose_survivor_was_deleted_leaves_the_index(tmp_path: Path) -> None:
    policy = simple_policy(reason={"tier": "offline", "searches": 2})
    policy["may"] = {"update": {"priority": {"approval": "always"}}}
    road = QuietRoad(tmp_path, policy)
    ticket, other = road.ticket(subject="login broken"), road.ticket(subject="unheard of")
    road.rounds()
    with road.alive.store.snapshot() as tx:
        (asked,) = approvals.listed(tx)
    road.crm.delete(road.crm.merge_rows(ticket, other).id, rep=road.crm.reps[0])  # no listing tells of `ticket` any more
    road.alive.road.people.approve(asked.id, by="ann")
    assert texts_in(road.machine.index, road.machine.crms)["crm"].get(ticket)
    road.rounds(8)
    assert not texts_in(road.machine.index, road.machine.crms)["crm"].get(ticket)
    assert [str(found) for found in check(road._finished())] == []


def test_a_search_that_shows_nothing_after_a_long_outage_loses_no_change(tmp_path: Path) -> None:
    road = QuietRoad(tmp_path)
    ticket = road.ticket(subject="login broken")
    road._pass(2 * 3600)  # nobody could reach the CRM
    road.crm.faults.arm("search_empty")
    road.rounds(8)
    assert road.crm.faults.counts["search_empty"] == 1
    assert road.value(ticket, "priority") == "high"


def test_two_searches_that_show_nothing_with_a_long_outage_between_lose_no_change(tmp_path: Path) -> None:
    road = QuietRoad(tmp_path)
    ticket = road.ticket(subject="login broken")
    for _ in range(2):
        road.crm.faults.arm("search_empty")
        road.rounds(1)
        road._pass(2 * 3600)  # nobody could reach the CRM
    road.rounds(8)
    assert road.crm.faults.counts["search_empty"] == 2
    assert road.value(ticket, "priority") == "high"


@SYSTEMS
def test_an_undo_of_what_a_person_agreed_to_asks_nobody_when_the_field_moved_again(tmp_path: Path, system: str) -> None:
    policy = simple_policy()
    policy["may"] = {"update": {"category": {"approval": "always"}}}
    road = QuietRoad(tmp_path, policy, system=system)
    categories, ticket = road.crm.natives.categories, road.ticket(subject="hello there")
    road.rounds()
    process = road.alive
    with process.store.snapshot() as tx:
        (asked,) = approvals.listed(tx)
    process.road.people.approve(asked.id, by="ann")
    road.rounds()
    assert road.value(ticket, "category") == categories[3]
    revert(process.store, process.road.journal, road.clock, process.road.adapters, Selection(policy="triage"), by="boss")
    road.edit(ticket, category=categories[0])
    road.rounds()
    assert road.value(ticket, "category") == categories[0]
    with process.store.snapshot() as tx:
        assert approvals.listed(tx) == []


def test_a_ticket_that_went_in_a_merge_leaves_the_index_when_the_survivor_is_deleted(tmp_path: Path) -> None:
    road = QuietRoad(tmp_path, simple_policy(reason={"tier": "offline", "searches": 2}))
    ticket, other = road.ticket(subject="login broken"), road.ticket(subject="unheard of")
    road.rounds()
    assert texts_in(road.machine.index, road.machine.crms)["crm"].get(ticket)
    road.crm.delete(road.crm.merge_rows(ticket, other).id, rep=road.crm.reps[0])  # between two polls, and nothing is open
    road.rounds(8)
    assert not texts_in(road.machine.index, road.machine.crms)["crm"].get(ticket)
    assert [str(found) for found in check(road._finished())] == []


def test_a_question_about_an_edit_we_overran_is_answered_on_that_edit_even_while_it_is_being_put_back(
    tmp_path: Path,
) -> None:
    policy = simple_policy()
    policy["may"] = {"update": {"priority": {"on_overwrite": "ask"}}}
    road = QuietRoad(tmp_path, policy)
    ticket = road.ticket(subject="login broken")
    road._pass(200)
    process = road.alive
    process.road.capture(road.crm.connection, Round())
    process.road.deciding.step(process.road.policies)
    _once_before_a_write(road, lambda: road.edit(ticket, priority="low"))
    process.road.writeback.step()
    assert road.value(ticket, "priority") == "high"  # for a moment
    with process.store.snapshot() as tx:
        (asked,) = approvals.listed(tx)
    road.reviewers.said.append({"intent": asked.intent, "verdict": "approve", "action": encode_action(asked.action)})
    process.road.people.approve(asked.id, by="ann")  # before theirs is back
    road.rounds()
    assert road.value(ticket, "priority") == "high"
    revert(process.store, process.road.journal, road.clock, process.road.adapters, Selection(policy="triage"), by="boss")
    road.rounds()
    assert road.value(ticket, "priority") == "low"
    assert [str(found) for found in check(road._finished())] == []


def test_a_question_about_what_two_merges_made_is_closed_when_the_second_takes_it_away(tmp_path: Path) -> None:
    policy = simple_policy()
    policy["may"] = {"update": {"priority": {"approval": "always"}}}
    road = QuietRoad(tmp_path, policy)
    first, second, third = (road.ticket(subject=subject) for subject in ("login broken", "unheard of", "strange one"))
    road.rounds()
    process = road.alive
    road.edit(first, subject="crash now")
    road._pass(200)
    process.road.capture(road.crm.connection, Round())
    survivor = road.crm.merge_rows(first, second).id  # a new id, which no poll has shown yet
    process.road.deciding.step(process.road.policies)
    process.road.deciding.step(process.road.policies)
    with process.store.snapshot() as tx:
        assert road.ref(survivor) in [asked.ref for asked in approvals.listed(tx)]
    road.crm.merge_rows(survivor, third)
    road.rounds(8)
    with process.store.snapshot() as tx:
        assert road.ref(survivor) not in [asked.ref for asked in approvals.listed(tx)]
    assert [str(found) for found in check(road._finished())] == []


def test_what_is_decided_on_a_flows_answer_to_an_undo_is_new_work_and_stands(tmp_path: Path) -> None:
    policy = simple_policy()
    policy["when"] |= {"fields": ["subject", "description"]}
    road = QuietRoad(tmp_path, policy)
    road.setup = replace(road.setup, revert=True)
    categories = road.crm.natives.categories
    automation_on(road.crm, "category", {categories[0]: {"description": "sorted by a flow"}})
    road.edit(ticket := road.ticket(subject="crash now", category=categories[0]), description="more words")
    road.rounds()
    ours = road.value(ticket, "category")
    assert ours != categories[0]
    evidence = road._finished()  # everything is taken back, and the flow sets a watched field when the category returns
    assert road.value(ticket, "category") == ours
    assert [str(found) for found in check(evidence)] == []


def test_an_undo_that_waits_because_the_clock_was_ahead_is_carried_out_before_a_run_has_settled(tmp_path: Path) -> None:
    road = QuietRoad(tmp_path)
    ticket = road.ticket(subject="login broken")
    road.rounds()
    process = road.alive
    revert(process.store, process.road.journal, road.clock, process.road.adapters, Selection(policy="triage"), by="boss")
    road.clock.skew = timedelta(hours=1)
    road.crm.faults.set("http_401", 1.0)
    process.road.writeback.step()  # tried again seconds later by that clock, which is set right then
    road.crm.faults.heal()
    assert [str(found) for found in check(road._finished())] == []
    assert road.value(ticket, "priority") is None
